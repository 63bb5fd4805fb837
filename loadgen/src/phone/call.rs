//! One call of a phone: its dialog, its descriptions, and its voice.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use crypto::{MasterKey, Suite};
use sdp::Direction;
use sip::dialog::Dialog;
use sip::transaction::{ClientId, ServerId};
use sip::{Request, Response};
use wire::rtp::PayloadType;

use crate::media::clock::Clock;
use crate::phone::description::{Own, Theirs};
use crate::phone::melody::Part;
use crate::phone::mouth::PCMU;
use crate::phone::voice::{Agreed, Voice};

/// A call, from its INVITE on.
pub(super) struct Call {
    pub(super) dialog: Option<Dialog>,
    /// The INVITE that began it, ours or theirs.
    pub(super) invite: Request,
    /// The newest INVITE of ours, with its number.
    pub(super) asked: Option<(ClientId, u32)>,
    /// An INVITE of theirs that waits for our answer, and from when on we answer it.
    pub(super) waiting: Option<(ServerId, Duration)>,
    pub(super) begun: Duration,
    pub(super) is_up: bool,
    /// Whether we have asked for the end.
    pub(super) is_ending: bool,
    media: Media,
}

/// What a call says and hears.
struct Media {
    voice: Voice,
    suite: Option<Suite>,
    key: Option<MasterKey>,
    /// The line that our key answers; in offers of our own it is the first.
    line: (u32, String),
    telephone_event: u8,
    edition: u32,
    direction: Direction,
}

/// What a call is made with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) address: IpAddr,
    pub(super) suite: Option<Suite>,
    pub(super) part: Part,
    pub(super) clock: Clock,
}

impl Call {
    pub(super) fn new(invite: Request, begun: Duration, terms: Terms) -> io::Result<Self> {
        let key = terms.suite.map(random_key).transpose()?;
        let name = terms.suite.map_or_else(String::new, |suite| suite.name().to_owned());
        let media = Media {
            voice: Voice::open(terms.address, terms.part, terms.clock)?,
            suite: terms.suite,
            key,
            line: (1, name),
            telephone_event: Own::offered_event(),
            edition: 0,
            direction: Direction::SendReceive,
        };
        Ok(Self {
            dialog: None,
            invite,
            asked: None,
            waiting: None,
            begun,
            is_up: false,
            is_ending: false,
            media,
        })
    }

    /// Describes the own media; each time is another edition.
    pub(super) fn describe(&mut self, direction: Direction) -> String {
        self.media.direction = direction;
        self.media.edition += 1;
        let (tag, name) = &self.media.line;
        let own = Own {
            address: self.media.voice.address(),
            edition: self.media.edition,
            key: self.media.key.as_ref().map(|key| (key, *tag, &**name)),
            direction,
            telephone_event: self.media.telephone_event,
        };
        own.write()
    }

    /// Takes an offer, and describes the answer to it.
    pub(super) fn answer(&mut self, offer: &[u8]) -> Result<String, String> {
        let theirs = self.take(offer)?;
        let direction = theirs.direction.reversed();
        if let Some((_, tag, name)) = &theirs.key {
            self.media.line = (*tag, name.clone());
        }
        if let Some(number) = theirs.telephone_event {
            self.media.telephone_event = number.into();
        }
        let answer = self.describe(direction);
        self.agree(theirs)?;
        Ok(answer)
    }

    /// Takes the answer to an offer of ours.
    pub(super) fn accept(&mut self, answer: &[u8]) -> Result<(), String> {
        let theirs = self.take(answer)?;
        self.agree(theirs)
    }

    fn take(&self, body: &[u8]) -> Result<Theirs, String> {
        Theirs::read(body, self.media.suite)
    }

    fn agree(&self, theirs: Theirs) -> Result<(), String> {
        let copied = |key: &MasterKey| {
            MasterKey::from_bytes(key.suite(), key.expose()).map_err(|error| error.to_string())
        };
        self.media.voice.agree(Agreed {
            remote: theirs.address,
            payload_type: PCMU,
            telephone_event: PayloadType::new(self.media.telephone_event),
            sealed_with: self.media.key.as_ref().map(copied).transpose()?,
            speaks: theirs.hears() && self.media.direction.sends(),
            opened_with: theirs.key.map(|(key, _, _)| key),
        });
        Ok(())
    }

    pub(super) fn press(&self, keys: &[u8]) {
        self.media.voice.press(keys);
    }

    pub(super) fn heard(&self) -> u64 {
        self.media.voice.heard()
    }

    /// Leaves the voice, to be stopped.
    pub(super) fn into_voice(self) -> Voice {
        self.media.voice
    }

    /// Tells whether a response belongs to the newest INVITE of ours.
    pub(super) fn is_asked(&self, id: ClientId) -> bool {
        self.asked.is_some_and(|(asked, _)| asked == id)
    }

    /// Begins the dialog, or goes on with it.
    pub(super) fn note_response(&mut self, response: &Response) {
        match &mut self.dialog {
            Some(dialog) if response.is_success() => drop(dialog.confirm_by(response)),
            Some(_) => {}
            None => self.dialog = Dialog::uac(&self.invite, response).ok(),
        }
    }
}

fn random_key(suite: Suite) -> io::Result<MasterKey> {
    let mut bytes = vec![0; suite.inline_len()];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    MasterKey::from_bytes(suite, &bytes).map_err(io::Error::other)
}
