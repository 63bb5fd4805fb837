//! What a customer has to tell, and to whom.

use estate::{
    OrderStatus, OrderedStatus, PageRequest, PortingDocument, PortingDocumentKind, PortingRequest,
    PortingRule, PortingState, PortingStep, Why,
};
use trunk::Secret;

use super::{Case, Lot, OTHER, document, request};
use crate::office::Office;
use crate::stock::{SEATTLE, allow, connector, e164, install, local, office, own, why};

#[test]
fn a_form_tells_all_that_is_missing_at_once() {
    let mut office = office();
    let account = office.account("ours");
    let home = connector(&mut office, account);
    let good = request(&office, home, &[("Loser", &[SEATTLE])]);
    let empty = PortingRequest {
        admin_email: String::new(),
        authorizing_person: " ".to_owned(),
        billing_telephone_number: String::new(),
        customer_name: String::new(),
        lots: Vec::new(),
        pin: Some(Secret::default()),
        requested: office.now,
        service_address: String::new(),
        ..good
    };
    let refusal = office.does(|draft| draft.open_porting_case(account, empty)).unwrap_err();
    assert_eq!(refusal.why, Why::BadRequest);
    for field in [
        "admin_email",
        "authorizing_person",
        "billing_telephone_number",
        "customer_name",
        "lots",
        "pin",
        "requested",
        "service_address",
    ] {
        assert!(refusal.message.contains(&format!("{field}: wanted")), "{field}: {refusal}");
    }
    let bad: [(&[Lot<'_>], Why); 5] = [
        (&[("Loser", &[])], Why::BadRequest),
        (&[("Loser", &[SEATTLE, SEATTLE])], Why::BadRequest),
        (&[("Loser", &[SEATTLE]), ("loser", &[OTHER])], Why::BadRequest),
        (&[("Loser", &[SEATTLE, "+442079460000"])], Why::BadRequest),
        (&[("a\nb", &[SEATTLE])], Why::BadRequest),
    ];
    for (lots, wanted) in bad {
        let request = request(&office, home, lots);
        assert_eq!(why(&mut office, |draft| draft.open_porting_case(account, request)), wanted, "{lots:?}");
    }
    let optional = PortingRequest { pin: None, ..request(&office, home, &[("", &[SEATTLE])]) };
    office.does(|draft| draft.open_porting_case(account, optional)).unwrap();
}

#[test]
fn a_case_needs_a_connector_room_and_numbers_that_are_elsewhere() {
    let mut office = office();
    let (account, theirs) = (office.account("ours"), office.account("theirs"));
    let home = connector(&mut office, account);
    own(&mut office, theirs, &[OTHER]);
    let open = |office: &mut Office, account, number: &str| {
        let request = request(office, home, &[("Loser", &[number])]);
        office.does(|draft| draft.open_porting_case(account, request))
    };
    assert_eq!(open(&mut office, theirs, SEATTLE).unwrap_err().why, Why::NotFound);
    assert_eq!(open(&mut office, account, OTHER).unwrap_err().why, Why::Conflict);
    allow(&mut office, account, 0);
    assert_eq!(open(&mut office, account, SEATTLE).unwrap_err().why, Why::ResourceLimitExceeded);
    allow(&mut office, account, 1);
    open(&mut office, account, SEATTLE).unwrap();
    allow(&mut office, account, 9);
    assert_eq!(open(&mut office, account, SEATTLE).unwrap_err().why, Why::Conflict);
    assert_eq!(why(&mut office, |draft| draft.add_pool_number(local(SEATTLE))), Why::Conflict);
    assert_eq!(office.estate.phone_numbers_in_use(account), 1);
    assert_eq!(why(&mut office, |draft| draft.delete_phone_number(account, e164(SEATTLE))), Why::BadRequest);
}

#[test]
fn nothing_is_submitted_without_a_bill_and_a_letter_for_every_losing_carrier() {
    let mut office = office();
    let account = office.account("ours");
    let home = connector(&mut office, account);
    let lots: &[Lot<'_>] = &[("Loser", &[SEATTLE]), ("Other", &[OTHER])];
    let request = request(&office, home, lots);
    let id = office.does(|draft| draft.open_porting_case(account, request)).unwrap();
    let mut case = Case { office, account, home, id };
    let letter = PortingDocumentKind::LetterOfAuthorization;
    for next in [
        document(PortingDocumentKind::Bill, ""),
        document(letter, "Loser"),
        document(PortingDocumentKind::Other, "Other"),
    ] {
        assert_eq!(case.steps(PortingStep::Submit).unwrap_err().why, Why::BadRequest);
        case.adds(next).unwrap();
    }
    let refusal = case.steps(PortingStep::Submit).unwrap_err();
    assert_eq!(refusal.message, "documents: wanted a letter of authorization for Other");
    assert_eq!(case.adds(document(letter, "Nobody")).unwrap_err().why, Why::BadRequest);
    let nameless = PortingDocument { reference: String::new(), ..document(letter, "Other") };
    assert_eq!(case.adds(nameless).unwrap_err().why, Why::BadRequest);
    case.adds(document(letter, "Other")).unwrap();
    case.steps(PortingStep::Submit).unwrap();
    for _ in 4..21 {
        case.adds(document(PortingDocumentKind::Other, "")).unwrap();
    }
    assert_eq!(case.adds(document(PortingDocumentKind::Other, "")).unwrap_err().why, Why::BadRequest);
    let mut closed = Case::at(PortingState::CancelRequested);
    assert_eq!(closed.adds(document(PortingDocumentKind::Bill, "")).unwrap_err().why, Why::Conflict);
}

#[test]
fn a_case_is_put_right_while_the_losing_carrier_waits_for_it() {
    for state in PortingState::ALL {
        let mut case = Case::at(state);
        let (account, id) = (case.account, case.id);
        let right = PortingRequest {
            customer_name: "Customer Limited".to_owned(),
            ..request(&case.office, case.home, &[("Loser", &[SEATTLE])])
        };
        let done = case.office.does(|draft| draft.change_porting_case(account, id, right));
        match state {
            PortingState::Exception | PortingState::PendingDocuments => {
                done.unwrap();
                let kept = case.office.estate.porting_case(account, id).unwrap();
                assert_eq!((kept.request.customer_name.as_str(), kept.state), ("Customer Limited", state));
                let other = request(&case.office, case.home, &[("Loser", &[OTHER])]);
                let refusal = why(&mut case.office, |draft| draft.change_porting_case(account, id, other));
                assert_eq!(refusal, Why::BadRequest);
            }
            PortingState::Cancelled
            | PortingState::CancelRequested
            | PortingState::ChangeRequested
            | PortingState::Foc
            | PortingState::Submitted
            | PortingState::Successful
            | PortingState::Unportable => assert_eq!(done.unwrap_err().why, Why::Conflict, "{state:?}"),
        }
    }
}

#[test]
fn a_country_that_lets_no_number_go_closes_the_case_at_once() {
    let mut office = office();
    let account = office.account("ours");
    let home = connector(&mut office, account);
    let weeks = |office: &Office, text: &str| {
        let rule = office.estate.porting_rule(trunk::Country::of(e164(text)));
        (rule.portable, rule.weeks_min, rule.weeks_max)
    };
    assert_eq!(weeks(&office, SEATTLE), (true, 2, 4));
    assert_eq!(weeks(&office, "+442079460000"), (true, 8, 26));
    assert_eq!(weeks(&office, "+88161234567"), (false, 0, 0));
    let rule = PortingRule { country: "GB".to_owned(), portable: false, weeks_max: 0, weeks_min: 0 };
    install(&mut office, |installation| installation.porting_rules = vec![rule]);
    for (number, note) in [
        ("+442079460000", "numbers of GB cannot be ported"),
        ("+88161234567", "numbers that belong to no country cannot be ported"),
    ] {
        let request = request(&office, home, &[("Loser", &[number])]);
        let id = office.does(|draft| draft.open_porting_case(account, request)).unwrap();
        let case = office.estate.porting_case(account, id).unwrap();
        assert_eq!((case.state, case.note.as_str()), (PortingState::Unportable, note));
        let order = office.estate.phone_number_order(account, id).unwrap();
        assert_eq!((order.status, order.numbers[0].status), (OrderStatus::Failed, OrderedStatus::Failed));
        assert_eq!(office.estate.phone_number(account, e164(number)).unwrap_err().why, Why::NotFound);
    }
}

#[test]
fn a_case_is_its_owners_and_its_order_is_decided_by_nobody_else() {
    let mut case = Case::at(PortingState::Submitted);
    let (account, id) = (case.account, case.id);
    let theirs = case.office.account("theirs");
    let verdict = estate::operation::orders::Verdict::Approved;
    let refusal = why(&mut case.office, |draft| draft.decide_phone_number_order(account, id, None, verdict));
    assert_eq!(refusal, Why::Conflict);
    let list = |account| case.office.estate.list_porting_cases(account, PageRequest::default()).unwrap();
    assert_eq!((list(account).items.len(), list(theirs).items.len()), (1, 0));
    assert_eq!(case.office.estate.porting_case(theirs, id).unwrap_err().why, Why::NotFound);
    let step =
        |draft: &mut estate::Draft<'_>| draft.step_porting_case(theirs, id, PortingStep::RequestCancel);
    assert_eq!(why(&mut case.office, step), Why::NotFound);
    let bill = document(PortingDocumentKind::Bill, "");
    let add = |draft: &mut estate::Draft<'_>| draft.add_porting_document(theirs, id, bill);
    assert_eq!(why(&mut case.office, add), Why::NotFound);
    let shown = format!("{:?}", case.office.estate.porting_case(account, id).unwrap());
    assert!(!shown.contains("4711"), "{shown}");
    assert!(estate::Kind::PortingCase.is_secret() && estate::Kind::PortOut.is_secret());
}
