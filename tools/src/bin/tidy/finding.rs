//! One thing that is against the law: where it stands, what it is, and what to do.

/// What a rule has found. The order of the fields is the order of printing: by path, then by line.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// From the root of the workspace, with `/`.
    pub(crate) path: String,
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) weight: Weight,
    pub(crate) found: String,
    pub(crate) advice: String,
}

impl Finding {
    /// A breach of the law.
    pub(crate) fn new(path: &str, line: usize, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { path: path.into(), line, weight: Weight::Fault, found: found.into(), advice: advice.into() }
    }

    /// The same, told only on demand.
    pub(crate) fn into_notice(self) -> Self {
        Self { weight: Weight::Notice, ..self }
    }

    /// Judges by a list of exceptions: a breach that stands there is a notice, and its advice the reason.
    pub(crate) fn unless_excepted(self, name: &str, exceptions: &[Exception]) -> Self {
        match exceptions.iter().find(|exception| exception.name == name) {
            Some(exception) => {
                let advice = format!("excepted: {}", exception.reason);
                Self { advice, ..self }.into_notice()
            }
            None => self,
        }
    }
}

/// Whether a finding fails the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    Fault,
    Notice,
}

/// Something that a rule lets pass by its name, and why.
pub(crate) struct Exception {
    pub(crate) name: &'static str,
    pub(crate) reason: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_turns_only_its_own_breach_into_a_notice() {
        let exceptions = [Exception { name: "syn", reason: "never ships" }];
        let breach = || Finding::new("Cargo.lock", 1, "two versions", "choose one");

        let excepted = breach().unless_excepted("syn", &exceptions);
        assert_eq!((excepted.weight, excepted.advice.as_str()), (Weight::Notice, "excepted: never ships"));
        assert_eq!(breach().unless_excepted("quote", &exceptions), breach());
    }
}
