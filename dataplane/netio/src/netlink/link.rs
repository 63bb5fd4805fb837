//! Links: what a network interface is, as `RTM_NEWLINK` tells it.

use super::message::{Attributes, bytes_at, u16_at, u32_at};

/// `struct ifinfomsg`: family, type, index, flags, change mask.
const HEADER_BYTES: usize = 16;
/// `IFF_UP`, an operator's wish, and `IFF_LOWER_UP`, a carrier: both or nothing goes out.
const UP: u32 = libc::IFF_UP as u32 | libc::IFF_LOWER_UP as u32;
/// The names of the attributes in `IFLA_LINKINFO` and its `IFLA_INFO_DATA` for a VLAN.
const INFO_KIND: u16 = 1;
const INFO_DATA: u16 = 2;
const VLAN_ID: u16 = 1;
const VLAN_PROTOCOL: u16 = 5;
/// The EtherType of IEEE 802.1Q, the only tag written here.
const TAG_8021Q: [u8; 2] = [0x81, 0x00];

/// One network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) index: u32,
    pub(crate) name: String,
    /// The address on Ethernet; none on links that are not Ethernet.
    pub(crate) mac: Option<[u8; 6]>,
    pub(crate) mtu: u32,
    /// Whether packets can leave.
    pub(crate) up: bool,
    /// How many receive queues it may have.
    pub(crate) rx_queues_max: u32,
    /// What made it, such as `veth` or `vlan`; none for a device.
    pub(crate) kind: Option<String>,
    pub(crate) tag: Tag,
}

/// What stands between Ethernet and IP on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    /// Nothing.
    None,
    /// A VLAN tag; the frames leave through another link.
    Vlan { parent: u32, id: u16 },
    /// A tag that only the kernel can write.
    Other,
}

impl Link {
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let ethernet = u16_at(body, 2)? == libc::ARPHRD_ETHER;
        let mut link = Self {
            index: u32_at(body, 4)?,
            name: String::new(),
            mac: None,
            mtu: 0,
            up: u32_at(body, 8)? & UP == UP,
            rx_queues_max: 1,
            kind: None,
            tag: Tag::None,
        };
        let mut parent = None;
        let mut info = &[][..];
        for (kind, value) in Attributes(body.get(HEADER_BYTES..)?) {
            match kind {
                libc::IFLA_ADDRESS if ethernet => link.mac = value.try_into().ok(),
                libc::IFLA_IFNAME => link.name = text(value),
                libc::IFLA_MTU => link.mtu = u32_at(value, 0)?,
                libc::IFLA_LINK => parent = u32_at(value, 0),
                libc::IFLA_LINKINFO => info = value,
                libc::IFLA_NUM_RX_QUEUES => link.rx_queues_max = u32_at(value, 0)?,
                _ => {}
            }
        }
        link.kind = Attributes(info).find(|(kind, _)| *kind == INFO_KIND).map(|(_, value)| text(value));
        if link.kind.as_deref() == Some("vlan") {
            let data =
                Attributes(info).find(|(kind, _)| *kind == INFO_DATA).map_or(&[][..], |(_, value)| value);
            link.tag = vlan(parent, data);
        }
        (!link.name.is_empty()).then_some(link)
    }

    /// Returns the link that the frames of this one pass: itself, or the parent of a VLAN.
    pub(crate) fn physical(&self) -> Option<u32> {
        match self.tag {
            Tag::None => Some(self.index),
            Tag::Vlan { parent, .. } => Some(parent),
            Tag::Other => None,
        }
    }
}

fn vlan(parent: Option<u32>, data: &[u8]) -> Tag {
    let mut id = None;
    for (kind, value) in Attributes(data) {
        match kind {
            VLAN_ID => id = u16_at(value, 0),
            VLAN_PROTOCOL if bytes_at(value, 0) != Some(TAG_8021Q) => return Tag::Other,
            _ => {}
        }
    }
    match (parent, id) {
        (Some(parent), Some(id)) => Tag::Vlan { parent, id },
        _ => Tag::Other,
    }
}

/// Names end with a zero byte.
fn text(value: &[u8]) -> String {
    let name = value.split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(name).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes = ((4 + value.len()) as u16).to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn vlan_link(protocol: [u8; 2]) -> Option<Link> {
        let data = [attribute(VLAN_ID, &100u16.to_ne_bytes()), attribute(VLAN_PROTOCOL, &protocol)].concat();
        let info = [attribute(INFO_KIND, b"vlan\0"), attribute(INFO_DATA, &data)].concat();
        let mut body = vec![0, 0, 1, 0, 5, 0, 0, 0];
        body.extend(UP.to_ne_bytes());
        body.extend([0; 4]);
        body.extend(attribute(libc::IFLA_IFNAME, b"eth0.100\0"));
        body.extend(attribute(libc::IFLA_LINK, &2u32.to_ne_bytes()));
        body.extend(attribute(libc::IFLA_MTU, &1400u32.to_ne_bytes()));
        body.extend(attribute(libc::IFLA_LINKINFO, &info));
        Link::parse(&body)
    }

    #[test]
    fn a_vlan_names_its_parent_and_its_tag() {
        let link = vlan_link([0x81, 0x00]).expect("a link");
        assert_eq!((link.index, link.mtu, link.up), (5, 1400, true));
        assert_eq!(link.tag, Tag::Vlan { parent: 2, id: 100 });
        assert_eq!(link.physical(), Some(2));
    }

    #[test]
    fn a_provider_tag_is_left_to_the_kernel() {
        let link = vlan_link([0x88, 0xa8]).expect("a link");
        assert_eq!((link.tag, link.physical()), (Tag::Other, None));
    }
}
