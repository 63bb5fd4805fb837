//! Media dies and comes back.

use std::time::{Duration, Instant};

use crate::appliance::Appliance;
use crate::ledger;
use crate::peer::{self, Manners};
use crate::single::{outbound, several};
use crate::{comes_true, wait_until};

#[test]
fn calls_whose_media_has_died_end_with_a_reason_and_new_ones_work_within_a_second() {
    let mut appliance = Appliance::start(None, "");
    let (mut customer, carrier) = peer::both(&appliance, Manners::Answers);
    let calls = several(&mut customer);
    appliance.kill_media();
    let refused = customer.call(outbound("+12065550210"));
    let seen = customer.wait(&refused, "a refusal", |seen| seen.is_over);
    assert_eq!(seen.last(), 503, "{seen:?}");

    appliance.start_media();
    let back = Instant::now();
    let mut number = 0;
    let is_served = comes_true(Duration::from_secs(1), || {
        number += 1;
        let call = customer.call(outbound(&format!("+1206555{:04}", 1_000 + number)));
        let seen = customer.wait(&call, "an end or an answer", |seen| seen.is_up || seen.is_over);
        customer.hang_up(&call);
        seen.is_up
    });
    assert!(is_served, "no call has worked, {number} were tried");
    println!("media is back, and so are calls after {:?}", back.elapsed());
    for call in &calls {
        let seen = customer.wait(call, "the end", |seen| seen.is_over);
        assert_eq!(seen.reason.as_deref(), Some("Q.850;cause=41;text=\"media was lost\""));
    }
    wait_until("the end of all calls", || appliance.sessions() == 0);
    let reasons =
        carrier.book().into_values().filter(|seen| seen.reason.as_deref().is_some_and(|it| !it.is_empty()));
    assert_eq!(reasons.count(), calls.len(), "both ends are told");
    customer.wait_until_idle();
    appliance.stop_signaling();

    let records = ledger::read(&appliance.bucket());
    let found = ledger::compare(&[&customer.book(), &carrier.book()], &records);
    assert_eq!(found.turned_away, 0, "{found:?}");
    assert_eq!((found.answered, found.refused), (calls.len() + 1, number), "{found:?}");
    let lost = records.iter().filter(|record| record.text("StatusMessage") == "media was lost");
    assert_eq!(lost.count(), calls.len());
}

#[test]
fn media_that_never_comes_back_takes_its_calls_with_it_after_half_a_minute() {
    let mut appliance = Appliance::start(None, "");
    let (mut customer, carrier) = peer::both(&appliance, Manners::Answers);
    let calls = several(&mut customer);
    let gone = Instant::now();
    appliance.kill_media();
    let book = |calls: &[String]| calls.iter().filter(|call| customer.seen(call).is_over).count();
    assert!(!comes_true(AWAY - Duration::from_secs(2), || book(&calls) > 0), "it may come back until then");
    assert!(comes_true(Duration::from_secs(7), || book(&calls) == calls.len()), "{:?}", customer.book());
    println!("calls without media have ended after {:?}", gone.elapsed());
    carrier.wait_until_idle();
    for seen in customer.book().values().chain(carrier.book().values()) {
        assert_eq!(seen.reason.as_deref(), Some("Q.850;cause=41;text=\"media was lost\""));
    }
    appliance.stop_signaling();
    let records = ledger::read(&appliance.bucket());
    assert_eq!(records.len(), calls.len());
    for record in &records {
        assert_eq!((record.text("Status"), record.text("StatusMessage")), ("Completed", "media was lost"));
        // From the answer to the end, in sixes begun: the call is paid for until it was given up.
        assert!((24..=42).contains(&record.number("BillableDuration")), "{record:?}");
    }
}

/// How long a node may be away, as `fleet` says.
const AWAY: Duration = Duration::from_secs(30);
