//! `trunkline srtp`: opens or seals the packets of a capture, to look into a call or to make up one.

mod frame;
mod key;
mod pcap;
mod summary;

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use crypto::{MasterKey, Opener, Parts, Refusal, Sealer, Suite, SuiteName, WindowSize};
use wire::demux::{self, Kind};
use wire::{rtcp, rtp};

use crate::Outcome;
use frame::{Link, Place};
use summary::Summary;

/// Open or seal the SRTP and SRTCP packets of a capture.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check and decrypt: writes the call in the clear.
    #[command(after_help = OPEN_NOTES)]
    Open {
        #[command(flatten)]
        capture: CaptureArguments,
        /// How far the replay window reaches back, in packets: 128, 256, 512 or 1024.
        #[arg(long, value_name = "PACKETS", default_value = "128", value_parser = parse_window)]
        window: WindowSize,
    },
    /// Encrypt and authenticate: writes the call as it would be on the wire.
    #[command(after_help = SEAL_NOTES)]
    Seal {
        #[command(flatten)]
        capture: CaptureArguments,
    },
}

#[derive(Args)]
struct CaptureArguments {
    /// The crypto suite; `trunkline suites` lists them.
    #[arg(long, value_name = "NAME")]
    suite: SuiteName,
    /// `-` to read key and salt from standard input, or both in base64.
    ///
    /// On the command line every user of the machine can see the key in the list of processes.
    /// Either way it may stand in the form of SDP: inline:BASE64|LIFETIME.
    #[arg(long, value_name = "-|BASE64", allow_hyphen_values = true, verbatim_doc_comment)]
    key: String,
    /// Take only packets to this UDP port; may be given several times.
    #[arg(long = "port", value_name = "N")]
    ports: Vec<u16>,
    /// Take only packets of this source, in hexadecimal; may be given several times.
    #[arg(long = "ssrc", value_name = "HEX", value_parser = parse_ssrc)]
    ssrcs: Vec<u32>,
    /// Print the summary as one JSON object.
    #[arg(long)]
    json: bool,
    /// The capture to read: pcap with Ethernet, raw IP or Linux cooked frames.
    #[arg(value_name = "IN.pcap")]
    input: PathBuf,
    /// The capture to write; an existing file is replaced.
    #[arg(value_name = "OUT.pcap")]
    output: PathBuf,
}

pub(crate) fn run(arguments: Arguments) -> Outcome {
    let (capture, transform, verb) = match arguments.command {
        Command::Open { capture, window } => {
            let opener = Opener::with_window(&capture.master_key()?, window);
            (capture, Transform::Open(Box::new(opener)), "opened")
        }
        Command::Seal { capture } => {
            let sealer = Sealer::new(&capture.master_key()?);
            (capture, Transform::Seal(Box::new(sealer)), "sealed")
        }
    };
    let (suite, is_json) = (capture.suite.suite, capture.json);
    let summary = rewrite(capture, transform)?;
    let mut stdout = io::stdout().lock();
    if is_json {
        writeln!(stdout, "{}", summary.as_json(verb))?;
    } else {
        summary.write(verb, suite, &mut stdout)?;
    }
    Ok(ExitCode::from(u8::from(summary.has_refused())))
}

/// Reads the capture, and writes it with every selected packet transformed.
fn rewrite(capture: CaptureArguments, transform: Transform) -> Result<Summary, Box<dyn Error>> {
    let input_name = capture.input.display().to_string();
    let output_name = capture.output.display().to_string();
    let mut reader = pcap::Reader::open(&capture.input)?;
    let Some(link) = Link::from_number(reader.link_type()) else {
        return Err(format!(
            "{input_name}: wanted frames of Ethernet (1), raw IP (101, 228, 229) or Linux cooked (113, 276), \
             found link type {}",
            reader.link_type()
        )
        .into());
    };
    let mut writer = pcap::Writer::create(&capture.output, &reader)?;

    let mut summary = Summary::default();
    let mut rewriter = Rewriter { link, capture, transform, frame: Vec::new() };
    let mut record = pcap::Record::default();
    let end = loop {
        match reader.read(&mut record) {
            Ok(true) => {}
            Ok(false) => break Ok(()),
            Err(error) => {
                break Err(format!("{input_name}: {error}; the packets before it are in {output_name}"));
            }
        }
        let fate = rewriter.rewrite(&record.frame);
        summary.count(&fate, record.is_cut_short());
        let written = match fate {
            Fate::Copied => writer.copy(&record),
            Fate::Rewritten(_) => writer.replace(&record, &rewriter.frame),
            Fate::Refused(..) => Ok(()),
        };
        written.map_err(|error| format!("{output_name}: {error}"))?;
    };
    writer.finish().map_err(|error| format!("{output_name}: {error}"))?;
    end?;
    Ok(summary)
}

/// What became of one packet.
enum Fate {
    Copied,
    Refused(Media, Refusal),
    Rewritten(Media),
}

/// The two protocols of a media port that are sealed.
#[derive(Clone, Copy)]
enum Media {
    Rtcp,
    Rtp,
}

