//! The netlink socket. Reading and writing it are what the standard library does with any file.

use std::fs::File;
use std::os::fd::{AsRawFd, FromRawFd};

use super::Errno;

/// Opens a socket for one of the protocols, such as NETLINK_ROUTE, of the calling thread's network namespace, which hears the notifications of `groups`.
pub(crate) fn open(protocol: libc::c_int, groups: u32, flags: libc::c_int) -> Result<File, Errno> {
    let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC | flags;
    // SAFETY: the call takes no addresses.
    let number = unsafe { libc::socket(libc::AF_NETLINK, kind, protocol) };
    if number < 0 {
        return Err(Errno::last());
    }
    // SAFETY: the kernel just made this descriptor for us, and nobody else knows it.
    let socket = unsafe { File::from_raw_fd(number) };
    let address = Address { family: libc::AF_NETLINK as libc::sa_family_t, padding: 0, port: 0, groups };
    // SAFETY: the address is as long as it is said to be, has the layout of `struct sockaddr_nl`, and outlives the
    // call, which only reads it.
    let result = unsafe {
        libc::bind(socket.as_raw_fd(), (&raw const address).cast(), size_of::<Address>() as libc::socklen_t)
    };
    if result < 0 { Err(Errno::last()) } else { Ok(socket) }
}

/// `struct sockaddr_nl`, whose padding libc does not let us write.
#[repr(C)]
struct Address {
    family: libc::sa_family_t,
    padding: libc::c_ushort,
    port: u32,
    groups: u32,
}

const _: () = assert!(size_of::<Address>() == size_of::<libc::sockaddr_nl>());
