//! Names to addresses, with DNS servers on the loopback device that say what each test wants.

#![expect(clippy::unwrap_used, reason = "what helps a test fails as a test does")]

mod server;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sip::flow::Protocol;
use transport::resolve::{Answer, Query, ResolveError, Resolver, ResolverSetup};
use transport::{Arrival, Guard, Setup, Transport};

use crate::server::{A, AAAA, CNAME, NAPTR, Reply, SRV, Server, a, aaaa, naptr, srv};

struct Nobody;

impl Guard for Nobody {
    fn knows(&self, _: IpAddr) -> bool {
        false
    }

    fn is_host(&self, _: &str) -> bool {
        false
    }
}

struct Scene {
    transport: Transport,
    resolver: Resolver,
    next: u64,
}

impl Scene {
    fn new(setup: ResolverSetup) -> Self {
        let transport = Transport::open(&Setup::default()).unwrap();
        let resolver = Resolver::start(setup, transport.waker()).unwrap();
        Self { transport, resolver, next: 0 }
    }

    fn with_servers(servers: &[&Server]) -> Self {
        let servers = servers.iter().map(|server| server.address).collect();
        Self::new(ResolverSetup { servers, ..ResolverSetup::default() })
    }

    /// Waits for so many answers, which the waker of the transport has to announce.
    fn answers(&mut self, count: usize) -> Vec<Answer> {
        let start = Instant::now();
        let mut answers = Vec::new();
        while answers.len() < count {
            assert!(start.elapsed() < Duration::from_secs(20), "{answers:?}");
            let mut is_woken = false;
            let hear = &mut |arrival: Arrival<'_>| is_woken |= matches!(arrival, Arrival::Woken);
            self.transport.poll(Some(Duration::from_secs(20)), &Nobody, hear).unwrap();
            assert!(is_woken);
            answers.extend(std::iter::from_fn(|| self.resolver.next_answer()));
        }
        answers
    }

    fn ask(
        &mut self,
        name: &str,
        port: Option<u16>,
        protocol: Protocol,
    ) -> Result<Vec<SocketAddr>, ResolveError> {
        let answer = self.choose(name, port, &[protocol]);
        assert_eq!(answer.protocol, protocol);
        answer.result
    }

    /// Asks with several protocols to choose from.
    fn choose(&mut self, name: &str, port: Option<u16>, protocols: &[Protocol]) -> Answer {
        self.next += 1;
        self.resolver.ask(Query { name: name.to_owned(), port, protocols: protocols.to_vec() }, self.next);
        let answer = self.answers(1).remove(0);
        assert_eq!(answer.token, self.next);
        answer
    }
}

fn addresses(texts: &[&str]) -> Result<Vec<SocketAddr>, ResolveError> {
    Ok(texts.iter().map(|text| text.parse().unwrap()).collect())
}

#[test]
fn an_address_is_its_own_answer() {
    let mut scene = Scene::new(ResolverSetup::default());
    for (name, port, protocol, expected) in [
        ("192.0.2.1", None, Protocol::Udp, "192.0.2.1:5060"),
        ("192.0.2.1", Some(5070), Protocol::Tcp, "192.0.2.1:5070"),
        ("[2001:db8::1]", None, Protocol::Tls, "[2001:db8::1]:5061"),
        ("2001:db8::1", Some(1), Protocol::Tls, "[2001:db8::1]:1"),
    ] {
        assert_eq!(scene.ask(name, port, protocol), addresses(&[expected]));
    }
}

#[test]
fn with_a_port_there_are_no_services() {
    let server = Server::start(|_, kind| match kind {
        A => Reply::records([a(60, [192, 0, 2, 1]), a(60, [192, 0, 2, 2])]),
        AAAA => Reply::records([aaaa(60, "2001:db8::1")]),
        _ => Reply::records([srv(60, 0, 0, 1, "never.example")]),
    });
    let mut scene = Scene::with_servers(&[&server]);
    let expected = addresses(&["192.0.2.1:5070", "192.0.2.2:5070", "[2001:db8::1]:5070"]);
    assert_eq!(scene.ask("a.example", Some(5070), Protocol::Udp), expected);
    let mut asked = server.asked();
    asked.sort();
    assert_eq!(asked, [A, AAAA].map(|kind| ("a.example".to_owned(), kind)));
}

