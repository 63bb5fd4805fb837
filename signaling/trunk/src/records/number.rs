//! Phone numbers.

use serde::{Deserialize, Serialize};

/// A number of the inventory.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct PhoneNumberRecord {
    /// To what it is assigned; to one thing at most.
    pub associations: Vec<AssociationRecord>,
    /// The name that goes with it to the telephone network.
    pub calling_name: Option<String>,
    /// How far the change of the name has come.
    pub calling_name_status: CallingNameStatus,
    /// How many calls may come to it at a time; 100 if none.
    pub calls_max: Option<u32>,
    /// Who delivers calls to it: one carrier, or several if it is toll-free.
    pub carriers: Vec<String>,
    /// The number.
    pub e164_phone_number: String,
    /// What it is used for.
    pub product_type: ProductType,
    /// Whether it is ours, and in use.
    pub status: PhoneNumberStatus,
    /// Who pays for calls to it.
    #[serde(rename = "type")]
    pub phone_number_type: PhoneNumberType,
}

/// What a number is assigned to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AssociationRecord {
    /// The kind of thing.
    pub name: AssociationName,
    /// Its id.
    pub value: String,
}

/// The kinds of things that numbers are assigned to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[expect(missing_docs, reason = "the names are those of the AWS API and mean nothing else")]
pub enum AssociationName {
    SipRuleId,
    VoiceConnectorGroupId,
    VoiceConnectorId,
}

/// Who pays for calls to a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub enum PhoneNumberType {
    /// The caller.
    #[default]
    Local,
    /// Who is called.
    TollFree,
}

/// What a number is used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[expect(missing_docs, reason = "the names are those of the AWS API and mean nothing else")]
pub enum ProductType {
    SipMediaApplicationDialIn,
    #[default]
    VoiceConnector,
}

/// Where a number is on its way to us, in use, or away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[expect(missing_docs, reason = "the names are those of the AWS API and mean nothing else")]
pub enum PhoneNumberStatus {
    AcquireFailed,
    AcquireInProgress,
    Assigned,
    Cancelled,
    DeleteFailed,
    DeleteInProgress,
    PortinCancelRequested,
    PortinInProgress,
    ReleaseFailed,
    ReleaseInProgress,
    #[default]
    Unassigned,
}

/// How far the change of a calling name has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[expect(missing_docs, reason = "the names are those of the AWS API and mean nothing else")]
pub enum CallingNameStatus {
    Unassigned,
    UpdateFailed,
    UpdateInProgress,
    #[default]
    UpdateSucceeded,
}
