//! What the PBX does.

use crate::calls::call::{Call, Caller};
use crate::calls::glance::Glance;
use crate::calls::letter::Dialog;
use crate::calls::number::Serial;
use crate::calls::plan::Hold;
use crate::calls::traffic::Traffic;
use crate::calls::traffic::alarm::Alarm;

impl Traffic {
    pub(super) fn invite(&mut self, index: u32, now_ns: u64) {
        self.put_invite(index);
        self.change(index, |_, call| call.sends[0] = 1);
        if !self.is_reliable() {
            self.watch(now_ns, Alarm::Invite(index));
        }
    }

    pub(super) fn put_invite(&mut self, index: u32) {
        let (serial, (to, local)) = (self.serial(index), self.line(index));
        self.outbox.put(to, |out| self.letters.invite(serial, local, out));
    }

    pub(super) fn put_bye(&mut self, index: u32, call: &Call) {
        let (serial, (to, local)) = (self.serial(index), self.line(index));
        let Some(dialog) = &call.dialog else { return };
        self.outbox.put(to, |out| self.letters.bye(serial, local, dialog, out));
    }

    fn put_ack(&mut self, index: u32, dialog: &Dialog, is_refusal: bool) {
        let (serial, (to, local)) = (self.serial(index), self.line(index));
        self.outbox.put(to, |out| self.letters.ack(serial, local, dialog, is_refusal, out));
    }

    pub(super) fn hang_up(&mut self, index: u32, now_ns: u64) {
        self.change(index, |traffic, call| {
            if call.caller != Caller::Up {
                return;
            }
            call.caller = Caller::Ending;
            (call.ended_ns, call.sends[0]) = (now_ns, 1);
            traffic.put_bye(index, call);
            if !traffic.is_reliable() {
                traffic.watch(now_ns, Alarm::Bye(index));
            }
        });
    }

    /// Takes a response; none if it belongs to nothing.
    pub(super) fn hear_response(&mut self, glance: &Glance<'_>, status: u16, now_ns: u64) -> Option<()> {
        let serial = Serial::of_word(glance.call_id, &self.letters.run)?;
        let index = self.index(serial)?;
        if glance.cseq.1 == b"BYE" {
            self.change(index, |traffic, call| {
                if call.caller == Caller::Ending && status == 200 {
                    call.caller = Caller::Over;
                    traffic.figures.bye.record(now_ns - call.ended_ns);
                }
            });
            return Some(());
        }
        match status {
            ..200 => self.change(index, |_, call| {
                if call.caller == Caller::Inviting {
                    call.caller = Caller::Proceeding;
                }
            }),
            200..300 => self.answered(index, glance, now_ns)?,
            300.. => self.refused(index, glance, status, now_ns),
        }
        Some(())
    }

    fn answered(&mut self, index: u32, glance: &Glance<'_>, now_ns: u64) -> Option<()> {
        let target = glance.contact?;
        self.change(index, |traffic, call| {
            if !matches!(call.caller, Caller::Inviting | Caller::Proceeding) {
                traffic.figures.repeated += 1;
                if let Some(dialog) = &call.dialog {
                    traffic.put_ack(index, dialog, false);
                }
                return;
            }
            let dialog = Dialog { to: glance.to.into(), target: target.into() };
            traffic.put_ack(index, &dialog, false);
            traffic.figures.answered += 1;
            traffic.figures.dial.record(now_ns.saturating_sub(call.due_ns));
            call.dialog = Some(Box::new(dialog));
            call.caller = Caller::Up;
            traffic.place(index, 0, glance.body);
            if let (Hold::For(hold_ns), false) = (traffic.plan.hold, index < traffic.plan.talking) {
                traffic.set(now_ns + hold_ns, Alarm::HangUp(index));
            }
        });
        Some(())
    }

    fn refused(&mut self, index: u32, glance: &Glance<'_>, status: u16, now_ns: u64) {
        let dialog = self.letters.invited(self.serial(index), glance.to);
        self.put_ack(index, &dialog, true);
        self.change(index, |traffic, call| {
            if !matches!(call.caller, Caller::Inviting | Caller::Proceeding) {
                traffic.figures.repeated += 1;
                return;
            }
            call.caller = Caller::Refused;
            if status == 503 && glance.has_retry_after {
                traffic.figures.shed += 1;
                traffic.figures.shedding.record(now_ns - call.invited_ns);
            } else {
                *traffic.figures.refused.entry(status).or_default() += 1;
            }
        });
    }
}
