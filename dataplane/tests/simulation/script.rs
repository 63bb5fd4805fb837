//! What people and signaling do during a call, and when.

use netem::random::Random;

use crate::call::Wish;

/// One thing that is done, to one call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    /// The call begins, on ports that no call had before.
    Open,
    /// It ends.
    Close,
    /// Signaling says how one side is from now on.
    Tell { side: usize, change: Change },
    /// A wish that wishes nothing new.
    Refresh,
    /// A peer sends under another key.
    ChangeKey { side: usize, key: u32 },
    /// A peer is somewhere else.
    Move { side: usize, place: u8 },
    /// A peer begins another stream.
    Restart { side: usize, is_new_source: bool },
    /// Somebody presses a key.
    Press { side: usize, event: u8 },
    /// Nobody says a word for so long.
    Silence { ms: u64 },
}

/// What signaling may say of a side.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    /// Whether it is heard, and whether it hears.
    Hold { accepts: bool, sends: bool },
    /// The key that the peer sends under.
    Receive(u32),
    /// The key that we send under.
    Send(u32),
    /// Where the peer is: a place of those that it may have.
    Place(u8),
}

/// An action and its time after the beginning, in microseconds; those of the same call stand in their order.
pub(crate) type Timed = (u64, Action);

impl Change {
    /// Makes the change, but for the place, which only the call knows.
    pub(crate) fn apply(self, wish: &mut Wish) {
        match self {
            Self::Hold { accepts, sends } => (wish.accepts, wish.sends) = (accepts, sends),
            Self::Receive(key) => wish.receive = Some(key),
            Self::Send(key) => wish.send = Some(key),
            Self::Place(_) => {}
        }
    }
}

/// Draws the whole script of a call; `keys` hands out keys that nobody had before.
pub(crate) fn draw(
    protected: [bool; 2],
    length_us: u64,
    random: &mut Random,
    keys: &mut impl FnMut() -> u32,
) -> Vec<Timed> {
    let begin_us = random.below(800_000);
    let mut script = vec![(begin_us, Action::Open)];
    for _ in 0..random.below(9) {
        let at_us = begin_us + random.below(length_us);
        happening(at_us, protected, random, keys, &mut script);
    }
    if random.below(3) == 0 {
        let end_us = begin_us + random.below(length_us);
        script.push((end_us, Action::Close));
        if random.below(2) == 0 {
            // Not in the same turn: the last events of the old session are still to be told.
            script.push((end_us + 50_000 + random.below(500_000), Action::Open));
        }
    }
    script
}

fn happening(
    at_us: u64,
    protected: [bool; 2],
    random: &mut Random,
    keys: &mut impl FnMut() -> u32,
    script: &mut Vec<Timed>,
) {
    let side = random.below(2) as usize;
    // Who learns of a change first is a matter of luck: the peer or the worker.
    let mut soon = || at_us + random.below(300_000);
    let (peer_us, worker_us) = (soon(), soon());
    match random.below(10) {
        0 => {
            let [accepts, sends] = [random.below(2) == 0, random.below(2) == 0];
            script.push((at_us, Action::Tell { side, change: Change::Hold { accepts, sends } }));
            let end_us = at_us + 200_000 + random.below(2_000_000);
            script.push((end_us, Action::Tell { side, change: Change::Hold { accepts: true, sends: true } }));
        }
        1 | 2 if protected[side] => {
            let key = keys();
            script.push((peer_us, Action::ChangeKey { side, key }));
            script.push((worker_us, Action::Tell { side, change: Change::Receive(key) }));
        }
        2 | 3 if protected[side] => {
            script.push((worker_us, Action::Tell { side, change: Change::Send(keys()) }));
        }
        4 => {
            let place = random.below(4) as u8;
            script.push((peer_us, Action::Move { side, place }));
            script.push((worker_us, Action::Tell { side, change: Change::Place(place) }));
        }
        5 => script.push((at_us, Action::Refresh)),
        6 => script.push((at_us, Action::Restart { side, is_new_source: true })),
        7 if !protected[side] => script.push((at_us, Action::Restart { side, is_new_source: false })),
        8 => script.push((at_us, Action::Silence { ms: 500 + random.below(7000) })),
        _ => {
            for press in 0..=random.below(3) {
                let event = random.below(16) as u8;
                script.push((at_us + press * 400_000, Action::Press { side, event }));
            }
        }
    }
}
