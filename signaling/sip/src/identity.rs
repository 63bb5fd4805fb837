//! Who calls, who may know it, and how it is told to the other leg: RFC 3261, 3323, 3325.

use std::fmt;

use crate::error::Malformed;
use crate::header::Name;
use crate::list::split_semicolons;
use crate::message::Request;
use crate::name_addr::{AddressParts, NameAddr};
use crate::uri::{Host, Scheme, Uri};

/// RFC 3323 section 4.1.1.3: the host of an address that tells nothing.
const ANONYMOUS_HOST: &str = "anonymous.invalid";
const ANONYMOUS_URI: &str = "sip:anonymous@anonymous.invalid";

/// Where the identity of a caller was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// P-Asserted-Identity: a peer that is trusted says so.
    Asserted,
    /// P-Preferred-Identity: the caller says so, and wants it to be asserted.
    Preferred,
    /// From: the caller says so.
    From,
}

/// Whether what a peer says of identities counts (RFC 3325 section 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The peer asserts, and is told what it has to keep to itself.
    Trusted,
    /// The peer may only prefer, and hears nothing that is to be private.
    Untrusted,
}

/// What a caller wants to be kept private: the words of its Privacy headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Privacy {
    /// The identity that is asserted (RFC 3325).
    pub id: bool,
    /// All that the caller wrote about itself.
    pub user: bool,
    /// Headers that tell where the caller is.
    pub header: bool,
    /// The way that media takes.
    pub session: bool,
    /// Who has forwarded the call (RFC 7044).
    pub history: bool,
    /// Rather no call than one without it.
    pub critical: bool,
    /// Nothing, said aloud.
    pub none: bool,
}

impl Privacy {
    /// Reads the values of Privacy; unknown words are passed over.
    pub fn parse<'a>(values: impl Iterator<Item = &'a str>) -> Self {
        let mut privacy = Self::default();
        // RFC 3323 section 4.2 separates with semicolons; commas are seen too.
        for word in values.flat_map(split_semicolons).flat_map(crate::list::split) {
            match word.to_ascii_lowercase().as_str() {
                "id" => privacy.id = true,
                "user" => privacy.user = true,
                "header" => privacy.header = true,
                "session" => privacy.session = true,
                "history" => privacy.history = true,
                "critical" => privacy.critical = true,
                "none" => privacy.none = true,
                _ => {}
            }
        }
        privacy
    }

    /// Tells whether the caller is to be hidden. RFC 3323 section 4.2: with `none` nothing is.
    pub const fn hides_caller(self) -> bool {
        !self.none && (self.id || self.user)
    }
}

impl fmt::Display for Privacy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [
            (self.id, "id"),
            (self.user, "user"),
            (self.header, "header"),
            (self.session, "session"),
            (self.history, "history"),
            (self.critical, "critical"),
            (self.none, "none"),
        ];
        let said = words.into_iter().filter_map(|(said, word)| said.then_some(word));
        f.write_str(&said.collect::<Vec<_>>().join(";"))
    }
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Where it was read.
    pub source: Source,
    /// The address; that of From may be one that tells nothing.
    pub uri: Uri,
    /// The digits of the address, with `+` when it is there; a name has none.
    pub number: Option<String>,
    /// The name to be displayed.
    pub display_name: Option<String>,
    /// What is to be kept private.
    pub privacy: Privacy,
    /// The callee is not to know who calls.
    pub anonymous: bool,
}

/// Tells who calls: P-Asserted-Identity of a trusted peer, P-Preferred-Identity of another one, else From.
///
/// `None` when not even From can be read.
pub fn caller(request: &Request, trust: Trust) -> Option<Caller> {
    let headers = request.headers();
    let privacy = Privacy::parse(headers.all(Name::Privacy));
    let from = request.from_address()?;
    let (name, source) = match trust {
        Trust::Trusted => (Name::PAssertedIdentity, Source::Asserted),
        Trust::Untrusted => (Name::PPreferredIdentity, Source::Preferred),
    };
    // RFC 3325 section 9.1: there may be a sip and a tel address of the same caller; the number is what counts here.
    let mut stated: Vec<_> = headers.addresses(name).filter(is_understood).collect();
    stated.sort_by_key(|address| address.uri().dialled().is_none());
    let (address, source) = stated.first().map_or((from, Source::From), |&address| (address, source));
    let uri = address.uri().to_uri();
    let hidden = source == Source::From && is_anonymous(&from);
    Some(Caller {
        source,
        number: uri.dialled().filter(|_| !hidden),
        uri,
        display_name: address.display_name().map(|name| name.into_owned()).filter(|_| !hidden),
        anonymous: privacy.hides_caller() || (is_anonymous(&from) && !privacy.none),
        privacy,
    })
}

fn is_understood(address: &AddressParts<'_>) -> bool {
    address.uri().scheme() != Scheme::Other
}

/// Tells whether an address of From tells nothing: the host of RFC 3323, or the user, whatever the host.
fn is_anonymous(from: &AddressParts<'_>) -> bool {
    let uri = from.uri();
    let host = matches!(uri.host(), Some(Host::Name(name)) if name.eq_ignore_ascii_case(ANONYMOUS_HOST));
    host || uri.user().is_some_and(|user| user.eq_ignore_ascii_case("anonymous"))
}

/// How a caller is told to the other leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presentation {
    /// From, without a tag.
    pub from: NameAddr,
    /// P-Asserted-Identity.
    pub asserted: Option<NameAddr>,
    /// Privacy.
    pub privacy: Option<String>,
}

/// Tells how a caller is told to a peer, in addresses of our own host.
///
/// An untrusted peer hears nothing of a caller that wants to be anonymous. A trusted one hears who it is, and that it
/// has to keep it to itself (RFC 3325 section 7).
///
/// # Errors
/// `Malformed` when the caller's user is none that can be written.
pub fn present(caller: &Caller, towards: Trust, host: Host<'_>) -> Result<Presentation, Malformed> {
    let user = caller.number.as_deref().or_else(|| caller.uri.user().filter(|_| has_identity(caller)));
    let known = match user {
        Some(user) => Some(named(caller.number.is_some(), user, host, caller)?),
        None => None,
    };
    if !caller.anonymous {
        let from = known.clone().unwrap_or_else(anonymous);
        let asserted = known.filter(|_| towards == Trust::Trusted);
        let privacy = caller.privacy.none.then(|| "none".to_owned());
        return Ok(Presentation { from, asserted, privacy });
    }
    let privacy = Privacy { id: true, none: false, ..caller.privacy };
    Ok(Presentation {
        from: anonymous(),
        asserted: known.filter(|_| towards == Trust::Trusted),
        privacy: Some(privacy.to_string()),
    })
}

/// Tells whether the address is one of somebody.
fn has_identity(caller: &Caller) -> bool {
    caller.source != Source::From || !caller.anonymous || caller.number.is_some()
}

/// Makes the address of a caller: a number as it is, a name with the escapes it came with.
fn named(is_number: bool, user: &str, host: Host<'_>, caller: &Caller) -> Result<NameAddr, Malformed> {
    let uri = if is_number {
        Uri::sip(Some(user), host, None)?
    } else {
        Uri::parse(&format!("sip:{user}@{host}"))?
    };
    Ok(NameAddr::new(uri).with_display_name(caller.display_name.as_deref().unwrap_or("")))
}

fn anonymous() -> NameAddr {
    let uri = Uri::parse(ANONYMOUS_URI).expect("the anonymous address is one");
    NameAddr::new(uri).with_display_name("Anonymous")
}
