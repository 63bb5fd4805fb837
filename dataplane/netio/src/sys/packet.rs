//! Packet sockets: whole frames of one interface, many with one call.

use core::ptr::NonNull;
use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use socket2::{Domain, Socket, Type};

use crate::sys::Errno;
use crate::sys::socket::{receive_template, set};

/// Opens a socket that hears nothing until it is bound.
pub(crate) fn open() -> Result<Socket, Errno> {
    Ok(Socket::new(Domain::PACKET, Type::RAW, None)?)
}

/// Returns the number of an interface.
pub(crate) fn interface_index(name: &str) -> Option<u32> {
    let name = CString::new(name).ok()?;
    // SAFETY: the kernel reads a text that ends with a zero, and lives during the call.
    let index = unsafe { libc::if_nametoindex(name.as_ptr()) };
    (index != 0).then_some(index)
}

/// Has the socket hear all frames of an interface.
pub(crate) fn bind(socket: BorrowedFd<'_>, interface: u32) -> Result<(), Errno> {
    let address = libc::sockaddr_ll {
        sll_family: libc::AF_PACKET as u16,
        sll_protocol: (libc::ETH_P_ALL as u16).to_be(),
        sll_ifindex: interface.cast_signed(),
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    };
    let len = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
    // SAFETY: the kernel reads `len` bytes at `address`, which lives during the call.
    match unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), len) } {
        0 => Ok(()),
        _ => Err(Errno::last()),
    }
}

/// Has the socket hear no frames that this host sends.
pub(crate) fn ignore_outgoing(socket: BorrowedFd<'_>) -> Result<(), Errno> {
    set(socket, libc::SOL_PACKET, libc::PACKET_IGNORE_OUTGOING, 1)
}

/// Asks for so much memory for frames that wait, and takes what the kernel allows.
pub(crate) fn set_receive_buffer(socket: &Socket, bytes: usize) {
    let bytes = bytes.try_into().unwrap_or(i32::MAX);
    for option in [libc::SO_RCVBUF, libc::SO_RCVBUFFORCE] {
        // The second needs CAP_NET_ADMIN; without it the first stands.
        let _ = set(socket.as_fd(), libc::SOL_SOCKET, option, bytes);
    }
}

/// Returns how many frames the kernel has dropped since it was last asked.
pub(crate) fn dropped(socket: BorrowedFd<'_>) -> u32 {
    let mut counts = libc::tpacket_stats { tp_packets: 0, tp_drops: 0 };
    let mut len = size_of_val(&counts) as libc::socklen_t;
    let (option, target) = (libc::PACKET_STATISTICS, (&raw mut counts).cast());
    // SAFETY: the kernel writes at most `len` bytes, which `counts` has. It cannot fail for a packet socket.
    let _ = unsafe { libc::getsockopt(socket.as_raw_fd(), libc::SOL_PACKET, option, target, &raw mut len) };
    counts.tp_drops
}

/// Headers for many frames, to be received or sent with one call.
pub(crate) struct Frames {
    vectors: Vec<libc::iovec>,
    headers: Vec<libc::mmsghdr>,
    /// How many of them the last call to receive has filled.
    filled: usize,
}

// SAFETY: the pointers in the headers and vectors are followed only by the kernel, during calls that borrow what they
// point to; no thread owns it.
unsafe impl Send for Frames {}

impl Frames {
    /// Makes headers for so many frames.
    pub(crate) fn new(count: usize) -> Self {
        let vector = libc::iovec { iov_base: core::ptr::null_mut(), iov_len: 0 };
        let header = libc::mmsghdr { msg_hdr: receive_template(0, 0), msg_len: 0 };
        Self { vectors: vec![vector; count], headers: vec![header; count], filled: 0 }
    }

    /// Sends frames, as many as there are headers for; returns how many the kernel took before it refused one. If it
    /// refuses the first, that is the error.
    pub(crate) fn send<'f>(
        &mut self,
        socket: BorrowedFd<'_>,
        frames: impl IntoIterator<Item = &'f [u8]>,
    ) -> Result<usize, Errno> {
        let count = self.point(frames.into_iter().map(|frame| (NonNull::from(frame).cast(), frame.len())));
        if count == 0 {
            return Ok(0);
        }
        let start = self.headers.as_mut_ptr();
        // SAFETY: `point` has just pointed the first `count` headers at frames that stay borrowed for reading until
        // after this call; each header's vector lies in this struct, which is borrowed, and never moves.
        let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), start, count as u32, libc::MSG_DONTWAIT) };
        usize::try_from(sent).map_err(|_| Errno::last())
    }

    /// Receives frames without waiting, one into each buffer; returns how many.
    pub(crate) fn receive<'f>(
        &mut self,
        socket: BorrowedFd<'_>,
        buffers: impl IntoIterator<Item = &'f mut [u8]>,
    ) -> Result<usize, Errno> {
        let point = |buffer: &'f mut [u8]| {
            let len = buffer.len();
            (NonNull::from(buffer).cast(), len)
        };
        self.filled = 0;
        let count = self.point(buffers.into_iter().map(point));
        if count == 0 {
            return Ok(0);
        }
        let (start, flags) = (self.headers.as_mut_ptr(), libc::MSG_DONTWAIT);
        // SAFETY: as in `send`; the buffers stay borrowed for writing until after this call, and by nobody else.
        let received =
            unsafe { libc::recvmmsg(socket.as_raw_fd(), start, count as u32, flags, core::ptr::null_mut()) };
        self.filled = usize::try_from(received).map_err(|_| Errno::last())?;
        Ok(self.filled)
    }

    /// Returns how long the frame is that was received at a place; none if it was cut off, or there is none.
    pub(crate) fn received(&self, place: usize) -> Option<usize> {
        let libc::mmsghdr { msg_hdr, msg_len } = self.headers[..self.filled].get(place)?;
        (msg_hdr.msg_flags & libc::MSG_TRUNC == 0).then_some(*msg_len as usize)
    }

    /// Points headers at memory; returns how many.
    fn point(&mut self, memory: impl Iterator<Item = (NonNull<u8>, usize)>) -> usize {
        let places = self.vectors.iter_mut().zip(&mut self.headers);
        places
            .zip(memory)
            .map(|((vector, header), (start, len))| {
                *vector = libc::iovec { iov_base: start.as_ptr().cast(), iov_len: len };
                header.msg_hdr.msg_iov = vector;
                header.msg_hdr.msg_iovlen = 1;
            })
            .count()
    }
}
