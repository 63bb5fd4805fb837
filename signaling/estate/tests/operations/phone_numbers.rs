//! The inventory: found, listed and changed.

use estate::operation::phone_numbers::{PhoneNumberFilter, PhoneNumberUpdate};
use estate::{PageRequest, Why};
use trunk::Home;
use trunk::records::{AssociationName, PhoneNumberStatus, ProductType};

use crate::office::Office;
use crate::stock::{SEATTLE, connector, e164, fill, group, office, order, own, why};

const OTHER: &str = "+12065550101";

fn named(name: &str) -> PhoneNumberUpdate {
    PhoneNumberUpdate { name: Some(name.to_owned()), ..PhoneNumberUpdate::default() }
}

fn product(product: ProductType) -> PhoneNumberUpdate {
    PhoneNumberUpdate { product_type: Some(product), ..PhoneNumberUpdate::default() }
}

#[test]
fn one_thing_of_a_number_is_changed_at_a_time() {
    let mut office = office();
    let (ours, theirs) = (office.account("ours"), office.account("theirs"));
    own(&mut office, ours, &[SEATTLE]);
    office.now = office.now.after(5);
    for name in ["front desk", "a,b._-c", ""] {
        office.does(|draft| draft.update_phone_number(ours, e164(SEATTLE), named(name))).unwrap();
        assert_eq!(office.estate.phone_number(ours, e164(SEATTLE)).unwrap().name, name);
    }
    assert_eq!(office.estate.phone_number(ours, e164(SEATTLE)).unwrap().updated, office.now);
    let two = PhoneNumberUpdate { calling_name: Some("Desk".to_owned()), ..named("desk") };
    for update in [two, PhoneNumberUpdate::default(), named("a/b"), named(&"a".repeat(257))] {
        let shown = format!("{update:?}");
        let refusal = why(&mut office, |draft| draft.update_phone_number(ours, e164(SEATTLE), update));
        assert_eq!(refusal, Why::BadRequest, "{shown}");
    }
    let refusal = why(&mut office, |draft| draft.update_phone_number(theirs, e164(SEATTLE), named("x")));
    assert_eq!(refusal, Why::NotFound);
}

#[test]
fn the_product_type_is_switched_while_nothing_is_assigned() {
    let mut office = office();
    let account = office.account("ours");
    own(&mut office, account, &[SEATTLE]);
    let switch = |office: &mut Office, to| {
        office.does(|draft| draft.update_phone_number(account, e164(SEATTLE), product(to)))
    };
    switch(&mut office, ProductType::SipMediaApplicationDialIn).unwrap();
    switch(&mut office, ProductType::VoiceConnector).unwrap();
    let home = connector(&mut office, account);
    office.does(|draft| draft.associate_phone_numbers(account, home, &[e164(SEATTLE)], false)).unwrap();
    let refusal = switch(&mut office, ProductType::SipMediaApplicationDialIn).unwrap_err();
    assert_eq!(refusal.why, Why::Conflict);
}

#[test]
fn a_batch_changes_what_it_can_and_tells_the_rest() {
    let mut office = office();
    let account = office.account("ours");
    own(&mut office, account, &[SEATTLE, OTHER]);
    let updates = vec![
        (e164(SEATTLE), named("one")),
        (e164("+12065550109"), named("two")),
        (e164(OTHER), PhoneNumberUpdate::default()),
    ];
    let errors = office.does(|draft| draft.batch_update_phone_number(account, updates)).unwrap();
    let told: Vec<_> = errors.iter().map(|error| (error.number, error.refusal.why)).collect();
    assert_eq!(told, [(e164("+12065550109"), Why::NotFound), (e164(OTHER), Why::BadRequest)]);
    assert_eq!(office.estate.phone_number(account, e164(SEATTLE)).unwrap().name, "one");
    let twice = vec![(e164(SEATTLE), named("one")), (e164(SEATTLE), named("two"))];
    for updates in [twice, Vec::new()] {
        let refusal = why(&mut office, |draft| draft.batch_update_phone_number(account, updates));
        assert_eq!(refusal, Why::BadRequest);
    }
}

