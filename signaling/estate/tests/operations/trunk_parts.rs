//! The parts of a trunk that are set, read and removed on their own.

use estate::operation::origination::NewOrigination;
use estate::operation::voice_connectors::NewVoiceConnector;
use estate::{AccountId, ExternalSystems, Refusal, Why};
use trunk::records::{DnisRecord, RouteProtocol, RouteRecord, TerminationRecord};
use trunk::{
    LoggingConfiguration, MediaInsightsConfiguration, NotificationTarget, StreamingConfiguration,
    VoiceConnectorId,
};

use crate::office::Office;
use crate::sample::{emergency, route, termination};

fn office(require_encryption: bool) -> (Office, AccountId, VoiceConnectorId) {
    let mut office = Office::new();
    let account = office.account("ours");
    let new =
        NewVoiceConnector { name: "Trunk".to_owned(), require_encryption, ..NewVoiceConnector::default() };
    let id = office.does(|draft| draft.create_voice_connector(account, new)).unwrap();
    (office, account, id)
}

fn routes(routes: Vec<RouteRecord>) -> NewOrigination {
    NewOrigination { disabled: None, routes: Some(routes) }
}

fn streaming(targets: usize, arn: Option<&str>) -> StreamingConfiguration {
    StreamingConfiguration {
        data_retention_in_hours: 0,
        disabled: false,
        media_insights_configuration: Some(MediaInsightsConfiguration {
            configuration_arn: arn.map(str::to_owned),
            disabled: false,
        }),
        streaming_notification_targets: vec![NotificationTarget::EventBridge; targets],
    }
}

fn systems(controller: &str, center: &str) -> ExternalSystems {
    let list = |text: &str| text.split_terminator(' ').map(str::to_owned).collect();
    ExternalSystems {
        contact_center_system_types: list(center),
        session_border_controller_types: list(controller),
    }
}

fn why<T: std::fmt::Debug>(done: Result<T, Refusal>) -> Why {
    done.unwrap_err().why
}

#[test]
fn what_was_never_set_is_not_found_and_neither_is_what_was_removed() {
    let (mut office, account, id) = office(false);
    for _ in 0..2 {
        let estate = &office.estate;
        assert_eq!(why(estate.voice_connector_termination(account, id)), Why::NotFound);
        assert_eq!(why(estate.voice_connector_origination(account, id)), Why::NotFound);
        assert_eq!(why(estate.voice_connector_streaming_configuration(account, id)), Why::NotFound);
        assert_eq!(why(estate.voice_connector_emergency_calling_configuration(account, id)), Why::NotFound);
        assert_eq!(why(estate.voice_connector_external_systems_configuration(account, id)), Why::NotFound);
        office
            .does(|draft| {
                draft.put_voice_connector_termination(account, id, termination("192.0.2.0/27"))?;
                draft.put_voice_connector_origination(account, id, routes(vec![route("192.0.2.1")]))?;
                draft.put_voice_connector_streaming_configuration(account, id, streaming(3, None))?;
                draft.put_voice_connector_emergency_calling_configuration(account, id, emergency())?;
                let systems = systems("AUDIOCODES_MEDIANT_SBC AVAYA_SBCE", "AVAYA_AURA_CONTACT_CENTER");
                draft.put_voice_connector_external_systems_configuration(account, id, systems)
            })
            .unwrap();
        let estate = &office.estate;
        assert_eq!(estate.voice_connector_termination(account, id).unwrap().cps_limit, 1);
        assert_eq!(estate.voice_connector_origination(account, id).unwrap().routes.len(), 1);
        let kept = estate.voice_connector_streaming_configuration(account, id).unwrap();
        assert_eq!(kept, &streaming(3, None));
        let kept = estate.voice_connector_emergency_calling_configuration(account, id).unwrap();
        assert_eq!(kept.dnis[0].emergency_phone_number, "+12065550911");
        let kept = estate.voice_connector_external_systems_configuration(account, id).unwrap();
        assert_eq!(kept.session_border_controller_types.len(), 2);
        office
            .does(|draft| {
                draft.delete_voice_connector_emergency_calling_configuration(account, id)?;
                draft.delete_voice_connector_termination(account, id)?;
                draft.delete_voice_connector_origination(account, id)?;
                draft.delete_voice_connector_streaming_configuration(account, id)?;
                draft.delete_voice_connector_external_systems_configuration(account, id)
            })
            .unwrap();
    }
    let deleted = [
        office.does(|draft| draft.delete_voice_connector_emergency_calling_configuration(account, id)),
        office.does(|draft| draft.delete_voice_connector_termination(account, id)),
        office.does(|draft| draft.delete_voice_connector_origination(account, id)),
        office.does(|draft| draft.delete_voice_connector_streaming_configuration(account, id)),
        office.does(|draft| draft.delete_voice_connector_external_systems_configuration(account, id)),
    ];
    assert_eq!(deleted.map(why), [Why::NotFound; 5]);
}

