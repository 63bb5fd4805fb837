//! What became of the packets of a capture.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crypto::{Refusal, Suite};
use serde_json::{Value, json};

use super::{Fate, Media};

/// Counts packets by their fate.
#[derive(Default)]
pub(crate) struct Summary {
    packets: u64,
    rtp: u64,
    rtcp: u64,
    rewritten: u64,
    copied: u64,
    cut_short: u64,
    refused: BTreeMap<Refusal, u64>,
}

impl Summary {
    pub(crate) fn count(&mut self, fate: &Fate, is_cut_short: bool) {
        self.packets += 1;
        match fate {
            Fate::Copied => {
                self.copied += 1;
                self.cut_short += u64::from(is_cut_short);
            }
            Fate::Refused(media, refusal) => {
                self.count_media(*media);
                *self.refused.entry(*refusal).or_default() += 1;
            }
            Fate::Rewritten(media) => {
                self.count_media(*media);
                self.rewritten += 1;
            }
        }
    }

    pub(crate) fn has_refused(&self) -> bool {
        !self.refused.is_empty()
    }

    pub(crate) fn as_json(&self, verb: &str) -> Value {
        let refused: serde_json::Map<String, Value> =
            self.refused.iter().map(|(refusal, count)| (refusal.to_string(), json!(count))).collect();
        json!({
            "packets": self.packets,
            "rtp": self.rtp,
            "rtcp": self.rtcp,
            verb: self.rewritten,
            "copied": self.copied,
            "cut_short": self.cut_short,
            "refused": refused,
        })
    }

    pub(crate) fn write(&self, verb: &str, suite: Suite, output: &mut impl Write) -> io::Result<()> {
        let refused: u64 = self.refused.values().sum();
        for (name, count) in [
            ("packets", self.packets),
            ("rtp", self.rtp),
            ("rtcp", self.rtcp),
            (verb, self.rewritten),
            ("copied", self.copied),
            ("refused", refused),
        ] {
            writeln!(output, "{name:<16} {count:>9}")?;
        }
        for (refusal, count) in &self.refused {
            writeln!(output, "  {:<14} {count:>9}", refusal.word())?;
        }
        self.hints(suite).into_iter().try_for_each(|hint| writeln!(output, "hint: {hint}"))
    }

    /// Returns what the counts suggest to look at.
    fn hints(&self, suite: Suite) -> Vec<String> {
        let mut hints = Vec::new();
        if self.rtp + self.rtcp == 0 {
            hints.push("no packet was taken as RTP or RTCP; look at --port and --ssrc".to_owned());
        }
        if self.rewritten == 0 && self.refused.contains_key(&Refusal::BadTag) {
            hints.push(
                "no tag fits: another key or suite, the key of the other direction, packets in the clear, or a \
                 capture that begins after the second rollover of a sequence number"
                    .to_owned(),
            );
            if matches!(suite, Suite::AesCm192HmacSha1_80 | Suite::AesCm192HmacSha1_32) {
                // The fix, of August 2025, came after the release 2.7.0.
                hints.push(
                    "peers with libsrtp up to 2.7 derive other keys for AES-192 than RFC 6188 (libsrtp issue 763); \
                     agree on another suite with them"
                        .to_owned(),
                );
            }
        }
        if self.refused.contains_key(&Refusal::SourcesFull) {
            hints.push("more sources than one key has room for; take them in turn with --ssrc".to_owned());
        }
        if self.cut_short > 0 {
            let count = self.cut_short;
            hints.push(format!(
                "{count} packets were captured only in part, and copied; capture whole packets with: tcpdump -s 0"
            ));
        }
        hints
    }

    fn count_media(&mut self, media: Media) {
        match media {
            Media::Rtcp => self.rtcp += 1,
            Media::Rtp => self.rtp += 1,
        }
    }
}
