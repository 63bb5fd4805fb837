//! What the fleet owes whoever owns the calls, checked event by event.

use std::collections::BTreeMap;

use control::{Epoch, Ports, SessionId};
use fleet::{FleetEvent, Refusal};

use crate::spec::Note;

/// A session as the owner of the call knows it.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) stage: Stage,
    /// The wish that holds, as far as was told.
    pub(crate) held: Option<Epoch>,
    pub(crate) ports: Option<Ports>,
    /// Every wish that was said, by its epoch.
    pub(crate) notes: BTreeMap<Epoch, Note>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Opening,
    Open,
    Adopting,
    /// It was closed; whether it was open then.
    Closing,
}

#[derive(Default)]
pub(crate) struct Judge {
    pub(crate) known: BTreeMap<SessionId, Known>,
    /// Sessions that were closed before they were open: `Refused` has to come before `Closed`.
    withdrawn: Vec<SessionId>,
    /// Keys that peers may use, with their node and their beginning there.
    keys_in_use: BTreeMap<u64, (usize, u64)>,
    pub(crate) seen: Seen,
}

macro_rules! seen {
    ($($field:ident)*) => {
        /// How often each thing happened.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub(crate) struct Seen {
            $(pub(crate) $field: u64,)*
        }

        impl Seen {
            pub(crate) fn add(&mut self, other: &Self) {
                $(self.$field += other.$field;)*
            }

            pub(crate) fn counts(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($field), self.$field)),*]
            }
        }
    };
}
seen! {
    opened refused_by_media refused_no_node refused_queue_full refused_withdrawn applied update_refused adopted
    reopened lost closed closed_without_summary media nodes_up nodes_down restarts
}

impl Judge {
    pub(crate) fn expect_open(&mut self, note: Note) {
        let notes = BTreeMap::from([(note.epoch, note)]);
        let known = Known { stage: Stage::Opening, held: None, ports: None, notes };
        assert!(self.known.insert(note.session, known).is_none());
    }

    pub(crate) fn expect_adoption(&mut self, note: Note) {
        self.expect_open(note);
        self.known.get_mut(&note.session).expect("it was just put there").stage = Stage::Adopting;
    }

    pub(crate) fn expect_close(&mut self, session: SessionId) {
        let known = self.known.get_mut(&session).expect("only what is known is closed");
        if known.stage == Stage::Opening {
            self.withdrawn.push(session);
        }
        known.stage = Stage::Closing;
    }

    /// Checks that a key that peers may use has not begun once more, on the same node or another.
    pub(crate) fn see_key(&mut self, node: usize, key: u64, begun: u64) {
        let before = *self.keys_in_use.entry(key).or_insert((node, begun));
        assert_eq!(before, (node, begun), "the indices of key {key} begin again");
    }

    pub(crate) fn hear(&mut self, event: FleetEvent) {
        match event {
            FleetEvent::Opened { session, epoch, ports } => {
                self.seen.opened += 1;
                self.holds(session, &[Stage::Opening], epoch, Some(ports));
            }
            FleetEvent::Adopted { session, epoch, ports } => {
                self.seen.adopted += 1;
                self.holds(session, &[Stage::Adopting], epoch, Some(ports));
            }
            FleetEvent::Applied { session, epoch } => {
                self.seen.applied += 1;
                self.holds(session, &[Stage::Open], epoch, None);
            }
            FleetEvent::Reopened { session, epoch, ports } => {
                self.seen.reopened += 1;
                self.holds(session, &[Stage::Open, Stage::Adopting], epoch, Some(ports));
            }
            FleetEvent::UpdateRefused { session, epoch, .. } => {
                self.seen.update_refused += 1;
                let known = &self.known[&session];
                assert!(known.stage == Stage::Open && known.held < Some(epoch), "{known:?}");
            }
            FleetEvent::Refused { session, reason } => self.refused(session, reason),
            FleetEvent::Lost { session } => {
                self.seen.lost += 1;
                let known = self.known.remove(&session).expect("it is lost once");
                assert!(matches!(known.stage, Stage::Open | Stage::Adopting), "{session:?}: {known:?}");
            }
            FleetEvent::Closed { session, summary } => {
                self.seen.closed += 1;
                self.seen.closed_without_summary += u64::from(summary.is_none());
                assert!(!self.withdrawn.contains(&session), "{session:?}: it is refused first");
                let known = self.known.remove(&session).expect("it is closed once");
                assert_eq!(known.stage, Stage::Closing);
            }
            FleetEvent::Media(_) => {
                self.seen.media += 1;
            }
            FleetEvent::EventsLost { .. } => {}
            FleetEvent::NodeUp { .. } => {
                self.seen.nodes_up += 1;
            }
            FleetEvent::NodeDown { .. } => {
                self.seen.nodes_down += 1;
            }
        }
    }

    fn holds(&mut self, session: SessionId, stages: &[Stage], epoch: Epoch, ports: Option<Ports>) {
        let known = self.known.get_mut(&session).expect("only what is wished is told of");
        assert!(stages.contains(&known.stage), "{session:?}: {known:?}");
        assert!(known.held <= Some(epoch), "{session:?}: wishes only rise");
        known.stage = Stage::Open;
        known.held = Some(epoch);
        known.ports = ports.or(known.ports);
    }

    fn refused(&mut self, session: SessionId, reason: Refusal) {
        *match reason {
            Refusal::Media(_) => &mut self.seen.refused_by_media,
            Refusal::NoNode => &mut self.seen.refused_no_node,
            Refusal::QueueFull => &mut self.seen.refused_queue_full,
            Refusal::Withdrawn => &mut self.seen.refused_withdrawn,
        } += 1;
        if reason == Refusal::Withdrawn {
            let place = self.withdrawn.iter().position(|one| *one == session);
            self.withdrawn.remove(place.expect("it was withdrawn, and told once"));
        } else {
            let known = self.known.remove(&session).expect("it is refused once");
            assert_eq!(known.stage, Stage::Opening, "{session:?}");
        }
    }

    /// Signaling knows nothing any more; keys are in use all the same.
    pub(crate) fn begin_again(&mut self) {
        self.known.clear();
        self.withdrawn.clear();
        self.seen.restarts += 1;
    }

    pub(crate) fn check_settled(&self) {
        assert!(self.withdrawn.is_empty());
        for (session, known) in &self.known {
            assert_eq!(known.stage, Stage::Open, "{session:?} was not answered: {known:?}");
        }
    }
}
