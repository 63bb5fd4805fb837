//! Who is there: OPTIONS both ways, operators, media that goes away.

use std::time::Duration;

use call::{Input, Manipulation, MediaEvent, Message, Part, Scope, Status, Travel};
use control::Reason;
use sip::{Method, Name, NameAddr, Request, Uri};
use trunk::VoiceConnectorId;
use trunk::snapshot::Side;

use crate::outbound::{answered, invited};
use crate::scene::*;

fn options(peer: &Peer, host: &str) -> Request {
    let uri = Uri::parse(&format!("sip:{host}")).unwrap();
    let own = Uri::parse(&format!("sip:{}", peer.address)).unwrap();
    Request::new(Method::Options, uri.clone())
        .with(Name::MaxForwards, "70")
        .with(Name::From, NameAddr::new(own).with_tag("o").unwrap().to_string())
        .with(Name::To, NameAddr::new(uri).to_string())
        .with(Name::CallId, "options")
        .with(Name::CSeq, "1 OPTIONS")
}

#[test]
fn options_are_answered_whatever_host_they_name_and_remembered_for_the_connector() {
    for host in [HOST, "192.0.2.200", "10.9.8.7"] {
        let mut world = World::new();
        let mut pbx = Peer::new(PBX);
        let request = options(&pbx, host);
        pbx.send(request);
        world.settle(&mut [&mut pbx]);
        assert_eq!(pbx.heard().code(), 200);
        assert_eq!(pbx.heard().header(Name::Allow), Some("INVITE, ACK, BYE, CANCEL, OPTIONS"));
        assert_eq!(pbx.heard().header(Name::Accept), Some("application/sdp, multipart/mixed"));
        let connector = VoiceConnectorId::parse(CONNECTOR).unwrap();
        assert_eq!(world.engine.asked_last(&connector), Some((pbx.address, world.moment())));
    }
}

#[test]
fn methods_that_are_not_served_are_refused_in_a_dialog_and_out_of_it_and_the_call_stands() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = answered(&mut world);
    for method in [Method::Info, Method::Refer, Method::Update, Method::PRack, Method::Message] {
        pbx.request(method, "");
        world.settle(&mut [&mut pbx, &mut carrier]);
        assert_eq!(pbx.heard().code(), 405);
        assert_eq!(pbx.heard().header(Name::Allow), Some("INVITE, ACK, BYE, CANCEL, OPTIONS"));
    }
    pbx.request(Method::Options, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!((pbx.heard().code(), world.engine.calls(), carrier.requests.len()), (200, 1, 1));
}

#[test]
fn a_link_that_fails_three_probes_is_tried_last_until_it_answers_one() {
    let mut setup = setup(&records());
    setup.probe_interval = Some(Duration::from_secs(30));
    let mut world = World::of(setup);
    let (mut pbx, mut north, mut south) = (Peer::new(PBX), Peer::new(NORTH), Peer::new(SOUTH));
    for _ in 0..4 {
        world.pass(Duration::from_secs(30), &mut [&mut pbx, &mut north, &mut south]);
        for (link, status) in [(&mut north, 503), (&mut south, 200)] {
            for (id, request) in std::mem::take(&mut link.requests) {
                assert_eq!(request.method(), Method::Options);
                link.answer_to(id, &request, status, "");
            }
        }
    }
    world.settle(&mut [&mut pbx, &mut north, &mut south]);
    let tried = |world: &mut World, pbx: &mut Peer, north: &mut Peer, south: &mut Peer| {
        let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
        pbx.send(invite);
        world.settle(&mut [pbx, north, south]);
        let invited = |peer: &Peer| peer.methods().contains(&Method::Invite);
        (invited(north), invited(south))
    };
    assert_eq!(tried(&mut world, &mut pbx, &mut north, &mut south), (false, true));
    assert!(!world.said_to(&pbx).contains(&"OPTIONS".to_owned()), "customers are never asked");
    south.requests.clear();
    world.pass(Duration::from_secs(32), &mut [&mut pbx, &mut north, &mut south]);
    let (id, request) = north.requests.last().cloned().unwrap();
    north.answer_to(id, &request, 404, "");
    world.settle(&mut [&mut pbx, &mut north, &mut south]);
    assert_eq!(tried(&mut world, &mut pbx, &mut north, &mut south), (true, false));
}

