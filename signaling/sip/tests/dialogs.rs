//! Dialogs of both ends: how they begin, where their requests go, and which requests are theirs.

use sip::dialog::{Dialog, DialogId, Order};
use sip::{Malformed, Method, Name, Request, Response, Uri};

const ROUTES: [&str; 2] = ["<sip:first.example;lr>", "<sip:second.example;lr=on;x=y>;p=1"];

fn invite(headers: &[(Name, &str)]) -> Request {
    let mut request =
        Request::new(Method::Invite, Uri::parse("sip:+12065550100@callee.example").expect("a URI"));
    for (name, value) in [
        (Name::From, "\"A\" <sip:+12065550199@caller.example>;tag=caller"),
        (Name::To, "<sip:+12065550100@callee.example>"),
        (Name::CallId, "call"),
        (Name::CSeq, "17 INVITE"),
    ] {
        request.headers_mut().push(name, value);
    }
    for &(name, value) in headers {
        request.headers_mut().push(name, value);
    }
    request
}

fn response(code: u16, tag: &str, headers: &[(Name, &str)]) -> Response {
    let mut response = Response::to_request(&invite(&[]), code).with_to_tag(tag).expect("To is one");
    for &(name, value) in headers {
        response.headers_mut().push(name, value);
    }
    response
}

fn routed(contact: &str) -> Vec<(Name, &str)> {
    let mut headers: Vec<_> = ROUTES.into_iter().map(|route| (Name::RecordRoute, route)).collect();
    headers.push((Name::Contact, contact));
    headers
}

fn lines(request: &Request) -> Vec<String> {
    let mut bytes = Vec::new();
    request.write(&mut bytes).expect("it can be written");
    String::from_utf8(bytes).expect("it is text").lines().map(str::to_owned).collect()
}

#[test]
fn the_caller_goes_back_through_the_record_to_the_contact() {
    let acceptance = response(200, "callee", &routed("<sip:b@10.0.0.2:5070>"));
    let mut dialog = Dialog::uac(&invite(&[]), &acceptance).unwrap();
    assert!(dialog.is_confirmed());
    let expected = [
        "BYE sip:b@10.0.0.2:5070 SIP/2.0",
        "Route: <sip:second.example;lr=on;x=y>;p=1",
        "Route: <sip:first.example;lr>",
        "Max-Forwards: 70",
        "From: \"A\" <sip:+12065550199@caller.example>;tag=caller",
        "To: <sip:+12065550100@callee.example>;tag=callee",
        "Call-ID: call",
        "CSeq: 18 BYE",
        "Content-Length: 0",
        "",
    ];
    assert_eq!(lines(&dialog.request(Method::Bye)), expected);
    assert_eq!(dialog.next_hop().as_str(), "sip:second.example;lr=on;x=y");
}

#[test]
fn the_callee_goes_forward_through_the_record_to_the_contact() {
    let request = invite(&routed("<sip:a@10.0.0.1>"));
    let mut dialog = Dialog::uas(&request, &response(180, "callee", &[])).unwrap();
    assert!(!dialog.is_confirmed());
    dialog.confirm();
    assert!(dialog.is_confirmed());
    let expected = [
        "INVITE sip:a@10.0.0.1 SIP/2.0",
        "Route: <sip:first.example;lr>",
        "Route: <sip:second.example;lr=on;x=y>;p=1",
        "Max-Forwards: 70",
        "From: <sip:+12065550100@callee.example>;tag=callee",
        "To: \"A\" <sip:+12065550199@caller.example>;tag=caller",
        "Call-ID: call",
        "CSeq: 1 INVITE",
        "Content-Length: 0",
        "",
    ];
    assert_eq!(lines(&dialog.request(Method::Invite)), expected);
    assert_eq!(dialog.request(Method::Bye).header(Name::CSeq), Some("2 BYE"));
    assert_eq!(dialog.ack(1).header(Name::CSeq), Some("1 ACK"));
    assert_eq!(dialog.next_hop().as_str(), "sip:first.example;lr");
}

#[test]
fn a_strict_router_gets_its_address_as_the_request_uri() {
    let record = [
        (Name::RecordRoute, "<sip:loose.example;lr>"),
        (Name::RecordRoute, "<sip:strict.example;method=BYE;x=1?h=v>"),
        (Name::Contact, "<sip:b@10.0.0.2>"),
    ];
    let mut dialog = Dialog::uac(&invite(&[]), &response(200, "callee", &record)).unwrap();
    let bye = dialog.request(Method::Bye);
    assert_eq!(bye.uri().as_str(), "sip:strict.example;x=1");
    let routes: Vec<_> = bye.headers().all(Name::Route).collect();
    assert_eq!(routes, ["<sip:loose.example;lr>", "<sip:b@10.0.0.2>"]);
    assert_eq!(dialog.next_hop().host(), bye.uri().host());
}

#[test]
fn without_a_record_requests_go_to_the_contact_which_is_no_more_than_an_address() {
    let contact = [(Name::Contact, "\"B\" <sip:b@10.0.0.2;transport=tcp;method=INVITE?Subject=x>;expires=5")];
    let mut dialog = Dialog::uac(&invite(&[]), &response(200, "callee", &contact)).unwrap();
    assert_eq!(dialog.next_hop().as_str(), "sip:b@10.0.0.2;transport=tcp");
    let bye = dialog.request(Method::Bye);
    assert_eq!((bye.uri(), bye.header(Name::Route)), (dialog.target(), None));
}

