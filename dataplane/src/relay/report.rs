//! Reports of reception and their like: RTCP and SRTCP, one packet at a time.
//!
//! A report goes through the same checks in the same order as media. Where a peer gets one continuous stream, the
//! reports are told in its terms: its source and timestamps instead of those behind it, and the other way round in what
//! the peer reports of the stream.

use control::SideName;
use crypto::Opener;
use netio::{Frame, Route};
use wire::WriteError;
use wire::rtcp::{
    Compound, Form, Packet, ReceiverReport, ReportBlock, SenderReport, Unknown, Writer, first_ssrc,
};
use wire::rtp::{Ssrc, Timestamp};

use super::source::{self, Origin};
use super::{State, Work};
use crate::clock::Now;
use crate::continuity::Continuity;
use crate::drop::Drop;
use crate::retired::Retired;
use crate::session::{Flow, Side};
use crate::table::Table;

/// The longest report that is told in other terms; a longer one is none of a voice call.
const REPORT_MAX: usize = 1024;

/// Relays the reports of a batch.
pub(super) fn relay(
    table: &mut Table,
    retired: &mut Retired,
    frames: &mut [Frame],
    works: &mut [Work],
    now: Now,
) {
    for (frame, work) in frames.iter_mut().zip(works) {
        let State::Report(flow) = work.state else { continue };
        let session = table.session(work.place);
        let [a, b] = &mut session.sides;
        let (near, far) = if work.place.side() == SideName::A { (a, b) } else { (b, a) };
        let before = near.retiree.and_then(|retiree| retired.opener(retiree));
        match relay_one(near, before, far, frame, flow, now) {
            Ok(route) => frame.route = Some(route),
            Err(reason) => work.drop(reason),
        }
    }
}

fn relay_one(
    near: &mut Side,
    before: Option<&mut Opener>,
    far: &mut Side,
    frame: &mut Frame,
    flow: Flow,
    now: Now,
) -> Result<Route, Drop> {
    let is_protected = near.opener.is_some();
    let mut origin = source::screen(&mut near.peer, flow, &frame.source, is_protected, now)?;
    if let Some(opener) = &mut near.opener {
        let len = frame.len();
        let packet = &mut frame.payload_and_room()[..len];
        let opened_len = match (opener.open_rtcp(packet), before) {
            // What was on its way when the key changed may look like anything under this one, also like a replayed one.
            (Err(refusal), Some(before)) => {
                origin = Origin::Former;
                before.open_rtcp(packet).map_err(|_| refusal)?
            }
            (outcome, _) => outcome?,
        };
        frame.set_len(opened_len);
    }
    let ssrc = first_ssrc(frame.payload()).map_err(|_| Drop::Malformed)?.0;
    if origin == Origin::Unproven && !is_protected {
        // In the clear only the source of the media may say where its reports come from.
        let is_of_stream = flow == Flow::Rtcp && near.reception.ssrc() == Some(ssrc);
        is_of_stream.then_some(()).ok_or(Drop::WrongSource)?;
    }
    let compound = Compound::parse(frame.payload(), Form::ReducedSize).map_err(|_| Drop::Malformed)?;
    if let Some(stream) = &mut far.continuity {
        stream.name(ssrc);
    }
    let mut told = [0; REPORT_MAX];
    let (near_stream, far_stream) = (near.continuity.as_ref(), far.continuity.as_ref());
    let told_len = tell(&compound, near_stream, far_stream, &mut told).map_err(|_| Drop::TooLong)?;
    if told_len == 0 {
        return Err(Drop::Malformed);
    }
    if origin != Origin::Former {
        source::learn_report(&mut near.peer, flow, frame.source);
    }
    near.reception.rtcp_packets += 1;
    if !near.accepts {
        // Reports go on during a hold, so that the peer's timers see that we are alive; they carry no media.
        near.reception.heard_ms = now.ms();
    }
    let to = far.peer.reports().ok_or(Drop::NoRemote)?;
    let room = frame.payload_and_room();
    room.get_mut(..told_len).ok_or(Drop::TooLong)?.copy_from_slice(&told[..told_len]);
    let len = match &mut far.sealer {
        Some(sealer) => sealer.seal_rtcp(room, told_len)?,
        None => told_len,
    };
    frame.set_len(len);
    Ok(Route { from: far.reports_port(), to, traffic_class: far.traffic_class })
}

