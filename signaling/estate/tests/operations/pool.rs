//! The pool: what operators put in, change and take out.

use estate::operation::pool::{NewPoolNumber, PoolFilter};
use estate::{PageRequest, Why};
use trunk::records::PhoneNumberType;

use crate::stock::{SEATTLE, e164, fill, local, office, order, own, why};

#[test]
fn a_number_tells_its_area_country_and_type() {
    let mut office = office();
    let both = vec!["beta".to_owned(), "alpha".to_owned(), "beta".to_owned()];
    let list = vec![local(SEATTLE), NewPoolNumber::new(e164("+18005550199"), both)];
    assert_eq!(office.does(|draft| Ok(draft.add_pool_numbers(list))).unwrap(), []);
    let item = office.estate.pool_number(e164(SEATTLE)).unwrap();
    assert_eq!((item.area_code.as_str(), item.country.as_str()), ("206", "US"));
    assert_eq!(item.phone_number_type, PhoneNumberType::Local);
    let item = office.estate.pool_number(e164("+18005550199")).unwrap();
    assert_eq!((item.area_code.as_str(), item.phone_number_type), ("800", PhoneNumberType::TollFree));
    assert_eq!(item.carriers, ["alpha", "beta"]);
}

#[test]
fn what_cannot_be_of_a_number_is_refused_and_the_others_are_taken() {
    let mut office = office();
    let with = |change: fn(&mut NewPoolNumber)| {
        let mut new = local("+12065550101");
        change(&mut new);
        new
    };
    let bad = [
        (with(|new| new.carriers = vec!["gamma".to_owned()]), Why::NotFound),
        (with(|new| new.carriers.clear()), Why::BadRequest),
        (with(|new| new.carriers.push("beta".to_owned())), Why::BadRequest),
        (with(|new| new.phone_number_type = Some(PhoneNumberType::TollFree)), Why::BadRequest),
        (with(|new| new.area_code = Some("425".to_owned())), Why::BadRequest),
        (with(|new| new.country = Some("GB".to_owned())), Why::BadRequest),
        (with(|new| new.calls_max = Some(0)), Why::BadRequest),
        (with(|new| new.city = "a\nb".to_owned()), Why::BadRequest),
        (with(|new| new.state = "x".repeat(65)), Why::BadRequest),
        (NewPoolNumber { country: None, ..local("+88161234567") }, Why::BadRequest),
        (NewPoolNumber { area_code: Some("20x".to_owned()), ..local("+442079460000") }, Why::BadRequest),
    ];
    for (new, wanted) in bad {
        let shown = format!("{new:?}");
        let errors = office.does(|draft| Ok(draft.add_pool_numbers(vec![new, local(SEATTLE)]))).unwrap();
        assert_eq!(errors.iter().map(|error| error.refusal.why).collect::<Vec<_>>(), [wanted], "{shown}");
        assert_eq!(office.estate.pool.len(), 1, "{shown}");
    }
    let abroad = [
        NewPoolNumber { area_code: Some("20".to_owned()), ..local("+442079460000") },
        NewPoolNumber { country: Some("US".to_owned()), ..local("+88161234567") },
        NewPoolNumber { phone_number_type: Some(PhoneNumberType::TollFree), ..local("+448001234567") },
    ];
    assert_eq!(office.does(|draft| Ok(draft.add_pool_numbers(abroad.into()))).unwrap(), []);
}

#[test]
fn a_second_import_changes_nothing_and_another_one_is_refused() {
    let mut office = office();
    fill(&mut office, &[SEATTLE]);
    let account = office.account("ours");
    order(&mut office, account, &[SEATTLE]);
    office.now = office.now.after(1);
    fill(&mut office, &[SEATTLE]);
    let item = office.estate.pool_number(e164(SEATTLE)).unwrap();
    assert_eq!((item.account, item.added.after(1)), (Some(account), office.now));
    let other = NewPoolNumber { city: "Tacoma".to_owned(), ..local(SEATTLE) };
    assert_eq!(why(&mut office, |draft| draft.add_pool_number(other)), Why::Conflict);
}

#[test]
fn only_a_free_number_is_withdrawn() {
    let mut office = office();
    let account = office.account("ours");
    own(&mut office, account, &[SEATTLE]);
    fill(&mut office, &["+12065550101"]);
    assert_eq!(why(&mut office, |draft| draft.withdraw_pool_number(e164(SEATTLE))), Why::Conflict);
    office.does(|draft| draft.withdraw_pool_number(e164("+12065550101"))).unwrap();
    assert_eq!(why(&mut office, |draft| draft.withdraw_pool_number(e164("+12065550101"))), Why::NotFound);
}

#[test]
fn calls_obey_what_an_operator_changes() {
    let mut office = office();
    let account = office.account("ours");
    own(&mut office, account, &[SEATTLE]);
    let new =
        NewPoolNumber { calls_max: Some(7), ..NewPoolNumber::new(e164(SEATTLE), vec!["beta".to_owned()]) };
    office.does(|draft| draft.change_pool_number(new.clone())).unwrap();
    let record = &office.estate.records().phone_numbers[0];
    assert_eq!((record.calls_max, record.carriers.as_slice()), (Some(7), &["beta".to_owned()][..]));
    assert_eq!(office.estate.pool_number(e164(SEATTLE)).unwrap().account, Some(account));
    let bad = NewPoolNumber { carriers: vec!["gamma".to_owned()], ..new };
    assert_eq!(why(&mut office, |draft| draft.change_pool_number(bad)), Why::NotFound);
    let missing = local("+12065550101");
    assert_eq!(why(&mut office, |draft| draft.change_pool_number(missing)), Why::NotFound);
}

#[test]
fn operators_list_what_they_ask_for() {
    let mut office = office();
    let account = office.account("ours");
    own(&mut office, account, &[SEATTLE, "+12065550101"]);
    fill(&mut office, &["+12065550102", "+442079460000"]);
    let list = |filter: PoolFilter| {
        let page = office.estate.list_pool(&filter, PageRequest::default()).unwrap();
        page.items.iter().map(|(number, _)| number.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(list(PoolFilter::default()).len(), 4);
    let free = PoolFilter { free_only: true, ..PoolFilter::default() };
    assert_eq!(list(free), ["+12065550102", "+442079460000"]);
    let british = PoolFilter { country: Some("GB".to_owned()), ..PoolFilter::default() };
    assert_eq!(list(british), ["+442079460000"]);
    let ours = PoolFilter { account: Some(account), ..PoolFilter::default() };
    assert_eq!(list(ours.clone()), [SEATTLE, "+12065550101"]);
    assert_eq!(list(PoolFilter { free_only: true, ..ours }), [""; 0]);
    let of_beta = PoolFilter { carrier: Some("beta".to_owned()), ..PoolFilter::default() };
    assert_eq!(list(of_beta), [""; 0]);
}
