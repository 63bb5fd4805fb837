//! What is done at its time: copies of what nobody has answered, answers, and ends.

use core::cmp::Reverse;

use crate::calls::call::{Callee, Caller};
use crate::calls::traffic::Traffic;

/// What is to be done with the call at this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Alarm {
    /// The PBX may have to send its INVITE again.
    Invite(u32),
    /// The carrier answers.
    Answer(u32),
    /// The carrier may have to send its answer again.
    Accept(u32),
    /// The PBX ends the call.
    HangUp(u32),
    /// The PBX may have to send its BYE again.
    Bye(u32),
}

/// RFC 3261 section 17.1.1.1: the first copy follows after T1, later ones at twice the time, some at T2 at most.
const T1_NS: u64 = 500_000_000;
const T2_NS: u64 = 4_000_000_000;
/// Nobody waits longer than 64 times T1: the seventh copy is not sent.
const INVITES_MAX: u8 = 7;
/// The same time, with copies at 0.5, 1.5, 3.5 and then every 4 s.
const OTHERS_MAX: u8 = 11;

impl Traffic {
    pub(super) fn ring(&mut self, alarm: Alarm, due_ns: u64, now_ns: u64) {
        match alarm {
            Alarm::Invite(index) => self.invite_again(index, due_ns),
            Alarm::Answer(index) => self.answer(index, now_ns),
            Alarm::Accept(index) => self.accept_again(index, due_ns),
            Alarm::HangUp(index) => self.hang_up(index, now_ns),
            Alarm::Bye(index) => self.bye_again(index, due_ns),
        }
    }

    pub(super) fn set(&mut self, at_ns: u64, alarm: Alarm) {
        self.alarms.push(Reverse((at_ns, alarm)));
    }

    fn invite_again(&mut self, index: u32, due_ns: u64) {
        self.change(index, |traffic, call| {
            if call.caller != Caller::Inviting {
                return;
            }
            if call.sends[0] >= INVITES_MAX {
                traffic.figures.lost += 1;
                call.caller = Caller::Lost;
                return;
            }
            traffic.figures.resent += 1;
            traffic.put_invite(index);
            traffic.set(due_ns + (T1_NS << call.sends[0]), Alarm::Invite(index));
            call.sends[0] += 1;
        });
    }

    fn bye_again(&mut self, index: u32, due_ns: u64) {
        self.change(index, |traffic, call| {
            if call.caller != Caller::Ending || call.sends[0] >= OTHERS_MAX {
                return;
            }
            traffic.figures.resent += 1;
            traffic.put_bye(index, call);
            traffic.set(due_ns + (T1_NS << call.sends[0]).min(T2_NS), Alarm::Bye(index));
            call.sends[0] += 1;
        });
    }

    fn accept_again(&mut self, index: u32, due_ns: u64) {
        self.change(index, |traffic, call| {
            if call.callee != Callee::Answered || call.sends[1] >= OTHERS_MAX {
                return;
            }
            traffic.figures.resent += 1;
            traffic.put_answer(index, call, "200 OK");
            traffic.set(due_ns + (T1_NS << call.sends[1]).min(T2_NS), Alarm::Accept(index));
            call.sends[1] += 1;
        });
    }

    /// Sets the first alarm for a copy.
    pub(super) fn watch(&mut self, now_ns: u64, alarm: Alarm) {
        self.set(now_ns + T1_NS, alarm);
    }
}
