//! What the ledger does when, to the millisecond and the message.

#[path = "simulation/media.rs"]
#[expect(dead_code, reason = "here nothing is read out of turn, and no session is looked into")]
mod media;
#[path = "simulation/spec.rs"]
mod spec;

use std::time::Duration;

use control::{Epoch, Reason, SessionId};
use fleet::ledger::Ledger;
use fleet::{FleetEvent, Refusal, Settings};

use media::Media;
use spec::{Note, name};

/// Signaling and its nodes, without chance.
struct Scene {
    ledger: Ledger,
    media: Vec<Media>,
    now: Duration,
}

impl Scene {
    fn new(nodes: usize, settings: Settings) -> Self {
        let names = (0..nodes).map(|number| name(&format!("media-{number}")));
        let ledger = Ledger::new(Duration::ZERO, names, settings);
        Self { ledger, media: (0..nodes).map(|_| Media::new(1000)).collect(), now: Duration::ZERO }
    }

    /// Nodes that are up, and nothing told of it.
    fn up(nodes: usize, settings: Settings) -> Self {
        let mut scene = Self::new(nodes, settings);
        scene.connect();
        scene.talk();
        assert_eq!(scene.told().len(), nodes);
        scene
    }

    fn connect(&mut self) {
        for (node, media) in self.media.iter_mut().enumerate() {
            if self.ledger.wants_connection(self.now, node) && media.connect() {
                self.ledger.connected(self.now, node);
            }
        }
    }

    fn lose(&mut self, node: usize) {
        self.ledger.disconnected(self.now, node);
        self.media[node].leave();
    }

    /// Carries all messages, both ways.
    fn talk(&mut self) {
        let mut goes_on = true;
        while std::mem::take(&mut goes_on) {
            for (node, media) in self.media.iter_mut().enumerate() {
                while let Some(message) = self.ledger.peek_message(node) {
                    media.receive(message);
                    self.ledger.message_sent(node);
                }
                media.read_all();
                while media.answer(0) {}
                while let Some(message) = media.send() {
                    self.ledger.handle(self.now, node, &message);
                    goes_on = true;
                }
            }
        }
    }

    fn at(&mut self, ms: u64) {
        self.now = Duration::from_millis(ms);
        self.ledger.handle_timeout(self.now);
    }

    fn open(&mut self, number: u64) {
        self.ledger.open(self.now, note(number, 1).spec());
    }

    fn update(&mut self, number: u64) -> Option<Epoch> {
        self.ledger.update(self.now, note(number, 0).spec())
    }

    fn told(&mut self) -> Vec<FleetEvent> {
        std::iter::from_fn(|| self.ledger.poll_event()).collect()
    }
}

fn note(number: u64, epoch: u32) -> Note {
    Note { session: SessionId(number), epoch: Epoch(epoch), key: None }
}

fn applied(number: u64, epoch: u32) -> FleetEvent {
    FleetEvent::Applied { session: SessionId(number), epoch: Epoch(epoch) }
}

#[test]
fn a_question_without_an_answer_for_three_seconds_ends_the_connection() {
    let mut scene = Scene::up(1, Settings::default());
    assert_eq!(scene.ledger.next_timeout(), Some(Duration::from_secs(1)), "the next ping");
    scene.at(1000);
    scene.at(3999);
    assert!(scene.ledger.is_connected(0) && scene.told().is_empty());
    assert_eq!(scene.ledger.next_timeout(), Some(Duration::from_secs(4)));
    scene.at(4000);
    assert!(!scene.ledger.is_connected(0));
    assert_eq!(scene.told(), [FleetEvent::NodeDown { node: name("media-0") }]);
}

#[test]
fn attempts_to_connect_come_after_100_ms_and_then_ever_later_up_to_500_ms() {
    let mut scene = Scene::up(1, Settings::default());
    scene.media[0].die();
    let mut at = 0;
    for wait in [100, 200, 400, 500, 500] {
        scene.lose(0);
        at += wait;
        assert_eq!(scene.ledger.next_timeout(), Some(Duration::from_millis(at)));
        scene.at(at - 1);
        assert!(!scene.ledger.wants_connection(scene.now, 0));
        scene.at(at);
        assert!(scene.ledger.wants_connection(scene.now, 0));
    }
    scene.media[0].is_alive = true;
    scene.connect();
    scene.talk();
    scene.lose(0);
    assert_eq!(scene.ledger.next_timeout(), Some(Duration::from_millis(at + 100)), "it was up in between");
}

#[test]
fn what_nobody_wishes_keeps_its_grace_over_connections_and_no_longer() {
    let mut scene = Scene::up(1, Settings::default());
    scene.open(1);
    scene.open(2);
    scene.talk();
    scene.ledger = Ledger::new(Duration::ZERO, [name("media-0")], Settings::default());
    scene.media[0].leave();
    scene.connect();
    scene.talk();
    scene.at(20_000);
    scene.talk();
    scene.lose(0);
    scene.at(20_100);
    scene.connect();
    scene.talk();
    // Its owner comes late, but not too late, for one of them.
    scene.ledger.adopt(scene.now, &name("media-0"), note(1, 1).spec());
    for ms in (21_000..30_000).step_by(500) {
        scene.at(ms);
        scene.talk();
    }
    assert_eq!(scene.media[0].sessions.len(), 2);
    scene.at(30_000);
    scene.talk();
    let left: Vec<SessionId> = scene.media[0].sessions.keys().copied().collect();
    assert_eq!(left, [SessionId(1)]);
    let adopted = scene.told().iter().filter(|event| matches!(event, FleetEvent::Adopted { .. })).count();
    assert_eq!(adopted, 1);
}

