//! What customers write on their things.

use estate::{AccountId, Arn, Refusal, Resource, Tag, Why};
use trunk::{AwsRegion, VoiceConnectorGroupId, VoiceConnectorId};

use crate::office::Office;
use crate::sample::{BRANCH, GROUP, records};

fn office() -> (Office, AccountId, [String; 2]) {
    let mut office = Office::new();
    let account = office.account("ours");
    let mut file = records();
    file.voice_connectors[1].aws_region = AwsRegion::EuWest2;
    office.does(|draft| draft.provision(&file, account)).unwrap();
    let trunk = Resource::VoiceConnector(VoiceConnectorId::parse(BRANCH).unwrap());
    let group = Resource::VoiceConnectorGroup(VoiceConnectorGroupId::parse(GROUP).unwrap());
    let arn = |resource, aws_region| Arn { account, aws_region, resource }.to_string();
    (office, account, [arn(trunk, AwsRegion::EuWest2), arn(group, AwsRegion::UsEast1)])
}

fn tags(count: usize, value: &str) -> Vec<Tag> {
    (0..count).map(|at| Tag { key: format!("key{at:02}"), value: value.to_owned() }).collect()
}

fn why<T: std::fmt::Debug>(done: Result<T, Refusal>) -> Why {
    done.unwrap_err().why
}

#[test]
fn tags_are_written_replaced_and_wiped_on_trunks_and_groups() {
    let (mut office, account, arns) = office();
    for arn in &arns {
        let updated = office.estate.voice_connectors.iter().map(|(.., one)| one.updated).max();
        assert_eq!(office.estate.list_tags_for_resource(account, arn).unwrap(), []);
        office.does(|draft| draft.tag_resource(account, arn, tags(3, "old"))).unwrap();
        office.does(|draft| draft.tag_resource(account, arn, tags(2, ""))).unwrap();
        let mut wanted = tags(3, "");
        wanted[2].value = "old".to_owned();
        assert_eq!(office.estate.list_tags_for_resource(account, arn).unwrap(), wanted);
        let keys = ["key00".to_owned(), "other".to_owned()];
        office.does(|draft| draft.untag_resource(account, arn, &keys)).unwrap();
        assert_eq!(office.estate.list_tags_for_resource(account, arn).unwrap(), &wanted[1..]);
        let now = office.estate.voice_connectors.iter().map(|(.., one)| one.updated).max();
        assert_eq!(updated, now, "tags are no part of the trunk");
    }
}

#[test]
fn a_thing_has_fifty_tags_at_most() {
    let (mut office, account, [arn, _]) = office();
    office.does(|draft| draft.tag_resource(account, &arn, tags(50, "x"))).unwrap();
    office.does(|draft| draft.tag_resource(account, &arn, tags(50, "y"))).unwrap();
    let more = vec![Tag { key: "more".to_owned(), value: String::new() }];
    let refused = office.does(|draft| draft.tag_resource(account, &arn, more));
    assert_eq!(why(refused), Why::ResourceLimitExceeded);
    let one = |key: &str, value: &str| Tag { key: key.to_owned(), value: value.to_owned() };
    let (long_key, long_value) = ("k".repeat(129), "v".repeat(257));
    for bad in [
        vec![],
        tags(51, "x"),
        vec![one("a", ""), one("a", "b")],
        vec![one("", "")],
        vec![one(&long_key, "")],
        vec![one("a", &long_value)],
    ] {
        let refused = office.does(|draft| draft.tag_resource(account, &arn, bad.clone()));
        assert_eq!(why(refused), Why::BadRequest, "{bad:?}");
    }
    let keys: Vec<String> = tags(51, "").into_iter().map(|tag| tag.key).collect();
    for bad in [&keys[..0], &keys[..]] {
        assert_eq!(why(office.does(|draft| draft.untag_resource(account, &arn, bad))), Why::BadRequest);
    }
    office.does(|draft| draft.untag_resource(account, &arn, &keys[..50])).unwrap();
    assert_eq!(office.estate.list_tags_for_resource(account, &arn).unwrap(), []);
}

#[test]
fn only_the_whole_name_finds_a_thing() {
    let (mut office, account, [trunk, group]) = office();
    let theirs = office.account("theirs");
    let by_them = trunk.replace(&account.to_string(), &theirs.to_string());
    let elsewhere = trunk.replace("eu-west-2", "us-east-1");
    let group_elsewhere = group.replace("us-east-1", "eu-west-2");
    let as_group = trunk.replace(":vc/", ":vcg/");
    for arn in [&by_them, &elsewhere, &group_elsewhere, &as_group] {
        assert_eq!(why(office.estate.list_tags_for_resource(account, arn)), Why::NotFound, "{arn}");
        let tagged = office.does(|draft| draft.tag_resource(account, arn, tags(1, "")));
        assert_eq!(why(tagged), Why::NotFound, "{arn}");
    }
    assert_eq!(why(office.estate.list_tags_for_resource(theirs, &trunk)), Why::NotFound);
    for arn in ["", BRANCH, "arn:aws:s3:::bucket"] {
        assert_eq!(why(office.estate.list_tags_for_resource(account, arn)), Why::BadRequest, "{arn}");
    }
}
