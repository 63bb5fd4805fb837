//! Puts a decision into words.

use std::fmt::{self, Write};

use super::{
    decision::{Decision, LinkTarget, Outcome, Reject, RouteTarget},
    trail::{Step, Verdict},
};

impl Decision {
    /// Says, a line each, which rules were looked at and what was found, where the call goes, and what is tried in which
    /// order. The lines name numbers and addresses: they are for operators, not for logs.
    pub fn explain(&self) -> String {
        let mut text = String::new();
        for step in &self.trace {
            // Writing into a String cannot fail.
            let _ = writeln!(text, "{step}");
        }
        let _ = write!(text, "{}", self.outcome);
        text
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { found, rule, verdict } = self;
        write!(f, "{verdict:4} {rule:14} {found}")
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Failed => "no",
            Self::Noted => "-",
            Self::Passed => "yes",
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inbound(inbound) => {
                writeln!(f, "inbound: {} to {}, caller {}", inbound.called, inbound.home, inbound.caller)?;
                numbered(f, &inbound.targets)
            }
            Self::OnNet(on_net) => {
                writeln!(f, "on-net: {} to {}, caller {}", on_net.called, on_net.home, on_net.caller)?;
                numbered(f, &on_net.targets)
            }
            Self::Outbound(outbound) => {
                let what = if outbound.is_emergency { "emergency" } else { "outbound" };
                let Some(number) = outbound.caller.number else {
                    writeln!(f, "{what}: {}, presents no caller", outbound.called)?;
                    return numbered(f, &outbound.links);
                };
                writeln!(f, "{what}: {}, presents {number}", outbound.called)?;
                numbered(f, &outbound.links)
            }
            Self::Reject(reject) => writeln!(f, "{reject}"),
        }
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reason, status, .. } = self;
        match reason {
            reason if reason.is_silent() => write!(f, "no answer: {reason}")?,
            reason if reason.is_challenge() => write!(f, "challenged with {status}: {reason}")?,
            reason => write!(f, "refused with {status}: {reason}")?,
        }
        write!(f, " ({})", reason.word())
    }
}

impl fmt::Display for LinkTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { carrier, link, peer, priority, weight, .. } = self;
        write!(f, "{link} of {carrier}, {peer}, priority {priority}, weight {weight}")
    }
}

impl fmt::Display for RouteTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connector, is_encrypted, peer, priority, weight } = self;
        let media = if *is_encrypted { "SRTP" } else { "RTP" };
        write!(f, "{connector}, {peer}, {media}, priority {priority}, weight {weight}")
    }
}

fn numbered(f: &mut fmt::Formatter<'_>, targets: &[impl fmt::Display]) -> fmt::Result {
    for (number, target) in (1..).zip(targets) {
        writeln!(f, "{number:4}. {target}")?;
    }
    Ok(())
}
