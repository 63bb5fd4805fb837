//! Why a call is refused, in one word for counters and one sentence for people.

use std::fmt;

use crate::route::Rule;

/// The one reason for which a call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// There are as many calls as there may be.
    CallsMax,
    /// The caller's number may not be presented.
    CallerNotAllowed,
    /// Nobody says who calls.
    CallerUnknown,
    /// The country of the called number is not among the calling regions.
    CallingRegionNotAllowed,
    /// The number belongs to another carrier.
    CarrierNotOfNumber,
    /// The host is of our zone, and no connector has it.
    ConnectorUnknown,
    /// There are more new calls than the connector may make.
    CpsLimit,
    /// The connector wants a login, and there is none yet.
    CredentialsWanted,
    /// The login is wrong.
    CredentialsWrong,
    /// Help was called, and the connector has nobody to send the call to.
    EmergencyNotConfigured,
    /// The link is out of use.
    LinkDisabled,
    /// No link delivers calls to the number.
    LinkMissing,
    /// No carrier sends from the address.
    LinkUnknown,
    /// As many calls go to the number as may.
    NumberBusy,
    /// What was dialled is no number.
    NumberNotE164,
    /// The number is ours, and nobody is there.
    NumberUnassigned,
    /// The number is not ours.
    NumberUnknown,
    /// The connector takes no calls at present.
    OriginationDisabled,
    /// The connector has nowhere to take calls.
    OriginationMissing,
    /// The connector may not call premium numbers.
    PremiumNotAllowed,
    /// Several connectors send from this address, and nothing tells which one it is.
    SourceAmbiguous,
    /// The address is not in the allow-list of the connector.
    SourceNotAllowed,
    /// Nobody knows the address.
    SourceUnknown,
    /// SRTP is offered where its keys can be read on the way.
    SrtpWithoutTls,
    /// The connector requires SRTP.
    SrtpWanted,
    /// The connector makes no calls at present.
    TerminationDisabled,
    /// The connector was never set up to make calls.
    TerminationMissing,
    /// The connector requires TLS.
    TlsWanted,
}

/// How a call detail record names the end of a call that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CdrStatus {
    /// There were too many.
    RateLimited,
    /// It may not be.
    Rejected,
}

impl CdrStatus {
    /// Gives the word of the record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RateLimited => "Rate_Limited",
            Self::Rejected => "Rejected",
        }
    }
}

impl Reason {
    /// All of them, in the order of their words.
    pub const ALL: [Self; 28] = [
        Self::CallsMax,
        Self::CallerNotAllowed,
        Self::CallerUnknown,
        Self::CallingRegionNotAllowed,
        Self::CarrierNotOfNumber,
        Self::ConnectorUnknown,
        Self::CpsLimit,
        Self::CredentialsWanted,
        Self::CredentialsWrong,
        Self::EmergencyNotConfigured,
        Self::LinkDisabled,
        Self::LinkMissing,
        Self::LinkUnknown,
        Self::NumberBusy,
        Self::NumberNotE164,
        Self::NumberUnassigned,
        Self::NumberUnknown,
        Self::OriginationDisabled,
        Self::OriginationMissing,
        Self::PremiumNotAllowed,
        Self::SourceAmbiguous,
        Self::SourceNotAllowed,
        Self::SourceUnknown,
        Self::SrtpWithoutTls,
        Self::SrtpWanted,
        Self::TerminationDisabled,
        Self::TerminationMissing,
        Self::TlsWanted,
    ];

