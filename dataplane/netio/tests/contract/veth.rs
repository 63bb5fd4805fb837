//! A virtual cable between two network namespaces: that of the test's thread, and one for its peers.
//!
//! Neither namespace has a name: they are gone with the thread and its descriptors.

use std::fs::File;
use std::io::{self, Write};
use std::net::{IpAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::process::{Command, Stdio};
use std::sync::{PoisonError, RwLock, RwLockWriteGuard};
use std::time::Duration;

/// The end of the cable in the namespace of this thread.
pub(crate) const NEAR: &str = "near";
const FAR: &str = "far";
const NEAR_INDEX: u32 = 100;

// RFC 5737 and RFC 3849 keep these addresses for examples.
pub(crate) const NEAR_IPV4: &str = "192.0.2.1";
pub(crate) const NEAR_IPV6: &str = "2001:db8::1";
pub(crate) const FAR_IPV4: &str = "192.0.2.2";
pub(crate) const FAR_IPV6: &str = "2001:db8::2";

/// Whoever starts commands writes, and whoever needs a closed port to be free reads: a command that is just starting has
/// copies of all descriptors of this process, so that what was closed is still open for a moment.
pub(crate) static COMMANDS: RwLock<()> = RwLock::new(());

/// A cable, and the namespace at its other end. There is one at a time.
pub(crate) struct Veth {
    near: File,
    far: File,
    _alone: RwLockWriteGuard<'static, ()>,
}

impl Veth {
    /// Lays a cable with so many queues at each end, and leaves this thread in a new namespace; or says what lacks.
    pub(crate) fn new(queues: u32) -> Result<Self, String> {
        let alone = COMMANDS.write().unwrap_or_else(PoisonError::into_inner);
        let veth = Self { far: unshare()?, near: unshare()?, _alone: alone };
        let namespace = format!("/proc/{}/fd/{}", std::process::id(), veth.far.as_raw_fd());
        let queues = format!("numtxqueues {queues} numrxqueues {queues}");
        // If both ends have the same index, the kernel takes up to a second to notice that they work.
        let link = format!(
            "link add {NEAR} index {NEAR_INDEX} {queues} type veth peer name {FAR} {queues} netns {namespace}"
        );
        ip(&[&link[..], &set_up(NEAR, NEAR_IPV4, NEAR_IPV6)].join("\n"))?;
        veth.at_far_end(|| ip(&set_up(FAR, FAR_IPV4, FAR_IPV6)))?;
        Ok(veth)
    }

    /// Lets both ends learn each other's address on the cable. Until the kernel has noticed that both are up, it loses
    /// what is sent, so this tries until a packet has come back.
    pub(crate) fn introduce(&self) {
        for (near, far) in [(NEAR_IPV4, FAR_IPV4), (NEAR_IPV6, FAR_IPV6)] {
            let near = UdpSocket::bind((parse(near), 0)).expect("the kernel has a free port");
            let far = self.peer(far);
            for socket in [&near, &far] {
                socket.set_read_timeout(Some(Duration::from_millis(50))).expect("a socket takes a timeout");
            }
            let here_and_back = || -> io::Result<()> {
                near.send_to(b"hello", far.local_addr()?)?;
                let (_, source) = far.recv_from(&mut [0; 8])?;
                far.send_to(b"hello", source)?;
                near.recv_from(&mut [0; 8]).map(drop)
            };
            assert!((0..100).any(|_| here_and_back().is_ok()), "a cable works after five seconds");
        }
    }

    /// Opens a socket at the other end.
    pub(crate) fn peer(&self, address: &str) -> UdpSocket {
        let address = parse(address);
        self.at_far_end(|| UdpSocket::bind((address, 0)).expect("the kernel has a free port"))
    }

    /// Does something in the namespace at the other end.
    pub(crate) fn at_far_end<T>(&self, action: impl FnOnce() -> T) -> T {
        enter(&self.far);
        let result = action();
        enter(&self.near);
        result
    }
}

/// Configures the namespace of this thread: one line for each time that one would type `ip`.
pub(crate) fn ip(lines: &str) -> Result<(), String> {
    let run = || {
        let mut command = Command::new("ip").args(["-batch", "-"]).stdin(Stdio::piped()).spawn()?;
        command.stdin.take().expect("it is a pipe").write_all(lines.as_bytes())?;
        command.wait()
    };
    match run() {
        Ok(status) if status.success() => Ok(()),
        status => Err(format!("wanted `ip {lines}` of iproute2 to work, found: {status:?}")),
    }
}

fn set_up(interface: &str, ipv4: &str, ipv6: &str) -> String {
    format!(
        "link set lo up\n\
         address add {ipv4}/24 dev {interface}\n\
         address add {ipv6}/64 dev {interface} nodad\n\
         link set {interface} up"
    )
}

/// Moves this thread into a new network namespace.
pub(crate) fn unshare() -> Result<File, String> {
    // SAFETY: the call takes no memory; from now on, this thread alone sees another network.
    if unsafe { libc::unshare(libc::CLONE_NEWNET) } != 0 {
        return Err(format!(
            "wanted a network namespace, found: {}; run as root",
            io::Error::last_os_error()
        ));
    }
    Ok(File::open("/proc/thread-self/ns/net").expect("a thread has a namespace"))
}

/// Moves this thread into a network namespace.
fn enter(namespace: &File) {
    // SAFETY: the call takes no memory; the descriptor is open.
    let result = unsafe { libc::setns(namespace.as_raw_fd(), libc::CLONE_NEWNET) };
    assert_eq!(result, 0, "a thread may enter the namespaces that it made");
}

fn parse(address: &str) -> IpAddr {
    address.parse().expect("these tests write addresses right")
}
