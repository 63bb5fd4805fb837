//! What is written reads the same: URIs, addresses, headers and whole messages, as anybody might make them.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use sip::header::{Date, Reason, RetryAfter, SessionExpires, Via, Warning};
use sip::lexer::lex;
use sip::parameters::Parameters;
use sip::uri::Host;
use sip::validate::{Rules, Verdict, validate};
use sip::{Name, NameAddr, Request, Response, Uri, list, method};

fn host() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9]{1,8}(\\.[a-z0-9-]{1,8}){0,3}",
        any::<[u8; 4]>().prop_map(|bytes| std::net::Ipv4Addr::from(bytes).to_string()),
        any::<[u8; 16]>().prop_map(|bytes| format!("[{}]", std::net::Ipv6Addr::from(bytes))),
    ]
}

fn parameters() -> impl Strategy<Value = String> {
    vec("[a-z][a-z0-9.-]{0,8}(=[A-Za-z0-9%25:.+-]{1,8})?", 0..4)
        .prop_map(|all| all.iter().map(|one| format!(";{}", one.replace('%', "%41"))).collect())
}

fn uri() -> impl Strategy<Value = String> {
    let user = "[A-Za-z0-9_.!~*'()&=+$,;?/#-]{1,12}(%[0-9A-Fa-f]{2})?(:[a-z0-9]{0,4})?@";
    let parts = (any::<bool>(), option::of(user), host(), option::of(any::<u16>()), parameters());
    let sip = (parts, option::of("[a-z]{1,5}=[a-z]{0,5}(&[a-z]{1,3}=[a-z]{0,3})?")).prop_map(
        |((secure, user, host, port, parameters), headers)| {
            let scheme = if secure { "sips:" } else { "sip:" };
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            let headers = headers.map(|headers| format!("?{headers}")).unwrap_or_default();
            format!("{scheme}{}{host}{port}{parameters}{headers}", user.unwrap_or_default())
        },
    );
    prop_oneof![4 => sip, 1 => ("\\+?[0-9]{1,3}[0-9.()-]{0,12}", parameters()).prop_map(|(n, p)| format!("tel:{n}{p}"))]
}

fn name_addr() -> impl Strategy<Value = NameAddr> {
    let parameter = (r"[a-z]{1,5}", option::of(prop_oneof!["[a-z0-9=]{1,6}", "\"[a-z ;,<>]{0,6}\""]));
    (option::of("[^\\x00-\\x08\\x0a-\\x1f\\x7f]{1,12}"), uri(), vec(parameter, 0..3)).prop_map(
        |(name, uri, parameters)| {
            let address = NameAddr::new(Uri::parse(&uri).expect("a generated URI is one"));
            let address = address.with_display_name(&name.unwrap_or_default());
            parameters.iter().fold(address, |address, (name, value)| {
                address.with_parameter(name, value.as_deref()).expect("a generated parameter is one")
            })
        },
    )
}

fn text() -> impl Strategy<Value = String> {
    "[!-~é]([ -~é]{0,30}[!-~é])?"
}

prop_compose! {
    fn request()(
        method in proptest::sample::select(method::ALL.to_vec()),
        uri in uri().prop_map(|uri| without_headers(&uri)),
        vias in vec(("[A-Z]{2,4}", host(), "[a-zA-Z0-9]{1,8}"), 1..4),
        from in name_addr(),
        to in name_addr(),
        routes in vec(name_addr(), 0..3),
        call_id in "[!-~]{1,20}",
        number in 0_u32..1 << 31,
        extra in vec(("X-[A-Za-z]{1,8}", text()), 0..4),
        body in vec(any::<u8>(), 0..60),
    ) -> Request {
        let uri = Uri::parse(&uri).expect("a generated URI is one");
        let mut request = Request::new(method, uri)
            .with(Name::CallId, call_id)
            .with(Name::From, from.to_string())
            .with(Name::To, to.to_string())
            .with(Name::CSeq, format!("{number} {}", method::word(method)));
        for (transport, host, branch) in vias {
            request.headers_mut().push(Name::Via, format!("SIP/2.0/{transport} {host};branch=z9hG4bK{branch}"));
        }
        for route in routes {
            request.headers_mut().push(Name::Route, route.to_string());
        }
        for (name, value) in extra {
            request.headers_mut().push_named(&name, value);
        }
        request.with_body("application/sdp", body)
    }
}

