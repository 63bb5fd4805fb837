//! Who has our addresses? We have (RFC 826), since the kernel of this host may not know them.
//!
//! Neighbour discovery of IPv6 is not answered: there our addresses have to be on the interface.

use core::net::{IpAddr, Ipv4Addr};

use wire::ether::{EtherType, Header, Mac, Tags};

/// Bytes of an answer: an Ethernet header without tags, and 28 bytes.
pub(super) const ANSWER_BYTES: usize = 14 + 28;

const ARP: EtherType = EtherType(0x0806);
/// Hardware type 1 is Ethernet and protocol type 0x0800 is IPv4; their addresses have 6 and 4 bytes.
const ETHERNET_AND_IPV4: [u8; 6] = [0, 1, 0x08, 0x00, 6, 4];
const REQUEST: [u8; 2] = [0, 1];
const REPLY: [u8; 2] = [0, 2];

/// Answers a question for one of our addresses; none if the frame asks for nothing of ours.
pub(super) fn answer(frame: &[u8], ours: &[IpAddr], mac: Mac) -> Option<[u8; ANSWER_BYTES]> {
    let (_, ARP, question) = Header::parse(frame).ok()? else { return None };
    let (kinds, rest) = question.split_first_chunk::<6>()?;
    let (operation, rest) = rest.split_first_chunk::<2>()?;
    let (asker_mac, rest) = rest.split_first_chunk::<6>()?;
    let (asker, rest) = rest.split_first_chunk::<4>()?;
    let (_, rest) = rest.split_first_chunk::<6>()?;
    let wanted = rest.first_chunk::<4>()?;
    let is_ours = ours.contains(&IpAddr::V4(Ipv4Addr::from(*wanted)));
    if *kinds != ETHERNET_AND_IPV4 || *operation != REQUEST || !is_ours {
        return None;
    }
    let mut answer = [0; ANSWER_BYTES];
    let header = Header { destination: Mac(*asker_mac), source: mac, tags: Tags::Untagged };
    let header_len = header.write(ARP, &mut answer).ok()?;
    let parts: [&[u8]; 6] = [&ETHERNET_AND_IPV4, &REPLY, &mac.0, wanted, asker_mac, asker];
    let mut at = header_len;
    for part in parts {
        answer[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    }
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: [IpAddr; 1] = [IpAddr::V4(Ipv4Addr::new(192, 0, 2, 77))];
    const MAC: Mac = Mac([2, 0, 0, 0, 0, 0x77]);

    /// Who has 192.0.2.77? Tell 192.0.2.2.
    const QUESTION: [u8; 42] = [
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 2, 0x08, 0x06, //
        0, 1, 0x08, 0x00, 6, 4, 0, 1, 2, 0, 0, 0, 0, 2, 192, 0, 2, 2, 0, 0, 0, 0, 0, 0, 192, 0, 2, 77,
    ];

    #[test]
    fn a_question_for_our_address_is_answered_to_who_asked() {
        let answer = answer(&QUESTION, &OURS, MAC).unwrap();
        assert_eq!(answer[..14], [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 0x77, 0x08, 0x06]);
        assert_eq!(answer[14..22], [0, 1, 0x08, 0x00, 6, 4, 0, 2]);
        assert_eq!(answer[22..32], [2, 0, 0, 0, 0, 0x77, 192, 0, 2, 77]);
        assert_eq!(answer[32..], [2, 0, 0, 0, 0, 2, 192, 0, 2, 2]);
    }

    #[test]
    fn other_frames_are_not_answered() {
        for (at, byte) in [(13, 0), (15, 6), (17, 1), (18, 8), (21, 2), (41, 78)] {
            let mut frame = QUESTION;
            frame[at] = byte;
            assert_eq!(answer(&frame, &OURS, MAC), None, "byte {at}");
        }
        for len in 0..QUESTION.len() {
            assert_eq!(answer(&QUESTION[..len], &OURS, MAC), None, "{len} bytes");
        }
    }
}
