//! Who has forwarded a call, from leg to leg: Diversion (RFC 5806) and History-Info (RFC 7044).
//!
//! As all else, it is written anew from what was understood: numbers, and words of their own grammar. What is private is not
//! told to customers. We forward nothing ourselves, and so add nothing.

use sip::identity::Privacy;
use sip::name_addr::AddressParts;
use sip::{Headers, Malformed, Name, NameAddr, Uri};
use trunk::E164;

/// More is no chain of forwarding, but a circle.
const STEPS_MAX: usize = 10;
/// Ten steps of an index have two digits and a dot each.
const INDEX_LEN_MAX: usize = 32;

/// Who has forwarded a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Forwarding {
    diversions: Vec<Diversion>,
    history: Vec<Step>,
}

/// Who has diverted it, the last one first.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Diversion {
    number: E164,
    /// A word such as `unconditional`.
    reason: Option<String>,
    /// How often.
    counter: Option<u8>,
    /// What is to be kept private; nothing if `off`.
    privacy: Option<String>,
}

/// Whom it was meant for, the first one first.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    number: E164,
    /// RFC 4458: the status that stands for the reason.
    cause: Option<u16>,
    index: String,
}

impl Forwarding {
    /// Reads what a caller's host says of it.
    pub(crate) fn of(headers: &Headers) -> Self {
        let diversions = headers.addresses(Name::Diversion).filter_map(|address| Diversion::of(&address));
        let is_private = Privacy::parse(headers.all(Name::Privacy)).history;
        let history = headers.addresses(Name::HistoryInfo).filter_map(|address| Step::of(&address));
        let steps = history.take(if is_private { 0 } else { STEPS_MAX });
        Self { diversions: diversions.take(STEPS_MAX).collect(), history: steps.collect() }
    }

    /// Says it, as of numbers at a host of ours; to customers nothing that is private.
    ///
    /// # Errors
    /// `Malformed` when the host cannot be written in a URI.
    pub(crate) fn write(
        &self,
        headers: &mut Headers,
        host: &str,
        is_customer: bool,
    ) -> Result<(), Malformed> {
        for diversion in self.diversions.iter().filter(|it| !(is_customer && it.privacy.is_some())) {
            headers.push(Name::Diversion, diversion.address(host)?.to_string());
        }
        for Step { number, cause, index } in &self.history {
            let cause = cause.map(|cause| format!(";cause={cause}")).unwrap_or_default();
            let uri = Uri::parse(&format!("sip:{number}@{host}{cause}"))?;
            let address = NameAddr::new(uri).with_parameter("index", Some(index))?;
            headers.push(Name::HistoryInfo, address.to_string());
        }
        Ok(())
    }
}

impl Diversion {
    fn of(address: &AddressParts<'_>) -> Option<Self> {
        let parameters = address.parameters();
        let word =
            |name| parameters.unquoted(name).filter(|word| is_word(word)).map(|word| word.into_owned());
        Some(Self {
            number: number(&address.uri().dialled()?)?,
            reason: word("reason"),
            counter: parameters.get("counter").and_then(|counter| counter.parse().ok()),
            privacy: word("privacy").filter(|privacy| !privacy.eq_ignore_ascii_case("off")),
        })
    }

    fn address(&self, host: &str) -> Result<NameAddr, Malformed> {
        let Self { number, reason, counter, privacy } = self;
        let counter = counter.map(|counter| counter.to_string());
        let parameters = [("reason", reason), ("counter", &counter), ("privacy", privacy)];
        let mut said = parameters.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        let address = NameAddr::new(Uri::parse(&format!("sip:{number}@{host}"))?);
        said.try_fold(address, |address, (name, value)| address.with_parameter(name, Some(value)))
    }
}

impl Step {
    /// Reads one; none that wants to be private, or whose number nobody knows.
    fn of(address: &AddressParts<'_>) -> Option<Self> {
        let index = address.parameters().get("index")?;
        let is_index = index.len() <= INDEX_LEN_MAX
            && index
                .split('.')
                .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
        // Its privacy and its reason stand in headers of the URI.
        let said = address.uri().headers().unwrap_or_default().to_ascii_lowercase();
        if !is_index || said.contains("privacy") {
            return None;
        }
        Some(Self {
            number: number(&address.uri().dialled()?)?,
            cause: address.uri().parameters().get("cause").and_then(|cause| cause.parse().ok()),
            index: index.to_owned(),
        })
    }
}

fn number(digits: &str) -> Option<E164> {
    E164::parse(digits).ok()
}

/// The words of RFC 5806 are letters and dashes.
fn is_word(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
