//! Waiting: eventfd, epoll and poll.

use core::time::Duration;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use crate::sys::Errno;

/// Makes the counter that a [`Waker`](crate::Waker) adds to. Reading it never blocks.
pub(crate) fn eventfd() -> Result<OwnedFd, Errno> {
    // SAFETY: the call takes no memory of ours.
    let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
    owned(fd)
}

/// Sets an eventfd back to zero.
pub(crate) fn clear(event: BorrowedFd<'_>) {
    let mut count = [0u8; 8];
    // SAFETY: the kernel writes at most the 8 bytes of `count`. That the counter was zero already, the only failure
    // of a descriptor that does not block, is as good.
    let _ = unsafe { libc::read(event.as_raw_fd(), count.as_mut_ptr().cast(), count.len()) };
}

/// Waits until a descriptor can be read, a signal came or the time is over; returns whether it can be read.
pub(crate) fn wait_readable(fd: BorrowedFd<'_>, wait: Duration) -> bool {
    let mut polled = libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let wait = timespec(wait);
    // SAFETY: one `pollfd` and one `timespec` live on this stack during the call, and no signal mask is given. Its
    // failures, a signal and a kernel without memory, end the wait like its end.
    let ready = unsafe { libc::ppoll(&raw mut polled, 1, &raw const wait, core::ptr::null()) };
    ready > 0
}

/// A set of descriptors to wait for; each has a mark by which it is known.
pub(crate) struct Epoll {
    fd: OwnedFd,
}

impl Epoll {
    /// Makes an empty set.
    pub(crate) fn new() -> Result<Self, Errno> {
        // SAFETY: the call takes no memory of ours.
        let fd = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        owned(fd).map(|fd| Self { fd })
    }

    /// Adds a descriptor, to be told as long as it can be read. Closing the descriptor takes it out again.
    pub(crate) fn add(&self, fd: impl AsFd, mark: u64) -> Result<(), Errno> {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: mark };
        let fd = fd.as_fd().as_raw_fd();
        // SAFETY: both descriptors are open as they are borrowed, and the kernel only reads `event`.
        match unsafe { libc::epoll_ctl(self.fd.as_raw_fd(), libc::EPOLL_CTL_ADD, fd, &raw mut event) } {
            0 => Ok(()),
            _ => Err(Errno::last()),
        }
    }

    /// Waits until there is something to read, a signal came or the time is over; returns how many events it wrote.
    pub(crate) fn wait(&self, events: &mut [libc::epoll_event], wait: Duration) -> Result<usize, Errno> {
        let wait = timespec(wait);
        // SAFETY: the kernel writes at most `len` events behind `as_mut_ptr`, which is what the slice has room for; it
        // reads one `timespec` of this stack, and no signal mask is given.
        let count = unsafe {
            libc::syscall(
                libc::SYS_epoll_pwait2,
                self.fd.as_raw_fd(),
                events.as_mut_ptr(),
                events.len() as i32,
                &raw const wait,
                core::ptr::null::<libc::sigset_t>(),
                size_of::<u64>(),
            )
        };
        match usize::try_from(count) {
            Ok(count) => Ok(count),
            Err(_) if Errno::last() == Errno(libc::EINTR) => Ok(0),
            Err(_) => Err(Errno::last()),
        }
    }
}

fn timespec(wait: Duration) -> libc::timespec {
    libc::timespec {
        tv_sec: wait.as_secs().try_into().unwrap_or(i64::MAX),
        tv_nsec: wait.subsec_nanos().into(),
    }
}

fn owned(fd: i32) -> Result<OwnedFd, Errno> {
    if fd < 0 {
        return Err(Errno::last());
    }
    // SAFETY: the kernel has just opened the descriptor for this caller, so nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;

    use super::*;

    #[test]
    fn an_event_is_told_until_it_is_cleared() {
        let event = eventfd().unwrap();
        let epoll = Epoll::new().unwrap();
        epoll.add(&event, 42).unwrap();
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; 4];
        assert_eq!(epoll.wait(&mut events, Duration::ZERO), Ok(0));

        File::from(event.try_clone().unwrap()).write_all(&1u64.to_ne_bytes()).unwrap();
        for _ in 0..2 {
            assert_eq!(epoll.wait(&mut events, Duration::from_secs(9)), Ok(1));
            assert_eq!({ events[0].u64 }, 42);
        }
        assert!(wait_readable(event.as_fd(), Duration::from_secs(9)));

        clear(event.as_fd());
        assert_eq!(epoll.wait(&mut events, Duration::ZERO), Ok(0));
        assert!(!wait_readable(event.as_fd(), Duration::ZERO));
    }
}
