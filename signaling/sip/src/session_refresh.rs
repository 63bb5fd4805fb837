//! What we say to a session timer (RFC 4028): a peer may refresh its calls, we never do.
//!
//! No timer is originated, and `timer` is not advertised. A peer that refreshes by itself is told that it does; one that
//! would have us refresh gets an answer without a timer, after which there is none (RFC 4028 section 7.2).

use crate::header::session_timer::MIN_SE;
use crate::header::{Name, Refresher, SessionExpires};
use crate::message::{Request, Response};

/// What is said to the timer of an INVITE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// Nothing: no timer is wanted, or one that we would have to keep.
    None,
    /// The peer refreshes.
    ByPeer {
        /// How long the call lasts without a refresh: what the peer wants.
        seconds: u32,
        /// The peer says that it knows timers, and so may be required to keep this one.
        required: bool,
    },
    /// The timer is too short: 422.
    TooShort,
}

impl Refresh {
    /// Decides by the headers of an INVITE.
    pub fn of(request: &Request) -> Self {
        let Some(SessionExpires { seconds, refresher }) = request.headers().session_expires() else {
            return Self::None;
        };
        let is_known = request.headers().lists(Name::Supported, "timer");
        if seconds < MIN_SE {
            // RFC 4028 section 9: who does not know timers would not understand the refusal.
            return if is_known { Self::TooShort } else { Self::None };
        }
        match refresher {
            Some(Refresher::Uas) => Self::None,
            // Somebody on the way has put it there, and the peer will refresh nothing (RFC 4028 table 2).
            None if !is_known => Self::None,
            Some(Refresher::Uac) | None => Self::ByPeer { seconds, required: is_known },
        }
    }

    /// Returns the response that refuses the INVITE, if that is what is said.
    pub fn refusal(self, request: &Request) -> Option<Response> {
        match self {
            Self::TooShort => Some(Response::to_request(request, 422).with(Name::MinSe, MIN_SE.to_string())),
            Self::None | Self::ByPeer { .. } => None,
        }
    }

    /// Writes into the acceptance what is said.
    pub fn write(self, acceptance: &mut Response) {
        let Self::ByPeer { seconds, required } = self else { return };
        let timer = SessionExpires { seconds, refresher: Some(Refresher::Uac) };
        acceptance.headers_mut().set(Name::SessionExpires, timer.to_string());
        if required {
            acceptance.headers_mut().push(Name::Require, "timer");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Method, Uri};

    fn said(headers: &[(Name, &str)]) -> (Refresh, Vec<String>) {
        let uri = Uri::parse("sip:+12065550100@example.com").unwrap();
        let mut request = Request::new(Method::Invite, uri);
        for &(name, value) in headers {
            request.headers_mut().push(name, value);
        }
        let refresh = Refresh::of(&request);
        let mut response = refresh.refusal(&request).unwrap_or_else(|| Response::to_request(&request, 200));
        refresh.write(&mut response);
        let mut lines = vec![response.code().to_string()];
        lines.extend(response.headers().iter().map(|(name, value)| format!("{name}: {value}")));
        (refresh, lines)
    }

    #[test]
    fn a_peer_that_refreshes_is_told_that_it_does() {
        for value in ["1800", "1800;refresher=uac", "90"] {
            let (_, lines) = said(&[(Name::SessionExpires, value), (Name::Supported, "timer")]);
            let seconds = value.split(';').next().unwrap();
            assert_eq!(lines[1], format!("Session-Expires: {seconds};refresher=uac"), "{value}");
        }
    }

    #[test]
    fn a_timer_is_required_of_those_only_that_know_it() {
        let (_, lines) = said(&[(Name::SessionExpires, "1800"), (Name::Supported, "replaces, timer")]);
        assert!(lines.contains(&"Require: timer".to_owned()), "{lines:?}");
        let (refresh, _) =
            said(&[(Name::SessionExpires, "1800;refresher=uac"), (Name::Supported, "replaces")]);
        assert_eq!(refresh, Refresh::ByPeer { seconds: 1800, required: false });
    }

    #[test]
    fn who_does_not_know_timers_gets_none_that_somebody_on_the_way_has_put_there() {
        for value in ["1800", "60"] {
            assert_eq!(
                said(&[(Name::SessionExpires, value)]),
                (Refresh::None, vec!["200".to_owned()]),
                "{value}"
            );
        }
    }

    #[test]
    fn we_are_nobodys_refresher() {
        for headers in [&[(Name::SessionExpires, "1800;refresher=uas"), (Name::Supported, "timer")][..], &[]]
        {
            assert_eq!(said(headers), (Refresh::None, vec!["200".to_owned()]));
        }
    }

    #[test]
    fn a_timer_below_90_seconds_is_refused() {
        for value in ["89", "0", "89;refresher=uas"] {
            let (refresh, lines) = said(&[(Name::SessionExpires, value), (Name::Supported, "timer")]);
            assert_eq!(
                (refresh, &lines[..]),
                (Refresh::TooShort, &["422".to_owned(), "Min-SE: 90".to_owned()][..])
            );
        }
    }
}
