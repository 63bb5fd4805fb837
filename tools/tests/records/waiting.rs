//! An INVITE that is told what it lacks, and has not come back yet.

use std::net::UdpSocket;

use crate::LONG;
use crate::appliance::{Appliance, HEADQUARTERS, OWN_NUMBER, ZONE};
use crate::ledger;

/// Sends an INVITE whose session interval is too small, and returns the status of the answer.
fn asked(socket: &UdpSocket, appliance: &Appliance) -> String {
    let (here, own) = (appliance.addresses.here(), appliance.addresses.headquarters());
    let invite = format!(
        "INVITE sip:+12065550177@{HEADQUARTERS}.{ZONE} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bKwaits\r\n\
         From: <sip:{OWN_NUMBER}@{own}>;tag=w\r\nTo: <sip:+12065550177@{here}>\r\nCall-ID: waits\r\nCSeq: 1 INVITE\r\n\
         Contact: <sip:{own}>\r\nSupported: timer\r\nSession-Expires: 10\r\nContent-Length: 0\r\n\r\n"
    );
    let mut bytes = [0; 2048];
    loop {
        socket.send_to(invite.as_bytes(), here).unwrap();
        let Ok(len) = socket.recv(&mut bytes) else { continue };
        let answer = String::from_utf8_lossy(&bytes[..len]).into_owned();
        if !answer.starts_with("SIP/2.0 100") {
            return answer.split(' ').nth(1).unwrap().to_owned();
        }
    }
}

#[test]
fn signaling_that_is_killed_while_somebody_may_come_back_leaves_one_record() {
    // Whether the same INVITE comes again to the next process.
    for is_repeated in [false, true] {
        let mut appliance = Appliance::start(None, "");
        let socket = UdpSocket::bind(appliance.addresses.headquarters()).unwrap();
        socket.set_read_timeout(Some(LONG / 40)).unwrap();
        assert_eq!(asked(&socket, &appliance), "422");
        appliance.kill_signaling();
        assert!(ledger::read(&appliance.bucket()).is_empty());
        appliance.start_signaling();
        if is_repeated {
            assert_eq!(asked(&socket, &appliance), "422");
            appliance.kill_signaling();
            appliance.start_signaling();
        }
        for _ in 0..2 {
            appliance.stop_signaling();
            let records = ledger::read(&appliance.bucket());
            let [record] = &records[..] else { panic!("{records:?}") };
            assert_eq!(["Status", "StatusMessage"].map(|it| record.text(it)), ["Rejected", "Recovered"]);
            appliance.start_signaling();
        }
    }
}
