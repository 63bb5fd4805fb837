//! Loading programs into the kernel, trying them, and attaching them for as long as this process lives.

use core::ffi::CStr;
use std::fs::{self, File};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use crate::error::SetupError;
use crate::sys::Errno;
use crate::sys::bpf::{self as sys, ProgramText};

/// What a program is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Chooses the socket of a packet, in a network namespace.
    SkLookup,
    /// Chooses what becomes of a frame, on an interface.
    Xdp,
}

/// A program that the kernel has verified.
pub struct Program {
    driver: &'static str,
    program: OwnedFd,
}

impl Program {
    /// Loads a program. Its name is for people who list programs, and at most 15 bytes long.
    ///
    /// # Errors
    ///
    /// If the process lacks a capability, or the verifier refuses the program: then its last words are in the error.
    pub fn load(driver: &'static str, kind: Kind, name: &CStr, code: &[u64]) -> Result<Self, SetupError> {
        let (kind, attach_type, wanted) = match kind {
            Kind::SkLookup => (KIND_SK_LOOKUP, ATTACH_SK_LOOKUP, "to load a BPF program for sk_lookup"),
            Kind::Xdp => (KIND_XDP, ATTACH_XDP, "to load a BPF program for XDP"),
        };
        let text = ProgramText { kind, attach_type, name, code };
        let errno = match sys::load_program(&text, &mut []) {
            Ok(program) => return Ok(Self { driver, program }),
            Err(errno) => errno,
        };
        // The log costs time and memory, so it is taken only of a program that was refused.
        let mut log = vec![0; LOG_BYTES];
        if sys::load_program(&text, &mut log).is_ok() {
            return Err(refused(driver, wanted, errno));
        }
        Err(refused_with_log(driver, wanted, errno, &log))
    }

    /// Runs the program once over a packet and a context (`struct xdp_md`, `struct bpf_sk_lookup`; empty for none), and
    /// returns its verdict. What the program did to the context is written back to it; redirections are not carried
    /// out. The kernel redirects only if the map has a socket, but one that is not bound will do.
    ///
    /// # Errors
    ///
    /// If the kernel cannot run such a program, or not over such a packet.
    pub fn run(&self, packet: &[u8], context: &mut [u8]) -> Result<u32, SetupError> {
        sys::run_program(self.program.as_fd(), packet, context)
            .map_err(|errno| refused(self.driver, "to try a BPF program", errno))
    }

    /// Attaches an sk_lookup program to the network namespace of the calling thread.
    ///
    /// # Errors
    ///
    /// If the process lacks a capability.
    pub fn attach_to_network_namespace(&self) -> Result<Link, SetupError> {
        let wanted = "to attach a BPF program to the network namespace";
        let namespace = File::open("/proc/thread-self/ns/net")
            .map_err(|error| refused(self.driver, wanted, error.into()))?;
        let target = namespace.as_raw_fd().cast_unsigned();
        let link = sys::create_link(self.program.as_fd(), target, ATTACH_SK_LOOKUP, 0)
            .map_err(|errno| refused(self.driver, wanted, errno))?;
        Ok(Link { _link: link })
    }

    /// Attaches an XDP program to an interface, in its driver if that can do it, else in front of the network stack.
    ///
    /// # Errors
    ///
    /// If the process lacks a capability, or another program is attached already.
    pub fn attach_to_interface(&self, interface: u32) -> Result<Attachment, SetupError> {
        let attach =
            |mode: XdpMode| sys::create_link(self.program.as_fd(), interface, ATTACH_XDP, mode as u32);
        let (link, mode, native_refusal) = match attach(XdpMode::Native) {
            Ok(link) => (link, XdpMode::Native, None),
            Err(native) => {
                let link = attach(XdpMode::Generic).map_err(|errno| {
                    refused(self.driver, "to attach an XDP program to the interface", errno)
                })?;
                (link, XdpMode::Generic, Some(native.to_string()))
            }
        };
        Ok(Attachment { link: Link { _link: link }, mode, native_refusal })
    }
}

/// An XDP program on its interface.
pub struct Attachment {
    /// What keeps it there.
    pub link: Link,
    /// Where it runs.
    pub mode: XdpMode,
    /// Why the driver of the interface did not take it, if it runs elsewhere.
    pub native_refusal: Option<String>,
}

/// Keeps a program attached; when it is dropped, or the process ends, the program is gone.
pub struct Link {
    _link: OwnedFd,
}

/// Where an XDP program runs, by its flag in `linux/if_link.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum XdpMode {
    /// `XDP_FLAGS_SKB_MODE`: in front of the network stack, on any interface; slow.
    Generic = 1 << 1,
    /// `XDP_FLAGS_DRV_MODE`: in the driver of the interface.
    Native = 1 << 2,
}

