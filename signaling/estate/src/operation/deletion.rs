//! Giving numbers up: seven days in a queue, and then for good.

use trunk::E164;
use trunk::records::PhoneNumberStatus;

use crate::draft::Draft;
use crate::id::{AccountId, Owned};
use crate::moment::DAY;
use crate::number::{InventoryNumber, PhoneNumberError, PoolNumber};
use crate::refusal::{Refusal, Why};

impl Draft<'_> {
    /// Puts a number into the deletion queue; one that another operator has, or kept, is gone at once.
    ///
    /// # Errors
    /// If there is no such number, it is assigned, or on its way to us or another operator.
    pub fn delete_phone_number(&mut self, account: AccountId, number: E164) -> Result<(), Refusal> {
        // That something is assigned is a word of batches only.
        self.enqueue(account, number).map_err(|refusal| match refusal.why == Why::NotFound {
            true => refusal,
            false => Refusal::bad_request(refusal.message),
        })
    }

    /// Puts numbers into the deletion queue. Gives those that stay.
    ///
    /// # Errors
    /// If there is no number.
    pub fn batch_delete_phone_number(
        &mut self,
        account: AccountId,
        numbers: &[E164],
    ) -> Result<Vec<PhoneNumberError>, Refusal> {
        self.account(account)?;
        self.each_phone_number(numbers, |draft, number| draft.enqueue(account, number))
    }

    /// Takes a number out of the deletion queue.
    ///
    /// # Errors
    /// If it is not there, or no more, or the account has as many numbers as it may.
    pub fn restore_phone_number(&mut self, account: AccountId, number: E164) -> Result<(), Refusal> {
        let place = Owned { account, id: number };
        let item = self.find::<InventoryNumber>(&place)?;
        if item.record.status != PhoneNumberStatus::DeleteInProgress {
            let message = format_args!("{number} is {:?}, not in the deletion queue", item.record.status);
            return Err(Refusal::bad_request(message));
        }
        if item.deletion.is_none_or(|deletion| deletion <= self.now) {
            return Err(Refusal::not_found("PhoneNumber", number));
        }
        self.estate.check_room(account, 1)?;
        self.change_phone_number(account, number, |item| {
            item.deletion = None;
            item.record.status = PhoneNumberStatus::Unassigned;
            Ok(())
        })
    }

    /// Deletes a number for good if its time has come. Tells whether it is gone.
    pub(crate) fn expire(&mut self, place: Owned<E164>, item: &InventoryNumber) -> bool {
        let is_over = item.deletion.is_some_and(|deletion| deletion <= self.now);
        if is_over {
            self.remove::<InventoryNumber>(&place);
            let returns = self.estate.installation_or_default().deleted_numbers_return;
            match returns {
                true => self.free_pool_number(place),
                false => self.drop_pool_number(place),
            }
        }
        is_over
    }

    fn enqueue(&mut self, account: AccountId, number: E164) -> Result<(), Refusal> {
        let place = Owned { account, id: number };
        let item = self.find::<InventoryNumber>(&place)?;
        item.check_unassigned()?;
        if item.is_lost() || item.is_ported_out() {
            self.remove::<InventoryNumber>(&place);
            self.drop_pool_number(place);
            return Ok(());
        }
        if item.record.status != PhoneNumberStatus::Unassigned {
            let message = format_args!("{number} is {:?} and cannot be deleted", item.record.status);
            return Err(Refusal::conflict(message));
        }
        if let Some(case) = item.port_out {
            let message = format_args!("{number} is to go to another operator; cancel port-out {case} first");
            return Err(Refusal::conflict(message));
        }
        let deletion = self.now.after(QUEUE);
        self.change_phone_number(account, number, |item| {
            item.deletion = Some(deletion);
            item.record.status = PhoneNumberStatus::DeleteInProgress;
            Ok(())
        })
    }

    /// What an account had is in the pool no more. What was never the account's is not touched.
    fn drop_pool_number(&mut self, place: Owned<E164>) {
        if self.estate.pool.find(&place.id).is_some_and(|item| item.account == Some(place.account)) {
            self.remove::<PoolNumber>(&place.id);
        }
    }
}

/// How long a number can be restored.
const QUEUE: i64 = 7 * DAY;
