//! Holds for any bytes taken as a request: a line with method and target, lines of headers, an empty line, a body.

use sigv4::{AccessKey, Refusal, Request, Scope, Verifier, canonical_request, sign};

const SECRET: &[u8] = b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
/// 2015-08-30 12:36:00, the time of all seeds.
const NOW_MS: u64 = 1_440_938_160_000;

/// Checks one request, and tells whether it was one of ours and signed.
pub(crate) fn check(bytes: &[u8]) -> bool {
    let (head, body) = halves(bytes, b"\n\n");
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let (method, target) = lines.next().unwrap_or_default().split_once(' ').unwrap_or_default();
    let headers: Vec<(&str, &[u8])> =
        lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name, value.as_bytes())).collect();
    let request = Request { method, target, headers: &headers, body };
    is_signed_again(&request);
    match Verifier::new(&["chime", "service"]).claim(&request, NOW_MS) {
        Ok(claim) => {
            assert!(canonical_request(&request).is_ok());
            assert_eq!(claim.verify_unknown(), Refusal::UnknownKey);
            claim.verify(SECRET).is_ok()
        }
        Err(refusal) => {
            is_fit_to_be_sent(&refusal);
            false
        }
    }
}

/// Whatever can be signed is accepted when it comes, unless it says something that nobody here takes.
fn is_signed_again(request: &Request<'_>) {
    let scope = Scope { region: "us-east-1", service: "chime" };
    let signed = match sign(request, &AccessKey { id: "AKIDEXAMPLE", secret: SECRET }, &scope, NOW_MS) {
        Ok(signed) => signed,
        Err(refusal) => return is_fit_to_be_sent(&refusal),
    };
    let replaced =
        |name: &str| ["authorization", "x-amz-date"].iter().any(|ours| name.eq_ignore_ascii_case(ours));
    let mut headers: Vec<(&str, &[u8])> =
        request.headers.iter().copied().filter(|(name, _)| !replaced(name)).collect();
    headers.push(("X-Amz-Date", signed.date.as_bytes()));
    headers.push(("Authorization", signed.authorization.as_bytes()));
    match Verifier::new(&["chime"]).claim(&Request { headers: &headers, ..*request }, NOW_MS) {
        Ok(claim) => assert!(claim.verify(SECRET).is_ok()),
        Err(refusal) => {
            let words = ["presigned", "temporary_credentials", "unsigned_payload", "payload_mismatch"];
            assert!(words.contains(&refusal.word()), "{refusal}");
        }
    }
}

fn is_fit_to_be_sent(refusal: &Refusal) {
    let message = refusal.to_string();
    assert!(message.len() < 2_000 && !message.contains(char::is_control), "{message}");
    assert!([400, 403].contains(&refusal.status()) && !refusal.word().is_empty());
}

fn halves<'a>(bytes: &'a [u8], between: &[u8]) -> (&'a [u8], &'a [u8]) {
    let place = bytes.windows(between.len()).position(|window| window == between);
    place.map_or((bytes, &[]), |at| (&bytes[..at], &bytes[at + between.len()..]))
}