#[test]
fn without_a_contact_there_is_still_somewhere_to_go() {
    let early = Dialog::uac(&invite(&[]), &response(180, "callee", &[])).unwrap();
    assert_eq!(early.target().as_str(), "sip:+12065550100@callee.example");
    let answered = Dialog::uas(&invite(&[]), &response(200, "callee", &[])).unwrap();
    assert_eq!(answered.target().as_str(), "sip:+12065550199@caller.example");
}

#[test]
fn an_acceptance_sets_the_route_anew_once() {
    let early = response(180, "callee", &routed("<sip:early@10.0.0.2>"));
    let mut dialog = Dialog::uac(&invite(&[]), &early).unwrap();
    let acceptance =
        response(200, "callee", &[(Name::RecordRoute, ROUTES[0]), (Name::Contact, "<sip:b@10.0.0.3>")]);
    dialog.confirm_by(&acceptance).unwrap();
    assert!(dialog.is_confirmed());
    assert_eq!(dialog.ack(17).headers().all(Name::Route).collect::<Vec<_>>(), [ROUTES[0]]);
    assert_eq!(dialog.target().as_str(), "sip:b@10.0.0.3");
    // That of a re-INVITE moves the peer and leaves the route.
    dialog.confirm_by(&response(200, "callee", &routed("<sip:b@10.0.0.4>"))).unwrap();
    assert_eq!(dialog.ack(17).headers().all(Name::Route).collect::<Vec<_>>(), [ROUTES[0]]);
    assert_eq!(dialog.target().as_str(), "sip:b@10.0.0.4");
}

#[test]
fn a_re_invite_that_is_accepted_moves_the_peer_and_one_without_a_contact_does_not() {
    let mut dialog =
        Dialog::uas(&invite(&routed("<sip:a@10.0.0.1>")), &response(200, "callee", &[])).unwrap();
    dialog.retarget(invite(&[(Name::Contact, "<sip:a@10.0.0.9>")]).headers()).unwrap();
    assert_eq!(dialog.target().as_str(), "sip:a@10.0.0.9");
    dialog.retarget(invite(&[]).headers()).unwrap();
    assert!(dialog.retarget(invite(&[(Name::Contact, "<<")]).headers()).is_err());
    assert_eq!(dialog.target().as_str(), "sip:a@10.0.0.9");
}

#[test]
fn numbers_of_the_peer_rise() {
    let mut dialog = Dialog::uas(&invite(&[]), &response(200, "callee", &[])).unwrap();
    let orders = [17, 18, 18, 30, 29, 31].map(|number| {
        let mut request = invite(&[]);
        request.headers_mut().set(Name::CSeq, format!("{number} INVITE"));
        dialog.receive(&request)
    });
    use Order::{Next, Old, Repeated};
    assert_eq!(orders, [Repeated, Next, Repeated, Next, Old, Next]);
    // The caller has heard of none yet.
    let mut dialog = Dialog::uac(&invite(&[]), &response(200, "callee", &[])).unwrap();
    assert_eq!(dialog.receive(&invite(&[])), Next);
}

#[test]
fn call_id_and_both_tags_make_a_dialog_and_hosts_do_not() {
    let dialog = Dialog::uac(&invite(&[]), &response(200, "callee", &[])).unwrap();
    let bye = |call_id: &str, from: &str, to: &str| {
        let mut request = Request::new(Method::Bye, Uri::parse("sip:anything.example").unwrap());
        request.headers_mut().push(Name::From, from);
        request.headers_mut().push(Name::To, to);
        request.headers_mut().push(Name::CallId, call_id);
        request
    };
    for (request, fits) in [
        (bye("call", "<sip:x@rewritten>;tag=callee", "<tel:+1>;tag=caller"), true),
        (bye("Call", "<sip:x@rewritten>;tag=callee", "<tel:+1>;tag=caller"), false),
        (bye("call", "<sip:x@rewritten>;tag=caller", "<tel:+1>;tag=callee"), false),
        (bye("call", "<sip:x@rewritten>;tag=callee", "<tel:+1>"), false),
        (bye("call", "<sip:x@rewritten>", "<tel:+1>;tag=caller"), false),
    ] {
        assert_eq!(dialog.matches(&request), fits, "{:?}", lines(&request));
        assert_eq!(DialogId::of_request(&request).as_ref() == Some(dialog.id()), fits);
    }
    assert_eq!(dialog.id(), &DialogId::new("call", "caller", "callee"));
}

#[test]
fn what_cannot_be_a_dialog_is_none() {
    let untagged = Response::to_request(&invite(&[]), 200);
    assert_eq!(Dialog::uac(&invite(&[]), &untagged), Err(Malformed::NameAddr));
    assert_eq!(Dialog::uas(&invite(&[]), &untagged), Err(Malformed::NameAddr));
    for broken in [(Name::RecordRoute, "<"), (Name::Contact, "<sip:")] {
        assert!(Dialog::uac(&invite(&[]), &response(200, "callee", &[broken])).is_err(), "{broken:?}");
        assert!(Dialog::uas(&invite(&[broken]), &response(200, "callee", &[])).is_err(), "{broken:?}");
    }
}
