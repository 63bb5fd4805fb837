//! Labels: words of the program, never of the network, so that there are as many series as there are words.

/// The values that a label may have: the variants of an enum without data.
///
/// What comes from a peer cannot be one, as its words are constants.
pub trait Label: Copy + PartialEq + 'static {
    /// The name of the label.
    const NAME: &'static str;

    /// Every value.
    const ALL: &'static [Self];

    /// Returns the word for this value.
    fn word(self) -> &'static str;
}

/// One label, or two.
pub trait Labels: Copy + 'static {
    /// Their names.
    const NAMES: &'static [&'static str];

    /// How many combinations there are.
    const COUNT: usize;

    /// Returns the number of this combination, below [`COUNT`](Self::COUNT).
    fn place(self) -> usize;

    /// Returns the words of the combination with this number; the second is empty if there is one label.
    fn words(place: usize) -> [&'static str; 2];
}

impl<L: Label> Labels for L {
    const NAMES: &'static [&'static str] = &[L::NAME];
    const COUNT: usize = L::ALL.len();

    fn place(self) -> usize {
        let place = L::ALL.iter().position(|one| *one == self);
        debug_assert!(place.is_some(), "a value of the label {} is not among all of them", L::NAME);
        place.unwrap_or(0)
    }

    fn words(place: usize) -> [&'static str; 2] {
        [L::ALL[place].word(), ""]
    }
}

impl<A: Label, B: Label> Labels for (A, B) {
    const NAMES: &'static [&'static str] = &[A::NAME, B::NAME];
    const COUNT: usize = A::COUNT * B::COUNT;

    fn place(self) -> usize {
        self.0.place() * B::COUNT + self.1.place()
    }

    fn words(place: usize) -> [&'static str; 2] {
        [A::ALL[place / B::COUNT].word(), B::ALL[place % B::COUNT].word()]
    }
}
