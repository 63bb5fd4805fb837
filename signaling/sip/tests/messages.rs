//! Messages are made, changed, answered and written.

use sip::header::{Refresher, SessionExpires};
use sip::lexer::lex;
use sip::validate::{Rules, Verdict, validate};
use sip::{Malformed, Method, Name, Request, Response, StatusCode, Uri, WriteError};

const INVITE: &str = "INVITE sip:+12065550100@node.example SIP/2.0\r\n\
    v: SIP/2.0/UDP sbc.example;branch=z9hG4bKa;rport, SIP/2.0/TCP pbx.example;branch=z9hG4bKb\r\n\
    X-Own: 1\r\n\
    Route: <sip:p1;lr>, <sip:p2;lr>\r\n\
    Record-Route: <sip:p3;lr>\r\n\
    f: \"Bell, A\" <sip:+12065550101@pbx.example>;tag=from\r\n\
    t: <sip:+12065550100@node.example;user=phone> ; x=y\r\n\
    Call-ID: c1@pbx.example\r\n\
    CSeq: 7 INVITE\r\n\
    m: <sip:+12065550101@192.0.2.1:5070;transport=udp>\r\n\
    k: timer, 100rel\r\n\
    x: 1800;refresher=uas\r\n\
    Timestamp: 54\r\n\
    c: application/sdp\r\n\
    l: 5\r\n\r\nv=0\r\n";

fn request(text: &str) -> Request {
    let lexed = lex(text.as_bytes()).expect("it can be taken apart");
    match validate(&lexed, &Rules::TRUNK) {
        Verdict::Request(checked) => checked.to_request(),
        other @ (Verdict::Response(_) | Verdict::Answer(_) | Verdict::Drop(_)) => panic!("{other:?}"),
    }
}

fn written(write: impl FnOnce(&mut Vec<u8>) -> Result<(), WriteError>) -> String {
    let mut out = Vec::new();
    write(&mut out).expect("it can be written");
    String::from_utf8(out).expect("what was written is text")
}

#[test]
fn a_request_answers_what_a_transaction_asks() {
    let invite = request(INVITE);
    assert_eq!(invite.method(), Method::Invite);
    assert_eq!(invite.uri().e164().as_deref(), Some("+12065550100"));
    let via = invite.top_via().unwrap();
    assert_eq!((via.transport, via.host.to_string().as_str(), via.port), ("UDP", "sbc.example", None));
    assert_eq!(via.transaction_branch(), Some("z9hG4bKa"));
    assert_eq!(invite.headers().vias().count(), 2);
    assert_eq!(
        (invite.call_id(), invite.from_tag(), invite.to_tag()),
        ("c1@pbx.example", Some("from"), None)
    );
    let cseq = invite.cseq().unwrap();
    assert_eq!((cseq.seq, cseq.method), (7, Method::Invite));
    assert_eq!(invite.contact().unwrap().uri().port(), Some(5070));
    assert!(
        invite.headers().lists(Name::Supported, "TIMER") && !invite.headers().lists(Name::Supported, "path")
    );
    let timer = SessionExpires { seconds: 1800, refresher: Some(Refresher::Uas) };
    assert_eq!(invite.headers().session_expires(), Some(timer));
    assert_eq!(invite.headers().max_forwards(), 70);
    assert_eq!(invite.headers().named("x-own"), Some("1"));
    assert_eq!(
        (invite.header(Name::ContentType), invite.body()),
        (Some("application/sdp"), b"v=0\r\n".as_slice())
    );
    assert_eq!(invite.header(Name::ContentLength), None);
}

#[test]
fn a_request_is_written_in_one_order_with_long_names() {
    let expected = "INVITE sip:+12065550100@node.example SIP/2.0\r\n\
        Via: SIP/2.0/UDP sbc.example;branch=z9hG4bKa;rport\r\n\
        Via: SIP/2.0/TCP pbx.example;branch=z9hG4bKb\r\n\
        Route: <sip:p1;lr>\r\n\
        Route: <sip:p2;lr>\r\n\
        Record-Route: <sip:p3;lr>\r\n\
        From: \"Bell, A\" <sip:+12065550101@pbx.example>;tag=from\r\n\
        To: <sip:+12065550100@node.example;user=phone> ; x=y\r\n\
        Call-ID: c1@pbx.example\r\n\
        CSeq: 7 INVITE\r\n\
        Contact: <sip:+12065550101@192.0.2.1:5070;transport=udp>\r\n\
        X-Own: 1\r\n\
        Supported: timer, 100rel\r\n\
        Session-Expires: 1800;refresher=uas\r\n\
        Timestamp: 54\r\n\
        Content-Type: application/sdp\r\n\
        Content-Length: 5\r\n\r\nv=0\r\n";
    assert_eq!(written(|out| request(INVITE).write(out)), expected);
}

