//! The fleet against real media processes, on real sockets: loopback only, no privileges.
//!
//! This program is its own media process: `process media SOCKET ADDRESS` is one. So it has no harness; it takes words that
//! the names of tests must contain, and nothing else.

#![expect(clippy::print_stdout, reason = "without a harness it says itself what it has done")]

#[path = "process/media.rs"]
mod media;
#[path = "process/signaling.rs"]
mod signaling;

use std::time::{Duration, Instant};

use control::{Epoch, Name, Protection, SessionId, SessionSpec, SideSpec};
use crypto::{MasterKey, Suite};
use fleet::{FleetEvent, Refusal, Settings, mint};

use media::Media;
use signaling::Signaling;

const TESTS: [(&str, fn()); 6] = [
    ("a_session_is_opened_changed_and_closed", a_session_is_opened_changed_and_closed),
    ("media_goes_on_while_signaling_is_replaced", media_goes_on_while_signaling_is_replaced),
    (
        "what_a_node_loses_is_opened_again_unless_it_has_keys",
        what_a_node_loses_is_opened_again_unless_it_has_keys,
    ),
    ("a_node_that_hangs_is_down_and_comes_back", a_node_that_hangs_is_down_and_comes_back),
    (
        "nodes_are_filled_alike_and_without_one_nothing_opens",
        nodes_are_filled_alike_and_without_one_nothing_opens,
    ),
    ("a_burst_of_calls_is_opened_and_closed", a_burst_of_calls_is_opened_and_closed),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [command, socket, address] = arguments.as_slice()
        && command == "media"
    {
        media::run(socket.as_ref(), address);
    }
    let words: Vec<&String> = arguments.iter().filter(|word| !word.starts_with('-')).collect();
    for (name, test) in TESTS {
        if words.is_empty() || words.iter().any(|word| name.contains(word.as_str())) {
            // A failure is a panic, and ends the program.
            test();
            println!("test {name} ... ok");
        }
    }
}

/// A session between two peers that nobody is behind.
fn wish(session: SessionId) -> SessionSpec {
    let realm = || Name::new("lab").expect("a name");
    let side = |port| SideSpec::new(realm(), Some(([127, 0, 0, 1], port).into()));
    SessionSpec { id: session, epoch: Epoch(1), media_timeout_s: 60, sides: [side(9), side(19)] }
}

fn with_key(mut spec: SessionSpec) -> SessionSpec {
    let key = MasterKey::from_bytes(Suite::AesCm128HmacSha1_80, &[7; 30]);
    spec.sides[1].send = Protection::Srtp(key.expect("thirty bytes are a key of this suite"));
    spec
}

fn a_session_is_opened_changed_and_closed() {
    let media = Media::start();
    let mut signaling = Signaling::new(&[&media], Settings::default());
    signaling.wait_until_up(1);

    let session = mint();
    signaling.open(wish(session));
    let (epoch, ports) = signaling.wait_for_ports(session);
    assert_eq!(epoch, Epoch(1));
    assert_eq!(ports.a.ip().to_string(), media.address());
    assert_ne!(ports.a, ports.b);

    let peer = std::net::UdpSocket::bind("127.0.0.1:0").expect("there is a port");
    let mut towards_peer = wish(session);
    towards_peer.sides[1].remote = Some(peer.local_addr().expect("it is bound"));
    towards_peer.sides[0].remote = Some(peer.local_addr().expect("it is bound"));
    assert_eq!(signaling.update(towards_peer), Some(Epoch(2)));
    signaling.wait_for(|event| *event == FleetEvent::Applied { session, epoch: Epoch(2) });
    let packet = [&[0x80, 0, 0, 1, 0, 0, 0, 160, 9, 9, 9, 9][..], &[0x55; 160]].concat();
    peer.send_to(&packet, ports.a).expect("loopback takes it");
    let mut received = [0; 2048];
    let (len, from) = peer.recv_from(&mut received).expect("it is relayed");
    assert_eq!((len, from), (packet.len(), ports.b));
    signaling.wait_for(|event| matches!(event, FleetEvent::Media(control::Event::FirstMedia { .. })));

    let mut elsewhere = wish(session);
    elsewhere.sides[0].realm = Name::new("moon").expect("a name");
    assert_eq!(signaling.update(elsewhere), Some(Epoch(3)));
    signaling.wait_for(|event| matches!(event, FleetEvent::UpdateRefused { epoch: Epoch(3), .. }));

    signaling.close(session);
    let closed = signaling.wait_for(|event| matches!(event, FleetEvent::Closed { .. }));
    let FleetEvent::Closed { summary: Some(summary), .. } = closed else { panic!("no summary: {closed:?}") };
    assert_eq!(summary.from[0].packets, 1);
}

