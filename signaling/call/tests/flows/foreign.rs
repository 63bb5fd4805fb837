//! What user agents of others write, byte by byte: spellings, schemes, what is there and what is not.

use std::time::Duration;

use call::Input;
use sip::flow::{Destination, Flow, Protocol};

use crate::scene::*;

/// Has a peer say something, and returns what it hears.
fn said(world: &mut World, peer: &Peer, text: &str) -> Vec<String> {
    let before = world.wire.len();
    let flow: Flow = peer.flow(&Destination::Target(peer.target()));
    world.hear(Input::Received { flow, bytes: text.replace('\n', "\r\n").as_bytes() });
    world.settle(&mut []);
    let heard = world.wire.iter().skip(before).filter(|(remote, _)| *remote == peer.address);
    heard.map(|(_, text)| text.clone()).collect()
}

/// A message of a customer with a line and headers of the test's choice. It comes from behind a NAT.
fn message(line: &str, headers: &str, body: &str) -> String {
    let method = line.split(' ').next().unwrap();
    format!(
        "{line}\nVia: SIP/2.0/UDP 10.0.0.7:5066;rport;branch=z9hG4bKforeign\nFrom: <sip:+12065550101@10.0.0.7>;tag=f\n\
         To: <sip:x@y>\nCall-ID: foreign\nCSeq: 1 {method}\n{headers}\n{body}"
    )
}

fn invite(uri: &str, headers: &str) -> String {
    let headers = format!("Contact: <sip:10.0.0.7:5066>\nContent-Type: application/sdp\n{headers}");
    message(&format!("INVITE {uri} SIP/2.0"), &headers, &sdp(PBX, 4000).replace("\r\n", "\n"))
}

/// The status of the last answer.
fn status(heard: &[String]) -> &str {
    heard.last().map_or("silence", |text| text.split(' ').nth(1).unwrap())
}

fn line<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// Has a customer say an INVITE, and returns the one that the carrier gets, or the status of the answer.
fn crossed(peer: &Peer, text: &str) -> Result<String, String> {
    let mut world = World::new();
    let heard = said(&mut world, peer, text);
    let offered = world.wire.iter().find(|(_, text)| text.starts_with("INVITE"));
    offered.map(|(_, text)| text.clone()).ok_or_else(|| status(&heard).to_owned())
}

#[test]
fn short_names_folded_lines_lists_and_capitals_are_read() {
    let mut world = World::new();
    let pbx = Peer::new(PBX);
    let text = format!(
        "INVITE sip:{OUTSIDE}@{} sip/2.0\nv : SIP / 2.0 / udp 10.0.0.7:5066 ;BRANCH=z9hG4bKx;RPORT,\n SIP/2.0/UDP \
         10.0.0.8;branch=z9hG4bKy\nf: \"A, <B>\" <SIP:+12065550101@10.0.0.7>\n ;TAG=f\nT:<sip:x@y>\ni:foreign\ncseq: 0001\n\
         \tINVITE\nm: <sip:10.0.0.7:5066>\nMAX-forwards : 9\nc:Application/SDP\nl: 0\n\n",
        HOST.to_uppercase()
    );
    let heard = said(&mut world, &pbx, &text);
    assert_eq!(status(&heard), "100");
    let vias: Vec<&str> = heard[0].lines().filter(|line| line.starts_with("Via")).collect();
    // RFC 3581: who sent it is written into the topmost Via, and that is where the answer goes.
    assert!(vias[0].contains("rport=5060") && vias[0].contains("received=192.0.2.1"), "{vias:?}");
    assert_eq!(vias[1], "Via: SIP/2.0/UDP 10.0.0.8;branch=z9hG4bKy");
    let offered = world.wire.iter().find(|(_, text)| text.starts_with("INVITE")).unwrap();
    assert_eq!(line(&offered.1, "Max-Forwards"), Some("8"));
}

