//! Sets of CPUs, and the two texts in which the kernel writes them.

use std::{collections::BTreeSet, error::Error, fmt, str::FromStr};

/// The largest count of CPUs that Linux can be built for on x86 (`NR_CPUS` with `MAXSMP`). A list that names
/// more is not a list of CPUs, and a range must not make us allocate what its author pleases.
pub const CPUS_MAX: u32 = 8192;

/// Numbers one CPU as Linux does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CpuId(pub u32);

impl fmt::Display for CpuId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Holds a set of CPUs, read and written as the kernel's list: `0-3,8,10-11`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CpuSet(BTreeSet<CpuId>);

impl CpuSet {
    /// Makes an empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the kernel's mask: groups of 32 bits in hexadecimal, the highest first, such as `ff,ffffff00`.
    ///
    /// # Errors
    /// Says which group is not hexadecimal, or that the mask names more CPUs than there can be.
    pub fn from_mask(text: &str) -> Result<Self, ListError> {
        let mut cpus = BTreeSet::new();
        for (group, digits) in text.trim().rsplit(',').enumerate() {
            let bits = u32::from_str_radix(digits, 16)
                .map_err(|_| ListError::NotANumber { found: digits.to_owned() })?;
            for bit in (0..32).filter(|bit| bits & (1 << bit) != 0) {
                let id = u32::try_from(group * 32).unwrap_or(u32::MAX).saturating_add(bit);
                if id >= CPUS_MAX {
                    return Err(ListError::TooLarge { found: id.to_string() });
                }
                cpus.insert(CpuId(id));
            }
        }
        Ok(Self(cpus))
    }

    /// Adds a CPU; tells whether it was new.
    pub fn insert(&mut self, cpu: CpuId) -> bool {
        self.0.insert(cpu)
    }

    /// Takes a CPU out; tells whether it was there.
    pub fn remove(&mut self, cpu: CpuId) -> bool {
        self.0.remove(&cpu)
    }

    /// Tells whether the CPU is in the set.
    pub fn contains(&self, cpu: CpuId) -> bool {
        self.0.contains(&cpu)
    }

    /// Walks the CPUs, the lowest first.
    pub fn iter(&self) -> impl Iterator<Item = CpuId> + '_ {
        self.0.iter().copied()
    }

    /// Returns the lowest CPU.
    pub fn first(&self) -> Option<CpuId> {
        self.0.first().copied()
    }

    /// Counts the CPUs.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells whether there is no CPU.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns what is in both.
    pub fn intersection(&self, other: &Self) -> Self {
        Self(&self.0 & &other.0)
    }

    /// Returns what is in either.
    pub fn union(&self, other: &Self) -> Self {
        Self(&self.0 | &other.0)
    }

    /// Returns what is here and not in the other.
    pub fn difference(&self, other: &Self) -> Self {
        Self(&self.0 - &other.0)
    }

    /// Tells whether all of this is also in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }
}

impl FromIterator<CpuId> for CpuSet {
    fn from_iter<I: IntoIterator<Item = CpuId>>(cpus: I) -> Self {
        Self(cpus.into_iter().collect())
    }
}

impl FromStr for CpuSet {
    type Err = ListError;

    fn from_str(text: &str) -> Result<Self, ListError> {
        Ok(parse_list(text)?.into_iter().map(CpuId).collect())
    }
}

impl fmt::Display for CpuSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cpus = self.0.iter().map(|cpu| cpu.0).peekable();
        if cpus.peek().is_none() {
            return f.write_str("none");
        }
        let mut separator = "";
        while let Some(first) = cpus.next() {
            let mut last = first;
            while let Some(next) = cpus.next_if_eq(&(last + 1)) {
                last = next;
            }
            match last - first {
                0 => write!(f, "{separator}{first}")?,
                _ => write!(f, "{separator}{first}-{last}")?,
            }
            separator = ",";
        }
        Ok(())
    }
}

