//! Logins: who has to log in is asked once more, and who answers is believed if the answer proves it.

mod lockouts;
mod signed_uri;

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use sip::digest::{Algorithm, Challenge, Credentials, Ha1, NonceAge, NonceFactory, ReplayWindow};
use sip::flow::Flow;
use sip::transaction::ServerId;
use sip::{Name, Request};
use trunk::{DigestAlgorithm, VoiceConnector, VoiceConnectorId};

use crate::counters::Count;
use crate::desk::{Desk, Invite};
use crate::setup::ChallengeStatus;

use lockouts::Lockouts;

/// What an INVITE proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Login {
    /// Nothing. `stale` if it would have, with a newer nonce.
    Absent { stale: bool },
    /// It is wrong, and may be tried once more.
    Doubtful,
    /// It was made for another URI.
    Misplaced,
    /// Who sent it knows the password of a user.
    Verified { connector: VoiceConnectorId, username: String },
    /// For the last time: it is wrong.
    Wrong,
}

/// What has to be remembered of logins.
pub(crate) struct Guard {
    nonces: NonceFactory,
    windows: HashMap<String, ReplayWindow>,
    order: VecDeque<String>,
    /// Nonces up to this one are too old, as it is not known any more which of their counts were seen.
    forgotten: String,
    lockouts: Lockouts,
    /// The second, and how many strangers were answered in it.
    strangers: (u64, u32),
}

/// Five minutes: longer than anybody takes to answer, shorter than a recorded answer is worth keeping.
const NONCE_LIFETIME_S: u64 = 300;
/// So many nonces are followed: 200 logins a second for five minutes.
const WINDOWS_MAX: usize = 60_000;
/// So many strangers that know a host name are answered in a second.
const STRANGERS_MAX: u32 = 10;

impl Guard {
    pub(crate) fn new(secret: [u8; 32]) -> Self {
        Self {
            nonces: NonceFactory::new(secret, NONCE_LIFETIME_S),
            windows: HashMap::new(),
            order: VecDeque::new(),
            forgotten: String::new(),
            lockouts: Lockouts::default(),
            strangers: (0, 0),
        }
    }

    /// Takes a count of a nonce; `false` if it was seen before, or may have been.
    fn admit(&mut self, nonce: &str, count: u32) -> bool {
        // A nonce begins with its time in digits of equal number, so that texts compare as times do.
        if nonce.get(..16) <= self.forgotten.get(..16) && !self.forgotten.is_empty() {
            return self.windows.get_mut(nonce).is_some_and(|window| window.admit(count));
        }
        if !self.windows.contains_key(nonce) {
            if self.windows.len() >= WINDOWS_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.windows.remove(&oldest);
                self.forgotten = self.forgotten.clone().max(oldest);
            }
            self.order.push_back(nonce.to_owned());
        }
        self.windows.entry(nonce.to_owned()).or_default().admit(count)
    }

    /// Tells whether one more stranger is answered in this second.
    pub(crate) const fn admit_stranger(&mut self, now: Duration) -> bool {
        let (second, count) = self.strangers;
        self.strangers =
            if second == now.as_secs() { (second, count.saturating_add(1)) } else { (now.as_secs(), 1) };
        self.strangers.1 <= STRANGERS_MAX
    }
}

/// Tells what an INVITE proves.
pub(crate) fn login(desk: &mut Desk, request: &Request, host: &str, flow: &Flow) -> Login {
    let name = match desk.setup.challenge {
        ChallengeStatus::Unauthorized => Name::Authorization,
        ChallengeStatus::ProxyAuthenticationRequired => Name::ProxyAuthorization,
    };
    let zone = desk.snapshot.zone().to_owned();
    let said = request.headers().all(name).filter_map(|value| Credentials::parse(value).ok());
    // RFC 8760 section 2.6: a hash that is not offered is not taken either.
    let is_ours = |said: &Credentials<'_>| said.realm == zone && desk.setup.digests.contains(&said.algorithm);
    let Some(said) = said.into_iter().find(is_ours) else {
        return Login::Absent { stale: false };
    };
    let age = desk.guard.nonces.age(&zone, &said.nonce, desk.now.unix.as_secs());
    if age == NonceAge::Foreign {
        return Login::Absent { stale: false };
    }
    if !signed_uri::is_of(desk, said.uri, request, flow) {
        return Login::Misplaced;
    }
    let source = flow.remote.ip();
    let who = desk.fingerprints.of(&[said.username.as_bytes(), source.to_string().as_bytes()]);
    if desk.guard.lockouts.contains(desk.now.elapsed, who) {
        desk.counters.add(Count::LockedOut);
        return Login::Wrong;
    }
    let known = desk.snapshot.credentials(host, source, &said.username);
    let mut proven = None;
    for (connector, credential) in &known {
        let secret =
            credential.secret(trunk_algorithm(said.algorithm)).and_then(|ha1| secret(said.algorithm, ha1));
        if secret.is_some_and(|secret| said.prove(&secret, "INVITE")) {
            proven = Some(*connector);
        }
    }
    if known.is_empty() {
        // An unknown user takes as long as a known one.
        let nobody = Ha1::new(said.algorithm, "", "", "");
        let _ = said.prove(&nobody, "INVITE");
    }
    let Some(connector) = proven else {
        desk.guard.lockouts.note(desk.now.elapsed, who);
        let invite = Invite::of(&desk.fingerprints, request, source);
        let is_last = desk.challenged.is_last(&invite, desk.setup.limits.challenges_max);
        return if is_last { Login::Wrong } else { Login::Doubtful };
    };
    let is_fresh = match &said.count {
        Some((count, _)) => age == NonceAge::Fresh && desk.guard.admit(&said.nonce, *count),
        // Without a count, RFC 2069, a nonce is good once.
        None => age == NonceAge::Fresh && desk.guard.admit(&said.nonce, 1),
    };
    if !is_fresh {
        return Login::Absent { stale: true };
    }
    desk.guard.lockouts.remove_proven(who);
    Login::Verified { connector, username: said.username.into_owned() }
}

