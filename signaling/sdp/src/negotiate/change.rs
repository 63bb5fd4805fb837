//! What a later description of a peer changes.

use super::received::{is_nowhere, live_audio, peer_direction};
use crate::key::Key;
use crate::model::{Host, Kind, Media, SessionDescription};

/// One thing that is no longer as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MediaChange {
    /// The peer no longer listens: it holds the call.
    Held,
    /// The peer listens again.
    Resumed,
    /// The peer no longer sends, or sends again.
    Sending,
    /// Media is wanted elsewhere.
    Address,
    /// The peer uses another key, or offers other suites: protection starts anew.
    Rekeyed,
    /// Media was in the clear and no longer is, or the other way round.
    Protocol,
    /// Other codecs, other numbers, or another order.
    Codecs,
    /// Another amount of time in a packet.
    PacketTime,
    /// Streams have come, gone, or been refused.
    Streams,
}

/// Tells what a peer's later description changes about the media; nothing if it is a refresh.
///
/// The edition in `o=` is not asked: some peers change without a new one, and others count where nothing changes.
#[must_use]
pub fn changes(before: &SessionDescription, after: &SessionDescription) -> Vec<MediaChange> {
    let mut found = Vec::new();
    if !outline(before).eq(outline(after)) {
        found.push(MediaChange::Streams);
    }
    for ((_, was), (_, is)) in live_audio(before).zip(live_audio(after)) {
        let (heard, hears) = (peer_direction(before, was), peer_direction(after, is));
        let differences = [
            (heard.receives() && !hears.receives(), MediaChange::Held),
            (!heard.receives() && hears.receives(), MediaChange::Resumed),
            (heard.sends() != hears.sends(), MediaChange::Sending),
            (has_moved((before, was), (after, is)), MediaChange::Address),
            (!keys(was).eq(keys(is)), MediaChange::Rekeyed),
            (was.protocol != is.protocol, MediaChange::Protocol),
            (was.stream_formats() != is.stream_formats(), MediaChange::Codecs),
            (was.packet_time_ms() != is.packet_time_ms(), MediaChange::PacketTime),
        ];
        for (is_so, change) in differences {
            if is_so && !found.contains(&change) {
                found.push(change);
            }
        }
    }
    found
}

/// The streams without what is in them.
fn outline(description: &SessionDescription) -> impl Iterator<Item = (&Kind, bool)> {
    description.media.iter().map(|media| (&media.kind, media.port == 0))
}

/// Holding the old way, by the address 0.0.0.0, moves nothing.
fn has_moved(
    (before, was): (&SessionDescription, &Media),
    (after, is): (&SessionDescription, &Media),
) -> bool {
    let host = |description: &SessionDescription, media: &Media| -> Option<Host> {
        let connection = description.connection_of(media)?;
        Some(connection.host.clone()).filter(|host| !is_nowhere(host))
    };
    let ports = |media: &Media| (media.port, media.rtcp().map(|rtcp| rtcp.port), media.has_rtcp_mux());
    match (host(before, was), host(after, is)) {
        (Some(old), Some(new)) => old != new || ports(was) != ports(is),
        _ => false,
    }
}

fn keys(media: &Media) -> impl Iterator<Item = Key> {
    media.crypto().filter_map(|line| line.key().ok())
}
