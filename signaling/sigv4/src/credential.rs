//! What `Credential=` holds: an access key, and what it signs for.

use crate::Refusal;

/// What every scope ends with.
pub(crate) const TERMINATOR: &str = "aws4_request";
/// AWS documents access keys of 16 to 128 characters; here shorter ones are names of test users at worst.
const KEY_ID_LEN_MAX: usize = 128;
const PART_LEN_MAX: usize = 64;

/// An access key, and the day, the region and the service that it signs for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credential {
    pub(crate) key_id: String,
    pub(crate) day: String,
    pub(crate) region: String,
    pub(crate) service: String,
}

impl Credential {
    /// Takes the parts one by one; none of them can break out of its place in what is signed.
    pub(crate) fn new(key_id: &str, day: &str, region: &str, service: &str) -> Result<Self, Refusal> {
        let is_word = |text: &str, len_max| {
            let fits = (1..=len_max).contains(&text.len());
            fits && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        };
        if !is_word(key_id, KEY_ID_LEN_MAX) {
            return Err(Refusal::incomplete("an access key of 1 to 128 letters and digits", key_id));
        }
        if day.len() != 8 || !day.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Refusal::incomplete("a day like 20150830 in Credential", day));
        }
        for (wanted, text) in [("a region in Credential", region), ("a service in Credential", service)] {
            if !is_word(text, PART_LEN_MAX) {
                return Err(Refusal::incomplete(wanted, text));
            }
        }
        let [key_id, day, region, service] = [key_id, day, region, service].map(str::to_owned);
        Ok(Self { key_id, day, region, service })
    }

    /// Reads `AKIDEXAMPLE/20150830/us-east-1/chime/aws4_request`.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let mut parts = text.split('/');
        let (Some(key_id), Some(day), Some(region), Some(service), Some(terminator), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Refusal::incomplete("Credential=key/day/region/service/aws4_request", text));
        };
        if terminator != TERMINATOR {
            return Err(Refusal::incomplete("a Credential that ends with aws4_request", terminator));
        }
        Self::new(key_id, day, region, service)
    }

    /// Returns the scope: everything but the key.
    pub(crate) fn scope(&self) -> String {
        format!("{}/{}/{}/{TERMINATOR}", self.day, self.region, self.service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_has_five_parts_of_their_kinds() {
        let credential = Credential::parse("AKIDEXAMPLE/20150830/us-east-1/chime/aws4_request");
        assert_eq!(
            credential.map(|found| found.scope()).as_deref(),
            Ok("20150830/us-east-1/chime/aws4_request")
        );
        for text in [
            "",
            "AKID",
            "AKID/20150830/us-east-1/chime",
            "AKID/20150830/us-east-1/chime/aws4_request/",
            "AKID/20150830/us-east-1/chime/aws4",
            "/20150830/us-east-1/chime/aws4_request",
            "AKID/2015083/us-east-1/chime/aws4_request",
            "AKID/2015083x/us-east-1/chime/aws4_request",
            "AKID/20150830//chime/aws4_request",
            "AKID/20150830/us-east-1/ch\nime/aws4_request",
            "AK ID/20150830/us-east-1/chime/aws4_request",
        ] {
            assert!(matches!(Credential::parse(text), Err(Refusal::IncompleteSignature(_))), "{text:?}");
        }
        let long = "A".repeat(KEY_ID_LEN_MAX + 1);
        assert!(Credential::new(&long, "20150830", "r", "s").is_err());
        assert!(Credential::new(&long[1..], "20150830", "r", "s").is_ok());
    }
}
