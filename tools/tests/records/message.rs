//! Messages of SIP as the peers of these tests write and read them: by lines, without the parser that is tested.

use std::fmt::Write;
use std::net::SocketAddr;

/// A message that has come.
pub(crate) struct Message {
    first: String,
    headers: Vec<(String, String)>,
}

impl Message {
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (head, _body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let first = lines.next()?.to_owned();
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers =
            headers.map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned())).collect();
        Some(Self { first, headers })
    }

    /// The status, if it is a response.
    pub(crate) fn status(&self) -> Option<u16> {
        self.first.strip_prefix("SIP/2.0 ")?.split(' ').next()?.parse().ok()
    }

    /// The method of a request, or of what a response answers.
    pub(crate) fn method(&self) -> &str {
        self.header("cseq").split(' ').nth(1).unwrap_or("")
    }

    /// The number in the URI of the request.
    pub(crate) fn number(&self) -> &str {
        user(self.first.split(' ').nth(1).unwrap_or(""))
    }

    /// The number of who calls.
    pub(crate) fn calling_number(&self) -> &str {
        user(self.header("from"))
    }

    pub(crate) fn call_id(&self) -> &str {
        self.header("call-id")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    /// The URI at which the peer wants further requests.
    pub(crate) fn contact(&self) -> &str {
        let contact = self.header("contact");
        contact.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(contact, |(uri, _)| uri)
    }

    /// The answer to this request.
    pub(crate) fn response(&self, status: &str, own: SocketAddr, body: &str) -> String {
        let mut text = format!("SIP/2.0 {status}\r\n");
        for (name, value) in &self.headers {
            let tag = if name == "to" && !value.contains(";tag=") { ";tag=answer" } else { "" };
            if matches!(&**name, "via" | "from" | "to" | "call-id" | "cseq") {
                write!(text, "{name}: {value}{tag}\r\n").unwrap();
            }
        }
        write!(text, "Contact: <sip:{own}>\r\n").unwrap();
        with_body(text, body)
    }
}

/// The request of a peer.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) uri: &'a str,
    pub(crate) own: SocketAddr,
    pub(crate) branch: &'a str,
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
    pub(crate) call_id: &'a str,
    pub(crate) number: u32,
    pub(crate) body: &'a str,
}

impl Request<'_> {
    pub(crate) fn write(&self) -> String {
        let Self { method, uri, own, branch, from, to, call_id, number, body } = self;
        // The number counts transactions, so that the ACK and the CANCEL of an INVITE have its own.
        let text = format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{branch}\r\nMax-Forwards: 70\r\n\
             From: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {number} {method}\r\nContact: <sip:{own}>\r\n"
        );
        with_body(text, body)
    }
}

/// A description of media that nobody sends.
pub(crate) fn description(own: SocketAddr) -> String {
    let ip = own.ip();
    format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\na=sendrecv\r\n"
    )
}

fn with_body(mut text: String, body: &str) -> String {
    if !body.is_empty() {
        text += "Content-Type: application/sdp\r\n";
    }
    write!(text, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    text
}

fn user(uri: &str) -> &str {
    uri.split_once("sip:").and_then(|(_, rest)| rest.split_once('@')).map_or("", |(user, _)| user)
}
