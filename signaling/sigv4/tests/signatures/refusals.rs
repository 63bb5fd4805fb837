//! Each reason, with the request that earns it, and the ones beside it that do not.

use std::time::Duration;

use sigv4::{AccessKey, Scope};
use sigv4::{Refusal, Verifier, sign};

use crate::letter::{KEY_ID, Letter, NOW_MS, SECRET};

const MINUTES_5_MS: u64 = 5 * 60_000;

#[test]
fn a_signed_request_is_accepted_and_tells_who_signed() {
    let signature = Letter::example().signed().judge().expect("it is signed");
    assert_eq!(signature.key_id(), KEY_ID);
    assert_eq!((signature.region(), signature.service()), ("us-east-1", "chime"));
    assert_eq!(signature.signed_at().as_ms(), NOW_MS);
}

#[test]
fn what_cannot_be_read_is_a_400_and_says_what_was_wanted() {
    let signed = || Letter::example().signed();
    let incomplete = |letter, said| refused(letter, ("IncompleteSignatureException", 400), said);
    let other = signed().edit("authorization", "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256");
    incomplete(other, "wanted AWS4-HMAC-SHA256, found 'AWS4-ECDSA-P256-SHA256'");
    incomplete(signed().with("Authorization", "AWS4-HMAC-SHA256"), "wanted one header, found 'two'");
    incomplete(
        signed().without("x-amz-date"),
        "requires existence of either a 'X-Amz-Date' or a 'Date' header",
    );
    let dashed = signed().edit("x-amz-date", "20150830T", "2015-08-30T");
    incomplete(dashed, "wanted a x-amz-date like 20150830T123600Z, found '2015-08-30T123600Z'");
    incomplete(signed().without("content-type"), "found 'content-type, which the request does not have'");

    let unreadable = |letter, said| refused(letter, ("BadRequestException", 400), said);
    let escape = "wanted two hexadecimal digits behind each '%' of the query, found '%'";
    unreadable(Letter { target: "/a?b=%".into(), ..signed() }, escape);
    unreadable(Letter { target: "*".into(), ..signed() }, "wanted a target that begins with '/', found '*'");
    unreadable(Letter { method: "GE T".into(), ..signed() }, "wanted a method of HTTP, found 'GE T'");
}

#[test]
fn what_is_signed_otherwise_than_here_is_a_403() {
    let missing = ("MissingAuthenticationTokenException", 403);
    refused(Letter::example(), missing, "Missing Authentication Token");
    let presigned = "/?X-Amz-Signature=00&X-Amz-Algorithm=AWS4-HMAC-SHA256".into();
    let said = "put the signature into the Authorization header";
    refused(Letter { target: presigned, ..Letter::example() }, missing, said);
    let temporary = Letter::example().with("X-Amz-Security-Token", "FwoGZXIvYXdzE").signed();
    refused(temporary, ("UnrecognizedClientException", 403), "without X-Amz-Security-Token");
}

#[test]
fn what_is_signed_wrongly_is_a_403_and_says_in_what() {
    let signed = || Letter::example().signed();
    let invalid = |letter, said: &str| refused(letter, ("InvalidSignatureException", 403), said);
    let service = "Credential should be scoped to correct service: 'chime', not 'voice-chime'.";
    invalid(signed().edit("authorization", "/chime/", "/voice-chime/"), service);
    let day = "'20150831' != '20150830', from '20150830T123600Z'";
    invalid(signed().edit("authorization", "/20150830/", "/20150831/"), day);
    let host = "'host' must be a 'SignedHeader' in the AWS Authorization.";
    invalid(signed().edit("authorization", "host;", ""), host);
    invalid(signed().with("X-AMZ-Foo", "bar"), "'x-amz-foo' must be a 'SignedHeader'");
    for word in ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", ""] {
        let letter = Letter::example().with("x-amz-content-sha256", word).signed();
        invalid(letter, &format!("or no such header, found '{word}'"));
    }
    let hashed = Letter::example().with("x-amz-content-sha256", &"0".repeat(64)).signed();
    invalid(hashed, "does not match what was computed");
    invalid(Letter { body: b"{ }".to_vec(), ..signed() }, "Check your AWS Secret Access Key");
}

