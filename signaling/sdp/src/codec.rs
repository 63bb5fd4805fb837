//! Codecs by name and clock, and the lists of those that are allowed.

use core::fmt;
use core::str::FromStr;
use std::borrow::Cow;

/// What a payload type stands for: a name, a clock and a number of channels. The case of the name does not count.
#[derive(Clone, Debug)]
pub struct Codec {
    /// The name, such as `PCMU`.
    pub name: Cow<'static, str>,
    /// The clock of the RTP timestamps, in Hz.
    pub clock_rate: u32,
    /// How many channels; one where nothing is said.
    pub channels: u8,
}

impl Codec {
    /// G.711 with the μ-law.
    pub const PCMU: Self = Self::fixed("PCMU", 8000, 1);
    /// G.711 with the A-law.
    pub const PCMA: Self = Self::fixed("PCMA", 8000, 1);
    /// G.722. RFC 3551 section 4.5.2: its clock is 8000 by an old mistake, though it samples at 16,000.
    pub const G722: Self = Self::fixed("G722", 8000, 1);
    /// G.729, with or without its annexes.
    pub const G729: Self = Self::fixed("G729", 8000, 1);
    /// Opus. RFC 7587 section 7: always with two channels in the description.
    pub const OPUS: Self = Self::fixed("opus", 48_000, 2);
    /// Keys pressed (RFC 4733), on the clock of telephone voice.
    pub const TELEPHONE_EVENT: Self = Self::fixed("telephone-event", 8000, 1);
    /// Comfort noise (RFC 3389).
    pub const COMFORT_NOISE: Self = Self::fixed("CN", 8000, 1);

    const fn fixed(name: &'static str, clock_rate: u32, channels: u8) -> Self {
        Self { name: Cow::Borrowed(name), clock_rate, channels }
    }

    /// Tells whether it stands for keys pressed, on whatever clock.
    #[must_use]
    pub fn is_telephone_event(&self) -> bool {
        self.name.eq_ignore_ascii_case(&Self::TELEPHONE_EVENT.name)
    }

    /// Tells whether it carries voice: neither keys nor comfort noise.
    #[must_use]
    pub fn is_voice(&self) -> bool {
        !self.is_telephone_event() && !self.name.eq_ignore_ascii_case(&Self::COMFORT_NOISE.name)
    }

    /// Parses the end of an `a=rtpmap`: `name/clock[/channels]`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let name = parts.next().filter(|name| !name.is_empty() && !name.contains(char::is_whitespace))?;
        let clock_rate = parts.next()?.parse().ok().filter(|rate| *rate != 0)?;
        let channels = match parts.next() {
            Some(channels) => channels.parse().ok().filter(|channels| *channels != 0)?,
            None => 1,
        };
        let known = KNOWN.iter().find(|known| known.name.eq_ignore_ascii_case(name));
        let name = known.map_or_else(|| Cow::Owned(name.to_owned()), |known| known.name.clone());
        parts.next().is_none().then_some(Self { name, clock_rate, channels })
    }

    /// Returns the number that always stands for the codec, if there is one.
    #[must_use]
    pub fn static_payload_type(&self) -> Option<u8> {
        STATIC.iter().find(|(_, codec)| codec == self).map(|(payload_type, _)| *payload_type)
    }
}

impl PartialEq for Codec {
    fn eq(&self, other: &Self) -> bool {
        self.name.eq_ignore_ascii_case(&other.name)
            && (self.clock_rate, self.channels) == (other.clock_rate, other.channels)
    }
}

impl Eq for Codec {}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.clock_rate)?;
        // RFC 8866 section 6.6: one channel may be left out, and usually is.
        if self.channels == 1 { Ok(()) } else { write!(f, "/{}", self.channels) }
    }
}

/// Returns the codec of a static number (RFC 3551 section 6).
pub(crate) fn static_codec(payload_type: u8) -> Option<Codec> {
    STATIC.iter().find(|(number, _)| *number == payload_type).map(|(_, codec)| codec.clone())
}