#[test]
fn an_operator_ends_a_call_and_its_record_ends_then() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = answered(&mut world);
    world.pass(Duration::from_secs(10), &mut [&mut pbx, &mut carrier]);
    let call = world.journal.begun[0].call.unwrap();
    world.hear(Input::Clear { call });
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!((pbx.methods(), carrier.methods().last()), (vec![Method::Bye], Some(&Method::Bye)));
    pbx.answer(200, "");
    carrier.answer(200, "");
    assert_eq!(world.end(), (Status::Completed, "Normal Call Clearing"));
    assert_eq!(world.journal.ended[0].ended, EPOCH + world.now);
    world.is_over(&mut [&mut pbx, &mut carrier]);
    world.hear(Input::Clear { call });
    assert_eq!(world.journal.ended.len(), 1, "the name of a call that is over means nothing");
}

#[test]
fn media_that_is_lost_or_silent_ends_a_call() {
    let lost = "Q.850;cause=41;text=\"media was lost\"";
    for (is_lost, message, reason) in [(true, "media was lost", Some(lost)), (false, "no media", None)] {
        let mut world = World::new();
        let (mut pbx, mut carrier) = answered(&mut world);
        let session = world.media.wishes[0].id;
        world.hear(Input::Media(if is_lost {
            MediaEvent::Lost { session }
        } else {
            MediaEvent::TimedOut { session }
        }));
        world.settle(&mut [&mut pbx, &mut carrier]);
        for peer in [&pbx, &carrier] {
            let (_, bye) = peer.requests.last().unwrap();
            assert_eq!((bye.method(), bye.header(Name::Reason)), (Method::Bye, reason));
        }
        pbx.answer(200, "");
        carrier.answer(200, "");
        assert_eq!(world.end(), (Status::Completed, message));
        world.is_over(&mut [&mut pbx, &mut carrier]);
    }
}

#[test]
fn a_call_ends_at_its_longest_duration_if_there_is_one() {
    let mut setup = setup(&records());
    setup.call_max = Some(Duration::from_secs(3600));
    let mut world = World::of(setup);
    let (mut pbx, mut carrier) = answered(&mut world);
    world.pass(Duration::from_secs(3599), &mut [&mut pbx, &mut carrier]);
    assert!(pbx.requests.is_empty());
    world.pass(Duration::from_secs(1), &mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.methods(), [Method::Bye]);
}

#[test]
fn a_call_that_nobody_answers_ends() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = invited(&mut world, &sdp(PBX, 4000));
    carrier.answer(180, "");
    world.pass(Duration::from_secs(601), &mut [&mut pbx, &mut carrier]);
    assert_eq!((pbx.heard().code(), carrier.cancelled.len()), (480, 1));
    carrier.answer(487, "");
    assert_eq!(world.end(), (Status::Rejected, "nobody has answered"));
    world.is_over(&mut [&mut pbx, &mut carrier]);
}

