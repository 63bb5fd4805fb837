//! `trunkline ctl lab-open`: many sessions at once, for whoever measures or attacks them with other tools.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use clap::Args;
use control::{Epoch, Name, NameError, Protection, Rtcp, SessionId, SessionSpec, SideSpec};
use crypto::{MasterKey, Suite, SuiteName, UnknownSuite};
use loadgen::node::{Node, WINDOW_MAX};
use serde_json::json;

use super::{Answer, Form};

#[derive(Args)]
#[command(after_help = NOTES)]
pub(crate) struct Arguments {
    /// How many sessions.
    #[arg(long, value_name = "N", default_value_t = 1)]
    count: u32,
    /// Where both peers of every session are.
    #[arg(long, value_name = "IP")]
    peer: IpAddr,
    /// The port of the peers of the first session.
    #[arg(long, value_name = "P")]
    first_port: u16,
    /// So much higher is that of each next one.
    #[arg(long, value_name = "S", default_value_t = 2)]
    stride: u16,
    /// What B's media is protected with, both ways; `none` relays plain RTP to plain RTP.
    #[arg(long, value_name = "none|NAME", default_value = "none")]
    suite: SuiteArgument,
    /// Key and salt in base64 for what B gets, and for what it sends; random ones for each session without it.
    #[arg(long, value_name = "BASE64")]
    key: Option<String>,
    /// The realm whose ports are leased.
    #[arg(long, value_name = "NAME", default_value = "default", value_parser = parse_name)]
    realm: Name,
    /// Let RTCP share the port of RTP.
    #[arg(long)]
    rtcp_mux: bool,
    #[command(flatten)]
    form: Form,
}

/// `none`, or a suite.
#[derive(Clone, Copy)]
struct SuiteArgument(Option<Suite>);

impl FromStr for SuiteArgument {
    type Err = UnknownSuite;

    fn from_str(text: &str) -> Result<Self, UnknownSuite> {
        if text == "none" {
            return Ok(Self(None));
        }
        text.parse().map(|name: SuiteName| Self(Some(name.suite)))
    }
}

fn parse_name(text: &str) -> Result<Name, NameError> {
    Name::new(text)
}

pub(crate) fn open(node: &mut Node, arguments: &Arguments) -> Answer {
    let last = u64::from(arguments.first_port)
        + u64::from(arguments.count.saturating_sub(1)) * u64::from(arguments.stride);
    if last > u64::from(u16::MAX) {
        return Err(format!(
            "lab-open: wanted peers on ports up to 65535, found {last} for the last one; \
             lower --count, --stride or --first-port"
        )
        .into());
    }
    // Behind those that are there, so that the command can be given again.
    let first_id = node.sessions()?.last().map_or(1, |state| state.session.0 + 1);
    let mut plans = Vec::new();
    for number in 0..arguments.count {
        plans.push(Plan::new(arguments, first_id, number)?);
    }
    let specs: Vec<SessionSpec> = plans.iter().map(|plan| plan.spec(arguments)).collect();
    let granted = node.apply_all(specs, WINDOW_MAX)?;
    let (mut text, mut values, mut refused) = (String::new(), Vec::new(), None);
    for (plan, granted) in plans.iter().zip(granted) {
        match granted {
            Ok(ports) => {
                text += &format!("{} {}\n", plan.peer.port(), ports.a.port());
                values.push(json!({
                    "session": plan.id.0, "source_port": plan.peer.port(), "leased_port": ports.a.port(),
                    "a": ports.a.to_string(), "b": ports.b.to_string(), "peer": plan.peer.to_string(),
                    "suite": arguments.suite.0.map(Suite::name),
                    "key_to_b": plan.to_b.as_ref().map(|key| BASE64_STANDARD.encode(key)),
                    "key_from_b": plan.from_b.as_ref().map(|key| BASE64_STANDARD.encode(key)),
                }));
            }
            Err(reason) => refused = Some(reason),
        }
    }
    if let Some(reason) = refused {
        return Err(format!(
            "lab-open: wanted {} sessions, found room for {}: {}; end some with `trunkline ctl close`",
            arguments.count,
            values.len(),
            reason.word()
        )
        .into());
    }
    Ok((text, json!({ "sessions": values }), arguments.form))
}

/// One session to open.
struct Plan {
    id: SessionId,
    peer: SocketAddr,
    to_b: Option<Vec<u8>>,
    from_b: Option<Vec<u8>>,
}

impl Plan {
    fn new(arguments: &Arguments, first_id: u64, number: u32) -> Result<Self, Box<dyn std::error::Error>> {
        let port = arguments.first_port + (number * u32::from(arguments.stride)) as u16;
        let key = || -> Result<Option<Vec<u8>>, Box<dyn std::error::Error>> {
            let Some(suite) = arguments.suite.0 else { return Ok(None) };
            let key = match &arguments.key {
                Some(text) => {
                    BASE64_STANDARD.decode(text).map_err(|_| "--key: wanted base64, found something else")?
                }
                None => {
                    let mut key = vec![0; suite.inline_len()];
                    getrandom::fill(&mut key).map_err(|error| format!("no random numbers: {error}"))?;
                    key
                }
            };
            // The length is checked here, so that the error comes before any session is open.
            MasterKey::from_bytes(suite, &key).map_err(|error| format!("--key: {error}"))?;
            Ok(Some(key))
        };
        Ok(Self {
            id: SessionId(first_id + u64::from(number)),
            peer: SocketAddr::new(arguments.peer, port),
            to_b: key()?,
            from_b: key()?,
        })
    }

    fn spec(&self, arguments: &Arguments) -> SessionSpec {
        let protection = |key: &Option<Vec<u8>>| match (arguments.suite.0, key) {
            (Some(suite), Some(key)) => {
                MasterKey::from_bytes(suite, key).map_or(Protection::Clear, Protection::Srtp)
            }
            _ => Protection::Clear,
        };
        let side = || {
            let mut side = SideSpec::new(arguments.realm.clone(), Some(self.peer));
            if arguments.rtcp_mux {
                side.rtcp = Rtcp::Muxed;
            }
            side
        };
        let (a, mut b) = (side(), side());
        b.send = protection(&self.to_b);
        b.receive = protection(&self.from_b);
        SessionSpec { id: self.id, epoch: Epoch(1), media_timeout_s: 0, sides: [a, b] }
    }
}

const NOTES: &str = "\
A's plain RTP comes from PEER:source_port and goes to leased_port; B is at the same address and port, and gets SRTP if
there is a suite. With --json every session also has B's port, and the keys. The sessions stay until they are closed.";