/// A payload type with its codec and its parameters: one format of an audio stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    /// The number.
    pub payload_type: u8,
    /// What it stands for.
    pub codec: Codec,
    /// The parameters as written, if there are any.
    pub parameters: Option<String>,
}

impl Format {
    /// Returns the parameters for an answer to this format, when the other end answered `answered`.
    ///
    /// RFC 7261 section 3: comfort noise of G.729 (annex B) is used only if both ends say so, and saying nothing says
    /// so. An answer must not allow what the offer forbade.
    #[must_use]
    pub fn answer_parameters(&self, answered: &Self) -> Option<String> {
        let wants_annex_b = |format: &Self| annex_b(format.parameters.as_deref());
        if self.codec == Codec::G729 && !(wants_annex_b(self) && wants_annex_b(answered)) {
            return Some("annexb=no".into());
        }
        answered.parameters.clone()
    }
}

/// Tells whether parameters of G.729 allow annex B. RFC 4856 section 2.1.9: nothing said is yes.
#[must_use]
pub fn annex_b(parameters: Option<&str>) -> bool {
    let said_no = |parameter: &str| {
        let mut halves = parameter.splitn(2, '=').map(str::trim);
        let mut is = |wanted| halves.next().is_some_and(|half| half.eq_ignore_ascii_case(wanted));
        is("annexb") && is("no")
    };
    !parameters.unwrap_or_default().split(';').any(said_no)
}

/// The codecs that a leg may use, the most wanted first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecList(Vec<Codec>);

impl CodecList {
    /// Takes codecs in their order; a second time does not count.
    #[must_use]
    pub fn new(codecs: impl IntoIterator<Item = Codec>) -> Self {
        let mut list = Vec::new();
        for codec in codecs {
            if !list.contains(&codec) {
                list.push(codec);
            }
        }
        Self(list)
    }

    /// Tells whether a codec is allowed. With one clock of telephone events, all are: the clock follows the voice.
    #[must_use]
    pub fn allows(&self, codec: &Codec) -> bool {
        let is_like = |allowed: &Codec| {
            allowed == codec || (allowed.is_telephone_event() && codec.is_telephone_event())
        };
        self.0.iter().any(is_like)
    }

    /// Returns the codecs in their order.
    pub fn iter(&self) -> core::slice::Iter<'_, Codec> {
        self.0.iter()
    }
}

impl Default for CodecList {
    /// G.711 with the μ-law, and keys: what every trunk speaks.
    fn default() -> Self {
        Self::new([Codec::PCMU, Codec::TELEPHONE_EVENT])
    }
}

impl<'a> IntoIterator for &'a CodecList {
    type Item = &'a Codec;
    type IntoIter = core::slice::Iter<'a, Codec>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromStr for CodecList {
    type Err = UnknownCodec;

    /// Parses names with commas between them: `PCMU, opus, telephone-event/48000`. Codecs that are not known here say
    /// their clock.
    fn from_str(text: &str) -> Result<Self, UnknownCodec> {
        let codecs = text.split(',').map(str::trim).map(|name| {
            let known = KNOWN.iter().find(|codec| codec.name.eq_ignore_ascii_case(name)).cloned();
            known.or_else(|| Codec::parse(name)).ok_or_else(|| UnknownCodec(name.to_owned()))
        });
        codecs.collect::<Result<Vec<_>, _>>().map(Self::new)
    }
}

/// A name in a list that is no codec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCodec(pub String);

impl fmt::Display for UnknownCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a known codec: {}; known are", self.0)?;
        KNOWN.iter().try_for_each(|codec| write!(f, " {}", codec.name))?;
        f.write_str("; any other as name/clock")
    }
}

impl core::error::Error for UnknownCodec {}