#[test]
fn the_number_is_found_in_every_kind_of_uri() {
    let pbx = Peer::new(PBX);
    for uri in [
        "sip:+14255550100@headquarters0000000001.vc.example",
        "sip:%2B1%34255550100@headquarters0000000001.vc.example",
        "sip:+1-425-555-0100@headquarters0000000001.vc.example;user=phone",
        "sip:+14255550100;phone-context=x@192.0.2.200:5060",
        "sip:+14255550100@[2001:db8::1]:5060",
        "sip:+14255550100:secret@headquarters0000000001.vc.example;transport=udp;lr",
        "tel:+14255550100",
        "tel:+1-(425)-555.0100;isub=1",
        "SIP:+14255550100@headquarters0000000001.vc.example",
    ] {
        let offered = crossed(&pbx, &invite(uri, "")).unwrap_or_else(|status| panic!("{uri}: {status}"));
        assert!(offered.starts_with("INVITE sip:+14255550100@198.51.100.1:5060 SIP/2.0\r\n"), "{offered}");
    }
    let secure = Peer::with_protocol(PBX, Protocol::Tls);
    let uri = "sips:+14255550100@headquarters0000000001.vc.example";
    assert!(crossed(&secure, &invite(uri, "").replace("/UDP", "/TLS")).is_ok(), "over TLS");
}

#[test]
fn what_cannot_be_worked_with_is_told_why() {
    let pbx = Peer::new(PBX);
    let uri = format!("sip:{OUTSIDE}@{HOST}");
    let sdp = "Contact: <sip:10.0.0.7>\nContent-Type: application/sdp\n";
    let cases = [
        ("INVITE mailto:a@b SIP/2.0".to_owned(), sdp, "416", None),
        (
            format!("INVITE {uri} SIP/2.0"),
            "Contact: <sip:a@b>\nContent-Type: text/plain\n",
            "415",
            Some(("Accept", "application/sdp, multipart/mixed")),
        ),
        (
            format!("INVITE {uri} SIP/2.0"),
            "Contact: <sip:a@b>\nContent-Type: multipart/signed;boundary=x\n",
            "415",
            Some(("Accept", "application/sdp, multipart/mixed")),
        ),
        (
            format!("INVITE {uri} SIP/2.0"),
            "Contact: <sip:a@b>\nContent-Type: multipart/mixed;boundary=x\n",
            "400",
            None,
        ),
        (
            format!("INVITE {uri} SIP/2.0"),
            "Contact: <sip:a@b>\nContent-Type: application/sdp\nContent-Encoding: gzip\n",
            "415",
            None,
        ),
        (format!("INVITE {uri} SIP/2.0"), "Content-Type: application/sdp\nMax-Forwards: 0\n", "483", None),
        (
            format!("INVITE {uri} SIP/2.0"),
            "Require: 100rel, timer\n",
            "420",
            Some(("Unsupported", "100rel, timer")),
        ),
        (format!("INVITE {uri} SIP/3.0"), sdp, "505", None),
        (format!("invite {uri} SIP/2.0"), sdp, "501", Some(("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS"))),
        (format!("UPDATE {uri} SIP/2.0"), "", "405", Some(("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS"))),
        (format!("PRACK {uri} SIP/2.0"), "", "405", Some(("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS"))),
        (format!("REGISTER {uri} SIP/2.0"), "", "405", Some(("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS"))),
        (format!("BYE {uri} SIP/2.0"), "", "481", None),
        (format!("CANCEL {uri} SIP/2.0"), "", "481", None),
        (
            format!("OPTIONS {uri} SIP/2.0"),
            "Max-Forwards: 0\n",
            "200",
            Some(("Accept", "application/sdp, multipart/mixed")),
        ),
        (format!("ACK {uri} SIP/2.0"), "", "silence", None),
    ];
    for (start, headers, expected, advice) in cases {
        let mut world = World::new();
        let heard = said(&mut world, &pbx, &message(&start, headers, "v=0\n"));
        assert_eq!(status(&heard), expected, "{start} {headers}");
        if let Some((name, value)) = advice {
            assert_eq!(line(&heard[0], name), Some(value), "{start}");
        }
        // RFC 3261 section 8.2.6.2: every answer has a tag, and what the request is known by.
        if let Some(heard) = heard.last() {
            assert!(line(heard, "To").unwrap().contains(";tag="), "{heard}");
            let known = ["Call-ID", "From"].map(|name| line(heard, name));
            assert_eq!(known, [Some("foreign"), Some("<sip:+12065550101@10.0.0.7>;tag=f")]);
        }
    }
}

