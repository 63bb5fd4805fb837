//! Porting out: a PIN that is checked once, and what becomes of the numbers.

use estate::{AccountId, OrderId, PageRequest, PortOutState, Refusal, Why};
use trunk::records::{PhoneNumberStatus, Records};
use trunk::snapshot::Snapshot;
use trunk::{Home, Secret};

use crate::office::Office;
use crate::stock::{SEATTLE, connector, e164, fill, office, own, why};

fn assigned() -> (Office, AccountId, Home) {
    let mut office = office();
    let account = office.account("ours");
    own(&mut office, account, &[SEATTLE]);
    let home = connector(&mut office, account);
    office.does(|draft| draft.associate_phone_numbers(account, home, &[e164(SEATTLE)], false)).unwrap();
    (office, account, home)
}

fn open(office: &mut Office, account: AccountId) -> Result<(OrderId, Secret), Refusal> {
    office.does(|draft| draft.open_port_out(account, &[e164(SEATTLE)]))
}

fn is_called_here(office: &Office) -> bool {
    let records = Records { zone: "zone.example".to_owned(), ..office.estate.records() };
    Snapshot::build(&records).unwrap().number(e164(SEATTLE)).is_some_and(|number| number.home.is_some())
}

#[test]
fn whoever_shows_the_pin_gets_the_numbers_and_they_are_called_there() {
    let (mut office, account, home) = assigned();
    let (id, pin) = open(&mut office, account).unwrap();
    assert!(pin.expose().len() == 8 && pin.expose().bytes().all(|byte| byte.is_ascii_digit()));
    assert!(is_called_here(&office));
    let finish = |draft: &mut estate::Draft<'_>| draft.complete_port_out(account, id);
    assert_eq!(why(&mut office, finish), Why::Conflict);
    assert!(office.does(|draft| draft.check_port_out_pin(account, id, pin.expose())).unwrap());
    assert_eq!(why(&mut office, |draft| draft.check_port_out_pin(account, id, pin.expose())), Why::Conflict);
    assert!(is_called_here(&office));
    office.does(finish).unwrap();
    assert!(!is_called_here(&office));
    assert_eq!(office.estate.numbers_of(home).count(), 0);
    let number = office.estate.phone_number(account, e164(SEATTLE)).unwrap();
    assert_eq!(number.record.status, PhoneNumberStatus::ReleaseInProgress);
    assert_eq!(office.estate.records().phone_numbers.len(), 0);
    let again = [e164(SEATTLE)];
    let errors = office.does(|draft| draft.associate_phone_numbers(account, home, &again, true)).unwrap();
    assert_eq!(errors[0].refusal.why, Why::Conflict);

    office.does(|draft| draft.delete_phone_number(account, e164(SEATTLE))).unwrap();
    assert_eq!(office.estate.phone_number(account, e164(SEATTLE)).unwrap_err().why, Why::NotFound);
    assert_eq!(office.estate.pool_number(e164(SEATTLE)).unwrap_err().why, Why::NotFound);
}

#[test]
fn a_wrong_pin_is_no_second_guess() {
    let (mut office, account, _) = assigned();
    let (id, pin) = open(&mut office, account).unwrap();
    let wrong: String = pin.expose().chars().rev().chain("0".chars()).collect();
    assert!(!office.does(|draft| draft.check_port_out_pin(account, id, &wrong)).unwrap());
    assert_eq!(office.estate.port_out(account, id).unwrap().state, PortOutState::PinSpent);
    assert_eq!(why(&mut office, |draft| draft.check_port_out_pin(account, id, pin.expose())), Why::Conflict);
    let next = office.does(|draft| draft.renew_port_out_pin(account, id)).unwrap();
    assert!(office.does(|draft| draft.check_port_out_pin(account, id, next.expose())).unwrap());
    assert_eq!(office.estate.port_out(account, id).unwrap().pin, None);
    assert_eq!(why(&mut office, |draft| draft.renew_port_out_pin(account, id)), Why::Conflict);
}

#[test]
fn a_number_is_in_one_port_out_and_stays_until_that_is_over() {
    let (mut office, account, home) = assigned();
    let theirs = office.account("theirs");
    let (id, _) = open(&mut office, account).unwrap();
    assert_eq!(open(&mut office, account).unwrap_err().why, Why::Conflict);
    assert_eq!(open(&mut office, theirs).unwrap_err().why, Why::NotFound);
    office.does(|draft| draft.disassociate_phone_numbers(account, home, &[e164(SEATTLE)])).unwrap();
    assert_eq!(why(&mut office, |draft| draft.delete_phone_number(account, e164(SEATTLE))), Why::BadRequest);
    assert_eq!(why(&mut office, |draft| draft.cancel_port_out(theirs, id)), Why::NotFound);
    office.does(|draft| draft.cancel_port_out(account, id)).unwrap();
    assert_eq!(why(&mut office, |draft| draft.cancel_port_out(account, id)), Why::Conflict);
    open(&mut office, account).unwrap();
    let list = |account| office.estate.list_port_outs(account, PageRequest::default()).unwrap().items.len();
    assert_eq!((list(account), list(theirs)), (2, 0));
}

#[test]
fn what_is_not_here_goes_nowhere() {
    let (mut office, account, _) = assigned();
    fill(&mut office, &["+12065550101"]);
    let other = [e164("+12065550101")];
    assert_eq!(why(&mut office, |draft| draft.open_port_out(account, &other)), Why::NotFound);
    crate::stock::order(&mut office, account, &["+12065550101"]);
    assert_eq!(why(&mut office, |draft| draft.open_port_out(account, &other)), Why::Conflict);
    assert_eq!(why(&mut office, |draft| draft.open_port_out(account, &[])), Why::BadRequest);
    let both = [e164(SEATTLE), other[0]];
    assert_eq!(why(&mut office, |draft| draft.open_port_out(account, &both)), Why::Conflict);
    assert_eq!(office.estate.phone_number(account, e164(SEATTLE)).unwrap().port_out, None);
}
