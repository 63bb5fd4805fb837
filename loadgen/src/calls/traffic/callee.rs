//! What the carrier does: it rings, answers, and ends when it is told to.

use core::net::SocketAddr;

use crate::calls::call::{Call, Callee};
use crate::calls::glance::Glance;
use crate::calls::number::Serial;
use crate::calls::sockets::End;
use crate::calls::traffic::Traffic;
use crate::calls::traffic::alarm::Alarm;

impl Traffic {
    /// Takes a request; none if it belongs to nothing.
    pub(super) fn hear_request(
        &mut self,
        glance: &Glance<'_>,
        (method, user): (&[u8], &[u8]),
        from: SocketAddr,
        now_ns: u64,
    ) -> Option<()> {
        if method == b"OPTIONS" {
            self.reply(glance, "200 OK", from);
            return Some(());
        }
        let tag = glance.to_tag();
        let serial = match tag {
            Some(tag) => Serial::of_word(tag, &self.letters.run),
            None => Serial::of_called(user),
        };
        let index = serial.and_then(|serial| self.index(serial));
        match (method, tag, index) {
            (b"INVITE", None, Some(index)) => self.invited(index, glance, from, now_ns),
            (b"CANCEL", None, Some(index)) => self.cancelled(index, glance, from),
            (b"ACK", Some(_), Some(index)) => self.acknowledged(index, now_ns),
            (b"BYE", Some(_), Some(index)) => self.ended(index, glance, from),
            (b"ACK", ..) => return None,
            _ => {
                self.reply(glance, "481 Call/Transaction Does Not Exist", from);
                return None;
            }
        }
        Some(())
    }

    fn invited(&mut self, index: u32, glance: &Glance<'_>, from: SocketAddr, now_ns: u64) {
        let (ring_ns, whole) = (self.plan.ring_ns, glance.whole());
        self.change(index, |traffic, call| match call.callee {
            Callee::Unheard => {
                traffic.figures.transit.record(now_ns - call.invited_ns);
                call.callee = Callee::Ringing;
                call.invitation = Some(Box::new((whole.to_vec(), from)));
                traffic.place(index, 1, glance.body);
                traffic.reply(glance, "100 Trying", from);
                traffic.put_answer(index, call, "180 Ringing");
                traffic.set(now_ns + ring_ns, Alarm::Answer(index));
            }
            Callee::Ringing => {
                traffic.figures.repeated += 1;
                traffic.put_answer(index, call, "180 Ringing");
            }
            Callee::Answered => {
                traffic.figures.repeated += 1;
                traffic.put_answer(index, call, "200 OK");
            }
            Callee::Up | Callee::Over => traffic.figures.repeated += 1,
        });
    }

    pub(super) fn answer(&mut self, index: u32, now_ns: u64) {
        self.change(index, |traffic, call| {
            if call.callee == Callee::Ringing {
                call.callee = Callee::Answered;
                (call.accepted_ns, call.sends[1]) = (now_ns, 1);
                traffic.put_answer(index, call, "200 OK");
                traffic.watch(now_ns, Alarm::Accept(index));
            }
        });
    }

    fn acknowledged(&mut self, index: u32, now_ns: u64) {
        self.change(index, |traffic, call| {
            call.invitation = None;
            if call.callee == Callee::Answered {
                call.callee = Callee::Up;
                traffic.figures.ack.record(now_ns - call.accepted_ns);
            }
        });
    }

    fn cancelled(&mut self, index: u32, glance: &Glance<'_>, from: SocketAddr) {
        self.reply(glance, "200 OK", from);
        self.change(index, |traffic, call| {
            if call.callee == Callee::Ringing {
                traffic.put_answer(index, call, "487 Request Terminated");
                (call.callee, call.invitation) = (Callee::Over, None);
            }
        });
    }

    fn ended(&mut self, index: u32, glance: &Glance<'_>, from: SocketAddr) {
        self.reply(glance, "200 OK", from);
        self.change(index, |traffic, call| {
            traffic.figures.repeated += u64::from(call.callee == Callee::Over);
            (call.callee, call.invitation) = (Callee::Over, None);
        });
    }

    fn reply(&mut self, glance: &Glance<'_>, status: &str, to: SocketAddr) {
        let local = self.carrier;
        self.outbox
            .put(End::Carrier(to), |out| self.letters.answer(glance, status, (None, local), false, out));
    }

    /// Answers the INVITE of a call.
    pub(super) fn put_answer(&mut self, index: u32, call: &Call, status: &str) {
        let (serial, local) = (self.serial(index), self.carrier);
        let Some((invite, from)) = call.invitation.as_deref() else { return };
        let Some(glance) = Glance::read(invite) else { return };
        let with_body = status.starts_with("200");
        self.outbox.put(End::Carrier(*from), |out| {
            self.letters.answer(&glance, status, (Some(serial), local), with_body, out);
        });
    }
}