fn media_goes_on_while_signaling_is_replaced() {
    let media = Media::start();
    let mut signaling = Signaling::new(&[&media], Settings::default());
    signaling.wait_until_up(1);
    let (kept, forgotten) = (mint(), mint());
    signaling.open(with_key(wish(kept)));
    signaling.open(wish(forgotten));
    let (_, ports) = signaling.wait_for_ports(kept);
    signaling.wait_for_ports(forgotten);
    drop(signaling);

    let grace = Duration::from_millis(300);
    let mut signaling = Signaling::new(&[&media], Settings { grace, ..Settings::default() });
    signaling.adopt(&media, with_key(wish(kept)));
    let adopted = signaling.wait_for(|event| matches!(event, FleetEvent::Adopted { .. }));
    assert_eq!(adopted, FleetEvent::Adopted { session: kept, epoch: Epoch(1), ports });
    assert_eq!(signaling.fleet().metrics().strays_closed.count(), 0, "it has its grace");
    signaling.run_until(|fleet| fleet.metrics().strays_closed.count() == 1);

    // What was adopted can be changed, and is the only one left.
    signaling.update(with_key(wish(kept)));
    signaling.wait_for(|event| *event == FleetEvent::Applied { session: kept, epoch: Epoch(2) });
    assert_eq!(media.sessions(), [kept]);
}

fn what_a_node_loses_is_opened_again_unless_it_has_keys() {
    let mut media = Media::start();
    let mut signaling = Signaling::new(&[&media], Settings::default());
    signaling.wait_until_up(1);
    let (clear, keyed) = (mint(), mint());
    signaling.open(wish(clear));
    signaling.open(with_key(wish(keyed)));
    signaling.wait_for_ports(clear);
    signaling.wait_for_ports(keyed);

    media.kill();
    signaling.wait_for(|event| matches!(event, FleetEvent::NodeDown { .. }));
    let refused = mint();
    signaling.open(wish(refused));
    signaling.wait_for(|event| *event == FleetEvent::Refused { session: refused, reason: Refusal::NoNode });

    media.start_again();
    signaling.wait_for(|event| *event == FleetEvent::Lost { session: keyed });
    signaling.wait_for(|event| matches!(event, FleetEvent::Reopened { session, .. } if *session == clear));
    assert_eq!(media.sessions(), [clear]);
}

fn a_node_that_hangs_is_down_and_comes_back() {
    let (media, other) = (Media::start(), Media::start());
    let silence_max = Duration::from_millis(500);
    let mut signaling = Signaling::new(&[&media, &other], Settings { silence_max, ..Settings::default() });
    signaling.wait_until_up(2);
    media.signal("STOP");
    // Both have the same room, so that of two sessions one is asked of each.
    let sessions = [mint(), mint()];
    for session in sessions {
        signaling.open(wish(session));
    }
    for session in sessions {
        signaling.wait_for_ports(session);
        assert_eq!(signaling.fleet().node_of(session), Some(&other.name()));
    }
    media.signal("CONT");
    signaling.wait_for(|event| *event == FleetEvent::NodeUp { node: media.name() });
    // It may have opened what it was asked for before, and has closed it then.
    signaling.run_until(|_| media.sessions().is_empty());
    assert_eq!(other.sessions().len(), 2);
}

fn nodes_are_filled_alike_and_without_one_nothing_opens() {
    let nodes = [Media::start(), Media::start(), Media::start()];
    let mut signaling = Signaling::new(&nodes.each_ref(), Settings::default());
    let early = mint();
    signaling.open(wish(early));
    signaling.wait_for(|event| *event == FleetEvent::Refused { session: early, reason: Refusal::NoNode });
    signaling.wait_until_up(3);
    let sessions: Vec<SessionId> = (0..9).map(|_| mint()).collect();
    for session in &sessions {
        signaling.open(wish(*session));
    }
    for session in &sessions {
        signaling.wait_for_ports(*session);
    }
    for node in &nodes {
        assert_eq!(node.sessions().len(), 3, "{:?}", node.name());
    }
}

fn a_burst_of_calls_is_opened_and_closed() {
    let media = Media::start();
    let mut signaling = Signaling::new(&[&media], Settings::default());
    signaling.wait_until_up(1);
    // Each takes four descriptors of the media process.
    let sessions: Vec<SessionId> = (0..200).map(|_| mint()).collect();
    let start = Instant::now();
    for session in &sessions {
        signaling.open(wish(*session));
    }
    for session in &sessions {
        signaling.wait_for_ports(*session);
    }
    let opened = start.elapsed();
    for session in &sessions {
        signaling.close(*session);
    }
    for session in &sessions {
        signaling.wait_for(|event| {
            matches!(event, FleetEvent::Closed { session: closed, summary: Some(_) } if closed == session)
        });
    }
    println!("{} sessions: opened in {opened:?}, closed in {:?}", sessions.len(), start.elapsed() - opened);
    assert!(media.sessions().is_empty());
    assert_eq!(signaling.fleet().metrics().answer.count(), 200);
}
