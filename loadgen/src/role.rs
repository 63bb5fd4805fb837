//! A role of `trunkline`, as a process of its own: started, waited for until it is ready, and ended in order.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, getpid, getppid, kill_process, set_parent_process_death_signal};

/// How often a process that was asked to end is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// By this variable a role knows who has started it.
const STARTER: &str = "TRUNKLINE_STARTED_BY";

/// Has this process end when the one that started it as a [`Role`] has ended, killed or not: nobody would look after it, and
/// its sockets would be in the way of the next one. Does nothing in a process that is nobody's role.
///
/// # Errors
///
/// If the kernel refuses, or whoever has started it is gone already.
pub fn follow_starter() -> io::Result<()> {
    let starter = std::env::var(STARTER).ok().and_then(|text| text.parse().ok()).and_then(Pid::from_raw);
    let Some(starter) = starter else { return Ok(()) };
    set_parent_process_death_signal(Some(Signal::TERM))?;
    match getppid() == Some(starter) {
        true => Ok(()),
        false => Err(io::Error::other("whoever has started this process has ended")),
    }
}

/// A process. Dropped, it is killed, if it has not ended before.
pub struct Role {
    child: Child,
}

impl Role {
    /// Starts a program with its words; where its output goes is the caller's choice. The thread that does so has to live
    /// as long as the role is wanted: the kernel takes its end for the starter's.
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub fn start(
        program: &Path,
        words: &[impl AsRef<OsStr>],
        stdout: Stdio,
        stderr: Stdio,
    ) -> io::Result<Self> {
        let mut command = Command::new(program);
        command.args(words).env(STARTER, getpid().to_string());
        let child = command.stdin(Stdio::null()).stdout(stdout).stderr(stderr).spawn()?;
        Ok(Self { child })
    }

    /// Returns its number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it says, on the output that was piped, that it is ready. Returns what it has said before; nothing if it
    /// has ended instead.
    ///
    /// # Errors
    ///
    /// If what it says cannot be read.
    pub fn said_until_ready(&mut self) -> io::Result<Option<Vec<String>>> {
        let mut said = Vec::new();
        let Some(stdout) = self.child.stdout.take() else { return Ok(None) };
        for line in BufReader::new(stdout).lines() {
            match line? {
                line if line == "ready" => return Ok(Some(said)),
                line => said.push(line),
            }
        }
        Ok(None)
    }

    /// Returns how it ended, if it has.
    ///
    /// # Errors
    ///
    /// If the kernel does not tell.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Waits for its end.
    ///
    /// # Errors
    ///
    /// If the kernel does not tell.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait()
    }

    /// Asks it to end, and waits; who takes too long is killed.
    ///
    /// # Errors
    ///
    /// If the kernel does not tell.
    pub fn end(&mut self, patience: Duration) -> io::Result<()> {
        let deadline = Instant::now() + patience;
        if self.ended()?.is_none() {
            // One that has ended since is what is wanted.
            let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
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
