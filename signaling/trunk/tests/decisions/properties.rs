//! What holds of every decision, over attempts and installations nobody has thought of.

use std::collections::BTreeSet;

use proptest::{prelude::*, sample::select, strategy::ValueTree, test_runner::TestRunner};
use trunk::{
    Reason, Seed, Transport,
    records::{CallDistributionType, Presentable, Records},
    route::{Attempt, Credentials, Decision, Offer, Outcome, Rule, TARGETS_MAX, Verdict, decide},
    snapshot::Side,
};

use crate::sample::{
    BRANCH, DESK_HOST, HEADQUARTERS, HEADQUARTERS_HOST, OF_BRANCH, OF_DESK, OF_GROUP, OF_HEADQUARTERS,
    PORTING, TOLL_FREE, UNASSIGNED, credential, id, records, snapshot,
};

/// The rules that a call from a customer passes, in order; a call on-net goes on with those of `DELIVERY`.
const CUSTOMER: [Rule; 11] = [
    Rule::Connector,
    Rule::Termination,
    Rule::AllowList,
    Rule::Encryption,
    Rule::Credentials,
    Rule::CalledNumber,
    Rule::CallingRegion,
    Rule::Premium,
    Rule::Caller,
    Rule::OnNet,
    Rule::Links,
];

const CARRIER: [Rule; 6] =
    [Rule::Link, Rule::Inventory, Rule::NumberCarrier, Rule::Home, Rule::Origination, Rule::Caller];

const DELIVERY: [Rule; 2] = [Rule::Home, Rule::Origination];

/// Gives each rule that was looked at, once if several things were found about it.
fn looked_at(decision: &Decision) -> Vec<Rule> {
    let mut rules: Vec<Rule> = decision.trace.iter().map(|step| step.rule).collect();
    rules.dedup();
    rules
}

/// Gives all rules that there are for such a call.
fn wanted(side: Side, is_on_net: bool) -> Vec<Rule> {
    match side {
        Side::Carrier => CARRIER.to_vec(),
        Side::Customer if is_on_net => CUSTOMER[..10].iter().chain(&DELIVERY).copied().collect(),
        Side::Customer => CUSTOMER.to_vec(),
    }
}

fn texts() -> impl Strategy<Value = String> {
    let known = [
        OF_HEADQUARTERS,
        OF_BRANCH,
        OF_GROUP,
        TOLL_FREE,
        UNASSIGNED,
        PORTING,
        OF_DESK,
        "+14255550100",
        "+442079460000",
        "+33123456789",
        "+19005550100",
        "911",
        "933",
        "411",
        "anonymous",
        "",
        "4000",
        "12065550101",
        "2065550101",
    ];
    prop_oneof![8 => select(known.to_vec()).prop_map(str::to_owned), 1 => ".{0,20}", 1 => "\\+?[0-9]{1,17}"]
}

fn hosts() -> impl Strategy<Value = String> {
    let known = [HEADQUARTERS_HOST, DESK_HOST, "198.51.100.200", "gone000000000000000001.vc.example"];
    prop_oneof![8 => select(known.to_vec()).prop_map(str::to_owned), 1 => ".{0,40}"]
}

fn sources() -> impl Strategy<Value = [u8; 4]> {
    let known = [[192, 0, 2, 1], [192, 0, 2, 65], [192, 0, 2, 130], [198, 51, 100, 1], [203, 0, 113, 1]];
    prop_oneof![8 => select(known.to_vec()), 1 => any::<[u8; 4]>()]
}

/// Turns on what stands for one bit each, so that rules meet each other.
fn installation(bits: u16) -> Records {
    let mut records = records();
    let is_set = |bit: u16| bits >> bit & 1 == 1;
    records.voice_connectors[0].require_encryption = is_set(0);
    records.voice_connectors[1].srtp_without_tls = is_set(1);
    for connector in &mut records.voice_connectors[..2] {
        let termination = connector.termination.as_mut().unwrap();
        termination.disabled = is_set(2);
        termination.premium_calls = is_set(3);
        if is_set(4) {
            termination.cidr_allowed_list.push("192.0.2.128/27".to_owned());
        }
        if is_set(5) {
            termination.default_phone_number = Some(OF_BRANCH.to_owned());
        }
    }
    records.voice_connectors[0].origination.as_mut().unwrap().disabled = is_set(6);
    records.carriers[0].links[0].disabled = is_set(7);
    if is_set(8) {
        for link in records.carriers.iter_mut().flat_map(|carrier| &mut carrier.links) {
            link.prefixes.push("+44".to_owned());
        }
    }
    if is_set(9) {
        records.caller_identity.presentable = Presentable::VoiceConnector;
    }
    if is_set(10) {
        records.voice_connector_groups[0].call_distribution_type =
            CallDistributionType::LoadBalancedDistribution;
    }
    if is_set(11) {
        records.voice_connectors[1].credentials.push(credential("5600"));
    }
    records
}

/// An installation, and everything that an attempt borrows.
#[derive(Debug)]
struct Case {
    asserted: Vec<String>,
    bits: u16,
    from: String,
    host: String,
    is_customer: bool,
    login: u8,
    number: String,
    offer: Offer,
    privacy: bool,
    seed: u64,
    source: [u8; 4],
    transport: Transport,
}