#[test]
fn headers_are_written_as_peers_want_them_and_dialogs_stay_what_they_are() {
    let rule = |side, travel, message, method, header, part, value| {
        let scope = Scope { side, travel, method: Some(method), message: Some(message) };
        Manipulation::new(scope, header, part, value).expect("it may be changed")
    };
    let timer = Part::Parameter("refresher".to_owned());
    let (customer, carrier) = (Side::Customer, Side::Carrier);
    let mut setup = setup(&records());
    setup.manipulations = vec![
        rule(carrier, Travel::Out, Message::Request, Method::Invite, "From", Part::Host, "10.9.9.9"),
        rule(
            carrier,
            Travel::Out,
            Message::Request,
            Method::Invite,
            "P-Asserted-Identity",
            Part::Host,
            "{peer}",
        ),
        rule(customer, Travel::Out, Message::Request, Method::Invite, "From", Part::Host, "10.7.7.7"),
        rule(customer, Travel::Out, Message::Response, Method::Bye, "To", Part::Host, "10.8.8.8"),
        rule(customer, Travel::In, Message::Request, Method::Invite, "Session-Expires", timer, "uac"),
    ];
    let mut world = World::of(setup);
    let (mut pbx, mut carrier) = (Peer::new(PBX), Peer::new(NORTH));
    let mut invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    invite.headers_mut().push(Name::SessionExpires, "1800;refresher=uas");
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier]);
    let heard = &carrier.requests[0].1;
    assert_eq!(heard.from_address().unwrap().uri().as_str(), "sip:+12065550101@10.9.9.9");
    assert_eq!(heard.header(Name::PAssertedIdentity), Some("<sip:+12065550101@198.51.100.1>"));
    carrier.answer(200, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().header(Name::SessionExpires), Some("1800;refresher=uac"));
    pbx.acknowledge("");
    pbx.request(Method::Bye, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert!(pbx.heard().header(Name::To).unwrap().contains("@10.8.8.8"), "{:?}", pbx.heard());
    carrier.answer(200, "");
    world.is_over(&mut [&mut pbx, &mut carrier]);
}

#[test]
fn a_worker_that_is_busy_is_asked_again_and_another_refusal_ends_the_call() {
    let mut world = World::new();
    let (mut pbx, mut carrier) = answered(&mut world);
    let session = world.media.wishes[0].id;
    let wishes = world.media.wishes.len();
    for reason in [Reason::EpochOld, Reason::WorkerBusy] {
        world.hear(Input::Media(MediaEvent::Refused { session, reason }));
        world.settle(&mut [&mut pbx, &mut carrier]);
    }
    assert_eq!((world.media.wishes.len(), world.engine.calls()), (wishes + 1, 1));
    world.hear(Input::Media(MediaEvent::Refused { session, reason: Reason::SessionUnknown }));
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(world.end(), (Status::Completed, "media refused a change"));
}

#[test]
fn media_may_be_silent_before_the_answer_and_while_a_call_is_held_and_no_longer() {
    let mut setup = setup(&records());
    setup.media_timeout = Some(Duration::from_secs(60));
    let mut world = World::of(setup);
    let (mut pbx, mut carrier) = invited(&mut world, &sdp(PBX, 4000));
    carrier.answer(183, &sdp(NORTH, 6000));
    world.settle(&mut [&mut pbx, &mut carrier]);
    let patience = |world: &World| world.media.wishes.last().unwrap().media_timeout_s;
    assert_eq!(patience(&world), 0, "who rings is silent");
    // The early answer is not repeated, and counts.
    carrier.answer(200, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    pbx.acknowledge("");
    assert_eq!(patience(&world), 60);
    for (direction, answer, expected) in [
        ("sendonly", "recvonly", 0),
        ("sendrecv", "sendrecv", 60),
        ("inactive", "inactive", 0),
        ("sendrecv", "sendrecv", 60),
    ] {
        pbx.request(Method::Invite, &sdp(PBX, 4000).replace("a=sendrecv", &format!("a={direction}")));
        world.settle(&mut [&mut pbx, &mut carrier]);
        carrier.answer(200, &sdp(NORTH, 6000).replace("a=sendrecv", &format!("a={answer}")));
        world.settle(&mut [&mut pbx, &mut carrier]);
        pbx.acknowledge("");
        world.settle(&mut [&mut pbx, &mut carrier]);
        assert_eq!(patience(&world), expected, "{direction}");
    }
}

#[test]
fn timers_go_with_their_call() {
    let mut setup = setup(&records());
    setup.call_max = Some(Duration::from_secs(3600));
    let mut world = World::of(setup);
    let (mut pbx, mut carrier) = answered(&mut world);
    assert_eq!(world.engine.calls(), 1);
    pbx.request(Method::Bye, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    carrier.answer(200, "");
    world.settle(&mut [&mut pbx, &mut carrier]);
    // Copies are heard for 37 s at most; nothing of the call is due after that.
    world.pass(Duration::from_secs(40), &mut [&mut pbx, &mut carrier]);
    assert_eq!(world.engine.next_timeout(), None);
}
