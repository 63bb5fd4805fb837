//! Headers that a peer wants otherwise than we write them, or writes otherwise than we want them: what an SBC between the
//! two would do.

use std::net::IpAddr;

use sip::name_addr::{AddressParts, NameAddr};
use sip::{Headers, Method, Name, Uri};
use trunk::snapshot::Side;

/// One rule. Rules act in their order, each on what the one before has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manipulation {
    side: Side,
    travel: Travel,
    method: Option<Method>,
    message: Option<Message>,
    header: Header,
    part: Part,
    value: String,
}

/// Which messages a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Those of customers, or of carriers.
    pub side: Side,
    /// Those that come, or that go.
    pub travel: Travel,
    /// Of which requests, or of the responses to which; all if none.
    pub method: Option<Method>,
    /// Of requests or of responses; both if none.
    pub message: Option<Message>,
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

/// A part of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it; without a value the header is left out.
    Whole,
    /// The name beside an address.
    DisplayName,
    /// The user of its URI.
    User,
    /// The host of its URI.
    Host,
    /// A parameter of the header, behind its value.
    Parameter(String),
}

/// Why there can be no such rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forbidden {
    /// Messages are matched by the header, or find their way by it.
    Header,
    /// Of To and From the tag has to stay, so their name, user and host are all that can be changed.
    Part,
    /// It is more than one line.
    Value,
}

/// What stands for the address of the peer in a value.
const PEER: &str = "{peer}";

/// The headers by which messages are matched, find their way, or are framed.
const STRUCTURAL: [Name; 11] = [
    Name::Via,
    Name::CallId,
    Name::CSeq,
    Name::Contact,
    Name::ContentLength,
    Name::ContentType,
    Name::MaxForwards,
    Name::RecordRoute,
    Name::Route,
    Name::RAck,
    Name::RSeq,
];

/// A header that may be changed, by its name here or by its spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Header {
    Known(Name),
    Other(String),
}

impl Manipulation {
    /// Makes a rule; `{peer}` in the value is the address of the peer.
    ///
    /// # Errors
    /// If messages would no longer be what they are.
    pub fn new(scope: Scope, header: &str, part: Part, value: &str) -> Result<Self, Forbidden> {
        let name = Name::parse(header.as_bytes());
        if STRUCTURAL.contains(&name) {
            return Err(Forbidden::Header);
        }
        if matches!(name, Name::From | Name::To) && matches!(part, Part::Whole | Part::Parameter(_)) {
            return Err(Forbidden::Part);
        }
        let header = if name == Name::Other { Header::Other(header.to_owned()) } else { Header::Known(name) };
        if value.contains(|letter: char| letter.is_control()) {
            return Err(Forbidden::Value);
        }
        let Scope { side, travel, method, message } = scope;
        Ok(Self { side, travel, method, message, header, part, value: value.to_owned() })
    }

    /// Changes the headers of a message; what would break them is left as it is.
    pub(crate) fn apply(&self, headers: &mut Headers, peer: IpAddr) {
        let wanted = match peer {
            IpAddr::V4(address) => self.value.replace(PEER, &address.to_string()),
            IpAddr::V6(address) => self.value.replace(PEER, &format!("[{address}]")),
        };
        if self.part == Part::Whole {
            return self.header.replace(headers, wanted);
        }
        let Some(value) = self.header.value(headers) else { return };
        let changed = match &self.part {
            Part::DisplayName => with_display_name(value, &wanted),
            Part::User => with_user(value, &wanted),
            Part::Host => with_host(value, &wanted),
            Part::Parameter(parameter) => with_parameter(value, parameter, &wanted),
            Part::Whole => None,
        };
        match (changed, &self.header) {
            (Some(changed), Header::Known(name)) => headers.set_first(*name, changed),
            (Some(changed), Header::Other(_)) => self.header.replace(headers, changed),
            (None, _) => {}
        }
    }

    /// Tells whether it is about a message.
    pub(crate) fn is_about(&self, side: Side, travel: Travel, message: Message, method: Method) -> bool {
        self.side == side
            && self.travel == travel
            && self.message.is_none_or(|only| only == message)
            && self.method.is_none_or(|only| only == method)
    }
}