#[test]
fn what_is_set_of_termination_is_checked() {
    let (mut office, account, id) = office(false);
    let good = termination("10.0.0.0/8");
    let with = |change: &dyn Fn(&mut TerminationRecord)| {
        let mut record = good.clone();
        change(&mut record);
        record
    };
    let networks = |count: u8| -> Vec<String> { (0..count).map(|at| format!("192.0.2.{at}")).collect() };
    let cases = [
        (with(&|record| record.cps_limit = 256), with(&|record| record.cps_limit = 257)),
        (with(&|record| record.cps_limit = 1), with(&|record| record.cps_limit = 0)),
        (
            with(&|record| record.calling_regions.clear()),
            with(&|record| record.calling_regions = vec!["usa".into()]),
        ),
        (
            with(&|record| record.cidr_allowed_list.clear()),
            with(&|record| record.cidr_allowed_list = vec!["10.0.0.1/8".into()]),
        ),
        (
            with(&|record| record.cidr_allowed_list = networks(10)),
            with(&|record| record.cidr_allowed_list = networks(11)),
        ),
        (
            with(&|record| record.default_phone_number = Some("12065550100".into())),
            with(&|record| record.default_phone_number = Some("+0123".into())),
        ),
    ];
    for (good, bad) in cases {
        office.does(|draft| draft.put_voice_connector_termination(account, id, good.clone())).unwrap();
        let refused = office.does(|draft| draft.put_voice_connector_termination(account, id, bad.clone()));
        assert_eq!(why(refused), Why::BadRequest, "{bad:?}");
        let kept = office.estate.voice_connector_termination(account, id).unwrap();
        assert_eq!((&kept.calling_regions, kept.cps_limit), (&good.calling_regions, good.cps_limit));
    }
}

#[test]
fn what_is_set_of_origination_is_checked() {
    let (mut office, account, id) = office(false);
    let mut put = |new: NewOrigination| {
        office.does(|draft| draft.put_voice_connector_origination(account, id, new.clone()))
    };
    let many =
        |count: u8| -> Vec<RouteRecord> { (0..count).map(|at| route(&format!("192.0.2.{at}"))).collect() };
    assert_eq!(why(put(NewOrigination::default())), Why::BadRequest);
    put(NewOrigination { disabled: Some(false), routes: None }).unwrap();
    put(routes(many(10))).unwrap();
    assert_eq!(why(put(routes(many(11)))), Why::BadRequest);
    put(routes(vec![RouteRecord { priority: 100, weight: 100, port: Some(0), ..route("pbx.example") }]))
        .unwrap();
    for bad in [
        RouteRecord { priority: 101, ..route("pbx.example") },
        RouteRecord { priority: 0, ..route("pbx.example") },
        RouteRecord { weight: 101, ..route("pbx.example") },
        RouteRecord { weight: 0, ..route("pbx.example") },
        route("no host"),
        route(""),
        route("2001:db8::1"),
    ] {
        assert_eq!(why(put(routes(vec![bad.clone()]))), Why::BadRequest, "{bad:?}");
    }
    assert_eq!(why(put(routes(vec![route("pbx.example"), route("PBX.example")]))), Why::BadRequest);
}

#[test]
fn an_encrypted_trunk_takes_no_route_in_the_clear_but_keeps_those_it_has() {
    let clear = || routes(vec![RouteRecord { protocol: RouteProtocol::Udp, ..route("pbx.example") }]);
    let (mut office, account, id) = office(false);
    office.does(|draft| draft.put_voice_connector_origination(account, id, clear())).unwrap();
    office.does(|draft| draft.update_voice_connector(account, id, "Trunk".to_owned(), true)).unwrap();
    let refused = office.does(|draft| draft.put_voice_connector_origination(account, id, clear()));
    assert_eq!(why(refused), Why::BadRequest);
    let kept = office.estate.voice_connector_origination(account, id).unwrap();
    assert_eq!(kept.routes[0].protocol, RouteProtocol::Udp);
    let secure = routes(vec![route("pbx.example")]);
    office.does(|draft| draft.put_voice_connector_origination(account, id, secure)).unwrap();
}

