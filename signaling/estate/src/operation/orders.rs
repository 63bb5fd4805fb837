//! Ordering numbers out of the pool: reserved at once, there when time or an operator says so.

use std::collections::BTreeSet;
use std::sync::Arc;

use trunk::E164;
use trunk::records::{PhoneNumberStatus, ProductType};

use super::phone_numbers::check_name;
use crate::draft::Draft;
use crate::estate::Estate;
use crate::id::{AccountId, OrderId, Owned};
use crate::number::{InventoryNumber, PoolNumber};
use crate::order::{OrderStatus, OrderType, OrderedNumber, OrderedStatus, PhoneNumberOrder};
use crate::page::{Page, PageRequest};
use crate::refusal::Refusal;

/// What is ordered.
#[derive(Clone, Debug, Default)]
pub struct NewPhoneNumberOrder {
    /// What the customer calls the numbers; empty for nothing.
    pub name: String,
    /// The numbers in E.164.
    pub numbers: Vec<String>,
    /// What they are for.
    pub product_type: ProductType,
}

/// An order that goes on when an operator says so, and whose it is.
pub type WaitingOrder = (Owned<OrderId>, Arc<PhoneNumberOrder>);

/// What an operator says of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The customer gets it.
    Approved,
    /// The customer does not get it.
    Refused,
}

impl Estate {
    /// Finds an order of an account.
    ///
    /// # Errors
    /// If the account has no such order.
    pub fn phone_number_order(
        &self,
        account: AccountId,
        id: OrderId,
    ) -> Result<&Arc<PhoneNumberOrder>, Refusal> {
        self.find(&Owned { account, id })
    }

    /// Lists the orders of an account.
    ///
    /// # Errors
    /// If the page is none.
    pub fn list_phone_number_orders(
        &self,
        account: AccountId,
        page: PageRequest<'_>,
    ) -> Result<Page<(OrderId, Arc<PhoneNumberOrder>)>, Refusal> {
        let list = self.orders.of(account, page.after()?);
        page.fill(PAGE_MAX, list.map(|(id, item)| (*id, Arc::clone(item))), |(id, _)| id.to_string())
    }

    /// Lists the orders of all accounts that go on when an operator says so.
    ///
    /// # Errors
    /// If the page is none.
    pub fn list_waiting_orders(&self, page: PageRequest<'_>) -> Result<Page<WaitingOrder>, Refusal> {
        let ends = (page.after::<Owned<OrderId>>()?, std::ops::Bound::Unbounded);
        let list = self.waiting.range(ends).filter_map(|id| Some((*id, Arc::clone(self.orders.find(id)?))));
        page.fill(PAGE_MAX, list, |(id, _)| id.to_string())
    }

    /// Checks whether an account may have more numbers: those on their way to it count, those on their way out do not.
    pub(crate) fn check_room(&self, account: AccountId, more: usize) -> Result<(), Refusal> {
        let max = self.account(account)?.quotas.phone_numbers;
        match self.directory.in_use(account).saturating_add(more) <= max {
            true => Ok(()),
            false => Err(Refusal::limit("PhoneNumbers", max)),
        }
    }
}