#[test]
fn lists_are_narrowed_by_state_product_and_what_numbers_lead_to() {
    let mut office = office();
    let (ours, theirs) = (office.account("ours"), office.account("theirs"));
    let all = [SEATTLE, OTHER, "+12065550102", "+12065550103"];
    own(&mut office, ours, &all);
    own(&mut office, theirs, &["+12065550109"]);
    fill(&mut office, &["+12065550104"]);
    order(&mut office, ours, &["+12065550104"]);
    let (one, team) = (connector(&mut office, ours), group(&mut office, ours));
    office
        .does(|draft| draft.associate_phone_numbers(ours, one, &[e164(SEATTLE), e164(OTHER)], false))
        .unwrap();
    office.does(|draft| draft.associate_phone_numbers(ours, team, &[e164("+12065550102")], false)).unwrap();
    let last = e164("+12065550103");
    let sip = product(ProductType::SipMediaApplicationDialIn);
    office.does(|draft| draft.update_phone_number(ours, last, sip)).unwrap();

    let list = |account, filter| {
        let page = office.estate.list_phone_numbers(account, filter, PageRequest::default())?;
        Ok(page.items.iter().map(|(number, _)| number.to_string()).collect::<Vec<_>>())
    };
    let none = PhoneNumberFilter::default();
    let text = |home| match home {
        Home::VoiceConnector(id) => id.to_string(),
        Home::VoiceConnectorGroup(id) => id.to_string(),
    };
    let (one, team) = (text(one), text(team));
    let led = |name, value| PhoneNumberFilter { association: Some((name, value)), ..none };
    let by_connector = led(AssociationName::VoiceConnectorId, one.as_str());
    let by_group = led(AssociationName::VoiceConnectorGroupId, team.as_str());
    let status = |status| PhoneNumberFilter { status: Some(status), ..none };
    let cases = [
        (none, &["+12065550100", OTHER, "+12065550102", "+12065550103", "+12065550104"][..]),
        (by_connector, &[SEATTLE, OTHER]),
        (by_group, &["+12065550102"]),
        (status(PhoneNumberStatus::Assigned), &[SEATTLE, OTHER, "+12065550102"]),
        (status(PhoneNumberStatus::AcquireInProgress), &["+12065550104"]),
        (
            PhoneNumberFilter { product_type: Some(ProductType::SipMediaApplicationDialIn), ..none },
            &["+12065550103"],
        ),
        (PhoneNumberFilter { status: Some(PhoneNumberStatus::Unassigned), ..by_connector }, &[]),
        (
            PhoneNumberFilter {
                product_type: Some(ProductType::VoiceConnector),
                ..status(PhoneNumberStatus::Unassigned)
            },
            &[],
        ),
    ];
    for (filter, wanted) in cases {
        assert_eq!(list(ours, filter).unwrap(), wanted, "{filter:?}");
    }
    assert_eq!(list(theirs, none).unwrap(), ["+12065550109"]);
    let unknown = [
        (theirs, by_connector),
        (theirs, by_group),
        (ours, led(AssociationName::VoiceConnectorId, "nonsense")),
        (ours, led(AssociationName::VoiceConnectorGroupId, one.as_str())),
        (ours, led(AssociationName::SipRuleId, "3fa85f64-5717-4562-b3fc-2c963f66afa6")),
    ];
    for (account, filter) in unknown {
        let refusal: estate::Refusal = list(account, filter).unwrap_err();
        assert_eq!(refusal.why, Why::NotFound, "{filter:?}");
    }
}

#[test]
fn pages_of_a_filtered_list_follow_each_other() {
    let mut office = office();
    let account = office.account("ours");
    let all: Vec<String> = (0..25).map(|at| format!("+120655501{at:02}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    own(&mut office, account, &all);
    let home = connector(&mut office, account);
    let numbers: Vec<_> = all[..11].iter().map(|text| e164(text)).collect();
    office.does(|draft| draft.associate_phone_numbers(account, home, &numbers, false)).unwrap();
    let Home::VoiceConnector(id) = home else { panic!("a connector was made") };
    let none = PhoneNumberFilter::default();
    let id = id.to_string();
    let led =
        PhoneNumberFilter { association: Some((AssociationName::VoiceConnectorId, id.as_str())), ..none };
    let unassigned = PhoneNumberFilter { status: Some(PhoneNumberStatus::Unassigned), ..none };
    for (filter, wanted) in [(none, 25), (led, 11), (unassigned, 14)] {
        let (mut seen, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = PageRequest { len: Some(4), after: after.as_deref() };
            let page = office.estate.list_phone_numbers(account, filter, page).unwrap();
            seen.extend(page.items.into_iter().map(|(number, _)| number));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert!(seen.len() == wanted && seen.is_sorted_by(|one, next| one < next), "{filter:?}");
    }
    for len in [0, 101] {
        let page = PageRequest { len: Some(len), after: None };
        let refusal = office.estate.list_phone_numbers(account, none, page).unwrap_err();
        assert_eq!(refusal.why, Why::BadRequest);
    }
}
