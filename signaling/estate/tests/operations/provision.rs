//! A file that says all that an account has.

use estate::operation::provision::Provisioned;
use estate::{AccountId, Installation, InventoryNumber, Owned, Refusal, Tag, Why};
use trunk::records::{AssociationName, PhoneNumberRecord, PhoneNumberStatus, Records};
use trunk::snapshot::Snapshot;
use trunk::{CarrierId, CdrSchema, E164, GlobalSettings, Quotas, VoiceConnectorId};

use crate::office::{Office, told};
use crate::sample::{
    BRANCH, GROUP, HEADQUARTERS, OF_GROUP, OF_HEADQUARTERS, OF_NOBODY, connector, credential, number, records,
};

fn office() -> (Office, AccountId) {
    let mut office = Office::new();
    let account = office.account("ours");
    (office, account)
}

fn apply(office: &mut Office, account: AccountId, file: &Records) -> Result<Provisioned, Refusal> {
    office.does(|draft| draft.provision(file, account))
}

fn why<T: std::fmt::Debug>(done: Result<T, Refusal>) -> Why {
    done.unwrap_err().why
}

fn in_inventory(office: &Office, account: AccountId, number: &str) -> Option<InventoryNumber> {
    let place = Owned { account, id: E164::parse(number).unwrap() };
    office.estate.phone_numbers.find(&place).map(|found| InventoryNumber::clone(found))
}

/// What a file says, in an order of its own, where a number has the account's name if it has none.
fn canonical(mut records: Records) -> String {
    records.carriers.sort_by(|one, next| one.carrier_id.cmp(&next.carrier_id));
    records.phone_numbers.sort_by(|one, next| one.e164_phone_number.cmp(&next.e164_phone_number));
    let id = |group: &trunk::records::VoiceConnectorGroupRecord| group.voice_connector_group_id.clone();
    records.voice_connector_groups.sort_by_key(id);
    records.voice_connectors.sort_by_key(|connector| connector.voice_connector_id.clone());
    for number in &mut records.phone_numbers {
        let name = number.calling_name.take().unwrap_or_default();
        number.calling_name = Some(if name.is_empty() { records.default_calling_name.clone() } else { name });
    }
    let Records { caller_identity, calls_max, carriers, phone_numbers, .. } = records;
    let (groups, connectors) = (records.voice_connector_groups, records.voice_connectors);
    let value = (caller_identity, calls_max, carriers, phone_numbers, groups, connectors);
    serde_json::to_string_pretty(&value).unwrap()
}

#[test]
fn what_a_file_says_is_what_there_is_and_the_second_time_nothing_changes() {
    let (mut office, account) = office();
    let quotas = Quotas { cidrs: 20, ..Quotas::default() };
    let file = Records {
        calls_max: Some(100),
        default_calling_name: "Example".to_owned(),
        global_settings: GlobalSettings { cdr_bucket: Some("bucket".to_owned()), cdr_schema: CdrSchema::Two },
        quotas,
        ..records()
    };
    let done = apply(&mut office, account, &file).unwrap();
    assert_eq!((done.added.len(), done.removed.len(), done.unchanged), (8, 0, 0));
    assert_eq!(
        done.changed,
        [
            "installation: calls_max, cdr_schema".to_owned(),
            format!("account {account}: calling_name, calling_name_updated, global_settings, quotas"),
        ]
    );
    assert!(done.added.contains(&format!("voice connector {HEADQUARTERS}")), "{done:?}");
    assert!(done.added.contains(&format!("phone number {OF_NOBODY}")), "{done:?}");
    assert_eq!(canonical(office.estate.records()), canonical(file.clone()));
    assert_eq!(office.estate.global_settings(account).unwrap(), file.global_settings);
    assert_eq!(office.estate.account(account).unwrap().quotas, quotas);
    let before = told(&office.estate);
    office.now = office.now.after(1);
    let again = apply(&mut office, account, &file).unwrap();
    assert!(again.is_empty() && again.unchanged == 10, "{again:?}");
    assert_eq!(told(&office.estate), before);
}

#[test]
fn an_order_that_differs_is_no_difference() {
    let (mut office, account) = office();
    let mut file = records();
    file.voice_connectors[0].credentials.push(credential("another", 'b'));
    apply(&mut office, account, &file).unwrap();
    file.voice_connectors.reverse();
    file.voice_connectors[1].credentials.reverse();
    file.voice_connectors[1].credentials[0].secrets.reverse();
    file.phone_numbers.reverse();
    file.carriers.reverse();
    assert!(apply(&mut office, account, &file).unwrap().is_empty());
}

