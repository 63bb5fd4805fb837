//! What is kept of one transaction.

use std::rc::Rc;

use rsip::Method;

use super::clock::Timers;
use super::secret::Key;
use super::step::{Output, Timer};
use super::table::Slot;
use super::widening::Narrow;
use super::{invite_client, invite_server, non_invite_client, non_invite_server};
use crate::message::Request;

/// One transaction.
pub(super) struct Entry {
    pub(super) timers: Timers,
    /// What was sent last, for copies.
    pub(super) kept: Option<Rc<[u8]>>,
    pub(super) machine: Machine,
}

/// Which of the four it is.
pub(super) enum Machine {
    InviteClient(InviteClient),
    NonInviteClient(NonInviteClient),
    InviteServer(InviteServer),
    NonInviteServer(NonInviteServer),
}

pub(super) struct InviteClient {
    pub(super) state: invite_client::State,
    /// What ACK and CANCEL are made of, until neither can be; without its body.
    pub(super) invite: Option<Box<Request>>,
    pub(super) cancel: Cancel,
    /// What is sent if no connection can be had.
    pub(super) narrow: Option<Box<Narrow>>,
}

/// How far it is with a CANCEL.
pub(super) enum Cancel {
    /// Nobody wants one.
    Unwanted,
    /// It waits for a provisional response, with its Reason.
    Held(Option<Box<str>>),
    /// It was sent, as this transaction.
    Sent(Slot),
}

pub(super) struct NonInviteClient {
    pub(super) state: non_invite_client::State,
    pub(super) method: Method,
    /// The INVITE that it cancels: then it is ours, and the user hears nothing of it.
    pub(super) cancels: Option<Slot>,
}

pub(super) struct InviteServer {
    pub(super) state: invite_server::State,
    pub(super) asker: Asker,
    /// What the ACK of the acceptance is found by.
    pub(super) ack: Option<Key>,
    /// The user was told of a CANCEL.
    pub(super) cancelled: bool,
}

pub(super) struct NonInviteServer {
    pub(super) state: non_invite_server::State,
    pub(super) asker: Asker,
}

/// Who sent a request, and what else of it is found by.
pub(super) struct Asker {
    pub(super) key: Key,
    pub(super) merged: Option<Key>,
    pub(super) host: Key,
    /// The user has heard that a response is lost.
    pub(super) lost: bool,
}

/// What a machine tells to be done.
pub(super) struct Step {
    pub(super) outputs: &'static [Output],
    /// The transaction ends with it.
    pub(super) over: bool,
}

impl Machine {
    /// Takes a step of an INVITE client transaction; `None` for another one.
    pub(super) fn invite_client(&mut self, input: invite_client::Input) -> Option<Step> {
        let Self::InviteClient(client) = self else { return None };
        let (state, outputs) = invite_client::step(client.state, input);
        client.state = state;
        Some(Step { outputs, over: state == invite_client::State::Terminated })
    }

    /// Takes a step of another client transaction; `None` for another machine.
    pub(super) fn non_invite_client(&mut self, input: non_invite_client::Input) -> Option<Step> {
        let Self::NonInviteClient(client) = self else { return None };
        let (state, outputs) = non_invite_client::step(client.state, input);
        client.state = state;
        Some(Step { outputs, over: state == non_invite_client::State::Terminated })
    }

    /// Takes a step of an INVITE server transaction; `None` for another one.
    pub(super) fn invite_server(&mut self, input: invite_server::Input) -> Option<Step> {
        let Self::InviteServer(server) = self else { return None };
        let (state, outputs) = invite_server::step(server.state, input);
        server.state = state;
        Some(Step { outputs, over: state == invite_server::State::Terminated })
    }

    /// Takes a step of another server transaction; `None` for another machine.
    pub(super) fn non_invite_server(&mut self, input: non_invite_server::Input) -> Option<Step> {
        let Self::NonInviteServer(server) = self else { return None };
        let (state, outputs) = non_invite_server::step(server.state, input);
        server.state = state;
        Some(Step { outputs, over: state == non_invite_server::State::Terminated })
    }

