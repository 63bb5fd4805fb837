//! The four machines against the figures of RFC 3261, as RFC 6026 redrew two of them: every arrow is a row, and where
//! there is no row nothing happens.

use core::fmt::Debug;

use super::step::{Output, Timer};
use super::{invite_client, invite_server, non_invite_client, non_invite_server};

type Row<State, Input> = (State, Input, State, &'static [Output]);
type Machine<State, Input> = fn(State, Input) -> (State, &'static [Output]);

/// Tries every input in every state.
fn check<State, Input>(
    machine: Machine<State, Input>,
    states: &[State],
    inputs: &[Input],
    rows: &[Row<State, Input>],
) where
    State: Copy + Debug + PartialEq,
    Input: Copy + Debug + PartialEq,
{
    for &(from, input, ..) in rows {
        let same = rows.iter().filter(|row| row.0 == from && row.1 == input).count();
        assert_eq!(same, 1, "{from:?} x {input:?} stands once");
    }
    for &state in states {
        for &input in inputs {
            let row = rows.iter().find(|row| row.0 == state && row.1 == input);
            let expected = row.map_or((state, &[][..]), |row| (row.2, row.3));
            assert_eq!(machine(state, input), expected, "{state:?} x {input:?}");
        }
    }
}

#[test]
fn figure_5_the_invite_client_transaction() {
    use Output::{Acknowledge, Double, Forget, Repeat, Start, StopEnding, StopRepeating, Tell};
    use invite_client::Input::{
        Failure, Provisional, Success, TimerA, TimerB, TimerCancelled, TimerD, TimerM, TransportError,
    };
    use invite_client::State::{Accepted, Calling, Completed, Proceeding, Terminated};
    check(
        invite_client::step,
        &[Calling, Proceeding, Completed, Accepted, Terminated],
        &[Provisional, Success, Failure, TimerA, TimerB, TimerD, TimerM, TimerCancelled, TransportError],
        &[
            // "Timer A fires: Reset A, INVITE sent".
            (Calling, TimerA, Calling, &[Repeat, Double(Timer::A)]),
            // "Timer B fires or Transport Err.: inform TU".
            (Calling, TimerB, Terminated, &[Output::TellTimeout]),
            (Calling, TransportError, Terminated, &[Output::TellTransport]),
            // "1xx: 1xx to TU"; section 17.1.1.2: the INVITE is not sent again.
            (Calling, Provisional, Proceeding, &[StopRepeating, StopEnding, Tell]),
            (Proceeding, Provisional, Proceeding, &[Tell]),
            // "300-699: ACK sent, resp. to TU"; entering Completed starts D.
            (Calling, Failure, Completed, &[StopRepeating, Acknowledge, Tell, Start(Timer::D)]),
            (Proceeding, Failure, Completed, &[Acknowledge, Tell, Start(Timer::D)]),
            // "300-699: ACK sent".
            (Completed, Failure, Completed, &[Repeat]),
            // "Timer D fires".
            (Completed, TimerD, Terminated, &[]),
            // RFC 6026: "2xx: 2xx to TU"; entering Accepted starts M.
            (Calling, Success, Accepted, &[StopRepeating, Tell, Forget, Start(Timer::M)]),
            (Proceeding, Success, Accepted, &[Tell, Forget, Start(Timer::M)]),
            (Accepted, Success, Accepted, &[Tell]),
            // RFC 6026: "Timer M fires".
            (Accepted, TimerM, Terminated, &[]),
            // Not in the figure: section 9.1 gives up what was cancelled, and an acceptance after a refusal is told.
            (Proceeding, TimerCancelled, Terminated, &[Output::TellTimeout]),
            (Completed, Success, Completed, &[Tell]),
            // In the figure and not here: Completed ends with "Transport Err.", with a reason in the machine.
        ],
    );
}

#[test]
fn figure_6_the_non_invite_client_transaction() {
    use Output::{Double, Forget, Repeat, Slow, Start, StopRepeating, Tell};
    use non_invite_client::Input::{Final, Provisional, TimerE, TimerF, TimerK, TransportError};
    use non_invite_client::State::{Completed, Proceeding, Terminated, Trying};
    check(
        non_invite_client::step,
        &[Trying, Proceeding, Completed, Terminated],
        &[Provisional, Final, TimerE, TimerF, TimerK, TransportError],
        &[
            // "Timer E: send request".
            (Trying, TimerE, Trying, &[Repeat, Double(Timer::E)]),
            // Section 17.1.2.2: in Proceeding E is set to T2.
            (Proceeding, TimerE, Proceeding, &[Repeat, Slow(Timer::E)]),
            // "1xx: resp. to TU".
            (Trying, Provisional, Proceeding, &[Tell]),
            (Proceeding, Provisional, Proceeding, &[Tell]),
            // "200-699: resp. to TU"; entering Completed starts K.
            (Trying, Final, Completed, &[StopRepeating, Tell, Forget, Start(Timer::K)]),
            (Proceeding, Final, Completed, &[StopRepeating, Tell, Forget, Start(Timer::K)]),
            // "Timer F or Transport Err.: inform TU".
            (Trying, TimerF, Terminated, &[Output::TellTimeout]),
            (Trying, TransportError, Terminated, &[Output::TellTransport]),
            (Proceeding, TimerF, Terminated, &[Output::TellTimeout]),
            (Proceeding, TransportError, Terminated, &[Output::TellTransport]),
            // "Timer K".
            (Completed, TimerK, Terminated, &[]),
        ],
    );
}

#[test]
fn figure_7_the_invite_server_transaction() {
    use Output::{Double, Forget, Repeat, Send, Start, StopRepeating, Tell, TellAckMissing, TellLost};
    use invite_server::Input::{
        AckOfFailure, AckOfSuccess, Failure, Invite, Provisional, Success, TimerAcceptance, TimerG, TimerH,
        TimerI, TimerL, TransportError,
    };
    use invite_server::State::{Accepted, Acknowledged, Completed, Confirmed, Proceeding, Terminated};
    check(
        invite_server::step,
        &[Proceeding, Completed, Confirmed, Accepted, Acknowledged, Terminated],
        &[
            Invite,
            AckOfFailure,
            AckOfSuccess,
            Provisional,
            Success,
            Failure,
            TimerG,
            TimerH,
            TimerI,
            TimerL,
            TimerAcceptance,
            TransportError,
        ],
        &[
            // "INVITE: send response".
            (Proceeding, Invite, Proceeding, &[Repeat]),
            (Completed, Invite, Completed, &[Repeat]),
            // "101-199 from TU: send response".
            (Proceeding, Provisional, Proceeding, &[Send]),
            // "300-699 from TU: send response"; entering Completed starts G and H.
            (Proceeding, Failure, Completed, &[Send, Start(Timer::G), Start(Timer::H)]),
            // "Timer G fires: send response".
            (Completed, TimerG, Completed, &[Repeat, Double(Timer::G)]),
            // "Timer H fires: inform TU".
            (Completed, TimerH, Terminated, &[TellAckMissing]),
            // "ACK"; entering Confirmed starts I.
            (Completed, AckOfFailure, Confirmed, &[StopRepeating, Forget, Start(Timer::I)]),
            // "Timer I fires".
            (Confirmed, TimerI, Terminated, &[]),
            // RFC 6026: "2xx from TU: send response"; entering Accepted starts L.
            (Proceeding, Success, Accepted, &[Send, Start(Timer::Acceptance), Start(Timer::L)]),
            // RFC 6026: "Transport Err.: inform TU", and the state stays.
            (Proceeding, TransportError, Proceeding, &[TellLost]),
            (Completed, TransportError, Completed, &[TellLost]),
            (Accepted, TransportError, Accepted, &[TellLost]),
            // RFC 6026: "ACK: ACK to TU", and "Timer L fires".
            (Accepted, AckOfSuccess, Acknowledged, &[StopRepeating, Forget, Tell]),
            (Acknowledged, TimerL, Terminated, &[]),
            // Section 13.3.1.4, done here for the user: copies until the ACK, and the news that none has come.
            (Accepted, TimerAcceptance, Accepted, &[Repeat, Double(Timer::Acceptance)]),
            (Accepted, TimerL, Terminated, &[TellAckMissing]),
        ],
    );
}

#[test]
fn figure_8_the_non_invite_server_transaction() {
    use Output::{Forget, Repeat, Send, Start, StopRepeating, TellLost};
    use non_invite_server::Input::{Final, Request, Silence, TimerJ, TimerTrying, TransportError};
    use non_invite_server::State::{Completed, Proceeding, Terminated, Trying};
    check(
        non_invite_server::step,
        &[Trying, Proceeding, Completed, Terminated],
        &[Request, Final, Silence, TimerTrying, TimerJ, TransportError],
        &[
            // "1xx from TU: send response": with RFC 4320 that is a late 100, sent by the layer.
            (Trying, TimerTrying, Proceeding, &[StopRepeating, Repeat]),
            // "200-699 from TU: send response"; entering Completed starts J.
            (Trying, Final, Completed, &[StopRepeating, Send, Start(Timer::J)]),
            (Proceeding, Final, Completed, &[StopRepeating, Send, Start(Timer::J)]),
            // "Request: send response".
            (Proceeding, Request, Proceeding, &[Repeat]),
            (Completed, Request, Completed, &[Repeat]),
            // "Transport Err.: inform TU"; RFC 6026 has the state stay.
            (Proceeding, TransportError, Proceeding, &[TellLost]),
            (Completed, TransportError, Completed, &[TellLost]),
            // "Timer J fires".
            (Completed, TimerJ, Terminated, &[]),
            // RFC 4320 section 4.2: no 408, and copies are absorbed without an answer.
            (Trying, Silence, Completed, &[StopRepeating, Forget, Start(Timer::J)]),
            (Proceeding, Silence, Completed, &[StopRepeating, Forget, Start(Timer::J)]),
        ],
    );
}

#[test]
fn the_table_of_timers() {
    let milliseconds = |timer: Timer, reliable| timer.first(reliable).map(|wait| wait.as_millis());
    // RFC 3261 table 4 and RFC 6026: on datagrams, on streams.
    for (timer, unreliable, reliable) in [
        (Timer::A, Some(500), None),
        (Timer::B, Some(32_000), Some(32_000)),
        (Timer::D, Some(32_000), Some(0)),
        (Timer::E, Some(500), None),
        (Timer::F, Some(32_000), Some(32_000)),
        (Timer::G, Some(500), None),
        (Timer::H, Some(32_000), Some(32_000)),
        (Timer::I, Some(5_000), Some(0)),
        (Timer::J, Some(32_000), Some(0)),
        (Timer::K, Some(5_000), Some(0)),
        (Timer::L, Some(32_000), Some(32_000)),
        (Timer::M, Some(32_000), Some(32_000)),
        (Timer::Acceptance, Some(500), Some(500)),
        (Timer::Cancelled, Some(32_000), Some(32_000)),
        (Timer::Trying, Some(3_500), Some(3_500)),
    ] {
        assert_eq!(
            (milliseconds(timer, false), milliseconds(timer, true)),
            (unreliable, reliable),
            "{timer:?}"
        );
    }
}
