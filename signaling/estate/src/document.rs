//! The form that things have outside of this room.

use std::fmt;

/// A change of what is kept: the new form of a thing, or that it is gone.
#[derive(Clone, PartialEq, Eq)]
pub struct Change {
    /// Of which kind the thing is.
    pub kind: Kind,
    /// What it is called by among its kind.
    pub id: String,
    /// Its new form, JSON; none if it is gone.
    pub body: Option<Vec<u8>>,
}

/// What a document says may be secret.
impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = self.body.as_ref().map(Vec::len);
        write!(f, "Change({} {}, {len:?} bytes)", self.kind, self.id)
    }
}

/// A document that this room cannot read: somebody else has written it, or its form is of another version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Which.
    pub document: String,
    /// What is wrong.
    pub why: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "document {}: {}", self.document, self.why)
    }
}

impl std::error::Error for Unreadable {}

/// Declares the kinds with their words.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// Of which kind a document is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(#[$doc])* $name,)*
        }

        impl Kind {
            /// All kinds.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Gives the word for it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

kinds! {
    /// What holds for all accounts.
    Installation = "installation",
    /// Customers of the operator.
    Account = "account",
    /// What requests are signed with.
    AccessKey = "access_key",
    /// Trunks.
    VoiceConnector = "voice_connector",
    /// Who may log in to a trunk.
    Credentials = "credentials",
    /// Trunks that stand in for each other.
    VoiceConnectorGroup = "voice_connector_group",
    /// Numbers that carriers deliver to us, whoever has them.
    PoolNumber = "pool_number",
    /// Numbers of accounts.
    InventoryNumber = "phone_number",
    /// Orders of numbers, those to be ported included.
    PhoneNumberOrder = "phone_number_order",
    /// Numbers that come from other operators: what these are told of the customer.
    PortingCase = "porting_case",
    /// Numbers that go to other operators, and the PIN of whoever asks for them.
    PortOut = "port_out",
    /// Who brings calls, and takes them.
    Carrier = "carrier",
}

impl Kind {
    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == word)
    }

    /// Gives the name that the AWS API has for such a thing, or the nearest to one.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Installation => "Installation",
            Self::Account => "Account",
            Self::AccessKey => "AccessKey",
            Self::VoiceConnector | Self::Credentials => "VoiceConnector",
            Self::VoiceConnectorGroup => "VoiceConnectorGroup",
            Self::PoolNumber | Self::InventoryNumber => "PhoneNumber",
            Self::PhoneNumberOrder => "PhoneNumberOrder",
            Self::PortingCase => "PortingCase",
            Self::PortOut => "PortOut",
            Self::Carrier => "Carrier",
        }
    }

    /// Tells whether whoever reads such a document could act in somebody's name.
    pub const fn is_secret(self) -> bool {
        matches!(self, Self::AccessKey | Self::Credentials | Self::PortingCase | Self::PortOut)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
