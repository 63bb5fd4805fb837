//! Holds for any bytes taken as a datagram.

use sip::lexer::{Lexed, lex};
use sip::validate::{Rules, Verdict, validate};
use sip::{Name, Request, Response, method};

pub(crate) fn check(bytes: &[u8]) {
    let Ok(lexed) = lex(bytes) else { return };
    let every_method = Rules { methods: &method::ALL, ..Rules::TRUNK };
    check_verdict(&lexed, &every_method);
    check_verdict(&lexed, &Rules::TRUNK);
}

fn check_verdict(lexed: &Lexed<'_>, rules: &Rules<'_>) {
    match validate(lexed, rules) {
        Verdict::Request(checked) => check_request(&checked.to_request(), rules),
        Verdict::Response(checked) => check_response(&checked.to_response(), rules),
        Verdict::Answer(refusal) => {
            let source = "[2001:db8::1]:5060".parse().expect("an address");
            let mut out = Vec::new();
            if refusal.write(lexed, "tag", source, &mut out).is_ok() {
                let answer = lex(&out).expect("what is written can be taken apart");
                check_head(&out, &answer);
                assert_eq!(answer.flaw, None);
                assert!(answer.field(Name::Via).is_some());
            } else {
                assert!(out.is_empty());
            }
        }
        Verdict::Drop(fault) => assert!(!fault.word().is_empty()),
    }
}

/// Whatever came in: in what goes out every line ends with CRLF, and no other control byte but a tab stands in it.
fn check_head(out: &[u8], lexed: &Lexed<'_>) {
    let head = &out[..out.len() - lexed.body.len()];
    let text = head.strip_suffix(b"\r\n\r\n").expect("an empty line ends it");
    let lines = text.split(|&byte| byte == b'\n');
    let ended: Vec<_> = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect();
    assert_eq!(ended.len(), lexed.fields.len() + 1, "each line is a header of its own");
    let stray = |&byte: &u8| byte != b'\t' && byte.is_ascii_control();
    assert!(!ended.concat().iter().any(stray), "{:?}", String::from_utf8_lossy(head));
}

fn check_request(request: &Request, rules: &Rules<'_>) {
    let mut out = Vec::new();
    if request.write(&mut out).is_err() {
        assert!(out.is_empty());
        return;
    }
    let lexed = lex(&out).expect("what is written can be taken apart");
    check_head(&out, &lexed);
    match validate(&lexed, rules) {
        Verdict::Request(checked) => assert_eq!(checked.to_request(), *request),
        other @ (Verdict::Response(_) | Verdict::Answer(_) | Verdict::Drop(_)) => {
            panic!("written, it became {other:?}")
        }
    }
    assert!(request.top_via().is_some() && !request.call_id().is_empty() && request.cseq().is_some());
    assert_eq!(request.cseq().map(|cseq| cseq.method), Some(request.method()));
    let mut noted = request.clone();
    noted.note_source("192.0.2.1:5060".parse().expect("an address")).expect("its Via was read before");
    assert_eq!(noted.top_via().map(|via| via.branch()), request.top_via().map(|via| via.branch()));
    let response = Response::to_request(&noted, 180).with_to_tag("tag").expect("its To was read before");
    assert!(response.to_tag().is_some());
    assert_eq!(response.from_tag(), request.from_tag());
    let mut out = Vec::new();
    response.write(&mut out).expect("a part of what could be written can be");
    sip::identity::caller(request, sip::identity::Trust::Trusted).expect("its From was read before");
}

fn check_response(response: &Response, rules: &Rules<'_>) {
    let mut out = Vec::new();
    if response.write(&mut out).is_err() {
        assert!(out.is_empty());
        return;
    }
    let lexed = lex(&out).expect("what is written can be taken apart");
    check_head(&out, &lexed);
    match validate(&lexed, rules) {
        Verdict::Response(checked) => assert_eq!(checked.to_response(), *response),
        other @ (Verdict::Request(_) | Verdict::Answer(_) | Verdict::Drop(_)) => {
            panic!("written, it became {other:?}")
        }
    }
    assert!((100..700).contains(&response.code()));
}
