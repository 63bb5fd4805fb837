//! Holds for any bytes taken as the payload of a telephone-event packet.

use wire::dtmf::{Code, Event, Events};

pub(crate) fn check(bytes: &[u8]) {
    let Ok(events) = Events::parse(bytes) else {
        assert!(bytes.is_empty() || !bytes.len().is_multiple_of(4));
        return;
    };
    let written: Vec<u8> = events.iter().flat_map(Event::to_bytes).collect();
    assert_eq!(written, bytes);
    for event in events.iter() {
        assert!(event.volume < 64);
        assert_eq!(event.code.key().is_some(), event.code.0 < 16);
        if let Some(key) = event.code.key() {
            assert_eq!(Code::from_key(key), Some(event.code));
        }
    }
}
