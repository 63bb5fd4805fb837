//! Whatever arrives: only what the twin sealer has sealed opens, and what is refused leaves no trace.
//!
//! The first byte chooses the suite, the second what kind of packet arrives, the third the engine. What the
//! caller believes of the packet and how it is damaged follow; the rest is the packet.

use std::sync::LazyLock;

use crypto::{Engine, Job, MasterKey, Opener, Parts, Refusal, Sealer, Suite, open_batch};

static ENGINES: LazyLock<Vec<Engine>> = LazyLock::new(Engine::all);

/// Checks one input.
pub(crate) fn check(input: &[u8]) {
    let mut input = Input(input);
    let suite = Suite::ALL[usize::from(input.byte()) % Suite::ALL.len()];
    let kind = input.byte();
    let engine = ENGINES[usize::from(input.byte()) % ENGINES.len()];
    match kind % 4 {
        0 => check_any_rtp(suite, engine, input),
        1 => check_damaged_rtp(suite, engine, input),
        2 => check_any_rtcp(suite, input.0),
        _ => check_damaged_rtcp(suite, input),
    }
}

/// Any bytes, and any belief of what they are.
fn check_any_rtp(suite: Suite, engine: Engine, mut input: Input<'_>) {
    let header_len = match input.word() {
        0xffff => usize::MAX,
        len => len.into(),
    };
    let sequence = input.word();
    let ssrc = u32::from(input.word()) << 16 | u32::from(input.word());
    let parts = Parts { header_len, ssrc, sequence };
    let opened =
        arrive(&mut new_opener(suite), input.0, |opener, packet| open(engine, opener, packet, parts));
    assert!(opened.is_err(), "{suite}: noise was opened");
}

fn check_any_rtcp(suite: Suite, bytes: &[u8]) {
    let opened = arrive(&mut new_opener(suite), bytes, Opener::open_rtcp);
    assert!(opened.is_err(), "{suite}: noise was opened");
}

/// A sealed packet with a few bytes changed, cut off, or taken for another one.
fn check_damaged_rtp(suite: Suite, engine: Engine, mut input: Input<'_>) {
    let parts = Parts { header_len: input.byte().into(), ssrc: 0x5eed, sequence: input.word() };
    let damage = input.damage();
    let believed = Parts {
        header_len: parts.header_len ^ usize::from(input.byte()),
        ssrc: parts.ssrc ^ u32::from(input.byte()),
        sequence: parts.sequence ^ input.word(),
    };
    let plain = input.0;
    let mut good = [plain, &[0; Suite::RTP_OVERHEAD_MAX]].concat();
    let Ok(sealed_len) = Sealer::new(&key(suite)).seal_rtp(&mut good, plain.len(), parts) else {
        assert!(parts.header_len > plain.len(), "{suite}: a good packet was not sealed");
        return;
    };
    good.truncate(sealed_len);

    let mut opener = new_opener(suite);
    let damaged = damage.apply(&good);
    let opened = arrive(&mut opener, &damaged, |opener, packet| open(engine, opener, packet, believed));
    if opened.is_ok() {
        assert_eq!(damaged, good, "{suite}: a damaged packet was opened");
        // HMAC covers the bytes of a packet, GCM also what the caller has read in them.
        assert!(!suite.is_aead() || believed == parts, "{suite}: opened as {believed:?}");
        return;
    }
    assert!(damaged != good || believed != parts, "{suite}: {opened:?}: a good packet was refused");
    assert_eq!(open(engine, &mut opener, &mut good, parts), Ok(plain.len()), "{suite}: after {opened:?}");
    assert_eq!(&good[..plain.len()], plain, "{suite}: after {opened:?}");
}

fn check_damaged_rtcp(suite: Suite, mut input: Input<'_>) {
    let damage = input.damage();
    let plain = input.0;
    let mut good = [plain, &[0; Suite::RTCP_OVERHEAD_MAX]].concat();
    let Ok(sealed_len) = Sealer::new(&key(suite)).seal_rtcp(&mut good, plain.len()) else {
        assert!(plain.len() < 8, "{suite}: a good packet was not sealed");
        return;
    };
    good.truncate(sealed_len);

    let mut opener = new_opener(suite);
    let damaged = damage.apply(&good);
    let opened = arrive(&mut opener, &damaged, Opener::open_rtcp);
    assert_eq!(opened.is_ok(), damaged == good, "{suite}: {opened:?}");
    if opened.is_err() {
        assert_eq!(opener.open_rtcp(&mut good), Ok(plain.len()), "{suite}: after {opened:?}");
        assert_eq!(&good[..plain.len()], plain, "{suite}: after {opened:?}");
    }
}

/// Opens a copy of a packet; asserts that a refusal changes neither it nor the opener.
fn arrive(
    opener: &mut Opener,
    packet: &[u8],
    open: impl FnOnce(&mut Opener, &mut [u8]) -> Result<usize, Refusal>,
) -> Result<usize, Refusal> {
    let before = opener.export();
    let mut copy = packet.to_vec();
    let opened = open(opener, &mut copy);
    if opened.is_err() {
        assert_eq!(copy, packet, "{opened:?}: a refused packet has changed");
        assert_eq!(opener.export(), before, "{opened:?}: a refused packet has left a trace");
    }
    opened
}

fn open(engine: Engine, opener: &mut Opener, packet: &mut [u8], parts: Parts) -> Result<usize, Refusal> {
    let len = packet.len();
    let mut jobs = [Job::new(0, packet, len, parts)];
    open_batch(engine, core::slice::from_mut(opener), &mut jobs);
    jobs[0].outcome()
}

fn new_opener(suite: Suite) -> Opener {
    Opener::new(&key(suite))
}

fn key(suite: Suite) -> MasterKey {
    MasterKey::from_bytes(suite, &[0x3c; 46][..suite.inline_len()]).expect("the length is that of the suite")
}

/// What is left of the input; it goes on with zeros.
struct Input<'i>(&'i [u8]);

/// What happens to a packet on its way: some bytes change and the end is lost.
struct Damage {
    changes: [(u16, u8); 2],
    lost: u8,
}

impl Input<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    fn word(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    fn damage(&mut self) -> Damage {
        Damage { changes: [(); 2].map(|()| (self.word(), self.byte())), lost: self.byte() }
    }
}

impl Damage {
    fn apply(&self, packet: &[u8]) -> Vec<u8> {
        let mut packet = packet.to_vec();
        for (place, change) in self.changes {
            let place = usize::from(place) % packet.len();
            packet[place] ^= change;
        }
        packet.truncate(packet.len().saturating_sub(self.lost.into()));
        packet
    }
}
