//! Questions to a DNS server, and what it says (RFC 1035, 2782, 3403, 3596). A total function over any bytes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// Who serves a service.
    Srv,
    /// Which services there are.
    Naptr,
}

impl Kind {
    const fn number(self) -> u16 {
        match self {
            Self::A => 1,
            Self::Aaaa => 28,
            Self::Srv => 33,
            Self::Naptr => 35,
        }
    }
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// An address.
    Address(IpAddr),
    /// One of those who serve a service.
    Service(Service),
    /// A service that there is.
    Pointer(Pointer),
}

/// One of those who serve a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Lower ones come first.
    pub priority: u16,
    /// The share among equals.
    pub weight: u16,
    /// The port.
    pub port: u16,
    /// Empty if the service is decidedly not there.
    pub target: String,
}

/// A service that there is (RFC 3403).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// Lower ones come first.
    pub order: u16,
    /// Among equals, lower ones come first.
    pub preference: u16,
    /// What comes next: `s` for services.
    pub flags: String,
    /// Its word, as `SIP+D2U`.
    pub service: String,
    /// What to rewrite the name by; empty in all that SIP uses.
    pub expression: String,
    /// The name to go on with.
    pub replacement: String,
}

/// What a server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Records, and for how many seconds they hold.
    Records(Vec<Record>, u32),
    /// There is no such thing.
    Nothing,
    /// It cannot say.
    Failed,
}

const CLASS_IN: u16 = 1;
const CNAME: u16 = 5;
/// RFC 1035 section 4.1.1: the bit of a reply that does not fit.
const TRUNCATED: u16 = 0x0200;
const HEADER_LEN: usize = 12;
/// Records of an answer that are looked at.
const RECORDS_MAX: u16 = 64;
/// Aliases of aliases.
const ALIASES_MAX: usize = 8;
/// RFC 6891: what fits every path without fragments.
const EDNS_LEN_MAX: u16 = 1232;

/// Writes a question; `None` if the name is none.
pub fn write_question(id: u16, name: &str, kind: Kind, is_extended: bool) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(64);
    bytes.extend(id.to_be_bytes());
    // Recursion is desired; one question, no records but perhaps that of RFC 6891.
    bytes.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, u8::from(is_extended)]);
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.len() > 253 {
        return None;
    }
    for label in name.split('.') {
        let len = u8::try_from(label.len()).ok().filter(|len| (1..=63).contains(len))?;
        if !label.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        bytes.push(len);
        bytes.extend(label.bytes());
    }
    bytes.push(0);
    bytes.extend(kind.number().to_be_bytes());
    bytes.extend(CLASS_IN.to_be_bytes());
    if is_extended {
        bytes.extend([0, 0, 41]);
        bytes.extend(EDNS_LEN_MAX.to_be_bytes());
        bytes.extend([0; 6]);
    }
    Some(bytes)
}

/// Reads what a server says to a question, and whether it was cut off; `None` if it is not about that.
pub fn read_reply(bytes: &[u8], id: u16, name: &str, kind: Kind) -> Option<(Reply, bool)> {
    let mut reader = Reader { bytes, at: 0 };
    let (reply_id, flags) = (reader.u16()?, reader.u16()?);
    let (questions, answers) = (reader.u16()?, reader.u16()?);
    let is_reply = flags & 0x8000 != 0;
    if reply_id != id || !is_reply || questions != 1 {
        return None;
    }
    reader.at = HEADER_LEN;
    let asked = reader.name()?;
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    if asked != name || reader.u16()? != kind.number() || reader.u16()? != CLASS_IN {
        return None;
    }
    let is_cut = flags & TRUNCATED != 0;
    let reply = match flags & 0xf {
        0 => read_answers(&mut reader, answers, name, kind).unwrap_or(Reply::Failed),
        // NXDOMAIN.
        3 => Reply::Nothing,
        _ => Reply::Failed,
    };
    Some((reply, is_cut))
}

