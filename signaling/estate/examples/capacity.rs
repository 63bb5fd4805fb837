//! What a hundred thousand numbers cost: to read them at a start, to change one, to list and search them, and to give calls
//! what they obey. `cargo run --release -p estate --example capacity`.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "it is what the example is for")]
#![expect(clippy::unwrap_used, reason = "an example may panic, and says where")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use estate::operation::phone_numbers::PhoneNumberFilter;
use estate::operation::search::Search;
use estate::operation::voice_connectors::NewVoiceConnector;
use estate::{Account, AccountId, Carrier, Change, Draft, Estate, InventoryNumber, Item, Moment, Owned};
use estate::{PageRequest, PoolNumber};
use trunk::records::{
    AssociationName, AssociationRecord, CarrierRecord, PhoneNumberRecord, PhoneNumberStatus, Records,
};
use trunk::snapshot::Snapshot;
use trunk::{CarrierId, E164, Home, VoiceConnectorId};

const NUMBERS: u64 = 100_000;

const NOW: Moment = Moment(1_700_000_000_000);

fn main() {
    let (mut estate, account, [connector, other]) = office();
    let sold: Vec<Change> = (0..NUMBERS).map(|at| pool_document(at, Some(account))).collect();
    let held: Vec<Change> = (0..NUMBERS).map(|at| document(at, account, connector)).collect();
    let free: Vec<Change> = (NUMBERS..2 * NUMBERS).map(|at| pool_document(at, None)).collect();
    read("read 100,000 numbers of an account", &held, &mut estate);
    read("read the same in the pool", &sold, &mut estate);
    read("read 100,000 more in the pool that are free", &free, &mut estate);

    let home = Home::VoiceConnector(other);
    let mut at = 0;
    print("move a number to another connector and finish", 1_000, || {
        at += 1;
        let mut random = |_: u32| 0;
        let mut draft = Draft::new(&estate, NOW, &mut random);
        let errors = draft.associate_phone_numbers(account, home, &[e164(97 * at)], true).unwrap();
        assert!(errors.is_empty());
        let (next, changes) = draft.finish();
        assert_eq!(changes.len(), 1);
        black_box(next);
    });
    list(&estate, account, connector);
    print("search a page of 500", 100, || {
        let search = Search { state: Some("WA"), ..Search::default() };
        let page = estate.search_available_phone_numbers(account, search, PageRequest::default());
        assert_eq!(page.unwrap().items.len(), 500);
    });
    print("count what the quota is about", 1_000, || {
        assert_eq!(estate.phone_numbers_in_use(account), 100_000);
    });
    print("tell when something is due", 1_000, || assert_eq!(estate.next_due(), None));
    print("give the records", 3, || drop(black_box(estate.records())));
    print("give the records, and build the snapshot of calls", 3, || {
        let records = Records { zone: "zone.example".to_owned(), ..estate.records() };
        black_box(Snapshot::build(&records).unwrap());
    });
}

fn list(estate: &Estate, account: AccountId, connector: VoiceConnectorId) {
    let middle = e164(NUMBERS / 2).to_string();
    let page = PageRequest { len: Some(100), after: Some(&middle) };
    let page_of = |what: &str, filter: PhoneNumberFilter<'_>, len: usize| {
        print(what, 1_000, || {
            let page = estate.list_phone_numbers(account, filter, page).unwrap();
            assert_eq!(page.items.len(), len);
        });
    };
    page_of("list a page of 100", PhoneNumberFilter::default(), 100);
    let status = Some(PhoneNumberStatus::Assigned);
    page_of(
        "list a page of 100 by status",
        PhoneNumberFilter { status, ..PhoneNumberFilter::default() },
        100,
    );
    let status = Some(PhoneNumberStatus::DeleteInProgress);
    page_of("list what nothing fits", PhoneNumberFilter { status, ..PhoneNumberFilter::default() }, 0);
    let id = connector.to_string();
    let association = Some((AssociationName::VoiceConnectorId, id.as_str()));
    let led = PhoneNumberFilter { association, ..PhoneNumberFilter::default() };
    page_of("list a page of 100 by connector", led, 100);
}

