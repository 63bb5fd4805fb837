//! Descriptions of media: what a peer says, what we say, and what both agree on.
//!
//! Text becomes a [`SessionDescription`] by [`SessionDescription::parse`], which takes what exists in the field, and
//! becomes text again by [`SessionDescription::write`], in one canonical form. Between two legs of a call stands
//! [`negotiate`]: from the offer of one leg it makes ours to the other, and from that one's answer it makes ours to
//! the first, together with what the relay has to know of each side.
//!
//! Everything is a function of what it is given: addresses, ports, keys and the numbers of a description are
//! parameters. Nothing here opens a socket, reads a clock or throws dice.
//!
//! ```
//! use sdp::SessionDescription;
//!
//! let text = b"v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\nm=audio 4000 RTP/AVP 0\n";
//! let description = SessionDescription::parse(text)?;
//! assert_eq!(description.media[0].port, 4000);
//! assert_eq!(description.media[0].stream_formats()[0].codec, sdp::Codec::PCMU);
//! # Ok::<(), sdp::ParseError>(())
//! ```

#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

pub mod negotiate;

mod attribute;
mod codec;
mod crypto_attribute;
mod key;
mod model;
mod parse;
mod suite;
mod write;

pub use attribute::{Attribute, Direction, FormatParameters, RtcpPort, RtpMap, Source};
pub use codec::{Codec, CodecList, Format, UnknownCodec, annex_b};
pub use crypto_attribute::{CryptoAttribute, Unusable};
pub use key::{Key, KeyError};
pub use model::{Connection, Host, IpVersion, Kind, Media, Origin, Protocol, SessionDescription, Time};
pub use parse::{ATTRIBUTES_MAX, LINES_MAX, MEDIA_MAX, ParseError, TEXT_LEN_MAX};
pub use suite::Suite;
