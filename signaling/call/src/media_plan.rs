//! What two legs have said about media, and what the relay is to make of it.

mod address;
mod relay;

use control::{Epoch, Name, Ports, SessionId, SessionSpec, SideName, SideSpec};
use sdp::negotiate::{self, Encryption, MediaChange, Policy, Protection, Refusal, Side, Terms};
use sdp::{Key, Origin, SessionDescription, Suite};

use crate::random::Random;

pub(crate) use address::{Screen, audio_address, audio_protection, name_to_resolve, with_address};

/// The media of one call.
pub(crate) struct MediaPlan {
    pub(crate) session: SessionId,
    epoch: u32,
    ports: Option<Ports>,
    timeout_s: u32,
    /// Whether somebody has answered: before that nobody has to speak.
    is_timed: bool,
    ends: [End; 2],
    exchange: Option<Exchange>,
}

/// One leg of it.
struct End {
    realm: Name,
    policy: Policy,
    keys: Vec<Key>,
    /// The number of our descriptions there.
    origin_id: u64,
    /// What we said last.
    said: Option<SessionDescription>,
    /// What the peer said last.
    heard: Option<SessionDescription>,
    /// What was agreed upon.
    side: Option<Side>,
}

/// An offer without its last answer.
struct Exchange {
    asking: SideName,
    offer: SessionDescription,
    forwarded: SessionDescription,
}

impl MediaPlan {
    /// Makes the plan of a call about which nothing is said yet.
    pub(crate) fn new(realms: [Name; 2], policies: [Policy; 2], timeout_s: u32, random: &mut Random) -> Self {
        let session = SessionId(random.half());
        let [realm_a, realm_b] = realms;
        let [policy_a, policy_b] = policies;
        let ends = [End::new(realm_a, policy_a, random), End::new(realm_b, policy_b, random)];
        Self { session, epoch: 0, ports: None, timeout_s, is_timed: false, ends, exchange: None }
    }

    /// Has media wait for packets no longer than it was told to; `false` when it need not hear of that.
    pub(crate) const fn begin_timeout(&mut self) -> bool {
        self.is_timed = true;
        self.timeout_s != 0
    }

    /// Takes the ports that media has given.
    pub(crate) const fn opened(&mut self, ports: Ports) {
        self.ports = Some(ports);
    }

    /// Begins a leg to another peer: nothing was said to it, and no key of ours is known there.
    pub(crate) fn renew(&mut self, leg: SideName, policy: Policy, random: &mut Random) {
        let end = end_mut(&mut self.ends, leg);
        *end = End::new(end.realm.clone(), policy, random);
        self.exchange = None;
    }

    /// Makes our offer to the other leg out of what a leg offers.
    pub(crate) fn forward(
        &mut self,
        asking: SideName,
        offer: SessionDescription,
        random: &mut Random,
    ) -> Result<SessionDescription, Refusal> {
        let is_protected = audio_protection(&offer);
        end_mut(&mut self.ends, asking).provide_keys(is_protected, random);
        end_mut(&mut self.ends, asking.other()).provide_keys(false, random);
        let asks = self.origin(asking);
        let replies = self.origin(asking.other());
        let forwarded = negotiate::offer_for(
            &offer,
            &self.terms(asking, &asks)?,
            &self.terms(asking.other(), &replies)?,
        )?;
        self.exchange = Some(Exchange { asking, offer, forwarded: forwarded.clone() });
        Ok(forwarded)
    }

    /// Makes an offer of our own to a leg, because the other one has made none.
    pub(crate) fn fresh(
        &mut self,
        replying: SideName,
        random: &mut Random,
    ) -> Result<SessionDescription, Refusal> {
        end_mut(&mut self.ends, replying).provide_keys(false, random);
        let origin = self.origin(replying);
        let offer = negotiate::fresh_offer(&self.terms(replying, &origin)?)?;
        end_mut(&mut self.ends, replying).said = Some(offer.clone());
        Ok(offer)
    }

    /// Takes an answer to what was forwarded, and returns ours to the leg that asked.
    pub(crate) fn answered(&mut self, answer: SessionDescription) -> Result<SessionDescription, Refusal> {
        let Some(exchange) = &self.exchange else { return Err(Refusal::AnswerNotOffered) };
        let asking = exchange.asking;
        let (asks, replies) = (self.origin(asking), self.origin(asking.other()));
        let what =
            negotiate::Exchange { offer: &exchange.offer, forwarded: &exchange.forwarded, answer: &answer };
        let agreement =
            negotiate::answer_for(what, &self.terms(asking, &asks)?, &self.terms(asking.other(), &replies)?)?;
        let (offer, forwarded) = (exchange.offer.clone(), exchange.forwarded.clone());
        let asks = end_mut(&mut self.ends, asking);
        asks.agree(agreement.asking);
        asks.heard = Some(offer);
        asks.said = Some(agreement.answer.clone());
        let replies = end_mut(&mut self.ends, asking.other());
        replies.agree(agreement.replying);
        replies.heard = Some(answer);
        replies.said = Some(forwarded);
        Ok(agreement.answer)
    }

    /// Takes the answer of the leg that was asked late. The other one has had its say, so nothing is told to it.
    pub(crate) fn answered_late(&mut self, answer: SessionDescription) -> Result<(), Refusal> {
        let other = self.exchange.as_ref().map(|exchange| exchange.asking);
        let said = other.and_then(|asking| end_mut(&mut self.ends, asking).said.clone());
        self.answered(answer)?;
        if let Some(asking) = other {
            end_mut(&mut self.ends, asking).said = said;
        }
        Ok(())
    }

