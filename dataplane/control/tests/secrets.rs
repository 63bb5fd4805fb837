//! Keys are never printed.

use control::{Asked, Protection, QueueFull, Request, RequestId, ToMedia};
use crypto::{MasterKey, Suite};

#[path = "messages/samples.rs"]
#[expect(dead_code, reason = "the wish is all that is taken from there")]
mod samples;

#[test]
fn whatever_holds_a_key_prints_its_suite_and_no_byte_of_it() {
    let request = || Request::Apply(Box::new(samples::wish()));
    let prints = [
        format!("{:?}", samples::wish()),
        format!("{:#x?}", samples::wish()),
        format!("{:#?}", samples::wish().sides),
        format!("{:?}", request()),
        format!("{:?}", ToMedia::Request(RequestId(1), request())),
        format!("{:?}", Asked::Request(RequestId(1), request())),
        format!("{:?}", QueueFull(request())),
    ];
    for print in prints {
        // The keys of the wish are 0xa5 and 0x5a, over and over: as numbers, or as a text of them.
        for word in print.split(|c: char| !c.is_ascii_alphanumeric()) {
            assert!(!["165", "90", "0xa5", "0x5a", "bytes"].contains(&word), "{word} in {print}");
            assert!(!word.to_lowercase().contains("a5a"), "{word} in {print}");
        }
        for known in
            ["receive: Srtp(AES_CM_128_HMAC_SHA1_80)", "send: Srtp(AES_256_CM_HMAC_SHA1_32)", "Clear"]
        {
            assert!(print.contains(known), "no {known} in {print}");
        }
    }
}

#[test]
fn errors_about_a_wish_do_not_print_it() {
    let wish = ToMedia::Request(RequestId(1), Request::Apply(Box::new(samples::wish())));
    let bytes = wish.encode();
    let error = ToMedia::parse(&bytes[..bytes.len() - 1]).expect_err("a byte is missing");
    assert_eq!(format!("{error:?} {error}"), "Truncated ends too early");
    let full = QueueFull(Request::Apply(Box::new(samples::wish())));
    assert_eq!(
        full.to_string(),
        "too many questions to the media process: wanted fewer than 1024 open, found 1024"
    );
}

#[test]
fn protections_are_the_same_if_suite_and_key_are() {
    let protection = |suite, byte| {
        Protection::Srtp(MasterKey::from_bytes(suite, &[byte; 30]).expect("the length is that of the suite"))
    };
    let (long, short) = (Suite::AesCm128HmacSha1_80, Suite::AesCm128HmacSha1_32);
    assert_eq!(protection(long, 1), protection(long, 1));
    assert_eq!(Protection::Clear, Protection::Clear);
    for other in [protection(long, 2), protection(short, 1), Protection::Clear] {
        assert_ne!(protection(long, 1), other);
        assert_ne!(other, protection(long, 1));
    }
}
