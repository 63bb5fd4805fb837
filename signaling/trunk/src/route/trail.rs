//! What was looked at on the way to a decision.

use std::{borrow::Cow, fmt};

use crate::{id::VoiceConnectorId, reason::Reason};

/// One rule that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What was found.
    pub found: Cow<'static, str>,
    /// The rule.
    pub rule: Rule,
    /// What came of it.
    pub verdict: Verdict,
}

/// What came of looking at a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The call is refused.
    Failed,
    /// The rule does not apply, or says something of no consequence for whether the call goes on.
    Noted,
    /// The call goes on.
    Passed,
}

/// The rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The source address is in the connector's allow-list.
    AllowList,
    /// What was dialled is a number.
    CalledNumber,
    /// Somebody can be presented as the caller.
    Caller,
    /// The country of the number may be called.
    CallingRegion,
    /// It is known whose call it is.
    Connector,
    /// Who has to log in has.
    Credentials,
    /// The call is encrypted where it has to be.
    Encryption,
    /// The number is assigned to somebody.
    Home,
    /// The number is ours.
    Inventory,
    /// There is not too much of anything.
    Limits,
    /// It is known which carrier brings the call.
    Link,
    /// A link delivers calls to the number.
    Links,
    /// The carrier is one of the number's.
    NumberCarrier,
    /// Whether the number is another connector's.
    OnNet,
    /// Whoever is called takes calls.
    Origination,
    /// Premium numbers may be called.
    Premium,
    /// The connector makes calls.
    Termination,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::AllowList => "allow list",
            Self::CalledNumber => "called number",
            Self::Caller => "caller",
            Self::CallingRegion => "calling region",
            Self::Connector => "connector",
            Self::Credentials => "credentials",
            Self::Encryption => "encryption",
            Self::Home => "home",
            Self::Inventory => "inventory",
            Self::Limits => "limits",
            Self::Link => "link",
            Self::Links => "links",
            Self::NumberCarrier => "number carrier",
            Self::OnNet => "on-net",
            Self::Origination => "origination",
            Self::Premium => "premium",
            Self::Termination => "termination",
        })
    }
}

/// Collects the steps, and whose call it is as soon as that is known.
#[derive(Debug, Default)]
pub(super) struct Trail {
    pub(super) connector: Option<VoiceConnectorId>,
    pub(super) steps: Vec<Step>,
}

impl Trail {
    pub(super) fn passed(&mut self, rule: Rule, found: impl Into<Cow<'static, str>>) {
        self.steps.push(Step { found: found.into(), rule, verdict: Verdict::Passed });
    }

    pub(super) fn noted(&mut self, rule: Rule, found: impl Into<Cow<'static, str>>) {
        self.steps.push(Step { found: found.into(), rule, verdict: Verdict::Noted });
    }

    /// Notes why it ends, and gives the reason back to be returned.
    pub(super) fn failed(&mut self, reason: Reason, found: impl Into<Cow<'static, str>>) -> Reason {
        self.steps.push(Step { found: found.into(), rule: reason.rule(), verdict: Verdict::Failed });
        reason
    }
}