    /// Takes the step of a timer; its letter tells which machine has it.
    pub(super) fn fire(&mut self, timer: Timer) -> Option<Step> {
        match timer {
            Timer::A => self.invite_client(invite_client::Input::TimerA),
            Timer::B => self.invite_client(invite_client::Input::TimerB),
            Timer::D => self.invite_client(invite_client::Input::TimerD),
            Timer::M => self.invite_client(invite_client::Input::TimerM),
            Timer::Cancelled => self.invite_client(invite_client::Input::TimerCancelled),
            Timer::E => self.non_invite_client(non_invite_client::Input::TimerE),
            Timer::F => self.non_invite_client(non_invite_client::Input::TimerF),
            Timer::K => self.non_invite_client(non_invite_client::Input::TimerK),
            Timer::G => self.invite_server(invite_server::Input::TimerG),
            Timer::H => self.invite_server(invite_server::Input::TimerH),
            Timer::I => self.invite_server(invite_server::Input::TimerI),
            Timer::L => self.invite_server(invite_server::Input::TimerL),
            Timer::Acceptance => self.invite_server(invite_server::Input::TimerAcceptance),
            Timer::J => self.non_invite_server(non_invite_server::Input::TimerJ),
            Timer::Trying => self.non_invite_server(non_invite_server::Input::TimerTrying),
        }
    }

    /// Takes the step of what did not get out.
    pub(super) fn lose(&mut self) -> Option<Step> {
        match self {
            Self::InviteClient(_) => self.invite_client(invite_client::Input::TransportError),
            Self::NonInviteClient(_) => self.non_invite_client(non_invite_client::Input::TransportError),
            Self::InviteServer(_) => self.invite_server(invite_server::Input::TransportError),
            Self::NonInviteServer(_) => self.non_invite_server(non_invite_server::Input::TransportError),
        }
    }

    /// Takes the step of a request that came again.
    pub(super) fn repeat(&mut self) -> Option<Step> {
        match self {
            Self::InviteServer(_) => self.invite_server(invite_server::Input::Invite),
            Self::NonInviteServer(_) => self.non_invite_server(non_invite_server::Input::Request),
            Self::InviteClient(_) | Self::NonInviteClient(_) => None,
        }
    }

    /// Returns who sent the request of a server transaction.
    pub(super) const fn asker_mut(&mut self) -> Option<&mut Asker> {
        match self {
            Self::InviteServer(server) => Some(&mut server.asker),
            Self::NonInviteServer(server) => Some(&mut server.asker),
            Self::InviteClient(_) | Self::NonInviteClient(_) => None,
        }
    }

    /// Tells whether the request is under way, or was accepted.
    pub(super) const fn claims_its_request(&self) -> bool {
        match self {
            Self::InviteServer(server) => match server.state {
                invite_server::State::Proceeding
                | invite_server::State::Accepted
                | invite_server::State::Acknowledged => true,
                invite_server::State::Completed
                | invite_server::State::Confirmed
                | invite_server::State::Terminated => false,
            },
            Self::NonInviteServer(_) => !self.is_answered(),
            Self::InviteClient(_) | Self::NonInviteClient(_) => false,
        }
    }

    /// Tells whether a final response was sent.
    pub(super) const fn is_answered(&self) -> bool {
        match self {
            Self::InviteServer(server) => match server.state {
                invite_server::State::Proceeding => false,
                invite_server::State::Completed
                | invite_server::State::Confirmed
                | invite_server::State::Accepted
                | invite_server::State::Acknowledged
                | invite_server::State::Terminated => true,
            },
            Self::NonInviteServer(server) => match server.state {
                non_invite_server::State::Trying | non_invite_server::State::Proceeding => false,
                non_invite_server::State::Completed | non_invite_server::State::Terminated => true,
            },
            Self::InviteClient(_) | Self::NonInviteClient(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_as_large_as_it_was_meant_to_be() {
        // 80 of timers, 16 for what is kept, 96 for a server with its state and four keys. It stays for 32 seconds, so
        // that 1,000 calls a second have 100,000 of them.
        assert_eq!(size_of::<Timers>(), 80);
        assert_eq!(size_of::<Entry>(), 192);
    }
}