#[test]
fn services_come_by_priority_with_their_own_ports() {
    let server = Server::start(|name, kind| match (name, kind) {
        ("_sip._tcp.a.example", SRV) => Reply::records([
            srv(60, 20, 0, 5062, "second.example"),
            srv(60, 10, 5, 5061, "first.example"),
            srv(60, 30, 0, 5063, "gone.example"),
        ]),
        ("first.example", A) => Reply::records([a(60, [192, 0, 2, 1])]),
        ("second.example", A) => Reply::records([a(60, [192, 0, 2, 2])]),
        ("gone.example", _) => Reply::NoSuchName,
        _ => Reply::records([]),
    });
    let mut scene = Scene::with_servers(&[&server]);
    assert_eq!(scene.ask("A.Example", None, Protocol::Tcp), addresses(&["192.0.2.1:5061", "192.0.2.2:5062"]));
}

#[test]
fn equal_services_share_by_weight() {
    let server = Server::start(|name, kind| match (name, kind) {
        ("_sip._udp.a.example", _) => {
            Reply::records([srv(60, 1, 90, 1, "heavy.example"), srv(60, 1, 10, 2, "light.example")])
        }
        (_, A) => Reply::records([a(60, [192, 0, 2, 1])]),
        _ => Reply::records([]),
    });
    let mut scene = Scene::with_servers(&[&server]);
    let mut heavy = 0;
    for _ in 0..1000 {
        let found = scene.ask("a.example", None, Protocol::Udp).unwrap();
        assert_eq!(found.len(), 2);
        heavy += u32::from(found[0].port() == 1);
    }
    // 900 are expected; the chance to be 100 away is less than one in 10^20.
    assert!((800..1000).contains(&heavy), "{heavy}");
    assert_eq!(server.asked().len(), 5, "what is known is not asked for again");
}

#[test]
fn without_services_the_name_itself_is_asked_for() {
    let server = Server::start(|_, kind| match kind {
        A => Reply::records([a(60, [192, 0, 2, 1])]),
        SRV => Reply::NoSuchName,
        _ => Reply::records([]),
    });
    let mut scene = Scene::with_servers(&[&server]);
    assert_eq!(scene.ask("a.example", None, Protocol::Udp), addresses(&["192.0.2.1:5060"]));
    assert_eq!(scene.ask("a.example", None, Protocol::Tls), addresses(&["192.0.2.1:5061"]));
    let services: Vec<_> = server.asked().into_iter().filter(|(_, kind)| *kind == SRV).collect();
    let expected = ["_sip._udp.a.example", "_sips._tcp.a.example"].map(|name| (name.to_owned(), SRV));
    assert_eq!(services, expected);
}

#[test]
fn among_several_protocols_the_name_says_which() {
    let server = Server::start(|name, kind| match (name, kind) {
        ("a.example", NAPTR) => Reply::records([
            naptr(20, 1, "SIP+D2U", "_sip._udp.a.example"),
            naptr(10, 5, "sip+d2t", "elsewhere.example"),
            naptr(10, 1, "E2U+sip", "never.example"),
            naptr(5, 1, "SIPS+D2T", "_sips._tcp.a.example"),
        ]),
        ("elsewhere.example", SRV) => Reply::records([srv(60, 1, 1, 5070, "host.example")]),
        ("host.example", A) => Reply::records([a(60, [192, 0, 2, 1])]),
        _ => Reply::records([]),
    });
    let mut scene = Scene::with_servers(&[&server]);
    let answer = scene.choose("a.example", None, &[Protocol::Udp, Protocol::Tcp]);
    assert_eq!((answer.protocol, answer.result), (Protocol::Tcp, addresses(&["192.0.2.1:5070"])));
    // With a port, or one protocol, there is nothing to choose from.
    let before = server.asked().len();
    let answer = scene.choose("host.example", Some(5080), &[Protocol::Udp, Protocol::Tcp]);
    assert_eq!((answer.protocol, answer.result), (Protocol::Udp, addresses(&["192.0.2.1:5080"])));
    assert!(server.asked().iter().skip(before).all(|(_, kind)| *kind != NAPTR));
}

