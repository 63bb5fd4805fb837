//! Offer and answer (RFC 3264) of one audio stream between the two legs of a call whose media is relayed.
//!
//! One leg asks with an offer, the other one replies with an answer; which of them the call came from does not matter.
//! Media is relayed as it is, so both legs use the same codecs, under numbers that may differ.
//!
//! ```text
//! asking leg              we               replying leg
//!     | --- its offer ---> |                    |
//!     |               offer_for --- ours -----> |
//!     |                    | <--- its answer -- |
//!     | <----- ours --- answer_for              |
//! ```
//!
//! - A re-offer takes the same way, with what we said last on each leg as [`Terms::previous`]: the edition goes up only
//!   if something changed, and no stream is ever forgotten. [`changes`] tells what a re-offer is about; without any it
//!   is a refresh, and the answer of before is the answer.
//! - An INVITE without a description wants our offer. Either the replying leg is asked for one as well, and its offer
//!   goes the way above in the other direction; or [`fresh_offer`] makes one for it out of our terms, and its answer
//!   then stands for its offer in [`offer_for`] and [`answer_for`].
//! - An answer in a provisional response is an answer; the same function takes it.

mod agreement;
mod answer;
mod change;
mod formats;
mod offer;
mod received;
mod refusal;
mod said;
mod terms;

pub use agreement::{Agreement, PAYLOAD_MAPS_MAX, PayloadMap, Protection, Remote, Rtcp, Side};
pub use answer::{Exchange, answer_for};
pub use change::{MediaChange, changes};
pub use offer::{fresh_offer, offer_for};
pub use refusal::Refusal;
pub use terms::{Encryption, Policy, Terms};
