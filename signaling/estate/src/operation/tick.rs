//! What time does.

use crate::draft::Draft;
use crate::due::Due;
use crate::estate::Estate;
use crate::moment::Moment;
use crate::number::InventoryNumber;

impl Estate {
    /// Tells when [`Draft::tick`] has something to do next.
    pub fn next_due(&self) -> Option<Moment> {
        self.agenda.next()
    }
}

impl Draft<'_> {
    /// Does what time has brought: orders are fulfilled, names come into use, deleted numbers go. Tells how much there was;
    /// of very much, the rest is for the next time, which is due at once.
    pub fn tick(&mut self) -> usize {
        let list: Vec<Due> = self.estate.agenda.until(self.now).take(TICK_MAX).collect();
        for due in &list {
            match *due {
                Due::CallingName(account) => self.use_default_calling_name(account),
                Due::Order(place) => self.fulfil(place),
                Due::PhoneNumber(place) => {
                    let Some(item) = self.estate.phone_numbers.find(&place).cloned() else { continue };
                    if !self.expire(place, &item) {
                        self.use_calling_name(place, &mut InventoryNumber::clone(&item));
                    }
                }
            }
        }
        list.len()
    }
}

/// One change is made durable as a whole, and calls of the API wait for it: a few milliseconds.
const TICK_MAX: usize = 1_000;
