//! Numbers as a file has them: in the inventory of the account, and in the pool, where they are that account's.

use std::collections::BTreeSet;

use trunk::records::{PhoneNumberRecord, PhoneNumberStatus, Records};
use trunk::{Country, E164};

use crate::draft::Draft;
use crate::id::{AccountId, Owned};
use crate::moment::DAY;
use crate::number::{InventoryNumber, PoolNumber};
use crate::refusal::Refusal;

use super::extent::{held_elsewhere, not_named, refuse_others};
use super::{Provisioned, unchecked};

impl Draft<'_> {
    pub(super) fn provision_numbers(
        &mut self,
        records: &Records,
        account: AccountId,
        done: &mut Provisioned,
    ) -> Result<(), Refusal> {
        let mut named = BTreeSet::new();
        for record in &records.phone_numbers {
            let number = E164::parse(&record.e164_phone_number).map_err(|_| unchecked())?;
            named.insert(number);
            self.provision_number(record, Owned { account, id: number }, done)?;
        }
        // One that comes from another operator is in no pool yet.
        refuse_others(&self.estate.phone_numbers, account, &named, "PhoneNumber")?;
        for number in not_named(&self.estate.phone_numbers, account, &named) {
            self.withdraw(Owned { account, id: number })?;
            done.removed.push(format!("phone number {number}"));
        }
        Ok(())
    }

    fn provision_number(
        &mut self,
        record: &PhoneNumberRecord,
        place: Owned<E164>,
        done: &mut Provisioned,
    ) -> Result<(), Refusal> {
        let pooled = self.estate.pool.find(&place.id).cloned();
        let owner = pooled.as_ref().and_then(|pooled| pooled.account);
        if owner.is_some_and(|owner| owner != place.account) {
            return Err(held_elsewhere("PhoneNumber", place.id));
        }
        let before = self.estate.phone_numbers.find(&place).cloned();
        let name = format!("phone number {}", place.id);
        if !done.note(&name, before.as_ref().map(|before| &before.record), record) {
            return Ok(());
        }
        let country = Country::of(place.id).map(|country| country.to_string()).unwrap_or_default();
        let before = match before {
            Some(before) => InventoryNumber::clone(&before),
            None => {
                InventoryNumber { country: country.clone(), created: self.now, ..InventoryNumber::default() }
            }
        };
        self.refuse_on_its_way(place.id, &before)?;
        let pooled = match pooled {
            Some(pooled) => PoolNumber::clone(&pooled),
            None => {
                let area = place.id.nanp().map(|nanp| nanp.area.to_string());
                let area_code = area.unwrap_or_default();
                PoolNumber { added: self.now, area_code, country, ..PoolNumber::default() }
            }
        };
        self.put(
            &place.id,
            PoolNumber {
                account: Some(place.account),
                calls_max: record.calls_max,
                carriers: record.carriers.clone(),
                phone_number_type: record.phone_number_type,
                ..pooled
            },
        );
        self.put(&place, self.as_recorded(record, before));
        Ok(())
    }

    /// Gives a number what the file says; times and names stay as far as they are about the same.
    fn as_recorded(&self, record: &PhoneNumberRecord, before: InventoryNumber) -> InventoryNumber {
        let old = &before.record;
        let associated = match record.associations == old.associations {
            true => before.associated,
            false => (!record.associations.is_empty()).then_some(self.now),
        };
        let is_deleted = record.status == PhoneNumberStatus::DeleteInProgress;
        let is_same_name = (&record.calling_name, record.calling_name_status)
            == (&old.calling_name, old.calling_name_status);
        InventoryNumber {
            associated,
            calling_name_to_come: before.calling_name_to_come.clone().filter(|_| is_same_name),
            deletion: is_deleted.then(|| before.deletion.unwrap_or(self.now.after(DELETION_TAKES))),
            record: record.clone(),
            updated: self.now,
            ..before
        }
    }

    /// Takes a number from an account that a file does not name. It is for sale again where deleted numbers are.
    fn withdraw(&mut self, place: Owned<E164>) -> Result<(), Refusal> {
        let before = self.find::<InventoryNumber>(&place)?;
        self.refuse_on_its_way(place.id, &before)?;
        self.remove::<InventoryNumber>(&place);
        let Some(pooled) = self.estate.pool.find(&place.id).cloned() else { return Ok(()) };
        let returns = self.estate.installation_or_default().deleted_numbers_return;
        match returns && !pooled.carriers.is_empty() {
            true => self.put(&place.id, PoolNumber { account: None, ..PoolNumber::clone(&pooled) }),
            false => self.remove::<PoolNumber>(&place.id),
        }
        Ok(())
    }

    /// Refuses to change what an order is about to change.
    fn refuse_on_its_way(&self, number: E164, before: &InventoryNumber) -> Result<(), Refusal> {
        let is_coming = matches!(
            before.record.status,
            PhoneNumberStatus::AcquireInProgress
                | PhoneNumberStatus::PortinCancelRequested
                | PhoneNumberStatus::PortinInProgress
        );
        if let Some(case) = before.port_out {
            return Err(Refusal::conflict(format_args!(
                "PhoneNumber {number}: wanted what port-out {case} makes of it, found something else; name it as it is, or cancel the port-out"
            )));
        }
        let Some(order) = before.order.filter(|_| is_coming) else { return Ok(()) };
        let message = format_args!(
            "PhoneNumber {number}: wanted what order {order} makes of it, found something else; wait until it is there, or name it as it is"
        );
        Err(Refusal::conflict(message))
    }
}

/// As for a number that its customer deletes.
const DELETION_TAKES: i64 = 7 * DAY;
