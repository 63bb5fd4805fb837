//! The program that gives every packet for a leased port to the socket of its worker.
//!
//! The kernel runs it for packets that no connected socket wants, before it looks for a bound one. It answers for UDP
//! to the media addresses and for leased ports only; SIP, DNS and everything else go where they went.

use std::os::fd::AsFd;

use crate::bpf::asm::Register::{R0, R1, R2, R3, R6, R7, R8, R10};
use crate::bpf::asm::{Assembler, Condition, Function, Label, Operation, Size};
use crate::bpf::map::{DescriptorMap, PORTS, PortMap};

/// Assembles the program: the worker that has the port and the version of IP choose from `sockets`, by
/// [`socket_place`].
#[must_use]
pub fn assemble(ports: &PortMap, sockets: &DescriptorMap) -> Vec<u64> {
    let mut asm = Assembler::new();
    let (over_ipv6, found, pass) = (asm.label(), asm.label(), asm.label());
    asm.set(R6, R1);
    asm.load(Size::Word, R0, R6, CONTEXT_PROTOCOL);
    asm.jump_if(Condition::NotEqual, R0, libc::IPPROTO_UDP, pass);
    asm.load(Size::Word, R0, R6, CONTEXT_FAMILY);
    asm.jump_if(Condition::Equal, R0, libc::AF_INET6, over_ipv6);

    // R8 tells the version of IP from here on.
    asm.set(R8, PLACE_IPV4);
    ports.jump_if_ours(&mut asm, 4, R6, CONTEXT_LOCAL_IPV4, found);
    asm.jump(pass);
    asm.place(over_ipv6);
    asm.set(R8, PLACE_IPV6);
    ports.jump_if_ours(&mut asm, 16, R6, CONTEXT_LOCAL_IPV6, found);
    asm.jump(pass);

    asm.place(found);
    asm.load(Size::Word, R0, R6, CONTEXT_LOCAL_PORT);
    // The verifier does not know that the context holds no more than a port.
    asm.compute(Operation::And, R0, 0xffff);
    asm.compute(Operation::ShiftLeft, R0, 2);
    asm.compute(Operation::Add, PORTS, R0);
    asm.load(Size::Word, R0, PORTS, 0);
    asm.jump_if(Condition::Equal, R0, 0, pass);
    assign_socket(&mut asm, sockets, pass);
    asm.place(pass);
    asm.set(R0, VERDICT_PASS);
    asm.exit();
    asm.assemble()
}

/// Returns the place of a worker's socket in the map of sockets.
#[must_use]
pub const fn socket_place(worker: u32, is_ipv6: bool) -> u32 {
    worker * 2 + if is_ipv6 { PLACE_IPV6 as u32 } else { PLACE_IPV4 as u32 }
}

/// Gives the packet to the socket of the worker whose number, counted from one, is in R0.
fn assign_socket(asm: &mut Assembler, sockets: &DescriptorMap, pass: Label) {
    asm.compute(Operation::Subtract, R0, 1);
    asm.compute(Operation::ShiftLeft, R0, 1);
    asm.compute(Operation::Add, R0, R8);
    asm.store(Size::Word, R10, KEY_ON_STACK, R0);
    asm.load_map(R1, sockets.as_fd());
    asm.load_stack(R2, KEY_ON_STACK.into());
    asm.call(Function::MapLookup);
    // There is no socket while its driver is being closed.
    asm.jump_if(Condition::Equal, R0, 0, pass);
    asm.set(R7, R0);
    asm.set(R1, R6);
    asm.set(R2, R0);
    asm.set(R3, ASSIGN_NO_REUSEPORT);
    asm.call(Function::SocketAssign);
    // The look-up took a reference; the packet holds none until it is delivered.
    asm.set(R1, R7);
    asm.call(Function::SocketRelease);
}

// `struct bpf_sk_lookup`: addresses in network order, the local port in host order.
const CONTEXT_FAMILY: i16 = 8;
const CONTEXT_PROTOCOL: i16 = 12;
const CONTEXT_LOCAL_IPV4: i16 = 40;
const CONTEXT_LOCAL_IPV6: i16 = 44;
const CONTEXT_LOCAL_PORT: i16 = 60;

const PLACE_IPV4: i32 = 0;
const PLACE_IPV6: i32 = 1;
const KEY_ON_STACK: i16 = -4;

/// `BPF_SK_LOOKUP_F_NO_REUSEPORT`: the worker was chosen, no group is to choose again.
const ASSIGN_NO_REUSEPORT: i32 = 2;
/// `SK_PASS`: with a socket assigned, deliver there; without, look on.
const VERDICT_PASS: i32 = 1;
