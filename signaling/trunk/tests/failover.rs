//! Which target comes next: every order of events, up to four of them, at up to three targets.

use trunk::{
    failover::{Event, Failover, Next, Stop},
    route::TARGETS_MAX,
    snapshot::Side,
};

/// One event of each kind that makes a difference, and one of each kind next to it.
const EVENTS: [Event; 15] = [
    Event::NoProvisional,
    Event::TransportError,
    Event::Response { status: 100 },
    Event::Response { status: 180 },
    Event::Response { status: 183 },
    Event::Response { status: 200 },
    Event::Response { status: 302 },
    Event::Response { status: 404 },
    Event::Response { status: 408 },
    Event::Response { status: 486 },
    Event::Response { status: 488 },
    Event::Response { status: 500 },
    Event::Response { status: 503 },
    Event::Response { status: 504 },
    Event::Response { status: 603 },
];

fn response(status: u16) -> Event {
    Event::Response { status }
}

fn awake(_target: usize) -> bool {
    false
}

/// Lets the events happen one after the other at the current target, and gives all answers.
fn play(targets: usize, events: &[Event]) -> Vec<Next> {
    let mut failover = Failover::new(targets);
    let mut answers = vec![failover.begin(awake)];
    let mut current = 0;
    for event in events {
        if let Some(Next::Try(target)) = answers.last() {
            current = *target;
        }
        answers.push(failover.heard(current, *event, awake));
    }
    answers
}

/// What should happen, told in another way than it is done: by looking back at all that was heard at the target.
fn oracle(targets: usize, events: &[Event]) -> Vec<Next> {
    let mut answers = vec![Next::Try(0)];
    let mut target = 0;
    let mut heard: Vec<Event> = Vec::new();
    for event in events {
        if let Some(Next::Stop(stop)) = answers.iter().find(|next| matches!(next, Next::Stop(_))) {
            answers.push(Next::Stop(*stop));
            continue;
        }
        let has_rung = heard.iter().any(|event| matches!(event, Event::Response { status: 101..=199 }));
        let is_silent = heard.is_empty();
        heard.push(*event);
        let is_failure = match event {
            Event::NoProvisional => is_silent,
            Event::TransportError => true,
            Event::Response { status } => [408, 500, 502, 503, 504].contains(status),
        };
        let next = match event {
            Event::Response { status: 200..=299 } => Next::Stop(Stop::Answered),
            Event::TransportError if has_rung => Next::Stop(Stop::Lost),
            Event::Response { status } if *status >= 300 && (has_rung || !is_failure) => {
                Next::Stop(Stop::Refused { status: *status })
            }
            _ if is_failure && !has_rung => {
                target += 1;
                heard.clear();
                if target < targets { Next::Try(target) } else { Next::Stop(Stop::Exhausted) }
            }
            Event::NoProvisional | Event::Response { .. } | Event::TransportError => Next::Wait,
        };
        if *event == Event::NoProvisional && next == Next::Wait {
            heard.pop();
        }
        answers.push(next);
    }
    answers
}

#[test]
fn every_order_of_events_leads_where_it_should() {
    let mut count = 0_u32;
    for targets in 1..=3 {
        let mut orders: Vec<Vec<Event>> = vec![Vec::new()];
        for _ in 0..4 {
            orders = orders
                .iter()
                .flat_map(|order| EVENTS.iter().map(|event| order.iter().chain([event]).copied().collect()))
                .collect();
            for order in &orders {
                assert_eq!(play(targets, order), oracle(targets, order), "{targets} targets, {order:?}");
                count += 1;
            }
        }
    }
    assert_eq!(count, 3 * (15 + 15_u32.pow(2) + 15_u32.pow(3) + 15_u32.pow(4)));
}

#[test]
fn every_status_means_one_thing() {
    for status in 0..=u16::MAX {
        let wanted = match status {
            100..=199 => Next::Wait,
            200..=299 => Next::Stop(Stop::Answered),
            408 | 500 | 502 | 503 | 504 => Next::Try(1),
            _ => Next::Stop(Stop::Refused { status }),
        };
        assert_eq!(play(2, &[response(status)])[1], wanted, "{status}");
    }
}

