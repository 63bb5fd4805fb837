//! Peers that put more into a body than a description: carriers that speak SIP-I, recorders.

use sip::{Method, Name};

use crate::scene::*;

const SEVERAL: &str = "multipart/mixed;boundary=\"one part\"";

/// A description beside what the telephone network has said, which may be any bytes but those of the boundary.
fn several(description: &str, handling: &str) -> String {
    let session = match description {
        "" => String::new(),
        text => format!("--one part\r\nContent-Type: application/sdp\r\n\r\n{text}\r\n"),
    };
    format!(
        "{session}--one part\r\nContent-Type: application/ISUP;version=itu-t92+\r\n\
         Content-Disposition: signal;handling={handling}\r\n\r\n\u{1}\0I\r\nm=audio 1 RTP/AVP 0\r\n\r\n--one part--\r\n"
    )
}

/// What the engine has said that has a body, from some message on.
fn said(world: &World) -> Vec<&str> {
    let texts = world.wire.iter().map(|(_, text)| text.as_str());
    texts.filter(|text| !text.contains("Content-Length: 0\r\n")).collect()
}

#[test]
fn a_description_among_other_parts_connects_the_call_and_goes_on_alone() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = (Peer::new(PBX), Peer::new(NORTH));
    (pbx.media_type, carrier.media_type) = (SEVERAL, SEVERAL);
    let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &several(&sdp(PBX, 4000), "optional"));
    pbx.send(invite.with(Name::MimeVersion, "1.0"));
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.answer(183, &several(&sdp(NORTH, 6000), "optional"));
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.answer(200, &several(&sdp(NORTH, 6000), "optional"));
    world.settle(&mut [&mut pbx, &mut carrier]);
    pbx.acknowledge("");
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!((pbx.statuses(), carrier.acks.len()), (vec![100, 183, 200], 1));
    // A change as well.
    pbx.request(Method::Invite, &several(&sdp(PBX, 4002), "optional"));
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.answer(200, &several(&sdp(NORTH, 6002), "optional"));
    world.settle(&mut [&mut pbx, &mut carrier]);
    pbx.acknowledge("");
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 200);
    // INVITE, 183, 200; and INVITE and 200 of the change.
    assert_eq!(said(&world).len(), 5);
    for text in said(&world) {
        assert!(
            text.contains("\r\nContent-Type: application/sdp\r\n") && text.contains("\r\n\r\nv=0\r\n"),
            "{text}"
        );
        assert!(
            !text.contains("MIME-Version") && !text.contains("ISUP") && !text.contains("one part"),
            "{text}"
        );
    }
    pbx.request(Method::Bye, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.answer(200, "");
    world.is_over(&mut [&mut pbx, &mut carrier]);
}

#[test]
fn parts_without_a_description_are_an_offer_that_comes_late() {
    let answered = |handling| several(&sdp(PBX, 4000), handling);
    for (ack, methods) in [
        (answered("optional"), vec![Method::Invite]),
        (answered("required"), vec![Method::Invite, Method::Bye]),
        (several("", "optional"), vec![Method::Invite, Method::Bye]),
    ] {
        let mut world = World::new();
        let (mut pbx, mut carrier) = (Peer::new(PBX), Peer::new(NORTH));
        pbx.media_type = SEVERAL;
        let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &several("", "optional"));
        pbx.send(invite);
        world.settle(&mut [&mut pbx, &mut carrier]);
        carrier.answer(200, &sdp(NORTH, 6000));
        world.settle(&mut [&mut pbx, &mut carrier]);
        assert_eq!(pbx.heard().code(), 200);
        // Nobody can be told what in an ACK was not understood.
        pbx.acknowledge(&ack);
        world.settle(&mut [&mut pbx, &mut carrier]);
        assert_eq!(carrier.methods(), methods);
    }
}

#[test]
fn a_part_that_must_be_understood_and_parts_without_an_end_lead_to_no_call() {
    let whole = several(&sdp(PBX, 4000), "required");
    let cut = whole.replace("--one part--", "");
    for (body, expected) in [(&whole, 415), (&cut, 400)] {
        let mut world = World::new();
        let (mut pbx, mut carrier) = (Peer::new(PBX), Peer::new(NORTH));
        pbx.media_type = SEVERAL;
        let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, body);
        pbx.send(invite);
        world.settle(&mut [&mut pbx, &mut carrier]);
        assert_eq!((pbx.heard().code(), carrier.requests.len()), (expected, 0));
        let accept = pbx.heard().header(Name::Accept);
        assert_eq!(accept, (expected == 415).then_some("application/sdp, multipart/mixed"));
    }
}

#[test]
fn an_acceptance_without_a_readable_description_ends_the_call() {
    for body in [several("", "optional"), several(&sdp(NORTH, 6000), "optional").replace("--one part--", "")]
    {
        let mut world = World::new();
        let (mut pbx, mut carrier) = crate::outbound::invited(&mut world, &sdp(PBX, 4000));
        carrier.media_type = SEVERAL;
        carrier.answer(200, &body);
        world.settle(&mut [&mut pbx, &mut carrier]);
        assert_eq!(pbx.heard().code(), 502);
        assert_eq!((carrier.acks.len(), carrier.methods().pop()), (1, Some(Method::Bye)));
    }
}