#[test]
fn emergency_calls_need_both_directions_and_hold_them() {
    let (mut office, account, id) = office(false);
    let put = |office: &mut Office, record| {
        office.does(|draft| draft.put_voice_connector_emergency_calling_configuration(account, id, record))
    };
    office
        .does(|draft| draft.put_voice_connector_termination(account, id, termination("192.0.2.0/27")))
        .unwrap();
    assert_eq!(why(put(&mut office, emergency())), Why::BadRequest);
    let origination = routes(vec![route("pbx.example")]);
    office.does(|draft| draft.put_voice_connector_origination(account, id, origination)).unwrap();
    let with = |change: &dyn Fn(&mut DnisRecord)| {
        let mut record = emergency();
        record.dnis.iter_mut().for_each(change);
        record
    };
    for bad in [
        with(&|dnis| dnis.calling_country = "CA".to_owned()),
        with(&|dnis| dnis.emergency_phone_number = "911".to_owned()),
        with(&|dnis| dnis.emergency_phone_number = "+442079460000".to_owned()),
        with(&|dnis| dnis.test_phone_number = Some(String::new())),
        trunk::records::EmergencyCallingRecord::default(),
    ] {
        assert_eq!(why(put(&mut office, bad.clone())), Why::BadRequest, "{bad:?}");
    }
    put(&mut office, with(&|dnis| dnis.emergency_phone_number = "12065550911".to_owned())).unwrap();
    let kept = office.estate.voice_connector_emergency_calling_configuration(account, id).unwrap();
    assert_eq!(kept.dnis[0].emergency_phone_number, "+12065550911");
    let off = TerminationRecord { disabled: true, ..termination("192.0.2.0/27") };
    let none = NewOrigination { disabled: Some(true), routes: Some(vec![route("pbx.example")]) };
    let refused = [
        office.does(|draft| draft.delete_voice_connector_termination(account, id)),
        office.does(|draft| draft.delete_voice_connector_origination(account, id)),
        office.does(|draft| draft.put_voice_connector_termination(account, id, off.clone())),
        office.does(|draft| draft.put_voice_connector_origination(account, id, none.clone())),
    ];
    assert_eq!(refused.map(why), [Why::BadRequest; 4]);
    office
        .does(|draft| {
            draft.delete_voice_connector_emergency_calling_configuration(account, id)?;
            draft.put_voice_connector_termination(account, id, off)?;
            draft.put_voice_connector_origination(account, id, none)?;
            draft.delete_voice_connector_termination(account, id)
        })
        .unwrap();
}

#[test]
fn logs_are_off_until_they_are_set() {
    let (mut office, account, id) = office(false);
    let logs = |office: &Office| office.estate.voice_connector_logging_configuration(account, id).unwrap();
    assert_eq!(logs(&office), LoggingConfiguration::default());
    assert!(!logs(&office).enable_sip_logs && !logs(&office).enable_media_metric_logs);
    let on = LoggingConfiguration { enable_media_metric_logs: false, enable_sip_logs: true };
    office.does(|draft| draft.put_voice_connector_logging_configuration(account, id, on)).unwrap();
    assert_eq!(logs(&office), on);
}

#[test]
fn streams_and_systems_have_the_words_of_the_api() {
    let (mut office, account, id) = office(false);
    let mut put = |streaming| {
        office.does(|draft| draft.put_voice_connector_streaming_configuration(account, id, streaming))
    };
    assert_eq!(why(put(streaming(4, None))), Why::BadRequest);
    let long = format!("arn{}", "a".repeat(1_022));
    for bad in ["", "arn", "aws:chime", "arn:aws chime", "arn:ä", &long] {
        let refusal = put(streaming(1, Some(bad))).unwrap_err();
        assert_eq!(refusal.why, Why::BadRequest, "{bad}");
        assert!(bad.len() < 6 || !refusal.message.contains(bad), "{refusal}");
    }
    put(streaming(0, Some(&long[..1_024]))).unwrap();
    let mut put = |systems| {
        office.does(|draft| draft.put_voice_connector_external_systems_configuration(account, id, systems))
    };
    for (controller, center) in
        [("KAMAILIO", ""), ("", "RIBBON_SBC"), ("AVAYA_SBCE AVAYA_SBCE", ""), ("ribbon_sbc", "")]
    {
        assert_eq!(why(put(systems(controller, center))), Why::BadRequest, "{controller} {center}");
    }
    put(systems("RIBBON_SBC", "")).unwrap();
    put(systems("", "GENESYS_ENGAGE_ON_PREMISES")).unwrap();
}

#[test]
fn what_customers_have_no_say_in_stays_when_they_set_the_rest() {
    let (mut office, account, id) = office(false);
    let mut records = office.estate.records();
    records.voice_connectors[0].termination =
        Some(TerminationRecord { premium_calls: false, ..termination("192.0.2.0/27") });
    office.does(|draft| draft.provision(&records, account)).unwrap();
    let new = termination("192.0.2.32/27");
    office.does(|draft| draft.put_voice_connector_termination(account, id, new)).unwrap();
    let kept = office.estate.voice_connector_termination(account, id).unwrap();
    assert!(!kept.premium_calls && kept.cidr_allowed_list == ["192.0.2.32/27"]);
}
