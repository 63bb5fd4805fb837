//! The deletion queue: seven days, to the millisecond.

use estate::operation::phone_numbers::PhoneNumberUpdate;
use estate::{DAY, HOUR, Why};
use trunk::records::PhoneNumberStatus;

use crate::stock::{
    SEATTLE, allow, connector, e164, fill, group, install, office, order, own, tick, wait, why,
};

const OTHER: &str = "+12065550101";

#[test]
fn a_deleted_number_can_be_restored_until_its_last_millisecond() {
    let mut office = office();
    let account = office.account("ours");
    own(&mut office, account, &[SEATTLE]);
    let delete = |draft: &mut estate::Draft<'_>| draft.delete_phone_number(account, e164(SEATTLE));
    let restore = |draft: &mut estate::Draft<'_>| draft.restore_phone_number(account, e164(SEATTLE));
    office.does(delete).unwrap();
    let item = office.estate.phone_number(account, e164(SEATTLE)).unwrap();
    assert_eq!(item.record.status, PhoneNumberStatus::DeleteInProgress);
    assert_eq!(item.deletion, Some(office.now.after(7 * DAY)));
    assert_eq!(why(&mut office, delete), Why::BadRequest);

    wait(&mut office, 7 * DAY - 1);
    office.does(restore).unwrap();
    let item = office.estate.phone_number(account, e164(SEATTLE)).unwrap();
    assert_eq!((item.record.status, item.deletion), (PhoneNumberStatus::Unassigned, None));
    assert_eq!(office.estate.next_due(), None);
    assert_eq!(why(&mut office, restore), Why::BadRequest);

    office.does(delete).unwrap();
    office.now = office.now.after(7 * DAY);
    assert_eq!(why(&mut office, restore), Why::NotFound);
    tick(&mut office);
    assert_eq!(office.estate.phone_number(account, e164(SEATTLE)).unwrap_err().why, Why::NotFound);
    assert_eq!(why(&mut office, restore), Why::NotFound);
}

#[test]
fn what_is_gone_is_for_sale_again_where_the_operator_says_so() {
    for returns in [true, false] {
        let mut office = office();
        let account = office.account("ours");
        install(&mut office, |installation| installation.deleted_numbers_return = returns);
        own(&mut office, account, &[SEATTLE]);
        office.does(|draft| draft.delete_phone_number(account, e164(SEATTLE))).unwrap();
        assert_eq!(office.estate.pool_number(e164(SEATTLE)).unwrap().account, Some(account));
        wait(&mut office, 7 * DAY);
        let left = office.estate.pool_number(e164(SEATTLE)).ok().map(|item| item.account);
        assert_eq!(left, returns.then_some(None));
    }
}

#[test]
fn only_what_is_unassigned_is_deleted() {
    let mut office = office();
    let (account, theirs) = (office.account("ours"), office.account("theirs"));
    let all = [SEATTLE, OTHER, "+12065550102", "+12065550103"];
    own(&mut office, account, &all[..3]);
    fill(&mut office, &all[3..]);
    order(&mut office, account, &all[3..]);
    let (one, team) = (connector(&mut office, account), group(&mut office, account));
    office.does(|draft| draft.associate_phone_numbers(account, one, &[e164(SEATTLE)], false)).unwrap();
    office.does(|draft| draft.associate_phone_numbers(account, team, &[e164(OTHER)], false)).unwrap();
    for text in [SEATTLE, OTHER, "+12065550103"] {
        let refusal = why(&mut office, |draft| draft.delete_phone_number(account, e164(text)));
        assert_eq!(refusal, Why::BadRequest, "{text}");
    }
    let foreign = why(&mut office, |draft| draft.delete_phone_number(theirs, e164("+12065550102")));
    assert_eq!(foreign, Why::NotFound);
    let numbers: Vec<_> = all.iter().chain(&["+12065550109"]).map(|text| e164(text)).collect();
    let errors = office.does(|draft| draft.batch_delete_phone_number(account, &numbers)).unwrap();
    let wanted = [
        Why::PhoneNumberAssociationsExist,
        Why::VoiceConnectorGroupAssociationsExist,
        Why::Conflict,
        Why::NotFound,
    ];
    assert_eq!(errors.iter().map(|error| error.refusal.why).collect::<Vec<_>>(), wanted);
    let gone = office.estate.phone_number(account, e164("+12065550102")).unwrap();
    assert_eq!(gone.record.status, PhoneNumberStatus::DeleteInProgress);
    assert_eq!(why(&mut office, |draft| draft.batch_delete_phone_number(account, &[])), Why::BadRequest);
}

#[test]
fn a_restored_number_needs_room() {
    let mut office = office();
    let account = office.account("ours");
    own(&mut office, account, &[SEATTLE]);
    office.does(|draft| draft.delete_phone_number(account, e164(SEATTLE))).unwrap();
    own(&mut office, account, &[OTHER]);
    allow(&mut office, account, 1);
    let restore = |draft: &mut estate::Draft<'_>| draft.restore_phone_number(account, e164(SEATTLE));
    assert_eq!(why(&mut office, restore), Why::ResourceLimitExceeded);
    allow(&mut office, account, 2);
    office.does(restore).unwrap();
}

#[test]
fn a_name_that_comes_late_does_not_keep_a_number() {
    let mut office = office();
    let account = office.account("ours");
    install(&mut office, |installation| installation.calling_name_delay_min = 7 * 24 * 60);
    own(&mut office, account, &[SEATTLE]);
    let update = PhoneNumberUpdate { calling_name: Some("Desk".to_owned()), ..PhoneNumberUpdate::default() };
    office.does(|draft| draft.update_phone_number(account, e164(SEATTLE), update)).unwrap();
    office.does(|draft| draft.delete_phone_number(account, e164(SEATTLE))).unwrap();
    wait(&mut office, 7 * DAY);
    assert_eq!(office.estate.phone_number(account, e164(SEATTLE)).unwrap_err().why, Why::NotFound);
    assert_eq!(office.estate.next_due(), None);
}

#[test]
fn a_name_comes_into_use_in_the_queue_too() {
    let mut office = office();
    let account = office.account("ours");
    own(&mut office, account, &[SEATTLE]);
    install(&mut office, |installation| installation.calling_name_delay_min = 60);
    let update = PhoneNumberUpdate { calling_name: Some("Desk".to_owned()), ..PhoneNumberUpdate::default() };
    office.does(|draft| draft.update_phone_number(account, e164(SEATTLE), update)).unwrap();
    office.does(|draft| draft.delete_phone_number(account, e164(SEATTLE))).unwrap();
    assert_eq!(office.estate.next_due(), Some(office.now.after(HOUR)));
    wait(&mut office, HOUR);
    let item = office.estate.phone_number(account, e164(SEATTLE)).unwrap();
    assert_eq!(item.record.calling_name.as_deref(), Some("Desk"));
    assert_eq!(
        (item.record.status, office.estate.next_due()),
        (PhoneNumberStatus::DeleteInProgress, item.deletion)
    );
}