#[test]
fn no_control_byte_comes_through() {
    let pbx = Peer::new(PBX);
    let uri = format!("sip:{OUTSIDE}@{HOST}");
    let stray = |letter: char| letter != '\t' && letter.is_ascii_control();
    for control in ['\0', '\u{1}', '\u{7}', '\u{b}', '\r', '\u{1b}', '\u{7f}', '\t'] {
        for header in [
            format!("P-Asserted-Identity: \"a{control}b\" <sip:+12065550101@10.0.0.7>\n"),
            format!("Diversion: \"a\\{control}b\" <sip:+12065550101@10.0.0.7>\n"),
            format!("User-Agent: a{control}b\n"),
        ] {
            let mut world = World::new();
            let heard = said(&mut world, &pbx, &invite(&uri, &header));
            let is_legal = control == '\t' || (header.contains('\\') && control != '\r');
            assert_eq!(status(&heard), if is_legal { "100" } else { "400" }, "{header:?}");
            assert_eq!(world.wire.iter().any(|(_, text)| text.starts_with("INVITE")), is_legal, "{header:?}");
            for (_, text) in &world.wire {
                assert!(!text.split("\r\n").any(|line| line.contains(stray)), "{text:?}");
            }
        }
    }
}

#[test]
fn a_dialog_that_nobody_knows_is_told_so_whatever_is_asked_in_it() {
    let pbx = Peer::new(PBX);
    for method in ["INVITE", "BYE", "OPTIONS"] {
        let mut world = World::new();
        let text = message(&format!("{method} sip:192.0.2.200 SIP/2.0"), "", "");
        let heard = said(&mut world, &pbx, &text.replace("To: <sip:x@y>", "To: <sip:x@y>;tag=unknown"));
        assert_eq!(status(&heard), "481", "{method}");
        assert_eq!(line(&heard[0], "To"), Some("<sip:x@y>;tag=unknown"));
    }
}

#[test]
fn a_length_that_is_not_said_is_that_of_the_datagram() {
    let pbx = Peer::new(PBX);
    let offered = crossed(&pbx, &invite(&format!("sip:{OUTSIDE}@{HOST}"), "")).unwrap();
    assert!(line(&offered, "Content-Length").is_some() && offered.contains("m=audio 30000"), "{offered}");
    assert_eq!(line(&offered, "Max-Forwards"), Some("69"), "none is 70");
}

#[test]
fn an_invite_that_comes_again_gets_the_last_answer_again_and_is_no_second_call() {
    let mut world = World::new();
    let pbx = Peer::new(PBX);
    let mut carrier = Peer::new(NORTH);
    let text = invite(&format!("sip:{OUTSIDE}@{HOST}"), "Record-Route: <sip:192.0.2.1;lr>\n");
    assert_eq!(status(&said(&mut world, &pbx, &text)), "100");
    world.pass(Duration::from_millis(600), &mut [&mut carrier]);
    for (code, body) in [(180, String::new()), (200, sdp(NORTH, 6000))] {
        carrier.answer(code, &body);
        world.settle(&mut [&mut carrier]);
        let again = said(&mut world, &pbx, &text);
        if code == 200 {
            // RFC 6026 section 7.1: copies are absorbed, as the acceptance is repeated by itself.
            assert_eq!(again.len(), 0);
            continue;
        }
        assert_eq!(status(&again), code.to_string());
        // RFC 3261 section 12.1.1: what makes a dialog says where we are, and by which way.
        assert_eq!(line(&again[0], "Contact"), Some("<sip:192.0.2.200:5060>"));
        assert_eq!(line(&again[0], "Record-Route"), Some("<sip:192.0.2.1;lr>"));
    }
    let tags: Vec<&str> =
        world.wire.iter().filter_map(|(_, text)| line(text, "To")?.split("tag=").nth(1)).collect();
    let ours: Vec<&&str> = tags.iter().filter(|tag| !tag.starts_with("tag")).collect();
    assert!(ours.windows(2).all(|pair| pair[0] == pair[1]), "one dialog has one tag: {ours:?}");
    assert_eq!((carrier.requests.len(), world.engine.calls()), (1, 1));
}

