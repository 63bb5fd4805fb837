//! Our offer to the leg that is to reply.

use super::formats;
use super::received::Received;
use super::refusal::Refusal;
use super::said::{Audio, among_previous, describe};
use super::terms::Terms;
use crate::attribute::Direction;
use crate::codec::{Codec, CodecList, Format};
use crate::model::{Protocol, SessionDescription};

/// Makes the offer for the replying leg out of the asking leg's offer: the same codecs in the same order, as far as both
/// legs may use them, and everything else as our own terms say.
///
/// # Errors
///
/// If the asking leg is refused at once, whatever the other one would say.
pub fn offer_for(
    offer: &SessionDescription,
    asking: &Terms<'_>,
    replying: &Terms<'_>,
) -> Result<SessionDescription, Refusal> {
    let received = Received::from_offer(offer, asking)?;
    let mut formats = formats::allowed(&received.formats, asking.policy, replying.policy)?;
    formats::renumber_events(&mut formats, replying.policy.telephone_event);
    let audio = Audio {
        formats,
        direction: received.direction,
        packet_time_ms: received.media.packet_time_ms().or(Some(PACKET_TIME_MS)),
        packet_time_max_ms: received.media.packet_time_max_ms(),
        ..blank(replying)
    };
    offered(audio, replying)
}

/// Makes an offer out of our terms alone, for a leg whose INVITE has none or whose caller has none.
///
/// # Errors
///
/// If the terms do not allow for any voice, or want protection without a key.
pub fn fresh_offer(terms: &Terms<'_>) -> Result<SessionDescription, Refusal> {
    let formats = formats::with_voice(numbered(&terms.policy.codecs, terms.policy.telephone_event))?;
    let audio = Audio { formats, packet_time_ms: Some(PACKET_TIME_MS), ..blank(terms) };
    offered(audio, terms)
}

/// A stream both ways about which nothing is said yet.
fn blank(terms: &Terms<'_>) -> Audio {
    Audio {
        protocol: Protocol::Avp,
        formats: Vec::new(),
        direction: Direction::SendReceive,
        packet_time_ms: None,
        packet_time_max_ms: None,
        crypto: Vec::new(),
        is_muxed: terms.policy.rtcp_mux,
        // RFC 5761 section 5.1.1: for a peer that does not share ports.
        has_rtcp_port: true,
    }
}

fn offered(audio: Audio, terms: &Terms<'_>) -> Result<SessionDescription, Refusal> {
    let media = audio.protect_offer(terms)?.into_media(terms);
    Ok(describe(among_previous(media, terms), terms))
}

/// Gives each codec its static number, telephone events 101 or the wanted one, and others what is free from 96 on.
fn numbered(codecs: &CodecList, telephone_event: Option<u8>) -> Vec<Format> {
    let events = telephone_event.unwrap_or(TELEPHONE_EVENT);
    let mut formats: Vec<Format> = Vec::new();
    for codec in codecs {
        let is_free = |number: &u8| formats.iter().all(|format| format.payload_type != *number);
        let wanted = codec.is_telephone_event().then_some(events).filter(is_free);
        let dynamic = || DYNAMIC.filter(|number| *number != events).find(is_free);
        let Some(payload_type) = codec.static_payload_type().or(wanted).or_else(dynamic) else { continue };
        formats.push(Format { payload_type, codec: codec.clone(), parameters: parameters_of(codec) });
    }
    formats
}

/// RFC 4733 section 2.4.1: the sixteen keys, said though it is the default, as peers look for it.
fn parameters_of(codec: &Codec) -> Option<String> {
    codec.is_telephone_event().then(|| "0-15".into())
}

/// The number that nearly every peer uses.
const TELEPHONE_EVENT: u8 = 101;
/// RFC 3551 section 6: numbers for what has none of its own.
const DYNAMIC: core::ops::RangeInclusive<u8> = 96..=127;
/// RFC 3551 section 4.2: what is meant if nothing is said.
const PACKET_TIME_MS: u16 = 20;
