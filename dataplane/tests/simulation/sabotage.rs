//! Ways to spoil a simulation on purpose, to see that it is noticed.

use std::net::{Ipv4Addr, SocketAddr};

use control::{Event, SessionId, SideName};
use dataplane::command::Reply;

use crate::plant::Output;
use crate::run::Simulation;
use crate::verdict::Invariant;

/// What is spoilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sabotage {
    /// A packet is not entered in the books.
    UncountedPacket,
    /// A bit of a packet changes behind the worker.
    ChangedPayload,
    /// Clear media goes where it is to be protected.
    ClearMedia,
    /// Who listens is told other keys.
    WrongKey,
    /// A packet leaves twice.
    Repetition,
    /// A packet leaves not at all.
    Loss,
    /// A peer numbers two packets alike.
    RepeatedIndex,
    /// A stream changes its name.
    OtherSource,
    /// A stream runs backwards.
    OldNumber,
    /// A stranger gets a packet.
    Misdirection,
    /// What was heard for the first time is told twice.
    SecondFirstMedia,
    /// A silence is told that is none.
    EarlyTimeout,
    /// A key is told that nobody pressed.
    InventedDigit,
    /// What is told is withheld.
    Silence,
    /// A call stays open.
    OpenCall,
}

impl Sabotage {
    pub(crate) const ALL: [Self; 15] = [
        Self::UncountedPacket,
        Self::ChangedPayload,
        Self::ClearMedia,
        Self::WrongKey,
        Self::Repetition,
        Self::Loss,
        Self::RepeatedIndex,
        Self::OtherSource,
        Self::OldNumber,
        Self::Misdirection,
        Self::SecondFirstMedia,
        Self::EarlyTimeout,
        Self::InventedDigit,
        Self::Silence,
        Self::OpenCall,
    ];

    /// What must be found to be violated.
    pub(crate) fn violates(self) -> Invariant {
        match self {
            Self::UncountedPacket => Invariant::Books,
            Self::ChangedPayload | Self::ClearMedia | Self::WrongKey => Invariant::Intact,
            Self::Repetition => Invariant::IndexOnce,
            Self::Loss | Self::RepeatedIndex => Invariant::Complete,
            Self::OtherSource | Self::OldNumber => Invariant::OneStream,
            Self::Misdirection => Invariant::Addresses,
            Self::SecondFirstMedia | Self::EarlyTimeout | Self::InventedDigit | Self::Silence => {
                Invariant::Events
            }
            Self::OpenCall => Invariant::Base,
        }
    }

    pub(crate) fn repeats_indices(self) -> bool {
        self == Self::RepeatedIndex
    }

    pub(crate) fn leaves_a_call(self) -> bool {
        self == Self::OpenCall
    }

    /// Spoils what a turn has brought.
    pub(crate) fn spoil(self, world: &mut Simulation, outputs: &mut Vec<Output>, replies: &mut Vec<Reply>) {
        match self {
            Self::UncountedPacket => world.plant.injected += 1,
            Self::ChangedPayload => {
                outputs.iter_mut().filter_map(|output| output.bytes.last_mut()).for_each(|last| *last ^= 1);
            }
            Self::ClearMedia => {
                let clear = |output: &mut Output| output.bytes.truncate(20);
                world.to_protected(outputs).into_iter().for_each(clear);
            }
            Self::WrongKey => {
                let sides = world.calls.iter_mut().flat_map(|call| &mut call.sides);
                sides.for_each(|side| side.tap.is_told_wrong_keys = true);
            }
            Self::Repetition => {
                let again = world.to_protected(outputs).first().map(|output| (*output).clone());
                outputs.extend(again);
            }
            Self::Loss => drop(outputs.pop()),
            Self::OtherSource => world.to_clear_streams(outputs).for_each(|output| output.bytes[8] ^= 1),
            Self::OldNumber => {
                for output in world.to_clear_streams(outputs) {
                    let number = u16::from_be_bytes([output.bytes[2], output.bytes[3]]);
                    let number = number.wrapping_sub(100 * (number & 1));
                    output.bytes[2..4].copy_from_slice(&number.to_be_bytes());
                }
            }
            Self::Misdirection => {
                let stranger = SocketAddr::from((Ipv4Addr::new(203, 0, 113, 66), 9));
                outputs.iter_mut().for_each(|output| output.to = stranger);
            }
            Self::SecondFirstMedia => {
                let is_first = |reply: &&Reply| matches!(reply, Reply::Event(Event::FirstMedia { .. }));
                if let Some(Reply::Event(event)) = replies.iter().find(is_first) {
                    let again = Reply::Event(event.clone());
                    replies.push(again);
                }
            }
            Self::EarlyTimeout => {
                let ids = world.calls.iter().filter(|call| call.is_open).map(|call| SessionId(call.id));
                replies.extend(ids.map(|session| Reply::Event(Event::MediaTimeout { session })));
            }
            Self::InventedDigit => {
                let ids = world.calls.iter().filter(|call| call.is_open).map(|call| SessionId(call.id));
                let digit = |session| Event::Digit { session, side: SideName::A, event: 1, duration: 640 };
                replies.extend(ids.map(|session| Reply::Event(digit(session))));
            }
            Self::Silence => replies.retain(|reply| !matches!(reply, Reply::Event(_))),
            Self::RepeatedIndex | Self::OpenCall => {}
        }
    }
}

impl Simulation {
    /// Media for peers that get it protected.
    fn to_protected<'o>(&self, outputs: &'o mut [Output]) -> Vec<&'o mut Output> {
        let sides = || self.calls.iter().filter(|call| call.is_open).flat_map(|call| &call.sides);
        let is_protected = |output: &&mut Output| {
            let is_media = !(192..=223).contains(&output.bytes[1]);
            is_media && sides().any(|side| side.port == output.from && side.wish.send.is_some())
        };
        outputs.iter_mut().filter(is_protected).collect()
    }

    /// Media for peers that get one stream in the clear.
    fn to_clear_streams<'o>(&self, outputs: &'o mut [Output]) -> impl Iterator<Item = &'o mut Output> {
        let sides = || self.calls.iter().filter(|call| call.is_open).flat_map(|call| &call.sides);
        let streams = sides().filter(|side| side.wish.send.is_none() && side.stream.is_some());
        let ports: Vec<_> = streams.map(|side| side.port).collect();
        let is_media = |output: &Output| !(192..=223).contains(&output.bytes[1]);
        outputs.iter_mut().filter(move |output| ports.contains(&output.from) && is_media(output))
    }
}
