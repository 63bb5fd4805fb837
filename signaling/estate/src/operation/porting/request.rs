//! What a customer who brings numbers has to tell, and in which form.

use std::collections::BTreeSet;

use trunk::E164;

use crate::moment::Moment;
use crate::porting::{PortingDocument, PortingDocumentKind, PortingRequest};
use crate::refusal::Refusal;

impl PortingRequest {
    /// Checks everything, and tells all that is wrong at once: whoever fills in a form wants to do it once.
    pub(crate) fn check(&self, now: Moment) -> Result<(), Refusal> {
        let mut faults = Vec::new();
        let wanted = [
            ("authorizing_person", &self.authorizing_person),
            ("customer_name", &self.customer_name),
            ("service_address", &self.service_address),
        ];
        for (field, text) in wanted {
            check_text(field, text, 1, &mut faults);
        }
        check_text("service_account_number", &self.service_account_number, 0, &mut faults);
        if let Some(pin) = &self.pin
            && !is_plain(pin.expose(), 1)
        {
            faults.push(format!("pin: wanted 1 to {TEXT_LEN_MAX} printable bytes"));
        }
        if let Err(why) = E164::parse(&self.billing_telephone_number) {
            let found = &self.billing_telephone_number;
            faults.push(format!(
                "billing_telephone_number: wanted {}, found {found:?} with {why}",
                E164::WANTED
            ));
        }
        if !is_address(&self.admin_email) {
            faults.push(format!("admin_email: wanted name@host, found {:?}", self.admin_email));
        }
        if self.requested <= now {
            faults.push("requested: wanted a time to come, found one that has passed".to_owned());
        }
        self.check_lots(&mut faults);
        match faults.is_empty() {
            true => Ok(()),
            false => Err(Refusal::bad_request(faults.join("; "))),
        }
    }

    fn check_lots(&self, faults: &mut Vec<String>) {
        if !(1..=LOTS_MAX).contains(&self.lots.len()) {
            faults.push(format!("lots: wanted 1 to {LOTS_MAX}, found {}", self.lots.len()));
        }
        let mut carriers = BTreeSet::new();
        for lot in &self.lots {
            check_text("losing_carrier", &lot.losing_carrier, 0, faults);
            if !carriers.insert(lot.losing_carrier.to_ascii_lowercase()) {
                faults.push(format!(
                    "lots: wanted one per losing carrier, found {:?} again",
                    lot.losing_carrier
                ));
            }
            if lot.numbers.is_empty() {
                faults.push(format!("lots: wanted a number from {:?}, found none", lot.losing_carrier));
            }
        }
        let mut numbers = BTreeSet::new();
        if let Some(number) = self.numbers().find(|number| !numbers.insert(*number)) {
            faults.push(format!("lots: wanted each number once, found {number} again"));
        }
    }

    /// Checks what is said of a document.
    pub(crate) fn check_document(&self, document: &PortingDocument) -> Result<(), Refusal> {
        let mut faults = Vec::new();
        check_text("name", &document.name, 1, &mut faults);
        check_text("reference", &document.reference, 1, &mut faults);
        let is_known = |lot: &str| lot.eq_ignore_ascii_case(&document.losing_carrier);
        let is_letter = document.kind == PortingDocumentKind::LetterOfAuthorization;
        if is_letter && !self.lots.iter().any(|lot| is_known(&lot.losing_carrier)) {
            let lots: Vec<&str> = self.lots.iter().map(|lot| lot.losing_carrier.as_str()).collect();
            faults
                .push(format!("losing_carrier: wanted one of {lots:?}, found {:?}", document.losing_carrier));
        }
        match faults.is_empty() {
            true => Ok(()),
            false => Err(Refusal::bad_request(faults.join("; "))),
        }
    }
}

pub(super) fn check_text(field: &str, text: &str, len_min: usize, faults: &mut Vec<String>) {
    if !is_plain(text, len_min) {
        faults.push(format!(
            "{field}: wanted {len_min} to {TEXT_LEN_MAX} printable bytes, found {}",
            text.len()
        ));
    }
}

fn is_plain(text: &str, len_min: usize) -> bool {
    let len = if text.trim().is_empty() { 0 } else { text.len() };
    (len_min..=TEXT_LEN_MAX).contains(&len) && !text.chars().any(char::is_control)
}

/// Somebody is going to be written to; whether the address is one is found out then.
fn is_address(text: &str) -> bool {
    let is_word = |part: &str| {
        !part.is_empty() && !part.contains(|letter: char| letter.is_whitespace() || letter == '@')
    };
    text.len() <= TEXT_LEN_MAX
        && text.split_once('@').is_some_and(|(name, host)| is_word(name) && is_word(host))
}

const TEXT_LEN_MAX: usize = 512;

/// More carriers than these make two cases.
const LOTS_MAX: usize = 10;
