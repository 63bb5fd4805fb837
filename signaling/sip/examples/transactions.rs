//! What a call costs the transaction layer: `cargo run --release --example transactions`.
#![expect(clippy::print_stdout, reason = "figures are its output")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use sip::flow::{Flow, Protocol, Target};
use sip::lexer::lex;
use sip::transaction::{Event, Limits, Transactions};
use sip::validate::{Rules, Verdict, validate};
use sip::{Method, Name, Request, Response};

const INVITE: &[u8] = include_bytes!("../../../tools/fuzz/corpus/sip_message/invite.sip");
/// As many as are set up at once at 1,000 calls a second.
const CALLS: u32 = 1_000;
const RUNS: usize = 100;
/// What 1,000 calls a second leave within three times 32 seconds.
const TOMBSTONES: u32 = 100_000;

fn main() {
    let request = read(INVITE);
    memory(&request);
    let calls: Vec<Call> = (0..CALLS).map(|number| Call::new(&request, number)).collect();
    println!("ns a transaction, best of {RUNS} runs of {CALLS}");
    best("the messages alone: INVITE, 100, 180, 200, ACK, made and dropped", |_| {
        for call in &calls {
            let request = black_box(call.invite.clone());
            for code in [100, 180, 200] {
                let response = Response::to_request(&request, code).with_to_tag("a6c85cf");
                black_box(response.expect("To is one"));
            }
            black_box(call.ack.clone());
        }
    });
    best("INVITE server: 100, 180, 200, ACK, all there at once", |layer| {
        calls.iter().for_each(|call| call.arrive(layer));
        calls.iter().for_each(|call| call.acknowledge(layer));
    });
    best("INVITE server: the same from bytes, with lexing and validation", |layer| {
        for call in &calls {
            black_box(read(black_box(INVITE)));
            black_box(read(black_box(&call.ack_bytes)));
            call.arrive(layer);
        }
        calls.iter().for_each(|call| call.acknowledge(layer));
    });
    best("OPTIONS server: 200", |layer| {
        for call in &calls {
            layer.receive_request(Duration::ZERO, call.options.clone(), flow());
            answer(layer, &[200]);
        }
    });
    best("INVITE client: 180, 200", |layer| {
        calls.iter().for_each(|_| ask(layer, &request));
    });
}

struct Call {
    invite: Request,
    ack: Request,
    ack_bytes: Vec<u8>,
    options: Request,
}

impl Call {
    fn new(sample: &Request, number: u32) -> Self {
        let mut invite = sample.clone();
        let via = |kind: &str| format!("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK{kind}{number:012}");
        invite.headers_mut().set(Name::Via, via("i"));
        invite.headers_mut().set(Name::CallId, format!("{number:012}@example.com"));
        let mut ack = Request::new(Method::Ack, invite.uri().clone()).with(Name::Via, via("a"));
        for name in [Name::From, Name::CallId] {
            ack.headers_mut().copy(invite.headers(), name);
        }
        let answered = Response::to_request(&invite, 200).with_to_tag("a6c85cf").expect("To is one");
        ack.headers_mut().copy(answered.headers(), Name::To);
        let number = invite.cseq().expect("it has one").seq;
        ack.headers_mut().push(Name::CSeq, format!("{number} ACK"));
        let mut ack_bytes = Vec::new();
        ack.write(&mut ack_bytes).expect("it can be written");
        let mut options = Request::new(Method::Options, invite.uri().clone()).with(Name::Via, via("o"));
        for name in [Name::From, Name::To, Name::CallId] {
            options.headers_mut().copy(invite.headers(), name);
        }
        options.headers_mut().push(Name::CSeq, "1 OPTIONS");
        Self { invite, ack, ack_bytes, options }
    }

    fn arrive(&self, layer: &mut Transactions) {
        layer.receive_request(Duration::ZERO, self.invite.clone(), flow());
        answer(layer, &[180, 200]);
    }

