//! The client transaction of everything but INVITE and ACK: RFC 3261 figure 6.

use super::step::{Output, Timer};

/// Where the transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nobody has answered yet.
    Trying,
    /// Somebody works on it.
    Proceeding,
    /// It was answered.
    Completed,
    /// It is over.
    Terminated,
}

/// What happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// A response of 100 to 199.
    Provisional,
    /// A response of 200 to 699.
    Final,
    /// The request is due again.
    TimerE,
    /// Nobody has answered.
    TimerF,
    /// No more copies of the response are to come.
    TimerK,
    /// What was sent did not get out.
    TransportError,
}

/// What begins it.
pub(super) const START: &[Output] = &[Output::Send, Output::Start(Timer::E), Output::Start(Timer::F)];

/// Returns the next state, and what is to be done.
pub(super) const fn step(state: State, input: Input) -> (State, &'static [Output]) {
    match state {
        State::Trying => trying(input),
        State::Proceeding => proceeding(input),
        State::Completed => completed(input),
        State::Terminated => (State::Terminated, &[]),
    }
}

const fn trying(input: Input) -> (State, &'static [Output]) {
    match input {
        Input::Provisional => (State::Proceeding, &[Output::Tell]),
        Input::Final => (State::Completed, FINAL),
        Input::TimerE => (State::Trying, &[Output::Repeat, Output::Double(Timer::E)]),
        Input::TimerF => (State::Terminated, &[Output::TellTimeout]),
        Input::TransportError => (State::Terminated, &[Output::TellTransport]),
        Input::TimerK => (State::Trying, &[]),
    }
}

const fn proceeding(input: Input) -> (State, &'static [Output]) {
    match input {
        Input::Provisional => (State::Proceeding, &[Output::Tell]),
        Input::Final => (State::Completed, FINAL),
        Input::TimerE => (State::Proceeding, &[Output::Repeat, Output::Slow(Timer::E)]),
        Input::TimerF => (State::Terminated, &[Output::TellTimeout]),
        Input::TransportError => (State::Terminated, &[Output::TellTransport]),
        Input::TimerK => (State::Proceeding, &[]),
    }
}

const FINAL: &[Output] = &[Output::StopRepeating, Output::Tell, Output::Forget, Output::Start(Timer::K)];

const fn completed(input: Input) -> (State, &'static [Output]) {
    match input {
        Input::TimerK => (State::Terminated, &[]),
        Input::Provisional | Input::Final | Input::TimerE | Input::TimerF | Input::TransportError => {
            (State::Completed, &[])
        }
    }
}
