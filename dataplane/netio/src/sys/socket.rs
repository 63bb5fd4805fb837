//! UDP sockets: making them, and moving many packets with one call.

use core::net::IpAddr;
use core::ops::Range;
use core::ptr::{self, NonNull};
use std::net::UdpSocket;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use crate::address::Endpoint;
use crate::driver::Statistics;
use crate::error::LeaseError;
use crate::frame::VOICE_TRAFFIC_CLASS;
use crate::sys::Errno;
use crate::sys::message::{CONTROL_BYTES, Mark, NAME_BYTES, Name, Notes, endpoint, parse_control};

/// Opens a socket that has a port for itself.
pub(crate) fn bind(address: IpAddr, port: u16) -> Result<OwnedFd, LeaseError> {
    match UdpSocket::bind((address, port)) {
        Ok(socket) => Ok(socket.into()),
        Err(error) => Err(lease_error(error.into())),
    }
}

/// Says what the kernel's refusal means for a lease.
pub(crate) fn lease_error(errno: Errno) -> LeaseError {
    match errno.0 {
        libc::EADDRINUSE => LeaseError::InUse,
        libc::EADDRNOTAVAIL => LeaseError::NotLocal,
        libc::EMFILE | libc::ENFILE => LeaseError::NoDescriptors,
        libc::ENOMEM | libc::ENOBUFS => LeaseError::NoMemory,
        errno => LeaseError::Refused(errno),
    }
}

/// Prepares a bound socket for media: it never blocks, marks what it sends as voice unless told otherwise, tells the
/// traffic class and the loss of what it receives, and neither fragments nor believes forged reports about the path.
pub(crate) fn prepare(socket: BorrowedFd<'_>, bound_to: &Endpoint) -> Result<(), LeaseError> {
    if local(socket).map_err(lease_error)? != Some(*bound_to) {
        return Err(LeaseError::Refused(libc::EINVAL));
    }
    let options: &[(i32, i32, i32)] = match bound_to.address() {
        IpAddr::V4(_) => &[
            (libc::SOL_SOCKET, libc::SO_RXQ_OVFL, 1),
            (libc::IPPROTO_IP, libc::IP_RECVTOS, 1),
            (libc::IPPROTO_IP, libc::IP_MTU_DISCOVER, libc::IP_PMTUDISC_INTERFACE),
            (libc::IPPROTO_IP, libc::IP_RECVERR, 0),
            (libc::IPPROTO_IP, libc::IP_TOS, VOICE_TRAFFIC_CLASS.into()),
        ],
        IpAddr::V6(_) => &[
            (libc::SOL_SOCKET, libc::SO_RXQ_OVFL, 1),
            (libc::IPPROTO_IPV6, libc::IPV6_RECVTCLASS, 1),
            (libc::IPPROTO_IPV6, libc::IPV6_MTU_DISCOVER, libc::IPV6_PMTUDISC_INTERFACE),
            (libc::IPPROTO_IPV6, libc::IPV6_RECVERR, 0),
            (libc::IPPROTO_IPV6, libc::IPV6_TCLASS, VOICE_TRAFFIC_CLASS.into()),
        ],
    };
    for &(level, name, value) in options {
        set(socket, level, name, value).map_err(lease_error)?;
    }
    set_nonblocking(socket).map_err(lease_error)
}

/// Gives a socket that sends for all ports of a driver room for everything that the driver can have on the way out.
pub(crate) fn set_send_buffer(socket: BorrowedFd<'_>) -> Result<(), Errno> {
    set(socket, libc::SOL_SOCKET, libc::SO_SNDBUFFORCE, SEND_BUFFER_BYTES)
}

/// A packet on its way through the kernel counts with about 1 KB: this holds every frame of a driver with 16,384.
const SEND_BUFFER_BYTES: i32 = 16 << 20;

/// Sets an option that is a number.
pub(crate) fn set(socket: BorrowedFd<'_>, level: i32, name: i32, value: i32) -> Result<(), Errno> {
    set_option(socket, level, name, &value)
}

