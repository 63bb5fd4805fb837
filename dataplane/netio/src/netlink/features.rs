//! What the driver of an interface can do with XDP programs, as the generic netlink family `netdev` tells since Linux 6.3.

use std::io::{Read, Write};

use super::message::{Attributes, Message, Messages, request, u16_at, u32_at};
use crate::sys::Errno;
use crate::sys::netlink as sys;

/// The abilities of a driver (`enum netdev_xdp_act`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct XdpFeatures(u64);

impl XdpFeatures {
    /// Tells whether the driver runs programs, and lets them redirect frames to sockets.
    pub(crate) fn is_enough(self) -> bool {
        self.0 & (BASIC | REDIRECT) == BASIC | REDIRECT
    }
}

/// Asks the kernel about an interface.
pub(crate) fn xdp_features(interface: u32) -> Result<XdpFeatures, Errno> {
    let name = [&[11, 0, CONTROL_FAMILY_NAME, 0][..], b"netdev\0\0"].concat();
    let family = ask(libc::GENL_ID_CTRL as u16, CONTROL_GET_FAMILY, &name, |attributes| {
        find(attributes, CONTROL_FAMILY_ID, 2).and_then(|value| u16_at(value, 0))
    })?;
    let index = [&[8, 0, DEVICE_INDEX, 0][..], &interface.to_ne_bytes()].concat();
    ask(family, DEVICE_GET, &index, read_features)
}

fn read_features(attributes: &[u8]) -> Option<XdpFeatures> {
    let value = find(attributes, DEVICE_XDP_FEATURES, 8)?.first_chunk()?;
    Some(XdpFeatures(u64::from_ne_bytes(*value)))
}

/// Sends a request for one thing, and reads the answer.
fn ask<T>(
    family: u16,
    command: u8,
    attributes: &[u8],
    read: impl Fn(&[u8]) -> Option<T>,
) -> Result<T, Errno> {
    let mut socket = sys::open(libc::NETLINK_GENERIC, 0, 0)?;
    // `struct genlmsghdr`: the command and its version.
    let body = [&[command, 1, 0, 0][..], attributes].concat();
    socket.write_all(&request(family, libc::NLM_F_REQUEST as u16, SEQUENCE, &body))?;
    let mut buffer = vec![0; ANSWER_BYTES];
    let len = socket.read(&mut buffer)?;
    parse(&buffer[..len], family, read)
}

fn parse<T>(datagram: &[u8], family: u16, read: impl Fn(&[u8]) -> Option<T>) -> Result<T, Errno> {
    for Message { kind, body, .. } in Messages(datagram).filter(|message| message.sequence == SEQUENCE) {
        if i32::from(kind) == libc::NLMSG_ERROR {
            let negative = u32_at(body, 0).map_or(0, u32::cast_signed);
            return Err(Errno(negative.saturating_neg()));
        }
        if kind == family {
            return body.get(GENERIC_HEADER_BYTES..).and_then(&read).ok_or(Errno(libc::EBADMSG));
        }
    }
    Err(Errno(libc::EBADMSG))
}

fn find(attributes: &[u8], wanted: u16, bytes: usize) -> Option<&[u8]> {
    Attributes(attributes)
        .find(|(kind, value)| *kind == wanted && value.len() >= bytes)
        .map(|(_, value)| value)
}

const SEQUENCE: u32 = 1;
/// An answer is some hundred bytes.
const ANSWER_BYTES: usize = 8192;
/// `struct genlmsghdr`.
const GENERIC_HEADER_BYTES: usize = 4;
// `linux/genetlink.h`.
const CONTROL_GET_FAMILY: u8 = 3;
const CONTROL_FAMILY_ID: u16 = 1;
const CONTROL_FAMILY_NAME: u8 = 2;
// `linux/netdev.h`.
const DEVICE_GET: u8 = 1;
const DEVICE_INDEX: u8 = 1;
const DEVICE_XDP_FEATURES: u16 = 3;
const BASIC: u64 = 1;
const REDIRECT: u64 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Vec<u8> {
        let attribute = [&[12, 0, 3, 0][..], &3u64.to_ne_bytes()].concat();
        request(40, 0, SEQUENCE, &[&[1, 1, 0, 0][..], &attribute].concat())
    }

    fn features(datagram: &[u8]) -> Result<XdpFeatures, Errno> {
        parse(datagram, 40, read_features)
    }

    #[test]
    fn an_answer_is_read_and_one_cut_off_is_an_error() {
        assert_eq!(features(&answer()), Ok(XdpFeatures(3)));
        for len in 0..answer().len() {
            assert_eq!(features(&answer()[..len]), Err(Errno(libc::EBADMSG)), "{len} bytes");
        }
    }

    #[test]
    fn a_refusal_is_told() {
        let refusal = request(libc::NLMSG_ERROR as u16, 0, SEQUENCE, &(-libc::ENODEV).to_ne_bytes());
        assert_eq!(features(&refusal), Err(Errno(libc::ENODEV)));
    }

    #[test]
    fn programs_must_run_and_redirect() {
        assert!(XdpFeatures(BASIC | REDIRECT | 8).is_enough());
        assert!(!XdpFeatures(BASIC).is_enough());
        assert!(!XdpFeatures(0).is_enough());
    }

    #[test]
    fn the_kernel_answers_or_says_why_not() {
        // The loopback interface is number 1, and its driver has no XDP.
        match xdp_features(1) {
            Ok(features) => assert!(!features.is_enough()),
            Err(errno) => assert_eq!(errno, Errno(libc::ENOENT), "a kernel before 6.3 has no such family"),
        }
    }
}
