//! Digest authentication: published vectors, each with twins that must fail, and both sides against each other.

use std::fs;
use std::path::Path;

use sip::digest::{
    Algorithm, Challenge, Credentials, DigestError, Ha1, Login, NonceAge, NonceFactory, ReplayWindow,
    SECRET_LEN,
};

struct Vector {
    method: String,
    user: String,
    password: String,
    challenge: String,
    credentials: String,
}

fn vectors() -> Vec<Vector> {
    ["rfc2617", "rfc7616-md5", "rfc7616-sha256"].map(vector).into()
}

fn vector(name: &str) -> Vector {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name).with_extension("txt");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let field = |name: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once(" = "));
        lines.find(|(found, _)| *found == name).unwrap_or_else(|| panic!("no {name}")).1.to_owned()
    };
    Vector {
        method: field("method"),
        user: field("user"),
        password: field("password"),
        challenge: field("challenge"),
        credentials: field("credentials"),
    }
}

fn secret(credentials: &Credentials<'_>, password: &str) -> Ha1 {
    Ha1::new(credentials.algorithm, &credentials.username, &credentials.realm, password)
}

#[test]
fn published_credentials_prove_the_password() {
    for vector in vectors() {
        let credentials = Credentials::parse(&vector.credentials).unwrap();
        assert!(
            credentials.prove(&secret(&credentials, &vector.password), &vector.method),
            "{}",
            vector.credentials
        );
    }
}

#[test]
fn credentials_that_differ_anywhere_prove_nothing() {
    for vector in vectors() {
        let whole = Credentials::parse(&vector.credentials).unwrap();
        let right = secret(&whole, &vector.password);
        assert!(!whole.prove(&secret(&whole, "circle of life"), &vector.method));
        assert!(!whole.prove(&right, "POST"));
        let other = if whole.algorithm == Algorithm::Md5 { Algorithm::Sha256 } else { Algorithm::Md5 };
        assert!(
            !whole.prove(&Ha1::new(other, &whole.username, &whole.realm, &vector.password), &vector.method)
        );
        for (from, to) in [
            ("nc=00000001", "nc=00000002"),
            ("cnonce=\"", "cnonce=\"x"),
            (" nonce=\"", " nonce=\"x"),
            ("/dir/index.html", "/dir/index.htm"),
            ("response=\"", "response=\"0"),
            ("response=\"", "response=\"\", x=\""),
        ] {
            let changed = vector.credentials.replacen(from, to, 1);
            assert_ne!(changed, vector.credentials, "{from}");
            let changed = Credentials::parse(&changed).unwrap();
            assert!(!changed.prove(&right, &vector.method), "{from} {to}");
        }
        let response = format!("response=\"{}", whole.response);
        let flipped = vector.credentials.replace(&response, &response.replace(['1', '3'], "2"));
        assert!(!Credentials::parse(&flipped).unwrap().prove(&right, &vector.method));
    }
}

#[test]
fn a_client_answers_published_challenges_as_published() {
    for vector in vectors() {
        let challenge = Challenge::parse(&vector.challenge).unwrap();
        let published = Credentials::parse(&vector.credentials).unwrap();
        let own = Ha1::new(challenge.algorithm, &vector.user, &challenge.realm, &vector.password);
        let (count, random) = published.count.clone().unwrap();
        let login = Login { username: &vector.user, secret: &own };
        let answer = login.answer(&challenge, &vector.method, published.uri, count, &random).unwrap();
        assert_eq!(Credentials::parse(&answer).unwrap(), published);
    }
}

