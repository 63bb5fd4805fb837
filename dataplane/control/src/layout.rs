//! The layout of every type that crosses the socket. Numbers are never used again for something else.

use crypto::{MasterKey, Suite};

use crate::codec::{
    Codec, Listed, Reader, codec_enums, codec_newtypes, codec_structs, read_text, write_text,
};
use crate::malformed::Malformed;
use crate::message::{
    COUNTS_MAX, Count, DirectionSummary, Event, PAGE_MAX, REALMS_MAX, RealmState, Reason, Request, Response,
    SessionState, SessionSummary, WORKERS_MAX, WorkerState,
};
use crate::session::{
    Epoch, Learn, Name, PAYLOAD_MAPS_MAX, PERMITS_MAX, PayloadMap, Permit, Ports, Protection, Rtcp,
    SessionId, SessionSpec, SideName, SideSpec,
};

codec_structs! {
    Count { name, value }
    DirectionSummary {
        packets, bytes, rtcp_packets, lost, duplicates, reordered, dropped, bad_tags, jitter_us, mos_x100,
    }
    PayloadMap { from, to }
    Permit { address, prefix_len }
    Ports { a, b }
    RealmState { realm, address, first_port, last_port, leased, quarantined }
    SessionState { session, epoch, ports, worker }
    SessionSummary { from }
    SideSpec {
        realm, remote, rtcp, learn, permits, receive, send, accepts, sends, payload_maps, telephone_event, clock_rate,
        continuous, dscp,
    }
    WorkerState { cpu, driver, sessions, received, forwarded, dropped, system_calls, turns }
}

codec_enums! {
    Event {
        1 FirstMedia { session, side, from };
        2 MediaTimeout { session };
        3 AuthenticationFailures { session, side, count };
        4 Digit { session, side, event, duration };
        5 Quality { session, summary };
        6 Overflow { lost };
    }
    Learn {
        0 Never;
        1 Port;
        2 Address { window_ms };
    }
    Reason {
        1 EpochOld;
        2 Immutable;
        3 PortsExhausted;
        4 RealmUnknown;
        5 SessionsFull;
        6 SessionUnknown;
        7 WorkerBusy;
        8 NoResources;
        9 Invalid;
    }
    Request {
        1 Apply(spec);
        2 Close(session);
        3 List(after);
        4 Describe(session);
        5 Statistics;
        6 Realms;
        7 Workers;
        8 Subscribe;
    }
    Rtcp {
        0 Muxed;
        1 NextPort(remote);
    }
    SideName {
        0 A;
        1 B;
    }
}

codec_enums! {
    Response {
        1 Applied { session, epoch, ports };
        2 Refused { session, reason };
        3 Closed { session, summary };
        4 Sessions(sessions);
        5 Session { state, remotes, summary };
        6 Statistics(counts);
        7 Realms(realms);
        8 Workers(workers);
        9 Subscribed;
    }
}

codec_newtypes! { SessionId Epoch }

/// Only a wish that keeps within its limits gets through, so that whoever receives one need not look again.
impl Codec for SessionSpec {
    fn write(&self, output: &mut Vec<u8>) {
        self.id.write(output);
        self.epoch.write(output);
        self.media_timeout_s.write(output);
        self.sides.write(output);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        let wish = Self {
            id: Codec::read(input)?,
            epoch: Codec::read(input)?,
            media_timeout_s: Codec::read(input)?,
            sides: Codec::read(input)?,
        };
        wish.check()?;
        Ok(wish)
    }
}

impl Codec for Name {
    fn write(&self, output: &mut Vec<u8>) {
        write_text(self.as_str(), output);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        Self::new(read_text(input)?).map_err(|_| Malformed::NotText)
    }
}

impl Codec for Protection {
    /// The suite goes by its registered name: numbers of our own would be one more registry.
    fn write(&self, output: &mut Vec<u8>) {
        match self {
            Self::Clear => output.push(0),
            Self::Srtp(key) => {
                output.push(1);
                write_text(key.suite().name(), output);
                output.extend_from_slice(key.expose());
            }
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        match u8::read(input)? {
            0 => Ok(Self::Clear),
            1 => {
                let name = read_text(input)?;
                // The other spellings are for peers, who cannot be helped; between us a suite has one name.
                let suite = Suite::ALL.into_iter().find(|suite| suite.name() == name);
                let suite = suite.ok_or(Malformed::UnknownValue)?;
                let key = MasterKey::from_bytes(suite, input.take(suite.inline_len())?);
                Ok(Self::Srtp(key.expect("as many bytes were taken as the suite asks for")))
            }
            _ => Err(Malformed::UnknownValue),
        }
    }
}

macro_rules! lists {
    ($($name:ident $max:ident;)*) => {$(
        impl Listed for $name {
            const MAX: usize = $max;
        }
    )*};
}
lists! {
    Count COUNTS_MAX;
    PayloadMap PAYLOAD_MAPS_MAX;
    Permit PERMITS_MAX;
    RealmState REALMS_MAX;
    WorkerState WORKERS_MAX;
}

impl Listed for SessionState {
    const MAX: usize = PAGE_MAX;

    fn is_in_order(list: &[Self]) -> bool {
        list.is_sorted_by(|one, next| one.session < next.session)
    }
}
