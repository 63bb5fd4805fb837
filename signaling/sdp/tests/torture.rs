//! Descriptions as they are met in the field, and what is understood of them.

use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use sdp::negotiate::{Encryption, Exchange, Policy, Terms, answer_for, offer_for};
use sdp::{Attribute, CodecList, Key, Origin, SessionDescription, Suite};

#[test]
fn every_file_is_understood_as_expected() {
    let mut found = String::new();
    for path in files() {
        let text = fs::read(&path).expect("a file of the torture is readable");
        let name = path.file_stem().expect("a file has a name").to_string_lossy();
        writeln!(found, "{name}\n{}", summary(&text)).expect("a string takes everything");
    }
    let expected = fs::read_to_string(folder().join("expected.txt")).expect("the expectations are readable");
    for (found, expected) in found.lines().zip(expected.lines()) {
        assert_eq!(found, expected);
    }
    assert_eq!(found, expected, "a line is missing or too many");
}

#[test]
fn every_file_that_is_a_description_is_written_so_that_it_reads_the_same() {
    for path in files() {
        let text = fs::read(&path).expect("a file of the torture is readable");
        let Ok(description) = SessionDescription::parse(&text) else { continue };
        let again = SessionDescription::parse(description.write().as_bytes());
        assert_eq!(again.as_ref(), Ok(&description), "{}", path.display());
    }
}

/// What is read, a line a stream, and what is answered to it as an offer.
fn summary(text: &[u8]) -> String {
    let description = match SessionDescription::parse(text) {
        Ok(description) => description,
        Err(error) => return format!("  error {error}"),
    };
    let mut out = String::new();
    for media in &description.media {
        let host = description.connection_of(media).map(|connection| connection.host.to_string());
        let protocol = media.protocol.clone();
        let kind = media.kind.clone();
        write!(out, "  {kind:?} {} {protocol:?} at {}", media.port, host.unwrap_or_default())
            .expect("as above");
        for format in media.stream_formats() {
            write!(out, ", {} {}", format.payload_type, format.codec).expect("as above");
            write!(out, " {}", format.parameters.as_deref().unwrap_or("-")).expect("as above");
        }
        for line in media.crypto() {
            let usable = line.key().map_or_else(|reason| reason.to_string(), |key| key.spelling().to_owned());
            write!(out, ", key {} {usable}", line.tag()).expect("as above");
        }
        writeln!(out, ", {:?}", description.direction_of(media)).expect("as above");
    }
    for encryption in
        [Encryption::Refused, Encryption::Accepted, Encryption::Opportunistic, Encryption::Required]
    {
        writeln!(out, "  {encryption:?}: {}", outcome(&description, encryption)).expect("as above");
    }
    out.pop();
    out
}

/// What is answered when the other leg, in the clear, takes all that is offered to it.
fn outcome(offer: &SessionDescription, encryption: Encryption) -> String {
    let codecs: CodecList =
        "PCMU,PCMA,G722,G729,opus,telephone-event".parse().expect("a list of known codecs");
    let keys =
        Suite::ALL.map(|suite| Key::new(suite.name(), &vec![9; suite.inline_len()]).expect("its length"));
    let host = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let origin = Origin::new(1, host);
    let policy = Policy { encryption, codecs: codecs.clone(), ..Policy::default() };
    let asking = Terms {
        policy: &policy,
        rtp: SocketAddr::new(host, 4000),
        keys: &keys,
        origin: &origin,
        previous: None,
    };
    let policy = Policy { codecs, ..Policy::default() };
    let replying = Terms { policy: &policy, ..asking };

    let agreed = offer_for(offer, &asking, &replying).and_then(|forwarded| {
        let exchange = Exchange { offer, forwarded: &forwarded, answer: &echo(&forwarded) };
        answer_for(exchange, &asking, &replying)
    });
    match agreed {
        Ok(agreement) => {
            let streams = agreement.answer.media.iter().map(|media| {
                let formats = media.formats.join(" ");
                let key = media.crypto().map(|line| format!(" key {} {}", line.tag(), line.suite()));
                format!("{} {:?} {formats}{}", media.port, media.protocol, key.collect::<String>())
            });
            let streams = streams.collect::<Vec<_>>().join(", ");
            format!("{streams}, {:?}", agreement.asking.direction())
        }
        Err(refusal) => format!("{} {}", refusal.status(), refusal.word()),
    }
}

/// The same description from the other end.
fn echo(forwarded: &SessionDescription) -> SessionDescription {
    let mut answer = forwarded.clone();
    for attribute in answer.media.iter_mut().flat_map(|media| &mut media.attributes) {
        if let Attribute::Direction(direction) = attribute {
            *direction = direction.reversed();
        }
    }
    answer
}

fn files() -> Vec<PathBuf> {
    let folder = fs::read_dir(folder()).expect("the folder of the torture is there");
    let paths = folder.map(|file| file.expect("a folder is listed to its end").path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|end| end == "sdp")).collect();
    paths.sort();
    assert!(paths.len() >= 30, "wanted at least 30 files, found {}", paths.len());
    paths
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torture")
}
