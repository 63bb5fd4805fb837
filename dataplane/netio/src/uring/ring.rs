//! One io_uring: requests in, completions out.

use core::time::Duration;
use std::fs;
use std::os::fd::{AsRawFd, BorrowedFd};

use io_uring::{IoUring, opcode, squeue, types};

use crate::error::{DriverError, SetupError, no_descriptor};
use crate::frame::BATCH_MAX;
use crate::sys::{Errno, uring};

/// Requests that fit before they must be submitted: a batch to send, and as many receivers to start.
const SUBMISSIONS: u32 = 128;
/// What a ring is opened with that nobody will use: as small as the kernel takes it.
pub(crate) const PROBE_COMPLETIONS: u32 = 2 * SUBMISSIONS;
/// How often the kernel may take none of the requests before it counts as broken.
const TRIES_MAX: u32 = 8;
/// What marks the completions of the waker; the upper byte of others is that of their owner, and never this.
const WAKE: u64 = u64::MAX;

/// A ring that starts with the thread that first uses it.
///
/// It may be opened by one thread and used by another, which it then belongs to: until [`Ring::start`] it holds no
/// requests, only sockets.
pub(crate) struct Ring {
    ring: IoUring,
    is_started: bool,
    is_woken: bool,
    read: u64,
    system_calls: u64,
}

/// What has become of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Completion {
    /// What the request was marked with.
    pub(crate) mark: u64,
    /// The count of bytes, or why it failed.
    pub(crate) result: Result<u32, Errno>,
    /// The buffer that the kernel has taken for it.
    pub(crate) buffer: Option<u16>,
    /// Whether the same request will complete again.
    pub(crate) continues: bool,
}

impl Ring {
    /// Opens a ring with room for so many completions that nobody has looked at.
    pub(crate) fn open(driver: &'static str, completions: u32) -> Result<Self, SetupError> {
        match uring::open(SUBMISSIONS, completions) {
            Ok(ring) => Ok(Self { ring, is_started: false, is_woken: false, read: 0, system_calls: 0 }),
            Err(errno) => Err(refused(driver, errno)),
        }
    }

    /// Returns the ring itself, to register memory and sockets.
    pub(crate) fn registry(&self) -> &IoUring {
        &self.ring
    }

    /// Returns how often the kernel was entered.
    pub(crate) fn system_calls(&self) -> u64 {
        self.system_calls
    }

    /// Tells whether the ring belongs to a thread.
    pub(crate) fn is_started(&self) -> bool {
        self.is_started
    }

    /// Gives the ring to the calling thread, if it belongs to none yet, and listens to the waker.
    #[inline]
    pub(crate) fn start(&mut self, event: BorrowedFd<'_>) -> Result<(), DriverError> {
        if self.is_started {
            return Ok(());
        }
        uring::enable(&self.ring).map_err(|errno| broken("io_uring_register", errno))?;
        self.is_started = true;
        self.listen(event)
    }

    /// Tells whether the waker was called since this was last asked.
    pub(crate) fn take_woken(&mut self) -> bool {
        core::mem::take(&mut self.is_woken)
    }

    /// Queues a request; submits those before it if there is no room.
    ///
    /// # Safety
    ///
    /// What the request points to must stay valid until the next [`Ring::submit`] has returned, and
    /// what it reads or writes later until it is complete.
    #[inline]
    pub(crate) unsafe fn push(&mut self, request: &squeue::Entry) -> Result<(), DriverError> {
        // SAFETY: exactly what the caller promises.
        if unsafe { uring::push(&mut self.ring, request) } {
            return Ok(());
        }
        self.submit()?;
        // SAFETY: as above.
        let pushed = unsafe { uring::push(&mut self.ring, request) };
        assert!(pushed, "all requests were submitted, so there is room");
        Ok(())
    }

    /// Lets the kernel have all requests. Those that need not wait are complete when this returns.
    ///
    /// The same call runs what is pending, unless there are completions enough for the next batch: to receive further
    /// ahead would only use up buffers.
    pub(crate) fn submit(&mut self) -> Result<(), DriverError> {
        for _ in 0..TRIES_MAX {
            if self.ring.submission().is_empty() {
                return Ok(());
            }
            if (self.completions() as usize) < BATCH_MAX {
                self.run()?;
            } else {
                self.system_calls += 1;
                checked(uring::submit(&mut self.ring))?;
            }
        }
        Err(broken("io_uring_enter", Errno(libc::EAGAIN)))
    }

    /// Submits all requests, and lets the kernel do what is pending: as much as nobody has looked at yet, at least 20
    /// receivers.
    ///
    /// The kernel runs as many as it is told to wait for. To be told so many that are there already keeps it from
    /// waiting, whereas a wait of no time at all would still set a timer and sleep.
    pub(crate) fn run(&mut self) -> Result<(), DriverError> {
        let done = self.completions();
        self.enter(done, Duration::ZERO)
    }

    /// Submits all requests, and waits until there are so many completions or the time is over.
    pub(crate) fn wait(&mut self, completions: u32, wait: Duration) -> Result<(), DriverError> {
        if wait.is_zero() {
            return self.run();
        }
        self.enter(completions, wait)
    }

    /// Returns how many completions nobody has looked at.
    #[inline]
    pub(crate) fn completions(&mut self) -> u32 {
        self.ring.completion().len() as u32
    }

    /// Returns how many completions were read since the ring was opened.
    pub(crate) fn read(&self) -> u64 {
        self.read
    }

