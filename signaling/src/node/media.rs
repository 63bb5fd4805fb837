//! From the fleet to the engine.

use std::io;
use std::time::Duration;

use call::{Input, MediaEvent};
use control::Reason;
use fleet::{FleetEvent, Refusal};
use telemetry::say;
use transport::Arrival;

use super::Node;

/// How long a node that starts waits for media, which a busy host may take seconds to start. Without any it starts, too, and
/// refuses calls until there is some.
const MEETING_MAX: Duration = Duration::from_secs(3);
/// How long it waits at a time.
const MEETING_TURN: Duration = Duration::from_millis(10);
/// How many messages wait meanwhile; the others are as if the network had lost them.
const EARLY_MAX: usize = 1_000;

impl Node {
    /// Waits until calls can have media. After a restart peers repeat what was not answered at once, and a call that comes
    /// a millisecond too early would be refused.
    pub(super) fn meet_media(&mut self) -> io::Result<()> {
        let mut early = Vec::new();
        while self.started.elapsed() < MEETING_MAX && !self.fleet.nodes().any(|(_, is_up)| is_up) {
            let (fleet, started) = (&mut self.fleet, self.started);
            self.transport.poll(Some(MEETING_TURN), &self.guard, &mut |arrival| match arrival {
                Arrival::Message { flow, bytes } if early.len() < EARLY_MAX => {
                    early.push((flow, bytes.to_vec()));
                }
                Arrival::Guest(token) => fleet.ready(token, started.elapsed()),
                Arrival::Message { .. }
                | Arrival::Failed { .. }
                | Arrival::Closed { .. }
                | Arrival::Woken => {}
            })?;
            self.hear_media();
        }
        for (flow, bytes) in early {
            self.engine.handle(self.moment(), Input::Received { flow, bytes: &bytes });
        }
        Ok(())
    }
}

/// Returns what the engine has to know of it; the rest is a line in the log.
pub(super) fn event(event: FleetEvent) -> Option<MediaEvent> {
    match event {
        FleetEvent::Opened { session, epoch, ports } => Some(MediaEvent::Opened { session, epoch, ports }),
        FleetEvent::Applied { session, epoch } => Some(MediaEvent::Applied { session, epoch }),
        FleetEvent::Refused { session, reason } => {
            let reason = match reason {
                Refusal::Media(reason) => reason,
                Refusal::NoNode | Refusal::QueueFull | Refusal::Withdrawn => Reason::NoResources,
            };
            Some(MediaEvent::Refused { session, reason })
        }
        FleetEvent::UpdateRefused { session, reason, .. } => Some(MediaEvent::Refused { session, reason }),
        // Peers know the ports that are gone, and their keys must not be used anew.
        FleetEvent::Lost { session } | FleetEvent::Reopened { session, .. } => {
            Some(MediaEvent::Lost { session })
        }
        FleetEvent::Media(control::Event::MediaTimeout { session }) => Some(MediaEvent::TimedOut { session }),
        FleetEvent::NodeUp { node } => {
            say!(Info, "media node is up", node = node.as_str());
            None
        }
        FleetEvent::NodeDown { node } => {
            say!(Warn, "media node is down", node = node.as_str());
            None
        }
        FleetEvent::Media(_)
        | FleetEvent::Adopted { .. }
        | FleetEvent::Closed { .. }
        | FleetEvent::EventsLost { .. } => None,
    }
}
