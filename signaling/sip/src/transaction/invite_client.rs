//! The INVITE client transaction: RFC 3261 figure 5, as RFC 6026 redrew it.

use super::step::{Output, Timer};

/// Where the transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nobody has answered yet.
    Calling,
    /// Somebody works on it.
    Proceeding,
    /// It was refused.
    Completed,
    /// It was accepted, perhaps by several.
    Accepted,
    /// It is over.
    Terminated,
}

/// What happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// A response of 100 to 199.
    Provisional,
    /// A response of 200 to 299.
    Success,
    /// A response of 300 to 699.
    Failure,
    /// The INVITE is due again.
    TimerA,
    /// Nobody has answered.
    TimerB,
    /// No more copies of the refusal are to come.
    TimerD,
    /// No more acceptances are to come.
    TimerM,
    /// The INVITE was cancelled, and that was not answered.
    TimerCancelled,
    /// What was sent did not get out.
    TransportError,
}

/// What begins it.
pub(super) const START: &[Output] = &[Output::Send, Output::Start(Timer::A), Output::Start(Timer::B)];

/// Returns the next state, and what is to be done.
pub(super) const fn step(state: State, input: Input) -> (State, &'static [Output]) {
    match state {
        State::Calling => calling(input),
        State::Proceeding => proceeding(input),
        State::Completed => completed(input),
        State::Accepted => accepted(input),
        State::Terminated => (State::Terminated, &[]),
    }
}

const fn calling(input: Input) -> (State, &'static [Output]) {
    match input {
        Input::Provisional => (State::Proceeding, &[Output::StopRepeating, Output::StopEnding, Output::Tell]),
        Input::Success => {
            (State::Accepted, &[Output::StopRepeating, Output::Tell, Output::Forget, Output::Start(Timer::M)])
        }
        Input::Failure => (
            State::Completed,
            &[Output::StopRepeating, Output::Acknowledge, Output::Tell, Output::Start(Timer::D)],
        ),
        Input::TimerA => (State::Calling, &[Output::Repeat, Output::Double(Timer::A)]),
        Input::TimerB => (State::Terminated, &[Output::TellTimeout]),
        Input::TransportError => (State::Terminated, &[Output::TellTransport]),
        Input::TimerD | Input::TimerM | Input::TimerCancelled => (State::Calling, &[]),
    }
}

const fn proceeding(input: Input) -> (State, &'static [Output]) {
    match input {
        Input::Provisional => (State::Proceeding, &[Output::Tell]),
        Input::Success => (State::Accepted, &[Output::Tell, Output::Forget, Output::Start(Timer::M)]),
        Input::Failure => (State::Completed, &[Output::Acknowledge, Output::Tell, Output::Start(Timer::D)]),
        // RFC 3261 section 9.1: what was cancelled 64 times T1 ago counts as over.
        Input::TimerCancelled => (State::Terminated, &[Output::TellTimeout]),
        // Nothing of this transaction is under way, so what did not get out was not its own.
        Input::TransportError => (State::Proceeding, &[]),
        Input::TimerA | Input::TimerB | Input::TimerD | Input::TimerM => (State::Proceeding, &[]),
    }
}

const fn completed(input: Input) -> (State, &'static [Output]) {
    match input {
        Input::Failure => (State::Completed, &[Output::Repeat]),
        // The figure has no such arrow; without an ACK from the user the other side would wait for 32 seconds.
        Input::Success => (State::Completed, &[Output::Tell]),
        Input::TimerD => (State::Terminated, &[]),
        // The figure ends here and tells the user. The refusal was told, though, and a copy of it brings the next ACK.
        Input::TransportError => (State::Completed, &[]),
        Input::Provisional | Input::TimerA | Input::TimerB | Input::TimerM | Input::TimerCancelled => {
            (State::Completed, &[])
        }
    }
}

const fn accepted(input: Input) -> (State, &'static [Output]) {
    match input {
        Input::Success => (State::Accepted, &[Output::Tell]),
        Input::TimerM => (State::Terminated, &[]),
        Input::Provisional
        | Input::Failure
        | Input::TimerA
        | Input::TimerB
        | Input::TimerD
        | Input::TimerCancelled
        | Input::TransportError => (State::Accepted, &[]),
    }
}
