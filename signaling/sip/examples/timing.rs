//! What each step of a message costs: `cargo run --release --example timing`.
#![expect(clippy::print_stdout, reason = "figures are its output")]

use std::hint::black_box;
use std::time::Instant;

use sip::lexer::lex;
use sip::validate::{Rules, Verdict, validate};
use sip::{Request, Response};

const INVITE: &[u8] = include_bytes!("../../../tools/fuzz/corpus/sip_message/invite.sip");

fn main() {
    println!("INVITE of {} bytes, ns a message (best of 20 runs of 20,000)", INVITE.len());
    time("lex", || drop(black_box(lex(black_box(INVITE)))));
    time("lex and validate", || {
        let lexed = lex(black_box(INVITE)).expect("the sample is a message");
        black_box(matches!(validate(&lexed, &Rules::TRUNK), Verdict::Request(_)));
    });
    let lexed = lex(INVITE).expect("the sample is a message");
    let Verdict::Request(checked) = validate(&lexed, &Rules::TRUNK) else { return };
    time("to_request", || drop(black_box(black_box(checked).to_request())));
    time("lex, validate, to_request", || drop(black_box(whole())));
    let request = whole();
    time("questions of a transaction", || {
        let request = black_box(&request);
        black_box((
            request.top_via(),
            request.call_id(),
            request.cseq(),
            request.from_tag(),
            request.to_tag(),
        ));
    });
    let mut out = Vec::with_capacity(2048);
    time("write the request", || {
        out.clear();
        black_box(&request).write(&mut out).expect("what was read can be written");
    });
    time("make and write a 180", || {
        out.clear();
        let response =
            Response::to_request(black_box(&request), 180).with_to_tag("a6c85cf").expect("To is one");
        response.write(&mut out).expect("what was read can be written");
    });
    time("rsip's own parser, for comparison", || {
        drop(black_box(rsip::SipMessage::try_from(black_box(INVITE))));
    });
}

fn whole() -> Request {
    let lexed = lex(INVITE).expect("the sample is a message");
    match validate(&lexed, &Rules::TRUNK) {
        Verdict::Request(checked) => checked.to_request(),
        other @ (Verdict::Response(_) | Verdict::Answer(_) | Verdict::Drop(_)) => {
            panic!("the sample is worked with: {other:?}")
        }
    }
}

fn time(what: &str, mut step: impl FnMut()) {
    const STEPS: u32 = 20_000;
    let best = (0..20).map(|_| {
        let start = Instant::now();
        (0..STEPS).for_each(|_| step());
        start.elapsed()
    });
    let best = best.min().unwrap_or_default();
    println!("{:>8.0}  {what}", best.as_secs_f64() * 1e9 / f64::from(STEPS));
}
