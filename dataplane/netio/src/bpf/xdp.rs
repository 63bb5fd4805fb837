//! The program that gives every frame for a leased port to the AF_XDP socket of its receive queue.
//!
//! It answers for whole UDP datagrams over IPv4, with options or without, and over IPv6 without extension headers, in
//! Ethernet frames with up to two VLAN tags. Everything else goes to the kernel: ARP and neighbour discovery, ICMP,
//! fragments, TCP, ports that nobody leased, frames that end early, and frames for a queue without a socket.

use std::os::fd::AsFd;

use crate::bpf::asm::Register::{R0, R1, R2, R3, R4, R5, R6};
use crate::bpf::asm::{Assembler, Condition, Function, Label, Operation, Register, Size};
use crate::bpf::map::{DescriptorMap, PORTS, PortMap};

/// What becomes of a frame, by its number in `enum xdp_action`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Verdict {
    /// It goes on into the network stack.
    Pass = 2,
    /// It goes to the AF_XDP socket.
    Redirect = 4,
}

/// Assembles the program; the index of the receive queue chooses from `sockets`.
#[must_use]
pub fn assemble(ports: &PortMap, sockets: &DescriptorMap) -> Vec<u64> {
    let mut asm = Assembler::new();
    let (udp, pass) = (asm.label(), asm.label());
    asm.set(R6, R1);
    asm.load(Size::Word, HEADER, R6, CONTEXT_DATA);
    asm.load(Size::Word, END, R6, CONTEXT_DATA_END);
    advance(&mut asm, ETHERNET_LEN, pass);
    skip_tags(&mut asm, pass);
    for (octets, ether_type, over) in VERSIONS {
        // The kernel refuses a program with parts that nothing leads to.
        if ports.has_addresses_of(octets) {
            let other = asm.label();
            asm.jump_if(Condition::NotEqual, R5, i32::from(ether_type.to_be()), other);
            over(&mut asm, ports, udp, pass);
            asm.place(other);
        }
    }
    asm.jump(pass);

    asm.place(udp);
    require(&mut asm, UDP_LEN, pass);
    asm.load(Size::Half, R0, HEADER, UDP_DESTINATION);
    asm.swap_half(R0);
    asm.compute(Operation::And, R0, 0xffff);
    asm.compute(Operation::ShiftLeft, R0, 2);
    asm.compute(Operation::Add, PORTS, R0);
    asm.load(Size::Word, R0, PORTS, 0);
    asm.jump_if(Condition::Equal, R0, 0, pass);
    asm.load_map(R1, sockets.as_fd());
    asm.load(Size::Word, R2, R6, CONTEXT_RX_QUEUE);
    asm.set(R3, Verdict::Pass as i32);
    asm.call(Function::RedirectMap);
    asm.exit();

    asm.place(pass);
    asm.set(R0, Verdict::Pass as i32);
    asm.exit();
    asm.assemble()
}

/// Moves HEADER from an IP header for a leased address to the UDP header behind it, and goes there.
type OverIp = fn(&mut Assembler, &PortMap, udp: Label, pass: Label);

/// The versions of IP: octets of an address, type in Ethernet, and what reads the header.
const VERSIONS: [(usize, u16, OverIp); 2] =
    [(4, ETHER_TYPE_IPV4, over_ipv4), (16, ETHER_TYPE_IPV6, over_ipv6)];

/// Leaves the header behind up to two VLAN tags in HEADER, and its Ethernet type, as it is in memory, in R5.
fn skip_tags(asm: &mut Assembler, pass: Label) {
    let no_more_tags = asm.label();
    asm.load(Size::Half, R5, HEADER, -2);
    for _ in 0..TAGS_MAX {
        let tagged = asm.label();
        for tag in [ETHER_TYPE_CUSTOMER_TAG, ETHER_TYPE_SERVICE_TAG] {
            asm.jump_if(Condition::Equal, R5, i32::from(tag.to_be()), tagged);
        }
        asm.jump(no_more_tags);
        asm.place(tagged);
        advance(asm, TAG_LEN, pass);
        asm.load(Size::Half, R5, HEADER, -2);
    }
    asm.place(no_more_tags);
}