struct Rewriter {
    link: Link,
    capture: CaptureArguments,
    transform: Transform,
    /// The frame as it leaves.
    frame: Vec<u8>,
}

impl Rewriter {
    fn rewrite(&mut self, captured: &[u8]) -> Fate {
        self.frame.clear();
        self.frame.extend_from_slice(captured);
        let Some(place) = Place::find(self.link, &mut self.frame) else {
            return Fate::Copied;
        };
        if !is_selected(&self.capture.ports, &place.ports.destination) {
            return Fate::Copied;
        }
        let payload = &self.frame[place.payload.clone()];
        let media = match demux::classify(payload) {
            Kind::Rtcp => Media::Rtcp,
            Kind::Rtp => Media::Rtp,
            Kind::Dtls | Kind::Stun | Kind::TurnChannel | Kind::Unknown | Kind::Zrtp => return Fate::Copied,
        };
        let ssrc = match media {
            Media::Rtcp => rtcp::first_ssrc(payload),
            Media::Rtp => rtp::Header::parse(payload).map(|header| header.ssrc),
        };
        // The version was looked at already: what can go wrong is that the packet is shorter than its header.
        let Ok(ssrc) = ssrc else {
            return Fate::Refused(media, Refusal::Truncated);
        };
        if !is_selected(&self.capture.ssrcs, &ssrc.0) {
            return Fate::Copied;
        }
        match self.transform(media, &place) {
            Ok(()) => Fate::Rewritten(media),
            Err(refusal) => Fate::Refused(media, refusal),
        }
    }

    fn transform(&mut self, media: Media, place: &Place) -> Result<(), Refusal> {
        let len = place.payload.len();
        // Behind the datagram a short frame may be filled up: that makes room for a tag.
        self.frame.truncate(place.payload.end);
        self.frame.resize(place.payload.end + Suite::RTCP_OVERHEAD_MAX, 0);
        let buffer = &mut self.frame[place.payload.start..];
        let len = match media {
            Media::Rtcp => self.transform.rtcp(buffer, len)?,
            Media::Rtp => {
                let header = rtp::Header::parse(&buffer[..len]).map_err(|_| Refusal::Truncated)?;
                let parts = Parts {
                    header_len: header.header_len(),
                    ssrc: header.ssrc.0,
                    sequence: header.sequence.0,
                };
                self.transform.rtp(buffer, len, parts)?
            }
        };
        place.end_after(len, &mut self.frame).map_err(|_| Refusal::TooLong)
    }
}

/// What is done to the packets of a capture, with one key for all of them.
enum Transform {
    Open(Box<Opener>),
    Seal(Box<Sealer>),
}

impl Transform {
    fn rtp(&mut self, buffer: &mut [u8], len: usize, parts: Parts) -> Result<usize, Refusal> {
        match self {
            Self::Open(opener) => {
                // Nobody can overload a capture: every packet may be tried one rollover ahead, because a call may
                // have been silent or the capture may have begun late.
                opener.grant_recoveries(1);
                opener.open_rtp(&mut buffer[..len], parts)
            }
            Self::Seal(sealer) => sealer.seal_rtp(buffer, len, parts),
        }
    }

    fn rtcp(&mut self, buffer: &mut [u8], len: usize) -> Result<usize, Refusal> {
        match self {
            Self::Open(opener) => opener.open_rtcp(&mut buffer[..len]),
            Self::Seal(sealer) => sealer.seal_rtcp(buffer, len),
        }
    }
}

impl CaptureArguments {
    fn master_key(&self) -> Result<MasterKey, Box<dyn Error>> {
        key::read(&self.key, self.suite.suite)
    }
}

/// Tells whether a packet is wanted: nothing listed means that all are.
fn is_selected<T: PartialEq>(listed: &[T], found: &T) -> bool {
    listed.is_empty() || listed.contains(found)
}

fn parse_window(text: &str) -> Result<WindowSize, String> {
    let packets = text.parse().map_err(|_| "wanted 128, 256, 512 or 1024 packets".to_owned())?;
    WindowSize::new(packets).map_err(|error| error.to_string())
}

fn parse_ssrc(text: &str) -> Result<u32, String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    u32::from_str_radix(digits, 16).map_err(|_| "wanted up to eight hexadecimal digits".to_owned())
}

const OPEN_NOTES: &str = "\
Each direction of a call has its own key: open one, then the other out of the result of the first.
  trunkline srtp open --suite AES_CM_128_HMAC_SHA1_80 --key - --port 20000 in.pcap half.pcap < caller.key
  trunkline srtp open --suite AES_CM_128_HMAC_SHA1_80 --key - --port 20002 half.pcap out.pcap < callee.key

Packets that are not selected, or neither RTP nor RTCP over UDP, are copied unchanged; refused ones are left out.
Exit code: 0 if none was refused, 1 if some were, 2 if the work could not be done.";

const SEAL_NOTES: &str = "\
Packets that are not selected, or neither RTP nor RTCP over UDP, are copied unchanged; refused ones are left out.
A key never protects two packets with one index: a repeated sequence number is refused as index_used. Take a new key
for each capture; the command remembers nothing of the ones before.
Exit code: 0 if none was refused, 1 if some were, 2 if the work could not be done.";
