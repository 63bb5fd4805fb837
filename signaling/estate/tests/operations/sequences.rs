//! Random sequences of all operations on numbers: whatever is done or refused, the estate stays whole.

use std::collections::{BTreeMap, BTreeSet};

use estate::operation::orders::{NewPhoneNumberOrder, Verdict};
use estate::operation::phone_numbers::{PhoneNumberFilter, PhoneNumberUpdate};
use estate::operation::pool::PoolFilter;
use estate::operation::search::Search;
use estate::{
    AccountId, DAY, Estate, HOUR, OrderId, PageRequest, PortingDocument, PortingDocumentKind, PortingStep,
};
use proptest::prelude::*;
use trunk::records::{PhoneNumberStatus, ProductType, Records};
use trunk::snapshot::Snapshot;
use trunk::{E164, Home};

use crate::office::Office;
use crate::porting::{complete, request};
use crate::stock::{allow, connector, e164, group, install, local, office, tick};

/// Room for less numbers than there are.
const QUOTA: usize = 4;

/// What is done, as often as it takes until something comes of it.
const ACTS: [u8; 38] = [
    0, 1, 2, 2, 2, 2, 3, 3, 4, 4, 4, 4, 5, 6, 6, 7, 8, 9, 10, 11, 12, 13, 13, 14, 15, 15, 16, 16, 17, 17, 18,
    18, 19, 19, 19, 19, 19, 19,
];

/// Two customers, and what they do to six numbers.
struct World {
    accounts: [AccountId; 2],
    homes: [[Home; 3]; 2],
    numbers: [&'static str; 6],
    office: Office,
}

impl World {
    fn new(bits: u8) -> Self {
        let mut office = office();
        install(&mut office, |installation| {
            installation.orders_await_operator = bits & 1 != 0;
            installation.deleted_numbers_return = bits & 2 != 0;
            installation.calling_name_delay_min = if bits & 4 != 0 { 72 * 60 } else { 0 };
        });
        let accounts = ["ours", "theirs"].map(|name| office.account(name));
        let homes = accounts.map(|account| {
            allow(&mut office, account, QUOTA);
            let (one, other) = (connector(&mut office, account), connector(&mut office, account));
            [one, other, group(&mut office, account)]
        });
        let numbers =
            ["+12065550100", "+12065550101", "+12065550102", "+12065550103", "+18005550100", "+442079460000"];
        // What is in no pool can be ported.
        let list = numbers[..4].iter().map(|text| local(text)).collect();
        office.does(|draft| Ok(draft.add_pool_numbers(list))).unwrap();
        Self { accounts, homes, numbers, office }
    }

    /// Does one thing; it may well be refused.
    fn does(&mut self, what: u8, who: usize, which: usize, more: usize) {
        let (account, homes) = (self.accounts[who], self.homes[who]);
        let text = self.numbers[which % self.numbers.len()];
        let number = e164(text);
        let two = [number, e164(self.numbers[more % self.numbers.len()])];
        let home = self.homes[usize::from(more.is_multiple_of(7)) ^ who][more % 3];
        let pick = |list: Vec<OrderId>| list.get(more % list.len().max(1)).copied();
        let orders = self.office.estate.orders.of(account, std::ops::Bound::Unbounded);
        let order = pick(orders.map(|(id, _)| *id).collect());
        let outs = self.office.estate.port_outs.of(account, std::ops::Bound::Unbounded);
        let out = pick(outs.map(|(id, _)| *id).collect());
        let form = request(&self.office, homes[0], &[("Loser", &[text])]);
        let later = self.office.now.after(DAY);
        let office = &mut self.office;
        match what {
            0 => drop(office.does(|draft| draft.add_pool_number(local(text)))),
            1 => drop(office.does(|draft| draft.withdraw_pool_number(number))),
            2 => drop(office.does(|draft| {
                let numbers = two.iter().take(1 + more % 2).map(ToString::to_string).collect();
                let new = NewPhoneNumberOrder { numbers, ..NewPhoneNumberOrder::default() };
                draft.create_phone_number_order(account, new)
            })),
            3 => drop(office.does(|draft| {
                let verdict = if more.is_multiple_of(2) { Verdict::Approved } else { Verdict::Refused };
                order.map_or(Ok(()), |id| draft.decide_phone_number_order(account, id, None, verdict))
            })),
            4 => drop(
                office
                    .does(|draft| draft.associate_phone_numbers(account, home, &two, more.is_multiple_of(2))),
            ),
            5 => drop(office.does(|draft| draft.disassociate_phone_numbers(account, home, &two))),
            6 => drop(office.does(|draft| draft.update_phone_number(account, number, update(more)))),
            7 => drop(office.does(|draft| {
                draft
                    .batch_update_phone_number(account, vec![(two[0], update(more)), (two[1], update(which))])
            })),
            8 => drop(office.does(|draft| draft.delete_phone_number(account, number))),
            9 => drop(office.does(|draft| draft.batch_delete_phone_number(account, &two))),
            10 => drop(office.does(|draft| draft.restore_phone_number(account, number))),
            11 => drop(office.does(|draft| draft.update_phone_number_settings(account, name(more)))),
            12 => drop(office.does(|draft| draft.open_porting_case(account, form))),
            13 => drop(office.does(|draft| {
                let Some(id) = order else { return Ok(()) };
                for kind in [PortingDocumentKind::Bill, PortingDocumentKind::LetterOfAuthorization] {
                    draft.add_porting_document(account, id, document(kind))?;
                }
                draft.step_porting_case(account, id, PortingStep::Submit)
            })),
            14 | 15 => drop(office.does(|draft| {
                order.map_or(Ok(()), |id| draft.step_porting_case(account, id, step(more, later)))
            })),
            16 => drop(office.does(|draft| draft.open_port_out(account, &two))),
            17 => drop(office.does(|draft| {
                let Some(id) = out else { return Ok(()) };
                if more.is_multiple_of(3) {
                    return draft.cancel_port_out(account, id);
                }
                let pin = draft.renew_port_out_pin(account, id)?;
                draft
                    .check_port_out_pin(account, id, if more.is_multiple_of(5) { "?" } else { pin.expose() })
                    .map(drop)
            })),
            18 => drop(office.does(|draft| out.map_or(Ok(()), |id| draft.complete_port_out(account, id)))),
            _ => {
                office.now = office.now.after([1, HOUR, DAY, 3 * DAY, 7 * DAY][more % 5]);
                tick(office);
            }
        }
    }

