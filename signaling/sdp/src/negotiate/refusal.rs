//! Why nothing was agreed upon.

use core::fmt;

/// Why an offer or an answer leads to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// There is no audio stream, or only refused ones.
    NoAudio,
    /// No voice codec is left that both legs may use.
    NoCommonCodec,
    /// SRTP is wanted, and none of the peer's keys can be used.
    NoCryptoInCommon,
    /// The same, and some could if we wrote key identifiers into packets.
    CryptoWithMkiOnly,
    /// Media in the clear, on a leg that must be protected.
    ClearRefused,
    /// Protected media, on a leg where that is not allowed.
    EncryptionRefused,
    /// A protocol that is not spoken here, such as DTLS-SRTP.
    ProtocolNotSpoken,
    /// Media is wanted at no address, at one of another IP version than ours, at a group, or without room for RTCP.
    AddressNotUsable,
    /// The peer uses a key of ours, and the same packet would be encrypted twice.
    KeyReused,
    /// The peer answered our offer and refused its audio stream.
    AudioRefused,
    /// The peer answered with what we did not offer.
    AnswerNotOffered,
    /// A leg must be protected, and there is no key for it: our own fault.
    NoKeyOfOurs,
}

impl Refusal {
    /// Every reason.
    pub const ALL: [Self; 12] = [
        Self::NoAudio,
        Self::NoCommonCodec,
        Self::NoCryptoInCommon,
        Self::CryptoWithMkiOnly,
        Self::ClearRefused,
        Self::EncryptionRefused,
        Self::ProtocolNotSpoken,
        Self::AddressNotUsable,
        Self::KeyReused,
        Self::AudioRefused,
        Self::AnswerNotOffered,
        Self::NoKeyOfOurs,
    ];

    /// Returns the SIP status that the asking leg is owed. If an answer was the reason, the leg that gave it is owed a
    /// BYE besides.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::NoAudio
            | Self::NoCommonCodec
            | Self::NoCryptoInCommon
            | Self::CryptoWithMkiOnly
            | Self::ClearRefused
            | Self::EncryptionRefused
            | Self::ProtocolNotSpoken
            | Self::AddressNotUsable
            | Self::KeyReused
            | Self::AudioRefused => 488,
            // RFC 3261 section 21.5.3: an invalid response from the next server.
            Self::AnswerNotOffered => 502,
            Self::NoKeyOfOurs => 500,
        }
    }

    /// Returns the word for labels and logs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoAudio => "no_audio",
            Self::NoCommonCodec => "no_common_codec",
            Self::NoCryptoInCommon => "no_crypto_in_common",
            Self::CryptoWithMkiOnly => "crypto_with_mki_only",
            Self::ClearRefused => "clear_refused",
            Self::EncryptionRefused => "encryption_refused",
            Self::ProtocolNotSpoken => "protocol_not_spoken",
            Self::AddressNotUsable => "address_not_usable",
            Self::KeyReused => "key_reused",
            Self::AudioRefused => "audio_refused",
            Self::AnswerNotOffered => "answer_not_offered",
            Self::NoKeyOfOurs => "no_key_of_ours",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAudio => "no audio stream",
            Self::NoCommonCodec => "no codec in common",
            Self::NoCryptoInCommon => "no crypto suite and key in common",
            Self::CryptoWithMkiOnly => "keys with an MKI only",
            Self::ClearRefused => "media in the clear is not allowed",
            Self::EncryptionRefused => "SRTP is not allowed without protected signaling",
            Self::ProtocolNotSpoken => "media protocol that is not spoken",
            Self::AddressNotUsable => "address of media that cannot be used",
            Self::KeyReused => "key of the other end used again",
            Self::AudioRefused => "audio stream refused",
            Self::AnswerNotOffered => "answer with what was not offered",
            Self::NoKeyOfOurs => "no key of our own",
        })
    }
}

impl core::error::Error for Refusal {}
