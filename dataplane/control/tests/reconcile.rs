//! Two lists of sessions are compared, and a list longer than a page is put together.

use std::collections::BTreeMap;

use control::{
    Epoch, Listing, PAGE_MAX, ProtocolError, Reconciliation, Request, SessionId, SessionState, reconcile,
};
use proptest::collection::btree_map;
use proptest::prelude::*;

#[path = "messages/samples.rs"]
#[expect(dead_code, reason = "one state of a session is all that is taken from there")]
mod samples;

#[test]
fn every_session_is_in_the_list_that_says_what_to_do() {
    let wanted = [(1, 5), (2, 5), (3, 5), (4, 5)];
    let present = [(0, 1), (2, 5), (3, 4), (4, 6), (5, 1)];
    let expected = Reconciliation {
        adopt: vec![SessionId(2)],
        update: vec![SessionId(3)],
        ahead: vec![(SessionId(4), Epoch(6))],
        recreate: vec![SessionId(1)],
        orphaned: vec![SessionId(0), SessionId(5)],
    };
    assert_eq!(reconcile(wanted.into_iter().map(named), present.into_iter().map(named)), expected);
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "sessions come in ascending order")]
fn a_list_out_of_order_is_a_fault_of_ours() {
    reconcile([(2, 1), (1, 1)].into_iter().map(named), std::iter::empty());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_pass_finds_what_looking_up_every_session_finds(
        wanted in btree_map(0u64..40, 0u32..3, 0..40),
        present in btree_map(0u64..40, 0u32..3, 0..40),
    ) {
        let found = reconcile(wanted.clone().into_iter().map(named), present.clone().into_iter().map(named));
        prop_assert_eq!(found, looked_up(&wanted, &present));
    }

    #[test]
    fn a_listing_asks_for_pages_until_it_has_every_session(count in 0..4 * PAGE_MAX) {
        prop_assert_eq!(listed(count)?, count / PAGE_MAX + 1);
    }
}

#[test]
fn a_listing_ends_with_a_page_that_is_not_full() {
    for (count, pages) in [(0, 1), (PAGE_MAX - 1, 1), (PAGE_MAX, 2), (PAGE_MAX + 1, 2), (2 * PAGE_MAX, 3)] {
        assert_eq!(listed(count).expect("every session is listed"), pages, "{count} sessions");
    }
}

#[test]
fn a_page_that_was_listed_before_is_refused() {
    let page: Vec<_> = (0..PAGE_MAX as u64).map(state).collect();
    let mut listing = Listing::new();
    listing.add(&page).expect("the first page");
    let wanted = "a page of sessions behind the last one";
    let refused = Err(ProtocolError::Unexpected { wanted, found: "sessions that were listed before" });
    assert_eq!(listing.add(&page), refused);
    assert_eq!(
        listing.add(&page[PAGE_MAX - 1..]),
        refused,
        "the last session of a page is not on the next one"
    );
    assert_eq!(listing.sessions(), page);
}

/// Lists so many sessions, checks the list, and returns how many pages it took.
fn listed(count: usize) -> Result<usize, TestCaseError> {
    let all: Vec<_> = (0..count as u64).map(state).collect();
    let mut listing = Listing::new();
    let mut pages = 0;
    while let Some(request) = listing.request() {
        let Request::List(after) = request else { panic!("not a list: {request:?}") };
        let behind = all.iter().filter(|state| after.is_none_or(|after| state.session > after));
        let page: Vec<_> = behind.take(PAGE_MAX).copied().collect();
        listing.add(&page).map_err(|error| TestCaseError::fail(error.to_string()))?;
        pages += 1;
    }
    prop_assert_eq!(listing.sessions(), all);
    Ok(pages)
}

fn looked_up(wanted: &BTreeMap<u64, u32>, present: &BTreeMap<u64, u32>) -> Reconciliation {
    let mut expected = Reconciliation::default();
    for (session, wish) in wanted {
        let id = SessionId(*session);
        match present.get(session) {
            None => expected.recreate.push(id),
            Some(epoch) if epoch < wish => expected.update.push(id),
            Some(epoch) if epoch > wish => expected.ahead.push((id, Epoch(*epoch))),
            Some(_) => expected.adopt.push(id),
        }
    }
    let orphaned = present.keys().filter(|session| !wanted.contains_key(session));
    expected.orphaned.extend(orphaned.map(|session| SessionId(*session)));
    expected
}

fn named((session, epoch): (u64, u32)) -> (SessionId, Epoch) {
    (SessionId(session), Epoch(epoch))
}

fn state(number: u64) -> SessionState {
    SessionState { session: SessionId(number), ..samples::state() }
}