/// Reads documents once, as at a start, and prints for how long that was at work.
fn read(what: &str, documents: &[Change], estate: &mut Estate) {
    let (start, before) = (Instant::now(), at_work());
    documents.iter().for_each(|change| estate.follow(change).unwrap());
    println!("{what}: {:.1?}, of which on the processor {:.1?}", start.elapsed(), at_work() - before);
}

/// Tells for how long this thread had a processor, whatever others did meanwhile.
fn at_work() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split_whitespace().next().unwrap().parse().unwrap())
}

/// Prints how long a thing takes: what is usual, the best and the worst.
fn print(what: &str, times: usize, mut thing: impl FnMut()) {
    let mut all: Vec<Duration> = (0..times)
        .map(|_| {
            let start = Instant::now();
            thing();
            start.elapsed()
        })
        .collect();
    all.sort_unstable();
    println!("{what}: {:.1?}, {:.1?} at best, {:.1?} at worst", all[times / 2], all[0], all[times - 1]);
}

/// Gives an account with two connectors.
fn office() -> (Estate, AccountId, [VoiceConnectorId; 2]) {
    let mut at = 0_u32;
    let mut random = |below: u32| {
        at = at.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (at >> 8) % below
    };
    let mut draft = Draft::new(&Estate::default(), NOW, &mut random);
    let account = draft.create_account("capacity".to_owned()).unwrap();
    let connectors = ["one", "other"].map(|name| {
        let new = NewVoiceConnector { name: name.to_owned(), ..NewVoiceConnector::default() };
        draft.create_voice_connector(account, new).unwrap()
    });
    let (mut estate, _) = draft.finish();
    let mut item = Account::clone(estate.account(account).unwrap());
    item.quotas.phone_numbers = 1_000_000;
    estate.follow(&change(&account, &item)).unwrap();
    let record = CarrierRecord { carrier_id: "alpha".to_owned(), ..CarrierRecord::default() };
    let carrier = Carrier { created: NOW, record, updated: NOW };
    estate.follow(&change(&CarrierId::parse("alpha").unwrap(), &carrier)).unwrap();
    (estate, account, connectors)
}

fn change<T: Item>(id: &T::Id, item: &T) -> Change {
    Change { kind: T::KIND, id: id.to_string(), body: Some(serde_json::to_vec(item).unwrap()) }
}

/// Numbers of seven areas with exchanges from 300 on, each next one of another area.
fn e164(at: u64) -> E164 {
    let (area, rest) = (202 + at % 7, at / 7);
    E164::parse(&format!("+1{area}{}{:04}", 300 + rest % 5, rest / 5)).unwrap()
}

fn pool_document(at: u64, account: Option<AccountId>) -> Change {
    let number = e164(at);
    let item = PoolNumber {
        account,
        added: NOW,
        area_code: number.nanp().unwrap().area.to_string(),
        calls_max: None,
        carriers: vec!["alpha".to_owned()],
        city: "Seattle".to_owned(),
        country: trunk::Country::of(number).unwrap().to_string(),
        phone_number_type: trunk::records::PhoneNumberType::Local,
        state: "WA".to_owned(),
    };
    change(&number, &item)
}

fn document(at: u64, account: AccountId, connector: VoiceConnectorId) -> Change {
    let number = e164(at);
    let association =
        AssociationRecord { name: AssociationName::VoiceConnectorId, value: connector.to_string() };
    let record = PhoneNumberRecord {
        associations: vec![association],
        carriers: vec!["alpha".to_owned()],
        e164_phone_number: number.to_string(),
        status: PhoneNumberStatus::Assigned,
        ..PhoneNumberRecord::default()
    };
    let item = InventoryNumber {
        associated: Some(NOW),
        calling_name_to_come: None,
        country: "US".to_owned(),
        created: NOW,
        deletion: None,
        name: String::new(),
        order: None,
        port_out: None,
        record,
        updated: NOW,
    };
    change(&Owned { account, id: number }, &item)
}
