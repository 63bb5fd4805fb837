//! A role of this very program, as a process of its own.

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How often a process that was asked to end is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// A process. Dropped, it is killed, if it has not ended before.
pub(crate) struct Role {
    child: Child,
}

impl Role {
    /// Starts a role with its words; where its output goes is the caller's choice.
    pub(crate) fn start(words: &[OsString], stdout: Stdio, stderr: Stdio) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let child = command.args(words).stdin(Stdio::null()).stdout(stdout).stderr(stderr).spawn()?;
        Ok(Self { child })
    }

    /// Takes the end of its output.
    pub(crate) fn stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Returns how it ended, if it has.
    pub(crate) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait()
    }

    /// Asks it to end, and waits; who takes too long is killed.
    pub(crate) fn end(&mut self, patience: Duration) -> io::Result<()> {
        let deadline = Instant::now() + patience;
        if let Ok(id) = i32::try_from(self.child.id()) {
            // One that has ended already is what was wanted.
            let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
        }
        while self.ended()?.is_none() {
            if Instant::now() > deadline {
                self.child.kill()?;
            }
            thread::sleep(LOOK);
        }
        Ok(())
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        // It has ended before, or ends now: either is right here.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// Makes the words of a command line of what is there.
pub(crate) fn words<'w>(
    words: impl IntoIterator<Item = &'w (impl AsRef<OsStr> + ?Sized + 'w)>,
) -> Vec<OsString> {
    words.into_iter().map(|word| word.as_ref().to_owned()).collect()
}