fn cases() -> impl Strategy<Value = Case> {
    let offers = select(vec![Offer::Absent, Offer::Clear, Offer::Protected]);
    let transports = select(vec![Transport::Tcp, Transport::Tls, Transport::Udp]);
    let texts = (hosts(), texts(), texts(), prop::collection::vec(texts(), 0..3));
    // Most bits are off, or no call would come through.
    let bits = (any::<u16>(), any::<u16>()).prop_map(|(one, other)| one & other);
    let rest = (bits, any::<bool>(), any::<bool>(), 0..4_u8, sources(), any::<u64>());
    (texts, offers, transports, rest).prop_map(|(texts, offer, transport, rest)| {
        let (host, number, from, asserted) = texts;
        let (bits, is_customer, privacy, login, source, seed) = rest;
        Case {
            asserted,
            bits,
            from,
            host,
            is_customer,
            login,
            number,
            offer,
            privacy,
            seed,
            source,
            transport,
        }
    })
}

impl Case {
    fn side(&self) -> Side {
        if self.is_customer { Side::Customer } else { Side::Carrier }
    }

    fn decide(&self) -> Decision {
        let asserted: Vec<&str> = self.asserted.iter().map(String::as_str).collect();
        let attempt = Attempt {
            asserted: &asserted,
            credentials: match self.login {
                0 => Credentials::Absent,
                1 => Credentials::Wrong,
                2 => Credentials::Verified { connector: id(HEADQUARTERS), username: &self.from },
                _ => Credentials::Verified { connector: id(BRANCH), username: "5600" },
            },
            from: &self.from,
            here: None,
            host: &self.host,
            number: &self.number,
            offer: self.offer,
            privacy: self.privacy,
            side: self.side(),
            source: self.source.into(),
            transport: self.transport,
        };
        let mut seed = Seed(self.seed);
        decide(&snapshot(&installation(self.bits)), &attempt, |bound| seed.below(bound))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_decision_explains_itself_and_every_refusal_has_one_reason(case in cases()) {
        let decision = case.decide();
        prop_assert_eq!(&decision, &case.decide());
        judge(&decision, case.side());
    }

    #[test]
    fn random_numbers_that_are_none_do_no_harm(number in any::<u32>(), carrier in any::<bool>()) {
        let snapshot = snapshot(&installation(1 << 10));
        let attempt = match carrier {
            true => Attempt { number: OF_GROUP, ..crate::sample::carrier_attempt() },
            false => crate::sample::attempt(),
        };
        judge(&decide(&snapshot, &attempt, |_| number), attempt.side);
    }
}

#[test]
fn the_cases_above_meet_every_outcome_and_every_reason_but_limits() {
    let mut runner = TestRunner::deterministic();
    let mut accepted = [0; 3];
    let mut reasons = BTreeSet::new();
    for _ in 0..20_000 {
        match cases().new_tree(&mut runner).unwrap().current().decide().outcome {
            Outcome::Inbound(_) => accepted[0] += 1,
            Outcome::OnNet(_) => accepted[1] += 1,
            Outcome::Outbound(_) => accepted[2] += 1,
            Outcome::Reject(reject) => drop(reasons.insert(reject.reason)),
        }
    }
    assert!(accepted.iter().all(|count| *count > 20), "{accepted:?}");
    let is_missing = |reason: &Reason| !reasons.contains(reason) && reason.rule() != Rule::Limits;
    let missing: Vec<Reason> = Reason::ALL.into_iter().filter(is_missing).collect();
    assert_eq!(missing, []);
}

fn judge(decision: &Decision, side: Side) {
    let rules = looked_at(decision);
    let failed: Vec<Rule> =
        decision.trace.iter().filter(|step| step.verdict == Verdict::Failed).map(|step| step.rule).collect();
    match &decision.outcome {
        Outcome::Reject(reject) => {
            assert_eq!(failed, [reject.reason.rule()]);
            assert_eq!(decision.trace.last().unwrap().verdict, Verdict::Failed);
            assert_eq!(reject.status, reject.reason.status());
            let is_prefix = |is_on_net| wanted(side, is_on_net).starts_with(&rules);
            // Where several connectors share an address, a login is asked for to tell them apart.
            let is_told_by_login = rules == [Rule::Connector, Rule::Credentials];
            assert!(is_prefix(false) || is_prefix(true) || is_told_by_login, "{rules:?}");
        }
        Outcome::Inbound(inbound) => {
            assert_eq!(rules, wanted(Side::Carrier, false));
            judge_order(inbound.targets.iter().map(|target| (target.connector, target.priority)).collect());
        }
        Outcome::OnNet(on_net) => {
            assert_eq!(rules, wanted(Side::Customer, true));
            assert_eq!(on_net.caller.name, None);
            judge_order(on_net.targets.iter().map(|target| (target.connector, target.priority)).collect());
        }
        Outcome::Outbound(outbound) => {
            assert_eq!(rules, wanted(Side::Customer, false));
            assert!(outbound.is_emergency || outbound.caller.number.is_some());
            judge_order(outbound.links.iter().map(|link| ((), link.priority)).collect());
        }
    }
    assert!(matches!(decision.outcome, Outcome::Reject(_)) || failed.is_empty());
    let text = decision.explain();
    assert!(text.lines().count() > decision.trace.len(), "{text}");
    assert!(decision.trace.iter().all(|step| text.contains(&step.found.to_string())));
}

/// Targets come owner by owner, and the priority never rises again within one.
fn judge_order<T: Copy + Ord>(targets: Vec<(T, u8)>) {
    assert!((1..=TARGETS_MAX).contains(&targets.len()));
    let mut owners: Vec<T> = targets.iter().map(|(owner, _priority)| *owner).collect();
    owners.dedup();
    let runs = owners.len();
    owners.sort_unstable();
    owners.dedup();
    assert_eq!(runs, owners.len());
    assert!(targets.windows(2).all(|pair| pair[0].0 != pair[1].0 || pair[0].1 <= pair[1].1));
}
