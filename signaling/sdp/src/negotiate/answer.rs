//! Our answer to the leg that asked, and what was agreed upon with both.

use super::agreement::{Agreement, PayloadMap, Rtcp, Side};
use super::formats::{self, Agreed};
use super::received::{Keys, Received};
use super::refusal::Refusal;
use super::said::{Audio, describe};
use super::terms::Terms;
use crate::attribute::Direction;
use crate::codec::{Codec, Format};
use crate::model::{Media, SessionDescription};

/// What was said until the replying leg's answer came.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// What the asking leg offered.
    pub offer: &'a SessionDescription,
    /// What we offered the replying leg, as [`offer_for`](super::offer_for) made it.
    pub forwarded: &'a SessionDescription,
    /// What the replying leg answered.
    pub answer: &'a SessionDescription,
}

/// Makes the answer for the asking leg out of the replying leg's answer: its codecs in its order, under the numbers of
/// the asking leg; every stream but ours refused in its place.
///
/// # Errors
///
/// If the answer is a refusal, or not an answer to what was offered.
pub fn answer_for(
    exchange: Exchange<'_>,
    asking: &Terms<'_>,
    replying: &Terms<'_>,
) -> Result<Agreement, Refusal> {
    let Exchange { offer, forwarded, answer } = exchange;
    let asked = Received::from_offer(offer, asking)?;
    let replied = Received::from_answer(answer, forwarded, replying)?;
    let allowed = formats::allowed(&asked.formats, asking.policy, replying.policy)?;
    let offered = forwarded.media.get(replied.index).map(Media::stream_formats).unwrap_or_default();
    let agreed = formats::agreed(&allowed, &offered, &replied.formats)?;

    // RFC 3264 section 6.1: an answer never wants more than the offer left.
    let direction = replied.direction.limited_to(asked.direction.reversed());
    let media = answered(&asked, &replied, &agreed, direction, asking).into_media(asking);
    let streams = offer.media.iter().enumerate();
    let streams = streams.map(|(at, other)| if at == asked.index { media.clone() } else { other.refused() });
    Ok(Agreement {
        answer: describe(streams.collect(), asking),
        asking: side(
            &asked,
            &agreed,
            |format| &format.asked,
            formats::to_replying(&agreed),
            direction.reversed(),
        ),
        replying: side(&replied, &agreed, |format| &format.offered, formats::to_asking(&agreed), direction),
    })
}

fn answered(
    asked: &Received<'_>,
    replied: &Received<'_>,
    agreed: &[Agreed],
    direction: Direction,
    terms: &Terms<'_>,
) -> Audio {
    let format = |format: &Agreed| Format {
        parameters: format.asked.answer_parameters(&format.answered),
        ..format.asked.clone()
    };
    let line = |keys: &Keys| keys.line.answering(&keys.ours, terms.policy.names_lifetime);
    let is_muxed = asked.rtcp == Rtcp::Muxed;
    Audio {
        // RFC 3264 section 6: the protocol of the offer.
        protocol: asked.media.protocol.clone(),
        formats: agreed.iter().map(format).collect(),
        direction,
        packet_time_ms: replied.media.packet_time_ms(),
        packet_time_max_ms: replied.media.packet_time_max_ms(),
        crypto: asked.keys.iter().map(line).collect(),
        is_muxed,
        // RFC 5761 section 5.1.3: once the port is shared there is no other.
        has_rtcp_port: !is_muxed,
    }
}

/// Tells of one leg what the relay needs; `direction` is as the peer sees it.
fn side(
    received: &Received<'_>,
    agreed: &[Agreed],
    sent: impl Fn(&Agreed) -> &Format,
    payload_maps: Vec<PayloadMap>,
    direction: Direction,
) -> Side {
    let codec = agreed.iter().map(&sent).find(|format| format.codec.is_voice());
    let codec = codec.map_or(Codec::PCMU, |format| format.codec.clone());
    // RFC 4733 section 2.1: events are on the clock of the voice that they interrupt.
    let events = || agreed.iter().map(&sent).filter(|format| format.codec.is_telephone_event());
    let on_the_clock = events().find(|format| format.codec.clock_rate == codec.clock_rate);
    let (receive, send) = received.protections();
    Side {
        remote: received.remote.clone(),
        rtcp: received.rtcp,
        receive,
        send,
        crypto_tag: received.keys.as_ref().map(|keys| keys.line.tag()),
        accepts: direction.sends(),
        sends: direction.receives(),
        payload_maps,
        telephone_event: on_the_clock.or_else(|| events().next()).map(|format| format.payload_type),
        clock_rate: codec.clock_rate,
        codec,
        packet_time_ms: received.media.packet_time_ms(),
    }
}
