//! How a case goes on.

use trunk::E164;
use trunk::records::PhoneNumberStatus;

use super::request::check_text;
use crate::draft::Draft;
use crate::id::{AccountId, OrderId, Owned};
use crate::moment::DAY;
use crate::number::{InventoryNumber, PoolNumber};
use crate::operation::pool::NewPoolNumber;
use crate::order::{OrderedStatus, PhoneNumberOrder};
use crate::porting::{PortingCase, PortingState, PortingStep};
use crate::refusal::Refusal;

impl Draft<'_> {
    /// Takes a case one step on, with its order and its numbers.
    ///
    /// # Errors
    /// If there is no such case, the step cannot be taken now, or something that it needs is missing.
    pub fn step_porting_case(
        &mut self,
        account: AccountId,
        id: OrderId,
        step: PortingStep,
    ) -> Result<(), Refusal> {
        let place = Owned { account, id };
        let mut case = PortingCase::clone(&*self.find(&place)?);
        let Some(state) = case.state.after(&step) else {
            let message =
                format_args!("porting case {id} is {:?}, after which {} cannot be", case.state, step.name());
            return Err(Refusal::conflict(message));
        };
        let arrivals = self.heed(&mut case, account, step)?;
        // A date that somebody objects to stands no more.
        if matches!(state, PortingState::Cancelled | PortingState::CancelRequested | PortingState::Exception)
        {
            case.foc_date = None;
        }
        case.state = state;
        case.updated = self.now;
        let mut order = PhoneNumberOrder::clone(&*self.find::<PhoneNumberOrder>(&place)?);
        order.foc_date = case.foc_date;
        order.status = state.order();
        order.updated = self.now;
        match state == PortingState::Successful {
            true => self.arrive(place, &mut order, arrivals),
            false => self.follow_case(place, &mut order, state),
        }
        self.put(&place, order);
        self.put(&place, case);
        Ok(())
    }

    /// Checks what a step says, and notes it; gives the numbers that are here with it.
    fn heed(
        &self,
        case: &mut PortingCase,
        account: AccountId,
        step: PortingStep,
    ) -> Result<Vec<(E164, PoolNumber)>, Refusal> {
        match step {
            PortingStep::Cancel | PortingStep::RequestCancel => {}
            PortingStep::AskDocuments { note }
            | PortingStep::DeclareUnportable { note }
            | PortingStep::Object { note } => case.note = checked_note(note)?,
            PortingStep::Complete { calls_max, carriers, city, state } => {
                self.check_date_has_come(case)?;
                let arrival = |number| {
                    let said = NewPoolNumber::new(number, carriers.clone());
                    let said = NewPoolNumber { calls_max, city: city.clone(), state: state.clone(), ..said };
                    let item = self.estate.check_pool_number(said)?;
                    Ok((number, PoolNumber { account: Some(account), added: self.now, ..item }))
                };
                return case.request.numbers().map(arrival).collect();
            }
            PortingStep::Confirm { foc_date } => {
                self.check_is_to_come("foc_date", foc_date)?;
                case.foc_date = Some(foc_date);
            }
            PortingStep::RequestChange { requested } => {
                self.check_is_to_come("requested", requested)?;
                case.request.requested = requested;
                case.foc_date = None;
            }
            PortingStep::Submit => check_complete(case)?,
        }
        Ok(Vec::new())
    }

    /// Tells the numbers of a case how far it is. Those that will not come are gone after a while.
    fn follow_case(&mut self, case: Owned<OrderId>, order: &mut PhoneNumberOrder, state: PortingState) {
        for ordered in &mut order.numbers {
            if state.is_final() {
                ordered.status = OrderedStatus::Failed;
            }
            let place = Owned { account: case.account, id: ordered.e164_phone_number };
            let Some(mut item) = self.awaited(place, case.id) else { continue };
            item.record.status = state.phone_number();
            if state.is_final() {
                item.release();
                item.deletion = Some(self.now.after(SHOWN));
            }
            item.updated = self.now;
            self.put(&place, item);
        }
    }

    /// Takes the numbers of a case in: into the pool, and into the inventory, to whatever they are assigned already.
    fn arrive(
        &mut self,
        case: Owned<OrderId>,
        order: &mut PhoneNumberOrder,
        arrivals: Vec<(E164, PoolNumber)>,
    ) {
        for (ordered, (number, pool)) in order.numbers.iter_mut().zip(arrivals) {
            let place = Owned { account: case.account, id: number };
            let Some(mut item) = self.awaited(place, case.id) else {
                ordered.status = OrderedStatus::Failed;
                continue;
            };
            item.obey(&pool);
            item.record.status = match item.record.associations.is_empty() {
                true => PhoneNumberStatus::Unassigned,
                false => PhoneNumberStatus::Assigned,
            };
            item.updated = self.now;
            ordered.status = OrderedStatus::Acquired;
            self.put(&number, pool);
            self.put(&place, item);
        }
    }

    fn awaited(&self, place: Owned<E164>, case: OrderId) -> Option<InventoryNumber> {
        let item = self.estate.phone_numbers.find(&place)?;
        let is_meant = item.order == Some(case) && item.is_of_other_operator();
        is_meant.then(|| InventoryNumber::clone(item))
    }

    fn check_date_has_come(&self, case: &PortingCase) -> Result<(), Refusal> {
        match case.foc_date {
            Some(date) if date <= self.now => Ok(()),
            date => {
                let found = date.map_or("none".to_owned(), |date| date.to_string());
                let message = format_args!("foc_date: wanted one that has come, found {found}");
                Err(Refusal::conflict(message))
            }
        }
    }

    fn check_is_to_come(&self, field: &str, moment: crate::moment::Moment) -> Result<(), Refusal> {
        match moment > self.now {
            true => Ok(()),
            false => {
                let message = format_args!("{field}: wanted a time to come, found {moment}");
                Err(Refusal::bad_request(message))
            }
        }
    }
}

fn checked_note(note: String) -> Result<String, Refusal> {
    let mut faults = Vec::new();
    check_text("note", &note, 1, &mut faults);
    match faults.pop() {
        None => Ok(note),
        Some(fault) => Err(Refusal::bad_request(fault)),
    }
}

fn check_complete(case: &PortingCase) -> Result<(), Refusal> {
    let missing = case.missing();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(Refusal::bad_request(format_args!("documents: wanted {}", missing.join(", and ")))),
    }
}

impl PortingStep {
    const fn name(&self) -> &'static str {
        match self {
            Self::AskDocuments { .. } => "AskDocuments",
            Self::Cancel => "Cancel",
            Self::Complete { .. } => "Complete",
            Self::Confirm { .. } => "Confirm",
            Self::DeclareUnportable { .. } => "DeclareUnportable",
            Self::Object { .. } => "Object",
            Self::RequestCancel => "RequestCancel",
            Self::RequestChange { .. } => "RequestChange",
            Self::Submit => "Submit",
        }
    }
}

/// How long a customer sees that a number did not come.
const SHOWN: i64 = 7 * DAY;
