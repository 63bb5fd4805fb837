//! Bringing numbers from other operators: what the customer tells, and what the operator and the losing carrier say to it.

mod request;
mod steps;

use std::sync::Arc;

use trunk::records::{PhoneNumberRecord, PhoneNumberStatus};
use trunk::{Country, E164, VoiceConnectorId};

use crate::draft::Draft;
use crate::estate::Estate;
use crate::id::{AccountId, OrderId, Owned};
use crate::number::{InventoryNumber, PoolNumber};
use crate::order::{OrderType, OrderedNumber, OrderedStatus, PhoneNumberOrder};
use crate::page::{Page, PageRequest};
use crate::porting::{
    PortingCase, PortingDocument, PortingDocumentKind, PortingRequest, PortingRule, PortingState,
};
use crate::refusal::Refusal;
use crate::voice_connector::VoiceConnector;

impl Estate {
    /// Finds a case of an account.
    ///
    /// # Errors
    /// If the account has no such case.
    pub fn porting_case(&self, account: AccountId, id: OrderId) -> Result<&Arc<PortingCase>, Refusal> {
        self.find(&Owned { account, id })
    }

    /// Lists the cases of an account.
    ///
    /// # Errors
    /// If the page is none.
    pub fn list_porting_cases(
        &self,
        account: AccountId,
        page: PageRequest<'_>,
    ) -> Result<Page<(OrderId, Arc<PortingCase>)>, Refusal> {
        let list = self.porting_cases.of(account, page.after()?);
        page.fill(PAGE_MAX, list.map(|(id, item)| (*id, Arc::clone(item))), |(id, _)| id.to_string())
    }

    /// Tells what holds for the numbers of a country.
    pub fn porting_rule(&self, country: Option<Country>) -> PortingRule {
        let rules = self.installation_or_default().porting_rules;
        let code = country.map(|country| country.to_string()).unwrap_or_default();
        let said = rules.into_iter().find(|rule| rule.country == code);
        said.unwrap_or_else(|| PortingRule::usual(country))
    }
}

impl Draft<'_> {
    /// Opens a case. If the numbers of the country cannot be ported, it is closed at once, and says so.
    ///
    /// # Errors
    /// If something is missing or wrong, the account has no such connector, a number is here already, or the account would
    /// have more numbers than it may.
    pub fn open_porting_case(
        &mut self,
        account: AccountId,
        request: PortingRequest,
    ) -> Result<OrderId, Refusal> {
        self.account(account)?;
        request.check(self.now)?;
        self.check_connector(account, &request)?;
        let numbers: Vec<E164> = request.numbers().collect();
        let country = country(&numbers)?;
        let rule = self.estate.porting_rule(country);
        let id = OrderId::draw(&mut |below| self.draw(below));
        let mut case = PortingCase {
            created: self.now,
            documents: Vec::new(),
            foc_date: None,
            note: String::new(),
            request,
            state: PortingState::PendingDocuments,
            updated: self.now,
        };
        if rule.portable {
            self.estate.check_room(account, numbers.len())?;
            for number in &numbers {
                self.claim(*number)?;
            }
            for number in numbers {
                self.put(&Owned { account, id: number }, arriving(number, id, &case, country));
            }
        } else {
            case.state = PortingState::Unportable;
            case.note = match rule.country.as_str() {
                "" => "numbers that belong to no country cannot be ported".to_owned(),
                country => format!("numbers of {country} cannot be ported"),
            };
        }
        let place = Owned { account, id };
        self.put(&place, order(&case));
        self.put(&place, case);
        Ok(id)
    }

    /// Puts right what the losing carrier was told, or is to be told. The numbers stay what they are.
    ///
    /// # Errors
    /// If there is no such case, it has gone too far, other numbers are named, or something is missing or wrong.
    pub fn change_porting_case(
        &mut self,
        account: AccountId,
        id: OrderId,
        request: PortingRequest,
    ) -> Result<(), Refusal> {
        let place = Owned { account, id };
        let mut case = PortingCase::clone(&*self.find(&place)?);
        if !matches!(case.state, PortingState::Exception | PortingState::PendingDocuments) {
            let message = format_args!(
                "porting case {id} is {:?}; it can be changed when it is PendingDocuments or Exception",
                case.state
            );
            return Err(Refusal::conflict(message));
        }
        request.check(self.now)?;
        self.check_connector(account, &request)?;
        if !request.numbers().eq(case.request.numbers()) || request.product_type != case.request.product_type
        {
            let message = "lots: wanted the numbers and the product type that the case was opened with; \
                cancel it and open another one";
            return Err(Refusal::bad_request(message));
        }
        case.request = request;
        case.updated = self.now;
        self.put(&place, case);
        Ok(())
    }

    /// Takes a document of a case to the others. Its bytes are kept elsewhere.
    ///
    /// # Errors
    /// If there is no such case, it is over, there are too many documents, or nothing says what the document is.
    pub fn add_porting_document(
        &mut self,
        account: AccountId,
        id: OrderId,
        document: PortingDocument,
    ) -> Result<(), Refusal> {
        let place = Owned { account, id };
        let mut case = PortingCase::clone(&*self.find(&place)?);
        if case.state.is_final() || case.state == PortingState::CancelRequested {
            let message = format_args!("porting case {id} is {:?} and takes no documents", case.state);
            return Err(Refusal::conflict(message));
        }
        if case.documents.len() >= DOCUMENTS_MAX {
            let message = format_args!("documents: wanted {DOCUMENTS_MAX} at most, found one more");
            return Err(Refusal::bad_request(message));
        }
        case.request.check_document(&document)?;
        case.documents.push(PortingDocument { added: self.now, ..document });
        case.updated = self.now;
        self.put(&place, case);
        Ok(())
    }

    fn check_connector(&self, account: AccountId, request: &PortingRequest) -> Result<(), Refusal> {
        let text = &request.voice_connector_id;
        let id = VoiceConnectorId::parse(text).ok_or_else(|| Refusal::not_found("VoiceConnector", text))?;
        self.estate.find::<VoiceConnector>(&Owned { account, id }).map(drop)
    }
}

