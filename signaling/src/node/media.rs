//! From the fleet to the engine.

use call::MediaEvent;
use control::Reason;
use fleet::{FleetEvent, Refusal};
use telemetry::say;

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
