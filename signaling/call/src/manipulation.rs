//! Headers that a peer wants otherwise than we write them, or writes otherwise than we want them: what an SBC between the
//! two would do.

use std::net::IpAddr;

use sip::name_addr::AddressParts;
use sip::{Headers, Method, Name, Uri};

/// One rule. Rules act in their order, each on what the one before has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manipulation {
    /// Which way.
    pub travel: Travel,
    /// Of which requests, or of the responses to which.
    pub method: Method,
    /// Of requests or of responses.
    pub message: Message,
    /// Which header.
    pub header: ManipulatedHeader,
    /// Which part of it.
    pub part: Part,
    /// What stands there afterwards.
    pub value: Value,
}

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Travel {
    /// From a peer to us, before anybody reads it.
    In,
    /// From us to a peer, after all else was written.
    Out,
}

/// What kind of message it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// A request.
    Request,
    /// A response.
    Response,
}

/// The headers that may be changed: none by which messages are matched or find their way. Of To and From it is their host
/// only, so that dialogs stay what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManipulatedHeader {
    /// `From`
    From,
    /// `P-Asserted-Identity`
    PAssertedIdentity,
    /// `Session-Expires`
    SessionExpires,
    /// `To`
    To,
}

/// A part of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The host of its URI.
    Host,
    /// A parameter of a header that has no tag.
    Parameter(String),
}

/// What stands in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(String),
    /// The address of the peer.
    Peer,
}

impl Manipulation {
    /// Changes the headers of a message; what would break them is left as it is.
    pub(crate) fn apply(&self, headers: &mut Headers, peer: IpAddr) {
        let name = self.header.name();
        let Some(value) = headers.get(name) else { return };
        let wanted = match (&self.value, peer) {
            (Value::Text(text), _) => text.clone(),
            (Value::Peer, IpAddr::V4(address)) => address.to_string(),
            (Value::Peer, IpAddr::V6(address)) => format!("[{address}]"),
        };
        let changed = match &self.part {
            Part::Host => with_host(value, &wanted),
            Part::Parameter(parameter) if self.header == ManipulatedHeader::SessionExpires => {
                with_parameter(value, parameter, &wanted)
            }
            Part::Parameter(_) => None,
        };
        if let Some(changed) = changed {
            headers.set_first(name, changed);
        }
    }

    /// Tells whether it is about a message.
    pub(crate) fn is_about(&self, travel: Travel, message: Message, method: Method) -> bool {
        self.travel == travel && self.message == message && self.method == method
    }
}

impl ManipulatedHeader {
    const fn name(self) -> Name {
        match self {
            Self::From => Name::From,
            Self::PAssertedIdentity => Name::PAssertedIdentity,
            Self::SessionExpires => Name::SessionExpires,
            Self::To => Name::To,
        }
    }
}

/// Puts another host into the URI of an address. A `tel:` URI has none.
fn with_host(value: &str, wanted: &str) -> Option<String> {
    let uri = AddressParts::parse(value).ok()?.uri();
    let (text, host) = (uri.as_str(), uri.host()?.to_string());
    // Neither scheme nor user is searched: a user may be spelled like the host.
    let start = text.find('@').or_else(|| text.find(':'))?.checked_add(1)?;
    let (front, rest) = text.split_at_checked(start)?;
    let changed = format!("{front}{wanted}{}", rest.get(host.len()..)?);
    Uri::parse(&changed).ok()?;
    Some(value.replacen(text, &changed, 1))
}

fn with_parameter(value: &str, parameter: &str, wanted: &str) -> Option<String> {
    let mut parts = value.split(';').map(str::trim);
    let front = parts.next()?;
    let is_other = |part: &&str| {
        let name = part.split('=').next().unwrap_or(part);
        !name.trim().eq_ignore_ascii_case(parameter)
    };
    let rest: String = parts.filter(is_other).map(|part| format!(";{part}")).collect();
    Some(format!("{front}{rest};{parameter}={wanted}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_replaced_and_all_else_stays() {
        let cases = [
            ("<sip:a@192.0.2.1:5060;x=192.0.2.1>;tag=1", "<sip:a@10.0.0.1:5060;x=192.0.2.1>;tag=1"),
            ("\"Bell\" <sip:192.0.2.1@192.0.2.1>", "\"Bell\" <sip:192.0.2.1@10.0.0.1>"),
            ("sip:192.0.2.1", "sip:10.0.0.1"),
            ("<sip:[2001:db8::1]:5060>", "<sip:10.0.0.1:5060>"),
        ];
        for (value, wanted) in cases {
            assert_eq!(with_host(value, "10.0.0.1").as_deref(), Some(wanted));
        }
        assert_eq!(with_host("<tel:+12065550100>", "10.0.0.1"), None);
        assert_eq!(with_host("<sip:a@192.0.2.1>", "10.0.0.1>\r\nX: y"), None);
    }

    #[test]
    fn a_parameter_is_set_once() {
        assert_eq!(with_parameter("1800;refresher=uac", "refresher", "uas").unwrap(), "1800;refresher=uas");
        assert_eq!(with_parameter("1800", "refresher", "uas").unwrap(), "1800;refresher=uas");
        assert_eq!(
            with_parameter("1800 ; Refresher = uac;x", "refresher", "uas").unwrap(),
            "1800;x;refresher=uas"
        );
    }
}