#[test]
fn a_name_that_does_not_say_has_the_first_protocol_with_services_or_the_first_of_all() {
    let server = Server::start(|name, kind| match (name, kind) {
        ("_sip._tcp.a.example", SRV) => Reply::records([srv(60, 1, 1, 5070, "host.example")]),
        ("host.example" | "b.example", A) => Reply::records([a(60, [192, 0, 2, 1])]),
        (_, NAPTR) => Reply::NoSuchName,
        _ => Reply::records([]),
    });
    let mut scene = Scene::with_servers(&[&server]);
    let answer = scene.choose("a.example", None, &[Protocol::Udp, Protocol::Tcp]);
    assert_eq!((answer.protocol, answer.result), (Protocol::Tcp, addresses(&["192.0.2.1:5070"])));
    let answer = scene.choose("b.example", None, &[Protocol::Udp, Protocol::Tcp]);
    assert_eq!((answer.protocol, answer.result), (Protocol::Udp, addresses(&["192.0.2.1:5060"])));
}

#[test]
fn an_answer_that_was_cut_off_is_asked_for_over_a_connection() {
    let server = Server::start(|_, kind| match kind {
        A => {
            let all = (1..=200).map(|last| a(60, [192, 0, 2, last])).take(60).collect();
            Reply::Cut(vec![a(60, [192, 0, 2, 1])], Some(all))
        }
        _ => Reply::records([]),
    });
    let mut scene = Scene::with_servers(&[&server]);
    let found = scene.ask("a.example", Some(1), Protocol::Udp).unwrap();
    assert_eq!((found.len(), found[59]), (60, "192.0.2.60:1".parse().unwrap()));
}

#[test]
fn what_came_of_an_answer_is_used_when_the_connection_gives_no_more() {
    let server = Server::start(|_, kind| match kind {
        A => Reply::Cut(vec![a(60, [192, 0, 2, 1])], None),
        _ => Reply::records([]),
    });
    let mut scene = Scene::with_servers(&[&server]);
    assert_eq!(scene.ask("a.example", Some(1), Protocol::Udp), addresses(&["192.0.2.1:1"]));
}

#[test]
fn an_alias_leads_on() {
    let server = Server::start(|_, kind| match kind {
        A => Reply::records([
            (None, CNAME, 60, b"\x04real\x07example\0".to_vec()),
            (Some("real.example"), A, 60, vec![192, 0, 2, 1]),
            (Some("other.example"), A, 60, vec![192, 0, 2, 2]),
        ]),
        _ => Reply::records([]),
    });
    let mut scene = Scene::with_servers(&[&server]);
    assert_eq!(scene.ask("a.example", Some(1), Protocol::Udp), addresses(&["192.0.2.1:1"]));
}

#[test]
fn what_does_not_exist_is_not_found_and_not_asked_for_at_once_again() {
    let server = Server::start(|_, _| Reply::NoSuchName);
    let mut scene = Scene::with_servers(&[&server]);
    for _ in 0..3 {
        assert_eq!(scene.ask("a.example", None, Protocol::Udp), Err(ResolveError::NotFound));
    }
    assert_eq!(server.asked().len(), 3);
}

