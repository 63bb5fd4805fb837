//! Calls that somebody has forwarded: who has, and why, crosses to the other leg in words of our own.

use sip::Name;

use crate::scene::*;

fn all(request: &sip::Request, name: Name) -> Vec<String> {
    request.headers().all(name).map(str::to_owned).collect()
}

/// Has a host call with headers, and returns what another one gets.
fn crossed(from: &mut Peer, to: &mut Peer, numbers: [&str; 2], headers: &[(Name, &str)]) -> sip::Request {
    let mut world = World::new();
    let host = if from.address.ip() == std::net::IpAddr::from(PBX) { HOST } else { "192.0.2.200" };
    let [caller, called] = numbers;
    let mut invite = from.invitation(caller, called, host, &sdp(NORTH, 4000));
    for (name, value) in headers {
        invite.headers_mut().push(*name, *value);
    }
    from.send(invite);
    world.settle(&mut [from, to]);
    to.requests[0].1.clone()
}

#[test]
fn a_customer_that_forwards_a_call_tells_the_carrier_who_did_and_why() {
    let headers = [
        (
            Name::Diversion,
            "\"Reception\" <sip:+12065550101@10.0.0.7;user=phone>;reason=no-answer;counter=2;x=y",
        ),
        (Name::Diversion, "<tel:+12065550102>;reason=\"unconditional\";privacy=full"),
        (Name::Diversion, "<sip:reception@10.0.0.7>;reason=unknown"),
        (
            Name::HistoryInfo,
            "<sip:+12065550101@10.0.0.7>;index=1, <sip:+12065550102@10.0.0.7;cause=302>;index=1.1",
        ),
    ];
    let (mut pbx, mut carrier) = (Peer::new(PBX), Peer::new(NORTH));
    let invite = crossed(&mut pbx, &mut carrier, [OWN_NUMBER, OUTSIDE], &headers);
    let diversions = [
        "<sip:+12065550101@192.0.2.200>;reason=no-answer;counter=2",
        "<sip:+12065550102@192.0.2.200>;reason=unconditional;privacy=full",
    ];
    assert_eq!(all(&invite, Name::Diversion), diversions);
    let history =
        ["<sip:+12065550101@192.0.2.200>;index=1", "<sip:+12065550102@192.0.2.200;cause=302>;index=1.1"];
    assert_eq!(all(&invite, Name::HistoryInfo), history);
}

#[test]
fn what_is_private_of_a_forwarded_call_does_not_get_to_a_customer() {
    let headers = [
        (Name::Diversion, "<sip:+14255550101@198.51.100.1>;reason=user-busy;privacy=off"),
        (Name::Diversion, "<sip:+14255550102@198.51.100.1>;reason=user-busy;privacy=full"),
        (Name::HistoryInfo, "<sip:+14255550101@198.51.100.1?Privacy=history>;index=1"),
        (Name::HistoryInfo, "<sip:+14255550102@198.51.100.1>;index=1.1"),
    ];
    let (mut carrier, mut pbx) = (Peer::new(NORTH), Peer::new(PBX1));
    let invite = crossed(&mut carrier, &mut pbx, [OUTSIDE, OWN_NUMBER], &headers);
    assert_eq!(all(&invite, Name::Diversion), ["<sip:+14255550101@192.0.2.200>;reason=user-busy"]);
    assert_eq!(all(&invite, Name::HistoryInfo), ["<sip:+14255550102@192.0.2.200>;index=1.1"]);
    let private = [headers[3], (Name::Privacy, "history")];
    let (mut carrier, mut pbx) = (Peer::new(NORTH), Peer::new(PBX1));
    let invite = crossed(&mut carrier, &mut pbx, [OUTSIDE, OWN_NUMBER], &private);
    assert_eq!(all(&invite, Name::HistoryInfo), [""; 0]);
}

#[test]
fn what_is_no_word_of_its_grammar_and_what_is_too_much_stays_on_its_leg() {
    let mut headers = vec![
        (Name::Diversion, "<sip:+14255550101@198.51.100.1>;reason=\"a;b\";counter=many"),
        (Name::HistoryInfo, "<sip:+14255550101@198.51.100.1>;index=1.a"),
        (Name::HistoryInfo, "<sip:+14255550101@198.51.100.1>"),
    ];
    headers.extend([(Name::Diversion, "<sip:+14255550102@198.51.100.1>"); 20]);
    let (mut carrier, mut pbx) = (Peer::new(NORTH), Peer::new(PBX1));
    let invite = crossed(&mut carrier, &mut pbx, [OUTSIDE, OWN_NUMBER], &headers);
    let diversions = all(&invite, Name::Diversion);
    assert_eq!((diversions[0].as_str(), diversions.len()), ("<sip:+14255550101@192.0.2.200>", 10));
    assert_eq!(all(&invite, Name::HistoryInfo), [""; 0]);
}