/// Refused under this name and status, with these words in the message.
fn refused(letter: Letter, error: (&str, u16), said: &str) {
    let refusal = letter.judge().expect_err(said);
    assert_eq!((refusal.code(), refusal.status()), error, "{refusal}");
    assert!(refusal.to_string().contains(said), "{refusal}");
}

#[test]
fn a_clock_may_differ_by_five_minutes_and_not_by_a_millisecond_more() {
    let letter = Letter::example().signed();
    let at = |now_ms| letter.read(|request| Verifier::new(&["chime"]).claim(request, now_ms).map(|_| ()));
    for now_ms in [NOW_MS - MINUTES_5_MS, NOW_MS, NOW_MS + MINUTES_5_MS] {
        assert_eq!(at(now_ms), Ok(()));
    }
    let old = at(NOW_MS + MINUTES_5_MS + 1).expect_err("it is too old");
    assert_eq!((old.word(), old.code(), old.status()), ("too_old", "InvalidSignatureException", 403));
    assert_eq!(
        old.to_string(),
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z. Set the clock."
    );
    let new = at(NOW_MS - MINUTES_5_MS - 1).expect_err("it is too new");
    assert_eq!((new.word(), new.code(), new.status()), ("too_new", "InvalidSignatureException", 403));
    assert_eq!(
        new.to_string(),
        "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z. Set the clock."
    );
    for now_ms in [0, u64::MAX] {
        assert!(at(now_ms).is_err());
    }
    let strict = Verifier::new(&["chime"]).with_skew(Duration::from_secs(1));
    assert!(letter.read(|request| strict.claim(request, NOW_MS + 1_001)).is_err());
}

#[test]
fn midnight_divides_scopes_and_not_the_five_minutes() {
    // 2015-08-30 23:59:59, judged two seconds later, on the next day.
    let late_ms = NOW_MS + (11 * 3_600 + 23 * 60 + 59) * 1_000;
    let letter = Letter::example().signed_at(late_ms);
    let claim = letter.read(|request| Verifier::new(&["chime"]).claim(request, late_ms + 2_000));
    let signature = claim.expect("it is in time").verify(SECRET).expect("it is signed");
    assert_eq!(signature.signed_at().to_string(), "20150830T235959Z");
}

#[test]
fn a_date_of_http_does_when_there_is_no_other_and_counts_for_nothing_beside_it() {
    let letter = Letter::example().signed();
    for date in ["Sun, 30 Aug 2015 12:36:00 GMT", "Sun, 30 Aug 2015 12:36:00 -0000", "20150830T123600Z"] {
        let dated = letter.clone().without("x-amz-date").with("Date", date);
        let unsigned = dated.edit("authorization", ";x-amz-date", "");
        // The time is in what is signed, so that only the signature is another one now.
        assert_eq!(unsigned.judge(), Err(Refusal::SignatureMismatch), "{date}");
    }
    assert!(letter.clone().with("Date", "Sun, 30 Aug 2015 12:36:01 GMT").judge().is_ok());
    let twice = letter.with("x-amz-date", "20150830T123600Z").judge().expect_err("two dates");
    assert!(twice.to_string().contains("wanted one date, found 'x-amz-date twice'"), "{twice}");
}

#[test]
fn an_unknown_key_and_a_wrong_secret_are_refused() {
    let claim = Letter::example().signed().claim().expect("it is readable");
    assert_eq!(claim.key_id(), KEY_ID);
    assert_eq!(claim.verify(b"another secret"), Err(Refusal::SignatureMismatch));
    let refusal = claim.verify_unknown();
    assert_eq!(
        (refusal.word(), refusal.code(), refusal.status()),
        ("unknown_key", "UnrecognizedClientException", 403)
    );
    assert_eq!(refusal.to_string(), "The security token included in the request is invalid.");
}

