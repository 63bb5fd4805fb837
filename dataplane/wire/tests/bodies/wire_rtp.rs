//! Holds for any bytes taken as an RTP packet.

use wire::Malformed;
use wire::rtp::{Header, Patch};

pub(crate) fn check(bytes: &[u8]) {
    let Ok(header) = Header::parse(bytes) else {
        return;
    };
    let header_len = header.header_len();
    let (head, media) = bytes.split_at(header_len);

    written_is_parsed(&header, bytes, head);
    patched_with_itself_is_unchanged(&header, bytes);
    elements_are_inside(&header, bytes);

    match header.payload(bytes) {
        Ok(payload) => {
            assert!(media.starts_with(payload));
            assert_eq!(payload.len() == media.len(), !header.padding);
        }
        Err(reason) => assert!(header.padding && reason == Malformed::BadPadding),
    }
    for len in [0, 11, header_len - 1] {
        assert_eq!(Header::parse(&bytes[..len]), Err(Malformed::Truncated));
        assert!(header.payload(&bytes[..len]).is_err());
    }
    assert_eq!(Header::parse(head), Ok(header));
}

fn written_is_parsed(header: &Header, bytes: &[u8], head: &[u8]) {
    let mut written = vec![0; head.len()];
    let len = header.write(header.csrcs(bytes), header.extension(bytes), &mut written);
    assert_eq!((len, &written[..]), (Ok(head.len()), head));
    written.pop();
    assert!(header.write(header.csrcs(bytes), header.extension(bytes), &mut written).is_err());
}

fn patched_with_itself_is_unchanged(header: &Header, bytes: &[u8]) {
    let mut patched = bytes.to_vec();
    let mut patch = Patch::new(&mut patched).expect("a parsed packet has a fixed header");
    patch.set_marker(header.marker);
    patch.set_payload_type(header.payload_type);
    patch.set_sequence(header.sequence);
    patch.set_timestamp(header.timestamp);
    patch.set_ssrc(header.ssrc);
    assert_eq!(patched, bytes);
}

fn elements_are_inside(header: &Header, bytes: &[u8]) {
    let Some(extension) = header.extension(bytes) else {
        return;
    };
    // The shortest element with a byte of data has one more byte for its number.
    let len: usize = extension.elements().map(|element| element.data.len() + 1).sum();
    assert!(len <= extension.words.as_flattened().len());
}
