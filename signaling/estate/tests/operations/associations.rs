//! What numbers lead to: assigned, moved, released.

use estate::{AccountId, PhoneNumberError, Refusal, Why};
use trunk::records::{PhoneNumberStatus, ProductType};
use trunk::{E164, Home};

use crate::office::Office;
use crate::stock::{SEATTLE, connector, e164, fill, group, office, order, own, why};

const OTHER: &str = "+12065550101";

fn associate(
    office: &mut Office,
    account: AccountId,
    home: Home,
    numbers: &[&str],
    force: bool,
) -> Result<Vec<PhoneNumberError>, Refusal> {
    let numbers: Vec<E164> = numbers.iter().map(|text| e164(text)).collect();
    office.does(|draft| draft.associate_phone_numbers(account, home, &numbers, force))
}

fn whys(errors: &[PhoneNumberError]) -> Vec<(String, Why)> {
    errors.iter().map(|error| (error.number.to_string(), error.refusal.why)).collect()
}

#[test]
fn a_number_leads_where_it_was_assigned_until_it_is_released() {
    let mut office = office();
    let account = office.account("ours");
    own(&mut office, account, &[SEATTLE]);
    let home = connector(&mut office, account);
    office.now = office.now.after(7);
    assert_eq!(associate(&mut office, account, home, &[SEATTLE, SEATTLE], false).unwrap(), []);
    let item = office.estate.phone_number(account, e164(SEATTLE)).unwrap();
    assert_eq!((item.record.status, item.home()), (PhoneNumberStatus::Assigned, Some(home)));
    assert_eq!(item.associated, Some(office.now));

    office.now = office.now.after(7);
    assert_eq!(associate(&mut office, account, home, &[SEATTLE], false).unwrap(), []);
    let item = office.estate.phone_number(account, e164(SEATTLE)).unwrap();
    assert_eq!(item.associated.unwrap().after(7), office.now);

    let release = |office: &mut Office| {
        office.does(|draft| draft.disassociate_phone_numbers(account, home, &[e164(SEATTLE)]))
    };
    assert_eq!(release(&mut office).unwrap(), []);
    let item = office.estate.phone_number(account, e164(SEATTLE)).unwrap();
    assert_eq!((item.record.status, item.home()), (PhoneNumberStatus::Unassigned, None));
    assert_eq!(whys(&release(&mut office).unwrap()), [(SEATTLE.to_owned(), Why::BadRequest)]);
}

#[test]
fn only_force_moves_a_number_and_it_is_never_at_two_places() {
    let mut office = office();
    let account = office.account("ours");
    own(&mut office, account, &[SEATTLE, OTHER]);
    let (one, team) = (connector(&mut office, account), group(&mut office, account));
    associate(&mut office, account, one, &[SEATTLE], false).unwrap();
    let errors = associate(&mut office, account, team, &[SEATTLE, OTHER], false).unwrap();
    assert_eq!(whys(&errors), [(SEATTLE.to_owned(), Why::PhoneNumberAssociationsExist)]);
    assert_eq!(office.estate.numbers_of(team).collect::<Vec<_>>(), [e164(OTHER)]);
    assert_eq!(associate(&mut office, account, team, &[SEATTLE, OTHER], true).unwrap(), []);
    assert_eq!(office.estate.numbers_of(team).collect::<Vec<_>>(), [e164(SEATTLE), e164(OTHER)]);
    assert_eq!(office.estate.numbers_of(one).count(), 0);
    assert_eq!(office.estate.records().phone_numbers[0].associations.len(), 1);
    let errors = associate(&mut office, account, one, &[SEATTLE], false).unwrap();
    assert_eq!(whys(&errors), [(SEATTLE.to_owned(), Why::VoiceConnectorGroupAssociationsExist)]);
    let refusal =
        office.does(|draft| draft.disassociate_phone_numbers(account, one, &[e164(SEATTLE)])).unwrap();
    assert_eq!(whys(&refusal), [(SEATTLE.to_owned(), Why::BadRequest)]);
}

#[test]
fn what_is_not_there_or_not_for_calls_leads_nowhere() {
    let mut office = office();
    let (ours, theirs) = (office.account("ours"), office.account("theirs"));
    own(&mut office, ours, &[SEATTLE, OTHER, "+12065550102"]);
    own(&mut office, theirs, &["+12065550109"]);
    fill(&mut office, &["+12065550103"]);
    order(&mut office, ours, &["+12065550103"]);
    let update = estate::operation::phone_numbers::PhoneNumberUpdate {
        product_type: Some(ProductType::SipMediaApplicationDialIn),
        ..Default::default()
    };
    office.does(|draft| draft.update_phone_number(ours, e164(OTHER), update)).unwrap();
    office.does(|draft| draft.delete_phone_number(ours, e164("+12065550102"))).unwrap();
    let home = connector(&mut office, ours);
    let all = ["+12065550109", "+12065550108", OTHER, "+12065550102", "+12065550103", SEATTLE];
    let errors = associate(&mut office, ours, home, &all, true).unwrap();
    let wanted = [Why::NotFound, Why::NotFound, Why::BadRequest, Why::Conflict, Why::Conflict];
    let wanted: Vec<_> = all.iter().zip(wanted).map(|(text, why)| ((*text).to_owned(), why)).collect();
    assert_eq!(whys(&errors), wanted);
    assert_eq!(office.estate.numbers_of(home).collect::<Vec<_>>(), [e164(SEATTLE)]);

    let foreign = associate(&mut office, theirs, home, &["+12065550109"], true);
    assert_eq!(foreign.unwrap_err().why, Why::NotFound);
    assert_eq!(associate(&mut office, ours, home, &[], false).unwrap_err().why, Why::BadRequest);
    let numbers = [e164("+12065550109")];
    let refusal = why(&mut office, |draft| draft.disassociate_phone_numbers(theirs, home, &numbers));
    assert_eq!(refusal, Why::NotFound);
    let Home::VoiceConnector(id) = home else { panic!("a connector was made") };
    assert_eq!(why(&mut office, |draft| draft.delete_voice_connector(ours, id)), Why::Conflict);
}