#[test]
fn a_key_without_a_secret_lets_nobody_in() {
    let letter = Letter::example();
    let key = AccessKey { id: KEY_ID, secret: b"" };
    let scope = Scope { region: "us-east-1", service: "chime" };
    let signed = letter.read(|request| sign(request, &key, &scope, NOW_MS)).expect("it can be signed");
    let letter = letter.with("x-amz-date", &signed.date).with("authorization", &signed.authorization);
    assert_eq!(letter.claim().expect("it is readable").verify(b""), Err(Refusal::SignatureMismatch));
}

#[test]
fn regions_are_any_or_those_that_are_named() {
    let letter = Letter::example().signed();
    let here = Verifier::new(&["logs", "chime"]).with_regions(&["eu-central-1", "us-east-1"]);
    assert!(letter.read(|request| here.claim(request, NOW_MS)).is_ok());
    let there = Verifier::new(&["chime"]).with_regions(&["eu-central-1", "us-west-2"]);
    assert_eq!(
        letter.read(|request| there.claim(request, NOW_MS)).expect_err("another region").to_string(),
        "Credential should be scoped to a valid region: 'eu-central-1' or 'us-west-2', not 'us-east-1'."
    );
}

#[test]
fn what_does_not_change_the_meaning_may_change() {
    let letter = Letter::example().with("X-Amz-Meta", "a  b").with("x-amz-meta", "c").signed();
    assert!(letter.clone().with("User-Agent", "Boto3").with("X-Amzn-Trace-Id", "1").judge().is_ok());
    assert!(letter.clone().edit("x-amz-meta", "a  b", " a\tb ").judge().is_ok());
    assert!(letter.clone().edit("authorization", ", ", ",").judge().is_ok());
    let mut turned = letter;
    turned.headers.reverse();
    assert_eq!(turned.judge(), Err(Refusal::SignatureMismatch), "values are joined in their order");
}

#[test]
fn the_hash_of_the_body_may_be_told_and_has_to_be_true() {
    let hash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    assert!(Letter::example().with("X-Amz-Content-Sha256", hash).signed().judge().is_ok());
    let both =
        Letter::example().with("x-amz-content-sha256", hash).with("x-amz-content-sha256", &"0".repeat(64));
    assert_eq!(both.signed().judge(), Err(Refusal::PayloadMismatch));
}

#[test]
fn a_refusal_repeats_no_more_than_a_line_and_nothing_that_a_terminal_obeys() {
    let text = format!("AWS4-HMAC-SHA256 Credential={}\u{1b}[31m\"\u{7f}", "x\n".repeat(1_000));
    let refusal =
        Letter::example().with("authorization", &text).judge().expect_err("it is broken").to_string();
    assert!(refusal.len() < 400 && !refusal.contains(char::is_control), "{refusal}");
}

#[test]
fn what_cannot_be_signed_says_why() {
    let unsigned = Letter::example().without("host").try_signed(NOW_MS).expect_err("no host");
    assert_eq!(unsigned, Refusal::Unsigned("host".into()));
    let many = (0..63).fold(Letter::example(), |letter, at| letter.with(&format!("h{at}"), "v"));
    let many = many.try_signed(NOW_MS).expect_err("66 headers");
    assert!(many.to_string().contains("wanted 64 SignedHeaders at most"), "{many}");
    let named = Letter::example().with("not a name", "v").try_signed(NOW_MS).expect_err("no token");
    assert!(named.to_string().contains("found 'not a name'"), "{named}");
    let long = Letter::example().with(&"h".repeat(9_000), "v").try_signed(NOW_MS).expect_err("too long");
    assert!(long.to_string().contains("wanted 8192 bytes at most"), "{long}");
}

#[test]
fn a_claim_shows_no_signature() {
    let letter = Letter::example().signed();
    let shown = format!("{:?}", letter.claim().expect("it is readable"));
    assert_eq!(shown, "Claim(AKIDEXAMPLE at 20150830T123600Z)");
}