    fn acknowledge(&self, layer: &mut Transactions) {
        layer.receive_request(Duration::ZERO, self.ack.clone(), flow());
        drain(layer);
    }
}

/// Answers the request that came.
fn answer(layer: &mut Transactions, codes: &[u16]) {
    let Some(Event::Request { id, request, .. }) = layer.poll_event() else { panic!("it is new") };
    for &code in codes {
        let response = Response::to_request(&request, code).with_to_tag("a6c85cf").expect("To is one");
        layer.respond(Duration::ZERO, id, response).expect("it can be written");
    }
    drain(layer);
}

/// Asks, and is accepted.
fn ask(layer: &mut Transactions, sample: &Request) {
    let mut request = sample.clone();
    request.headers_mut().remove(Name::Via);
    let to =
        Target { protocol: Protocol::Udp, remote: flow().remote, name: None, local: None, connection: None };
    layer.request(Duration::ZERO, request, to, "198.51.100.1").expect("it can be written");
    let sent = read(&layer.poll_transmit().expect("it is sent at once").bytes);
    for code in [180, 200] {
        let response = Response::to_request(&sent, code).with_to_tag("a6c85cf").expect("To is one");
        layer.receive_response(Duration::ZERO, response, flow());
    }
    drain(layer);
}

fn drain(layer: &mut Transactions) {
    while black_box(layer.poll_transmit()).is_some() {}
    while black_box(layer.poll_event()).is_some() {}
}

/// Comes first: what was given back before would hide what is taken.
fn memory(request: &Request) {
    let calls: Vec<Call> = (0..TOMBSTONES).map(|number| Call::new(request, number)).collect();
    let before = resident();
    let mut layer = layer();
    calls.iter().for_each(|call| call.arrive(&mut layer));
    let kept = layer.load().kept_bytes / TOMBSTONES as usize;
    let waiting = resident();
    calls.iter().for_each(|call| call.acknowledge(&mut layer));
    // What is given back of them stays with the allocator: the process is no smaller for it.
    let acknowledged = resident();
    for call in &calls {
        layer.receive_request(Duration::ZERO, call.options.clone(), flow());
        answer(&mut layer, &[200]);
    }
    let answered = resident();
    calls.iter().for_each(|_| ask(&mut layer, request));
    let asked = resident();
    let each = |from: u64, to: u64| to.saturating_sub(from) * 1024 / u64::from(TOMBSTONES);
    println!("bytes a transaction, of {TOMBSTONES}");
    println!("{:>8}  INVITE server that waits for its ACK, {kept} of them the 200", each(before, waiting));
    println!("{:>8}  OPTIONS or BYE server after its 200", each(acknowledged, answered));
    println!("{:>8}  INVITE client after its 200", each(answered, asked));
    drop(layer);
}

/// Returns the memory in use, in KiB; zero where the kernel does not tell.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn best(what: &str, run: impl Fn(&mut Transactions)) {
    let times = (0..RUNS).map(|_| {
        let mut layer = layer();
        let start = Instant::now();
        run(&mut layer);
        start.elapsed()
    });
    let best = times.min().unwrap_or_default();
    println!("{:>8.0}  {what}", best.as_secs_f64() * 1e9 / f64::from(CALLS));
}

fn layer() -> Transactions {
    Transactions::new(
        Limits { transactions_max: usize::MAX, per_host_max: usize::MAX, ..Limits::default() },
        [7; 32],
    )
}

fn flow() -> Flow {
    let (local, remote) = (([198, 51, 100, 1], 5060).into(), ([192, 0, 2, 1], 5060).into());
    Flow { protocol: Protocol::Udp, local, remote, connection: 0 }
}

fn read(bytes: &[u8]) -> Request {
    let lexed = lex(bytes).expect("it is a message");
    match validate(&lexed, &Rules::TRUNK) {
        Verdict::Request(checked) => checked.to_request(),
        other @ (Verdict::Response(_) | Verdict::Answer(_) | Verdict::Drop(_)) => {
            panic!("it is worked with: {other:?}")
        }
    }
}
