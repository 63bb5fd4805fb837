//! What it costs to read, understand and write a message of SIP, to decide where a call goes, and a whole call without its
//! sockets.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use call::{Engine, Input, MediaEvent, Moment, Output, Wish};
use control::{Name, Ports};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use loadgen::calls::letter::Letters;
use loadgen::calls::plan::{Hold, Plan};
use loadgen::calls::sockets::End;
use loadgen::calls::traffic::Traffic;
use sdp::negotiate::{Encryption, Exchange, Policy, Terms, answer_for, offer_for};
use sdp::{Key, Origin, SessionDescription, Suite};
use sip::digest::{Algorithm, Challenge, Credentials, Ha1, Login};
use sip::flow::{Destination, Flow, Protocol};
use sip::lexer::lex;
use sip::validate::{Rules, Verdict, validate};
use sip::{Request, Response};
use trunk::Seed;
use trunk::records::{CarrierLinkRecord, CarrierRecord, Records, TerminationRecord, VoiceConnectorRecord};
use trunk::route::{self, Attempt, Offer};
use trunk::snapshot::{Side, Snapshot};

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = messages, descriptions, decisions, calls
}
criterion_main!(benches);

/// What an SBC sends: 15 headers and a description with a key.
const INVITE: &[u8] = include_bytes!("../tools/fuzz/corpus/sip_message/invite.sip");

const PBX: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const CARRIER: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);
const HERE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 200);
const CONNECTOR: &str = "headquarters0000000001";
const HOST: &str = "headquarters0000000001.vc.example";

fn messages(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sip");
    group.throughput(Throughput::Elements(1));
    group.bench_function("lex", |bencher| bencher.iter(|| drop(black_box(lex(black_box(INVITE))))));
    group.bench_function("lex_validate", |bencher| {
        bencher.iter(|| {
            let lexed = lex(black_box(INVITE)).expect("the sample is a message");
            matches!(validate(&lexed, &Rules::TRUNK), Verdict::Request(_))
        });
    });
    group.bench_function("to_request", |bencher| bencher.iter(|| drop(black_box(whole()))));
    let request = whole();
    let mut out = Vec::with_capacity(2048);
    group.bench_function("write", |bencher| {
        bencher.iter(|| {
            out.clear();
            black_box(&request).write(&mut out).expect("what was read can be written");
        });
    });
    group.bench_function("answer", |bencher| {
        bencher.iter(|| {
            out.clear();
            let response = Response::to_request(black_box(&request), 180).with_to_tag("a6c85cf");
            response.expect("To is one").write(&mut out).expect("what was read can be written");
        });
    });
    group.bench_function("rsip_parse", |bencher| {
        bencher.iter(|| drop(black_box(rsip::SipMessage::try_from(black_box(INVITE)))));
    });
}

fn whole() -> Request {
    let lexed = lex(black_box(INVITE)).expect("the sample is a message");
    match validate(&lexed, &Rules::TRUNK) {
        Verdict::Request(checked) => checked.to_request(),
        other @ (Verdict::Response(_) | Verdict::Answer(_) | Verdict::Drop(_)) => {
            panic!("the sample is worked with: {other:?}")
        }
    }
}

/// One leg with SRTP, the other without.
fn descriptions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sip");
    let text = whole().body().to_vec();
    group.bench_function("sdp_parse", |bencher| {
        bencher.iter(|| drop(black_box(SessionDescription::parse(black_box(&text)))));
    });
    let (policies, origin) = (
        [Encryption::Required, Encryption::Refused]
            .map(|encryption| Policy { encryption, ..Policy::default() }),
        Origin::new(7, IpAddr::V4(HERE)),
    );
    let keys: Vec<Key> = Suite::ALL.iter().map(key).collect();
    let terms = |leg: usize, port| Terms {
        policy: &policies[leg],
        rtp: SocketAddr::from((HERE, port)),
        keys: &keys,
        origin: &origin,
        previous: None,
    };
    let (asking, replying) = (terms(0, 20_000), terms(1, 30_000));
    let offer = SessionDescription::parse(&text).expect("the sample has a description");
    let said =
        b"v=0\no=- 1 1 IN IP4 198.51.100.1\ns=-\nc=IN IP4 198.51.100.1\nt=0 0\nm=audio 4000 RTP/AVP 0 101\n\
        a=rtpmap:101 telephone-event/8000\na=fmtp:101 0-15\n";
    let answer = SessionDescription::parse(said).expect("it is one");
    group.bench_function("sdp_offer", |bencher| {
        bencher.iter(|| offer_for(black_box(&offer), &asking, &replying).expect("it suits"));
    });
    let forwarded = offer_for(&offer, &asking, &replying).expect("it suits");
    group.bench_function("sdp_answer", |bencher| {
        let exchange = Exchange { offer: &offer, forwarded: &forwarded, answer: &answer };
        bencher.iter(|| answer_for(black_box(exchange), &asking, &replying).expect("it suits"));
    });
}

