//! What PBX and carrier write: whole messages as text, made anew for every copy of them.

use core::net::SocketAddr;
use std::io::Write;

use crate::calls::glance::Glance;
use crate::calls::number::Serial;

/// What all messages of a run have in common.
#[derive(Clone, Debug)]
pub struct Letters {
    /// Marks the words of this run: Call-IDs, tags and branches.
    pub run: String,
    /// The host that calls go to.
    pub host: String,
    /// Who calls.
    pub caller: String,
    /// How the PBX speaks: `UDP`, `TCP` or `TLS`.
    pub protocol: &'static str,
    /// Whether the PBX offers SRTP, but for the calls that talk.
    pub is_protected: bool,
    /// The ports at which PBX and carrier hear media, of the first calls; nothing is sent to the others.
    pub media_ports: Vec<[u16; 2]>,
}

/// What the PBX has to know of a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialog {
    /// The value of To, with its tag.
    pub to: Box<[u8]>,
    /// Where requests go.
    pub target: Box<[u8]>,
}

/// The port at which those say they hear media to whom nothing is sent.
const MEDIA_PORT: u16 = 40_000;

impl Letters {
    /// Writes the INVITE of a call.
    pub fn invite(&self, serial: Serial, local: SocketAddr, out: &mut Vec<u8>) {
        let Self { run, host, caller, protocol, .. } = self;
        let called = serial.called();
        let transport = protocol.to_ascii_lowercase();
        let body = self.offer(serial, local);
        put(
            out,
            format_args!(
                "INVITE sip:{called}@{host} SIP/2.0\r\n\
                 Via: SIP/2.0/{protocol} {local};branch=z9hG4bK{:x}-{run}i;rport\r\nMax-Forwards: 70\r\n\
                 From: \"Load\" <sip:{caller}@{host}>;tag={:x}-{run}\r\nTo: <sip:{called}@{host}>\r\n\
                 Call-ID: {:x}-{run}@{}\r\nCSeq: 1 INVITE\r\n\
                 Contact: <sip:{caller}@{local};transport={transport}>\r\n\
                 Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\nSupported: replaces, timer\r\n\
                 P-Asserted-Identity: \"Load\" <sip:{caller}@{host}>\r\nUser-Agent: loadgen\r\n\
                 Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
                serial.0,
                serial.0,
                serial.0,
                local.ip(),
                body.len(),
            ),
        );
    }

    /// Writes the ACK of a final response. A refusal is acknowledged within the transaction (RFC 3261 section 17.1.1.3),
    /// an answer within the dialog.
    pub fn ack(
        &self,
        serial: Serial,
        local: SocketAddr,
        dialog: &Dialog,
        is_refusal: bool,
        out: &mut Vec<u8>,
    ) {
        let branch = if is_refusal { 'i' } else { 'a' };
        self.request("ACK", (serial, branch, 1), local, dialog, out);
    }

    /// Writes the BYE of a call.
    pub fn bye(&self, serial: Serial, local: SocketAddr, dialog: &Dialog, out: &mut Vec<u8>) {
        self.request("BYE", (serial, 'b', 2), local, dialog, out);
    }

    fn request(
        &self,
        method: &str,
        (serial, branch, number): (Serial, char, u32),
        local: SocketAddr,
        dialog: &Dialog,
        out: &mut Vec<u8>,
    ) {
        let Self { run, host, caller, protocol, .. } = self;
        put(out, format_args!("{method} "));
        out.extend_from_slice(&dialog.target);
        put(
            out,
            format_args!(
                " SIP/2.0\r\nVia: SIP/2.0/{protocol} {local};branch=z9hG4bK{:x}-{run}{branch};rport\r\n\
                 Max-Forwards: 70\r\nFrom: \"Load\" <sip:{caller}@{host}>;tag={:x}-{run}\r\nTo: ",
                serial.0, serial.0,
            ),
        );
        out.extend_from_slice(&dialog.to);
        put(
            out,
            format_args!(
                "\r\nCall-ID: {:x}-{run}@{}\r\nCSeq: {number} {method}\r\nContent-Length: 0\r\n\r\n",
                serial.0,
                local.ip()
            ),
        );
    }

    /// Returns where the ACK of a refusal goes: to the URI that was invited.
    #[must_use]
    pub fn invited(&self, serial: Serial, to: &[u8]) -> Dialog {
        Dialog { to: to.into(), target: format!("sip:{}@{}", serial.called(), self.host).into_bytes().into() }
    }

