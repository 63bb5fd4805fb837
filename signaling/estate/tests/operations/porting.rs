//! Porting in: what has to be told, how a case goes on, and what becomes of its numbers.

mod course;
mod form;

use estate::{
    AccountId, DAY, Moment, OrderId, OrderStatus, OrderType, OrderedStatus, PageRequest, PortingDocument,
    PortingDocumentKind, PortingLot, PortingRequest, PortingState, PortingStep, Refusal,
};
use trunk::records::{PhoneNumberStatus, ProductType};
use trunk::{Home, Secret};

use crate::office::Office;
use crate::stock::{SEATTLE, connector, e164, office, wait};

const OTHER: &str = "+12065550101";

/// A losing carrier and its numbers.
pub(crate) type Lot<'a> = (&'a str, &'a [&'a str]);

pub(crate) fn request(office: &Office, home: Home, lots: &[Lot<'_>]) -> PortingRequest {
    let Home::VoiceConnector(id) = home else { panic!("a case is for a connector") };
    let lot = |(carrier, numbers): &Lot<'_>| PortingLot {
        losing_carrier: (*carrier).to_owned(),
        numbers: numbers.iter().map(|text| e164(text)).collect(),
    };
    PortingRequest {
        admin_email: "admin@customer.example".to_owned(),
        authorizing_person: "Ada Example".to_owned(),
        billing_telephone_number: "+12065550100".to_owned(),
        customer_name: "Customer Ltd".to_owned(),
        lots: lots.iter().map(lot).collect(),
        pin: Some(Secret::new("4711".to_owned())),
        product_type: ProductType::VoiceConnector,
        requested: office.now.after(20 * DAY),
        service_account_number: String::new(),
        service_address: "1 Main Street, Seattle".to_owned(),
        voice_connector_id: id.to_string(),
    }
}

pub(crate) fn complete() -> PortingStep {
    PortingStep::Complete {
        calls_max: None,
        carriers: vec!["alpha".to_owned()],
        city: "Seattle".to_owned(),
        state: "WA".to_owned(),
    }
}

fn document(kind: PortingDocumentKind, carrier: &str) -> PortingDocument {
    PortingDocument {
        added: Moment::default(),
        kind,
        losing_carrier: carrier.to_owned(),
        name: "file.pdf".to_owned(),
        reference: "documents/1".to_owned(),
    }
}

struct Case {
    office: Office,
    account: AccountId,
    home: Home,
    id: OrderId,
}

impl Case {
    /// Opens a case for one number of one carrier.
    fn open() -> Self {
        let mut office = office();
        let account = office.account("ours");
        let home = connector(&mut office, account);
        let request = request(&office, home, &[("Loser", &[SEATTLE])]);
        let id = office.does(|draft| draft.open_porting_case(account, request)).unwrap();
        Self { office, account, home, id }
    }

    /// Opens one with all documents.
    fn documented() -> Self {
        let mut case = Self::open();
        case.adds(document(PortingDocumentKind::Bill, "")).unwrap();
        case.adds(document(PortingDocumentKind::LetterOfAuthorization, "loser")).unwrap();
        case
    }

    /// Takes a documented case to a state.
    fn at(state: PortingState) -> Self {
        let mut case = Self::documented();
        let (submit, cancel) = (PortingStep::Submit, PortingStep::RequestCancel);
        let change = PortingStep::RequestChange { requested: case.office.now.after(DAY) };
        let object = PortingStep::Object { note: "the name".to_owned() };
        let unportable = PortingStep::DeclareUnportable { note: "the law".to_owned() };
        let confirm = case.confirm();
        let steps = match state {
            PortingState::Cancelled => vec![cancel, PortingStep::Cancel],
            PortingState::CancelRequested => vec![cancel],
            PortingState::ChangeRequested => vec![submit, change],
            PortingState::Exception => vec![submit, object],
            PortingState::Foc => vec![submit, confirm],
            PortingState::PendingDocuments => vec![],
            PortingState::Submitted => vec![submit],
            PortingState::Successful => vec![submit, confirm, complete()],
            PortingState::Unportable => vec![unportable],
        };
        for step in steps {
            // The date has come when a case is completed, and not before.
            if step == complete() {
                wait(&mut case.office, DAY);
            }
            case.steps(step).unwrap();
        }
        assert_eq!(case.state(), state);
        case
    }

    fn confirm(&self) -> PortingStep {
        PortingStep::Confirm { foc_date: self.office.now.after(DAY) }
    }

    fn adds(&mut self, document: PortingDocument) -> Result<(), Refusal> {
        let (account, id) = (self.account, self.id);
        self.office.does(|draft| draft.add_porting_document(account, id, document))
    }

    fn steps(&mut self, step: PortingStep) -> Result<(), Refusal> {
        let (account, id) = (self.account, self.id);
        self.office.does(|draft| draft.step_porting_case(account, id, step))
    }

    fn state(&self) -> PortingState {
        self.office.estate.porting_case(self.account, self.id).unwrap().state
    }

    fn number(&self) -> Option<PhoneNumberStatus> {
        let found = self.office.estate.phone_number(self.account, e164(SEATTLE));
        found.ok().map(|item| item.record.status)
    }

    fn order(&self) -> (OrderStatus, OrderedStatus) {
        let order = self.office.estate.phone_number_order(self.account, self.id).unwrap();
        assert_eq!(order.order_type, OrderType::Porting);
        (order.status, order.numbers[0].status)
    }
}

/// The order and the number say what the case says.
fn agrees(case: &Case) {
    let state = case.state();
    let (number, ordered) = match state {
        PortingState::Cancelled => (PhoneNumberStatus::Cancelled, OrderedStatus::Failed),
        PortingState::CancelRequested => {
            (PhoneNumberStatus::PortinCancelRequested, OrderedStatus::Processing)
        }
        PortingState::Successful => (PhoneNumberStatus::Unassigned, OrderedStatus::Acquired),
        PortingState::Unportable => (PhoneNumberStatus::AcquireFailed, OrderedStatus::Failed),
        PortingState::ChangeRequested
        | PortingState::Exception
        | PortingState::Foc
        | PortingState::PendingDocuments
        | PortingState::Submitted => (PhoneNumberStatus::PortinInProgress, OrderedStatus::Processing),
    };
    assert_eq!((case.number(), case.order()), (Some(number), (state.order(), ordered)));
    let pool = case.office.estate.pool_number(e164(SEATTLE)).ok().and_then(|item| item.account);
    assert_eq!(pool, (state == PortingState::Successful).then_some(case.account));
    let open = case.office.estate.list_waiting_orders(PageRequest::default()).unwrap().items;
    assert_eq!(open.len(), usize::from(!state.is_final()));
}