#[test]
fn every_provisional_response_but_100_ends_the_search() {
    assert_eq!(play(2, &[response(100), response(503)])[2], Next::Try(1));
    for status in 101..=199 {
        let wanted = Next::Stop(Stop::Refused { status: 503 });
        assert_eq!(play(2, &[response(status), response(503)])[2], wanted, "{status}");
    }
}

#[test]
fn a_phone_that_rings_is_left_ringing_and_what_it_says_counts() {
    let rung = [response(100), response(180)];
    for (event, wanted) in [
        (response(488), Next::Stop(Stop::Refused { status: 488 })),
        (response(503), Next::Stop(Stop::Refused { status: 503 })),
        (Event::TransportError, Next::Stop(Stop::Lost)),
        (Event::NoProvisional, Next::Wait),
        (response(200), Next::Stop(Stop::Answered)),
    ] {
        assert_eq!(play(3, &[rung[0], rung[1], event])[3], wanted, "{event:?}");
    }
}

#[test]
fn what_comes_late_from_a_target_that_was_given_up_is_nothing() {
    let mut failover = Failover::new(3);
    assert_eq!(failover.begin(awake), Next::Try(0));
    assert_eq!(failover.heard(0, Event::NoProvisional, awake), Next::Try(1));
    for event in EVENTS {
        assert_eq!(failover.heard(0, event, awake), Next::Wait, "{event:?}");
        assert_eq!(failover.heard(2, event, awake), Next::Wait, "{event:?}");
    }
    assert_eq!(failover.begin(awake), Next::Wait);
    assert_eq!(failover.heard(1, response(503), awake), Next::Try(2));
    assert_eq!(failover.heard(2, response(180), awake), Next::Wait);
    for event in EVENTS {
        assert_eq!(failover.heard(0, event, awake), Next::Wait, "{event:?}");
    }
    assert_eq!(failover.heard(2, response(200), awake), Next::Stop(Stop::Answered));
}

#[test]
fn nothing_happens_before_the_beginning() {
    let mut failover = Failover::new(1);
    for event in EVENTS {
        assert_eq!(failover.heard(0, event, awake), Next::Wait, "{event:?}");
    }
    assert_eq!(failover.begin(awake), Next::Try(0));
}

#[test]
fn targets_at_rest_come_last_and_each_is_tried_once() {
    let mut failover = Failover::new(4);
    let is_resting = |target: usize| target < 2;
    let mut order = Vec::new();
    let mut next = failover.begin(is_resting);
    while let Next::Try(target) = next {
        order.push(target);
        next = failover.heard(target, response(503), is_resting);
    }
    assert_eq!((order, next), (vec![2, 3, 0, 1], Next::Stop(Stop::Exhausted)));
}

#[test]
fn no_target_and_too_many_targets_end_too() {
    assert_eq!(Failover::new(0).begin(awake), Next::Stop(Stop::Exhausted));
    let mut failover = Failover::new(1_000);
    let mut next = failover.begin(awake);
    let mut tries = 0;
    while let Next::Try(target) = next {
        tries += 1;
        next = failover.heard(target, Event::TransportError, awake);
    }
    assert_eq!((tries, next), (TARGETS_MAX, Next::Stop(Stop::Exhausted)));
}

#[test]
fn customers_may_try_elsewhere_and_carriers_do_not_take_us_for_dead() {
    let statuses = |stop: Stop| (stop.status(Side::Customer), stop.status(Side::Carrier));
    assert_eq!(statuses(Stop::Exhausted), (Some(503), Some(480)));
    assert_eq!(statuses(Stop::Lost), (Some(503), Some(480)));
    assert_eq!(statuses(Stop::Refused { status: 486 }), (Some(486), Some(486)));
    assert_eq!(statuses(Stop::Answered), (None, None));
}
