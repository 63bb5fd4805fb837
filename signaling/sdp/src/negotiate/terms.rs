//! What we are ready for on one leg.

use core::net::SocketAddr;

use crate::codec::CodecList;
use crate::key::Key;
use crate::model::{Origin, SessionDescription};

/// What a leg may use. It comes from the configuration of a trunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whether media is protected.
    pub encryption: Encryption,
    /// The codecs. Their order counts where we offer on our own account; otherwise the peer's order stays.
    pub codecs: CodecList,
    /// Whether RTCP may share the port of RTP: offered by us, and accepted if offered.
    pub rtcp_mux: bool,
    /// The number of telephone events in our offers, where the peer insists on one.
    pub telephone_event: Option<u8>,
    /// Whether our keys name a lifetime, where the peer insists on one.
    pub names_lifetime: bool,
}

impl Default for Policy {
    /// G.711 with the μ-law and keys, protected if the peer asks for it.
    fn default() -> Self {
        Self {
            encryption: Encryption::Accepted,
            codecs: CodecList::default(),
            rtcp_mux: false,
            telephone_event: None,
            names_lifetime: false,
        }
    }
}

/// Whether the media of a leg is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// Never: where signaling is not protected, a key in it protects nothing. `RTP/SAVP` is refused.
    Refused,
    /// If the peer offers `RTP/SAVP`. We offer `RTP/AVP`: a peer without SRTP would refuse anything else, and two
    /// streams to choose from confuse more peers than they serve.
    Accepted,
    /// The same, and keys are taken and given with `RTP/AVP` too, where they may be ignored (RFC 8643).
    Opportunistic,
    /// Always: we offer `RTP/SAVP`, and take nothing else.
    Required,
}

/// Our end of one leg.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// What may be used.
    pub policy: &'a Policy,
    /// Where we want RTP from this leg; RTCP on the port behind it.
    pub rtp: SocketAddr,
    /// Our keys for this leg, one for each suite that is spoken, the most wanted first; in both spellings of a suite
    /// if both are to be offered. They stay the same as long as the leg does: a changed key starts the protection anew.
    pub keys: &'a [Key],
    /// The origin of our first description on this leg; afterwards that of the previous one counts.
    pub origin: &'a Origin,
    /// What we said last on this leg, once that was taken.
    pub previous: Option<&'a SessionDescription>,
}