#[test]
fn numbers_of_a_dialog_rise() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = crate::outbound::answered(&mut world);
    let dialog = pbx.dialog.clone();
    pbx.request(sip::Method::Invite, &sdp(PBX, 4000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 200);
    pbx.acknowledge("");
    world.settle(&mut [&mut pbx, &mut carrier]);
    // RFC 3261 section 12.2.2: a lower number is refused.
    pbx.dialog = dialog;
    let old = pbx.dialog.as_mut().unwrap().request(sip::Method::Bye).with(sip::Name::UserAgent, "old");
    let mut old = old;
    old.headers_mut().set(sip::Name::CSeq, "1 BYE");
    pbx.send(old);
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!((pbx.heard().code(), world.engine.calls()), (500, 1));

    // One that changes nothing raises the number all the same.
    for (number, status) in [(90, 200), (80, 500)] {
        let mut options = pbx.dialog.as_mut().unwrap().request(sip::Method::Options);
        options.headers_mut().set(sip::Name::CSeq, format!("{number} OPTIONS"));
        pbx.send(options);
        world.settle(&mut [&mut pbx, &mut carrier]);
        assert_eq!(pbx.heard().code(), status, "{number}");
    }
}

#[test]
fn a_caller_that_says_how_long_it_waits_is_not_kept_longer() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = (Peer::new(PBX), Peer::new(NORTH));
    let request = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    pbx.send(request.with(sip::Name::Expires, "20"));
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.answer(180, "");
    world.pass(Duration::from_secs(19), &mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 180);
    world.pass(Duration::from_secs(2), &mut [&mut pbx, &mut carrier]);
    assert_eq!((pbx.heard().code(), carrier.cancelled.len()), (487, 1));
    carrier.answer(487, "");
    world.is_over(&mut [&mut pbx, &mut carrier]);
}

#[test]
fn a_host_that_says_when_to_come_back_is_left_alone_until_then() {
    let mut world = World::new();
    let (mut carrier, mut first, mut second) = (Peer::new(NORTH), Peer::new(PBX1), Peer::new(PBX2));
    let mut call = |world: &mut World, wait: u64| {
        world.pass(Duration::from_secs(wait), &mut [&mut carrier, &mut first, &mut second]);
        let invite = carrier.invitation(OUTSIDE, OWN_NUMBER, "192.0.2.200", &sdp(NORTH, 6000));
        carrier.send(invite);
        world.settle(&mut [&mut carrier, &mut first, &mut second]);
        if let Some((id, request)) = first.requests.pop() {
            let full = sip::Response::to_request(&request, 503).with_to_tag("x").unwrap();
            let full = full.with(sip::Name::RetryAfter, "100 (maintenance)");
            first.transactions.respond(first.now, id, full).unwrap();
            world.settle(&mut [&mut carrier, &mut first, &mut second]);
            let (id, request) = second.requests.pop().unwrap();
            second.answer_to(id, &request, 486, "");
            world.settle(&mut [&mut carrier, &mut first, &mut second]);
            return "first";
        }
        let (id, request) = second.requests.pop().unwrap();
        second.answer_to(id, &request, 486, "");
        world.settle(&mut [&mut carrier, &mut first, &mut second]);
        "second"
    };
    let tried = [0, 1, 90, 20].map(|wait| call(&mut world, wait));
    assert_eq!(tried, ["first", "second", "second", "first"]);
}
