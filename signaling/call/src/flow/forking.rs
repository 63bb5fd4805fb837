//! Acceptances that nobody waits for: another fork has answered, or the call is over. Each gets its ACK, and a BYE.

use sip::dialog::Dialog;
use sip::flow::Flow;
use sip::transaction::ClientId;
use sip::{Method, Response};

use crate::desk::{Client, Desk};
use crate::leg::Leg;

/// Acknowledges an acceptance that came again; `false` when it comes for the first time.
pub(crate) fn acknowledge_again(desk: &mut Desk, id: ClientId, response: &Response) -> bool {
    let tag = response.to_tag().unwrap_or_default();
    let Some((ack, to)) = desk.accepted.ack(id, tag).cloned() else { return false };
    if let Some(listener) = desk.setup.listener(to.protocol, to.local) {
        let sent_by = listener.advertised.clone();
        // It was written once, so it can be written again.
        let _ = desk.transactions.acknowledge(ack, to, &sent_by);
    }
    true
}

/// Ends a dialog that nobody wants.
pub(crate) fn decline(desk: &mut Desk, id: ClientId, response: &Response, flow: &Flow) {
    let Ok(dialog) = Dialog::from_acceptance(response) else { return };
    let number = response.cseq().map_or(1, |cseq| cseq.seq);
    let mut leg = Leg::of_flow(flow, String::new());
    let ack = dialog.ack(number);
    leg.dialog = Some(dialog);
    // A name is not looked up for a dialog that is over at once: it answers where it sends from.
    let _ = leg.follow_dialog();
    // It may hang up at the same moment, and wants an answer.
    for host in &leg.hosts {
        desk.departed.note(desk.now.elapsed, *host);
    }
    let Some(way) = leg.way else { return };
    desk.acknowledge(id, ack, way.clone());
    if let Some(mut dialog) = leg.dialog {
        desk.send(dialog.request(Method::Bye), way, Client::Bye);
    }
}
