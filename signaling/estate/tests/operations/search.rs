//! Searching: free numbers of the pool, and never others.

use estate::operation::pool::NewPoolNumber;
use estate::operation::search::Search;
use estate::{AccountId, PageRequest, Why};
use trunk::Country;
use trunk::records::PhoneNumberType;

use crate::office::Office;
use crate::stock::{SEATTLE, e164, fill, local, office, order, why};

/// Two in Seattle, one in Spokane, one in Portland, two toll-free, one in London.
fn stocked() -> (Office, AccountId) {
    let mut office = office();
    let account = office.account("ours");
    fill(&mut office, &[SEATTLE, "+14255550100"]);
    let place = |text: &str, city: &str, state: &str| NewPoolNumber {
        city: city.to_owned(),
        state: state.to_owned(),
        ..NewPoolNumber::new(e164(text), vec!["alpha".to_owned()])
    };
    let list = vec![
        place("+15095550100", "Spokane", "WA"),
        place("+15035550100", "Portland", "OR"),
        place("+18005550100", "", ""),
        place("+18885550100", "", ""),
        NewPoolNumber { area_code: Some("20".to_owned()), ..place("+442079460000", "London", "") },
    ];
    assert_eq!(office.does(|draft| Ok(draft.add_pool_numbers(list))).unwrap(), []);
    (office, account)
}

fn found(office: &Office, account: AccountId, search: Search<'_>) -> Vec<String> {
    let page = office.estate.search_available_phone_numbers(account, search, PageRequest::default()).unwrap();
    page.items.iter().map(ToString::to_string).collect()
}

#[test]
fn a_place_an_area_or_a_prefix_finds_its_numbers() {
    let (office, account) = stocked();
    let none = Search::default();
    let cases = [
        (Search { state: Some("WA"), ..none }, &[SEATTLE, "+14255550100", "+15095550100"][..]),
        (Search { state: Some("wa"), city: Some("SEATTLE"), ..none }, &[SEATTLE, "+14255550100"]),
        (
            Search { state: Some("WA"), city: Some("Seattle"), area_code: Some("425"), ..none },
            &["+14255550100"],
        ),
        (Search { area_code: Some("206"), ..none }, &[SEATTLE]),
        (Search { area_code: Some("206"), state: Some("OR"), ..none }, &[]),
        (Search { area_code: Some("800"), ..none }, &["+18005550100"]),
        (Search { toll_free_prefix: Some("888"), ..none }, &["+18885550100"]),
        (Search { toll_free_prefix: Some("877"), ..none }, &[]),
        (Search { area_code: Some("911"), ..none }, &[]),
        (Search { state: Some("WA"), phone_number_type: Some(PhoneNumberType::TollFree), ..none }, &[]),
        (
            Search { country: Some("GB"), phone_number_type: Some(PhoneNumberType::Local), ..none },
            &["+442079460000"],
        ),
        (
            Search {
                country: Some("GB"),
                phone_number_type: Some(PhoneNumberType::Local),
                area_code: Some("161"),
                ..none
            },
            &[],
        ),
    ];
    for (search, wanted) in cases {
        assert_eq!(found(&office, account, search), wanted, "{search:?}");
    }
}

#[test]
fn a_search_that_is_too_wide_or_contradicts_itself_is_refused() {
    let (mut office, account) = stocked();
    let none = Search::default();
    let local = Some(PhoneNumberType::Local);
    let bad = [
        none,
        Search { country: Some("US"), phone_number_type: local, ..none },
        Search { city: Some("Seattle"), area_code: Some("206"), ..none },
        Search { country: Some("GB"), ..none },
        Search { country: Some("gb"), phone_number_type: local, ..none },
        Search { country: Some("USA"), state: Some("WA"), ..none },
        Search { toll_free_prefix: Some("801"), ..none },
        Search { toll_free_prefix: Some("800"), phone_number_type: local, ..none },
        Search { area_code: Some("20"), ..none },
        Search { state: Some(" "), ..none },
    ];
    for search in bad {
        let refusal = why(&mut office, |draft| {
            draft.estate.search_available_phone_numbers(account, search, PageRequest::default())
        });
        assert_eq!(refusal, Why::BadRequest, "{search:?}");
    }
    let search = Search { state: Some("WA"), ..none };
    for len in [0, 501] {
        let page = PageRequest { len: Some(len), after: None };
        let refusal = office.estate.search_available_phone_numbers(account, search, page).unwrap_err();
        assert_eq!(refusal.why, Why::BadRequest);
    }
}

#[test]
fn what_was_ordered_is_not_found_until_it_is_free_again() {
    let (mut office, account) = stocked();
    let search = Search { area_code: Some("206"), ..Search::default() };
    let id = order(&mut office, account, &[SEATTLE]);
    assert_eq!(found(&office, account, search), [""; 0]);
    let verdict = estate::operation::orders::Verdict::Refused;
    office.does(|draft| draft.decide_phone_number_order(account, id, None, verdict)).unwrap();
    assert_eq!(found(&office, account, search), [SEATTLE]);
    assert_eq!(found(&office, account, search).len(), found_in(&office.mirror, account, search));
}

fn found_in(estate: &estate::Estate, account: AccountId, search: Search<'_>) -> usize {
    estate.search_available_phone_numbers(account, search, PageRequest::default()).unwrap().items.len()
}

#[test]
fn pages_of_every_kind_of_search_follow_each_other() {
    let mut office = office();
    let account = office.account("ours");
    let list = (0..50).map(|at| local(&format!("+1206555{at:04}"))).collect();
    office.does(|draft| Ok(draft.add_pool_numbers(list))).unwrap();
    fill(&mut office, &["+12075550100", "+12055550100"]);
    let none = Search::default();
    let searches = [
        (Search { area_code: Some("206"), ..none }, 50),
        (Search { state: Some("WA"), ..none }, 52),
        (Search { state: Some("WA"), city: Some("Seattle"), ..none }, 52),
    ];
    for (search, wanted) in searches {
        let (mut seen, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = PageRequest { len: Some(7), after: after.as_deref() };
            let page = office.estate.search_available_phone_numbers(account, search, page).unwrap();
            seen.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), wanted, "{search:?}");
        assert!(seen.is_sorted_by(|one, next| one < next));
    }
    for after in ["+12069999999", "+12075550100"] {
        let page = PageRequest { len: None, after: Some(after) };
        let page = office.estate.search_available_phone_numbers(account, searches[0].0, page).unwrap();
        assert_eq!(page.items, []);
    }
}

#[test]
fn countries_are_those_of_which_there_are_numbers() {
    let (mut office, account) = stocked();
    let (us, gb) = (Country::UNITED_STATES, Country::parse("GB").unwrap());
    let both = vec![PhoneNumberType::Local, PhoneNumberType::TollFree];
    let all = office.estate.list_supported_phone_number_countries();
    assert_eq!(all, [(gb, vec![PhoneNumberType::Local]), (us, both.clone())]);
    order(&mut office, account, &["+442079460000"]);
    assert_eq!(office.estate.list_supported_phone_number_countries(), [(us, both)]);
}
