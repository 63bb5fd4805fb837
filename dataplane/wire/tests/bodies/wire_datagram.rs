//! Holds for any bytes taken as an Ethernet frame or an IP packet.

use wire::checksum::Sum;
use wire::datagram::{Datagram, Headers};
use wire::{Malformed, ether, ipv4, ipv6};

pub(crate) fn check(bytes: &[u8]) {
    // A guess at the checksum of an IPv4 header is right once in 65,536 times; so it is made right.
    let mut frame = bytes.to_vec();
    if let Ok((link, ..)) = ether::Header::parse(bytes) {
        set_ipv4_checksum(&mut frame[link.header_len()..]);
    }
    let mut packet = bytes.to_vec();
    set_ipv4_checksum(&mut packet);

    for frame in [bytes, &frame] {
        if let Ok(datagram) = Datagram::parse_ethernet(frame) {
            let (link, ..) = ether::Header::parse(frame).expect("it was parsed above");
            is_inside(&datagram, frame, link.header_len());
            parsed_again_is_the_same(&datagram, Some(link), frame);
        }
    }
    for packet in [bytes, &packet] {
        headers_are_written_as_parsed(packet);
        if let Ok(datagram) = Datagram::parse_ip(packet) {
            is_inside(&datagram, packet, 0);
            parsed_again_is_the_same(&datagram, None, packet);
        }
    }
}

fn set_ipv4_checksum(packet: &mut [u8]) {
    let header_len = packet.first().map_or(0, |first| usize::from(first & 0x0f) * 4);
    if header_len < 20 || packet.len() < header_len {
        return;
    }
    packet[10..12].fill(0);
    let checksum = Sum::default().plus(&packet[..header_len]).checksum();
    packet[10..12].copy_from_slice(&checksum.to_be_bytes());
}

fn is_inside(datagram: &Datagram, frame: &[u8], link_len: usize) {
    assert!(datagram.payload_offset >= link_len + 28);
    assert!(datagram.payload_offset + datagram.payload_len <= frame.len());
    let payload = &frame[datagram.payload_offset..][..datagram.payload_len];
    assert_eq!(datagram.payload(frame), payload);
    assert!(matches!(
        datagram.verify_checksum(frame),
        Ok(()) | Err(Malformed::BadChecksum | Malformed::NoChecksum)
    ));
}

/// Dresses the payload anew, and finds in the new frame what was found in the old one.
fn parsed_again_is_the_same(datagram: &Datagram, link: Option<ether::Header>, frame: &[u8]) {
    let Datagram { addresses, ports, traffic_class, .. } = *datagram;
    let headers = Headers { link, addresses, ports, traffic_class, hop_limit: 64 };
    let mut dressed = [&vec![0; headers.header_len()], datagram.payload(frame)].concat();
    headers.write(&mut dressed).expect("what was received in one packet fits into one");
    let again =
        if link.is_some() { Datagram::parse_ethernet(&dressed) } else { Datagram::parse_ip(&dressed) };
    let again = again.expect("a written frame is well-formed");
    assert_eq!(Datagram { payload_offset: datagram.payload_offset, ..again }, *datagram);
    assert_eq!(again.payload_offset, headers.header_len());
    assert_eq!(again.payload(&dressed), datagram.payload(frame));
    assert_eq!(again.verify_checksum(&dressed), Ok(()));
}

fn headers_are_written_as_parsed(packet: &[u8]) {
    if let Ok((header, payload)) = ipv4::Header::parse(packet) {
        let mut written = [&[0; 20], payload].concat();
        assert_eq!(header.write(&mut written), Ok(20));
        if header.header_len() == 20 {
            assert_eq!(written, packet[..written.len()]);
        }
    }
    if let Ok((header, payload)) = ipv6::Header::parse(packet) {
        let mut written = [&[0; 40], payload].concat();
        assert_eq!(header.write(&mut written), Ok(40));
        if header.header_len() == 40 {
            assert_eq!(written, packet[..written.len()]);
        }
    }
}
