//! Messages as bytes: the same order always, long names, the body's length counted, and no value that could begin a
//! header of its own.

use std::net::SocketAddr;

use crate::error::WriteError;
use crate::grammar::{has_control, is_token};
use crate::header::{Name, via};
use crate::lexer::{LINE_LEN_MAX, Lexed, MESSAGE_LEN_MAX};
use crate::message::{Headers, Request, Response};
use crate::method;
use crate::validate::Refusal;

pub(crate) fn request(request: &Request, out: &mut Vec<u8>) -> Result<(), WriteError> {
    whole(out, |out| {
        out.extend_from_slice(method::word(request.method()).as_bytes());
        out.push(b' ');
        out.extend_from_slice(request.uri().as_str().as_bytes());
        out.extend_from_slice(b" SIP/2.0\r\n");
        headers(request.headers(), out)?;
        body(request.body(), out);
        Ok(())
    })
}

pub(crate) fn response(response: &Response, out: &mut Vec<u8>) -> Result<(), WriteError> {
    whole(out, |out| {
        status_line(response.code(), response.phrase(), out)?;
        headers(response.headers(), out)?;
        body(response.body(), out);
        Ok(())
    })
}

/// Answers a request that is not worked with, from its fields as they came: some may be missing or broken.
pub(crate) fn refusal(
    lexed: &Lexed<'_>,
    refusal: &Refusal,
    to_tag: &str,
    source: SocketAddr,
    out: &mut Vec<u8>,
) -> Result<(), WriteError> {
    whole(out, |out| {
        status_line(refusal.code(), &refusal.fault.phrase(), out)?;
        for (at, field) in lexed.fields(Name::Via).enumerate() {
            match via::stamp(&field.value, source) {
                Ok(noted) if at == 0 => header(Name::Via.as_str(), &noted, out)?,
                _ => header(Name::Via.as_str(), &field.value, out)?,
            }
        }
        if let Some(field) = lexed.field(Name::From) {
            header(Name::From.as_str(), &field.value, out)?;
        }
        if let Some(field) = lexed.field(Name::To) {
            match crate::message::with_tag(&field.value, to_tag) {
                Ok(tagged) => header(Name::To.as_str(), &tagged, out)?,
                Err(_) => header(Name::To.as_str(), &field.value, out)?,
            }
        }
        for name in [Name::CallId, Name::CSeq] {
            if let Some(field) = lexed.field(name) {
                header(name.as_str(), &field.value, out)?;
            }
        }
        if let Some((name, value)) = &refusal.advice {
            header(name.as_str(), value, out)?;
        }
        body(&[], out);
        Ok(())
    })
}

/// Writes a message or nothing.
fn whole(
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), WriteError>,
) -> Result<(), WriteError> {
    let start = out.len();
    let written = match write(out) {
        Ok(()) if out.len().saturating_sub(start) > MESSAGE_LEN_MAX => Err(WriteError::TooLong),
        result => result,
    };
    if written.is_err() {
        out.truncate(start);
    }
    written
}

fn status_line(code: u16, phrase: &str, out: &mut Vec<u8>) -> Result<(), WriteError> {
    check(phrase)?;
    out.extend_from_slice(b"SIP/2.0 ");
    push_number(usize::from(code), out);
    out.push(b' ');
    out.extend_from_slice(phrase.as_bytes());
    out.extend_from_slice(b"\r\n");
    Ok(())
}

fn headers(headers: &Headers, out: &mut Vec<u8>) -> Result<(), WriteError> {
    headers.iter().try_for_each(|(name, value)| header(name, value, out))
}

fn header(name: &str, value: &str, out: &mut Vec<u8>) -> Result<(), WriteError> {
    if !is_token(name.as_bytes()) {
        return Err(WriteError::HeaderName);
    }
    check(value)?;
    line(name, value, out)
}

fn line(name: &str, value: &str, out: &mut Vec<u8>) -> Result<(), WriteError> {
    // Two more for the colon and the space: a longer line is one that nobody here would read.
    if name.len().saturating_add(value.len()).saturating_add(2) > LINE_LEN_MAX {
        return Err(WriteError::TooLong);
    }
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value.as_bytes());
    out.extend_from_slice(b"\r\n");
    Ok(())
}

fn body(body: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"Content-Length: ");
    push_number(body.len(), out);
    out.extend_from_slice(b"\r\n\r\n");
    out.extend_from_slice(body);
}

/// A value that holds a line end would begin a header of its own, and a zero byte ends it for some. No other control
/// byte means anything to anybody.
fn check(value: &str) -> Result<(), WriteError> {
    if has_control(value.as_bytes()) { Err(WriteError::Injection) } else { Ok(()) }
}

fn push_number(number: usize, out: &mut Vec<u8>) {
    use std::io::Write as _;
    write!(out, "{number}").expect("a vector takes whatever is written");
}
