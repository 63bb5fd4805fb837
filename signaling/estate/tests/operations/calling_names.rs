//! Calling names: in use after a while, a number's own before everybody's.

use estate::operation::phone_numbers::PhoneNumberUpdate;
use estate::{DAY, HOUR, Refusal, Why};
use trunk::records::{CallingNameStatus, Records};
use trunk::snapshot::Snapshot;

use crate::office::Office;
use crate::stock::{SEATTLE, connector, e164, fill, install, office, order, own, tick, wait, why};

/// 72 hours.
const DELAY: i64 = 72 * HOUR;

fn slow() -> (Office, estate::AccountId) {
    let mut office = office();
    let account = office.account("ours");
    own(&mut office, account, &[SEATTLE]);
    let home = connector(&mut office, account);
    office.does(|draft| draft.associate_phone_numbers(account, home, &[e164(SEATTLE)], false)).unwrap();
    install(&mut office, |installation| installation.calling_name_delay_min = 72 * 60);
    (office, account)
}

fn name(office: &mut Office, account: estate::AccountId, name: &str) -> Result<(), Refusal> {
    let update = PhoneNumberUpdate { calling_name: Some(name.to_owned()), ..PhoneNumberUpdate::default() };
    office.does(|draft| draft.update_phone_number(account, e164(SEATTLE), update))
}

/// What the telephone network is shown.
fn shown(office: &Office) -> Option<String> {
    let records = Records { zone: "zone.example".to_owned(), ..office.estate.records() };
    let number = Snapshot::build(&records).unwrap().number(e164(SEATTLE)).unwrap();
    number.calling_name.map(|name| name.to_string())
}

fn status(office: &Office, account: estate::AccountId) -> CallingNameStatus {
    office.estate.phone_number(account, e164(SEATTLE)).unwrap().record.calling_name_status
}

#[test]
fn a_name_is_in_use_when_its_time_has_come_and_the_old_one_until_then() {
    let (mut office, account) = slow();
    assert_eq!(status(&office, account), CallingNameStatus::Unassigned);
    name(&mut office, account, "First").unwrap();
    assert_eq!((status(&office, account), shown(&office)), (CallingNameStatus::UpdateInProgress, None));
    assert_eq!(office.estate.phone_number(account, e164(SEATTLE)).unwrap().calling_name(), "First");
    assert_eq!(name(&mut office, account, "Second").unwrap_err().why, Why::Conflict);
    wait(&mut office, DELAY - 1);
    assert_eq!((status(&office, account), shown(&office)), (CallingNameStatus::UpdateInProgress, None));
    wait(&mut office, 1);
    assert_eq!(status(&office, account), CallingNameStatus::UpdateSucceeded);
    assert_eq!(shown(&office).as_deref(), Some("First"));
    name(&mut office, account, "Second").unwrap();
    assert_eq!(shown(&office).as_deref(), Some("First"));
    wait(&mut office, DELAY);
    assert_eq!(shown(&office).as_deref(), Some("Second"));
    name(&mut office, account, "").unwrap();
    wait(&mut office, DELAY);
    assert_eq!((status(&office, account), shown(&office)), (CallingNameStatus::Unassigned, None));
    assert_eq!(office.estate.next_due(), None);
}

#[test]
fn without_a_delay_the_next_tick_is_enough() {
    let (mut office, account) = slow();
    install(&mut office, |installation| installation.calling_name_delay_min = 0);
    name(&mut office, account, "Desk").unwrap();
    assert_eq!(status(&office, account), CallingNameStatus::UpdateInProgress);
    assert_eq!(office.estate.next_due(), Some(office.now));
    tick(&mut office);
    assert_eq!(shown(&office).as_deref(), Some("Desk"));
}

#[test]
fn what_is_no_calling_name_is_refused_everywhere() {
    let (mut office, account) = slow();
    for bad in ["a", "sixteen letters!", "abcdefghijklmnop", "a-b", "Zoë"] {
        assert_eq!(name(&mut office, account, bad).unwrap_err().why, Why::BadRequest, "{bad}");
        let refusal = why(&mut office, |draft| draft.update_phone_number_settings(account, bad.to_owned()));
        assert_eq!(refusal, Why::BadRequest, "{bad}");
    }
    name(&mut office, account, "fifteen letters").unwrap();
    fill(&mut office, &["+12065550101"]);
    order(&mut office, account, &["+12065550101"]);
    let update = PhoneNumberUpdate { calling_name: Some("Desk".to_owned()), ..PhoneNumberUpdate::default() };
    let refusal = why(&mut office, |draft| draft.update_phone_number(account, e164("+12065550101"), update));
    assert_eq!(refusal, Why::Conflict);
}

#[test]
fn everybodys_name_gives_way_to_a_numbers_own() {
    let (mut office, account) = slow();
    let everybody = |office: &mut Office, name: &str| {
        office.does(|draft| draft.update_phone_number_settings(account, name.to_owned()))
    };
    everybody(&mut office, "Company").unwrap();
    let settings = office.estate.phone_number_settings(account).unwrap();
    assert_eq!(
        (settings.calling_name.as_str(), settings.calling_name_updated),
        ("Company", Some(office.now))
    );
    wait(&mut office, DELAY - 1);
    assert_eq!(shown(&office), None);
    wait(&mut office, 1);
    assert_eq!(shown(&office).as_deref(), Some("Company"));
    name(&mut office, account, "Desk").unwrap();
    assert_eq!(shown(&office).as_deref(), Some("Company"));
    wait(&mut office, DELAY);
    assert_eq!(shown(&office).as_deref(), Some("Desk"));
    name(&mut office, account, "").unwrap();
    wait(&mut office, DELAY);
    assert_eq!(shown(&office).as_deref(), Some("Company"));
}

#[test]
fn everybodys_name_rests_for_seven_days() {
    let (mut office, account) = slow();
    let everybody = |office: &mut Office, name: &str| {
        office.does(|draft| draft.update_phone_number_settings(account, name.to_owned()))
    };
    everybody(&mut office, "Company").unwrap();
    wait(&mut office, 7 * DAY - 1);
    assert_eq!(everybody(&mut office, "Company").unwrap_err().why, Why::BadRequest);
    assert_eq!(everybody(&mut office, "").unwrap_err().why, Why::BadRequest);
    wait(&mut office, 1);
    everybody(&mut office, "").unwrap();
    wait(&mut office, DELAY);
    assert_eq!(shown(&office), None);
}
