//! Two phones that call each other directly.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::LazyLock;
use std::time::Duration;

use crypto::Suite;
use loadgen::media::clock::Clock;
use loadgen::phone::melody::Part;
use loadgen::phone::{CallNumber, End, Heard, Line, Passage, Phone, Setup, Told};

static CLOCK: LazyLock<Clock> = LazyLock::new(Clock::start);
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PATIENCE: Duration = Duration::from_secs(5);
const TALK: Duration = Duration::from_millis(400);

#[test]
fn a_call_is_answered_held_resumed_and_ended_and_every_packet_is_heard() {
    for suite in [None, Some(Suite::AesCm128HmacSha1_80), Some(Suite::AeadAes256Gcm)] {
        let (mut caller, called) = phones(suite, Some(Duration::from_millis(50)));
        let call = caller.dial("+12065550100");
        let theirs = CallNumber::Incoming(1);
        ringing(&caller, call);
        let setup = up(&caller, call);
        assert!(setup >= Duration::from_millis(50) && setup < PATIENCE, "{setup:?}");
        caller.press(call, b"12#");
        std::thread::sleep(TALK * 2);

        caller.hold(call, true);
        changed(&caller, call);
        changed(&called, theirs);
        std::thread::sleep(TALK / 4);
        let before = caller.heard(call);
        std::thread::sleep(TALK);
        assert_eq!(caller.heard(call), before, "who is held says nothing");
        caller.hold(call, false);
        changed(&caller, call);
        std::thread::sleep(TALK);
        assert!(caller.heard(call) > before);

        caller.hang_up(call);
        let (how, caller_heard) = over(&caller, call);
        assert_eq!(how, End::HungUp);
        let (how, called_heard) = over(&called, theirs);
        assert_eq!(how, End::HungUpByPeer);
        assert_eq!((called_heard.keys.as_str(), called_heard.damaged, called_heard.refused), ("12#", 0, 0));
        for (speaker, listener) in [(&caller_heard, &called_heard), (&called_heard, &caller_heard)] {
            let passage = Passage::between(speaker, listener);
            // Whoever hears of the end first no longer listens to what is on its way.
            assert!(passage.spoken > 20 && passage.lost <= 3, "{passage:?}");
        }
        caller.stop().expect("the line is good");
        called.stop().expect("the line is good");
    }
}

#[test]
fn a_phone_that_does_not_answer_refuses() {
    let (mut caller, called) = phones(None, None);
    let call = caller.dial("+12065550100");
    assert_eq!(over(&caller, call).0, End::Refused(480));
    called.stop().expect("the line is good");
}

#[test]
fn a_call_that_is_given_up_while_it_rings_ends_on_both_sides() {
    let (mut caller, called) = phones(None, Some(PATIENCE));
    let call = caller.dial("+12065550100");
    ringing(&caller, call);
    caller.hang_up(call);
    assert_eq!(over(&caller, call).0, End::Refused(487));
    assert_eq!(over(&called, CallNumber::Incoming(1)).0, End::Refused(487));
}

#[test]
fn phones_that_do_not_agree_on_protection_have_no_call() {
    let called = phone(SocketAddr::new(HERE, 9), None, Some(Duration::ZERO), Part::Low);
    let suite = Some(Suite::AesCm128HmacSha1_32);
    let mut caller = phone(called.address(), suite, None, Part::High);
    let call = caller.dial("+12065550100");
    assert_eq!(over(&caller, call).0, End::Refused(488));
}

fn phones(suite: Option<Suite>, answers_after: Option<Duration>) -> (Phone, Phone) {
    let called = phone(SocketAddr::new(HERE, 9), suite, answers_after, Part::Low);
    (phone(called.address(), suite, None, Part::High), called)
}

fn phone(server: SocketAddr, suite: Option<Suite>, answers_after: Option<Duration>, part: Part) -> Phone {
    let line = Line::listen(SocketAddr::new(HERE, 0)).expect("loopback has ports");
    let setup = Setup {
        own_number: "+12065550199".to_owned(),
        server_name: HERE.to_string(),
        server,
        login: None,
        media_address: HERE,
        suite,
        answers_after,
        part,
        clock: *CLOCK,
    };
    Phone::new(setup, line).expect("there are threads")
}

fn ringing(phone: &Phone, wanted: CallNumber) {
    let rings = |told| matches!(told, Told::Ringing { call } if call == wanted).then_some(());
    phone.wait(PATIENCE, rings).expect("it rings");
}

fn up(phone: &Phone, wanted: CallNumber) -> Duration {
    let is_up = |told| match told {
        Told::Up { call, setup } if call == wanted => Some(setup),
        Told::Ringing { .. } => None,
        other @ (Told::Changed { .. } | Told::Over { .. } | Told::Trouble { .. } | Told::Up { .. }) => {
            panic!("wanted an answer, found {other:?}")
        }
    };
    phone.wait(PATIENCE, is_up).expect("somebody answers")
}

fn changed(phone: &Phone, wanted: CallNumber) {
    let changes = |told| matches!(told, Told::Changed { call } if call == wanted).then_some(());
    phone.wait(PATIENCE, changes).expect("the change is taken");
}

fn over(phone: &Phone, wanted: CallNumber) -> (End, Box<Heard>) {
    phone.wait(PATIENCE, ended(wanted)).expect("it ends")
}

fn ended(wanted: CallNumber) -> impl Fn(Told) -> Option<(End, Box<Heard>)> {
    move |told| match told {
        Told::Over { call, how, heard } if call == wanted => Some((how, heard)),
        Told::Changed { .. }
        | Told::Over { .. }
        | Told::Ringing { .. }
        | Told::Trouble { .. }
        | Told::Up { .. } => None,
    }
}