/// Law is made by countries, so a case is of one.
fn country(numbers: &[E164]) -> Result<Option<Country>, Refusal> {
    let mut countries = numbers.iter().map(|number| Country::of(*number));
    let first = countries.next().flatten();
    match countries.all(|country| country == first) {
        true => Ok(first),
        false => {
            Err(Refusal::bad_request("lots: wanted numbers of one country, found several; open a case each"))
        }
    }
}

/// What a customer has of a number that is with another operator yet.
fn arriving(number: E164, order: OrderId, case: &PortingCase, country: Option<Country>) -> InventoryNumber {
    let pool = PoolNumber {
        country: country.map(|country| country.to_string()).unwrap_or_default(),
        phone_number_type: super::pool::type_by_number(number),
        ..PoolNumber::default()
    };
    let mut item = InventoryNumber::new(number, &pool, case.created);
    item.order = Some(order);
    item.record = PhoneNumberRecord {
        product_type: case.request.product_type,
        status: PhoneNumberStatus::PortinInProgress,
        ..item.record
    };
    item
}

/// Shows a case as the order that the AWS API knows.
fn order(case: &PortingCase) -> PhoneNumberOrder {
    let status = match case.state.is_final() {
        true => OrderedStatus::Failed,
        false => OrderedStatus::Processing,
    };
    let ordered = |number| OrderedNumber { e164_phone_number: number, status };
    PhoneNumberOrder {
        awaits_operator: true,
        created: case.created,
        foc_date: case.foc_date,
        name: String::new(),
        numbers: case.request.numbers().map(ordered).collect(),
        order_type: OrderType::Porting,
        product_type: case.request.product_type,
        status: case.state.order(),
        updated: case.updated,
    }
}

impl PortingCase {
    /// Tells what has to come before the losing carrier is asked; nothing if all is there.
    pub fn missing(&self) -> Vec<String> {
        let has = |kind, carrier: &str| {
            self.documents.iter().any(|document| {
                document.kind == kind && document.losing_carrier.eq_ignore_ascii_case(carrier)
            })
        };
        let bill = self.documents.iter().any(|document| document.kind == PortingDocumentKind::Bill);
        let mut missing = Vec::new();
        if !bill {
            missing.push("the latest bill".to_owned());
        }
        for lot in &self.request.lots {
            let carrier = &lot.losing_carrier;
            if !has(PortingDocumentKind::LetterOfAuthorization, carrier) {
                let whom = if carrier.is_empty() { "the losing carrier" } else { carrier };
                missing.push(format!("a letter of authorization for {whom}"));
            }
        }
        missing
    }
}

/// As many as the AWS API has at most on a page of orders.
const PAGE_MAX: usize = 100;

/// A bill, and a letter and another page for each of ten carriers.
const DOCUMENTS_MAX: usize = 21;
