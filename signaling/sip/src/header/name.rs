//! The names of headers: the ones with a meaning here, and their compact forms.

/// Makes the names, and their way to and from the headers of the message model.
macro_rules! names {
    (
        modelled { $($modelled:ident $text:literal,)+ }
        own { $($own:ident $own_text:literal,)+ }
    ) => {
        /// The name of a header.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Name {
            $(#[doc = concat!("`", $text, "`")] $modelled,)+
            $(#[doc = concat!("`", $own_text, "`")] $own,)+
            /// Any other; its spelling is kept beside it.
            Other,
        }

        impl Name {
            /// Every name but `Other`.
            pub const ALL: &'static [Self] = &[$(Self::$modelled,)+ $(Self::$own,)+];

            /// Returns the name in its long form, as it is written; empty for `Other`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$modelled => $text,)+
                    $(Self::$own => $own_text,)+
                    Self::Other => "",
                }
            }

            /// Makes the header of the model.
            pub(crate) fn with_value(self, value: String) -> rsip::Header {
                match self {
                    $(Self::$modelled => rsip::Header::$modelled(value.into()),)+
                    $(Self::$own => rsip::Header::Other($own_text.to_owned(), value),)+
                    Self::Other => rsip::Header::Other(String::new(), value),
                }
            }

            /// Returns the name of a header of the model.
            pub(crate) fn of(header: &rsip::Header) -> Self {
                match header {
                    $(rsip::Header::$modelled(_) => Self::$modelled,)+
                    rsip::Header::Other(name, _) => Self::parse(name.as_bytes()),
                }
            }
        }

        /// Returns the value of a header of the model.
        pub(crate) fn value_of(header: &rsip::Header) -> &str {
            match header {
                $(rsip::Header::$modelled(inner) => rsip::headers::UntypedHeader::value(inner),)+
                rsip::Header::Other(_, value) => value,
            }
        }
    };
}

names! {
    modelled {
    Accept "Accept",
    AcceptEncoding "Accept-Encoding",
    AcceptLanguage "Accept-Language",
    AlertInfo "Alert-Info",
    Allow "Allow",
    AuthenticationInfo "Authentication-Info",
    Authorization "Authorization",
    CSeq "CSeq",
    CallId "Call-ID",
    CallInfo "Call-Info",
    Contact "Contact",
    ContentDisposition "Content-Disposition",
    ContentEncoding "Content-Encoding",
    ContentLanguage "Content-Language",
    ContentLength "Content-Length",
    ContentType "Content-Type",
    Date "Date",
    ErrorInfo "Error-Info",
    Event "Event",
    Expires "Expires",
    From "From",
    InReplyTo "In-Reply-To",
    MaxForwards "Max-Forwards",
    MimeVersion "MIME-Version",
    MinExpires "Min-Expires",
    Organization "Organization",
    Priority "Priority",
    ProxyAuthenticate "Proxy-Authenticate",
    ProxyAuthorization "Proxy-Authorization",
    ProxyRequire "Proxy-Require",
    RecordRoute "Record-Route",
    ReplyTo "Reply-To",
    Require "Require",
    RetryAfter "Retry-After",
    Route "Route",
    Server "Server",
    Subject "Subject",
    SubscriptionState "Subscription-State",
    Supported "Supported",
    Timestamp "Timestamp",
    To "To",
    Unsupported "Unsupported",
    UserAgent "User-Agent",
    Via "Via",
    Warning "Warning",
    WwwAuthenticate "WWW-Authenticate",
    }
    own {
    AcceptContact "Accept-Contact",
    AllowEvents "Allow-Events",
    Diversion "Diversion",
    HistoryInfo "History-Info",
    Identity "Identity",
    IdentityInfo "Identity-Info",
    MinSe "Min-SE",
    PAssertedIdentity "P-Asserted-Identity",
    PChargingVector "P-Charging-Vector",
    PEarlyMedia "P-Early-Media",
    PPreferredIdentity "P-Preferred-Identity",
    Path "Path",
    Privacy "Privacy",
    RAck "RAck",
    RSeq "RSeq",
    Reason "Reason",
    ReferTo "Refer-To",
    ReferredBy "Referred-By",
    RejectContact "Reject-Contact",
    RemotePartyId "Remote-Party-ID",
    Replaces "Replaces",
    RequestDisposition "Request-Disposition",
    SessionExpires "Session-Expires",
    UserToUser "User-to-User",
    }
}

