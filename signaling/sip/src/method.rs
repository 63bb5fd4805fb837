//! The words of methods. RFC 3261 section 7.1: methods are case-sensitive.

use rsip::Method;

/// Every method with a name, in the order in which an Allow header lists them.
pub const ALL: [Method; 14] = [
    Method::Invite,
    Method::Ack,
    Method::Bye,
    Method::Cancel,
    Method::Options,
    Method::Register,
    Method::PRack,
    Method::Subscribe,
    Method::Notify,
    Method::Publish,
    Method::Info,
    Method::Refer,
    Method::Message,
    Method::Update,
];

/// Returns the method as it is written.
pub const fn word(method: Method) -> &'static str {
    match method {
        Method::Ack => "ACK",
        Method::Bye => "BYE",
        Method::Cancel => "CANCEL",
        Method::Info => "INFO",
        Method::Invite => "INVITE",
        Method::Message => "MESSAGE",
        Method::Notify => "NOTIFY",
        Method::Options => "OPTIONS",
        Method::PRack => "PRACK",
        Method::Publish => "PUBLISH",
        Method::Refer => "REFER",
        Method::Register => "REGISTER",
        Method::Subscribe => "SUBSCRIBE",
        Method::Update => "UPDATE",
    }
}

/// Returns the method that is written so; `None` for one that nobody here knows.
pub fn parse(bytes: &[u8]) -> Option<Method> {
    ALL.into_iter().find(|&method| word(method).as_bytes() == bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_methods_are_inverse() {
        assert_eq!(Method::all().len(), ALL.len());
        for method in Method::all() {
            assert_eq!(parse(word(method).as_bytes()), Some(method));
        }
        assert_eq!(parse(b"invite"), None);
        assert_eq!(parse(b"NEWMETHOD"), None);
    }
}
