//! The inventory: 28 bytes a number, found by binary search.

use std::{
    collections::{HashMap, HashSet},
    fmt::Display,
    num::NonZeroU32,
    sync::Arc,
};

use crate::{
    e164::{E164, NumberClass},
    fault::Faults,
    id::{CarrierId, VoiceConnectorGroupId, VoiceConnectorId},
    number::Tenure,
    records::{
        AssociationName, CallingNameStatus, PhoneNumberRecord, PhoneNumberStatus, PhoneNumberType,
        ProductType, Records,
    },
};

use super::{account, carriers::Carriers, connectors::Connectors};

/// All numbers. Digits and the rest are apart, so that a search touches digits only.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    /// Ascending.
    digits: Box<[E164]>,
    entries: Box<[Entry]>,
    /// Which carriers deliver calls: the few sets that there are.
    carriers: Box<[Box<[u16]>]>,
    names: Box<[Arc<str>]>,
}

/// What is known of a number, beside its digits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) calls_max: NonZeroU32,
    pub(super) home: HomeAt,
    pub(super) phone_number_type: PhoneNumberType,
    pub(super) tenure: Tenure,
    carriers: u16,
    /// One more than the place of its name; 0 for none.
    name: u32,
}

/// Where a number is assigned to, by the place in the snapshot.
#[derive(Clone, Copy, Debug)]
pub(super) enum HomeAt {
    Connector(u32),
    Group(u32),
    None,
}

impl Numbers {
    pub(super) fn entry(&self, number: E164) -> Option<&Entry> {
        let at = self.digits.binary_search(&number).ok()?;
        self.entries.get(at)
    }

    pub(super) fn carriers(&self, entry: &Entry) -> &[u16] {
        self.carriers.get(usize::from(entry.carriers)).map(|set| &**set).unwrap_or_default()
    }

    pub(super) fn name(&self, entry: &Entry) -> Option<Arc<str>> {
        let at = usize::try_from(entry.name).ok()?.checked_sub(1)?;
        self.names.get(at).cloned()
    }

    pub(super) fn len(&self) -> usize {
        self.digits.len()
    }

    pub(super) fn bytes(&self) -> usize {
        let sets = self.carriers.iter().flat_map(|set| [size_of_val(set), size_of_val(&**set)]);
        // Two counters stand before the text of an Arc.
        let names =
            self.names.iter().flat_map(|name| [size_of_val(name), name.len(), size_of::<[usize; 2]>()]);
        [size_of_val(&*self.digits), size_of_val(&*self.entries)].into_iter().chain(sets).chain(names).sum()
    }
}

pub(super) fn check(
    records: &Records,
    connectors: &Connectors,
    carriers: &Carriers,
    faults: &mut Faults,
) -> Numbers {
    let mut table = Table { carriers, connectors, names: HashMap::new(), sets: HashMap::new() };
    let mut seen = HashSet::with_capacity(records.phone_numbers.len());
    let mut list = Vec::with_capacity(records.phone_numbers.len());
    for record in &records.phone_numbers {
        let text = &record.e164_phone_number;
        let at = format_args!("phone number {text}");
        let number = faults.expect(E164::parse(text).ok(), &at, E164::WANTED, text);
        let Some(number) = number else { continue };
        if !seen.insert(number) {
            faults.add(&at, "each number once", "the number again");
        }
        list.push((number, table.entry(record, number, &at, faults)));
    }
    list.sort_unstable_by_key(|(number, _entry)| *number);
    let (digits, entries): (Vec<_>, Vec<_>) = list.into_iter().unzip();
    Numbers {
        digits: digits.into(),
        entries: entries.into(),
        carriers: in_order(table.sets),
        names: in_order(table.names).iter().map(|name| Arc::from(*name)).collect(),
    }
}

/// What numbers refer to, and what many of them have in common.
struct Table<'a> {
    carriers: &'a Carriers,
    connectors: &'a Connectors,
    names: HashMap<&'a str, u32>,
    sets: HashMap<Box<[u16]>, u32>,
}

impl<'a> Table<'a> {
    fn entry(
        &mut self,
        record: &'a PhoneNumberRecord,
        number: E164,
        at: &dyn Display,
        faults: &mut Faults,
    ) -> Entry {
        if number.nanp().is_some() {
            let found = match number.class() {
                NumberClass::TollFree => PhoneNumberType::TollFree,
                NumberClass::Local | NumberClass::Premium => PhoneNumberType::Local,
            };
            if found != record.phone_number_type {
                faults.add(
                    &format_args!("{at}: type"),
                    format_args!("{found:?} by its area code"),
                    format_args!("{:?}", record.phone_number_type),
                );
            }
        }
        let calls_max = record.calls_max.unwrap_or(CALLS_MAX);
        if calls_max == 0 {
            faults.add(&format_args!("{at}: calls_max"), "1 or more", 0);
        }
        let name = record.calling_name.as_deref().unwrap_or_default();
        let name = account::calling_name(name, &format_args!("{at}: calling_name"), faults);
        // A name that the telephone network does not know yet is not shown to it.
        let name = name.filter(|_| record.calling_name_status == CallingNameStatus::UpdateSucceeded);
        let tenure = tenure(record.status);
        Entry {
            calls_max: NonZeroU32::new(calls_max).unwrap_or(NonZeroU32::MIN),
            carriers: self.carriers(record, tenure, at, faults),
            home: self.home(record, tenure, at, faults),
            name: name.map_or(0, |name| 1_u32.saturating_add(place(&mut self.names, name))),
            phone_number_type: record.phone_number_type,
            tenure,
        }
    }

