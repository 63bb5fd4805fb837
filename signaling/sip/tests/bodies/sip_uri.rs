//! Holds for any bytes taken as a URI, as an address, as a list of them, and as the values of other headers.

use sip::digest::{Challenge, Credentials};
use sip::header::{Date, MediaType, Reason, RetryAfter, SessionExpires, Via, Warning};
use sip::name_addr::AddressParts;
use sip::uri::{Host, Uri, UriParts};
use sip::{Parameters, list};

pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    check_uri(text);
    check_address(text);
    check_headers(text);
    for element in list::split(text) {
        assert!(!element.is_empty());
        check_address(element);
    }
}

fn check_uri(text: &str) {
    let Ok(parts) = UriParts::parse(text) else { return };
    let uri = parts.to_uri();
    assert_eq!(uri.as_str(), text);
    assert_eq!((uri.user(), uri.host(), uri.port()), (parts.user(), parts.host(), parts.port()));
    assert_eq!((uri.parameters(), uri.parts().headers()), (parts.parameters(), parts.headers()));
    assert!(uri.matches(&uri));
    assert!(uri.e164().is_none_or(|number| number.len() <= 16 && number.starts_with('+')));
    let without = uri.parameters().iter().fold(uri.clone(), |uri, (name, _)| uri.without_parameter(name));
    assert_eq!(without.parameters(), Parameters::default());
    if let Some(host) = uri.host() {
        let written = host.to_string();
        assert_eq!(Host::parse(&written), Ok(host));
        let made = Uri::sip(uri.user(), host, uri.port()).expect("parts of a URI make one");
        assert_eq!(made.host(), uri.host());
    }
}

fn check_address(text: &str) {
    let Ok(parts) = AddressParts::parse(text) else { return };
    let address = parts.to_name_addr();
    assert_eq!((address.tag(), address.uri().as_str()), (parts.tag(), parts.uri().as_str()));
    let controls = |name: &str| name.contains(|letter: char| letter != '\t' && letter.is_ascii_control());
    if !parts.display_name().as_deref().is_some_and(controls) {
        let written = address.to_string();
        let again = AddressParts::parse(&written).expect("what is written is an address");
        assert_eq!(again.to_name_addr(), address);
    }
}

fn check_headers(text: &str) {
    if let Ok(via) = Via::parse(text) {
        let written = via.to_string();
        assert_eq!(Via::parse(&written), Ok(via));
    }
    if let Ok(date) = Date::parse(text) {
        assert_eq!(Date::parse(&date.to_string()), Ok(date));
    }
    if let Ok(timer) = SessionExpires::parse(text) {
        assert_eq!(SessionExpires::parse(&timer.to_string()), Ok(timer));
    }
    if let Ok(retry) = RetryAfter::parse(text) {
        assert_eq!(RetryAfter::parse(&retry.to_string()), Ok(retry));
    }
    if let Ok(media_type) = MediaType::parse(text) {
        assert_eq!(MediaType::parse(&media_type.to_string()), Ok(media_type));
    }
    let _ = (Reason::parse(text), Warning::parse(text), Challenge::parse(text), Credentials::parse(text));
}