#[test]
fn a_response_goes_back_the_way_the_request_came() {
    let mut invite = request(INVITE);
    invite.note_source("192.0.2.77:4444".parse().unwrap()).unwrap();
    let ringing = Response::to_request(&invite, StatusCode::SessionProgress).with_to_tag("to").unwrap();
    let expected = "SIP/2.0 183 Session Progress\r\n\
        Via: SIP/2.0/UDP sbc.example;branch=z9hG4bKa;rport=4444;received=192.0.2.77\r\n\
        Via: SIP/2.0/TCP pbx.example;branch=z9hG4bKb\r\n\
        Record-Route: <sip:p3;lr>\r\n\
        From: \"Bell, A\" <sip:+12065550101@pbx.example>;tag=from\r\n\
        To: <sip:+12065550100@node.example;user=phone> ; x=y;tag=to\r\n\
        Call-ID: c1@pbx.example\r\n\
        CSeq: 7 INVITE\r\n\
        Content-Length: 0\r\n\r\n";
    assert_eq!(written(|out| ringing.with_record_route(&invite).write(out)), expected);
}

#[test]
fn a_trying_has_the_timestamp_and_a_tag_is_set_only_once() {
    let invite = request(INVITE);
    let trying = Response::to_request(&invite, 100);
    assert_eq!((trying.header(Name::Timestamp), trying.to_tag()), (Some("54"), None));
    assert!(trying.is_provisional() && !trying.is_final() && !trying.is_success());
    let ok = Response::to_request(&invite, 200).with_to_tag("a").unwrap().with_to_tag("b").unwrap();
    assert_eq!((ok.to_tag(), ok.header(Name::Timestamp)), (Some("a"), None));
    assert!(ok.is_final() && ok.is_success());
    assert_eq!(Response::to_request(&invite, 200).with_to_tag("a b").unwrap_err(), Malformed::Parameters);
    let empty = request(&INVITE.replace(" ; x=y", ";tag=;x=y"));
    let tagged = Response::to_request(&empty, 200).with_to_tag("a").unwrap();
    assert!(tagged.header(Name::To).unwrap().ends_with(">;tag=a;x=y"));
    let other = Response::to_request(&invite, 599).with_phrase("Nobody Home");
    assert!(written(|out| other.write(out)).starts_with("SIP/2.0 599 Nobody Home\r\n"));
    let known = Response::to_request(&invite, StatusCode::BusyHere);
    assert_eq!((known.phrase(), known.code()), ("Busy Here", 486));
}

#[test]
fn headers_are_added_replaced_and_removed_in_their_places() {
    let mut request = Request::new(Method::Bye, Uri::parse("sip:h").unwrap())
        .with(Name::CSeq, "1 BYE")
        .with(Name::Via, "SIP/2.0/UDP old")
        .with(Name::UserAgent, "a")
        .with(Name::ContentLength, "77")
        .with(Name::From, "<sip:a@b>;tag=1");
    let headers = request.headers_mut();
    headers.push_front(Name::Via, "SIP/2.0/UDP new;branch=z9hG4bK1");
    headers.push_named("X-One", "1");
    headers.push_named("max-forwards", "70");
    headers.set(Name::UserAgent, "b");
    headers.set_first(Name::Via, "SIP/2.0/UDP newer");
    headers.set(Name::Reason, "SIP;cause=200");
    let names: Vec<_> = headers.iter().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(names, ["Via", "Via", "Max-Forwards", "From", "CSeq", "User-Agent", "X-One", "Reason"]);
    assert_eq!(headers.get(Name::UserAgent), Some("b"));
    assert_eq!(headers.take_first(Name::Via).as_deref(), Some("SIP/2.0/UDP newer"));
    headers.remove(Name::Reason);
    headers.remove_named("x-one");
    assert_eq!(headers.all(Name::Via).collect::<Vec<_>>(), ["SIP/2.0/UDP old"]);
    assert_eq!(headers.as_model().len(), 5);
    let with_body = request.with_body("text/plain", "abc");
    assert!(
        written(|out| with_body.write(out))
            .ends_with("Content-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc")
    );
    assert_eq!(with_body.with_body("text/plain", "").header(Name::ContentType), None);
}

#[test]
fn what_would_begin_a_header_of_its_own_is_refused_and_leaves_nothing() {
    let whole = || Request::new(Method::Bye, Uri::parse("sip:h").unwrap());
    for value in ["a\r\nVia: x", "a\nb", "a\rb", "a\0b"] {
        let mut out = b"before".to_vec();
        assert_eq!(whole().with(Name::Subject, value).write(&mut out), Err(WriteError::Injection));
        assert_eq!(
            Response::to_request(&whole(), 200).with_phrase(value).write(&mut out),
            Err(WriteError::Injection)
        );
        assert_eq!(out, b"before");
    }
    for name in ["", "a b", "a\r\nb", "a:"] {
        let mut request = whole();
        request.headers_mut().push_named(name, "x");
        assert_eq!(request.write(&mut Vec::new()), Err(WriteError::HeaderName), "{name:?}");
    }
    let long = whole().with(Name::Subject, "x".repeat(8192));
    assert_eq!(long.write(&mut Vec::new()), Err(WriteError::TooLong));
    let large = whole().with_body("text/plain", vec![b'x'; 65_536]);
    assert_eq!(large.write(&mut Vec::new()), Err(WriteError::TooLong));
}

#[test]
fn a_buffer_is_used_again() {
    let invite = request(INVITE);
    let mut out = Vec::new();
    invite.write(&mut out).unwrap();
    let (capacity, first) = (out.capacity(), out.clone());
    out.clear();
    invite.write(&mut out).unwrap();
    assert_eq!((out.capacity(), out), (capacity, first));
}