#[test]
fn what_has_expired_is_asked_for_again() {
    let server = Server::start(|_, kind| match kind {
        A => Reply::records([a(0, [192, 0, 2, 1])]),
        _ => Reply::records([]),
    });
    let mut scene = Scene::with_servers(&[&server]);
    let start = Instant::now();
    let asked = |server: &Server| server.asked().into_iter().filter(|(_, kind)| *kind == A).count();
    while asked(&server) < 2 {
        assert_eq!(scene.ask("a.example", Some(1), Protocol::Udp), addresses(&["192.0.2.1:1"]));
    }
    // A second is the least for which anything holds.
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[test]
fn silence_ends_in_time_and_holds_nobody_else_up() {
    let server = Server::start(|name, kind| match (name, kind) {
        ("good.example", A) => Reply::records([a(60, [192, 0, 2, 1])]),
        ("good.example", _) => Reply::records([]),
        _ => Reply::Silence,
    });
    let mut scene = Scene::with_servers(&[&server]);
    let start = Instant::now();
    let silent = Query { name: "silent.example".to_owned(), port: None, protocols: vec![Protocol::Udp] };
    scene.resolver.ask(silent, 1000);
    assert_eq!(scene.ask("good.example", Some(1), Protocol::Udp), addresses(&["192.0.2.1:1"]));
    assert!(start.elapsed() < Duration::from_secs(1));
    assert_eq!(
        scene.answers(1),
        [Answer { token: 1000, protocol: Protocol::Udp, result: Err(ResolveError::TimedOut) }]
    );
    let elapsed = start.elapsed();
    assert!((Duration::from_secs(1)..Duration::from_secs(4)).contains(&elapsed), "{elapsed:?}");
}

#[test]
fn the_next_server_answers_for_one_that_does_not() {
    for bad in [Reply::Silence, Reply::Refused, Reply::Forged] {
        let first = Server::start(move |_, _| bad.clone());
        let second = Server::start(|_, kind| match kind {
            A => Reply::records([a(60, [192, 0, 2, 1])]),
            _ => Reply::records([]),
        });
        let mut scene = Scene::with_servers(&[&first, &second]);
        assert_eq!(scene.ask("a.example", Some(1), Protocol::Udp), addresses(&["192.0.2.1:1"]));
        assert!(!first.asked().is_empty());
    }
}

#[test]
fn what_was_true_is_used_when_the_server_is_down() {
    let is_down = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&is_down);
    let server = Server::start(move |_, kind| match (switch.load(Ordering::SeqCst), kind) {
        (true, _) => Reply::Silence,
        (false, A) => Reply::records([a(1, [192, 0, 2, 1])]),
        (false, AAAA) => Reply::records([aaaa(1, "2001:db8::1")]),
        (false, _) => Reply::records([]),
    });
    let mut scene = Scene::with_servers(&[&server]);
    let expected = addresses(&["192.0.2.1:1", "[2001:db8::1]:1"]);
    assert_eq!(scene.ask("a.example", Some(1), Protocol::Udp), expected);
    is_down.store(true, Ordering::SeqCst);
    let before = server.asked().len();
    while server.asked().len() == before {
        assert_eq!(scene.ask("a.example", Some(1), Protocol::Udp), expected);
    }
    // For a while nobody waits for it again.
    let start = Instant::now();
    assert_eq!(scene.ask("a.example", Some(1), Protocol::Udp), expected);
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[test]
fn names_of_the_configuration_need_no_server() {
    let setup = ResolverSetup::default();
    let setup = setup.with_host("Carrier.Example", &["192.0.2.1".parse().unwrap(), "::1".parse().unwrap()]);
    let mut scene = Scene::new(setup);
    let expected = addresses(&["192.0.2.1:5061", "[::1]:5061"]);
    assert_eq!(scene.ask("carrier.example.", None, Protocol::Tls), expected);
    assert_eq!(scene.ask("other.example", None, Protocol::Tls), Err(ResolveError::TimedOut));
}

#[test]
fn what_is_no_name_is_refused() {
    let server = Server::start(|_, _| Reply::NoSuchName);
    let mut scene = Scene::with_servers(&[&server]);
    for name in ["", "a..b", "a b", &"x".repeat(64), &"a.".repeat(200)] {
        assert_eq!(scene.ask(name, Some(1), Protocol::Udp), Err(ResolveError::Invalid), "{name}");
    }
    assert!(server.asked().is_empty());
}

#[test]
fn each_question_has_one_answer_and_too_many_are_refused() {
    let server = Server::start(|_, _| Reply::Silence);
    let mut scene = Scene::with_servers(&[&server]);
    for token in 0..1100 {
        let name = format!("a{token}.example");
        scene.resolver.ask(Query { name, port: Some(1), protocols: vec![Protocol::Udp] }, token);
    }
    let answers = scene.answers(1100);
    let mut tokens: Vec<u64> = answers.iter().map(|answer| answer.token).collect();
    tokens.sort_unstable();
    assert!(tokens.into_iter().eq(0..1100));
    let full = answers.iter().filter(|answer| answer.result == Err(ResolveError::Full)).count();
    assert_eq!(full, 1100 - 1024);
    assert!(answers.iter().all(|answer| answer.result.is_err()));
}

#[test]
fn the_system_can_be_asked_who_knows_names() {
    // Every machine that these tests run on knows itself.
    let mut scene = Scene::new(ResolverSetup::of_system());
    let found = scene.ask("localhost", Some(1), Protocol::Udp).unwrap();
    assert!(found.iter().any(|address| address.ip().is_loopback()), "{found:?}");
}
