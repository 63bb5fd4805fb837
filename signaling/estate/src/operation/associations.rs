//! Which connector or group a number leads to.

use trunk::records::{AssociationName, AssociationRecord, PhoneNumberStatus, ProductType};
use trunk::{E164, Home};

use crate::draft::Draft;
use crate::id::AccountId;
use crate::number::{InventoryNumber, PhoneNumberError};
use crate::refusal::{Refusal, Why};

impl Draft<'_> {
    /// Lets numbers lead to a connector or a group; with force, those that lead elsewhere, too. Gives those that do not.
    ///
    /// # Errors
    /// If the account has no such connector or group, or there is no number.
    pub fn associate_phone_numbers(
        &mut self,
        account: AccountId,
        home: Home,
        numbers: &[E164],
        force: bool,
    ) -> Result<Vec<PhoneNumberError>, Refusal> {
        self.estate.check_home(account, home)?;
        self.each_phone_number(numbers, |draft, number| {
            if draft.estate.phone_number(account, number)?.home() == Some(home) {
                return Ok(());
            }
            let now = draft.now;
            draft.change_phone_number(account, number, |item| {
                check_ready(item)?;
                if let Some(other) = item.home().filter(|_| !force) {
                    let message = format_args!("{number} is assigned to {other}; ForceAssociate moves it");
                    return Err(Refusal::new(in_the_way(other), message));
                }
                item.record.associations = vec![record(home)];
                item.associated = Some(now);
                // What is on its way to us stays so; it leads there as soon as it is here.
                if item.record.status == PhoneNumberStatus::Unassigned {
                    item.record.status = PhoneNumberStatus::Assigned;
                }
                Ok(())
            })
        })
    }

    /// Lets numbers lead to a connector or group no more. Gives those that did not.
    ///
    /// # Errors
    /// If the account has no such connector or group, or there is no number.
    pub fn disassociate_phone_numbers(
        &mut self,
        account: AccountId,
        home: Home,
        numbers: &[E164],
    ) -> Result<Vec<PhoneNumberError>, Refusal> {
        self.estate.check_home(account, home)?;
        self.each_phone_number(numbers, |draft, number| {
            draft.change_phone_number(account, number, |item| {
                if item.home() != Some(home) {
                    let found = item.home().map_or("nothing".to_owned(), |other| other.to_string());
                    let message = format_args!("{number} is assigned to {found}, not to {home}");
                    return Err(Refusal::bad_request(message));
                }
                item.release();
                Ok(())
            })
        })
    }
}

impl InventoryNumber {
    /// Leads to nothing any more.
    pub(crate) fn release(&mut self) {
        self.record.associations.clear();
        self.associated = None;
        if self.record.status == PhoneNumberStatus::Assigned {
            self.record.status = PhoneNumberStatus::Unassigned;
        }
    }

    /// Refuses what can be done to no assigned number, in the words of the API.
    pub(crate) fn check_unassigned(&self) -> Result<(), Refusal> {
        let Some(home) = self.home() else { return Ok(()) };
        let number = &self.record.e164_phone_number;
        let message = format_args!("{number} is assigned to {home}; disassociate it first");
        Err(Refusal::new(in_the_way(home), message))
    }
}

/// What is to lead anywhere is for calls, and is here, or on its way from another operator.
fn check_ready(item: &InventoryNumber) -> Result<(), Refusal> {
    let record = &item.record;
    let number = &record.e164_phone_number;
    if record.product_type != ProductType::VoiceConnector {
        let message =
            format_args!("{number}: wanted the product type VoiceConnector, found {:?}", record.product_type);
        return Err(Refusal::bad_request(message));
    }
    match record.status {
        PhoneNumberStatus::Assigned | PhoneNumberStatus::PortinInProgress | PhoneNumberStatus::Unassigned => {
            Ok(())
        }
        PhoneNumberStatus::AcquireFailed
        | PhoneNumberStatus::AcquireInProgress
        | PhoneNumberStatus::Cancelled
        | PhoneNumberStatus::DeleteFailed
        | PhoneNumberStatus::DeleteInProgress
        | PhoneNumberStatus::PortinCancelRequested
        | PhoneNumberStatus::ReleaseFailed
        | PhoneNumberStatus::ReleaseInProgress => {
            Err(Refusal::conflict(format_args!("{number} is {:?} and cannot be assigned", record.status)))
        }
    }
}

const fn in_the_way(home: Home) -> Why {
    match home {
        Home::VoiceConnector(_) => Why::PhoneNumberAssociationsExist,
        Home::VoiceConnectorGroup(_) => Why::VoiceConnectorGroupAssociationsExist,
    }
}

fn record(home: Home) -> AssociationRecord {
    let (name, value) = match home {
        Home::VoiceConnector(id) => (AssociationName::VoiceConnectorId, id.to_string()),
        Home::VoiceConnectorGroup(id) => (AssociationName::VoiceConnectorGroupId, id.to_string()),
    };
    AssociationRecord { name, value }
}