impl Header {
    fn value<'h>(&self, headers: &'h Headers) -> Option<&'h str> {
        match self {
            Self::Known(name) => headers.get(*name),
            Self::Other(spelling) => headers.named(spelling),
        }
    }

    /// Replaces all values by one, or by nothing.
    fn replace(&self, headers: &mut Headers, value: String) {
        match self {
            Self::Known(name) if value.is_empty() => headers.remove(*name),
            Self::Known(name) => headers.set(*name, value),
            Self::Other(spelling) => {
                headers.remove_named(spelling);
                if !value.is_empty() {
                    headers.push_named(spelling, value);
                }
            }
        }
    }
}

fn with_display_name(value: &str, wanted: &str) -> Option<String> {
    Some(NameAddr::parse(value).ok()?.with_display_name(wanted).to_string())
}

/// Puts another user into the URI of an address, or one where there was none. A `tel:` URI is a number, which stays.
fn with_user(value: &str, wanted: &str) -> Option<String> {
    with_uri(value, |uri| {
        let (scheme, rest) = uri.as_str().split_once(':')?;
        let place = rest.split_once('@').map_or(rest, |(_, place)| place);
        uri.host().map(|_| format!("{scheme}:{wanted}@{place}"))
    })
}

/// Puts another host into the URI of an address. A `tel:` URI has none.
fn with_host(value: &str, wanted: &str) -> Option<String> {
    with_uri(value, |uri| {
        let (text, host) = (uri.as_str(), uri.host()?.to_string());
        // Neither scheme nor user is searched: a user may be spelled like the host.
        let start = text.find('@').or_else(|| text.find(':'))?.checked_add(1)?;
        let (front, rest) = text.split_at_checked(start)?;
        Some(format!("{front}{wanted}{}", rest.get(host.len()..)?))
    })
}

/// Changes the URI of an address, as long as it is one afterwards.
fn with_uri(value: &str, change: impl Fn(&Uri) -> Option<String>) -> Option<String> {
    let uri = AddressParts::parse(value).ok()?.uri().to_uri();
    let changed = change(&uri)?;
    Uri::parse(&changed).ok()?;
    Some(value.replacen(uri.as_str(), &changed, 1))
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
    fn users_and_names_are_replaced_and_tags_stay() {
        let from = "\"Bell\" <sip:a@192.0.2.1:5060>;tag=1";
        assert_eq!(with_user(from, "b").unwrap(), "\"Bell\" <sip:b@192.0.2.1:5060>;tag=1");
        assert_eq!(with_user("<sip:192.0.2.1>", "b").unwrap(), "<sip:b@192.0.2.1>");
        assert_eq!(with_user("<tel:+12065550100>", "b"), None);
        assert_eq!(with_user(from, "b> x"), None);
        assert_eq!(
            with_display_name(from, "A \"B\"").unwrap(),
            "\"A \\\"B\\\"\" <sip:a@192.0.2.1:5060>;tag=1"
        );
        assert_eq!(with_display_name(from, "").unwrap(), "<sip:a@192.0.2.1:5060>;tag=1");
    }

    #[test]
    fn whole_headers_are_set_and_left_out_whether_they_have_a_meaning_here_or_not() {
        let peer = IpAddr::from([192, 0, 2, 7]);
        let scope = Scope { side: Side::Customer, travel: Travel::Out, method: None, message: None };
        for header in ["Subject", "X-Tenant"] {
            let rule =
                |value| Manipulation::new(scope, header, Part::Whole, value).expect("it may be changed");
            let mut headers = Headers::default();
            rule("for {peer}").apply(&mut headers, peer);
            assert_eq!(headers.named(header), Some("for 192.0.2.7"));
            rule("").apply(&mut headers, peer);
            assert_eq!(headers.named(header), None);
        }
    }

    #[test]
    fn what_holds_a_dialog_together_cannot_be_changed() {
        let scope = Scope { side: Side::Carrier, travel: Travel::In, method: None, message: None };
        let rule = |header, part, value| Manipulation::new(scope, header, part, value).map(drop);
        for header in ["Via", "v", "call-id", "Contact", "CSeq", "Record-Route", "l"] {
            assert_eq!(rule(header, Part::Whole, "x"), Err(Forbidden::Header), "{header}");
        }
        assert_eq!(rule("From", Part::Whole, "<sip:a@b>"), Err(Forbidden::Part));
        assert_eq!(rule("t", Part::Parameter("tag".to_owned()), "1"), Err(Forbidden::Part));
        assert_eq!(rule("Subject", Part::Whole, "a\r\nVia: b"), Err(Forbidden::Value));
        assert_eq!(rule("To", Part::Host, "b"), Ok(()));
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
