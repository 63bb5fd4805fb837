//! What it costs to read a message: that of an SBC, and those that are made to take long.
//!
//! `cargo run --release -p sip --example reading -- invite 0 100000` reads one so often. Instructions are exact even on a
//! machine that others use: run it under `valgrind --tool=callgrind` with two counts and divide the difference. Those
//! of the messages that are made to take long have to grow with their size, and no faster.
#![expect(clippy::print_stdout, reason = "figures are its output")]

use std::hint::black_box;
use std::time::Instant;

use sip::lexer::lex;
use sip::validate::{Rules, Verdict, validate};

/// What an SBC sends: 15 headers and a description with a key.
const INVITE: &[u8] = include_bytes!("../../../tools/fuzz/corpus/sip_message/invite.sip");

const HEAD: &str = "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\n\
     To: <sip:a@b>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n";

/// A message with `size` of what is repeated in it.
fn message(kind: &str, size: usize) -> Vec<u8> {
    let many = |piece: &str| piece.repeat(size);
    match kind {
        "invite" => return INVITE.to_vec(),
        "headers" => format!("{HEAD}{}\r\n", many("x:y\r\n")),
        "folds" => format!("{HEAD}Subject:{}\r\n\r\n", many("\r\n ")),
        "vias" => format!("{HEAD}v: {}\r\n\r\n", many("SIP/2.0/UDP h,")),
        "commas" => format!("{HEAD}m: {}\r\n\r\n", many(",")),
        "quotes" => format!("{HEAD}m: {}\r\n\r\n", many(" \"<,")),
        "escapes" => format!("{HEAD}m: \"{}\" <sip:a>\r\n\r\n", many("\\\"")),
        "parameters" => format!("{HEAD}m: <sip:a>{}\r\n\r\n", many(";p=q")),
        "required" => format!("{HEAD}Require: {}\r\n\r\n", many("a,")),
        "returns" => format!("{HEAD}Subject: {}\r\n\r\n", many("\r")),
        "zeros" => format!("{HEAD}Subject: \"{}\"\r\n\r\n", many("\\\0")),
        _ => panic!("{kind}: nothing is read of this kind"),
    }
    .into_bytes()
}

fn read(bytes: &[u8], is_whole: bool) -> &'static str {
    let Ok(lexed) = lex(bytes) else { return "refused by the lexer" };
    match validate(&lexed, &Rules::TRUNK) {
        Verdict::Request(checked) => {
            if is_whole {
                drop(black_box(checked.to_request()));
            }
            "worked with"
        }
        Verdict::Response(_) => "a response",
        Verdict::Answer(_) => "answered",
        Verdict::Drop(_) => "dropped",
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, size, count] = arguments.as_slice() else {
        panic!("wanted: KIND SIZE COUNT, as in `invite 0 100000`; found: {arguments:?}");
    };
    let (size, count): (usize, u32) = (size.parse().expect("a size"), count.parse().expect("a count"));
    let (kind, is_whole) = kind.strip_suffix("-whole").map_or((kind.as_str(), false), |kind| (kind, true));
    let bytes = message(kind, size);
    let start = Instant::now();
    let mut outcome = "";
    for _ in 0..count {
        outcome = read(black_box(&bytes), is_whole);
    }
    let each = start.elapsed().as_nanos() / u128::from(count.max(1));
    println!("{kind}, {size} of them, {} bytes: {outcome}, {each} ns", bytes.len());
}
