//! The calls of the demo, and what is to be proved of them.

use std::error::Error;
use std::fs::File;
use std::net::{IpAddr, SocketAddr};
use std::thread;
use std::time::Duration;

use crypto::Suite;
use loadgen::media::clock::Clock;
use loadgen::phone::melody::Part;
use loadgen::phone::{CallNumber, End, Heard, Line, Passage, Phone, Setup, Told};

use super::appliance::{Appliance, CALLED, CALLER, CARRIER, CUSTOMER};
use super::{Check, wav};

const SUITE: Suite = Suite::AesCm128HmacSha1_80;
const KEYS: &[u8] = b"123";
/// How long anything may take that takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);
/// What may be on its way when somebody holds or hangs up.
const UNDER_WAY: u64 = 3;

/// What became of the calls.
struct Played {
    setups: Vec<Duration>,
    /// What was heard while it was held.
    held: u64,
    resumed: bool,
    /// The two ends of each call.
    ends: Vec<Ends>,
}

/// How a call ended for who has called, and for who was called.
struct Ends {
    caller: Over,
    called: Over,
}

type Over = (End, Heard);

pub(super) fn play(
    appliance: &Appliance,
    calls: u16,
    talk: Duration,
    wav: Option<File>,
) -> Result<Vec<Check>, Box<dyn Error>> {
    let clock = Clock::start();
    let called = Phone::new(
        Setup {
            own_number: CALLED.to_owned(),
            server_name: CUSTOMER.to_string(),
            server: appliance.sip.udp,
            login: None,
            media_address: IpAddr::V4(CARRIER),
            suite: None,
            answers_after: Some(Duration::from_millis(20)),
            part: Part::Low,
            clock,
        },
        Line::over(appliance.carrier.try_clone()?)?,
    )?;
    let caller = Phone::new(
        Setup {
            own_number: CALLER.to_owned(),
            server_name: Appliance::host(),
            server: appliance.sip.tls,
            login: None,
            media_address: IpAddr::V4(CUSTOMER),
            suite: Some(SUITE),
            answers_after: None,
            part: Part::High,
            clock,
        },
        connect(appliance.sip.tls, &appliance.root()?)?,
    )?;
    let played = converse(caller, &called, calls, talk)?;
    called.stop()?;
    if let (Some(file), Some(ends)) = (wav, played.ends.first()) {
        wav::write(file, &ends.called.1.samples)?;
    }
    Ok(judge(&played, calls))
}

fn connect(server: SocketAddr, root: &[u8]) -> Result<Line, Box<dyn Error>> {
    Ok(Line::connect(server, Some((root, &Appliance::host())))?)
}

/// Calls, talks, presses keys, holds, resumes and hangs up.
fn converse(mut caller: Phone, called: &Phone, calls: u16, talk: Duration) -> Result<Played, Box<dyn Error>> {
    let dialled: Vec<_> = (0..calls).map(|_| caller.dial(CALLED)).collect();
    let mut setups = Vec::new();
    while setups.len() < dialled.len() {
        match caller.listen(PATIENCE) {
            Some(Told::Up { setup, .. }) => setups.push(setup),
            Some(Told::Over { how, .. }) => return Err(format!("a call was not answered: {how:?}").into()),
            Some(Told::Trouble { what, .. }) => return Err(what.into()),
            Some(_) => {}
            None => return Err("nobody has answered".into()),
        }
    }
    for call in &dialled {
        caller.press(*call, KEYS);
    }
    thread::sleep(talk + Duration::from_millis(200 * KEYS.len() as u64));

    let first = dialled[0];
    caller.hold(first, true);
    changed(&caller, first)?;
    thread::sleep(Duration::from_millis(100));
    let before = caller.heard(first);
    thread::sleep(talk / 2);
    let held = caller.heard(first) - before;
    caller.hold(first, false);
    changed(&caller, first)?;
    thread::sleep(talk / 2);
    let resumed = caller.heard(first) > before + held;

    // One is ended by who was called, the others by who has called.
    called.hang_up(CallNumber::Incoming(1));
    let mut callers = vec![over(&caller)?];
    for call in &dialled {
        caller.hang_up(*call);
    }
    while callers.len() < dialled.len() {
        callers.push(over(&caller)?);
    }
    let theirs: Vec<_> = dialled.iter().map(|_| over(called)).collect::<Result<_, _>>()?;
    caller.stop()?;
    Ok(Played { setups, held, resumed, ends: pair(callers, theirs)? })
}