    /// Tells whether the kernel has something to do that only entering lets it do.
    #[inline]
    pub(crate) fn is_pending(&mut self) -> bool {
        let queue = self.ring.submission();
        queue.taskrun() || queue.cq_overflow()
    }

    /// Returns the oldest completion; those of the waker are only noted.
    #[inline]
    pub(crate) fn next(&mut self, event: BorrowedFd<'_>) -> Result<Option<Completion>, DriverError> {
        loop {
            let entry = self.ring.completion().next();
            let Some(entry) = entry else { return Ok(None) };
            self.read += 1;
            let continues = io_uring::cqueue::more(entry.flags());
            if entry.user_data() == WAKE {
                self.is_woken = true;
                if !continues {
                    self.listen(event)?;
                }
                continue;
            }
            let result = entry.result();
            return Ok(Some(Completion {
                mark: entry.user_data(),
                result: u32::try_from(result).map_err(|_| Errno(-result)),
                buffer: io_uring::cqueue::buffer_select(entry.flags()),
                continues,
            }));
        }
    }

    /// Lets every call of the waker complete once. The count in its eventfd is never read, as it is not needed.
    fn listen(&mut self, event: BorrowedFd<'_>) -> Result<(), DriverError> {
        let poll = opcode::PollAdd::new(types::Fd(event.as_raw_fd()), libc::POLLIN as u32).multi(true);
        // SAFETY: the request points to no memory.
        unsafe { self.push(&poll.build().user_data(WAKE)) }
    }

    fn enter(&mut self, completions: u32, wait: Duration) -> Result<(), DriverError> {
        self.system_calls += 1;
        checked(uring::enter(&self.ring, completions, wait))
    }
}

fn checked(entered: Result<(), Errno>) -> Result<(), DriverError> {
    match entered {
        // The kernel wants us to look at completions first, or is short of memory for a moment.
        Ok(()) | Err(Errno(libc::EBUSY | libc::EAGAIN | libc::ENOMEM | libc::EINTR)) => Ok(()),
        Err(errno) => Err(broken("io_uring_enter", errno)),
    }
}

/// Says which operation failed that always worked.
pub(crate) fn broken(operation: &'static str, Errno(errno): Errno) -> DriverError {
    DriverError::Kernel { operation, errno }
}

/// Says why there is no ring, and what to do.
fn refused(driver: &'static str, errno: Errno) -> SetupError {
    let switch = fs::read_to_string("/proc/sys/kernel/io_uring_disabled").unwrap_or_default();
    explain(driver, errno, switch.trim())
}

fn explain(driver: &'static str, errno: Errno, switch: &str) -> SetupError {
    let (found, remedy) = match (errno.0, switch) {
        (libc::EMFILE | libc::ENFILE, _) => return no_descriptor(driver, errno),
        (libc::EPERM, "1" | "2") => (
            format!("kernel.io_uring_disabled = {switch}"),
            "type: sysctl -w kernel.io_uring_disabled=0; or choose driver mmsg",
        ),
        (libc::EPERM | libc::EACCES, _) => (
            format!("{errno}, by a filter of system calls"),
            "allow io_uring_setup, io_uring_enter and io_uring_register in the seccomp profile of the container; or \
             choose driver mmsg",
        ),
        (libc::ENOSYS | libc::EINVAL, _) => (
            format!("an older kernel ({errno})"),
            "type: uname -r, and boot 6.1 or later; or choose driver mmsg",
        ),
        (libc::ENOMEM, _) => {
            (errno.to_string(), "type: ulimit -l unlimited, or LimitMEMLOCK=infinity in the unit")
        }
        _ => (errno.to_string(), "choose driver mmsg"),
    };
    SetupError { driver, wanted: "io_uring of Linux 6.1".to_owned(), found, remedy: remedy.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;
    use std::thread;

    use super::*;
    use crate::waker::Waker;

    #[test]
    fn a_refusal_says_what_to_type() {
        let text = |errno, switch| explain("uring-sockets", Errno(errno), switch).to_string();
        assert!(text(libc::EPERM, "2").contains("sysctl -w kernel.io_uring_disabled=0"));
        assert!(text(libc::EPERM, "0").contains("seccomp"));
        assert!(text(libc::ENOSYS, "").contains("6.1"));
        assert!(text(libc::EMFILE, "0").contains("ulimit -n"));
    }

    #[test]
    fn a_ring_belongs_to_the_thread_that_starts_it() {
        let mut ring = Ring::open("uring-sockets", 256).unwrap();
        let (event, _waker) = Waker::pair("uring-sockets").unwrap();
        thread::scope(|scope| {
            let other = scope.spawn(|| {
                ring.start(event.as_fd()).unwrap();
                ring.submit().unwrap();
            });
            other.join().unwrap();
        });
        assert_eq!(
            ring.wait(1, Duration::from_millis(1)),
            Err(DriverError::Kernel { operation: "io_uring_enter", errno: libc::EEXIST })
        );
    }

    #[test]
    fn every_call_of_the_waker_is_noted() {
        let mut ring = Ring::open("uring-sockets", 256).unwrap();
        let (event, waker) = Waker::pair("uring-sockets").unwrap();
        ring.start(event.as_fd()).unwrap();
        for _ in 0..3 {
            waker.wake();
            ring.wait(1, Duration::from_secs(9)).unwrap();
            assert!(ring.next(event.as_fd()).unwrap().is_none());
            assert!(ring.take_woken());
            assert!(!ring.take_woken());
        }
    }
}
