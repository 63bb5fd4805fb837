//! From a description to text, in the order of RFC 8866 section 5, with CRLF behind every line.

use core::fmt::{Display, Write as _};

use crate::attribute::Attribute;
use crate::model::{Connection, Media, SessionDescription};

impl SessionDescription {
    /// Writes the description, its keys included: what comes out belongs on the wire and in no log.
    ///
    /// Control characters are left out wherever they stand, so that no value can begin a line of its own.
    #[must_use]
    pub fn write(&self) -> String {
        let mut out = String::with_capacity(LEN_USUAL);
        let origin = &self.origin;
        line(&mut out, 'v', 0);
        line(
            &mut out,
            'o',
            format_args!("{} {} {} {}", origin.username, origin.id, origin.version, origin.connection),
        );
        line(&mut out, 's', if self.session_name.is_empty() { "-" } else { &self.session_name });
        lead(&mut out, self.connection.as_ref(), &self.bandwidths);
        for time in &self.times {
            line(&mut out, 't', format_args!("{} {}", time.start, time.stop));
        }
        self.attributes.iter().for_each(|attribute| write_attribute(&mut out, attribute));
        self.media.iter().for_each(|media| write_media(&mut out, media));
        out
    }
}

fn write_media(out: &mut String, media: &Media) {
    let mut first = format!("{} {}", media.kind.name(), media.port);
    if media.port_count != 1 {
        append(&mut first, format_args!("/{}", media.port_count));
    }
    append(&mut first, format_args!(" {}", media.protocol.name()));
    media.formats.iter().for_each(|format| append(&mut first, format_args!(" {format}")));
    line(out, 'm', first);
    lead(out, media.connection.as_ref(), &media.bandwidths);
    media.attributes.iter().for_each(|attribute| write_attribute(out, attribute));
}

/// The lines that stand both before the streams and in each of them.
fn lead(out: &mut String, connection: Option<&Connection>, bandwidths: &[String]) {
    connection.into_iter().for_each(|connection| line(out, 'c', connection));
    bandwidths.iter().for_each(|bandwidth| line(out, 'b', bandwidth));
}

fn write_attribute(out: &mut String, attribute: &Attribute) {
    match attribute {
        Attribute::RtpMap(map) => line(out, 'a', format_args!("rtpmap:{} {}", map.payload_type, map.codec)),
        Attribute::FormatParameters(fmtp) => {
            line(out, 'a', format_args!("fmtp:{} {}", fmtp.payload_type, fmtp.parameters));
        }
        Attribute::PacketTime(ms) => line(out, 'a', format_args!("ptime:{ms}")),
        Attribute::PacketTimeMax(ms) => line(out, 'a', format_args!("maxptime:{ms}")),
        Attribute::Direction(direction) => line(out, 'a', direction.name()),
        Attribute::Rtcp(rtcp) => match &rtcp.connection {
            Some(connection) => line(out, 'a', format_args!("rtcp:{} {connection}", rtcp.port)),
            None => line(out, 'a', format_args!("rtcp:{}", rtcp.port)),
        },
        Attribute::RtcpMux => line(out, 'a', "rtcp-mux"),
        Attribute::Crypto(crypto) => {
            // Straight into the text: a copy in between would have to be overwritten.
            let start = out.len();
            out.push_str("a=crypto:");
            crypto.write_value(out);
            debug_assert!(!out.get(start..).unwrap_or_default().contains(char::is_control));
            out.push_str("\r\n");
        }
        Attribute::Source(source) => {
            line(out, 'a', format_args!("ssrc:{} {}", source.ssrc, source.attribute));
        }
        Attribute::Candidate(candidate) => line(out, 'a', format_args!("candidate:{candidate}")),
        Attribute::Other { name, value: Some(value) } => line(out, 'a', format_args!("{name}:{value}")),
        Attribute::Other { name, value: None } => line(out, 'a', name),
    }
}

fn line(out: &mut String, letter: char, value: impl Display) {
    let start = out.len();
    append(out, format_args!("{letter}={value}"));
    if out.get(start..).unwrap_or_default().contains(char::is_control) {
        let clean: String = out.drain(start..).filter(|c| !c.is_control()).collect();
        out.push_str(&clean);
    }
    out.push_str("\r\n");
}

/// Writing to a `String` cannot fail.
fn append(out: &mut String, value: impl Display) {
    let _ = write!(out, "{value}");
}

/// A description of a call with two keys.
const LEN_USUAL: usize = 800;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_can_begin_a_line_of_its_own() {
        let text = b"v=0\no=- 1 1 IN IP4 192.0.2.1\nm=audio 4 RTP/AVP 0\n";
        let mut description = SessionDescription::parse(text).unwrap();
        description.session_name = "x\r\na=crypto:1".into();
        description.media[0].formats = vec!["0\nm=audio".into()];
        let text = description.write();
        assert!(text.contains("s=xa=crypto:1\r\n") && text.contains("RTP/AVP 0m=audio\r\n"), "{text}");
    }
}
