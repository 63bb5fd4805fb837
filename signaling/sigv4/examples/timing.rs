//! What a signature costs: `cargo run --release -p sigv4 --example timing`.
#![expect(clippy::print_stdout, reason = "figures are its output")]

use std::hint::black_box;
use std::time::Instant;

use sigv4::{AccessKey, Request, Scope, Verifier, sign};

const KEY: AccessKey<'_> =
    AccessKey { id: "AKIDEXAMPLE", secret: b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const SCOPE: Scope<'_> = Scope { region: "us-east-1", service: "chime" };
const NOW_MS: u64 = 1_440_938_160_000;
const RUNS: usize = 200;
const CALLS: u32 = 500;

fn main() {
    println!("us a call, best of {RUNS} runs of {CALLS}");
    for body_len in [0, 1_024, 1_048_576] {
        measure(body_len);
    }
}

fn measure(body_len: usize) {
    let body = vec![b'x'; body_len];
    let bare: [(&str, &[u8]); 3] = [
        ("Host", b"127.0.0.1:8443"),
        ("Content-Type", b"application/json"),
        ("User-Agent", b"Boto3/1.44 md/1"),
    ];
    let target = "/voice-connectors/abcdef1ghij2klmno3pqr4/programmable-numbers?operation=batch-delete&a=b";
    let unsigned = Request { method: "POST", target, headers: &bare, body: &body };
    let signed = sign(&unsigned, &KEY, &SCOPE, NOW_MS).expect("it can be signed");
    let mut headers = bare.to_vec();
    headers.push(("X-Amz-Date", signed.date.as_bytes()));
    headers.push(("Authorization", signed.authorization.as_bytes()));
    let request = Request { headers: &headers, ..unsigned };
    let verifier = Verifier::new(&["chime"]);
    let claim = verifier.claim(&request, NOW_MS).expect("it was signed just now");
    assert!(claim.verify(KEY.secret).is_ok(), "it was signed with this secret");

    let calls = if body_len > 100_000 { 2 } else { CALLS };
    let whole = best(calls, || {
        let claim = verifier.claim(black_box(&request), NOW_MS).expect("it was signed just now");
        drop(black_box(claim.verify(KEY.secret)));
    });
    let known = best(calls, || drop(black_box(claim.verify(black_box(KEY.secret)))));
    let unknown = best(calls, || drop(black_box(claim.verify_unknown())));
    println!(
        "{body_len:>9} bytes of body: claim and verify {whole:.2}, of that verify {known:.2} (unknown key {unknown:.2})"
    );
}

fn best(calls: u32, mut act: impl FnMut()) -> f64 {
    let mut run = || {
        let started = Instant::now();
        (0..calls).for_each(|_| act());
        started.elapsed().as_secs_f64() * 1e6 / f64::from(calls)
    };
    (0..RUNS).map(|_| run()).fold(f64::INFINITY, f64::min)
}
