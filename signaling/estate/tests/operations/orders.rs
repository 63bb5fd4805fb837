//! Orders: what is reserved, when it is there, and what becomes of the rest.

use estate::operation::orders::{NewPhoneNumberOrder, Verdict};
use estate::{OrderStatus, OrderedStatus, PageRequest, Why};
use trunk::records::{PhoneNumberStatus, ProductType};

use crate::office::Office;
use crate::stock::{SEATTLE, allow, e164, fill, install, office, order, own, tick, why};

const OTHER: &str = "+12065550101";

fn wanted(numbers: &[&str]) -> NewPhoneNumberOrder {
    let numbers = numbers.iter().map(|text| (*text).to_owned()).collect();
    NewPhoneNumberOrder { numbers, ..NewPhoneNumberOrder::default() }
}

#[test]
fn an_order_is_processing_first_and_there_at_the_next_tick() {
    let mut office = office();
    let account = office.account("ours");
    fill(&mut office, &[SEATTLE]);
    let new = NewPhoneNumberOrder {
        name: "front desk".to_owned(),
        numbers: vec![SEATTLE.to_owned()],
        product_type: ProductType::SipMediaApplicationDialIn,
    };
    let id = office.does(|draft| draft.create_phone_number_order(account, new)).unwrap();
    let item = office.estate.phone_number_order(account, id).unwrap();
    assert_eq!((item.status, item.numbers[0].status), (OrderStatus::Processing, OrderedStatus::Processing));
    let number = office.estate.phone_number(account, e164(SEATTLE)).unwrap();
    assert_eq!(number.record.status, PhoneNumberStatus::AcquireInProgress);
    assert_eq!((number.name.as_str(), number.order), ("front desk", Some(id)));
    assert_eq!(number.record.product_type, ProductType::SipMediaApplicationDialIn);
    assert_eq!(office.estate.next_due(), Some(office.now));
    tick(&mut office);
    let item = office.estate.phone_number_order(account, id).unwrap();
    assert_eq!((item.status, item.numbers[0].status), (OrderStatus::Successful, OrderedStatus::Acquired));
    let number = office.estate.phone_number(account, e164(SEATTLE)).unwrap();
    assert_eq!(number.record.status, PhoneNumberStatus::Unassigned);
    assert_eq!(office.estate.next_due(), None);
}

#[test]
fn what_is_not_to_be_had_fails_and_the_rest_does_not() {
    let mut office = office();
    let (ours, theirs) = (office.account("ours"), office.account("theirs"));
    own(&mut office, theirs, &[SEATTLE]);
    fill(&mut office, &[OTHER]);
    for (numbers, sum) in
        [(&[SEATTLE, OTHER][..], OrderStatus::Partial), (&["+12065550109"], OrderStatus::Failed)]
    {
        let id = order(&mut office, ours, numbers);
        let first = office.estate.phone_number_order(ours, id).unwrap();
        assert_eq!((first.status, first.numbers[0].status), (OrderStatus::Processing, OrderedStatus::Failed));
        tick(&mut office);
        assert_eq!(office.estate.phone_number_order(ours, id).unwrap().status, sum);
    }
    assert_eq!(office.estate.phone_number(ours, e164(SEATTLE)).unwrap_err().why, Why::NotFound);
    assert_eq!(office.estate.pool_number(e164(SEATTLE)).unwrap().account, Some(theirs));
}

#[test]
fn what_is_no_order_is_refused_as_a_whole() {
    let mut office = office();
    let account = office.account("ours");
    fill(&mut office, &[SEATTLE]);
    for numbers in [&[][..], &[SEATTLE, "2065550101"][..], &[SEATTLE, SEATTLE], &["12065550100"], &["+1999"]]
    {
        let refusal = why(&mut office, |draft| draft.create_phone_number_order(account, wanted(numbers)));
        assert_eq!(refusal, Why::BadRequest, "{numbers:?}");
    }
    for name in [" a", "a ", "a!b", &"a".repeat(257)] {
        let new = NewPhoneNumberOrder { name: name.to_owned(), ..wanted(&[SEATTLE]) };
        let refusal = why(&mut office, |draft| draft.create_phone_number_order(account, new));
        assert_eq!(refusal, Why::BadRequest, "{name}");
    }
    assert_eq!(office.estate.phone_numbers_in_use(account), 0);
}

