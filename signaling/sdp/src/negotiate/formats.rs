//! Which formats both legs use, and under which numbers.

use super::agreement::{PAYLOAD_MAPS_MAX, PayloadMap};
use super::refusal::Refusal;
use super::terms::Policy;
use crate::codec::Format;

/// Keeps what both legs may use, in the order it came.
pub(super) fn allowed(
    formats: &[Format],
    asking: &Policy,
    replying: &Policy,
) -> Result<Vec<Format>, Refusal> {
    let is_allowed =
        |format: &&Format| [asking, replying].iter().all(|policy| policy.codecs.allows(&format.codec));
    with_voice(formats.iter().filter(is_allowed).cloned().collect())
}

/// Gives telephone events the number that a leg insists on, unless another format has it.
pub(super) fn renumber_events(formats: &mut [Format], wanted: Option<u8>) {
    let Some(wanted) = wanted.filter(|wanted| formats.iter().all(|format| format.payload_type != *wanted))
    else {
        return;
    };
    if let Some(format) = formats.iter_mut().find(|format| format.codec.is_telephone_event()) {
        format.payload_type = wanted;
    }
}

/// One format under its three numbers.
///
/// RFC 3264 section 6.1: a peer gets the numbers that it has said itself. So a format has one number on the leg that
/// asked, another one in our offer, under which the replying leg sends, and a third one in that leg's answer.
pub(super) struct Agreed {
    pub(super) asked: Format,
    pub(super) offered: Format,
    pub(super) answered: Format,
}

/// Finds what the replying leg has answered in what was offered to it and in what the asking leg had offered.
///
/// What was not offered is left out, and so is what no number is left for.
pub(super) fn agreed(
    asked: &[Format],
    offered: &[Format],
    answered: &[Format],
) -> Result<Vec<Agreed>, Refusal> {
    let mut agreed: Vec<Agreed> = Vec::new();
    let mut refusal = Refusal::AnswerNotOffered;
    for answered in answered {
        let Some(offered) = counterpart(answered, offered) else { continue };
        // Keys alone are on offer, and no call.
        refusal = Refusal::NoCommonCodec;
        let Some(asked) = counterpart(offered, asked) else { continue };
        let is_new = agreed.iter().all(|other| other.asked.payload_type != asked.payload_type);
        let (asked, offered, answered) = (asked.clone(), offered.clone(), answered.clone());
        if is_new {
            agreed.push(Agreed { asked, offered, answered });
        }
        if to_replying(&agreed).len() > PAYLOAD_MAPS_MAX || to_asking(&agreed).len() > PAYLOAD_MAPS_MAX {
            agreed.pop();
        }
    }
    let has_voice = agreed.iter().any(|format| format.asked.codec.is_voice());
    if has_voice { Ok(agreed) } else { Err(refusal) }
}

/// Returns what becomes of the numbers that the asking leg sends.
pub(super) fn to_replying(agreed: &[Agreed]) -> Vec<PayloadMap> {
    maps(agreed.iter().map(|format| (format.asked.payload_type, format.answered.payload_type)))
}

/// Returns what becomes of the numbers that the replying leg sends: those of our offer, as it should, or those of its
/// own answer, as some do.
pub(super) fn to_asking(agreed: &[Agreed]) -> Vec<PayloadMap> {
    let right = agreed.iter().map(|format| (format.offered.payload_type, format.asked.payload_type));
    let own = agreed.iter().map(|format| (format.answered.payload_type, format.asked.payload_type));
    maps(right.chain(own))
}

/// The first meaning of a number counts, and what keeps its number is left out.
fn maps(pairs: impl Iterator<Item = (u8, u8)>) -> Vec<PayloadMap> {
    let mut seen: Vec<PayloadMap> = Vec::new();
    for (from, to) in pairs {
        if seen.iter().all(|map| map.from != from) {
            seen.push(PayloadMap { from, to });
        }
    }
    seen.retain(|map| map.from != map.to);
    seen
}

/// Finds the same codec, under the same number if it is there more than once.
fn counterpart<'a>(format: &Format, among: &'a [Format]) -> Option<&'a Format> {
    let alike = || among.iter().filter(|other| other.codec == format.codec);
    alike().find(|other| other.payload_type == format.payload_type).or_else(|| alike().next())
}

/// A stream of keys or noise alone is none.
pub(super) fn with_voice(formats: Vec<Format>) -> Result<Vec<Format>, Refusal> {
    let has_voice = formats.iter().any(|format| format.codec.is_voice());
    if has_voice { Ok(formats) } else { Err(Refusal::NoCommonCodec) }
}