impl Draft<'_> {
    /// Orders numbers. What is not to be had fails; the rest is reserved.
    ///
    /// # Errors
    /// If a text is no number, comes twice, or the account would have more than it may.
    pub fn create_phone_number_order(
        &mut self,
        account: AccountId,
        new: NewPhoneNumberOrder,
    ) -> Result<OrderId, Refusal> {
        self.account(account)?;
        check_name(&new.name)?;
        let numbers = read_numbers(&new.numbers)?;
        self.estate.check_room(account, numbers.len())?;
        let id = OrderId::draw(&mut |below| self.draw(below));
        let mut ordered = Vec::with_capacity(numbers.len());
        for number in numbers {
            let status = match self.estate.pool.find(&number).filter(|item| item.account.is_none()).cloned() {
                Some(pool) => {
                    let mut item = InventoryNumber::new(number, &pool, self.now);
                    item.name.clone_from(&new.name);
                    item.order = Some(id);
                    item.record.product_type = new.product_type;
                    self.put(&number, PoolNumber { account: Some(account), ..PoolNumber::clone(&pool) });
                    self.put(&Owned { account, id: number }, item);
                    OrderedStatus::Processing
                }
                None => OrderedStatus::Failed,
            };
            ordered.push(OrderedNumber { e164_phone_number: number, status });
        }
        let order = PhoneNumberOrder {
            awaits_operator: self.estate.installation_or_default().orders_await_operator,
            created: self.now,
            foc_date: None,
            name: new.name,
            numbers: ordered,
            order_type: OrderType::New,
            product_type: new.product_type,
            status: OrderStatus::Processing,
            updated: self.now,
        };
        self.put(&Owned { account, id }, order);
        Ok(id)
    }

    /// Approves or refuses what was ordered: the numbers that are named, or all that are still open.
    ///
    /// # Errors
    /// If there is no such order, it is no order of the pool, or a number is not in it or was decided on before.
    pub fn decide_phone_number_order(
        &mut self,
        account: AccountId,
        id: OrderId,
        numbers: Option<&[E164]>,
        verdict: Verdict,
    ) -> Result<(), Refusal> {
        let place = Owned { account, id };
        let mut order = PhoneNumberOrder::clone(&*self.find(&place)?);
        if order.order_type != OrderType::New {
            return Err(Refusal::conflict(format_args!("order {id} is of type Porting; its case decides")));
        }
        if order.status != OrderStatus::Processing {
            return Err(Refusal::conflict(format_args!("order {id} is decided: {:?}", order.status)));
        }
        for number in numbers.unwrap_or_default() {
            let Some(ordered) = order.numbers.iter().find(|ordered| ordered.e164_phone_number == *number)
            else {
                return Err(Refusal::not_found("PhoneNumber", number));
            };
            if ordered.status != OrderedStatus::Processing {
                let message = format_args!("{number} of order {id} is decided: {:?}", ordered.status);
                return Err(Refusal::conflict(message));
            }
        }
        self.decide(place, &mut order, numbers, verdict);
        self.put(&place, order);
        Ok(())
    }

    /// Fulfils an order that nobody has to approve.
    pub(crate) fn fulfil(&mut self, place: Owned<OrderId>) {
        let Some(order) = self.estate.orders.find(&place) else { return };
        let mut order = PhoneNumberOrder::clone(order);
        self.decide(place, &mut order, None, Verdict::Approved);
        self.put(&place, order);
    }

    fn decide(
        &mut self,
        place: Owned<OrderId>,
        order: &mut PhoneNumberOrder,
        numbers: Option<&[E164]>,
        verdict: Verdict,
    ) {
        for ordered in &mut order.numbers {
            let number = ordered.e164_phone_number;
            let is_meant = numbers.is_none_or(|numbers| numbers.contains(&number));
            if is_meant && ordered.status == OrderedStatus::Processing {
                ordered.status = self.decide_number(place, number, verdict);
            }
        }
        order.updated = self.now;
        order.settle();
    }

    fn decide_number(&mut self, order: Owned<OrderId>, number: E164, verdict: Verdict) -> OrderedStatus {
        let place = Owned { account: order.account, id: number };
        let reserved = self.estate.phone_numbers.find(&place).cloned();
        let Some(item) = reserved.filter(|item| item.is_reserved_by(order.id)) else {
            return OrderedStatus::Failed;
        };
        match verdict {
            Verdict::Approved => {
                let mut item = InventoryNumber::clone(&item);
                item.record.status = PhoneNumberStatus::Unassigned;
                item.updated = self.now;
                self.put(&place, item);
                OrderedStatus::Acquired
            }
            Verdict::Refused => {
                self.remove::<InventoryNumber>(&place);
                self.free_pool_number(place);
                OrderedStatus::Failed
            }
        }
    }

    /// Lets anybody order a number of the pool that an account had.
    pub(crate) fn free_pool_number(&mut self, place: Owned<E164>) {
        let held = self.estate.pool.find(&place.id).filter(|item| item.account == Some(place.account));
        let Some(item) = held else { return };
        let item = PoolNumber { account: None, ..PoolNumber::clone(item) };
        self.put(&place.id, item);
    }
}

/// The pattern of the AWS API has the `+` optional. Without it ten digits of Seattle would be a number of Egypt.
fn read_numbers(texts: &[String]) -> Result<Vec<E164>, Refusal> {
    let mut seen = BTreeSet::new();
    let mut numbers = Vec::with_capacity(texts.len());
    for text in texts {
        let number = E164::parse(text);
        let number = number.map_err(|why| {
            let wanted = E164::WANTED;
            Refusal::bad_request(format_args!("E164PhoneNumbers: wanted {wanted}, found {text:?} with {why}"))
        })?;
        if !seen.insert(number) {
            let message = format_args!("E164PhoneNumbers: wanted each number once, found {number} again");
            return Err(Refusal::bad_request(message));
        }
        numbers.push(number);
    }
    match numbers.is_empty() {
        true => Err(Refusal::bad_request("E164PhoneNumbers: wanted at least one number, found none")),
        false => Ok(numbers),
    }
}

/// As many as the AWS API has at most on a page.
const PAGE_MAX: usize = 100;
