//! The INVITE server transaction: RFC 3261 figure 7, as RFC 6026 redrew it, and the copies of a 2xx, which RFC 3261
//! section 13.3.1.4 leaves to the user.

use super::step::{Output, Timer};

/// Where the transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The user works on it.
    Proceeding,
    /// It was refused; the ACK is yet to come.
    Completed,
    /// The ACK of the refusal has come.
    Confirmed,
    /// It was accepted; the ACK is yet to come.
    Accepted,
    /// It was accepted, and the ACK has come: RFC 6026 has one state for both, as it knows no ACK of a 2xx.
    Acknowledged,
    /// It is over.
    Terminated,
}

/// What happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// The INVITE came again.
    Invite,
    /// The ACK of a refusal came.
    AckOfFailure,
    /// The ACK of the acceptance came.
    AckOfSuccess,
    /// The user answers with 100 to 199.
    Provisional,
    /// The user answers with 200 to 299.
    Success,
    /// The user answers with 300 to 699.
    Failure,
    /// The refusal is due again.
    TimerG,
    /// No ACK of the refusal has come.
    TimerH,
    /// No more copies of that ACK are to come.
    TimerI,
    /// No more copies of the INVITE are to come, nor is the ACK of the acceptance.
    TimerL,
    /// The acceptance is due again.
    TimerAcceptance,
    /// What was sent did not get out, neither back nor to where the Via says.
    TransportError,
}

/// What begins it: the 100 is sent before the user is told.
pub(super) const START: &[Output] = &[Output::Send, Output::Tell];

/// Returns the next state, and what is to be done.
pub(super) const fn step(state: State, input: Input) -> (State, &'static [Output]) {
    match state {
        State::Proceeding => proceeding(input),
        State::Completed => completed(input),
        State::Confirmed => confirmed(input),
        State::Accepted => accepted(input),
        State::Acknowledged => acknowledged(input),
        State::Terminated => (State::Terminated, &[]),
    }
}

const fn proceeding(input: Input) -> (State, &'static [Output]) {
    match input {
        Input::Invite => (State::Proceeding, &[Output::Repeat]),
        Input::Provisional => (State::Proceeding, &[Output::Send]),
        Input::Success => {
            (State::Accepted, &[Output::Send, Output::Start(Timer::Acceptance), Output::Start(Timer::L)])
        }
        Input::Failure => {
            (State::Completed, &[Output::Send, Output::Start(Timer::G), Output::Start(Timer::H)])
        }
        // RFC 6026: the transaction stays, to absorb copies of the INVITE.
        Input::TransportError => (State::Proceeding, &[Output::TellLost]),
        Input::AckOfFailure
        | Input::AckOfSuccess
        | Input::TimerG
        | Input::TimerH
        | Input::TimerI
        | Input::TimerL
        | Input::TimerAcceptance => (State::Proceeding, &[]),
    }
}

const fn completed(input: Input) -> (State, &'static [Output]) {
    match input {
        Input::Invite => (State::Completed, &[Output::Repeat]),
        Input::AckOfFailure => {
            (State::Confirmed, &[Output::StopRepeating, Output::Forget, Output::Start(Timer::I)])
        }
        Input::TimerG => (State::Completed, &[Output::Repeat, Output::Double(Timer::G)]),
        Input::TimerH => (State::Terminated, &[Output::TellAckMissing]),
        // RFC 6026, and as above. The copies go on: anybody can forge what says that a datagram did not arrive.
        Input::TransportError => (State::Completed, &[Output::TellLost]),
        Input::AckOfSuccess
        | Input::Provisional
        | Input::Success
        | Input::Failure
        | Input::TimerI
        | Input::TimerL
        | Input::TimerAcceptance => (State::Completed, &[]),
    }
}

const fn confirmed(input: Input) -> (State, &'static [Output]) {
    match input {
        Input::TimerI => (State::Terminated, &[]),
        Input::Invite
        | Input::AckOfFailure
        | Input::AckOfSuccess
        | Input::Provisional
        | Input::Success
        | Input::Failure
        | Input::TimerG
        | Input::TimerH
        | Input::TimerL
        | Input::TimerAcceptance
        | Input::TransportError => (State::Confirmed, &[]),
    }
}

const fn accepted(input: Input) -> (State, &'static [Output]) {
    match input {
        Input::AckOfSuccess => (State::Acknowledged, &[Output::StopRepeating, Output::Forget, Output::Tell]),
        Input::TimerAcceptance => (State::Accepted, &[Output::Repeat, Output::Double(Timer::Acceptance)]),
        Input::TimerL => (State::Terminated, &[Output::TellAckMissing]),
        Input::TransportError => (State::Accepted, &[Output::TellLost]),
        Input::Invite
        | Input::AckOfFailure
        | Input::Provisional
        | Input::Success
        | Input::Failure
        | Input::TimerG
        | Input::TimerH
        | Input::TimerI => (State::Accepted, &[]),
    }
}

const fn acknowledged(input: Input) -> (State, &'static [Output]) {
    match input {
        Input::TimerL => (State::Terminated, &[]),
        Input::Invite
        | Input::AckOfFailure
        | Input::AckOfSuccess
        | Input::Provisional
        | Input::Success
        | Input::Failure
        | Input::TimerG
        | Input::TimerH
        | Input::TimerI
        | Input::TimerAcceptance
        | Input::TransportError => (State::Acknowledged, &[]),
    }
}
