//! The 34 cases that AWS published: `tests/vectors/aws4_testsuite.txt`.

use serde_json::Value;
use sigv4::{AccessKey, Refusal, Request, Scope, Verifier, canonical_request, sign};

use crate::letter::{KEY_ID, Letter, NOW_MS, SECRET};

const VECTORS: &str = include_str!("../vectors/aws4_testsuite.txt");
/// Cases whose requests carry a session token, which is refused here.
const WITH_TOKEN: [&str; 3] = [
    "get-vanilla-with-session-token",
    "post-sts-token/post-sts-header-after",
    "post-sts-token/post-sts-header-before",
];

struct Case {
    name: String,
    canonical_sha256: String,
    authorization: String,
    letter: Letter,
}

#[test]
fn our_signature_is_that_of_every_case() {
    for case in cases() {
        let signed_headers = signed_headers(&case.authorization);
        let mut letter = case.letter.clone().without("authorization").without("x-amz-date");
        letter.headers.retain(|(name, _)| signed_headers.contains(&name.to_ascii_lowercase()));
        let key = AccessKey { id: KEY_ID, secret: SECRET };
        let scope = Scope { region: "us-east-1", service: "service" };
        let signed = letter.read(|request| sign(request, &key, &scope, NOW_MS)).expect("it can be signed");
        assert_eq!(signed.authorization, case.authorization, "{}", case.name);
        assert_eq!(signed.date, "20150830T123600Z");
    }
}

#[test]
fn our_canonical_request_is_that_of_every_case() {
    for case in cases() {
        let canonical = case.letter.read(canonical_request).expect("it is readable");
        assert_eq!(sha256_hex(&canonical), case.canonical_sha256, "{}", case.name);
    }
}

#[test]
fn every_case_is_accepted_but_those_with_a_session_token() {
    for case in cases() {
        if WITH_TOKEN.contains(&case.name.as_str()) {
            assert_eq!(judge(&case.letter).expect_err(&case.name), Refusal::TemporaryCredentials);
            continue;
        }
        let signature = judge(&case.letter).expect(&case.name);
        assert_eq!((signature.key_id(), signature.service()), (KEY_ID, "service"));
    }
    // The token of this one was added after it had been signed.
    let after = cases().into_iter().find(|case| case.name.ends_with("header-after")).expect("it is there");
    assert!(judge(&after.letter.without("x-amz-security-token")).is_ok());
}

#[test]
fn no_case_survives_another_bit_in_any_byte() {
    let mut refused = 0;
    for case in cases() {
        if WITH_TOKEN.contains(&case.name.as_str()) {
            continue;
        }
        let canonical = case.letter.read(canonical_request).expect("it is readable");
        for twin in twins(&case.letter) {
            let Ok(signature) = judge(&twin) else {
                refused += 1;
                continue;
            };
            // The name of the key is in no signature: it leads to another secret, or to none.
            if signature.key_id() == KEY_ID {
                assert_eq!(twin.read(canonical_request).as_ref(), Ok(&canonical), "{}: {twin:?}", case.name);
                let is_detour = case.name.starts_with("normalize-path/");
                assert!(is_detour || case.name == "get-header-value-multiline", "{}: {twin:?}", case.name);
            }
        }
    }
    assert!(refused > 7_000, "{refused}");
}

fn judge(letter: &Letter) -> Result<sigv4::Signature, Refusal> {
    letter.read(|request: &Request<'_>| Verifier::new(&["service"]).claim(request, NOW_MS))?.verify(SECRET)
}

/// Every letter that differs in one bit of one byte: method, target, values of headers, body.
fn twins(letter: &Letter) -> Vec<Letter> {
    let mut twins = Vec::new();
    for at in 0..letter.method.len() {
        twins.extend(flipped(letter.method.as_bytes(), at).map(|method| Letter { method, ..letter.clone() }));
    }
    for at in 0..letter.target.len() {
        twins.extend(flipped(letter.target.as_bytes(), at).map(|target| Letter { target, ..letter.clone() }));
    }
    for place in 0..letter.headers.len() {
        for at in 0..letter.headers[place].1.len() {
            let mut twin = letter.clone();
            twin.headers[place].1[at] ^= 1;
            twins.push(twin);
        }
    }
    for at in 0..letter.body.len() {
        let mut twin = letter.clone();
        twin.body[at] ^= 1;
        twins.push(twin);
    }
    twins.push(Letter { body: [letter.body.as_slice(), b" "].concat(), ..letter.clone() });
    twins
}

/// Method and target are text: what is no text any more cannot come.
fn flipped(text: &[u8], at: usize) -> Option<String> {
    let mut bytes = text.to_vec();
    bytes[at] ^= 1;
    String::from_utf8(bytes).ok()
}

fn signed_headers(authorization: &str) -> Vec<String> {
    let (_, list) = authorization.split_once("SignedHeaders=").expect("it names them");
    let (list, _) = list.split_once(',').expect("the signature is behind them");
    list.split(';').map(str::to_owned).collect()
}

fn cases() -> Vec<Case> {
    let lines = VECTORS.lines().filter(|line| !line.starts_with('#'));
    let cases: Vec<Case> = lines.map(case).collect();
    assert_eq!(cases.len(), 34);
    cases
}

fn case(line: &str) -> Case {
    let value: Value = serde_json::from_str(line).expect("a line is JSON");
    let text = |name: &str| value[name].as_str().expect(name).to_owned();
    let headers = value["headers"].as_array().expect("headers").iter().map(|header| {
        let part = |at: usize| header[at].as_str().expect("a header has two texts").to_owned();
        (part(0), part(1).into_bytes())
    });
    let letter = Letter {
        method: text("method"),
        target: text("target"),
        headers: headers.collect(),
        body: text("body").into_bytes(),
    };
    let authorization = text("authorization");
    Case {
        name: text("name"),
        canonical_sha256: text("canonical_sha256"),
        letter: letter.with("Authorization", &authorization),
        authorization,
    }
}

fn sha256_hex(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