#[test]
fn a_node_that_stays_away_for_thirty_seconds_takes_its_sessions_with_it() {
    let mut scene = Scene::up(1, Settings::default());
    scene.open(1);
    scene.open(2);
    scene.talk();
    scene.lose(0);
    scene.ledger.close(scene.now, SessionId(2));
    scene.told();
    scene.at(29_999);
    assert!(scene.told().is_empty());
    assert_eq!(scene.update(1), Some(Epoch(2)), "it may come back");
    scene.at(30_000);
    let told = scene.told();
    assert_eq!(
        told,
        [
            FleetEvent::Closed { session: SessionId(2), summary: None },
            FleetEvent::Lost { session: SessionId(1) }
        ]
    );
    assert_eq!(scene.update(1), None);
    // Should it come back all the same, it is told to end them, without any grace.
    scene.connect();
    scene.talk();
    assert!(scene.media[0].sessions.is_empty());
}

#[test]
fn sessions_wait_in_order_and_one_too_many_is_refused_but_changes_and_ends_always_find_room() {
    let mut scene = Scene::up(1, Settings { opens_waiting_max: 10, ..Settings::default() });
    scene.open(1000);
    scene.talk();
    scene.told();
    // The window takes 256, and ten wait.
    for number in 1..=267 {
        scene.open(number);
    }
    let refused = FleetEvent::Refused { session: SessionId(267), reason: Refusal::QueueFull };
    assert_eq!(scene.told(), [refused]);
    assert_eq!(scene.update(1000), Some(Epoch(2)));
    scene.ledger.close(scene.now, SessionId(266));
    scene.open(268);
    scene.talk();
    let told = scene.told();
    assert_eq!(told[0], FleetEvent::Refused { session: SessionId(266), reason: Refusal::Withdrawn });
    assert_eq!(told[1], FleetEvent::Closed { session: SessionId(266), summary: None });
    let opened: Vec<u64> = told
        .iter()
        .filter_map(
            |event| if let FleetEvent::Opened { session, .. } = event { Some(session.0) } else { None },
        )
        .collect();
    assert_eq!(opened, (1..=265).chain([268]).collect::<Vec<u64>>());
    assert!(told.contains(&applied(1000, 2)));
}

#[test]
fn of_wishes_that_follow_each_other_closely_only_the_last_is_asked() {
    let mut scene = Scene::up(1, Settings::default());
    scene.open(2);
    scene.talk();
    scene.told();
    let epochs: Vec<Option<Epoch>> = (0..4).map(|_| scene.update(2)).collect();
    assert_eq!(epochs, [2, 3, 4, 5].map(|epoch| Some(Epoch(epoch))));
    scene.talk();
    assert_eq!(scene.told(), [applied(2, 2), applied(2, 5)], "the first was asked at once");
}

#[test]
fn a_wish_out_of_range_fails_its_call_and_no_other() {
    let mut scene = Scene::up(1, Settings::default());
    scene.open(1);
    let mut odd = note(2, 1).spec();
    odd.sides[0].dscp = 64;
    scene.ledger.open(scene.now, odd);
    let mut odd = note(1, 0).spec();
    odd.sides[1].clock_rate = 1;
    assert_eq!(scene.ledger.update(scene.now, odd), Some(Epoch(2)));
    scene.talk();
    let told = scene.told();
    let invalid = FleetEvent::Refused { session: SessionId(2), reason: Refusal::Media(Reason::Invalid) };
    let unchanged =
        FleetEvent::UpdateRefused { session: SessionId(1), epoch: Epoch(2), reason: Reason::Invalid };
    assert_eq!(told[..2], [invalid, unchanged]);
    assert!(matches!(told[2..], [FleetEvent::Opened { epoch: Epoch(1), .. }]), "{told:?}");
}

#[test]
fn the_node_with_the_most_free_ports_is_chosen_and_the_next_one_if_that_refuses() {
    let mut scene = Scene::new(2, Settings::default());
    scene.media[0] = Media::new(3);
    scene.connect();
    scene.talk();
    scene.told();
    scene.open(1);
    scene.talk();
    assert_eq!(scene.ledger.node_of(SessionId(1)), Some(&name("media-1")));
    scene.media[1] = Media::new(0);
    scene.media[1].connect();
    scene.lose(1);
    scene.at(100);
    scene.connect();
    scene.talk();
    for number in 2..=5 {
        scene.open(number);
        scene.talk();
    }
    let places: Vec<Option<String>> = (2..=5)
        .map(|number| scene.ledger.node_of(SessionId(number)).map(|node| node.as_str().to_owned()))
        .collect();
    let first = || Some("media-0".to_owned());
    assert_eq!(places, [first(), first(), first(), None]);
    let full = FleetEvent::Refused { session: SessionId(5), reason: Refusal::Media(Reason::SessionsFull) };
    assert_eq!(scene.told().last(), Some(&full), "both were asked");
}

#[test]
fn bytes_that_are_no_message_end_the_connection() {
    let mut scene = Scene::up(1, Settings::default());
    scene.ledger.handle(scene.now, 0, &[0xff; 40]);
    assert!(!scene.ledger.is_connected(0));
    assert_eq!(scene.told(), [FleetEvent::NodeDown { node: name("media-0") }]);
    assert_eq!(scene.ledger.metrics().connections_lost.count(), 1);
}
