//! What became of a commit whose answer never came.

use std::time::Duration;

use tokio::time::Instant;

use crate::document::Revision;
use crate::error::Error;

use super::Postgres;
use super::session::Session;

/// A commit is known by a name that nobody else gives.
pub(super) fn name() -> Result<[u8; 16], Error> {
    let mut name = [0; 16];
    getrandom::fill(&mut name)
        .map_err(|cause| Error::Unavailable { cause: format!("no random numbers: {cause}") })?;
    Ok(name)
}

impl Postgres {
    /// Asks until there is an answer, or no time is left.
    pub(super) fn outcome(
        &mut self,
        deadline: Instant,
        expected: Revision,
        name: &[u8; 16],
        cause: String,
    ) -> Result<Revision, Error> {
        loop {
            match self.run(deadline, async |session| ask(session, expected, name).await) {
                Ok(true) => return Ok(expected.next()),
                Ok(false) => return Err(Error::Unavailable { cause }),
                Err(Error::Unavailable { .. }) if Instant::now() + ASK_AGAIN < deadline => {
                    std::thread::sleep(ASK_AGAIN);
                }
                Err(_unanswered) => return Err(Error::Undecided { cause }),
            }
        }
    }
}

/// Whether the commit of this name was done. The lock is had when whatever the old connection was at is over, one way or
/// the other: it took the same lock before it could commit.
async fn ask(session: &mut Session, expected: Revision, name: &[u8; 16]) -> Result<bool, Error> {
    session.name_of(expected.next()).await.map(|found| found == Some(*name))
}

/// A server that is restarted is back soon.
const ASK_AGAIN: Duration = Duration::from_millis(100);
