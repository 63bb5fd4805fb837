//! One call: what its users mean to do, and what came of it.

use std::collections::HashSet;
use std::time::Duration;

use netem::random::Random;
use sip::dialog::Dialog;
use sip::transaction::{ClientId, ServerId};
use sip::{Method, Name, Request, Response, Uri};

/// What the users of a call do, and when.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) begins_at: Duration,
    pub(crate) rings_after: Duration,
    pub(crate) answers_after: Duration,
    /// How the callee answers; `None` when it lets it ring.
    pub(crate) answer: Option<u16>,
    pub(crate) cancels_after: Duration,
    pub(crate) talks_for: Duration,
    /// Who hangs up: the caller, the callee, or both.
    pub(crate) hangs_up: [bool; 2],
}

impl Plan {
    pub(crate) fn new(random: &mut Random) -> Self {
        let mut below = |milliseconds: u64| Duration::from_millis(random.below(milliseconds));
        let (begins_at, rings_after, answers_after) = (below(3_000), below(1_000), below(5_000));
        let (early, late, talks_for) = (below(6_000), below(60_000), below(8_000));
        Self {
            begins_at,
            rings_after,
            answers_after,
            answer: [Some(200), Some(200), Some(486), None][random.below(4) as usize],
            cancels_after: if random.below(3) == 0 { early } else { Duration::from_secs(60) + late },
            talks_for,
            hangs_up: [[true, false], [false, true], [true, true]][random.below(3) as usize],
        }
    }
}

/// A call.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) number: usize,
    pub(crate) plan: Plan,
    pub(crate) invite: Option<ClientId>,
    pub(crate) cancelled: bool,
    /// The INVITE as it was sent, without its Via.
    pub(crate) invited: Option<Request>,
    /// What the callee has to answer.
    pub(crate) asked: Option<(ServerId, Request)>,
    pub(crate) answered: bool,
    /// The ends of the caller and of the callee.
    pub(crate) dialogs: [Option<Dialog>; 2],
    pub(crate) invites_told: usize,
    pub(crate) finals_sent: HashSet<Vec<u8>>,
    pub(crate) acceptances_told: usize,
    pub(crate) acks_sent: usize,
    pub(crate) refusal_told: Option<u16>,
    pub(crate) failed: bool,
}

impl Call {
    pub(crate) fn new(number: usize, plan: Plan) -> Self {
        Self {
            number,
            plan,
            invite: None,
            cancelled: false,
            invited: None,
            asked: None,
            answered: false,
            dialogs: [None, None],
            invites_told: 0,
            finals_sent: HashSet::new(),
            acceptances_told: 0,
            acks_sent: 0,
            refusal_told: None,
            failed: false,
        }
    }

    pub(crate) fn request(&self, method: Method) -> Request {
        let uri = Uri::parse("sip:+12065550100@192.0.2.2").expect("a URI");
        Request::new(method, uri)
            .with(Name::MaxForwards, "70")
            .with(Name::From, format!("<sip:+12065550199@192.0.2.1>;tag=caller-{}", self.number))
            .with(Name::To, "<sip:+12065550100@192.0.2.2>")
            .with(Name::CallId, format!("call-{}", self.number))
            .with(Name::CSeq, format!("1 {}", sip::method::word(method)))
            .with(Name::Contact, "<sip:192.0.2.1>")
    }

    /// Makes the response of the callee, with a dialog when it accepts.
    pub(crate) fn response(&mut self, code: u16) -> Option<(ServerId, Response)> {
        let (id, request) = self.asked.as_ref().filter(|_| !self.answered)?;
        let response = Response::to_request(request, code)
            .with_to_tag(&format!("callee-{}", self.number))
            .expect("To is one")
            .with(Name::Contact, "<sip:192.0.2.2>");
        self.answered = code >= 200;
        if response.is_success() {
            self.dialogs[1] = Some(Dialog::uas(request, &response).expect("it has all that a dialog needs"));
        }
        Some((*id, response))
    }
}
