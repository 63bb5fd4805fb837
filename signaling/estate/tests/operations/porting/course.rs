//! How a case goes on: every state, every step, and its numbers with them.

use estate::{DAY, PortingState, PortingStep, Why};
use trunk::records::PhoneNumberStatus;

use super::{Case, agrees, complete};
use crate::stock::{SEATTLE, e164, fill, own, tick, wait};

/// Tells what may follow what: the rows are states, the columns steps, a dash is what cannot be.
const TABLE: &str = "
                  Ask Cancel Complete Confirm Unportable Object ReqCancel ReqChange Submit
Cancelled         -   -      -        -       -          -      -         -         -
CancelRequested   -   X      -        -       -          -      -         -         -
ChangeRequested   -   -      -        F       U          E      R         -         -
Exception         P   -      -        -       U          -      R         -         S
Foc               -   -      W        -       -          E      R         C         -
PendingDocuments  -   -      -        -       U          -      R         -         S
Submitted         P   -      -        F       U          E      R         C         -
Successful        -   -      -        -       -          -      -         -         -
Unportable        -   -      -        -       -          -      -         -         -";

fn wanted(letter: &str) -> Option<PortingState> {
    Some(match letter {
        "C" => PortingState::ChangeRequested,
        "E" => PortingState::Exception,
        "F" => PortingState::Foc,
        "P" => PortingState::PendingDocuments,
        "R" => PortingState::CancelRequested,
        "S" => PortingState::Submitted,
        "U" => PortingState::Unportable,
        "W" => PortingState::Successful,
        "X" => PortingState::Cancelled,
        _ => return None,
    })
}

#[test]
fn every_pair_of_state_and_step_is_as_the_table_has_it() {
    let rows: Vec<&str> = TABLE.lines().skip(2).collect();
    assert_eq!(rows.len(), PortingState::ALL.len());
    for (state, row) in PortingState::ALL.into_iter().zip(rows) {
        let mut words = row.split_whitespace();
        assert_eq!(words.next(), Some(format!("{state:?}").as_str()));
        for (at, letter) in words.enumerate() {
            let mut case = Case::at(state);
            wait(&mut case.office, DAY);
            let (note, later) = ("why".to_owned(), case.office.now.after(DAY));
            let step = match at {
                0 => PortingStep::AskDocuments { note },
                1 => PortingStep::Cancel,
                2 => complete(),
                3 => PortingStep::Confirm { foc_date: later },
                4 => PortingStep::DeclareUnportable { note },
                5 => PortingStep::Object { note },
                6 => PortingStep::RequestCancel,
                7 => PortingStep::RequestChange { requested: later },
                _ => PortingStep::Submit,
            };
            let shown = format!("{state:?} {step:?}");
            let done = case.steps(step);
            match wanted(letter) {
                Some(next) => assert_eq!((done, case.state()), (Ok(()), next), "{shown}"),
                None => assert_eq!((done.unwrap_err().why, case.state()), (Why::Conflict, state), "{shown}"),
            }
            agrees(&case);
        }
    }
}

#[test]
fn numbers_come_on_the_date_that_was_named_and_not_before() {
    let mut case = Case::at(PortingState::Foc);
    let order = case.office.estate.phone_number_order(case.account, case.id).unwrap();
    assert_eq!(order.foc_date, Some(case.office.now.after(DAY)));
    wait(&mut case.office, DAY - 1);
    assert_eq!(case.steps(complete()).unwrap_err().why, Why::Conflict);
    wait(&mut case.office, 1);
    let unknown = PortingStep::Complete {
        calls_max: None,
        carriers: vec!["gamma".to_owned()],
        city: String::new(),
        state: String::new(),
    };
    assert_eq!(case.steps(unknown).unwrap_err().why, Why::NotFound);
    case.steps(complete()).unwrap();
    agrees(&case);
    let mut submitted = Case::at(PortingState::Submitted);
    let past = PortingStep::Confirm { foc_date: submitted.office.now };
    assert_eq!(submitted.steps(past).unwrap_err().why, Why::BadRequest);
    let silent = PortingStep::Object { note: String::new() };
    assert_eq!(submitted.steps(silent).unwrap_err().why, Why::BadRequest);
}

#[test]
fn a_date_that_is_questioned_stands_no_more() {
    let later = |case: &Case| PortingStep::RequestChange { requested: case.office.now.after(9 * DAY) };
    let object = |_: &Case| PortingStep::Object { note: "balance due".to_owned() };
    let cancel = |_: &Case| PortingStep::RequestCancel;
    for step in [&later as &dyn Fn(&Case) -> PortingStep, &object, &cancel] {
        let mut case = Case::at(PortingState::Foc);
        let step = step(&case);
        case.steps(step).unwrap();
        let order = case.office.estate.phone_number_order(case.account, case.id).unwrap();
        assert_eq!(order.foc_date, None, "{:?}", case.state());
    }
}

#[test]
fn a_number_that_is_assigned_beforehand_leads_there_when_it_is_here() {
    for (last, leads) in [(PortingState::Foc, true), (PortingState::CancelRequested, false)] {
        let mut case = Case::at(PortingState::PendingDocuments);
        let (account, home) = (case.account, case.home);
        let numbers = [e164(SEATTLE)];
        let errors = case.office.does(|draft| draft.associate_phone_numbers(account, home, &numbers, false));
        assert_eq!(errors.unwrap(), []);
        assert_eq!(case.number(), Some(PhoneNumberStatus::PortinInProgress));
        case.steps(PortingStep::Submit).unwrap();
        let confirm = case.confirm();
        case.steps(if leads { confirm } else { PortingStep::RequestCancel }).unwrap();
        assert_eq!(case.state(), last);
        wait(&mut case.office, DAY);
        case.steps(if leads { complete() } else { PortingStep::Cancel }).unwrap();
        let status = if leads { PhoneNumberStatus::Assigned } else { PhoneNumberStatus::Cancelled };
        assert_eq!(case.number(), Some(status));
        assert_eq!(case.office.estate.numbers_of(home).count(), usize::from(leads));
    }
}

#[test]
fn a_number_that_did_not_come_is_shown_for_seven_days_and_in_nobodys_way() {
    for state in [PortingState::Cancelled, PortingState::Unportable] {
        let mut case = Case::at(state);
        assert_eq!(case.office.estate.phone_numbers_in_use(case.account), 0);
        wait(&mut case.office, 7 * DAY - 1);
        assert!(case.number().is_some());
        wait(&mut case.office, 1);
        assert_eq!((case.number(), case.office.estate.next_due()), (None, None));

        let mut case = Case::at(state);
        let theirs = case.office.account("theirs");
        fill(&mut case.office, &[SEATTLE]);
        assert_eq!(case.number(), None);
        own(&mut case.office, theirs, &[SEATTLE]);
        wait(&mut case.office, 7 * DAY);
        assert_eq!(case.office.estate.pool_number(e164(SEATTLE)).unwrap().account, Some(theirs));

        let mut case = Case::at(state);
        let account = case.account;
        case.office.does(|draft| draft.delete_phone_number(account, e164(SEATTLE))).unwrap();
        assert_eq!(case.number(), None);
        tick(&mut case.office);
    }
}