/// Asks for a login: one challenge for each hash that all users have (RFC 8760 section 2.3).
///
/// MD5 comes first unless the setup says otherwise. Much equipment reads only the first challenge, or gives up at a hash that
/// it does not know, and knows MD5 alone; whoever knows more finds the other one below.
pub(crate) fn challenge(
    desk: &mut Desk,
    id: ServerId,
    request: &Request,
    (host, source): (&str, IpAddr),
    stale: bool,
) {
    let name = match desk.setup.challenge {
        ChallengeStatus::Unauthorized => Name::WwwAuthenticate,
        ChallengeStatus::ProxyAuthenticationRequired => Name::ProxyAuthenticate,
    };
    desk.load.forgo(desk.setup.limits.calls_per_second_max);
    let zone = desk.snapshot.zone().to_owned();
    let algorithms = algorithms(desk, host, source);
    let salt = desk.random.half();
    let nonce = desk.guard.nonces.issue(&zone, desk.now.unix.as_secs(), salt);
    let mut response = desk.response(request, desk.setup.challenge.code());
    for algorithm in algorithms {
        let challenge = Challenge::new(&zone, &nonce, algorithm, stale);
        response.headers_mut().push(name, challenge.to_string());
    }
    desk.respond(id, response, request);
}

/// Tells which hashes to offer: those of every user, or all if the users have none in common.
fn algorithms(desk: &Desk, host: &str, source: IpAddr) -> Vec<Algorithm> {
    let connectors: Vec<&VoiceConnector> = match desk.snapshot.connector_by_host(host) {
        Some(connector) => vec![connector],
        None => desk.snapshot.owners_of(source).map(|(_, owners)| owners.collect()).unwrap_or_default(),
    };
    let users = || connectors.iter().flat_map(|connector| connector.credentials.iter());
    let all = desk.setup.digests.iter().copied();
    let is_common =
        |algorithm: &Algorithm| users().all(|user| user.secret(trunk_algorithm(*algorithm)).is_some());
    let common: Vec<Algorithm> = all.filter(is_common).collect();
    if common.is_empty() { desk.setup.digests.clone() } else { common }
}

const fn trunk_algorithm(algorithm: Algorithm) -> DigestAlgorithm {
    match algorithm {
        Algorithm::Md5 => DigestAlgorithm::Md5,
        Algorithm::Sha256 => DigestAlgorithm::Sha256,
    }
}

fn secret(algorithm: Algorithm, ha1: &trunk::Ha1) -> Option<Ha1> {
    let digits = ha1.bytes().iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let hex: Option<String> = digits.map(|digit| char::from_digit(u32::from(digit), 16)).collect();
    Ha1::from_hex(algorithm, &hex?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_good_once_even_when_its_nonce_was_forgotten() {
        let mut guard = Guard::new([1; 32]);
        let nonce = |second: u64| format!("{second:016x}{:048x}", 0);
        assert!(guard.admit(&nonce(0), 1) && !guard.admit(&nonce(0), 1) && guard.admit(&nonce(0), 2));
        for second in 1..=WINDOWS_MAX as u64 {
            assert!(guard.admit(&nonce(second), 1));
        }
        assert_eq!(guard.windows.len(), WINDOWS_MAX);
        assert!(!guard.admit(&nonce(0), 1) && !guard.admit(&nonce(0), 3));
        assert!(guard.admit(&nonce(1), 2));
    }
}
