//! What drivers do when the process may open no more descriptors. The limit is the whole process's, so this is one test.

use std::fs::File;
use std::net::IpAddr;
use std::os::fd::AsRawFd;

use netio::{Afxdp, Driver, LeaseError, LocalPort, Mmsg, Setup, SetupError, UringSklookup, UringSockets};

use skip::skip;
use veth::{NEAR, NEAR_IPV4, Veth};

#[path = "contract/skip.rs"]
mod skip;
#[expect(dead_code, reason = "nobody talks over this cable")]
#[path = "contract/veth.rs"]
mod veth;

#[test]
fn without_descriptors_leases_are_refused_and_drivers_say_what_to_type() {
    let veth = Veth::new(1);
    let address = if veth.is_ok() { NEAR_IPV4 } else { "127.0.0.1" };
    let interface = veth.is_ok().then(|| NEAR.to_owned());
    let addresses: Vec<IpAddr> = vec![address.parse().expect("an address")];
    let setup = Setup { addresses, interface, nodes: vec![None], frames: 256, busy_poll: false };

    let limit = limit();
    // The kernel closes what a ring holds a little after the ring, so each driver has ports of its own.
    leases_are_refused_for_a_while(Mmsg::open(&setup), 20_000);
    leases_are_refused_for_a_while(UringSockets::open(&setup), 20_010);
    leases_are_refused_for_a_while(UringSklookup::open(&setup), 20_020);
    leases_are_refused_for_a_while(Afxdp::open(&setup), 20_030);
    assert!(self::limit().rlim_cur >= limit.rlim_cur, "opening a driver only raises the limit");

    // From here on, not even this process may raise it again.
    opening_says_what_to_type(&setup);
}

fn leases_are_refused_for_a_while<D: Driver>(drivers: Result<Vec<D>, SetupError>, port: u16) {
    let mut driver = match drivers {
        Ok(mut drivers) => drivers.remove(0),
        Err(error) => {
            skip(&error.to_string());
            return;
        }
    };
    let [first, second] = [port, port + 1].map(|port| LocalPort { address: 0, port });
    assert_eq!(driver.lease(first), Ok(()));
    let before = limit();
    set_limit(libc::rlimit { rlim_cur: next_descriptor(), ..before });
    let refused = driver.lease(second);
    set_limit(before);
    assert_eq!(refused, Err(LeaseError::NoDescriptors), "driver {}", D::NAME);
    assert_eq!(driver.lease(first), Err(LeaseError::InUse), "what was leased stays leased");
    assert_eq!(driver.lease(second), Ok(()), "the refusal changed nothing");
}

fn opening_says_what_to_type(setup: &Setup) {
    drop_privilege();
    let next = next_descriptor();
    set_limit(libc::rlimit { rlim_cur: next, rlim_max: next });
    let errors = [Mmsg::open(setup).err(), UringSockets::open(setup).err()];
    for error in errors {
        let error = error.expect("a driver needs a descriptor").to_string();
        assert!(error.contains("Too many open files") && error.contains("LimitNOFILE"), "{error}");
    }
}

/// Returns the number that the next descriptor would have.
fn next_descriptor() -> u64 {
    File::open("/dev/null").expect("there is one left").as_raw_fd().try_into().expect("it is open")
}

fn limit() -> libc::rlimit {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel writes one `rlimit`, which lives on this stack.
    let result = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    assert_eq!(result, 0, "the limit exists");
    limit
}

fn set_limit(limit: libc::rlimit) {
    // SAFETY: the kernel reads one `rlimit`, which lives on this stack.
    let result = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
    assert_eq!(result, 0, "it is not above what is allowed");
}

/// Gives up all capabilities of this thread, CAP_SYS_RESOURCE among them.
fn drop_privilege() {
    // `struct __user_cap_header_struct` of version 3 for this thread, and twice `struct __user_cap_data_struct`.
    let (header, data) = ([0x2008_0522u32, 0], [0u32; 6]);
    // SAFETY: the kernel reads both, which are as long as it expects and live during the call.
    let result = unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), data.as_ptr()) };
    assert_eq!(result, 0, "a thread may give up what it has");
}
