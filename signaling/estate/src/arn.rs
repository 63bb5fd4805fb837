//! The names that AWS gives to things of all accounts.

use std::fmt;

use trunk::{AwsRegion, VoiceConnectorGroupId, VoiceConnectorId};

use crate::id::{AccountId, Id};

/// Names a thing among those of all accounts, as AWS does: `arn:aws:chime:us-east-1:123456789012:vc/<id>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn {
    /// Whose it is.
    pub account: AccountId,
    /// The site it belongs to. Groups belong to none and have the default.
    pub aws_region: AwsRegion,
    /// What it is.
    pub resource: Resource,
}

/// A thing with a name of that kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// A trunk.
    VoiceConnector(VoiceConnectorId),
    /// Trunks that stand in for each other.
    VoiceConnectorGroup(VoiceConnectorGroupId),
}

impl Arn {
    /// What a text has to be.
    pub const WANTED: &str =
        "arn:aws:chime:<region>:<account>:vc/<id>, or vcg/<id> for a VoiceConnectorGroup";

    /// Reads it; `None` if it is not [`WANTED`](Self::WANTED).
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX)?;
        let (aws_region, rest) = rest.split_once(':')?;
        let (account, rest) = rest.split_once(':')?;
        let resource = match rest.split_once('/')? {
            ("vc", id) => Resource::VoiceConnector(VoiceConnectorId::parse(id)?),
            ("vcg", id) => Resource::VoiceConnectorGroup(VoiceConnectorGroupId::parse(id)?),
            _ => return None,
        };
        Some(Self {
            account: AccountId::parse(account)?,
            aws_region: AwsRegion::parse(aws_region)?,
            resource,
        })
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}:{}:", self.aws_region, self.account)?;
        match self.resource {
            Resource::VoiceConnector(id) => write!(f, "vc/{id}"),
            Resource::VoiceConnectorGroup(id) => write!(f, "vcg/{id}"),
        }
    }
}

const PREFIX: &str = "arn:aws:chime:";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_as_it_is_written() {
        for text in [
            "arn:aws:chime:us-east-1:000000000042:vc/abcdefghijk01234567890",
            "arn:aws:chime:eu-west-2:123456789012:vc/3fa85f64-5717-4562-b3fc-2c963f66afa6",
            "arn:aws:chime:us-east-1:123456789012:vcg/3fa85f64-5717-4562-b3fc-2c963f66afa6",
        ] {
            assert_eq!(Arn::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_names_nothing_of_ours_is_none() {
        for text in [
            "",
            "arn:aws:chime",
            "abcdefghijk01234567890",
            "arn:aws:s3:us-east-1:123456789012:vc/abcdefghijk01234567890",
            "arn:aws:chime:mars-1:123456789012:vc/abcdefghijk01234567890",
            "arn:aws:chime::123456789012:vc/abcdefghijk01234567890",
            "arn:aws:chime:us-east-1:12345:vc/abcdefghijk01234567890",
            "arn:aws:chime:us-east-1:123456789012:vc/ABC",
            "arn:aws:chime:us-east-1:123456789012:sma/abcdefghijk01234567890",
            "arn:aws:chime:us-east-1:123456789012:vc:abcdefghijk01234567890",
            "arn:aws:chime:us-east-1:123456789012:vc/abcdefghijk01234567890/more",
        ] {
            assert_eq!(Arn::parse(text), None, "{text}");
        }
    }
}