proptest! {
    #[test]
    fn uris(text in uri()) {
        let uri = Uri::parse(&text).unwrap();
        prop_assert_eq!(uri.as_str(), &text);
        prop_assert!(uri.matches(&uri));
        prop_assert_eq!(Uri::parse(&uri.to_string()).unwrap(), uri);
    }

    #[test]
    fn users_are_escaped_and_mean_the_same(user in "[^\\x00]{1,20}") {
        let uri = Uri::sip(Some(&user), Host::Name("h"), None).unwrap();
        let bytes = unescape(uri.user().unwrap());
        prop_assert_eq!(bytes, user.as_bytes());
    }

    #[test]
    fn addresses(address in name_addr()) {
        prop_assert_eq!(NameAddr::parse(&address.to_string()).unwrap(), address);
    }

    #[test]
    fn lists_of_addresses(addresses in vec(name_addr(), 1..6)) {
        let joined = addresses.iter().map(NameAddr::to_string).collect::<Vec<_>>().join(" ,");
        let split: Vec<_> = list::split(&joined).map(|one| NameAddr::parse(one).unwrap()).collect();
        prop_assert_eq!(split, addresses);
    }

    #[test]
    fn vias(transport in "[A-Z]{1,5}", host in host(), port in option::of(any::<u16>()), text in parameters()) {
        let parameters = Parameters::parse(&text).unwrap();
        let via = Via { transport: &transport, host: Host::parse(&host).unwrap(), port, parameters };
        let written = via.to_string();
        prop_assert_eq!(Via::parse(&written).unwrap(), via);
    }

    #[test]
    fn reasons_and_warnings(word in "[A-Za-z.0-9]{1,8}", cause in option::of(any::<u16>()), text in text()) {
        let reason = Reason { protocol: &word, cause, text: Some(text.as_str().into()) };
        let written = reason.to_string();
        prop_assert_eq!(Reason::parse(&written).unwrap(), reason);
        let warning = Warning { code: 100 + cause.unwrap_or(0) % 900, agent: &word, text: text.as_str().into() };
        let written = warning.to_string();
        prop_assert_eq!(Warning::parse(&written).unwrap(), warning);
    }

    #[test]
    fn numbers_and_dates(seconds in any::<u32>(), duration in option::of(any::<u32>())) {
        let date = Date(u64::from(seconds));
        prop_assert_eq!(Date::parse(&date.to_string()).unwrap(), date);
        let retry = RetryAfter { seconds, duration };
        prop_assert_eq!(RetryAfter::parse(&retry.to_string()).unwrap(), retry);
        let timer = SessionExpires { seconds, refresher: None };
        prop_assert_eq!(SessionExpires::parse(&timer.to_string()).unwrap(), timer);
    }

    #[test]
    fn requests_and_their_responses(request in request(), code in 100_u16..700) {
        let rules = Rules { methods: &method::ALL, ..Rules::TRUNK };
        let mut out = Vec::new();
        request.write(&mut out).unwrap();
        let lexed = lex(&out).unwrap();
        match validate(&lexed, &rules) {
            Verdict::Request(checked) => prop_assert_eq!(checked.to_request(), request.clone()),
            other @ (Verdict::Response(_) | Verdict::Answer(_) | Verdict::Drop(_)) => prop_assert!(false, "{:?}: {}", other, String::from_utf8_lossy(&out)),
        }
        let response = Response::to_request(&request, code).with_to_tag("t").unwrap();
        let mut out = Vec::new();
        response.write(&mut out).unwrap();
        let lexed = lex(&out).unwrap();
        match validate(&lexed, &rules) {
            Verdict::Response(checked) => prop_assert_eq!(checked.to_response(), response),
            other @ (Verdict::Request(_) | Verdict::Answer(_) | Verdict::Drop(_)) => prop_assert!(false, "{:?}: {}", other, String::from_utf8_lossy(&out)),
        }
    }
}

/// A Request-URI has no headers, and a question mark may stand in the user too.
fn without_headers(text: &str) -> String {
    let uri = Uri::parse(text).expect("a generated URI is one");
    let headers_len = uri.parts().headers().map_or(0, |headers| headers.len() + 1);
    text[..text.len() - headers_len].to_owned()
}

fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut digit =
            || rest.next().and_then(|digit| char::from(digit).to_digit(16)).expect("a digit") as u8;
        bytes.push(if byte == b'%' { digit() << 4 | digit() } else { byte });
    }
    bytes
}