/// Reads the kernel's list of numbers; of CPUs and of nodes alike. An empty text is an empty list.
pub(crate) fn parse_list(text: &str) -> Result<BTreeSet<u32>, ListError> {
    let text = text.trim();
    let mut numbers = BTreeSet::new();
    if text.is_empty() {
        return Ok(numbers);
    }
    for part in text.split(',').map(str::trim) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let number =
            |digits: &str| match digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.is_empty() {
                true => digits.parse().map_err(|_| ListError::TooLarge { found: part.to_owned() }),
                false => Err(ListError::NotANumber { found: part.to_owned() }),
            };
        let (first, last): (u32, u32) = (number(first)?, number(last)?);
        if last >= CPUS_MAX {
            return Err(ListError::TooLarge { found: part.to_owned() });
        }
        if first > last {
            return Err(ListError::Backwards { found: part.to_owned() });
        }
        numbers.extend(first..=last);
    }
    Ok(numbers)
}

/// Says what is wrong with a list or mask of CPUs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListError {
    /// A range ends before it begins.
    Backwards {
        /// The part of the list that is wrong.
        found: String,
    },
    /// A part is neither a number nor a range.
    NotANumber {
        /// The part of the list that is wrong.
        found: String,
    },
    /// A number is beyond what Linux can count.
    TooLarge {
        /// The part of the list that is wrong.
        found: String,
    },
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Backwards { found } => write!(f, "wanted a range that rises, found: {found}; type: 0-3"),
            Self::NotANumber { found } => {
                write!(f, "wanted numbers and ranges, found: {found:?}; type: 0-3,8,10-11")
            }
            Self::TooLarge { found } => write!(f, "wanted numbers below {CPUS_MAX}, found: {found}"),
        }
    }
}

impl Error for ListError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(text: &str) -> Vec<u32> {
        text.parse::<CpuSet>().unwrap().iter().map(|cpu| cpu.0).collect()
    }

    #[test]
    fn a_list_of_numbers_and_ranges_is_read() {
        assert_eq!(list("0-3,8,10-11\n"), [0, 1, 2, 3, 8, 10, 11]);
        assert_eq!(list("5"), [5]);
        assert_eq!(list("\n"), [0; 0]);
    }

    #[test]
    fn a_list_out_of_order_is_sorted_and_written_short() {
        assert_eq!("9,1,0,2-3".parse::<CpuSet>().unwrap().to_string(), "0-3,9");
        assert_eq!(CpuSet::new().to_string(), "none");
    }

    #[test]
    fn what_is_not_a_list_is_refused_with_the_part_that_is_wrong() {
        let error = |text: &str| text.parse::<CpuSet>().unwrap_err().to_string();
        assert_eq!(error("0,x-3"), "wanted numbers and ranges, found: \"x-3\"; type: 0-3,8,10-11");
        assert_eq!(error("0,,3"), "wanted numbers and ranges, found: \"\"; type: 0-3,8,10-11");
        assert_eq!(error("0-31:2/4"), "wanted numbers and ranges, found: \"0-31:2/4\"; type: 0-3,8,10-11");
        assert_eq!(error("+1"), "wanted numbers and ranges, found: \"+1\"; type: 0-3,8,10-11");
        assert_eq!(error("7-4"), "wanted a range that rises, found: 7-4; type: 0-3");
        assert_eq!(error("0-4294967295"), "wanted numbers below 8192, found: 0-4294967295");
        assert_eq!(error("99999999999"), "wanted numbers below 8192, found: 99999999999");
    }

    #[test]
    fn a_mask_is_read_from_its_lowest_group() {
        assert_eq!(CpuSet::from_mask("8,00000005\n").unwrap().to_string(), "0,2,35");
        assert_eq!(CpuSet::from_mask("00000000,00000000").unwrap(), CpuSet::new());
    }

    #[test]
    fn what_is_not_a_mask_is_refused() {
        assert_eq!(CpuSet::from_mask("0x3"), Err(ListError::NotANumber { found: "0x3".to_owned() }));
        let wide = format!("1{}", ",00000000".repeat(256));
        assert_eq!(CpuSet::from_mask(&wide), Err(ListError::TooLarge { found: "8192".to_owned() }));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(cpus in prop::collection::btree_set(0..CPUS_MAX, 1..80)) {
            let set: CpuSet = cpus.into_iter().map(CpuId).collect();
            prop_assert_eq!(set.to_string().parse::<CpuSet>().unwrap(), set);
        }

        #[test]
        fn no_text_makes_the_readers_panic(text in "[-0-9,a-f \n]{0,40}") {
            let _ = text.parse::<CpuSet>();
            let _ = CpuSet::from_mask(&text);
        }
    }
}