#[test]
fn the_quota_counts_what_is_coming() {
    let mut office = office();
    let account = office.account("ours");
    let all: Vec<String> = (0..26).map(|at| format!("+120655501{at:02}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    fill(&mut office, &all);
    let refusal = why(&mut office, |draft| draft.create_phone_number_order(account, wanted(&all)));
    assert_eq!(refusal, Why::ResourceLimitExceeded);
    order(&mut office, account, &all[..25]);
    let one_more = |office: &mut Office| {
        office.does(|draft| draft.create_phone_number_order(account, wanted(&all[25..])))
    };
    assert_eq!(one_more(&mut office).unwrap_err().why, Why::ResourceLimitExceeded);
    tick(&mut office);
    assert_eq!(one_more(&mut office).unwrap_err().why, Why::ResourceLimitExceeded);
    office.does(|draft| draft.delete_phone_number(account, e164(all[0]))).unwrap();
    one_more(&mut office).unwrap();
    allow(&mut office, account, 3);
    assert_eq!(office.estate.phone_numbers_in_use(account), 25);
}

#[test]
fn an_operator_approves_and_refuses_one_number_or_all() {
    let mut office = office();
    let account = office.account("ours");
    install(&mut office, |installation| installation.orders_await_operator = true);
    fill(&mut office, &[SEATTLE, OTHER]);
    let id = order(&mut office, account, &[SEATTLE, OTHER]);
    assert_eq!(office.estate.next_due(), None);
    let waiting = office.estate.list_waiting_orders(PageRequest::default()).unwrap();
    assert_eq!(
        waiting.items.iter().map(|(place, _)| (place.account, place.id)).collect::<Vec<_>>(),
        [(account, id)]
    );

    let decide = |office: &mut Office, numbers: Option<&[&str]>, verdict| {
        let numbers: Option<Vec<_>> = numbers.map(|list| list.iter().map(|text| e164(text)).collect());
        office.does(|draft| draft.decide_phone_number_order(account, id, numbers.as_deref(), verdict))
    };
    let stranger = decide(&mut office, Some(&["+12065550109"]), Verdict::Approved);
    assert_eq!(stranger.unwrap_err().why, Why::NotFound);
    decide(&mut office, Some(&[SEATTLE]), Verdict::Approved).unwrap();
    assert_eq!(office.estate.phone_number_order(account, id).unwrap().status, OrderStatus::Processing);
    let again = decide(&mut office, Some(&[SEATTLE]), Verdict::Refused);
    assert_eq!(again.unwrap_err().why, Why::Conflict);
    decide(&mut office, None, Verdict::Refused).unwrap();
    assert_eq!(office.estate.phone_number_order(account, id).unwrap().status, OrderStatus::Partial);
    assert_eq!(decide(&mut office, None, Verdict::Approved).unwrap_err().why, Why::Conflict);

    let kept = office.estate.phone_number(account, e164(SEATTLE)).unwrap();
    assert_eq!(kept.record.status, PhoneNumberStatus::Unassigned);
    assert_eq!(office.estate.phone_number(account, e164(OTHER)).unwrap_err().why, Why::NotFound);
    assert_eq!(office.estate.pool_number(e164(OTHER)).unwrap().account, None);
    assert!(office.estate.list_waiting_orders(PageRequest::default()).unwrap().items.is_empty());
}

#[test]
fn an_order_with_nothing_to_approve_awaits_nobody() {
    let mut office = office();
    let account = office.account("ours");
    install(&mut office, |installation| installation.orders_await_operator = true);
    let id = order(&mut office, account, &[SEATTLE]);
    tick(&mut office);
    assert_eq!(office.estate.phone_number_order(account, id).unwrap().status, OrderStatus::Failed);
}

#[test]
fn orders_are_listed_to_their_owner() {
    let mut office = office();
    let (ours, theirs) = (office.account("ours"), office.account("theirs"));
    let id = order(&mut office, ours, &[SEATTLE]);
    order(&mut office, ours, &[OTHER]);
    let list = |account, len| {
        office.estate.list_phone_number_orders(account, PageRequest { len: Some(len), after: None })
    };
    let first = list(ours, 1).unwrap();
    assert!(first.items.len() == 1 && first.next.is_some());
    assert_eq!((list(ours, 100).unwrap().items.len(), list(theirs, 100).unwrap().items.len()), (2, 0));
    assert_eq!(list(ours, 101).unwrap_err().why, Why::BadRequest);
    assert_eq!(office.estate.phone_number_order(theirs, id).unwrap_err().why, Why::NotFound);
    let verdict = Verdict::Approved;
    let refusal = why(&mut office, |draft| draft.decide_phone_number_order(theirs, id, None, verdict));
    assert_eq!(refusal, Why::NotFound);
}

#[test]
fn very_much_at_once_is_done_in_parts() {
    let mut office = office();
    let account = office.account("ours");
    for _ in 0..1_001 {
        order(&mut office, account, &[SEATTLE]);
    }
    assert_eq!(office.does(|draft| Ok(draft.tick())).unwrap(), 1_000);
    assert_eq!(office.estate.next_due(), Some(office.now));
    assert_eq!(office.does(|draft| Ok(draft.tick())).unwrap(), 1);
    assert_eq!((office.does(|draft| Ok(draft.tick())).unwrap(), office.estate.next_due()), (0, None));
}