    fn is_whole(&self) {
        let estate = &self.office.estate;
        let records = Records { zone: "zone.example".to_owned(), ..estate.records() };
        Snapshot::build(&records).unwrap();
        let mut owners: BTreeMap<E164, AccountId> = BTreeMap::new();
        for (account, number, item) in estate.phone_numbers.iter() {
            assert_eq!(owners.insert(*number, account), None, "{number} is in two inventories");
            let is_elsewhere = matches!(
                item.record.status,
                PhoneNumberStatus::AcquireFailed
                    | PhoneNumberStatus::Cancelled
                    | PhoneNumberStatus::PortinCancelRequested
                    | PhoneNumberStatus::PortinInProgress
            );
            let pool = estate.pool.find(number).map(|pool| pool.account);
            assert_eq!(pool, (!is_elsewhere).then_some(Some(account)), "{number} {:?}", item.record.status);
        }
        for (number, item) in estate.pool.iter() {
            assert_eq!(owners.get(number).copied(), item.account, "{number}");
        }
        for account in self.accounts {
            let counted = estate.phone_numbers.of(account, std::ops::Bound::Unbounded);
            let counted = counted.filter(|(_, item)| counts(item.record.status)).count();
            assert_eq!(estate.phone_numbers_in_use(account), counted);
            assert!(counted <= QUOTA, "{counted}");
        }
        for (account, id, case) in estate.porting_cases.iter() {
            let order = estate.phone_number_order(account, *id).unwrap();
            assert_eq!((order.status, order.foc_date), (case.state.order(), case.foc_date));
        }
        assert_eq!(self.seen(estate), self.seen(&self.office.mirror));
    }

    /// Indices that were kept up with changes are those that are built from what is there.
    fn is_read_as_it_is(&self) {
        let estate = &self.office.estate;
        assert_eq!(self.seen(estate), self.seen(&rebuilt(estate)));
    }

