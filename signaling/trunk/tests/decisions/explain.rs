//! Decisions in words.

use trunk::route::Attempt;

use crate::sample::{OF_BRANCH, OF_GROUP, attempt, carrier_attempt, decision, records};

#[test]
fn an_outbound_call_is_explained_line_by_line() {
    let text = decision(&records(), &attempt()).explain();
    assert_eq!(
        text,
        "\
yes  connector      headquarters0000000001, named by the request host
yes  termination    set up
yes  allow list     192.0.2.1 is in 192.0.2.0/27
yes  encryption     not required
yes  credentials    none set, none asked for
yes  called number  +14255550100, US, local
yes  calling region US is allowed
-    premium        not premium
yes  caller         +12065550101 from From
-    on-net         +14255550100 is not in the inventory
yes  links          3 of 3 deliver calls to +14255550100
outbound: +14255550100, presents +12065550101
   1. north-1 of north, 198.51.100.1:5060 over udp, priority 1, weight 1
   2. north-2 of north, 198.51.100.2:5060 over udp, priority 2, weight 1
   3. south-1 of south, 203.0.113.1:5060 over udp, priority 3, weight 1
"
    );
}

#[test]
fn an_inbound_call_is_explained_line_by_line() {
    let attempt = Attempt { number: OF_GROUP, ..carrier_attempt() };
    assert_eq!(
        decision(&records(), &attempt).explain(),
        "\
yes  link           north-1 of north, by 198.51.100.1
yes  inventory      +12065550103 is ours
yes  number carrier north delivers calls to +12065550103
yes  home           group group00000000000000001, connectors: 2
-    origination    headquarters0000000001: routes: 2
-    origination    branch0000000000000001: routes: 1
yes  origination    hosts to try: 3
yes  caller         +14255550100 from From
inbound: +12065550103 to group group00000000000000001, caller +14255550100 from From
   1. headquarters0000000001, pbx1.example:5060 over udp, RTP, priority 1, weight 1
   2. headquarters0000000001, pbx2.example:5060 over udp, RTP, priority 2, weight 1
   3. branch0000000000000001, pbx3.example:5060 over udp, RTP, priority 1, weight 1
"
    );
}

#[test]
fn a_refusal_ends_with_the_rule_that_refused() {
    let text = decision(&records(), &Attempt { number: "2125551212", ..attempt() }).explain();
    let last: Vec<&str> = text.lines().rev().take(2).collect();
    assert_eq!(
        last,
        [
            "refused with 403: called number is not E.164 (number_not_e164)",
            "no   called number  \"2125551212\" has no leading +",
        ]
    );
}

#[test]
fn silence_is_called_so() {
    let stranger = Attempt { host: "198.51.100.200", source: [8, 8, 8, 8].into(), ..attempt() };
    let text = decision(&records(), &stranger).explain();
    assert!(text.ends_with("no answer: source address is unknown (source_unknown)\n"), "{text}");
}

#[test]
fn an_on_net_call_says_that_no_carrier_is_needed() {
    let text = decision(&records(), &Attempt { number: OF_BRANCH, ..attempt() }).explain();
    assert!(text.contains("+12065550102 is in the inventory, no carrier is needed"), "{text}");
    assert!(text.contains("on-net: +12065550102 to connector branch0000000000000001, caller "), "{text}");
}
