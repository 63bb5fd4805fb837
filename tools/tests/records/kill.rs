//! Signaling is killed again and again while calls begin, ring, are answered and end.
//!
//! `TRUNKLINE_KILLS` says how often, `TRUNKLINE_SEED` repeats the dice.

use std::time::Duration;

use crate::appliance::{Appliance, HEADQUARTERS, OWN_NUMBER, ZONE};
use crate::peer::{Dialler, Manners, Peer, Plan, Seen};
use crate::{Random, comes_true, ledger, pass, setting, torn, wait_until};

#[test]
fn calls_under_way_leave_one_record_each_however_often_signaling_is_killed() {
    let kills = setting("TRUNKLINE_KILLS").unwrap_or(20);
    let seed = setting("TRUNKLINE_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("seed {seed}");
    let mut random = Random(seed);
    let mut appliance = Appliance::start(None, "");
    let addresses = appliance.addresses;
    let peer = |own, seed| Peer::new(own, addresses.here(), Manners::Any, seed);
    let (customer, carrier) = (peer(addresses.headquarters(), seed), peer(addresses.carrier(), seed + 1));
    customer.call_often(Duration::from_millis(15), outbound());
    carrier.call_often(Duration::from_millis(25), inbound(addresses.here().ip().to_string()));

    for kill in 0..kills {
        pass(random.time(Duration::from_millis(600)));
        appliance.kill_signaling();
        if random.below(3) == 0 {
            torn::tear(&appliance.journal(), &mut random);
        }
        pass(random.time(Duration::from_millis(if kill % 10 == 9 { 1_500 } else { 50 })));
        appliance.start_signaling();
    }
    pass(Duration::from_millis(300));
    for peer in [&customer, &carrier] {
        peer.rest();
    }
    for peer in [&customer, &carrier] {
        peer.wait_until_idle();
    }
    wait_until("the end of all sessions, dead calls' included", || appliance.sessions() == 0);
    let books = [&customer.book(), &carrier.book()];
    if kills >= MANY {
        // By itself, a minute after the start at the latest.
        let is_due = |seen: &&Seen| !seen.statuses.is_empty() && seen.last() != 503;
        let due = books.iter().flat_map(|book| book.values()).filter(is_due).count();
        let is_written = || ledger::count(&appliance.bucket()) >= due;
        assert!(comes_true(Duration::from_secs(60), is_written), "{due} records are due");
    }
    appliance.stop_signaling();

    let records = ledger::read(&appliance.bucket());
    let found = ledger::compare(&books, &records);
    println!("{kills} kills: {found:?}, {:?}", ledger::reasons(&records));
    // After a restart more may wait than is worked off at once.
    assert!(found.turned_away < found.records / 20, "{found:?}");
    // Every kind of call was there.
    let least = kills as usize;
    assert!(found.answered > least && found.recovered > least && found.refused > least, "{found:?}");
}

/// Then there is time to wait for what is written last.
const MANY: u64 = 100;

/// Calls of the customer: most to numbers of their own, some to a country that is not allowed.
fn outbound() -> Dialler {
    Box::new(|random, number| Plan {
        from: OWN_NUMBER.to_owned(),
        to: match random.below(5) {
            0 => format!("+4420{:08}", 70_000_000 + number),
            _ => format!("+1206{}", 2_000_000 + number),
        },
        host: format!("{HEADQUARTERS}.{ZONE}"),
        talk: Some(random.time(Duration::from_millis(900))),
        patience: Some(random.time(Duration::from_millis(900))),
    })
}

/// Calls to the customer, from numbers of their own.
fn inbound(host: String) -> Dialler {
    Box::new(move |random, number| Plan {
        from: format!("+1425{}", 2_000_000 + number),
        to: OWN_NUMBER.to_owned(),
        host: host.clone(),
        talk: Some(random.time(Duration::from_millis(900))),
        patience: Some(random.time(Duration::from_millis(900))),
    })
}