/// Writes a compound packet again, in the terms of the side that gets it.
fn tell(
    compound: &Compound<'_>,
    near: Option<&Continuity>,
    far: Option<&Continuity>,
    output: &mut [u8],
) -> Result<usize, WriteError> {
    let mut writer = Writer::new(output);
    for packet in compound.packets() {
        // A packet that is malformed inside its frame ends here; the others go on.
        let Ok(packet) = packet else { continue };
        match packet {
            Packet::SenderReport(SenderReport { ssrc, mut info, reports, extension }) => {
                info.timestamp = outer_time(info.timestamp, ssrc, far);
                let blocks = reports.iter().map(|block| inner_block(block, near));
                writer.sender_report(outer(ssrc, far), &info, blocks, extension)?;
            }
            Packet::ReceiverReport(ReceiverReport { ssrc, reports, extension }) => {
                let blocks = reports.iter().map(|block| inner_block(block, near));
                writer.receiver_report(outer(ssrc, far), blocks, extension)?;
            }
            Packet::SourceDescription(description) => {
                let chunks = description.chunks().map(|chunk| (outer(chunk.ssrc, far), chunk.items()));
                writer.source_description(chunks)?;
            }
            Packet::Goodbye(goodbye) => match far.and_then(Continuity::outer) {
                // A stream that the peer gets as one goes on, whoever is behind it next: it hears an empty report.
                Some(outer) => writer.receiver_report(Ssrc(outer), [], &[])?,
                None => writer.goodbye(goodbye.sources(), goodbye.reason)?,
            },
            Packet::Feedback(mut feedback) => {
                feedback.sender = outer(feedback.sender, far);
                feedback.media = inner(feedback.media, near);
                writer.feedback(&feedback)?;
            }
            Packet::Application(mut application) => {
                application.ssrc = outer(application.ssrc, far);
                writer.application(&application)?;
            }
            Packet::Unknown(Unknown { packet_type: 192..=223, .. }) => writer.packet(&packet)?,
            // RFC 5761 section 4: any other type would pass for RTP if it came to stand in front.
            Packet::Unknown(_) => (),
        }
    }
    let len = writer.finish();
    // What is passed on as it is bears the one name in front as well: a sealer knows too few for all others.
    if let (Some(outer), Some(sender)) = (far.and_then(Continuity::outer), output[..len].get_mut(4..8)) {
        sender.copy_from_slice(&outer.to_be_bytes());
    }
    Ok(len)
}

/// The source that the far peer sees in place of one of the near side. A peer that gets one stream sees no other name,
/// whatever the reports of the near side are called.
fn outer(ssrc: Ssrc, far: Option<&Continuity>) -> Ssrc {
    far.and_then(Continuity::outer).map_or(ssrc, Ssrc)
}

fn outer_time(timestamp: Timestamp, ssrc: Ssrc, far: Option<&Continuity>) -> Timestamp {
    match far {
        Some(stream) if stream.inner() == Some(ssrc.0) => {
            Timestamp(timestamp.0.wrapping_add(stream.timestamp_offset()))
        }
        _ => timestamp,
    }
}

/// The source behind the one that the near peer sees, when the near peer speaks of it.
fn inner(ssrc: Ssrc, near: Option<&Continuity>) -> Ssrc {
    match near {
        Some(stream) if stream.outer() == Some(ssrc.0) => Ssrc(stream.inner().unwrap_or(ssrc.0)),
        _ => ssrc,
    }
}

fn inner_block(mut block: ReportBlock, near: Option<&Continuity>) -> ReportBlock {
    if let Some(stream) = near.filter(|stream| stream.outer() == Some(block.ssrc.0)) {
        block.highest_sequence = stream.inner_sequence(block.highest_sequence);
    }
    block.ssrc = inner(block.ssrc, near);
    block
}