fn over_ipv4(asm: &mut Assembler, ports: &PortMap, udp: Label, pass: Label) {
    let ours = asm.label();
    require(asm, IPV4_LEN, pass);
    asm.load(Size::Byte, R5, HEADER, 0);
    // The version, and how many words the header is long: 45 is one without options, 4f one with all of them.
    asm.jump_if(Condition::LessThan, R5, 0x45, pass);
    asm.jump_if(Condition::GreaterThan, R5, 0x4f, pass);
    asm.load(Size::Byte, R0, HEADER, IPV4_PROTOCOL);
    asm.jump_if(Condition::NotEqual, R0, libc::IPPROTO_UDP, pass);
    asm.load(Size::Half, R0, HEADER, IPV4_FRAGMENT);
    asm.jump_if(Condition::AnyBitOf, R0, i32::from(IPV4_IS_PART.to_be()), pass);
    ports.jump_if_ours(asm, 4, HEADER, IPV4_DESTINATION, ours);
    asm.jump(pass);
    asm.place(ours);
    asm.compute(Operation::And, R5, 0x0f);
    asm.compute(Operation::ShiftLeft, R5, 2);
    asm.compute(Operation::Add, HEADER, R5);
    asm.jump(udp);
}

fn over_ipv6(asm: &mut Assembler, ports: &PortMap, udp: Label, pass: Label) {
    let ours = asm.label();
    require(asm, IPV6_LEN, pass);
    asm.load(Size::Byte, R0, HEADER, 0);
    asm.compute(Operation::And, R0, 0xf0);
    asm.jump_if(Condition::NotEqual, R0, 0x60, pass);
    asm.load(Size::Byte, R0, HEADER, IPV6_NEXT_HEADER);
    asm.jump_if(Condition::NotEqual, R0, libc::IPPROTO_UDP, pass);
    ports.jump_if_ours(asm, 16, HEADER, IPV6_DESTINATION, ours);
    asm.jump(pass);
    asm.place(ours);
    asm.compute(Operation::Add, HEADER, IPV6_LEN);
    asm.jump(udp);
}

/// Moves HEADER forward, if the frame is so long.
fn advance(asm: &mut Assembler, len: i32, pass: Label) {
    asm.compute(Operation::Add, HEADER, len);
    asm.jump_if(Condition::GreaterThan, HEADER, END, pass);
}

/// Makes sure that the frame has so many bytes from HEADER on.
fn require(asm: &mut Assembler, len: i32, pass: Label) {
    asm.set(R0, HEADER);
    asm.compute(Operation::Add, R0, len);
    asm.jump_if(Condition::GreaterThan, R0, END, pass);
}

/// The byte behind the frame.
const END: Register = R3;
/// The first byte of the header that is looked at.
const HEADER: Register = R4;

// `struct xdp_md`.
const CONTEXT_DATA: i16 = 0;
const CONTEXT_DATA_END: i16 = 4;
const CONTEXT_RX_QUEUE: i16 = 16;

const ETHERNET_LEN: i32 = 14;
const ETHER_TYPE_IPV4: u16 = 0x0800;
const ETHER_TYPE_IPV6: u16 = 0x86dd;
const ETHER_TYPE_CUSTOMER_TAG: u16 = 0x8100;
const ETHER_TYPE_SERVICE_TAG: u16 = 0x88a8;
const TAG_LEN: i32 = 4;
const TAGS_MAX: usize = 2;

// RFC 791 section 3.1.
const IPV4_LEN: i32 = 20;
const IPV4_FRAGMENT: i16 = 6;
const IPV4_PROTOCOL: i16 = 9;
const IPV4_DESTINATION: i16 = 16;
/// More fragments follow, or this one does not begin the packet.
const IPV4_IS_PART: u16 = 0x3fff;

// RFC 8200 section 3.
const IPV6_LEN: i32 = 40;
const IPV6_NEXT_HEADER: i16 = 6;
const IPV6_DESTINATION: i16 = 24;

// RFC 768.
const UDP_LEN: i32 = 8;
const UDP_DESTINATION: i16 = 2;
