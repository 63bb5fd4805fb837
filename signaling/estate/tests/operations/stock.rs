//! What operations on numbers begin with: carriers, a pool, an account with a connector and a group.

use estate::operation::orders::NewPhoneNumberOrder;
use estate::operation::pool::NewPoolNumber;
use estate::operation::voice_connectors::NewVoiceConnector;
use estate::{
    Account, AccountId, Carrier, Change, Here, Installation, Item, OrderId, Owned, VoiceConnectorGroup, Why,
};
use trunk::records::{CarrierRecord, VoiceConnectorGroupRecord};
use trunk::{CarrierId, E164, Home, VoiceConnectorGroupId};

use crate::office::Office;

/// A number that is for sale in the tests.
pub(crate) const SEATTLE: &str = "+12065550100";

pub(crate) fn e164(text: &str) -> E164 {
    E164::parse(text).unwrap()
}

/// Gives an office with two carriers.
pub(crate) fn office() -> Office {
    let mut office = Office::new();
    for name in ["alpha", "beta"] {
        let record = CarrierRecord { carrier_id: name.to_owned(), ..CarrierRecord::default() };
        let carrier = Carrier { created: office.now, record, updated: office.now };
        learn(&mut office, &CarrierId::parse(name).unwrap(), &carrier);
    }
    office
}

/// Says of a number what a local one needs.
pub(crate) fn local(text: &str) -> NewPoolNumber {
    let (city, state) = ("Seattle".to_owned(), "WA".to_owned());
    NewPoolNumber { city, state, ..NewPoolNumber::new(e164(text), vec!["alpha".to_owned()]) }
}

pub(crate) fn fill(office: &mut Office, numbers: &[&str]) {
    let list = numbers.iter().map(|text| local(text)).collect();
    assert_eq!(office.does(|draft| Ok(draft.add_pool_numbers(list))).unwrap(), []);
}

/// Orders numbers without awaiting them.
pub(crate) fn order(office: &mut Office, account: AccountId, numbers: &[&str]) -> OrderId {
    let numbers = numbers.iter().map(|text| (*text).to_owned()).collect();
    let new = NewPhoneNumberOrder { numbers, ..NewPhoneNumberOrder::default() };
    office.does(|draft| draft.create_phone_number_order(account, new)).unwrap()
}

/// Fills the pool, orders from it, and lets time pass until the numbers are there.
pub(crate) fn own(office: &mut Office, account: AccountId, numbers: &[&str]) {
    fill(office, numbers);
    order(office, account, numbers);
    tick(office);
}

/// Does what is due, all of it.
pub(crate) fn tick(office: &mut Office) {
    while office.estate.next_due().is_some_and(|due| due <= office.now) {
        office.does(|draft| Ok(draft.tick())).unwrap();
    }
}

pub(crate) fn wait(office: &mut Office, ms: i64) {
    office.now = office.now.after(ms);
    tick(office);
}

pub(crate) fn connector(office: &mut Office, account: AccountId) -> Home {
    let new = NewVoiceConnector { name: "one".to_owned(), ..NewVoiceConnector::default() };
    Home::VoiceConnector(office.does(|draft| draft.create_voice_connector(account, new)).unwrap())
}

pub(crate) fn group(office: &mut Office, account: AccountId) -> Home {
    let mut at = u32::try_from(office.estate.voice_connector_groups.iter().count()).unwrap();
    let id = VoiceConnectorGroupId::draw(|below| {
        at += 1;
        at % below
    });
    let record = VoiceConnectorGroupRecord {
        name: "group".to_owned(),
        voice_connector_group_id: id.to_string(),
        ..VoiceConnectorGroupRecord::default()
    };
    let group = VoiceConnectorGroup { created: office.now, record, tags: Vec::new(), updated: office.now };
    learn(office, &Owned { account, id }, &group);
    Home::VoiceConnectorGroup(id)
}

/// Lets everybody know of a thing that was made elsewhere.
fn learn<T: Item>(office: &mut Office, id: &T::Id, item: &T) {
    let body = Some(serde_json::to_vec(item).unwrap());
    let change = Change { kind: T::KIND, id: id.to_string(), body };
    office.estate.follow(&change).unwrap();
    office.mirror.follow(&change).unwrap();
}

pub(crate) fn install(office: &mut Office, change: impl FnOnce(&mut Installation)) {
    let mut installation = office.estate.installation_or_default();
    change(&mut installation);
    learn(office, &Here, &installation);
}

pub(crate) fn allow(office: &mut Office, account: AccountId, phone_numbers: usize) {
    let mut item = Account::clone(office.estate.account(account).unwrap());
    item.quotas.phone_numbers = phone_numbers;
    learn(office, &account, &item);
}

/// Tells why something was refused that has to be.
pub(crate) fn why<T: std::fmt::Debug>(
    office: &mut Office,
    operation: impl FnOnce(&mut estate::Draft<'_>) -> Result<T, estate::Refusal>,
) -> Why {
    office.does(operation).unwrap_err().why
}