fn key(suite: &Suite) -> Key {
    let len = Suite::named(suite.name()).expect("a known suite").inline_len();
    Key::new(suite.name(), &vec![7; len]).expect("the length of the suite")
}

fn decisions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sip");
    for (name, algorithm) in [("digest_md5", Algorithm::Md5), ("digest_sha256", Algorithm::Sha256)] {
        let secret = Ha1::new(algorithm, "pbx", "vc.example", "secret");
        let challenge = Challenge::new("vc.example", "0123456789abcdef0123456789abcdef", algorithm, false);
        let login = Login { username: "pbx", secret: &secret };
        let value = login.answer(&challenge, "INVITE", "sip:+12065550123@vc.example", 1, "abc");
        let value = value.expect("the algorithms are the same");
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let credentials = Credentials::parse(black_box(&value)).expect("they were written so");
                assert!(credentials.prove(&secret, "INVITE"));
            });
        });
    }
    let snapshot = Snapshot::build(&records()).expect("the records are right");
    let attempt = Attempt {
        asserted: &["+12065550100"],
        credentials: route::Credentials::Absent,
        from: "+12065550100",
        here: None,
        host: HOST,
        number: "+12065550123",
        offer: Offer::Clear,
        privacy: false,
        side: Side::Customer,
        source: IpAddr::V4(PBX),
        transport: trunk::Transport::Udp,
    };
    group.bench_function("route_decide", |bencher| {
        let mut seed = Seed(1);
        bencher.iter(|| route::decide(&snapshot, black_box(&attempt), |bound| seed.below(bound)));
    });
}

fn records() -> Records {
    let termination = TerminationRecord {
        calling_regions: vec!["US".to_owned()],
        cidr_allowed_list: vec![format!("{PBX}/32")],
        cps_limit: 1_000_000,
        ..TerminationRecord::default()
    };
    let connector = VoiceConnectorRecord {
        name: "one".to_owned(),
        voice_connector_id: CONNECTOR.to_owned(),
        termination: Some(termination),
        ..VoiceConnectorRecord::default()
    };
    let link = CarrierLinkRecord {
        carrier_link_id: "north-1".to_owned(),
        host: CARRIER.to_string(),
        priority: 1,
        ..CarrierLinkRecord::default()
    };
    let carrier =
        CarrierRecord { carrier_id: "north".to_owned(), links: vec![link], name: "North".to_owned() };
    let quotas = trunk::Quotas { cps: 1_000_000, ..trunk::Quotas::default() };
    Records {
        carriers: vec![carrier],
        voice_connectors: vec![connector],
        quotas,
        zone: "vc.example".to_owned(),
        ..Records::default()
    }
}

/// INVITE, 100, 180, 200, ACK, BYE, 200 on both legs; what the peers cost is not counted.
fn calls(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sip");
    group.throughput(Throughput::Elements(1));
    group.bench_function("call", |bencher| {
        let mut world = World::new();
        bencher.iter_custom(|count| world.calls(count));
    });
}

/// An engine between a PBX and a carrier, in virtual time.
struct World {
    engine: Engine,
    traffic: Traffic,
    now: Duration,
    busy: Duration,
}

/// From one call to the next: 100 calls a second, whose copies are kept for 32 s as they are in earnest.
const STEP: Duration = Duration::from_millis(10);