    fn home(
        &self,
        record: &PhoneNumberRecord,
        tenure: Tenure,
        at: &dyn Display,
        faults: &mut Faults,
    ) -> HomeAt {
        let at = format_args!("{at}: associations");
        let wanted = match tenure {
            Tenure::Assigned => "one, for it is Assigned",
            Tenure::Coming => "one at most",
            Tenure::Idle => "none until it is Assigned",
        };
        let association = match (tenure, record.associations.as_slice()) {
            (Tenure::Assigned | Tenure::Coming, [one]) => one,
            (Tenure::Coming | Tenure::Idle, []) => return HomeAt::None,
            (_, list) => {
                faults.add(&at, wanted, list.len());
                return HomeAt::None;
            }
        };
        let product = match association.name {
            AssociationName::SipRuleId => ProductType::SipMediaApplicationDialIn,
            AssociationName::VoiceConnectorGroupId | AssociationName::VoiceConnectorId => {
                ProductType::VoiceConnector
            }
        };
        if product != record.product_type {
            let wanted = format_args!("what belongs to the product type {:?}", record.product_type);
            faults.add(&at, wanted, format_args!("{:?}", association.name));
        }
        let text = &association.value;
        let home = match association.name {
            AssociationName::SipRuleId => return HomeAt::None,
            AssociationName::VoiceConnectorGroupId => VoiceConnectorGroupId::parse(text)
                .and_then(|id| self.connectors.group_by_id.get(&id).copied())
                .map(HomeAt::Group),
            AssociationName::VoiceConnectorId => VoiceConnectorId::parse(text)
                .and_then(|id| self.connectors.by_id.get(&id).copied())
                .map(HomeAt::Connector),
        };
        faults.expect(home, &at, "a connector or group that there is", text).unwrap_or(HomeAt::None)
    }

    /// Checks who delivers calls. A local number has one carrier, who owns it; a toll-free number is nobody's, and several
    /// may carry it.
    fn carriers(
        &mut self,
        record: &PhoneNumberRecord,
        tenure: Tenure,
        at: &dyn Display,
        faults: &mut Faults,
    ) -> u16 {
        let at = format_args!("{at}: carriers");
        let mut set = Vec::with_capacity(record.carriers.len());
        for text in &record.carriers {
            let known = CarrierId::parse(text).and_then(|id| self.carriers.by_id.get(&id).copied());
            set.extend(faults.expect(known, &at, "a carrier that there is", text));
        }
        set.sort_unstable();
        set.dedup();
        let wanted = match (record.phone_number_type, tenure, set.len()) {
            (_, Tenure::Coming, 0) | (_, _, 1) => None,
            (PhoneNumberType::Local, _, _) => Some("one, because the number is local"),
            (PhoneNumberType::TollFree, _, 0) => Some("at least one"),
            (PhoneNumberType::TollFree, _, _) => None,
        };
        if let Some(wanted) = wanted {
            faults.add(&at, wanted, set.len());
        }
        let place = place(&mut self.sets, set.into());
        if u16::try_from(place).is_err() {
            faults.add(&at, "65,536 different sets of carriers at most", "one more");
        }
        u16::try_from(place).unwrap_or_default()
    }
}

fn tenure(status: PhoneNumberStatus) -> Tenure {
    match status {
        PhoneNumberStatus::Assigned => Tenure::Assigned,
        PhoneNumberStatus::AcquireFailed
        | PhoneNumberStatus::AcquireInProgress
        | PhoneNumberStatus::Cancelled
        | PhoneNumberStatus::PortinCancelRequested
        | PhoneNumberStatus::PortinInProgress => Tenure::Coming,
        PhoneNumberStatus::DeleteFailed
        | PhoneNumberStatus::DeleteInProgress
        | PhoneNumberStatus::ReleaseFailed
        | PhoneNumberStatus::ReleaseInProgress
        | PhoneNumberStatus::Unassigned => Tenure::Idle,
    }
}

/// Gives each different value a place, from 0.
fn place<T: std::hash::Hash + Eq>(places: &mut HashMap<T, u32>, value: T) -> u32 {
    let next = u32::try_from(places.len()).unwrap_or(u32::MAX);
    *places.entry(value).or_insert(next)
}

fn in_order<T>(places: HashMap<T, u32>) -> Box<[T]> {
    let mut pairs: Vec<(T, u32)> = places.into_iter().collect();
    pairs.sort_by_key(|(_value, place)| *place);
    pairs.into_iter().map(|(value, _place)| value).collect()
}

/// What a number takes when nobody says otherwise.
const CALLS_MAX: u32 = 100;
