//! The server transaction of everything but INVITE, ACK and CANCEL: RFC 3261 figure 8, with the 100 of RFC 4320.

use super::step::{Output, Timer};

/// Where the transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing was answered.
    Trying,
    /// A late 100 was sent.
    Proceeding,
    /// It was answered.
    Completed,
    /// It is over.
    Terminated,
}

/// What happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// The request came again.
    Request,
    /// The user answers with 200 to 699.
    Final,
    /// The user gives up where RFC 4320 wants silence: a 408.
    Silence,
    /// The client sends its copies as rarely as it ever does.
    TimerTrying,
    /// No more copies of the request are to come.
    TimerJ,
    /// What was sent did not get out, neither back nor to where the Via says.
    TransportError,
}

/// What begins it.
pub(super) const START: &[Output] = &[Output::Start(Timer::Trying), Output::Tell];

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
        Input::Final => (State::Completed, FINAL),
        Input::Silence => (State::Completed, SILENCE),
        // What was kept is the 100, written when the request came.
        Input::TimerTrying => (State::Proceeding, &[Output::StopRepeating, Output::Repeat]),
        Input::Request | Input::TimerJ | Input::TransportError => (State::Trying, &[]),
    }
}

const fn proceeding(input: Input) -> (State, &'static [Output]) {
    match input {
        Input::Request => (State::Proceeding, &[Output::Repeat]),
        Input::Final => (State::Completed, FINAL),
        Input::Silence => (State::Completed, SILENCE),
        // The figure ends here. RFC 6026 forbids it: the next copy would be taken for a new request.
        Input::TransportError => (State::Proceeding, &[Output::TellLost]),
        Input::TimerTrying | Input::TimerJ => (State::Proceeding, &[]),
    }
}

const FINAL: &[Output] = &[Output::StopRepeating, Output::Send, Output::Start(Timer::J)];
const SILENCE: &[Output] = &[Output::StopRepeating, Output::Forget, Output::Start(Timer::J)];

const fn completed(input: Input) -> (State, &'static [Output]) {
    match input {
        Input::Request => (State::Completed, &[Output::Repeat]),
        Input::TimerJ => (State::Terminated, &[]),
        Input::TransportError => (State::Completed, &[Output::TellLost]),
        Input::Final | Input::Silence | Input::TimerTrying => (State::Completed, &[]),
    }
}