fn read_answers(reader: &mut Reader<'_>, count: u16, name: String, kind: Kind) -> Option<Reply> {
    let mut found = Vec::new();
    let mut aliases = Vec::new();
    for _ in 0..count.min(RECORDS_MAX) {
        // A reply that was cut off ends here; what came before is as good as ever.
        let Some((owner, number, ttl, data)) = reader.record() else { break };
        let mut data = Reader { bytes: reader.bytes.get(..data.end)?, at: data.start };
        if number == CNAME {
            aliases.push((owner, data.name()?, ttl));
        } else if number == kind.number()
            && let Some(record) = data.content(kind)
        {
            found.push((owner, record, ttl));
        }
    }
    let mut name = name;
    let mut ttl_min = u32::MAX;
    for _ in 0..ALIASES_MAX {
        let Some((_, real, ttl)) = aliases.iter().find(|(alias, ..)| *alias == name) else { break };
        ttl_min = ttl_min.min(*ttl);
        name.clone_from(real);
    }
    found.retain(|(owner, ..)| *owner == name);
    let ttl = found.iter().map(|(_, _, ttl)| *ttl).min().unwrap_or(0).min(ttl_min);
    let records: Vec<_> = found.into_iter().map(|(_, record, _)| record).collect();
    Some(if records.is_empty() { Reply::Nothing } else { Reply::Records(records, ttl) })
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn take<const LEN: usize>(&mut self) -> Option<[u8; LEN]> {
        let end = self.at.checked_add(LEN)?;
        let taken = self.bytes.get(self.at..end)?.try_into().ok()?;
        self.at = end;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_be_bytes)
    }

    /// Reads a name in small letters, without the dot at its end.
    fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        let mut at = self.at;
        let mut end = None;
        // Each label takes a step and each pointer does; a name has 127 labels at most.
        for _ in 0..160 {
            let len = usize::from(*self.bytes.get(at)?);
            match len {
                0 => {
                    self.at = end.unwrap_or(at + 1);
                    return (name.len() <= 253).then_some(name);
                }
                1..=63 => {
                    let label = self.bytes.get(at + 1..at + 1 + len)?;
                    if !label.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'.') {
                        return None;
                    }
                    if !name.is_empty() {
                        name.push('.');
                    }
                    name.extend(label.iter().map(|byte| char::from(byte.to_ascii_lowercase())));
                    at += 1 + len;
                }
                // RFC 1035 section 4.1.4: the rest of the name stands elsewhere.
                0xc0.. => {
                    let low = usize::from(*self.bytes.get(at + 1)?);
                    end = end.or(Some(at + 2));
                    at = ((len & 0x3f) << 8) | low;
                }
                _ => return None,
            }
        }
        None
    }

    /// Reads a record up to its content: owner, kind, lifetime, and where the content is.
    fn record(&mut self) -> Option<(String, u16, u32, std::ops::Range<usize>)> {
        let owner = self.name()?;
        let number = self.u16()?;
        let class = self.u16()?;
        let ttl = self.take().map(u32::from_be_bytes)?;
        let len = usize::from(self.u16()?);
        let data = self.at..self.at + len;
        self.bytes.get(data.clone())?;
        self.at = data.end;
        // Records of another class are no kind of ours.
        let number = if class == CLASS_IN { number } else { 0 };
        // RFC 2181 section 8: with the first bit set it counts as zero.
        Some((owner, number, if ttl >> 31 == 1 { 0 } else { ttl }, data))
    }

    /// RFC 1035 section 3.3: a text after its length.
    fn text(&mut self) -> Option<String> {
        let [len] = self.take::<1>()?;
        let end = self.at.checked_add(usize::from(len))?;
        let text = self.bytes.get(self.at..end)?;
        self.at = end;
        text.is_ascii().then(|| text.iter().map(|byte| char::from(*byte)).collect())
    }

    fn content(&mut self, kind: Kind) -> Option<Record> {
        Some(match kind {
            Kind::A => Record::Address(Ipv4Addr::from(self.take::<4>()?).into()),
            Kind::Aaaa => Record::Address(Ipv6Addr::from(self.take::<16>()?).into()),
            Kind::Srv => {
                let (priority, weight, port) = (self.u16()?, self.u16()?, self.u16()?);
                Record::Service(Service { priority, weight, port, target: self.name()? })
            }
            Kind::Naptr => {
                let (order, preference) = (self.u16()?, self.u16()?);
                let (flags, service, expression) = (self.text()?, self.text()?, self.text()?);
                let replacement = self.name()?;
                Record::Pointer(Pointer { order, preference, flags, service, expression, replacement })
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reply to `a.example A` with one CNAME to `b.example` and one address of that; names are compressed.
    fn reply() -> Vec<u8> {
        let mut bytes = write_question(7, "a.example", Kind::A, false).unwrap();
        bytes[2..8].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 2]);
        // `a.example` is at 12, `example` at 14.
        bytes.extend([0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 4, 1, b'B', 0xc0, 14]);
        let alias = u8::try_from(bytes.len() - 4).unwrap();
        bytes.extend([0xc0, alias, 0, 1, 0, 1, 0, 0, 1, 0, 0, 4, 192, 0, 2, 1]);
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Reply> {
        read_reply(bytes, 7, "A.example.", Kind::A).map(|(reply, _)| reply)
    }

    #[test]
    fn an_address_is_found_behind_an_alias() {
        let address = Record::Address([192, 0, 2, 1].into());
        assert_eq!(read(&reply()), Some(Reply::Records(vec![address], 60)));
    }

    #[test]
    fn a_reply_says_whether_it_was_cut_off() {
        let mut bytes = reply();
        assert!(matches!(read_reply(&bytes, 7, "a.example", Kind::A), Some((_, false))));
        bytes[2] |= 2;
        assert!(matches!(read_reply(&bytes, 7, "a.example", Kind::A), Some((Reply::Records(..), true))));
    }

    #[test]
    fn replies_to_other_questions_are_none() {
        assert_eq!(read_reply(&reply(), 8, "a.example", Kind::A), None);
        assert_eq!(read_reply(&reply(), 7, "b.example", Kind::A), None);
        assert_eq!(read_reply(&reply(), 7, "a.example", Kind::Aaaa), None);
        let question = write_question(7, "a.example", Kind::A, true).unwrap();
        assert_eq!(read(&question), None);
    }

    #[test]
    fn any_bytes_give_a_reply_or_none() {
        let whole = reply();
        for len in 0..whole.len() {
            assert_ne!(read(&whole[..len]), read(&whole), "{len}");
        }
        for at in 0..whole.len() {
            for value in 0..=255 {
                let mut mutant = whole.clone();
                mutant[at] = value;
                read(&mutant);
            }
        }
    }

    #[test]
    fn what_is_no_name_is_not_asked_for() {
        let long = ["x"; 128].join(".");
        for name in ["", ".", "a..b", "a b", "\u{e4}.example", &"x".repeat(64), &long] {
            assert_eq!(write_question(1, name, Kind::Srv, true), None, "{name}");
        }
    }
}
