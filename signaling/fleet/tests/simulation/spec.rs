//! Wishes that the simulation can make once more, as a journal does.

use control::{Epoch, Name, Protection, SessionId, SessionSpec, SideSpec};
use crypto::{MasterKey, Suite};

/// What a journal notes of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) session: SessionId,
    pub(crate) epoch: Epoch,
    /// The number that the key is made of; without one the session is in the clear.
    pub(crate) key: Option<u64>,
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

impl Note {
    pub(crate) fn spec(&self) -> SessionSpec {
        let side = |realm| SideSpec::new(name(realm), Some("192.0.2.7:4000".parse().expect("an address")));
        let mut sides = [side("customers"), side("carrier")];
        if let Some(key) = self.key {
            let bytes: Vec<u8> = key.to_be_bytes().into_iter().cycle().take(30).collect();
            let key = MasterKey::from_bytes(Suite::AesCm128HmacSha1_80, &bytes);
            sides[1].send = Protection::Srtp(key.expect("thirty bytes are a key of this suite"));
        }
        SessionSpec { id: self.session, epoch: self.epoch, media_timeout_s: 60, sides }
    }
}

/// Returns the number that the key of a wish was made of.
pub(crate) fn key_of(spec: &SessionSpec) -> Option<u64> {
    match &spec.sides[1].send {
        Protection::Clear => None,
        Protection::Srtp(key) => key.expose().first_chunk().map(|bytes| u64::from_be_bytes(*bytes)),
    }
}