fn changed(phone: &Phone, wanted: CallNumber) -> Result<(), Box<dyn Error>> {
    let found = phone.wait(PATIENCE, |told| match told {
        Told::Changed { call } if call == wanted => Some(Ok(())),
        Told::Trouble { what, .. } => Some(Err(what)),
        Told::Over { how, .. } => Some(Err(format!("the call has ended: {how:?}"))),
        Told::Changed { .. } | Told::Ringing { .. } | Told::Up { .. } => None,
    });
    Ok(found.ok_or("a change of the call was not answered")??)
}

/// Waits for the end of one more call.
fn over(phone: &Phone) -> Result<Over, Box<dyn Error>> {
    let found = phone.wait(PATIENCE, |told| match told {
        Told::Over { how, heard, .. } => Some((how, *heard)),
        Told::Changed { .. } | Told::Ringing { .. } | Told::Trouble { .. } | Told::Up { .. } => None,
    });
    found.ok_or_else(|| "a call does not end".into())
}

/// Finds the two ends of each call: by whom the one that was called has heard.
fn pair(callers: Vec<Over>, mut called: Vec<Over>) -> Result<Vec<Ends>, Box<dyn Error>> {
    let find = |caller: Over| {
        let place = called.iter().position(|(_, heard)| heard.speaker == Some(caller.1.listener))?;
        Some(Ends { caller, called: called.swap_remove(place) })
    };
    let pairs: Option<Vec<_>> = callers.into_iter().map(find).collect();
    pairs.ok_or_else(|| "a caller was heard by nobody".into())
}

fn judge(played: &Played, calls: u16) -> Vec<Check> {
    let Played { setups, held, resumed, ends } = played;
    let slowest = setups.iter().max().copied().unwrap_or_default();
    let is_ended = |ends: &&Ends| {
        matches!(
            (&ends.caller.0, &ends.called.0),
            (End::HungUp, End::HungUpByPeer) | (End::HungUpByPeer, End::HungUp)
        )
    };
    let keys = ends.iter().filter(|ends| ends.called.1.keys.as_bytes() == KEYS).count();
    let heard = || ends.iter().map(|ends| (&ends.caller.1, &ends.called.1));
    let mut checks = vec![
        Check::new(
            "call",
            setups.len() == usize::from(calls),
            format!(
                "{} of {calls} answered: TLS with {SUITE} to UDP with RTP, the slowest after {:.0} ms",
                setups.len(),
                slowest.as_secs_f64() * 1e3
            ),
        ),
        audio("audio", heard(), "caller to called"),
        audio("audio back", heard().map(|(caller, called)| (called, caller)), "called to caller"),
        Check::new(
            "keys",
            keys == ends.len(),
            format!("1, 2 and 3 were heard in {keys} of {} calls", ends.len()),
        ),
        Check::new("hold", *held <= UNDER_WAY, format!("{held} packets were heard while the call was held")),
        Check::new("resume", *resumed, "both speak again"),
    ];
    let ended = ends.iter().filter(is_ended).count();
    checks.push(Check::new(
        "hang up",
        ended == ends.len(),
        format!("{ended} of {} calls, the first by who was called", ends.len()),
    ));
    checks
}

/// Judges one direction of all calls.
fn audio<'h>(name: &'static str, pairs: impl Iterator<Item = (&'h Heard, &'h Heard)>, way: &str) -> Check {
    let (mut packets, mut lost, mut bad, mut slowest) = (0, 0, 0, 0);
    for (speaker, listener) in pairs {
        let passage = Passage::between(speaker, listener);
        packets += listener.packets;
        // At the end, and when somebody holds, a packet or two is on its way to nobody.
        lost += passage.lost.saturating_sub(2 * UNDER_WAY);
        bad += listener.damaged + listener.repeated + listener.refused;
        slowest = slowest.max(passage.latency.quantiles().p50);
    }
    let detail = format!(
        "{packets} packets {way}, each bit by bit as it was said, median {} us, {lost} lost, {bad} bad",
        slowest / 1000
    );
    Check::new(name, packets > 0 && lost == 0 && bad == 0, detail)
}