#[test]
fn both_sides_agree_with_and_without_a_count() {
    let factory = NonceFactory::new([3; SECRET_LEN], 60);
    for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
        for counted in [true, false] {
            let nonce = factory.issue("example.com", 100, 1);
            let offered = Challenge { counted, ..Challenge::new("example.com", &nonce, algorithm, true) };
            let text = offered.to_string();
            let challenge = Challenge::parse(&text).unwrap();
            assert_eq!(challenge, offered);
            let ha1 = Ha1::new(algorithm, "a \"b\"", "example.com", "secret");
            let login = Login { username: "a \"b\"", secret: &ha1 };
            let value = login.answer(&challenge, "INVITE", "sip:+1;x=\u{e9}@h", 0x0a, "r").unwrap();
            let credentials = Credentials::parse(&value).unwrap();
            assert_eq!(credentials.username, "a \"b\"");
            assert_eq!(credentials.count.as_ref().map(|(count, _)| *count), counted.then_some(10));
            assert!(credentials.prove(&ha1, "INVITE"));
            assert!(!credentials.prove(&ha1, "BYE"));
            assert_eq!(factory.age("example.com", &credentials.nonce, 159), NonceAge::Fresh);
            assert_eq!(factory.age("example.com", &credentials.nonce, 160), NonceAge::Stale);
        }
    }
}

#[test]
fn a_kept_hash_is_as_good_as_the_password() {
    let vector = vector("rfc2617");
    let credentials = Credentials::parse(&vector.credentials).unwrap();
    let kept = Ha1::from_hex(Algorithm::Md5, "939E7578ED9E3C518A452ACEE763BCE9").unwrap();
    assert!(credentials.prove(&kept, "GET"));
    assert!(Ha1::from_hex(Algorithm::Md5, "939e").is_none());
    assert!(Ha1::from_hex(Algorithm::Sha256, "939e7578ed9e3c518a452acee763bce9").is_none());
    assert!(Ha1::from_hex(Algorithm::Md5, "g39e7578ed9e3c518a452acee763bce9").is_none());
}

#[test]
fn the_strongest_challenge_that_can_be_answered_is_taken() {
    let md5 = r#"Digest realm="a", nonce="1""#;
    let sha = r#"Digest realm="a", nonce="2", algorithm=SHA256, qop="auth""#;
    let session = r#"Digest realm="a", nonce="3", algorithm=SHA-256-sess, qop="auth""#;
    let strongest =
        |values: &[&'static str]| Challenge::strongest(values.iter().copied()).map(|one| one.nonce);
    assert_eq!(strongest(&[md5, session, sha]).as_deref(), Some("2"));
    assert_eq!(strongest(&[session, md5]).as_deref(), Some("1"));
    assert_eq!(strongest(&[session, "Basic realm=\"a\""]), None);
}

#[test]
fn what_cannot_be_verified_says_why() {
    let whole = r#"Digest username="u", realm="r", nonce="n", uri="sip:h", response="0""#;
    assert!(Credentials::parse(whole).is_ok());
    for (value, expected) in [
        ("Basic abc".to_owned(), DigestError::Scheme),
        ("Digest".to_owned(), DigestError::Scheme),
        (whole.replace("username", "user"), DigestError::Missing("username")),
        (whole.replace("uri=", "url="), DigestError::Missing("uri")),
        (format!("{whole}, algorithm=MD5-sess"), DigestError::SessionAlgorithm),
        (format!("{whole}, algorithm=SHA-512-256"), DigestError::Algorithm),
        (format!("{whole}, qop=auth-int"), DigestError::Protection),
        (format!("{whole}, qop=auth"), DigestError::Missing("nc")),
        (format!("{whole}, qop=auth, nc=0000000a"), DigestError::Missing("cnonce")),
        (format!("{whole}, qop=auth, nc=a, cnonce=\"c\""), DigestError::NonceCount),
        (format!("{whole}, qop=auth, nc=0000000g, cnonce=\"c\""), DigestError::NonceCount),
        (format!("{whole}, x"), DigestError::Grammar),
        (format!("{whole}, x=\"y"), DigestError::Grammar),
        (format!("{whole}, x=y z"), DigestError::Grammar),
    ] {
        assert_eq!(Credentials::parse(&value), Err(expected), "{value}");
    }
    let counted = format!("{whole}, algorithm=SHA256, qop=auth, nc=0000000A, cnonce=\"a,b\\\"c\"");
    let (count, own) = Credentials::parse(&counted).unwrap().count.unwrap();
    assert_eq!((count, &*own), (10, "a,b\"c"));
    let mut window = ReplayWindow::new();
    assert!(window.admit(count) && !window.admit(count));
}