#[test]
fn what_differs_is_changed_and_what_is_not_named_is_removed() {
    let (mut office, account) = office();
    apply(&mut office, account, &records()).unwrap();
    let mut file = records();
    file.voice_connectors[0].name = "Renamed".to_owned();
    file.voice_connectors[0].credentials = vec![credential("pbx", 'f')];
    file.voice_connector_groups[0].voice_connector_items.truncate(1);
    file.voice_connectors.truncate(1);
    file.phone_numbers.remove(1);
    file.carriers.truncate(1);
    let done = apply(&mut office, account, &file).unwrap();
    assert_eq!(
        done.changed,
        [
            format!("voice connector {HEADQUARTERS}: name, credentials"),
            format!("voice connector group {GROUP}: voice_connector_items"),
        ]
    );
    assert_eq!(
        done.removed,
        [format!("voice connector {BRANCH}"), format!("phone number {OF_GROUP}"), "carrier south".to_owned(),]
    );
    assert!(done.added.is_empty() && done.unchanged == 5, "{done:?}");
    assert_eq!(canonical(office.estate.records()), canonical(file));
    let done = apply(&mut office, account, &Records::default()).unwrap();
    assert_eq!(done.removed.len(), 5, "{done:?}");
    assert_eq!(canonical(office.estate.records()), canonical(Records::default()));
    assert!(office.estate.pool.is_empty() && office.estate.credentials.iter().next().is_none());
}

#[test]
fn what_a_file_cannot_know_stays() {
    let (mut office, account) = office();
    apply(&mut office, account, &records()).unwrap();
    let made = office.now;
    let arn = format!("arn:aws:chime:us-east-1:{account}:vc/{HEADQUARTERS}");
    let tags = vec![Tag { key: "site".to_owned(), value: "one".to_owned() }];
    office.does(|draft| draft.tag_resource(account, &arn, tags.clone())).unwrap();
    let kept = Installation { calling_name_delay_min: 5, ..Installation::default() };
    office.does(|draft| draft.put_installation(kept)).unwrap();
    office.now = made.after(1_000);
    let mut file = records();
    file.calls_max = Some(7);
    file.voice_connectors[0].name = "Renamed".to_owned();
    file.carriers[0].name = "Renamed".to_owned();
    file.phone_numbers[0].calls_max = Some(3);
    file.phone_numbers[1] = number(OF_GROUP, Some((AssociationName::VoiceConnectorId, BRANCH)));
    apply(&mut office, account, &file).unwrap();
    let id = VoiceConnectorId::parse(HEADQUARTERS).unwrap();
    let connector = office.estate.voice_connector(account, id).unwrap();
    assert_eq!((connector.created, connector.updated), (made, office.now));
    assert_eq!(connector.tags, tags);
    let branch = office.estate.voice_connector(account, VoiceConnectorId::parse(BRANCH).unwrap()).unwrap();
    assert_eq!(branch.updated, made);
    let carrier = office.estate.carrier(CarrierId::parse("north").unwrap()).unwrap();
    assert_eq!((carrier.created, carrier.updated), (made, office.now));
    let times = |number| {
        let found = in_inventory(&office, account, number).unwrap();
        (found.created, found.associated, found.updated)
    };
    assert_eq!(times(OF_HEADQUARTERS), (made, Some(made), office.now));
    assert_eq!(times(OF_GROUP), (made, Some(office.now), office.now));
    assert_eq!(times(OF_NOBODY), (made, None, made));
    let installation = office.estate.installation_or_default();
    assert_eq!((installation.calls_max, installation.calling_name_delay_min), (Some(7), 5));
}

#[test]
fn numbers_are_in_the_pool_as_the_accounts_and_leave_it_as_deleted_ones_do() {
    let (mut office, account) = office();
    apply(&mut office, account, &records()).unwrap();
    let pooled = |office: &Office, number: &str| {
        let number = E164::parse(number).unwrap();
        office
            .estate
            .pool
            .find(&number)
            .map(|found| (found.account, found.area_code.clone(), found.country.clone()))
    };
    let ours = (Some(account), "206".to_owned(), "US".to_owned());
    assert_eq!(pooled(&office, OF_NOBODY), Some(ours));
    let mut file = records();
    file.phone_numbers.pop();
    apply(&mut office, account, &file).unwrap();
    assert_eq!(pooled(&office, OF_NOBODY), None);
    let returns = Installation { deleted_numbers_return: true, ..Installation::default() };
    office.does(|draft| draft.put_installation(returns)).unwrap();
    file.phone_numbers.pop();
    apply(&mut office, account, &file).unwrap();
    assert_eq!(pooled(&office, OF_GROUP), Some((None, "206".to_owned(), "US".to_owned())));
    let carriers_go = Records { carriers: Vec::new(), phone_numbers: Vec::new(), ..records() };
    assert_eq!(why(apply(&mut office, account, &carriers_go)), Why::Conflict, "the pool needs it");
}