    /// All that indices tell.
    fn seen(&self, estate: &Estate) -> String {
        let all = PageRequest::default();
        let mut seen = vec![format!("{:?}", estate.next_due())];
        let free = PoolFilter { free_only: true, ..PoolFilter::default() };
        let numbers = |page: estate::Page<(E164, std::sync::Arc<estate::PoolNumber>)>| {
            page.items.iter().map(|(number, _)| *number).collect::<BTreeSet<_>>()
        };
        seen.push(format!("{:?}", numbers(estate.list_pool(&free, all).unwrap())));
        seen.push(format!("{:?}", estate.list_supported_phone_number_countries()));
        let waiting = estate.list_waiting_orders(all).unwrap().items;
        seen.push(format!("{:?}", waiting.iter().map(|(id, _)| id).collect::<Vec<_>>()));
        for account in self.accounts {
            for state in ["WA", "OR"] {
                let search = Search { state: Some(state), ..Search::default() };
                seen.push(format!("{:?}", estate.search_available_phone_numbers(account, search, all)));
            }
            for status in [PhoneNumberStatus::Unassigned, PhoneNumberStatus::DeleteInProgress] {
                let filter = PhoneNumberFilter { status: Some(status), ..PhoneNumberFilter::default() };
                let page = estate.list_phone_numbers(account, filter, all).unwrap();
                seen.push(format!("{:?}", page.items.iter().map(|(number, _)| number).collect::<Vec<_>>()));
            }
        }
        for home in self.homes.as_flattened() {
            seen.push(format!("{home} {:?}", estate.numbers_of(*home).collect::<Vec<_>>()));
        }
        seen.join("\n")
    }
}

fn counts(status: PhoneNumberStatus) -> bool {
    !matches!(
        status,
        PhoneNumberStatus::AcquireFailed
            | PhoneNumberStatus::Cancelled
            | PhoneNumberStatus::DeleteInProgress
            | PhoneNumberStatus::ReleaseInProgress
    )
}

/// Gives an estate that has read all documents of numbers once.
fn rebuilt(estate: &Estate) -> Estate {
    let mut other = Estate::default();
    let mut follow = |kind, id: String, body: Vec<u8>| {
        other.follow(&estate::Change { kind, id, body: Some(body) }).unwrap();
    };
    let body = |item: &dyn erased::Document| item.body();
    for (id, item) in estate.installation.iter() {
        follow(estate::Kind::Installation, id.to_string(), body(&**item));
    }
    for (id, item) in estate.accounts.iter() {
        follow(estate::Kind::Account, id.to_string(), body(&**item));
    }
    for (account, id, item) in estate.voice_connectors.iter() {
        follow(estate::Kind::VoiceConnector, format!("{account}/{id}"), body(&**item));
    }
    for (account, id, item) in estate.voice_connector_groups.iter() {
        follow(estate::Kind::VoiceConnectorGroup, format!("{account}/{id}"), body(&**item));
    }
    for (id, item) in estate.pool.iter() {
        follow(estate::Kind::PoolNumber, id.to_string(), body(&**item));
    }
    for (account, id, item) in estate.phone_numbers.iter() {
        follow(estate::Kind::InventoryNumber, format!("{account}/{id}"), body(&**item));
    }
    for (account, id, item) in estate.orders.iter() {
        follow(estate::Kind::PhoneNumberOrder, format!("{account}/{id}"), body(&**item));
    }
    other
}

/// Anything that is a document.
mod erased {
    pub(super) trait Document {
        fn body(&self) -> Vec<u8>;
    }

    impl<T: estate::Item> Document for T {
        fn body(&self) -> Vec<u8> {
            serde_json::to_vec(self).unwrap()
        }
    }
}

fn name(more: usize) -> String {
    ["", "Desk", "Company", "no-name"][more % 4].to_owned()
}

fn update(more: usize) -> PhoneNumberUpdate {
    let none = PhoneNumberUpdate::default();
    match more % 5 {
        0 => PhoneNumberUpdate { name: Some("desk".to_owned()), ..none },
        1 | 2 => PhoneNumberUpdate { calling_name: Some(name(more / 5)), ..none },
        3 => PhoneNumberUpdate { product_type: Some(ProductType::SipMediaApplicationDialIn), ..none },
        _ => PhoneNumberUpdate { product_type: Some(ProductType::VoiceConnector), ..none },
    }
}

fn document(kind: PortingDocumentKind) -> PortingDocument {
    PortingDocument {
        added: estate::Moment::default(),
        kind,
        losing_carrier: "Loser".to_owned(),
        name: "file.pdf".to_owned(),
        reference: "documents/1".to_owned(),
    }
}

fn step(more: usize, later: estate::Moment) -> PortingStep {
    let note = "why".to_owned();
    match more % 10 {
        0 | 1 => PortingStep::Confirm { foc_date: later },
        2 | 3 => complete(),
        4 => PortingStep::AskDocuments { note },
        5 => PortingStep::Cancel,
        6 => PortingStep::DeclareUnportable { note },
        7 => PortingStep::Object { note },
        8 => PortingStep::RequestCancel,
        _ => PortingStep::RequestChange { requested: later },
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_estate_stays_whole_whatever_is_done(
        bits in 0_u8..8,
        acts in proptest::collection::vec((0..ACTS.len(), 0_usize..2, 0_usize..6, 0_usize..70), 1..150),
    ) {
        let mut world = World::new(bits);
        for (what, who, which, more) in acts {
            world.does(ACTS[what], who, which, more);
            world.is_whole();
        }
        world.is_read_as_it_is();
    }
}
