//! Phone numbers.

use trunk::{
    records::{AssociationName, PhoneNumberRecord, PhoneNumberStatus, PhoneNumberType, ProductType, Records},
    snapshot::Snapshot,
};

use crate::sample::{DESK, OF_HEADQUARTERS, number, records};

use super::check;

fn local(records: &mut Records) -> &mut PhoneNumberRecord {
    &mut records.phone_numbers[0]
}

#[test]
fn numbers_are_checked() {
    check(&[
        (
            |records| local(records).e164_phone_number = "12065550101".to_owned(),
            "wanted + and 2 to 15 digits",
        ),
        (
            |records| records.phone_numbers.push(records.phone_numbers[0].clone()),
            "phone number +12065550101: wanted each number once",
        ),
        (
            |records| local(records).phone_number_type = PhoneNumberType::TollFree,
            "type: wanted Local by its area code, found TollFree",
        ),
        (|records| local(records).calls_max = Some(0), "calls_max: wanted 1 or more"),
        (
            |records| local(records).calling_name = Some("A".to_owned()),
            "calling_name: wanted 2 to 15 letters",
        ),
        (|records| local(records).calling_name = Some("Caf\u{e9}".to_owned()), "calling_name"),
        (
            |records| local(records).carriers.clear(),
            "carriers: wanted one, because the number is local, found 0",
        ),
        (
            |records| local(records).carriers.push("south".to_owned()),
            "wanted one, because the number is local, found 2",
        ),
        (|records| records.phone_numbers[3].carriers.clear(), "carriers: wanted at least one, found 0"),
        (
            |records| local(records).associations.clear(),
            "associations: wanted one, for it is Assigned, found 0",
        ),
        (
            |records| local(records).status = PhoneNumberStatus::Unassigned,
            "associations: wanted none until it is Assigned, found 1",
        ),
        (
            |records| {
                let other =
                    number(OF_HEADQUARTERS, AssociationName::VoiceConnectorId, DESK).associations.remove(0);
                records.phone_numbers[5].associations.push(other);
            },
            "associations: wanted one at most, found 2",
        ),
        (
            |records| local(records).associations[0].value = "gone".to_owned(),
            "wanted a connector or group that there is, found \"gone\"",
        ),
        (
            |records| local(records).product_type = ProductType::SipMediaApplicationDialIn,
            "what belongs to the product type SipMediaApplicationDialIn, found VoiceConnectorId",
        ),
    ]);
    let mut records = records();
    local(&mut records).carriers = vec!["west".to_owned()];
    let text = Snapshot::build(&records).unwrap_err().to_string();
    assert!(text.contains("carriers: wanted a carrier that there is, found \"west\""), "{text}");
}