/// Sets an option of a socket, to a structure or a number as the kernel expects it for that option.
pub(crate) fn set_option<T: Copy>(
    socket: BorrowedFd<'_>,
    level: libc::c_int,
    name: libc::c_int,
    value: &T,
) -> Result<(), Errno> {
    let len = size_of::<T>() as libc::socklen_t;
    // SAFETY: the kernel reads `len` bytes at `value`, which lives during the call.
    match unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const *value).cast(), len) } {
        0 => Ok(()),
        _ => Err(Errno::last()),
    }
}

/// Sends an IP packet through a raw socket; never waits.
pub(crate) fn send_raw(socket: BorrowedFd<'_>, packet: &[u8], to: &Endpoint) -> Result<(), Errno> {
    // The kernel would take a port for a protocol number.
    let mut name = Name::new(&to.with_port(0));
    let (name, name_bytes) = name.parts();
    let flags = libc::MSG_DONTWAIT;
    // SAFETY: the kernel reads the packet and the name, both as long as they are said to be and alive during the call.
    let sent = unsafe {
        libc::sendto(socket.as_raw_fd(), packet.as_ptr().cast(), packet.len(), flags, name.cast(), name_bytes)
    };
    if sent < 0 { Err(Errno::last()) } else { Ok(()) }
}

/// Returns how many packets the kernel has dropped because the socket was full, or they were damaged.
pub(crate) fn dropped(socket: BorrowedFd<'_>) -> u32 {
    let mut memory = [0u32; libc::SK_MEMINFO_DROPS as usize + 1];
    let mut len = size_of_val(&memory) as libc::socklen_t;
    let target = memory.as_mut_ptr().cast();
    // SAFETY: the kernel writes at most `len` bytes, which `memory` has. It cannot fail for a socket.
    let _ = unsafe {
        libc::getsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_MEMINFO, target, &raw mut len)
    };
    memory[libc::SK_MEMINFO_DROPS as usize]
}

fn set_nonblocking(socket: BorrowedFd<'_>) -> Result<(), Errno> {
    let mut yes: libc::c_int = 1;
    // SAFETY: FIONBIO reads one int, which lives during the call.
    match unsafe { libc::ioctl(socket.as_raw_fd(), libc::FIONBIO, &raw mut yes) } {
        0 => Ok(()),
        _ => Err(Errno::last()),
    }
}

/// Returns what a socket is bound to; none if that is no IP address.
fn local(socket: BorrowedFd<'_>) -> Result<Option<Endpoint>, Errno> {
    let mut bytes = [0u8; NAME_BYTES];
    let mut len = NAME_BYTES as libc::socklen_t;
    // SAFETY: the kernel writes at most `len` bytes at `bytes`, and the length; both live during the call.
    match unsafe { libc::getsockname(socket.as_raw_fd(), bytes.as_mut_ptr().cast(), &raw mut len) } {
        0 => Ok(endpoint(&bytes)),
        _ => Err(Errno::last()),
    }
}

/// Why the kernel did not take a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SendError {
    /// For another reason.
    Failed,
    /// The queue towards the network is full.
    Full,
    /// It is longer than the MTU.
    TooLong,
    /// There is no route or no neighbour.
    Unreachable,
}

impl From<Errno> for SendError {
    fn from(errno: Errno) -> Self {
        match errno.0 {
            libc::EAGAIN | libc::ENOBUFS | libc::ENOMEM => Self::Full,
            libc::EMSGSIZE => Self::TooLong,
            libc::EHOSTUNREACH | libc::ENETUNREACH | libc::ENETDOWN | libc::ENXIO | libc::EADDRNOTAVAIL => {
                Self::Unreachable
            }
            _ => Self::Failed,
        }
    }
}

impl SendError {
    /// Counts packets that were not sent for this reason.
    pub(crate) fn count(self, packets: u64, statistics: &mut Statistics) {
        match self {
            Self::Failed => statistics.tx_failed += packets,
            Self::Full => statistics.tx_full += packets,
            Self::TooLong => statistics.tx_too_long += packets,
            Self::Unreachable => statistics.tx_unreachable += packets,
        }
    }
}

