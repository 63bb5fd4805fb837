//! Who brings calls of the telephone network and takes them there, set by the operator.

use std::sync::Arc;

use trunk::records::{CarrierLinkRecord, CarrierRecord, Records};
use trunk::snapshot::Snapshot;
use trunk::{CarrierId, CarrierLinkId, E164};

use crate::carrier::Carrier;
use crate::draft::Draft;
use crate::estate::Estate;
use crate::page::{Page, PageRequest};
use crate::records::ANY_ZONE;
use crate::refusal::Refusal;

impl Estate {
    /// Finds a carrier.
    ///
    /// # Errors
    /// If there is none.
    pub fn carrier(&self, id: CarrierId) -> Result<&Arc<Carrier>, Refusal> {
        self.find(&id)
    }

    /// Lists the carriers.
    ///
    /// # Errors
    /// If the page is none.
    pub fn list_carriers(&self, page: PageRequest<'_>) -> Result<Page<(CarrierId, Arc<Carrier>)>, Refusal> {
        let list = self.carriers.from(page.after()?);
        page.fill(PAGE_MAX, list.map(|(id, item)| (*id, Arc::clone(item))), |(id, _item)| id.to_string())
    }

    /// Tells one of the numbers that need a carrier, if there is any. It looks at all of them.
    pub(crate) fn number_of_carrier(&self, id: CarrierId) -> Option<E164> {
        let delivers = |carriers: &[String]| carriers.iter().any(|carrier| carrier == id.as_str());
        let mut pool = self.pool.iter().filter(|(_, number)| delivers(&number.carriers));
        let mut inventory =
            self.phone_numbers.iter().filter(|(.., number)| delivers(&number.record.carriers));
        pool.next().map(|(number, _)| *number).or_else(|| inventory.next().map(|(_, number, _)| *number))
    }
}

impl Draft<'_> {
    /// Makes a carrier with its links, or gives it other ones.
    ///
    /// # Errors
    /// If something of it is not as it has to be, or what it sends could be another one's.
    pub fn put_carrier(&mut self, record: CarrierRecord) -> Result<(), Refusal> {
        let text = &record.carrier_id;
        let id = CarrierId::parse(text).ok_or_else(|| {
            Refusal::bad_request(format_args!("carrier_id: wanted {}, found {text:?}", CarrierId::WANTED))
        })?;
        if !record.name.is_empty() {
            super::accounts::check_name(&record.name)?;
        }
        let others = self.estate.carriers.iter().filter(|(other, _)| **other != id);
        let mut carriers: Vec<CarrierRecord> = others.map(|(_, other)| other.record.clone()).collect();
        carriers.push(record.clone());
        Snapshot::build(&Records { carriers, zone: ANY_ZONE.to_owned(), ..Records::default() })?;
        let created = self.estate.carriers.find(&id).map_or(self.now, |before| before.created);
        self.put(&id, Carrier { created, record, updated: self.now });
        Ok(())
    }

    /// Removes a carrier with its links.
    ///
    /// # Errors
    /// If there is none, or a number needs it.
    pub fn delete_carrier(&mut self, id: CarrierId) -> Result<(), Refusal> {
        self.find::<Carrier>(&id)?;
        if let Some(number) = self.estate.number_of_carrier(id) {
            let message =
                format_args!("Carrier {id} delivers calls to numbers, {number} for one; withdraw them first");
            return Err(Refusal::conflict(message));
        }
        self.remove::<Carrier>(&id);
        Ok(())
    }

    /// Gives a carrier one more link, or changes the one of that id.
    ///
    /// # Errors
    /// If there is no such carrier, something of the link is not as it has to be, or its id is that of another one.
    pub fn put_carrier_link(&mut self, id: CarrierId, link: CarrierLinkRecord) -> Result<(), Refusal> {
        let mut record = self.find::<Carrier>(&id)?.record.clone();
        match record.links.iter_mut().find(|other| other.carrier_link_id == link.carrier_link_id) {
            Some(before) => *before = link,
            None => record.links.push(link),
        }
        self.put_carrier(record)
    }

    /// Takes a link from a carrier.
    ///
    /// # Errors
    /// If there is no such carrier, or it has no such link.
    pub fn delete_carrier_link(&mut self, id: CarrierId, link: CarrierLinkId) -> Result<(), Refusal> {
        let mut record = self.find::<Carrier>(&id)?.record.clone();
        let len = record.links.len();
        record.links.retain(|other| other.carrier_link_id != link.as_str());
        if record.links.len() == len {
            return Err(Refusal::not_found("CarrierLink", link));
        }
        self.put_carrier(record)
    }
}

/// As many as a page of the AWS API has.
const PAGE_MAX: usize = 99;