#[test]
fn a_number_in_the_deletion_queue_has_seven_days_and_leaves_it_by_a_file() {
    let (mut office, account) = office();
    let deleted = |status| PhoneNumberRecord { status, ..number(OF_NOBODY, None) };
    let with = |status| Records { phone_numbers: vec![deleted(status)], ..records() };
    apply(&mut office, account, &with(PhoneNumberStatus::DeleteInProgress)).unwrap();
    let due = office.now.after(7 * estate::DAY);
    assert_eq!(in_inventory(&office, account, OF_NOBODY).unwrap().deletion, Some(due));
    office.now = office.now.after(estate::DAY);
    let mut same = with(PhoneNumberStatus::DeleteInProgress);
    same.phone_numbers[0].calls_max = Some(2);
    apply(&mut office, account, &same).unwrap();
    assert_eq!(in_inventory(&office, account, OF_NOBODY).unwrap().deletion, Some(due));
    apply(&mut office, account, &with(PhoneNumberStatus::Unassigned)).unwrap();
    assert_eq!(in_inventory(&office, account, OF_NOBODY).unwrap().deletion, None);
}

#[test]
fn a_number_on_its_way_by_an_order_is_left_to_it() {
    let (mut office, account) = office();
    let coming =
        PhoneNumberRecord { status: PhoneNumberStatus::AcquireInProgress, ..number(OF_NOBODY, None) };
    let file =
        |status| Records { phone_numbers: vec![PhoneNumberRecord { status, ..coming.clone() }], ..records() };
    apply(&mut office, account, &file(PhoneNumberStatus::AcquireInProgress)).unwrap();
    // A number that only a file has said is coming follows the next file.
    apply(&mut office, account, &file(PhoneNumberStatus::Unassigned)).unwrap();
    apply(&mut office, account, &file(PhoneNumberStatus::AcquireInProgress)).unwrap();
    office.order(account, OF_NOBODY);
    assert!(apply(&mut office, account, &file(PhoneNumberStatus::AcquireInProgress)).unwrap().is_empty());
    let done = apply(&mut office, account, &file(PhoneNumberStatus::Unassigned));
    assert_eq!(why(done), Why::Conflict);
    let none = Records { phone_numbers: Vec::new(), ..records() };
    assert_eq!(why(apply(&mut office, account, &none)), Why::Conflict);
    assert!(in_inventory(&office, account, OF_NOBODY).is_some());
}

#[test]
fn what_another_account_has_is_refused() {
    let (mut office, ours) = office();
    let theirs = office.account("theirs");
    apply(&mut office, theirs, &records()).unwrap();
    let only = |file: Records| Records { carriers: records().carriers, ..file };
    let trunk = only(Records { voice_connectors: vec![connector(BRANCH)], ..Records::default() });
    let mut group =
        only(Records { voice_connector_groups: records().voice_connector_groups, ..Records::default() });
    group.voice_connector_groups[0].voice_connector_items.clear();
    let pooled = only(Records { phone_numbers: vec![number(OF_NOBODY, None)], ..Records::default() });
    let carriers = Records::default();
    let before = told(&office.estate);
    for (file, what) in [(trunk, "trunk"), (group, "group"), (pooled, "number"), (carriers, "carriers")] {
        assert_eq!(why(apply(&mut office, ours, &file)), Why::Conflict, "{what}");
    }
    assert_eq!(told(&office.estate), before);
    office.unpool(OF_NOBODY);
    let coming = only(Records { phone_numbers: vec![number(OF_NOBODY, None)], ..Records::default() });
    assert_eq!(why(apply(&mut office, ours, &coming)), Why::Conflict, "a number that is in no pool");
    let harmless =
        only(Records { voice_connectors: vec![connector("own0000000000000000001")], ..Records::default() });
    let done = apply(&mut office, ours, &harmless).unwrap();
    assert_eq!((done.added.len(), done.removed.len()), (1, 0));
}

#[test]
fn what_calls_could_not_obey_is_refused_as_a_whole() {
    let (mut office, account) = office();
    let before = told(&office.estate);
    let bad = [
        Records { calls_max: Some(0), ..records() },
        Records { carriers: Vec::new(), ..records() },
        Records { voice_connectors: Vec::new(), ..records() },
        Records {
            strict_aws_limits: true,
            ..{
                let mut file = records();
                file.voice_connectors[0].termination.as_mut().unwrap().cidr_allowed_list =
                    vec!["10.0.0.0/8".to_owned()];
                file
            }
        },
        Records {
            global_settings: GlobalSettings {
                cdr_bucket: Some("xn--a".to_owned()),
                ..GlobalSettings::default()
            },
            ..records()
        },
    ];
    for file in bad {
        assert_eq!(why(apply(&mut office, account, &file)), Why::BadRequest);
        assert_eq!(told(&office.estate), before);
    }
    let nobody = AccountId::draw(&mut |_| 7);
    assert_eq!(why(apply(&mut office, nobody, &records())), Why::NotFound);
}

#[test]
fn what_a_file_makes_is_what_calls_obey() {
    let (mut office, account) = office();
    apply(&mut office, account, &records()).unwrap();
    let told = Records { zone: "vc.example".to_owned(), ..office.estate.records() };
    let snapshot = Snapshot::build(&told).unwrap();
    let id = VoiceConnectorId::parse(HEADQUARTERS).unwrap();
    assert!(snapshot.connector(&id).unwrap().credential("pbx").is_some());
    assert_eq!(snapshot.numbers_len(), 3);
}