/// Returns a header that points nowhere and says how much room there is for an address and for control messages.
pub(crate) fn receive_template(name_room: usize, control_room: usize) -> libc::msghdr {
    libc::msghdr {
        msg_name: ptr::null_mut(),
        msg_namelen: name_room as u32,
        msg_iov: ptr::null_mut(),
        msg_iovlen: 0,
        msg_control: ptr::null_mut(),
        msg_controllen: control_room,
        msg_flags: 0,
    }
}

/// Headers for many packets, to be received or sent with one call. Each is pointed at memory before.
pub(crate) struct Messages {
    names: Vec<Name>,
    controls: Vec<Control>,
    vectors: Vec<libc::iovec>,
    headers: Vec<libc::mmsghdr>,
}

/// What the kernel has written about one packet.
pub(crate) struct Received {
    /// The bytes of it that are in memory.
    pub(crate) len: usize,
    /// Whether there were more.
    pub(crate) is_truncated: bool,
    /// Who sent it, if that is an IP address.
    pub(crate) source: Option<Endpoint>,
    /// What else is known.
    pub(crate) notes: Notes,
}

/// Room for the control messages of one packet, aligned as they are.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Control([u8; CONTROL_BYTES]);

// SAFETY: the pointers in the headers and vectors are followed only by the kernel, during calls for which the caller
// promised that they are valid; no thread owns what they point to.
unsafe impl Send for Messages {}

impl Messages {
    /// Makes headers for so many packets.
    pub(crate) fn new(count: usize) -> Self {
        let vector = libc::iovec { iov_base: ptr::null_mut(), iov_len: 0 };
        let header = receive_template(0, 0);
        Self {
            names: vec![Name::EMPTY; count],
            controls: vec![Control([0; CONTROL_BYTES]); count],
            vectors: vec![vector; count],
            headers: vec![libc::mmsghdr { msg_hdr: header, msg_len: 0 }; count],
        }
    }

    /// Points a header at memory for a packet to receive.
    pub(crate) fn point_receive(&mut self, place: usize, memory: NonNull<u8>, len: usize) {
        let control = (self.controls[place].0.as_mut_ptr(), CONTROL_BYTES);
        self.names[place] = Name::EMPTY;
        let name = (self.names[place].parts().0, NAME_BYTES as u32);
        self.point(place, (memory, len), name, control);
    }

    /// Points a header at a packet to send, with its own traffic class if one is given.
    pub(crate) fn point_send(
        &mut self,
        place: usize,
        (memory, len): (NonNull<u8>, usize),
        to: &Endpoint,
        traffic_class: u8,
    ) {
        let is_ipv6 = to.address().is_ipv6();
        self.names[place] = Name::new(to);
        let control = if traffic_class == VOICE_TRAFFIC_CLASS {
            (ptr::null_mut(), 0)
        } else {
            let control = &mut self.controls[place].0;
            let bytes = Mark::new(traffic_class, is_ipv6).bytes();
            control[..bytes.len()].copy_from_slice(&bytes);
            (control.as_mut_ptr(), bytes.len())
        };
        let name = self.names[place].parts();
        self.point(place, (memory, len), name, control);
    }

    fn point(
        &mut self,
        place: usize,
        (memory, len): (NonNull<u8>, usize),
        (name, name_len): (*mut u8, u32),
        (control, control_len): (*mut u8, usize),
    ) {
        self.vectors[place] = libc::iovec { iov_base: memory.as_ptr().cast(), iov_len: len };
        let header = &mut self.headers[place].msg_hdr;
        header.msg_name = name.cast();
        header.msg_namelen = name_len;
        header.msg_iov = &raw mut self.vectors[place];
        header.msg_iovlen = 1;
        header.msg_control = control.cast();
        header.msg_controllen = control_len;
    }

