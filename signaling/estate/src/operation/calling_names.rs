//! The names that go with numbers to the telephone network. A new one is in use after a while, and the old one until then.

use trunk::E164;
use trunk::records::{CallingNameStatus, PhoneNumberStatus};

use crate::account::Account;
use crate::draft::Draft;
use crate::estate::Estate;
use crate::id::{AccountId, Owned};
use crate::moment::{DAY, MINUTE, Moment};
use crate::number::InventoryNumber;
use crate::refusal::Refusal;

/// The name of numbers that have none of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneNumberSettings {
    /// The name, as it was set last; empty for none.
    pub calling_name: String,
    /// When it was set.
    pub calling_name_updated: Option<Moment>,
}

impl Estate {
    /// Gives the name of an account's numbers that have none of their own.
    ///
    /// # Errors
    /// If there is no such account.
    pub fn phone_number_settings(&self, account: AccountId) -> Result<PhoneNumberSettings, Refusal> {
        let account = self.account(account)?;
        let name = account.calling_name_to_come.as_ref().map_or(&account.calling_name, |(name, _)| name);
        Ok(PhoneNumberSettings {
            calling_name: name.clone(),
            calling_name_updated: account.calling_name_updated,
        })
    }
}

impl Draft<'_> {
    /// Sets the name of an account's numbers that have none of their own; an empty one to have none.
    ///
    /// # Errors
    /// If it is no name, or was set less than seven days ago.
    pub fn update_phone_number_settings(
        &mut self,
        account: AccountId,
        calling_name: String,
    ) -> Result<(), Refusal> {
        let mut item = Account::clone(&*self.account(account)?);
        check_calling_name(&calling_name)?;
        let next = item.calling_name_updated.map(|updated| updated.after(DEFAULT_REST));
        if let Some(next) = next.filter(|next| *next > self.now) {
            let message = format_args!(
                "CallingName: wanted seven days between changes, the next one from {next} on, found {} ms too early",
                next.0.saturating_sub(self.now.0)
            );
            return Err(Refusal::bad_request(message));
        }
        item.calling_name_to_come = Some((calling_name, self.in_use_from()));
        item.calling_name_updated = Some(self.now);
        self.put(&account, item);
        Ok(())
    }

    /// Takes the name of an account's numbers into use.
    pub(crate) fn use_default_calling_name(&mut self, account: AccountId) {
        let Some(item) = self.estate.accounts.find(&account) else { return };
        let mut item = Account::clone(item);
        if let Some((name, _)) = item.calling_name_to_come.take() {
            item.calling_name = name;
        }
        self.put(&account, item);
    }

    /// Gives a number a name of its own, once the one before is in use.
    pub(crate) fn change_calling_name(
        &mut self,
        account: AccountId,
        number: E164,
        calling_name: String,
    ) -> Result<(), Refusal> {
        check_calling_name(&calling_name)?;
        let in_use_from = self.in_use_from();
        self.change_phone_number(account, number, |item| {
            let status = item.record.status;
            if !matches!(status, PhoneNumberStatus::Assigned | PhoneNumberStatus::Unassigned) {
                let message = format_args!("{number} is {status:?}; its calling name cannot be changed now");
                return Err(Refusal::conflict(message));
            }
            if item.record.calling_name_status == CallingNameStatus::UpdateInProgress {
                let message =
                    format_args!("{number}: its calling name is being changed; wait until that is done");
                return Err(Refusal::conflict(message));
            }
            item.calling_name_to_come = Some((calling_name, in_use_from));
            item.record.calling_name_status = CallingNameStatus::UpdateInProgress;
            Ok(())
        })
    }

    /// Takes the name of a number into use.
    pub(crate) fn use_calling_name(&mut self, place: Owned<E164>, item: &mut InventoryNumber) {
        let Some((name, _)) = item.calling_name_to_come.take() else { return };
        item.record.calling_name_status = match name.is_empty() {
            true => CallingNameStatus::Unassigned,
            false => CallingNameStatus::UpdateSucceeded,
        };
        item.record.calling_name = Some(name).filter(|name| !name.is_empty());
        item.updated = self.now;
        self.put(&place, item.clone());
    }

    fn in_use_from(&self) -> Moment {
        let minutes = i64::from(self.estate.installation_or_default().calling_name_delay_min);
        self.now.after(minutes.saturating_mul(MINUTE))
    }
}

fn check_calling_name(name: &str) -> Result<(), Refusal> {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ');
    match name.is_empty() || is_plain && (2..=15).contains(&name.len()) {
        true => Ok(()),
        false => {
            let message = format_args!(
                "CallingName: wanted 2 to 15 letters, digits and spaces, or nothing, found {name:?}"
            );
            Err(Refusal::bad_request(message))
        }
    }
}

/// The name that all numbers share is changed once in seven days at most.
const DEFAULT_REST: i64 = 7 * DAY;
