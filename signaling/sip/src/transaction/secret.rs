//! What nobody outside can foresee: the keys of tables, branches and tags, all from one seed.

use core::fmt::Write as _;
use core::hash::{BuildHasherDefault, Hasher};
use std::collections::HashMap;

use siphasher::sip128::{Hasher128, SipHasher24};

use super::table::Slot;
use crate::header::via::BRANCH_COOKIE;

/// The hash under the secret of what identifies something: 128 bits, so that equal hashes mean equal things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(u64, u64);

impl core::hash::Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0);
    }
}

/// A table by [`Key`], which is a keyed hash already.
pub(super) type KeyMap<V> = HashMap<Key, V, BuildHasherDefault<Plain>>;

/// Takes a number for its own hash.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Plain(u64);

impl Hasher for Plain {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("a key is one number");
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

/// What a hash is of; two kinds never have the same one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// A transaction whose branch identifies it.
    Branch,
    /// A transaction as RFC 2543 knew it.
    WithoutBranch,
    /// A request, whichever way it came.
    Merged,
    /// The ACK of an acceptance.
    Ack,
    /// A host that sends requests.
    Host,
    /// A destination.
    Destination,
    /// A branch of ours.
    OwnBranch,
    /// The branch of an ACK of ours.
    OwnAck,
    /// A tag of ours.
    Tag,
}

/// The seed, spread over what it is for.
#[derive(Clone)]
pub(super) struct Secret(SipHasher24);

impl Secret {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        let (first, second) = seed.split_at(16);
        let half = |half: &[u8]| <[u8; 16]>::try_from(half).expect("it is half of 32 bytes");
        // SipHash takes 16 bytes; both halves count when the one is hashed under the other.
        let mixed = SipHasher24::new_with_key(&half(first)).hash(second).as_bytes();
        Self(SipHasher24::new_with_key(&mixed))
    }

    /// Hashes parts, which are not taken for other parts that make the same text.
    pub(super) fn key(&self, kind: Kind, parts: &[&[u8]]) -> Key {
        let mut hasher = self.0;
        hasher.write_u8(kind as u8);
        for part in parts {
            hasher.write_u64(part.len() as u64);
            hasher.write(part);
        }
        let hash = hasher.finish128();
        Key(hash.h1, hash.h2)
    }

    /// Returns the branch of a client transaction: which one it is, and that nobody else made it.
    pub(super) fn branch(&self, slot: Slot) -> String {
        self.minted(BRANCH_COOKIE, Kind::OwnBranch, slot.to_u64())
    }

    /// Returns the branch of an ACK, which has no transaction.
    pub(super) fn ack_branch(&self, count: u64) -> String {
        self.minted(BRANCH_COOKIE, Kind::OwnAck, count)
    }

    /// Returns whose branch this is, if it is of ours.
    pub(super) fn read_branch(&self, branch: &str) -> Option<Slot> {
        let number = branch.get(BRANCH_COOKIE.len()..)?.get(..16)?;
        let slot = Slot::from_u64(u64::from_str_radix(number, 16).ok()?);
        branch.eq_ignore_ascii_case(&self.branch(slot)).then_some(slot)
    }

    /// Returns the tag of an answer that nobody remembers.
    pub(super) fn tag(&self, of: Key) -> String {
        let Key(high, low) = self.key(Kind::Tag, &[&of.0.to_be_bytes(), &of.1.to_be_bytes()]);
        let mut tag = String::with_capacity(32);
        write!(tag, "{high:016x}{low:016x}").expect("a string takes whatever is written");
        tag
    }

    fn minted(&self, cookie: &str, kind: Kind, number: u64) -> String {
        let Key(proof, _) = self.key(kind, &[&number.to_be_bytes()]);
        let mut minted = String::with_capacity(cookie.len().saturating_add(32));
        write!(minted, "{cookie}{number:016x}{proof:016x}").expect("a string takes whatever is written");
        minted
    }
}
