//! Which nodes there are, and how patient we are with them.

use core::fmt;
use core::time::Duration;
use std::path::PathBuf;

use control::Name;

/// A media node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSetup {
    /// What it is called: in the journal, in lines and events. Sessions stay with the name.
    pub name: Name,
    /// Its control socket.
    pub socket: PathBuf,
}

/// How patient the fleet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long a session that nobody wishes is left alone after it was found: its owner may be about to adopt it.
    pub grace: Duration,
    /// How long a node may be away until its sessions are given up.
    pub away_max: Duration,
    /// How long a question may wait for its answer until the node counts as hung.
    pub silence_max: Duration,
    /// The most sessions that wait to be opened, for each node. Changes and closings always find room.
    pub opens_waiting_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(30),
            away_max: Duration::from_secs(30),
            silence_max: Duration::from_secs(3),
            opens_waiting_max: 4096,
        }
    }
}

/// The most nodes: one bit each of those that have refused a session.
pub const NODES_MAX: usize = 64;

/// The longest path of a Unix socket: 108 bytes with a zero at the end (unix(7)).
pub(crate) const SOCKET_PATH_MAX: usize = 107;

/// Why these nodes are no fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetupError {
    /// There are too many.
    TooMany {
        /// So many.
        found: usize,
    },
    /// Two have the same name.
    NameTwice(Name),
    /// A path is too long for a Unix socket.
    PathTooLong(PathBuf),
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany { found } => {
                write!(f, "media nodes: wanted at most {NODES_MAX}, found {found}; leave some out")
            }
            Self::NameTwice(name) => {
                let name = name.as_str();
                write!(f, "media nodes: wanted a name for each, found {name} twice; rename one")
            }
            Self::PathTooLong(path) => write!(
                f,
                "media nodes: wanted a socket path of at most {SOCKET_PATH_MAX} bytes, found {}; use a shorter folder",
                path.display()
            ),
        }
    }
}

impl core::error::Error for SetupError {}

/// Takes nodes that have names of their own and sockets that can be.
pub(crate) fn check(nodes: &[NodeSetup]) -> Result<(), SetupError> {
    if nodes.len() > NODES_MAX {
        return Err(SetupError::TooMany { found: nodes.len() });
    }
    for (place, node) in nodes.iter().enumerate() {
        if nodes.iter().take(place).any(|other| other.name == node.name) {
            return Err(SetupError::NameTwice(node.name.clone()));
        }
        if node.socket.as_os_str().len() > SOCKET_PATH_MAX {
            return Err(SetupError::PathTooLong(node.socket.clone()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_fleet_is_told_before_anything_is_tried() {
        let node =
            |name: &str, socket: &str| NodeSetup { name: Name::new(name).unwrap(), socket: socket.into() };
        assert_eq!(check(&[node("a", "a.sock"), node("b", &"b".repeat(SOCKET_PATH_MAX))]), Ok(()));
        let twice = check(&[node("a", "a.sock"), node("b", "b.sock"), node("a", "c.sock")]).unwrap_err();
        assert_eq!(twice.to_string(), "media nodes: wanted a name for each, found a twice; rename one");
        let long = check(&[node("a", &"b".repeat(SOCKET_PATH_MAX + 1))]).unwrap_err();
        assert!(matches!(long, SetupError::PathTooLong(_)));
        let many: Vec<NodeSetup> = (0..=NODES_MAX).map(|number| node(&format!("n{number}"), "a")).collect();
        assert_eq!(check(&many), Err(SetupError::TooMany { found: 65 }));
    }
}