    /// Writes the carrier's answer to a request; `tag` is that of the call if To has none yet.
    pub fn answer(
        &self,
        to: &Glance<'_>,
        status: &str,
        (tag, local): (Option<Serial>, SocketAddr),
        with_body: bool,
        out: &mut Vec<u8>,
    ) {
        put(out, format_args!("SIP/2.0 {status}\r\n"));
        for (is_to, line) in to.repeated() {
            out.extend_from_slice(line);
            if let (true, Some(serial), None) = (is_to, tag, to.to_tag()) {
                put(out, format_args!(";tag={:x}-{}", serial.0, self.run));
            }
            out.extend_from_slice(b"\r\n");
        }
        if tag.is_some() {
            put(out, format_args!("Contact: <sip:carrier@{local}>\r\n"));
        }
        if with_body {
            let ports = tag.and_then(|serial| self.ports(serial));
            let body = answer_body(local, ports.map_or(MEDIA_PORT, |[_, carrier]| carrier));
            put(
                out,
                format_args!("Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}", body.len()),
            );
        } else {
            out.extend_from_slice(b"Content-Length: 0\r\n\r\n");
        }
    }

    fn ports(&self, serial: Serial) -> Option<[u16; 2]> {
        self.media_ports.get(serial.0 as usize).copied()
    }

    fn offer(&self, serial: Serial, local: SocketAddr) -> String {
        let (ip, family) = (local.ip(), family(local));
        let ports = self.ports(serial);
        let port = ports.map_or(MEDIA_PORT, |[pbx, _]| pbx);
        let is_protected = self.is_protected && ports.is_none();
        let profile = if is_protected { "RTP/SAVP" } else { "RTP/AVP" };
        // Nobody sends media, so that anybody may know the key: 30 bytes (RFC 4568 section 6.2).
        let key = match is_protected {
            true => "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n",
            false => "",
        };
        format!(
            "v=0\r\no=load 1 1 IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n\
             m=audio {port} {profile} 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
             a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n{key}a=sendrecv\r\n"
        )
    }
}

fn answer_body(local: SocketAddr, port: u16) -> String {
    let (ip, family) = (local.ip(), family(local));
    format!(
        "v=0\r\no=carrier 1 1 IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
         a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    )
}

fn family(address: SocketAddr) -> &'static str {
    if address.is_ipv4() { "IP4" } else { "IP6" }
}

fn put(out: &mut Vec<u8>, text: core::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("memory takes any text");
}

#[cfg(test)]
mod tests {
    use sip::lexer::lex;
    use sip::validate::{Rules, Verdict, validate};

    use super::*;

    fn letters() -> Letters {
        Letters {
            run: "ab".to_owned(),
            host: "c.example".to_owned(),
            caller: "+12065550100".to_owned(),
            protocol: "TLS",
            is_protected: true,
            media_ports: vec![[30_000, 30_002]],
        }
    }

    fn is_request(bytes: &[u8]) -> bool {
        let lexed = lex(bytes).unwrap();
        let sdp_ok = lexed.body.is_empty() || sdp::SessionDescription::parse(lexed.body).is_ok();
        sdp_ok && matches!(validate(&lexed, &Rules::TRUNK), Verdict::Request(_))
    }

    #[test]
    fn what_the_pbx_writes_is_sip_to_others() {
        let (letters, local) = (letters(), SocketAddr::from(([127, 0, 0, 2], 5070)));
        let mut out = Vec::new();
        letters.invite(Serial(31), local, &mut out);
        assert!(is_request(&out), "{}", String::from_utf8_lossy(&out));
        assert!(Glance::read(&out).unwrap().call_id.starts_with(b"1f-ab@"));
        let dialog = letters.invited(Serial(31), b"<sip:x@y>;tag=1");
        for is_refusal in [true, false] {
            out.clear();
            letters.ack(Serial(31), local, &dialog, is_refusal, &mut out);
            assert!(is_request(&out), "{}", String::from_utf8_lossy(&out));
        }
        out.clear();
        letters.bye(Serial(31), local, &dialog, &mut out);
        assert!(is_request(&out), "{}", String::from_utf8_lossy(&out));
    }

    #[test]
    fn what_the_carrier_answers_repeats_what_it_must() {
        let (letters, local) = (letters(), SocketAddr::from(([127, 0, 0, 3], 5060)));
        let (mut invite, mut out) = (Vec::new(), Vec::new());
        letters.invite(Serial(31), local, &mut invite);
        letters.answer(&Glance::read(&invite).unwrap(), "200 OK", (Some(Serial(31)), local), true, &mut out);
        let lexed = lex(&out).unwrap();
        assert!(matches!(validate(&lexed, &Rules::TRUNK), Verdict::Response(_)));
        assert!(sdp::SessionDescription::parse(lexed.body).is_ok());
        let tag = Glance::read(&out).unwrap().to_tag().map(<[u8]>::to_vec);
        assert_eq!(Serial::of_word(&tag.unwrap(), "ab"), Some(Serial(31)), "the tag leads back to the call");
    }
}