    /// Receives packets into the memory of these headers, without waiting; returns how many.
    ///
    /// # Safety
    ///
    /// Each of these headers must have been pointed at memory that is valid for writes, and that nobody else reaches
    /// during the call.
    pub(crate) unsafe fn receive(
        &mut self,
        socket: BorrowedFd<'_>,
        places: Range<usize>,
    ) -> Result<usize, Errno> {
        let (start, len) = self.slice(places);
        let flags = libc::MSG_DONTWAIT;
        // SAFETY: `start` and `len` are a slice of headers; name, control and vector of each lie in this struct, which
        // is borrowed, and never move as its vectors never grow; the caller promises the memory of the packets.
        let count = unsafe { libc::recvmmsg(socket.as_raw_fd(), start, len, flags, ptr::null_mut()) };
        usize::try_from(count).map_err(|_| Errno::last())
    }

    /// Sends the packets of these headers, without waiting; returns how many the kernel took before it refused one.
    /// If it refuses the first, that is the error.
    ///
    /// # Safety
    ///
    /// Each of these headers must have been pointed at memory that is valid for reads, and that nobody writes during
    /// the call.
    pub(crate) unsafe fn send(
        &mut self,
        socket: BorrowedFd<'_>,
        places: Range<usize>,
    ) -> Result<usize, Errno> {
        let (start, len) = self.slice(places);
        // SAFETY: as in `receive`.
        let count = unsafe { libc::sendmmsg(socket.as_raw_fd(), start, len, libc::MSG_DONTWAIT) };
        usize::try_from(count).map_err(|_| Errno::last())
    }

    fn slice(&mut self, places: Range<usize>) -> (*mut libc::mmsghdr, u32) {
        let headers = &mut self.headers[places];
        (headers.as_mut_ptr(), headers.len() as u32)
    }

    /// Tells whether the kernel has to read more of a header than the address.
    pub(crate) fn has_control(&self, place: usize) -> bool {
        self.headers[place].msg_hdr.msg_controllen > 0
    }

    /// Returns a header, for a request of io_uring.
    pub(crate) fn header(&self, place: usize) -> *const libc::msghdr {
        &raw const self.headers[place].msg_hdr
    }

    /// Returns where the address of a header is, and how long it is.
    pub(crate) fn name(&self, place: usize) -> (*const libc::sockaddr, u32) {
        let header = &self.headers[place].msg_hdr;
        (header.msg_name.cast_const().cast(), header.msg_namelen)
    }

    /// Tells what a header says after it was received into.
    pub(crate) fn received(&self, place: usize) -> Received {
        let libc::mmsghdr { msg_hdr, msg_len } = &self.headers[place];
        let control = &self.controls[place].0;
        Received {
            len: *msg_len as usize,
            is_truncated: msg_hdr.msg_flags & libc::MSG_TRUNC != 0,
            source: self.names[place].endpoint(),
            notes: parse_control(&control[..msg_hdr.msg_controllen.min(CONTROL_BYTES)]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_has_its_reason() {
        let lease = |errno| lease_error(Errno(errno));
        assert_eq!(lease(libc::EADDRINUSE), LeaseError::InUse);
        assert_eq!(lease(libc::EADDRNOTAVAIL), LeaseError::NotLocal);
        assert_eq!(lease(libc::EMFILE), LeaseError::NoDescriptors);
        assert_eq!(lease(libc::EACCES), LeaseError::Refused(libc::EACCES));
        let send = |errno| SendError::from(Errno(errno));
        assert_eq!(send(libc::ENOBUFS), SendError::Full);
        assert_eq!(send(libc::EMSGSIZE), SendError::TooLong);
        assert_eq!(send(libc::ENETUNREACH), SendError::Unreachable);
        assert_eq!(send(libc::ECONNREFUSED), SendError::Failed);
    }

    #[test]
    fn an_address_of_another_host_is_not_local() {
        // RFC 5737: an address for documentation.
        let refused = bind(IpAddr::V4(core::net::Ipv4Addr::new(192, 0, 2, 1)), 0);
        assert_eq!(refused.err(), Some(LeaseError::NotLocal));
    }
}
