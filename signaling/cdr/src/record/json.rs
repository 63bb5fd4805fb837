//! The body of a record's object.

use std::io::Write;

use super::{Begin, Outcome, billable_duration};

/// Writes the record without white space, its keys in the documented order.
pub(crate) fn write(bytes: &mut Vec<u8>, begin: &Begin, answer_time_ms: Option<u64>, outcome: &Outcome) {
    bytes.extend_from_slice(b"{\"AwsAccountId\":");
    string(bytes, begin.aws_account_id.as_str());
    number(bytes, "TransactionId", format_args!("\"{}\"", begin.transaction_id));
    member(bytes, "CallId", begin.call_id.as_str());
    member(bytes, "VoiceConnectorId", begin.voice_connector_id.as_str());
    member(bytes, "FromNumber", begin.from_number.as_str());
    member(bytes, "ToNumber", begin.to_number.as_str());
    member(bytes, "StatusMessage", outcome.status_message.as_str());
    member(bytes, "Disposition", begin.disposition.word());
    member(bytes, "Status", outcome.status.word());
    if let Some(user) = &begin.sip_auth_user {
        member(bytes, "SipAuthUser", user.as_str());
    }
    let end_time_ms = outcome.end_time_ms.max(begin.start_time_ms);
    let billable = billable_duration(answer_time_ms, outcome.end_time_ms);
    number(bytes, "BillableDuration", format_args!("{billable}"));
    number(bytes, "StartTime", format_args!("{}", begin.start_time_ms));
    number(bytes, "EndTime", format_args!("{end_time_ms}"));
    bytes.push(b'}');
}

fn member(bytes: &mut Vec<u8>, name: &str, value: &str) {
    number(bytes, name, format_args!(""));
    string(bytes, value);
}

/// A member whose value needs no escapes.
fn number(bytes: &mut Vec<u8>, name: &str, value: std::fmt::Arguments<'_>) {
    write!(bytes, ",\"{name}\":{value}").expect("a vector takes all that is written to it");
}

/// RFC 8259 section 7: quotation mark, reverse solidus and control characters are escaped, nothing else has to be.
fn string(bytes: &mut Vec<u8>, text: &str) {
    bytes.push(b'"');
    for &byte in text.as_bytes() {
        match byte {
            b'"' | b'\\' => bytes.extend_from_slice(&[b'\\', byte]),
            b'\n' => bytes.extend_from_slice(b"\\n"),
            b'\r' => bytes.extend_from_slice(b"\\r"),
            b'\t' => bytes.extend_from_slice(b"\\t"),
            0..0x20 => {
                write!(bytes, "\\u{byte:04x}").expect("a vector takes all that is written to it");
            }
            _ => bytes.push(byte),
        }
    }
    bytes.push(b'"');
}
