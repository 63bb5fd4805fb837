//! What the connectors of an account share, and what holds for all accounts.

use estate::{Installation, Refusal, Why};
use trunk::records::CallerIdentityRecord;
use trunk::{AwsRegion, CdrSchema, GlobalSettings};

use crate::office::Office;

fn why<T: std::fmt::Debug>(done: Result<T, Refusal>) -> Why {
    done.unwrap_err().why
}

#[test]
fn a_bucket_is_set_and_unset_by_each_account_for_itself() {
    let mut office = Office::new();
    let (ours, theirs) = (office.account("ours"), office.account("theirs"));
    let bucket = |office: &Office, account| office.estate.global_settings(account).unwrap().cdr_bucket;
    assert_eq!(bucket(&office, ours), None);
    for good in ["abc", "cdr-2024", &"a".repeat(63)] {
        office.does(|draft| draft.update_global_settings(ours, Some(good.to_owned()))).unwrap();
        assert_eq!(bucket(&office, ours).as_deref(), Some(good));
        assert_eq!(bucket(&office, theirs), None);
    }
    for bad in ["", "ab", "a.b.c", "-abc", "abc-", "Abc", "a_c", "xn--abc", "abc-s3alias", &"a".repeat(64)] {
        let refused = office.does(|draft| draft.update_global_settings(ours, Some(bad.to_owned())));
        assert_eq!(why(refused), Why::BadRequest, "{bad}");
    }
    assert_eq!(bucket(&office, ours), Some("a".repeat(63)));
    office.does(|draft| draft.update_global_settings(ours, None)).unwrap();
    assert_eq!(bucket(&office, ours), None);
}

#[test]
fn records_have_the_form_that_the_installation_says() {
    let mut office = Office::new();
    let account = office.account("ours");
    office.does(|draft| draft.update_global_settings(account, Some("bucket".to_owned()))).unwrap();
    let two = Installation { cdr_schema: CdrSchema::Two, ..Installation::default() };
    office.does(|draft| draft.put_installation(two)).unwrap();
    let wanted = GlobalSettings { cdr_bucket: Some("bucket".to_owned()), cdr_schema: CdrSchema::Two };
    assert_eq!(office.estate.global_settings(account).unwrap(), wanted);
}

#[test]
fn what_holds_for_all_is_checked() {
    let mut office = Office::new();
    let countries = |country: &str| CallerIdentityRecord {
        countries: vec![country.to_owned()],
        ..CallerIdentityRecord::default()
    };
    let installation = Installation::default;
    let cases = [
        (
            Installation { calls_max: Some(1), ..installation() },
            Installation { calls_max: Some(0), ..installation() },
        ),
        (
            Installation { caller_identity: countries("CA"), ..installation() },
            Installation { caller_identity: countries("Canada"), ..installation() },
        ),
        (
            Installation { calling_name_delay_min: 10_080, ..installation() },
            Installation { calling_name_delay_min: 10_081, ..installation() },
        ),
    ];
    for (good, bad) in cases {
        office.does(|draft| draft.put_installation(good.clone())).unwrap();
        assert_eq!(why(office.does(|draft| draft.put_installation(bad.clone()))), Why::BadRequest, "{bad:?}");
        let kept = office.estate.installation_or_default();
        assert_eq!(format!("{kept:?}"), format!("{good:?}"));
    }
}

#[test]
fn there_are_ten_sites_to_choose_from() {
    let regions = estate::Estate::list_available_voice_connector_regions();
    assert!(regions.len() == 10 && regions.contains(&AwsRegion::default()));
}
