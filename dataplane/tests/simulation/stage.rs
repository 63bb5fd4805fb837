//! Puts calls on the stage, and does what their scripts say.

use dataplane::clock::Now;
use dataplane::command::{Command, Ticket};
use dataplane::table::Slot;
use netem::random::Random;
use netio::LocalPort;

use crate::attacker::Captures;
use crate::call::{Call, Heard, Manner, Side, Wish};
use crate::door::Door;
use crate::happenings::Digit;
use crate::network::Path;
use crate::peer::Peer;
use crate::plant::SLOTS;
use crate::run::Simulation;
use crate::script::{self, Action, Change, Timed};
use crate::tap::Tap;

/// What a command makes of a call once the worker has obeyed it.
pub(crate) enum Effect {
    Open(usize, [Wish; 2]),
    Follow(usize, [Wish; 2]),
    Close(usize),
}

/// Makes the calls of a seed, none of them open yet, and their scripts.
pub(crate) fn set(seed: u64, random: &mut Random) -> (Vec<Call>, Vec<(usize, Timed)>) {
    let is_clean = random.below(3) == 0;
    // Few calls most of the time.
    let most = 1 + random.below(SLOTS.into());
    let count = 1 + random.below(most) as usize;
    let length_us = 1_500_000 + random.below(3_000_000);
    let mut last_key = 0;
    let mut keys = || {
        last_key += 1;
        last_key
    };
    let (mut calls, mut scripts) = (Vec::new(), Vec::new());
    for slot in 0..count {
        let protected = [(); 2].map(|()| random.below(2) == 0);
        let sides = [0, 1].map(|side| set_side(seed, (slot, side), protected[side], is_clean, random));
        calls.push(Call {
            slot,
            id: 0,
            is_open: false,
            is_ringing: false,
            epoch: 0,
            timeout_s: [0, 2, 3][random.below(3) as usize],
            is_loud: !is_clean && random.below(2) == 0,
            timeout_told_us: None,
            intended: sides.each_ref().map(|side| side.wish),
            sides,
        });
        let script = script::draw(protected, length_us, random, &mut keys);
        scripts.extend(script.into_iter().map(|timed| (slot, timed)));
    }
    (calls, scripts)
}

fn set_side(
    seed: u64,
    place: (usize, usize),
    is_protected: bool,
    is_clean: bool,
    random: &mut Random,
) -> Side {
    let manner = Manner::draw(random);
    let (signalled, real) = manner.place(place, 0);
    let peer = Peer::new(seed, place, real, manner.rtcp_port(real), random);
    // Keys of the beginning have numbers of their own; they are drawn anew with each session.
    let key = is_protected.then_some(0);
    let wish = Wish { signalled: Some(signalled), accepts: true, sends: true, receive: key, send: key };
    Side {
        port: LocalPort { address: manner.is_v6.into(), port: 0 },
        door: Door::new(None, manner.is_muxed, manner.lesson, 0),
        manner,
        wish,
        hearing: None,
        former: None,
        stream: None,
        tap: Tap::default(),
        peer,
        path: Path::new(is_clean, random),
        heard: Heard::default(),
        place: 0,
        captures: Captures::default(),
    }
}

impl Simulation {
    /// Does one thing to one call, in the world of people and signaling; the worker hears of it by a command.
    pub(crate) fn act(&mut self, slot: usize, action: Action) {
        match action {
            Action::Open if self.calls[slot].is_open => {}
            Action::Open => self.open(slot),
            Action::Close => self.close(slot),
            Action::Tell { side, change } => {
                let call = &mut self.calls[slot];
                change.apply(&mut call.intended[side]);
                if let Change::Place(number) = change {
                    let (signalled, _) = call.sides[side].manner.place((slot, side), number);
                    call.intended[side].signalled = Some(signalled);
                }
                self.update(slot);
            }
            Action::Refresh => self.update(slot),
            Action::ChangeKey { side, key } => self.calls[slot].sides[side].peer.change_key(Some(key)),
            Action::Move { side, place } => {
                let side_at = &mut self.calls[slot].sides[side];
                let (_, real) = side_at.manner.place((slot, side), place);
                side_at.place = place;
                side_at.peer.move_to(real, side_at.manner.rtcp_port(real));
            }
            Action::Restart { side, is_new_source } => {
                let peer = &mut self.calls[slot].sides[side].peer;
                peer.restart(is_new_source, &mut self.random);
                peer.renew_sealer();
            }
            Action::Press { side, event } => self.press(slot, side, event),
            Action::Silence { ms } => {
                for side in &mut self.calls[slot].sides {
                    side.peer.quiet_until_us = self.plant.now_us + ms * 1000;
                }
            }
        }
    }

    fn press(&mut self, slot: usize, side: usize, event: u8) {
        let session = self.calls[slot].id;
        let peer = &mut self.calls[slot].sides[side].peer;
        if peer.press(self.digits.len(), event) {
            self.digits.push(Digit {
                session,
                side,
                event,
                is_heard: false,
                is_perhaps_heard: false,
                told: None,
            });
        }
    }

    fn open(&mut self, slot: usize) {
        self.last_session += 1;
        let now = self.clock();
        let call = &mut self.calls[slot];
        (call.id, call.epoch, call.timeout_told_us) = (self.last_session, 1, None);
        for (number, side) in call.sides.iter_mut().enumerate() {
            self.last_port += 2;
            side.port.port = self.last_port;
            if let Some(key) = &mut call.intended[number].receive {
                *key = 1000 * self.last_session as u32 + number as u32;
                call.intended[number].send = Some(*key + 10);
                side.peer.change_key(Some(*key));
            }
            // Where the peer is by now, signaling says.
            let (signalled, _) = side.manner.place((slot, number), side.place);
            (call.intended[number].accepts, call.intended[number].sends) = (true, true);
            call.intended[number].signalled = (self.random.below(8) > 0).then_some(signalled);
            side.peer.restart(true, &mut self.random);
            side.peer.renew_sealer();
            side.peer.repeats = self.sabotage.is_some_and(|sabotage| sabotage.repeats_indices());
            (side.peer.next_media_us, side.peer.next_report_us) =
                (self.plant.now_us, self.plant.now_us + 300_000);
        }
        call.is_ringing = true;
        let session = call.session(call.intended, self.seed, now);
        let command = Command::Open(Ticket(slot as u32), Slot(slot as u32), Box::new(Some(session)));
        self.commands.push((command, Effect::Open(slot, call.intended)));
    }

    fn update(&mut self, slot: usize) {
        let now = self.clock();
        let call = &mut self.calls[slot];
        if !call.is_ringing {
            return;
        }
        call.epoch += 1;
        let session = call.session(call.intended, self.seed, now);
        let command = Command::Update(Ticket(slot as u32), Slot(slot as u32), Box::new(Some(session)));
        self.commands.push((command, Effect::Follow(slot, call.intended)));
    }

    /// Ends a call, if it goes on.
    pub(crate) fn close(&mut self, slot: usize) {
        if core::mem::take(&mut self.calls[slot].is_ringing) {
            let command = Command::Close(Ticket(slot as u32), Slot(slot as u32), Box::new(None));
            self.commands.push((command, Effect::Close(slot)));
        }
    }

    /// The control thread reads its clock later than the worker did at the begin of the turn.
    fn clock(&mut self) -> Now {
        Now { us: self.plant.now_us + self.random.below(3000) }
    }
}