/// Turns the kernel's refusal of something into an error that teaches.
pub(crate) fn refused(driver: &'static str, wanted: &str, errno: Errno) -> SetupError {
    refused_with_log(driver, wanted, errno, &[])
}

fn refused_with_log(driver: &'static str, wanted: &str, errno: Errno, log: &[u8]) -> SetupError {
    let (mut found, remedy) = match errno.0 {
        libc::EPERM | libc::EACCES if log_is_empty(log) => without_permission(),
        libc::EBUSY | libc::EEXIST => {
            (errno.to_string(), "detach the other program; to see it, type: bpftool link".to_owned())
        }
        libc::ENOSPC => (
            errno.to_string(),
            "give the interface as many receive queues as its peer has transmit queues".to_owned(),
        ),
        libc::ENOMEM => (errno.to_string(), "free memory; or type: ulimit -l unlimited".to_owned()),
        _ => (
            errno.to_string(),
            "type: uname -r, and boot 6.1 or later; or choose driver uring-sockets".to_owned(),
        ),
    };
    if !log_is_empty(log) {
        found = format!("{found}; the verifier says: {}", last_words(log));
    }
    SetupError { driver, wanted: wanted.to_owned(), found, remedy }
}

fn without_permission() -> (String, String) {
    let lacking = lacking_capabilities(&fs::read_to_string("/proc/self/status").unwrap_or_default());
    if lacking.is_empty() {
        return (
            "all capabilities, but not those of the host".to_owned(),
            "run outside of user namespaces, and allow bpf(2) in the container's seccomp profile".to_owned(),
        );
    }
    (
        format!("a process without {}", lacking.join(", ")),
        "run as root, or type: setcap cap_bpf,cap_net_admin,cap_net_raw+ep and the path of this program"
            .to_owned(),
    )
}

/// Returns which of the capabilities that the privileged drivers need are missing in `/proc/self/status`.
fn lacking_capabilities(status: &str) -> Vec<&'static str> {
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let bits = effective.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or(0);
    CAPABILITIES.iter().filter(|(bit, _)| bits & 1 << bit == 0).map(|(_, name)| *name).collect()
}

fn log_is_empty(log: &[u8]) -> bool {
    log.first().is_none_or(|byte| *byte == 0)
}

/// The verifier tells the reason last, behind all that it looked at, and then how much work it was.
fn last_words(log: &[u8]) -> String {
    let end = log.iter().position(|byte| *byte == 0).unwrap_or(log.len());
    let text = String::from_utf8_lossy(&log[..end]);
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("processed ")).collect();
    lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join(" | ")
}

/// The capabilities, by their numbers in `linux/capability.h`.
const CAPABILITIES: [(u32, &str); 3] = [(39, "CAP_BPF"), (12, "CAP_NET_ADMIN"), (13, "CAP_NET_RAW")];

/// Enough for every path through a program of a hundred instructions.
const LOG_BYTES: usize = 1 << 20;
/// The reason and the instructions that led to it.
const LOG_LINES_SHOWN: usize = 4;

/// `BPF_PROG_TYPE_XDP` and `BPF_XDP`.
const KIND_XDP: u32 = 6;
const ATTACH_XDP: u32 = 37;
/// `BPF_PROG_TYPE_SK_LOOKUP` and `BPF_SK_LOOKUP`.
const KIND_SK_LOOKUP: u32 = 30;
const ATTACH_SK_LOOKUP: u32 = 36;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lacking_capabilities_are_named() {
        let status = |bits: &str| format!("Name:\tx\nCapPrm:\t0000000000000000\nCapEff:\t{bits}\n");
        assert_eq!(lacking_capabilities(&status("000001ffffffffff")), [""; 0]);
        assert_eq!(lacking_capabilities(&status("0000008000003000")), [""; 0]);
        assert_eq!(lacking_capabilities(&status("0000000000002000")), ["CAP_BPF", "CAP_NET_ADMIN"]);
        assert_eq!(lacking_capabilities(""), ["CAP_BPF", "CAP_NET_ADMIN", "CAP_NET_RAW"]);
    }

    #[test]
    fn the_verifier_has_the_last_words() {
        let log = b"func#0\n0: a\n1: b\n2: c\n3: d\nR0 !read_ok\nprocessed 1 insns\n\0\0";
        assert_eq!(last_words(log), "1: b | 2: c | 3: d | R0 !read_ok");
        assert_eq!(last_words(b"\0"), "");
    }
}
