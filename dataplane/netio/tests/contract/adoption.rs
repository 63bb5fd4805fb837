//! Sockets that were bound elsewhere, such as by a process that keeps them while the worker's restarts.

use std::net::UdpSocket;
use std::os::fd::OwnedFd;

use netio::{Driver, LeaseError, LocalPort, Mmsg, UringSockets};

use crate::contract::harness::{Harness, Stage};

/// A driver that takes bound sockets.
pub(crate) trait Adopt: Driver {
    fn adopt_socket(&mut self, port: LocalPort, socket: OwnedFd) -> Result<(), LeaseError>;
}

impl Adopt for Mmsg {
    fn adopt_socket(&mut self, port: LocalPort, socket: OwnedFd) -> Result<(), LeaseError> {
        self.adopt(port, socket)
    }
}

impl Adopt for UringSockets {
    fn adopt_socket(&mut self, port: LocalPort, socket: OwnedFd) -> Result<(), LeaseError> {
        self.adopt(port, socket)
    }
}

pub(crate) fn a_bound_socket_is_as_good_as_a_lease<H: Harness<Driver: Adopt>>(mut stage: Stage<H>) {
    let port = stage.harness.ports(1)[0];
    let socket = bound(&stage, port);
    let keeper = socket.try_clone().expect("a socket has as many descriptors as one likes");

    stage.driver.adopt_socket(port, socket.into()).expect("the socket is bound to this port");
    stage.assert_works(port);
    assert_eq!(stage.driver.adopt_socket(port, keeper.into()), Err(LeaseError::InUse));
    stage.assert_works(port);

    stage.driver.release(port);
    assert_eq!(stage.driver.lease(port), Ok(()), "nobody keeps the socket any more");
}

pub(crate) fn a_socket_of_another_port_is_refused<H: Harness<Driver: Adopt>>(mut stage: Stage<H>) {
    let ports = stage.harness.ports(2);
    let socket = bound(&stage, ports[1]);
    let refused = stage.driver.adopt_socket(ports[0], socket.into());
    assert_eq!(refused, Err(LeaseError::Refused(libc::EINVAL)));
    assert_eq!(stage.driver.lease(ports[0]), Ok(()), "the refusal changed nothing");
    assert_eq!(stage.driver.lease(ports[1]), Ok(()), "and the socket is closed");
}

fn bound<H: Harness>(stage: &Stage<H>, port: LocalPort) -> UdpSocket {
    let endpoint = stage.harness.endpoint(port);
    UdpSocket::bind((endpoint.address(), endpoint.port())).expect("the port is free")
}
