//! From what was agreed upon to what the relay is told.

use control::{Learn, Name, PayloadMap, Protection, Rtcp, SideSpec};
use crypto::MasterKey;
use sdp::negotiate::{self, Refusal, Side};

/// The suites of our own offers, the one that all peers know first; in the spelling that most of them use.
pub(super) const SUITES: [&str; 8] = [
    "AES_CM_128_HMAC_SHA1_80",
    "AES_CM_128_HMAC_SHA1_32",
    "AES_CM_256_HMAC_SHA1_80",
    "AES_CM_256_HMAC_SHA1_32",
    "AES_CM_192_HMAC_SHA1_80",
    "AES_CM_192_HMAC_SHA1_32",
    "AEAD_AES_128_GCM",
    "AEAD_AES_256_GCM",
];

/// Tells the relay of one side.
pub(super) fn side(side: &Side, realm: Name) -> Result<SideSpec, Refusal> {
    let maps = side.payload_maps.iter();
    Ok(SideSpec {
        rtcp: match side.rtcp {
            negotiate::Rtcp::Muxed => Rtcp::Muxed,
            negotiate::Rtcp::Port(port) => Rtcp::NextPort(Some(port)),
        },
        // A peer behind a firewall may send from another port than it says, never from another host.
        learn: Learn::Port,
        receive: protection(&side.receive)?,
        send: protection(&side.send)?,
        accepts: side.accepts,
        sends: side.sends,
        payload_maps: maps.map(|map| PayloadMap { from: map.from, to: map.to }).collect(),
        telephone_event: side.telephone_event,
        clock_rate: side.clock_rate,
        continuous: matches!(side.send, negotiate::Protection::Srtp(_)),
        ..SideSpec::new(realm, side.remote.address())
    })
}

fn protection(protection: &negotiate::Protection) -> Result<Protection, Refusal> {
    let key = match protection {
        negotiate::Protection::Clear => return Ok(Protection::Clear),
        negotiate::Protection::Srtp(key) => key,
    };
    let named = |suite: &crypto::Suite| suite.name() == key.suite().name();
    let suite = crypto::Suite::ALL.into_iter().find(named).ok_or(Refusal::NoCryptoInCommon)?;
    let master = MasterKey::from_bytes(suite, key.expose()).map_err(|_| Refusal::NoCryptoInCommon)?;
    Ok(Protection::Srtp(master))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_houses_know_the_same_suites() {
        for name in SUITES {
            let suite = sdp::Suite::named(name).unwrap();
            let key = sdp::Key::new(name, &vec![7; suite.inline_len()]).unwrap();
            let protection = protection(&negotiate::Protection::Srtp(key)).unwrap();
            let Protection::Srtp(master) = protection else { panic!("{name} is lost") };
            assert_eq!(master.suite().name(), suite.name());
        }
    }
}