impl Name {
    /// Returns the name that is written so, long or compact, in any case; `Other` for those without a meaning here.
    pub fn parse(bytes: &[u8]) -> Self {
        let Some(first) = bytes.first().map(u8::to_ascii_lowercase) else { return Self::Other };
        if bytes.len() == 1 {
            return Self::compact(first);
        }
        let fits = |name: &&Self| {
            let text = name.as_str().as_bytes();
            // Nearly all write it as it is registered, and a whole word is compared faster than letters.
            text == bytes || text.eq_ignore_ascii_case(bytes)
        };
        Self::candidates(bytes.len(), first).iter().find(fits).copied().unwrap_or(Self::Other)
    }

    /// Returns the names of a length with a first letter: one, or a few.
    const fn candidates(len: usize, first: u8) -> &'static [Self] {
        match (len, first) {
            (2, b't') => &[Self::To],
            (3, b'v') => &[Self::Via],
            (4, b'c') => &[Self::CSeq],
            (4, b'd') => &[Self::Date],
            (4, b'f') => &[Self::From],
            (4, b'p') => &[Self::Path],
            (4, b'r') => &[Self::RAck, Self::RSeq],
            (5, b'a') => &[Self::Allow],
            (5, b'e') => &[Self::Event],
            (5, b'r') => &[Self::Route],
            (6, b'a') => &[Self::Accept],
            (6, b'm') => &[Self::MinSe],
            (6, b'r') => &[Self::Reason],
            (6, b's') => &[Self::Server],
            (7, b'c') => &[Self::CallId, Self::Contact],
            (7, b'e') => &[Self::Expires],
            (7, b'p') => &[Self::Privacy],
            (7, b'r') => &[Self::Require],
            (7, b's') => &[Self::Subject],
            (7, b'w') => &[Self::Warning],
            (8, b'i') => &[Self::Identity],
            (8, b'p') => &[Self::Priority],
            (8, b'r') => &[Self::ReplyTo, Self::ReferTo, Self::Replaces],
            (9, b'c') => &[Self::CallInfo],
            (9, b'd') => &[Self::Diversion],
            (9, b's') => &[Self::Supported],
            (9, b't') => &[Self::Timestamp],
            (10, b'a') => &[Self::AlertInfo],
            (10, b'e') => &[Self::ErrorInfo],
            (10, b'u') => &[Self::UserAgent],
            (11, b'i') => &[Self::InReplyTo],
            (11, b'm') => &[Self::MinExpires],
            (11, b'r') => &[Self::RetryAfter, Self::ReferredBy],
            (11, b'u') => &[Self::Unsupported],
            (12, b'a') => &[Self::AllowEvents],
            (12, b'c') => &[Self::ContentType],
            (12, b'h') => &[Self::HistoryInfo],
            (12, b'm') => &[Self::MaxForwards, Self::MimeVersion],
            (12, b'o') => &[Self::Organization],
            (12, b'r') => &[Self::RecordRoute],
            (12, b'u') => &[Self::UserToUser],
            (13, b'a') => &[Self::Authorization],
            (13, b'i') => &[Self::IdentityInfo],
            (13, b'p') => &[Self::ProxyRequire, Self::PEarlyMedia],
            (14, b'a') => &[Self::AcceptContact],
            (14, b'c') => &[Self::ContentLength],
            (14, b'r') => &[Self::RejectContact],
            (15, b'a') => &[Self::AcceptEncoding, Self::AcceptLanguage],
            (15, b'r') => &[Self::RemotePartyId],
            (15, b's') => &[Self::SessionExpires],
            (16, b'c') => &[Self::ContentEncoding, Self::ContentLanguage],
            (16, b'w') => &[Self::WwwAuthenticate],
            (17, b'p') => &[Self::PChargingVector],
            (18, b'p') => &[Self::ProxyAuthenticate],
            (18, b's') => &[Self::SubscriptionState],
            (19, b'a') => &[Self::AuthenticationInfo],
            (19, b'c') => &[Self::ContentDisposition],
            (19, b'p') => &[Self::ProxyAuthorization, Self::PAssertedIdentity],
            (19, b'r') => &[Self::RequestDisposition],
            (20, b'p') => &[Self::PPreferredIdentity],
            _ => &[],
        }
    }

    /// Returns the name of a compact form, a small letter (RFC 3261 section 7.3.3, and the registry of IANA).
    const fn compact(letter: u8) -> Self {
        match letter {
            b'a' => Self::AcceptContact,
            b'b' => Self::ReferredBy,
            b'c' => Self::ContentType,
            b'd' => Self::RequestDisposition,
            b'e' => Self::ContentEncoding,
            b'f' => Self::From,
            b'i' => Self::CallId,
            b'j' => Self::RejectContact,
            b'k' => Self::Supported,
            b'l' => Self::ContentLength,
            b'm' => Self::Contact,
            b'n' => Self::IdentityInfo,
            b'o' => Self::Event,
            b'r' => Self::ReferTo,
            b's' => Self::Subject,
            b't' => Self::To,
            b'u' => Self::AllowEvents,
            b'v' => Self::Via,
            b'x' => Self::SessionExpires,
            b'y' => Self::Identity,
            _ => Self::Other,
        }
    }

    /// RFC 3261 section 8.1.1: what every message has. Max-Forwards is missing in what RFC 2543 made, and then counts as 70.
    pub(crate) const NEEDED: [Self; 5] = [Self::Via, Self::From, Self::To, Self::CallId, Self::CSeq];

    /// Tells whether the header may stand only once, with one value (RFC 3261 section 7.3.1 and table 2).
    pub const fn is_single(self) -> bool {
        matches!(
            self,
            Self::CSeq
                | Self::CallId
                | Self::ContentDisposition
                | Self::ContentLength
                | Self::ContentType
                | Self::Date
                | Self::Event
                | Self::Expires
                | Self::From
                | Self::MaxForwards
                | Self::MimeVersion
                | Self::MinExpires
                | Self::MinSe
                | Self::ReferTo
                | Self::ReferredBy
                | Self::RetryAfter
                | Self::SessionExpires
                | Self::Subject
                | Self::To
        )
    }

    /// Tells whether its values are addresses, or stations of the way, that commas separate.
    pub const fn is_address_list(self) -> bool {
        matches!(
            self,
            Self::Contact
                | Self::Diversion
                | Self::PAssertedIdentity
                | Self::PPreferredIdentity
                | Self::Path
                | Self::RecordRoute
                | Self::Route
                | Self::Via
        )
    }

    /// Returns the place in a message: what routes it comes first (RFC 3261 section 7.3.1), what tells of the body last.
    #[expect(clippy::wildcard_enum_match_arm, reason = "most headers have no place of their own")]
    pub(crate) const fn rank(self) -> u8 {
        match self {
            Self::Via => 0,
            Self::Route => 1,
            Self::RecordRoute => 2,
            Self::MaxForwards => 3,
            Self::ProxyRequire => 4,
            Self::From => 5,
            Self::To => 6,
            Self::CallId => 7,
            Self::CSeq => 8,
            Self::Contact => 9,
            Self::ContentDisposition | Self::ContentEncoding | Self::ContentLanguage | Self::MimeVersion => {
                11
            }
            Self::ContentType => 12,
            Self::ContentLength => RANK_MAX,
            _ => 10,
        }
    }
}

/// The highest rank of a name.
pub(crate) const RANK_MAX: u8 = 13;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_as_itself_in_any_case() {
        for &name in Name::ALL {
            assert_eq!(Name::parse(name.as_str().as_bytes()), name);
            assert_eq!(Name::parse(name.as_str().to_ascii_uppercase().as_bytes()), name);
            assert!(name.rank() <= RANK_MAX);
        }
        assert_eq!(Name::parse(b"X-Anything"), Name::Other);
        assert_eq!(Name::parse(b""), Name::Other);
    }

    #[test]
    fn compact_names_are_read_as_long_ones() {
        let pairs: Vec<_> = (b'a'..=b'z').map(|letter| Name::parse(&[letter])).collect();
        assert_eq!(pairs.iter().filter(|&&name| name != Name::Other).count(), 20);
        assert_eq!(Name::parse(b"V"), Name::Via);
        assert_eq!(Name::parse(b"x"), Name::SessionExpires);
    }

    #[test]
    fn the_model_gives_back_name_and_value() {
        for &name in Name::ALL {
            let header = name.with_value("a value".to_owned());
            assert_eq!(Name::of(&header), name);
            assert_eq!(value_of(&header), "a value");
        }
    }
}