static KNOWN: [Codec; 7] = [
    Codec::PCMU,
    Codec::PCMA,
    Codec::G722,
    Codec::G729,
    Codec::OPUS,
    Codec::TELEPHONE_EVENT,
    Codec::COMFORT_NOISE,
];

/// RFC 3551 table 4: the numbers of audio that are still met.
static STATIC: [(u8, Codec); 13] = [
    (0, Codec::PCMU),
    (3, Codec::fixed("GSM", 8000, 1)),
    (4, Codec::fixed("G723", 8000, 1)),
    (5, Codec::fixed("DVI4", 8000, 1)),
    (6, Codec::fixed("DVI4", 16_000, 1)),
    (7, Codec::fixed("LPC", 8000, 1)),
    (8, Codec::PCMA),
    (9, Codec::G722),
    (10, Codec::fixed("L16", 44_100, 2)),
    (11, Codec::fixed("L16", 44_100, 1)),
    (13, Codec::COMFORT_NOISE),
    (15, Codec::fixed("G728", 8000, 1)),
    (18, Codec::G729),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codecs_are_compared_without_case_and_with_clock_and_channels() {
        assert_eq!(Codec::parse("pcmu/8000/1"), Some(Codec::PCMU));
        assert_eq!(Codec::parse("OPUS/48000/2"), Some(Codec::OPUS));
        assert_ne!(Codec::parse("opus/48000"), Some(Codec::OPUS));
        assert_ne!(Codec::parse("telephone-event/48000"), Some(Codec::TELEPHONE_EVENT));
        for text in ["", "PCMU", "PCMU/", "PCMU/0", "PCMU/8000/0", "PCMU/8000/1/1", "/8000", "PC MU/8000"] {
            assert_eq!(Codec::parse(text), None, "{text}");
        }
    }

    #[test]
    fn static_numbers_lead_to_codecs_and_back() {
        for (number, codec) in &STATIC {
            assert_eq!(static_codec(*number), Some(codec.clone()));
            assert_eq!(codec.static_payload_type(), Some(*number));
        }
        assert_eq!(static_codec(96), None);
        assert_eq!(Codec::OPUS.static_payload_type(), None);
    }

    #[test]
    fn annex_b_is_used_only_if_both_ends_want_it() {
        let g729 = |parameters: Option<&str>| Format {
            payload_type: 18,
            codec: Codec::G729,
            parameters: parameters.map(str::to_owned),
        };
        for (offered, answered, expected) in [
            (None, None, None),
            (Some("annexb=yes"), None, None),
            (None, Some("annexb=yes"), Some("annexb=yes")),
            (Some("annexb=no"), None, Some("annexb=no")),
            (Some("AnnexB = No"), Some("annexb=yes"), Some("annexb=no")),
            (None, Some("annexb=no"), Some("annexb=no")),
        ] {
            assert_eq!(g729(offered).answer_parameters(&g729(answered)).as_deref(), expected, "{offered:?}");
        }
    }

    #[test]
    fn a_list_is_read_from_names_and_says_what_is_none() {
        let list: CodecList = "PCMU, g722,telephone-event,pcmu,iLBC/8000".parse().unwrap();
        assert_eq!(
            list.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["PCMU/8000", "G722/8000", "telephone-event/8000", "iLBC/8000"]
        );
        assert_eq!("PCMU,G.711".parse::<CodecList>(), Err(UnknownCodec("G.711".into())));
    }

    #[test]
    fn telephone_events_are_allowed_on_every_clock() {
        let list = CodecList::default();
        assert!(list.allows(&Codec::parse("telephone-event/48000").unwrap()));
        assert!(!list.allows(&Codec::PCMA));
    }

    #[test]
    fn keys_and_comfort_noise_are_no_voice() {
        assert!(!Codec::parse("TELEPHONE-EVENT/16000").unwrap().is_voice());
        assert!(!Codec::parse("cn/16000").unwrap().is_voice());
        assert!(Codec::OPUS.is_voice());
    }
}
