//! Letting numbers go to other operators. The customer gets a PIN, which whoever asks for the numbers has to show.

use std::collections::BTreeSet;
use std::sync::Arc;

use trunk::records::PhoneNumberStatus;
use trunk::{E164, Secret};

use crate::draft::Draft;
use crate::estate::Estate;
use crate::id::{AccountId, OrderId, Owned};
use crate::number::InventoryNumber;
use crate::page::{Page, PageRequest};
use crate::port_out::{PortOut, PortOutState};
use crate::refusal::Refusal;

impl Estate {
    /// Finds a port-out of an account.
    ///
    /// # Errors
    /// If the account has no such port-out.
    pub fn port_out(&self, account: AccountId, id: OrderId) -> Result<&Arc<PortOut>, Refusal> {
        self.find(&Owned { account, id })
    }

    /// Lists the port-outs of an account.
    ///
    /// # Errors
    /// If the page is none.
    pub fn list_port_outs(
        &self,
        account: AccountId,
        page: PageRequest<'_>,
    ) -> Result<Page<(OrderId, Arc<PortOut>)>, Refusal> {
        let list = self.port_outs.of(account, page.after()?);
        page.fill(PAGE_MAX, list.map(|(id, item)| (*id, Arc::clone(item))), |(id, _)| id.to_string())
    }
}

impl Draft<'_> {
    /// Opens a port-out. Gives the PIN that the customer tells the other operator, together with the account; it is shown
    /// here only. The numbers work on.
    ///
    /// # Errors
    /// If a number is not the account's to give away, or there is none.
    pub fn open_port_out(
        &mut self,
        account: AccountId,
        numbers: &[E164],
    ) -> Result<(OrderId, Secret), Refusal> {
        self.account(account)?;
        let numbers: BTreeSet<E164> = numbers.iter().copied().collect();
        if numbers.is_empty() {
            return Err(Refusal::bad_request("numbers: wanted at least one, found none"));
        }
        let id = OrderId::draw(&mut |below| self.draw(below));
        for number in &numbers {
            self.change_phone_number(account, *number, |item| {
                let status = item.record.status;
                if !matches!(status, PhoneNumberStatus::Assigned | PhoneNumberStatus::Unassigned) {
                    let message = format_args!("{number} is {status:?} and cannot go to another operator");
                    return Err(Refusal::conflict(message));
                }
                if let Some(other) = item.port_out {
                    return Err(Refusal::conflict(format_args!("{number} is in port-out {other} already")));
                }
                item.port_out = Some(id);
                Ok(())
            })?;
        }
        let pin = self.draw_pin();
        let case = PortOut {
            created: self.now,
            numbers: numbers.into_iter().collect(),
            pin: Some(pin.clone()),
            state: PortOutState::Requested,
            updated: self.now,
        };
        self.put(&Owned { account, id }, case);
        Ok((id, pin))
    }

    /// Gives another PIN after a wrong one was shown, or the customer has lost it.
    ///
    /// # Errors
    /// If there is no such port-out, or the right PIN was shown already.
    pub fn renew_port_out_pin(&mut self, account: AccountId, id: OrderId) -> Result<Secret, Refusal> {
        let pin = self.draw_pin();
        let shown = pin.clone();
        self.change_port_out(account, id, &[PortOutState::PinSpent, PortOutState::Requested], |case| {
            case.pin = Some(pin);
            case.state = PortOutState::Requested;
        })?;
        Ok(shown)
    }

    /// Checks the PIN that another operator shows, once: a wrong one cannot be followed by a better guess.
    ///
    /// # Errors
    /// If there is no such port-out, or no PIN is awaited.
    pub fn check_port_out_pin(
        &mut self,
        account: AccountId,
        id: OrderId,
        shown: &str,
    ) -> Result<bool, Refusal> {
        let mut is_right = false;
        self.change_port_out(account, id, &[PortOutState::Requested], |case| {
            is_right = case.pin.take().is_some_and(|pin| pin.expose() == shown);
            case.state = match is_right {
                true => PortOutState::Authorized,
                false => PortOutState::PinSpent,
            };
        })?;
        Ok(is_right)
    }

    /// Lets the customer keep the numbers.
    ///
    /// # Errors
    /// If there is no such port-out, or it is over.
    pub fn cancel_port_out(&mut self, account: AccountId, id: OrderId) -> Result<(), Refusal> {
        let open = [PortOutState::Authorized, PortOutState::PinSpent, PortOutState::Requested];
        let numbers = self.change_port_out(account, id, &open, |case| {
            case.pin = None;
            case.state = PortOutState::Cancelled;
        })?;
        self.each_ported(account, id, &numbers, |item| item.port_out = None);
        Ok(())
    }

    /// Notes that the numbers are with the other operator: they lead to nothing here any more, and wait to be deleted.
    ///
    /// # Errors
    /// If there is no such port-out, or the right PIN was not shown.
    pub fn complete_port_out(&mut self, account: AccountId, id: OrderId) -> Result<(), Refusal> {
        let numbers = self.change_port_out(account, id, &[PortOutState::Authorized], |case| {
            case.state = PortOutState::Ported;
        })?;
        self.each_ported(account, id, &numbers, |item| {
            item.release();
            item.calling_name_to_come = None;
            item.record.status = PhoneNumberStatus::ReleaseInProgress;
        });
        Ok(())
    }

    fn change_port_out(
        &mut self,
        account: AccountId,
        id: OrderId,
        wanted: &[PortOutState],
        change: impl FnOnce(&mut PortOut),
    ) -> Result<Vec<E164>, Refusal> {
        let place = Owned { account, id };
        let mut case = PortOut::clone(&*self.find(&place)?);
        if !wanted.contains(&case.state) {
            let message = format_args!("port-out {id}: wanted one of {wanted:?}, found {:?}", case.state);
            return Err(Refusal::conflict(message));
        }
        change(&mut case);
        case.updated = self.now;
        let numbers = case.numbers.clone();
        self.put(&place, case);
        Ok(numbers)
    }

    fn each_ported(
        &mut self,
        account: AccountId,
        id: OrderId,
        numbers: &[E164],
        change: impl Fn(&mut InventoryNumber),
    ) {
        for number in numbers {
            let place = Owned { account, id: *number };
            let Some(item) = self.estate.phone_numbers.find(&place) else { continue };
            if item.port_out != Some(id) {
                continue;
            }
            let mut item = InventoryNumber::clone(item);
            change(&mut item);
            item.updated = self.now;
            self.put(&place, item);
        }
    }

    /// Makes eight digits, which are easy to say over a telephone, and of which there is one guess.
    fn draw_pin(&mut self) -> Secret {
        let digits = (0..8).map(|_| char::from_digit(self.draw(10).min(9), 10).unwrap_or('0'));
        Secret::new(digits.collect())
    }
}

/// As many as the AWS API has at most on a page of orders.
const PAGE_MAX: usize = 100;
