//! The twins of a good packet that must fail, and what must be true afterwards.

use crypto::{MasterKey, Opener, Parts, Refusal, Suite};

use super::packets::identity;
use super::reference::Channel;

/// A sealed packet with all that it takes to open it.
pub(crate) struct Good {
    pub(crate) suite: Suite,
    pub(crate) channel: Channel,
    /// Master key and master salt.
    pub(crate) inline: Vec<u8>,
    pub(crate) plain: Vec<u8>,
    pub(crate) sealed: Vec<u8>,
}

/// Asserts that the packet opens, and that each of its twins is refused without a trace.
pub(crate) fn assert_only_the_packet_itself_opens(good: &Good) {
    for bit in 0..good.sealed.len() * 8 {
        let mut twin = good.sealed.clone();
        twin[bit / 8] ^= 0x80 >> (bit % 8);
        let expected = if bit == good.encrypted_bit() { Refusal::Unencrypted } else { Refusal::BadTag };
        good.assert_refused(&good.inline, &twin, expected, &format!("bit {bit} flipped"));
    }
    for len in 0..good.sealed.len() {
        let refusal = good.open_with(&mut good.opener(&good.inline), &mut good.sealed[..len].to_vec());
        let expected = refusal.expect_err("a packet that was cut is not authentic");
        let shortest = good.header_len() + good.overhead();
        assert_eq!(expected == Refusal::Truncated, len < shortest, "{}: {len} bytes left", good.suite);
        good.assert_refused(&good.inline, &good.sealed[..len], expected, &format!("{len} bytes left"));
    }
    for place in 0..good.inline.len() {
        let mut inline = good.inline.clone();
        inline[place] ^= 1;
        good.assert_refused(&inline, &good.sealed, Refusal::BadTag, &format!("byte {place} of the key"));
    }
    good.assert_not_opened_twice();
}

impl Good {
    /// Asserts that an opener with the key in `inline` refuses the packet, that neither of them has changed
    /// then, and that an opener with the right key which refused it still opens the good packet.
    fn assert_refused(&self, inline: &[u8], packet: &[u8], expected: Refusal, what: &str) {
        let what = format!("{} {:?}: {what}", self.suite, self.channel);
        let mut opener = self.opener(inline);
        let before = opener.export();
        let mut buffer = packet.to_vec();
        assert_eq!(self.open_with(&mut opener, &mut buffer), Err(expected), "{what}");
        assert_eq!(buffer, packet, "{what}: the packet has changed");
        assert_eq!(opener.export(), before, "{what}: the opener has changed");
        if inline == self.inline {
            let mut buffer = self.sealed.clone();
            assert_eq!(self.open_with(&mut opener, &mut buffer), Ok(self.plain.len()), "{what}: afterwards");
            assert_eq!(buffer[..self.plain.len()], self.plain, "{what}: afterwards");
        }
    }

    fn assert_not_opened_twice(&self) {
        let mut opener = self.opener(&self.inline);
        let mut buffer = self.sealed.clone();
        assert_eq!(self.open_with(&mut opener, &mut buffer), Ok(self.plain.len()));
        let before = opener.export();
        let mut buffer = self.sealed.clone();
        assert_eq!(self.open_with(&mut opener, &mut buffer), Err(Refusal::Replayed));
        assert_eq!(buffer, self.sealed);
        assert_eq!(opener.export(), before);
    }

    fn opener(&self, inline: &[u8]) -> Opener {
        Opener::new(&MasterKey::from_bytes(self.suite, inline).expect("the length is that of the suite"))
    }

    fn open_with(&self, opener: &mut Opener, packet: &mut [u8]) -> Result<usize, Refusal> {
        match self.channel {
            Channel::Rtp => {
                let parts = if packet.len() < 12 { identity(&self.sealed) } else { identity(packet) };
                opener.open_rtp(packet, Parts { header_len: self.header_len(), ..parts })
            }
            Channel::Rtcp => opener.open_rtcp(packet),
        }
    }

    fn header_len(&self) -> usize {
        match self.channel {
            Channel::Rtp => 12,
            Channel::Rtcp => 8,
        }
    }

    fn overhead(&self) -> usize {
        match self.channel {
            Channel::Rtp => self.suite.rtp_tag_len(),
            Channel::Rtcp => self.suite.rtcp_tag_len() + 4,
        }
    }

    /// The place of the bit that says whether an SRTCP packet is encrypted (RFC 3711 section 3.4): in front of
    /// the tag of HMAC, behind that of GCM. An RTP packet has no such bit.
    fn encrypted_bit(&self) -> usize {
        match self.channel {
            Channel::Rtp => usize::MAX,
            Channel::Rtcp if self.suite.is_aead() => (self.sealed.len() - 4) * 8,
            Channel::Rtcp => self.plain.len() * 8,
        }
    }
}
