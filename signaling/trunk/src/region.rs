//! Regions of AWS, which stand for sites of the operator.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A region. Each site of an operator is known by one of these ten codes, so that the SDK accepts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[expect(missing_docs, reason = "a code and the name of its variant say the same")]
pub enum AwsRegion {
    #[serde(rename = "ap-northeast-1")]
    ApNortheast1,
    #[serde(rename = "ap-northeast-2")]
    ApNortheast2,
    #[serde(rename = "ap-southeast-1")]
    ApSoutheast1,
    #[serde(rename = "ap-southeast-2")]
    ApSoutheast2,
    #[serde(rename = "ca-central-1")]
    CaCentral1,
    #[serde(rename = "eu-central-1")]
    EuCentral1,
    #[serde(rename = "eu-west-1")]
    EuWest1,
    #[serde(rename = "eu-west-2")]
    EuWest2,
    #[default]
    #[serde(rename = "us-east-1")]
    UsEast1,
    #[serde(rename = "us-west-2")]
    UsWest2,
}

impl AwsRegion {
    /// All of them, ascending.
    pub const ALL: [Self; 10] = [
        Self::ApNortheast1,
        Self::ApNortheast2,
        Self::ApSoutheast1,
        Self::ApSoutheast2,
        Self::CaCentral1,
        Self::EuCentral1,
        Self::EuWest1,
        Self::EuWest2,
        Self::UsEast1,
        Self::UsWest2,
    ];

    /// Reads `us-east-1`; `None` if there is no such region.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|region| region.as_str() == text)
    }

    /// Gives the code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApNortheast1 => "ap-northeast-1",
            Self::ApNortheast2 => "ap-northeast-2",
            Self::ApSoutheast1 => "ap-southeast-1",
            Self::ApSoutheast2 => "ap-southeast-2",
            Self::CaCentral1 => "ca-central-1",
            Self::EuCentral1 => "eu-central-1",
            Self::EuWest1 => "eu-west-1",
            Self::EuWest2 => "eu-west-2",
            Self::UsEast1 => "us-east-1",
            Self::UsWest2 => "us-west-2",
        }
    }
}

impl fmt::Display for AwsRegion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_read_and_written_by_their_codes() {
        assert!(AwsRegion::ALL.is_sorted());
        for region in AwsRegion::ALL {
            assert_eq!(AwsRegion::parse(region.as_str()), Some(region));
            assert_eq!(serde_json::to_string(&region).unwrap(), format!("\"{region}\""));
        }
        assert_eq!(AwsRegion::parse("mars-1"), None);
    }
}
