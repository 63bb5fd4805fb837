//! Holds for any bytes that a DNS server says. The first of them chooses what was asked for, so that each kind is reached.

use transport::resolve::message::{Kind, Record, Reply, read_reply, write_question};

const NAME: &str = "a.example";
const ID: u16 = 7;

pub(crate) fn check(bytes: &[u8]) {
    let Some((choice, bytes)) = bytes.split_first() else { return };
    let kind = [Kind::A, Kind::Aaaa, Kind::Srv, Kind::Naptr][usize::from(*choice) % 4];
    let read = read_reply(bytes, ID, NAME, kind);
    assert_eq!(read, read_reply(bytes, ID, NAME, kind), "the same bytes say the same");
    if read.is_some() {
        // It answers one question, and no other.
        assert_eq!(read_reply(bytes, ID ^ 1, NAME, kind), None);
        assert_eq!(read_reply(bytes, ID, "b.example", kind), None);
    }
    let Some((Reply::Records(records, ttl), _)) = read else { return };
    assert!(!records.is_empty() && ttl <= i32::MAX.unsigned_abs());
    for record in records {
        match (record, kind) {
            (Record::Address(address), Kind::A) => assert!(address.is_ipv4()),
            (Record::Address(address), Kind::Aaaa) => assert!(address.is_ipv6()),
            (Record::Service(service), Kind::Srv) => is_name(&service.target),
            (Record::Pointer(pointer), Kind::Naptr) => is_name(&pointer.replacement),
            (record, kind) => panic!("{record:?} for {kind:?}"),
        }
    }
}

/// A name can be asked for, or is none at all.
fn is_name(name: &str) {
    assert!(name.is_empty() || write_question(ID, name, Kind::A, true).is_some(), "{name:?}");
    assert!(name.bytes().all(|byte| !byte.is_ascii_uppercase()), "{name:?}");
}