impl World {
    fn new() -> Self {
        let snapshot = Arc::new(Snapshot::build(&records()).expect("the records are right"));
        let listener = call::Listener {
            protocol: Protocol::Udp,
            local: SocketAddr::from((HERE, 5060)),
            advertised: format!("{HERE}:5060"),
        };
        let realm = |name| Name::new(name).expect("letters");
        let mut setup = call::Setup::new(snapshot, vec![listener], realm("customers"), realm("carriers"));
        setup.probe_interval = None;
        let letters = Letters {
            run: "0badcafe".to_owned(),
            host: HOST.to_owned(),
            caller: "+12065550100".to_owned(),
            protocol: "UDP",
            is_protected: false,
            media_ports: Vec::new(),
        };
        let (pbx, carrier) = (SocketAddr::from((PBX, 5060)), SocketAddr::from((CARRIER, 5060)));
        let traffic = Traffic::new(letters, vec![pbx], carrier);
        Self { engine: Engine::new(setup, [7; 32]), traffic, now: STEP, busy: Duration::ZERO }
    }

    /// Makes so many calls, one after the other, and returns what the engine took.
    fn calls(&mut self, count: u64) -> Duration {
        self.busy = Duration::ZERO;
        for _ in 0..count {
            self.now += STEP;
            let plan = Plan { calls: 1, rate: 1, ring_ns: 0, hold: Hold::For(0), talking: 0 };
            self.traffic.begin(plan, self.now.as_nanos() as u64);
            while self.traffic.open() > 0 || !self.traffic.is_begun() {
                self.traffic.turn(self.now.as_nanos() as u64);
                self.deliver();
            }
            assert_eq!(self.traffic.figures().completed, 1, "{:?}", self.traffic.figures());
            if self.engine.next_timeout().is_some_and(|due| due <= self.now) {
                self.hear(Input::Timer);
            }
        }
        self.busy
    }

    fn hear(&mut self, input: Input<'_>) {
        let moment = Moment { elapsed: self.now, unix: Duration::from_secs(1_700_000_000) + self.now };
        let started = Instant::now();
        self.engine.handle(moment, input);
        self.busy += started.elapsed();
    }

    /// Brings messages where they belong until there are none.
    fn deliver(&mut self) {
        loop {
            let mut messages = Vec::new();
            self.traffic.outbox.drain(|end, bytes| messages.push((end, bytes.to_vec())));
            if messages.is_empty() {
                return;
            }
            for (end, bytes) in messages {
                let remote = match end {
                    End::Pbx(_) => SocketAddr::from((PBX, 5060)),
                    End::Carrier(_) => SocketAddr::from((CARRIER, 5060)),
                };
                let local = SocketAddr::from((HERE, 5060));
                let flow = Flow { protocol: Protocol::Udp, local, remote, connection: 0 };
                self.hear(Input::Received { flow, bytes: &bytes });
                self.act();
            }
        }
    }

    fn act(&mut self) {
        while let Some(output) = self.engine.poll() {
            match output {
                Output::Send { to, bytes } => {
                    let remote = match to {
                        Destination::Flow(flow) => flow.remote,
                        Destination::Target(target) => target.remote,
                    };
                    let here = SocketAddr::from((HERE, 5060));
                    let end = if remote.ip() == PBX { End::Pbx(0) } else { End::Carrier(here) };
                    self.traffic.hear(end, &bytes, self.now.as_nanos() as u64);
                }
                Output::Media(Wish::Open(spec)) => {
                    let ports = Ports { a: (HERE, 20_000).into(), b: (HERE, 30_000).into() };
                    let (session, epoch) = (spec.id, spec.epoch);
                    self.hear(Input::Media(MediaEvent::Opened { session, epoch, ports }));
                }
                Output::Media(Wish::Update(spec)) => {
                    let (session, epoch) = (spec.id, spec.epoch);
                    self.hear(Input::Media(MediaEvent::Applied { session, epoch }));
                }
                Output::Resolve { .. }
                | Output::Media(Wish::Close(_))
                | Output::Begin(_)
                | Output::Resumed(_)
                | Output::Answered { .. }
                | Output::End(_)
                | Output::Note(_) => {}
            }
        }
    }
}
