//! One message of each kind, with a value in every field that no other field has.

use control::{
    Count, DirectionSummary, Epoch, Event, FromMedia, Incarnation, Learn, Name, PayloadMap, Permit, Ports,
    Protection, RealmState, Reason, Request, RequestId, Response, Rtcp, SessionId, SessionSpec, SessionState,
    SessionSummary, SideName, SideSpec, ToMedia, Versions, WorkerState,
};
use crypto::{MasterKey, Suite};

const SESSION: SessionId = SessionId(0x0102_0304_0506_0708);
const EPOCH: Epoch = Epoch(0x090a_0b0c);

/// What a client may send, by the names of the vectors.
pub(crate) fn to_media() -> Vec<(&'static str, ToMedia)> {
    let request = |number, request| ToMedia::Request(RequestId(number), request);
    vec![
        ("hello", ToMedia::Hello(Versions { lowest: 1, highest: 2 })),
        ("apply", request(0x1112_1314, Request::Apply(Box::new(wish())))),
        ("close", request(2, Request::Close(SESSION))),
        ("list", request(3, Request::List(None))),
        ("list_after", request(4, Request::List(Some(SESSION)))),
        ("describe", request(5, Request::Describe(SESSION))),
        ("statistics", request(6, Request::Statistics)),
        ("realms", request(7, Request::Realms)),
        ("workers", request(8, Request::Workers)),
        ("subscribe", request(9, Request::Subscribe)),
    ]
}

/// What the media process may send, by the names of the vectors.
pub(crate) fn from_media() -> Vec<(&'static str, FromMedia)> {
    let welcome = FromMedia::Welcome { version: 1, incarnation: Incarnation(0x2122_2324_2526_2728) };
    let mut messages =
        vec![("welcome", welcome), ("no_version", FromMedia::NoVersion(Versions { lowest: 3, highest: 4 }))];
    messages.extend(
        responses()
            .into_iter()
            .map(|(name, response)| (name, FromMedia::Response(RequestId(0x1112_1314), response))),
    );
    messages.extend(events().into_iter().map(|(name, event)| (name, FromMedia::Event(event))));
    messages
}

/// A wish with every list full, in clear on side A and protected on side B.
pub(crate) fn wish() -> SessionSpec {
    let key = |suite: Suite, byte| {
        MasterKey::from_bytes(suite, &vec![byte; suite.inline_len()])
            .expect("the length is that of the suite")
    };
    let mut a = SideSpec::new(name("customers"), Some("192.0.2.1:4000".parse().expect("an address")));
    a.rtcp = Rtcp::NextPort(Some(4003));
    a.learn = Learn::Address { window_ms: 5000 };
    a.permits = vec![
        Permit { address: "192.0.2.0".parse().expect("an address"), prefix_len: 24 },
        Permit { address: "2001:db8::".parse().expect("an address"), prefix_len: 32 },
    ];
    a.payload_maps =
        [(96, 101), (97, 102), (98, 103), (99, 104)].map(|(from, to)| PayloadMap { from, to }).to_vec();
    a.telephone_event = Some(105);
    a.sends = false;
    let mut b = SideSpec::new(name("carrier_1"), Some("[2001:db8::5]:4006".parse().expect("an address")));
    b.rtcp = Rtcp::Muxed;
    b.learn = Learn::Port;
    b.receive = Protection::Srtp(key(Suite::AesCm128HmacSha1_80, 0xa5));
    b.send = Protection::Srtp(key(Suite::AesCm256HmacSha1_32, 0x5a));
    b.accepts = false;
    b.clock_rate = 48_000;
    b.continuous = true;
    b.dscp = 34;
    SessionSpec { id: SESSION, epoch: EPOCH, media_timeout_s: 60, sides: [a, b] }
}

fn responses() -> Vec<(&'static str, Response)> {
    vec![
        ("applied", Response::Applied { session: SESSION, epoch: EPOCH, ports: ports() }),
        ("refused", Response::Refused { session: SESSION, reason: Reason::PortsExhausted }),
        ("closed", Response::Closed { session: SESSION, summary: Some(summary()) }),
        ("closed_unknown", Response::Closed { session: SESSION, summary: None }),
        (
            "sessions",
            Response::Sessions(vec![state(), SessionState { session: SessionId(u64::MAX), ..state() }]),
        ),
        (
            "session",
            Response::Session {
                state: state(),
                remotes: [Some("192.0.2.1:4001".parse().expect("an address")), None],
                summary: summary(),
            },
        ),
        (
            "counts",
            Response::Statistics(vec![
                Count { name: "forwarded".to_owned(), value: 7 },
                Count { name: "received".to_owned(), value: 8 },
            ]),
        ),
        (
            "realm_states",
            Response::Realms(vec![RealmState {
                realm: name("customers"),
                address: "198.51.100.1".parse().expect("an address"),
                first_port: 10_000,
                last_port: 19_999,
                leased: 6,
                quarantined: 4,
            }]),
        ),
        (
            "worker_states",
            Response::Workers(vec![WorkerState {
                cpu: Some(3),
                driver: "udp".to_owned(),
                sessions: 9,
                received: 10,
                forwarded: 11,
                dropped: 12,
                system_calls: 13,
                turns: 14,
            }]),
        ),
        ("subscribed", Response::Subscribed),
    ]
}

fn events() -> Vec<(&'static str, Event)> {
    let from = "192.0.2.1:4002".parse().expect("an address");
    vec![
        ("first_media", Event::FirstMedia { session: SESSION, side: SideName::A, from }),
        ("media_timeout", Event::MediaTimeout { session: SESSION }),
        (
            "authentication_failures",
            Event::AuthenticationFailures { session: SESSION, side: SideName::B, count: 0x3132_3334 },
        ),
        ("digit", Event::Digit { session: SESSION, side: SideName::B, event: 11, duration: 800 }),
        ("quality", Event::Quality { session: SESSION, summary: summary() }),
        ("overflow", Event::Overflow { lost: 0x4142_4344_4546_4748 }),
    ]
}

pub(crate) fn state() -> SessionState {
    SessionState { session: SESSION, epoch: EPOCH, ports: ports(), worker: 0x1516 }
}

pub(crate) fn ports() -> Ports {
    Ports {
        a: "198.51.100.1:10000".parse().expect("an address"),
        b: "[2001:db8::9]:20000".parse().expect("an address"),
    }
}

fn summary() -> SessionSummary {
    let from_a = DirectionSummary {
        packets: 1,
        bytes: 2,
        rtcp_packets: 3,
        lost: 4,
        duplicates: 5,
        reordered: 6,
        dropped: 7,
        bad_tags: 8,
        jitter_us: 9,
        mos_x100: 410,
    };
    SessionSummary {
        from: [from_a, DirectionSummary { packets: 0x5152_5354_5556_5758, ..DirectionSummary::default() }],
    }
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}
