//! What one session should be, and how far that has come.

use control::{Epoch, Name, Protection, Request, RequestId, SessionSpec, ToMedia};
use zeroize::Zeroizing;

/// A session that is wished: the newest wish, and those before it that media may follow.
///
/// Each wish stands in one of three places. There is at most one question under way for a session; a wish that comes
/// meanwhile waits in `next`, and replaces one that waits already.
pub(crate) struct Wish {
    /// The place of its node.
    pub(crate) node: usize,
    pub(crate) stage: Stage,
    /// What media has granted last.
    pub(crate) granted: Option<Kept>,
    /// What media was asked for, and has not answered: it may follow it, or not.
    pub(crate) asked: Option<Kept>,
    /// Whether that has to be asked again, as the answer will never come.
    pub(crate) asks_again: bool,
    /// What it is to be asked for next.
    pub(crate) next: Option<Kept>,
    /// Whether it stands in the queue of its node.
    pub(crate) is_queued: bool,
    /// The highest epoch that was given.
    pub(crate) last_epoch: Epoch,
    /// The highest epoch that its node may know from us or from those whose journal we have.
    pub(crate) told_epoch: Option<Epoch>,
    /// The nodes that have refused it or went down with it, one bit each.
    pub(crate) tried: u64,
}

/// What whoever wishes it knows of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Nothing yet: no ports were told, and no peer uses its keys.
    Opening,
    /// It is open.
    Open,
    /// It was open, according to the journal, and its node has not said so yet.
    Adopting,
    /// It was open, its node has lost it, and it is being opened again.
    Reopening,
}

impl Wish {
    pub(crate) fn new(stage: Stage, kept: Kept) -> Self {
        let last_epoch = kept.epoch;
        let is_told = stage == Stage::Adopting;
        // What a journal tells was asked by somebody before us, and the answer will never come.
        let (asked, next) = if is_told { (Some(kept), None) } else { (None, Some(kept)) };
        Self {
            node: usize::MAX,
            stage,
            granted: None,
            asked,
            asks_again: false,
            next,
            is_queued: false,
            last_epoch,
            told_epoch: is_told.then_some(last_epoch),
            tried: 0,
        }
    }

    /// Returns the newest wish.
    pub(crate) fn newest(&self) -> Option<&Kept> {
        self.next.as_ref().or(self.asked.as_ref()).or(self.granted.as_ref())
    }

    /// Takes the newest wish out, and forgets the others.
    pub(crate) fn take_newest(&mut self) -> Option<Kept> {
        self.asks_again = false;
        let (next, asked, granted) = (self.next.take(), self.asked.take(), self.granted.take());
        next.or(asked).or(granted)
    }

    /// Tells whether there is something to ask, and no answer to wait for.
    pub(crate) fn wants_to_ask(&self) -> bool {
        self.asks_again || (self.next.is_some() && self.asked.is_none())
    }

    /// Takes the next wish for what is asked now; returns it, if there is one.
    pub(crate) fn ask(&mut self) -> Option<&Kept> {
        if !core::mem::take(&mut self.asks_again) {
            self.asked = Some(self.next.take()?);
        }
        self.told_epoch = self.told_epoch.max(self.asked.as_ref().map(|asked| asked.epoch));
        self.asked.as_ref()
    }

    /// Takes what media follows for what it has granted.
    ///
    /// What was asked and is not followed is asked again, even if there is something newer: media may yet read it, on
    /// the connection on which it was said, and then it must not come as a surprise.
    pub(crate) fn is_followed(&mut self, epoch: Epoch) {
        self.asks_again = self.asked.as_ref().is_some_and(|asked| asked.epoch != epoch);
        if !self.asks_again && self.asked.is_some() {
            self.granted = self.asked.take();
        }
        let granted = self.granted.take_if(|granted| granted.epoch != epoch);
        if self.asked.is_none() && self.next.is_none() {
            // Media follows nothing that we know of.
            self.next = granted;
        }
    }
}

/// A wish as the bytes that say it: small, and overwritten when it is dropped. It is read again when it is asked, as
/// [`control::Client`] takes a wish of its own.
pub(crate) struct Kept {
    pub(crate) epoch: Epoch,
    pub(crate) realms: [Name; 2],
    /// Whether there is a key in it.
    pub(crate) has_key: bool,
    message: Zeroizing<Vec<u8>>,
}

impl Kept {
    /// Keeps a wish under this epoch. It has passed [`SessionSpec::check`].
    pub(crate) fn new(mut spec: SessionSpec, epoch: Epoch) -> Self {
        spec.epoch = epoch;
        let [a, b] = &spec.sides;
        let realms = [a.realm.clone(), b.realm.clone()];
        let is_key = |protection: &Protection| matches!(protection, Protection::Srtp(_));
        let has_key = spec.sides.iter().any(|side| is_key(&side.receive) || is_key(&side.send));
        let message = ToMedia::Request(RequestId(0), Request::Apply(Box::new(spec))).encode();
        Self { epoch, realms, has_key, message: Zeroizing::new(message) }
    }

    /// Returns the wish.
    pub(crate) fn spec(&self) -> Box<SessionSpec> {
        match ToMedia::parse(&self.message) {
            Ok(ToMedia::Request(_, Request::Apply(spec))) => spec,
            Ok(_) | Err(_) => unreachable!("a wish that was checked is read as it was written"),
        }
    }

    /// Returns the same wish under another epoch.
    pub(crate) fn renumbered(&self, epoch: Epoch) -> Self {
        Self::new(*self.spec(), epoch)
    }
}