    /// Gives the word: the label of counters, the field of logs.
    pub const fn word(self) -> &'static str {
        self.row().0
    }

    /// Gives the sentence: the status message of call detail records.
    pub const fn sentence(self) -> &'static str {
        self.row().1
    }

    /// Gives the status of the response.
    pub const fn status(self) -> u16 {
        self.row().2
    }

    /// Gives the rule that refuses for it.
    pub const fn rule(self) -> Rule {
        self.row().3
    }

    /// Gives the word of call detail records.
    pub const fn cdr_status(self) -> CdrStatus {
        match self.rule() {
            Rule::Limits => CdrStatus::RateLimited,
            Rule::AllowList
            | Rule::CalledNumber
            | Rule::Caller
            | Rule::CallingRegion
            | Rule::Connector
            | Rule::Credentials
            | Rule::Encryption
            | Rule::Home
            | Rule::Inventory
            | Rule::Link
            | Rule::Links
            | Rule::NumberCarrier
            | Rule::OnNet
            | Rule::Origination
            | Rule::Premium
            | Rule::Termination => CdrStatus::Rejected,
        }
    }

    /// Tells whether the sender gets no byte in answer, because nobody knows it; then there is no record either.
    pub const fn is_silent(self) -> bool {
        matches!(self, Self::LinkUnknown | Self::SourceUnknown)
    }

    /// Tells whether the sender is asked to try again with a login; the call has not been refused yet.
    pub const fn is_challenge(self) -> bool {
        matches!(self, Self::CredentialsWanted)
    }

    const fn row(self) -> (&'static str, &'static str, u16, Rule) {
        use Rule as R;
        match self {
            Self::CallsMax => ("calls_max", "too many calls at a time", 503, R::Limits),
            Self::CallerNotAllowed => ("caller_not_allowed", "caller id is not valid", 403, R::Caller),
            Self::CallerUnknown => ("caller_unknown", "caller id is missing", 403, R::Caller),
            Self::CallingRegionNotAllowed => {
                ("calling_region_not_allowed", "calling region is not allowed", 403, R::CallingRegion)
            }
            Self::CarrierNotOfNumber => {
                ("carrier_not_of_number", "called number belongs to another carrier", 403, R::NumberCarrier)
            }
            Self::ConnectorUnknown => ("connector_unknown", "no such voice connector", 404, R::Connector),
            Self::CpsLimit => ("cps_limit", "too many new calls a second", 503, R::Limits),
            Self::CredentialsWanted => ("credentials_wanted", "login is missing", 401, R::Credentials),
            Self::CredentialsWrong => ("credentials_wrong", "login is wrong", 403, R::Credentials),
            Self::EmergencyNotConfigured => {
                ("emergency_not_configured", "emergency calling is not set up", 403, R::CalledNumber)
            }
            Self::LinkDisabled => ("link_disabled", "carrier link is disabled", 403, R::Link),
            Self::LinkMissing => ("link_missing", "no carrier link delivers to the number", 503, R::Links),
            Self::LinkUnknown => ("link_unknown", "source address is of no carrier", 403, R::Link),
            Self::NumberBusy => ("number_busy", "too many calls to the number at a time", 486, R::Limits),
            Self::NumberNotE164 => ("number_not_e164", "called number is not E.164", 403, R::CalledNumber),
            Self::NumberUnassigned => ("number_unassigned", "called number is not assigned", 404, R::Home),
            Self::NumberUnknown => ("number_unknown", "called number is not ours", 404, R::Inventory),
            Self::OriginationDisabled => {
                ("origination_disabled", "origination is disabled", 480, R::Origination)
            }
            Self::OriginationMissing => {
                ("origination_missing", "origination has no route", 480, R::Origination)
            }
            Self::PremiumNotAllowed => {
                ("premium_not_allowed", "premium numbers are not allowed", 403, R::Premium)
            }
            Self::SourceAmbiguous => {
                ("source_ambiguous", "source address belongs to several voice connectors", 403, R::Connector)
            }
            Self::SourceNotAllowed => {
                ("source_not_allowed", "source address is not in the allow list", 403, R::AllowList)
            }
            Self::SourceUnknown => ("source_unknown", "source address is unknown", 403, R::Connector),
            Self::SrtpWithoutTls => ("srtp_without_tls", "SRTP is offered without TLS", 488, R::Encryption),
            Self::SrtpWanted => {
                ("srtp_wanted", "encryption is required, SRTP is not offered", 488, R::Encryption)
            }
            Self::TerminationDisabled => {
                ("termination_disabled", "termination is disabled", 403, R::Termination)
            }
            Self::TerminationMissing => {
                ("termination_missing", "termination is not set up", 403, R::Termination)
            }
            Self::TlsWanted => ("tls_wanted", "encryption is required, TLS is not used", 403, R::Encryption),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_reason_has_its_own_word_and_sentence() {
        let words: BTreeSet<&str> = Reason::ALL.iter().map(|reason| reason.word()).collect();
        let sentences: BTreeSet<&str> = Reason::ALL.iter().map(|reason| reason.sentence()).collect();
        assert_eq!((words.len(), sentences.len()), (Reason::ALL.len(), Reason::ALL.len()));
        for word in words {
            assert!(word.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_')), "{word}");
        }
    }

    #[test]
    fn only_limits_are_rate_limited_and_all_refuse_with_an_error() {
        for reason in Reason::ALL {
            let is_limit = matches!(reason, Reason::CallsMax | Reason::CpsLimit | Reason::NumberBusy);
            assert_eq!(reason.cdr_status() == CdrStatus::RateLimited, is_limit, "{reason}");
            assert!((400..600).contains(&reason.status()), "{reason}");
        }
        assert_eq!(
            (CdrStatus::RateLimited.as_str(), CdrStatus::Rejected.as_str()),
            ("Rate_Limited", "Rejected")
        );
    }

    #[test]
    fn strangers_get_silence_and_logins_a_second_try() {
        let silent: Vec<Reason> = Reason::ALL.into_iter().filter(|reason| reason.is_silent()).collect();
        let challenges: Vec<Reason> =
            Reason::ALL.into_iter().filter(|reason| reason.is_challenge()).collect();
        assert_eq!(silent, [Reason::LinkUnknown, Reason::SourceUnknown]);
        assert_eq!(challenges, [Reason::CredentialsWanted]);
    }
}
