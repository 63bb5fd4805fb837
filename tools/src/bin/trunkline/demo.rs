//! `trunkline demo`: what works today, proved on loopback.
//!
//! For each suite one socket sends a sealed call, another one opens it, and a third one is the attacker in the middle,
//! who sees every packet and sends its own. Signaling and the relay are not part of it yet.

mod attacker;
mod listener;
mod media;

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, UdpSocket};
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use crypto::{Engine, MasterKey, Opener, Parts, Refusal, Sealer, Suite};
use serde_json::json;
use wire::demux::{self, Kind};
use wire::rtp;

use crate::Outcome;
use listener::{Heard, Refused};

/// Prove on loopback what works today: sealed media under attack, in every suite.
///
/// Needs no privileges, no configuration and no network. Signaling and the relay are not part of it yet.
#[derive(Args)]
#[command(after_help = "Exit code: 0 if all was proved, 1 if not, 2 if it could not run.")]
pub(crate) struct Arguments {
    /// Send a tenth of the packets.
    #[arg(long)]
    fast: bool,
    /// Print only the verdict and its checks, as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let packets = if arguments.fast { PACKETS / 10 } else { PACKETS };
    let media = media::stream(packets);
    let mut stdout = io::stdout().lock();
    if !arguments.json {
        writeln!(stdout, "SRTP over UDP on 127.0.0.1, with an attacker in the middle")?;
        writeln!(stdout, "not part of it yet: signaling and the relay")?;
        writeln!(stdout, "engine: {}\n", Engine::best())?;
    }

    let started = Instant::now();
    let mut checks = Vec::new();
    let mut refused = Refused::new();
    for suite in Suite::ALL {
        let heard = call(suite, &media)?;
        let proofs = judge(suite, &heard);
        if !arguments.json {
            let mark = if proofs.iter().all(|check| check.ok) { "ok" } else { "FAILED" };
            let [media, attacks] = &proofs;
            writeln!(stdout, "{:<24} {mark}: {}; {}", suite.name(), media.detail, attacks.detail)?;
            stdout.flush()?;
        }
        for (refusal, count) in heard.refused {
            *refused.entry(refusal).or_default() += count;
        }
        checks.extend(proofs);
    }

    let passed = checks.iter().filter(|check| check.ok).count();
    let verdict = if passed == checks.len() { "PASS" } else { "FAIL" };
    if arguments.json {
        let as_json = |Check { name, ok, detail }| json!({ "name": name, "ok": ok, "detail": detail });
        let checks: Vec<_> = checks.into_iter().map(as_json).collect();
        writeln!(stdout, "{}", json!({ "verdict": verdict, "checks": checks }))?;
    } else {
        let reasons: Vec<_> = refused.iter().map(|(refusal, count)| format!("{refusal} {count}")).collect();
        let seconds = started.elapsed().as_secs_f64();
        writeln!(stdout, "\nrefused: {}", reasons.join(", "))?;
        writeln!(stdout, "{verdict}: {passed} of {} checks in {seconds:.1} s", checks.len())?;
    }
    Ok(ExitCode::from(u8::from(verdict != "PASS")))
}

/// One thing that was to be proved.
struct Check {
    name: String,
    ok: bool,
    detail: String,
}

fn judge(suite: Suite, heard: &Heard) -> [Check; 2] {
    let Heard { opened, missing, accepted_wrongly, refused, attacks } = heard;
    let sent: u32 = attacks.values().sum();
    // Equal maps mean that each attack was refused, and for the reason that it deserved.
    let are_reasons_right = refused == attacks;
    let reasons = if are_reasons_right { "each refused for its reason" } else { "not each for its reason" };
    [
        Check {
            name: format!("{suite} media"),
            ok: *missing == 0,
            detail: format!("{opened} of {} packets bit for bit across a rollover", opened + missing),
        },
        Check {
            name: format!("{suite} attacks"),
            ok: *accepted_wrongly == 0 && are_reasons_right && sent > 0,
            detail: format!("{sent} attacks, {accepted_wrongly} accepted, {reasons}"),
        },
    ]
}

/// Sends the media in one suite, under attack, and returns what the other side made of it.
fn call(suite: Suite, media: &[Vec<u8>]) -> io::Result<Heard> {
    let mut bytes = vec![0; suite.inline_len()];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let key = MasterKey::from_bytes(suite, &bytes).map_err(io::Error::other)?;

    let receiver = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    receiver.set_read_timeout(Some(PATIENCE))?;
    let (sender, intruder) = (connect(&receiver)?, connect(&receiver)?);
    let (tap, tapped) = mpsc::sync_channel(AHEAD_MAX);
    let (opened, progress) = mpsc::channel();

    thread::scope(|scope| {
        let expected = media.iter().cloned().collect();
        let opener = Opener::new(&key);
        let listening = scope.spawn(|| listener::listen(&receiver, opener, expected, opened));
        let attacking = scope.spawn(move || attacker::attack(&intruder, suite, tapped));
        let sent = send(&sender, Sealer::new(&key), media, tap, &progress);
        let attacks = attacking.join().map_err(|_| io::Error::other("the attacker panicked"))??;

        let datagrams = sent? + attacks.values().sum::<u32>();
        sender.send(&listener::farewell(datagrams))?;
        let heard = listening.join().map_err(|_| io::Error::other("the listener panicked"))??;
        Ok(Heard { attacks, ..heard })
    })
}

/// Seals and sends every packet, never far ahead of the listener; returns how many were sent.
fn send(
    socket: &UdpSocket,
    mut sealer: Sealer,
    media: &[Vec<u8>],
    tap: SyncSender<Vec<u8>>,
    progress: &Receiver<()>,
) -> io::Result<u32> {
    for (sent, plain) in media.iter().enumerate() {
        // A packet that never arrives is the listener's to report; waiting for more would not bring it back.
        if sent >= AHEAD_MAX && progress.recv_timeout(PATIENCE).is_err() {
            return Ok(sent as u32);
        }
        let mut packet = plain.clone();
        packet.resize(plain.len() + Suite::RTCP_OVERHEAD_MAX, 0);
        let sealed = match parts_of(plain) {
            Some(parts) => sealer.seal_rtp(&mut packet, plain.len(), parts),
            None => sealer.seal_rtcp(&mut packet, plain.len()),
        };
        packet.truncate(sealed.map_err(io::Error::other)?);
        socket.send(&packet)?;
        tap.send(packet).map_err(|_| io::Error::other("the attacker stopped listening"))?;
    }
    Ok(media.len() as u32)
}

/// Returns what sealing and opening need to know of an RTP packet; nothing if it is none.
fn parts_of(packet: &[u8]) -> Option<Parts> {
    if demux::classify(packet) != Kind::Rtp {
        return None;
    }
    let header = rtp::Header::parse(packet).ok()?;
    Some(Parts { header_len: header.header_len(), ssrc: header.ssrc.0, sequence: header.sequence.0 })
}

fn connect(receiver: &UdpSocket) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.connect(receiver.local_addr()?)?;
    Ok(socket)
}

/// A minute of audio, in packets of 20 ms.
const PACKETS: u16 = 3000;

/// How many packets the sender may be ahead of the listener: few, so that no socket buffer can overflow.
const AHEAD_MAX: usize = 8;

/// How long a packet on loopback may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(1);
