//! Single calls, and what their records say.

use std::time::Duration;

use crate::appliance::{ACCOUNT, Appliance, BRANCH, EMPTY, GROUP_NUMBER, HEADQUARTERS, OWN_NUMBER, ZONE};
use crate::ledger::{self, Record};
use crate::peer::{self, Manners, Peer, Plan, Seen};
use crate::wait_until;

const OUTSIDE: &str = "+12065550177";
const STRANGER: &str = "+14255550199";

/// A call of the customer that nobody ends before it is told to.
pub(crate) fn outbound(to: &str) -> Plan {
    let host = format!("{HEADQUARTERS}.{ZONE}");
    Plan { from: OWN_NUMBER.to_owned(), to: to.to_owned(), host, talk: None, patience: None }
}

/// Makes some calls, which are up.
pub(crate) fn several(customer: &mut Peer) -> Vec<String> {
    let calls: Vec<_> =
        (0..5).map(|number| customer.call(outbound(&format!("+1206555020{number}")))).collect();
    for call in &calls {
        customer.wait(call, "an answer", |seen| seen.is_up);
    }
    calls
}

fn inbound(appliance: &Appliance, to: &str) -> Plan {
    let host = appliance.addresses.here().ip().to_string();
    Plan { from: STRANGER.to_owned(), to: to.to_owned(), host, talk: None, patience: None }
}

fn only_record(appliance: &Appliance) -> Record {
    wait_until("the record", || !ledger::read(&appliance.bucket()).is_empty());
    let records = ledger::read(&appliance.bucket());
    let [record] = &records[..] else { panic!("{records:?}") };
    record.clone()
}

#[test]
fn every_end_of_a_call_is_told_in_its_record() {
    // What is called, what the carrier does, and what the customer hears; kind and reason in the record.
    let cases: [(&str, Manners, u16, &str, &str); 7] = [
        (OUTSIDE, Manners::Answers, 200, "Completed", "Normal Call Clearing"),
        (OUTSIDE, Manners::Rings, 487, "Completed", "487 Request Terminated"),
        (OUTSIDE, Manners::Refuses("486 Busy Here"), 486, "Rejected", "486 Busy Here"),
        (OUTSIDE, Manners::Refuses("404 Not Found"), 404, "Rejected", "404 Not Found"),
        (OUTSIDE, Manners::Refuses("503 Service Unavailable"), 503, "Rejected", "no host took the call"),
        ("+442079460123", Manners::Answers, 403, "Rejected", "calling region is not allowed"),
        ("12345", Manners::Answers, 403, "Rejected", "called number is not E.164"),
    ];
    for (to, manners, last, status, message) in cases {
        let appliance = Appliance::start(None, "");
        let (mut customer, _carrier) = peer::both(&appliance, manners);
        let patience = (manners == Manners::Rings).then_some(Duration::from_millis(200));
        let talk = Some(Duration::from_millis(100));
        let call = customer.call(Plan { talk, patience, ..outbound(to) });
        let seen = customer.wait(&call, "the end", |seen| seen.is_over);
        assert_eq!(seen.last(), last, "{message}: {seen:?}");

        let record = only_record(&appliance);
        let told = ["AwsAccountId", "CallId", "VoiceConnectorId", "FromNumber", "ToNumber"];
        let told = told.map(|member| record.text(member).to_owned());
        assert_eq!(told, [ACCOUNT, &call, HEADQUARTERS, OWN_NUMBER, to]);
        let found = ["Disposition", "Status", "StatusMessage"].map(|member| record.text(member));
        assert_eq!(found, ["Termination", status, message]);
        assert_eq!(record.number("BillableDuration"), if last == 200 { 6 } else { 0 });
        assert!(!record.has("SipAuthUser"));
    }
}

#[test]
fn the_record_of_a_group_is_that_of_the_connector_whose_host_took_the_call() {
    // Ended by the caller; by a crash while it was up; and never begun, as nobody is there.
    for (is_killed, is_there) in [(false, true), (true, true), (false, false)] {
        let mut appliance = Appliance::start(None, "");
        let addresses = appliance.addresses;
        let branch = is_there.then(|| Peer::new(addresses.branch(), addresses.here(), Manners::Answers, 1));
        let mut carrier = Peer::new(addresses.carrier(), addresses.here(), Manners::Answers, 2);
        let call = carrier.call(inbound(&appliance, GROUP_NUMBER));
        let seen = carrier.wait(&call, "an answer", |seen| seen.is_up || seen.is_over);
        assert_eq!(seen.is_up, is_there, "{seen:?}");
        if is_killed {
            appliance.kill_signaling();
            appliance.start_signaling();
        } else if is_there {
            carrier.hang_up(&call);
        }
        let record = only_record(&appliance);
        let message = match (is_killed, is_there) {
            (true, _) => "Recovered",
            (false, true) => "Normal Call Clearing",
            (false, false) => "no host took the call",
        };
        assert_eq!((record.text("StatusMessage"), record.text("VoiceConnectorId")), (message, BRANCH));
        assert!(!record.key.contains(EMPTY));
        if let Some(branch) = branch {
            let customers = branch.book().into_keys().next().unwrap();
            assert_eq!(record.text("CallId"), customers, "the Call-ID that the customer sees");
        }
    }
}

#[test]
fn the_copy_of_an_invite_after_a_crash_is_the_same_attempt() {
    // Both callers hear nothing at first: their INVITEs go on coming, before the crash and after it.
    for is_outbound in [true, false] {
        let mut appliance = Appliance::start(None, "");
        let (mut customer, mut carrier) = peer::both(&appliance, Manners::Answers);
        let plan = if is_outbound { outbound(OUTSIDE) } else { inbound(&appliance, OWN_NUMBER) };
        let (caller, callee) =
            if is_outbound { (&mut customer, &carrier) } else { (&mut carrier, &customer) };
        caller.deafen(true);
        callee.deafen(true);
        let call = caller.call(plan);
        wait_until("media", || appliance.sessions() == 1);
        appliance.kill_signaling();
        appliance.start_signaling();
        caller.deafen(false);
        callee.deafen(false);
        caller.wait(&call, "an answer", |seen| seen.is_up);
        assert!(ledger::read(&appliance.bucket()).is_empty(), "it goes on");
        caller.hang_up(&call);
        caller.wait(&call, "the end", |seen| seen.bye == Some(200));
        appliance.stop_signaling();
        let record = only_record(&appliance);
        assert_eq!(record.text("StatusMessage"), "Normal Call Clearing");
        let lasted = record.number("EndTime") - record.number("StartTime");
        assert!(lasted >= 500, "it began with the first INVITE, {lasted} ms before its end");
    }
}

#[test]
fn the_copy_of_an_invite_whose_refusal_was_recorded_and_lost_is_no_second_attempt() {
    let mut appliance = Appliance::start(None, "");
    let (mut customer, _carrier) = peer::both(&appliance, Manners::Answers);
    customer.deafen(true);
    let call = customer.call(outbound("+442079460123"));
    let before = only_record(&appliance);
    appliance.kill_signaling();
    appliance.start_signaling();
    customer.deafen(false);
    let Seen { statuses, .. } = customer.wait(&call, "the refusal", |seen| seen.is_over);
    assert_eq!(statuses.last(), Some(&403));
    appliance.stop_signaling();
    assert_eq!(only_record(&appliance).key, before.key);
}
