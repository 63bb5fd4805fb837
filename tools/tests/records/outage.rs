//! The store of records is away, in each way that stores are, and signaling is killed meanwhile.

use std::time::Duration;

use crate::appliance::Appliance;
use crate::ledger;
use crate::peer::{self, Manners, Plan};
use crate::single::outbound;
use crate::store::{Mood, Store};
use crate::wait_until;

#[test]
fn calls_go_on_while_the_store_is_away_and_each_record_arrives_once() {
    let store = Store::new();
    let mut appliance = Appliance::start(None, &store.configuration());
    let (mut customer, carrier) = peer::both(&appliance, Manners::Answers);
    let mut calls = 0;
    let mut call = |number: usize| {
        for _ in 0..number {
            calls += 1;
            let talk = Some(Duration::from_millis(20));
            let call = customer.call(Plan { talk, ..outbound(&format!("+1206555{calls:04}")) });
            customer.wait(&call, "the end", |seen| seen.is_over);
            assert_eq!(customer.seen(&call).bye, Some(200), "the store is none of its concern");
        }
    };
    call(5);
    wait_until("the first records", || store.records().len() == 5);
    for mood in [Mood::Busy, Mood::Resets, Mood::StoresAndResets, Mood::Hangs] {
        store.set(mood);
        let asked = store.asked();
        call(5);
        wait_until("an attempt to deliver", || store.asked() > asked);
        // In the middle of that.
        appliance.kill_signaling();
        appliance.start_signaling();
        call(5);
    }
    store.set(Mood::Up);
    wait_until("all records", || store.records().len() >= 45);
    appliance.stop_signaling();

    let found = ledger::compare(&[&customer.book(), &carrier.book()], &store.records());
    assert_eq!(found.turned_away, 0, "{found:?}");
    assert_eq!((found.records, found.answered, found.unheard), (45, 45, 0), "{found:?}");
}