    /// Returns where the session listens, as soon as media has said so.
    pub(crate) const fn ports(&self) -> Option<Ports> {
        self.ports
    }

    /// Returns the ports that a leg uses.
    pub(crate) const fn realm(&self, leg: SideName) -> &Name {
        &end(&self.ends, leg).realm
    }

    /// Ends an exchange: it was answered for good, or it failed and everything is as it was.
    pub(crate) fn settle(&mut self) {
        self.exchange = None;
    }

    /// Tells whether both legs have agreed.
    pub(crate) const fn is_agreed(&self) -> bool {
        matches!(&self.ends, [End { side: Some(_), .. }, End { side: Some(_), .. }])
    }

    /// Returns what we said last on a leg.
    pub(crate) fn said(&self, leg: SideName) -> Option<&SessionDescription> {
        end(&self.ends, leg).said.as_ref()
    }

    /// Tells what a leg's later description changes; `None` when it said nothing before.
    pub(crate) fn changes(&self, leg: SideName, offer: &SessionDescription) -> Option<Vec<MediaChange>> {
        Some(negotiate::changes(end(&self.ends, leg).heard.as_ref()?, offer))
    }

    /// Makes the first wish, and each later one.
    pub(crate) fn wish(&mut self, offer: Option<&SessionDescription>) -> Result<SessionSpec, Refusal> {
        self.epoch = self.epoch.saturating_add(1);
        let side = |leg: SideName, hint: Option<std::net::SocketAddr>| {
            let end = end(&self.ends, leg);
            match end.side.as_ref().filter(|_| self.is_agreed()) {
                Some(side) => relay::side(side, end.realm.clone()),
                // Nothing passes before it is known how it is protected.
                None => {
                    Ok(SideSpec { accepts: false, sends: false, ..SideSpec::new(end.realm.clone(), hint) })
                }
            }
        };
        let sides = [side(SideName::A, offer.and_then(audio_address))?, side(SideName::B, None)?];
        let spec = SessionSpec {
            id: self.session,
            epoch: Epoch(self.epoch),
            media_timeout_s: if self.is_timed && self.is_flowing() { self.timeout_s } else { 0 },
            sides,
        };
        spec.check().map_err(|_| Refusal::AddressNotUsable)?;
        Ok(spec)
    }

    /// Tells whether both legs send and receive. A call that is held may be silent for as long as it likes.
    fn is_flowing(&self) -> bool {
        self.ends.iter().all(|end| end.side.as_ref().is_some_and(|side| side.accepts && side.sends))
    }

    fn terms<'a>(&'a self, leg: SideName, origin: &'a Origin) -> Result<Terms<'a>, Refusal> {
        let end = end(&self.ends, leg);
        let rtp = self.address(leg).ok_or(Refusal::AddressNotUsable)?;
        Ok(Terms { policy: &end.policy, rtp, keys: &end.keys, origin, previous: end.said.as_ref() })
    }

    fn origin(&self, leg: SideName) -> Origin {
        let address = self.address(leg).map_or(std::net::Ipv4Addr::UNSPECIFIED.into(), |it| it.ip());
        Origin::new(end(&self.ends, leg).origin_id, address)
    }

    fn address(&self, leg: SideName) -> Option<std::net::SocketAddr> {
        let ports = self.ports.as_ref()?;
        Some(match leg {
            SideName::A => ports.a,
            SideName::B => ports.b,
        })
    }
}

impl End {
    fn new(realm: Name, policy: Policy, random: &mut Random) -> Self {
        // The upper bits stay clear: some peers read the number as one with a sign.
        let origin_id = random.half() >> 2;
        Self { realm, policy, keys: Vec::new(), origin_id, said: None, heard: None, side: None }
    }

    /// Takes what was agreed upon. Where media was once protected it always is, under the same suite if the peer likes.
    fn agree(&mut self, side: Side) {
        if let Protection::Srtp(key) = &side.send {
            self.policy.encryption = Encryption::Required;
            self.keys.sort_by_key(|other| other.suite() != key.suite());
        }
        self.side = Some(side);
    }

    /// Makes keys once they are needed. They stay as long as the leg does.
    fn provide_keys(&mut self, is_protected: bool, random: &mut Random) {
        let are_needed = match self.policy.encryption {
            Encryption::Refused => false,
            Encryption::Accepted => is_protected,
            Encryption::Opportunistic | Encryption::Required => true,
        };
        if are_needed && self.keys.is_empty() {
            self.keys = relay::SUITES.iter().filter_map(|name| key(name, random)).collect();
        }
    }
}

fn key(name: &str, random: &mut Random) -> Option<Key> {
    let suite = Suite::named(name)?;
    let mut bytes = [0; 46];
    let bytes = bytes.get_mut(..suite.inline_len())?;
    random.fill(bytes);
    Key::new(name, bytes).ok()
}

const fn end(ends: &[End; 2], leg: SideName) -> &End {
    let [a, b] = ends;
    match leg {
        SideName::A => a,
        SideName::B => b,
    }
}

const fn end_mut(ends: &mut [End; 2], leg: SideName) -> &mut End {
    let [a, b] = ends;
    match leg {
        SideName::A => a,
        SideName::B => b,
    }
}
