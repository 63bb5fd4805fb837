//! Descriptors enough for all sockets that a driver may want.

use std::fs;

use crate::sys::limit::{self, Limit};

/// What the rest of the process has open: files, rings, sockets towards signaling.
const OTHERS: u64 = 1024;

/// Raises the limit of descriptors of this process, so that it has room for so many sockets: as far as the process may,
/// and the hard limit as well if it is privileged. Returns a note if that is not enough.
pub(crate) fn make_room(sockets: u64) -> Option<String> {
    let wanted = sockets + OTHERS;
    let before = limit::descriptors();
    if before.now >= wanted {
        return None;
    }
    // Even the privileged get no more than `fs.nr_open`. A refusal leaves what was, so the largest wish comes first.
    let cap = fs::read_to_string("/proc/sys/fs/nr_open").ok().and_then(|text| text.trim().parse().ok());
    for now in [cap.unwrap_or(wanted), before.max].map(|most: u64| most.min(wanted)) {
        if limit::set_descriptors(Limit { now, max: before.max.max(now) }).is_ok() {
            break;
        }
    }
    note(wanted, limit::descriptors().now)
}

fn note(wanted: u64, found: u64) -> Option<String> {
    (found < wanted).then(|| {
        format!(
            "descriptors: wanted {wanted} for all ports, found a limit of {found}: leases beyond it fail with \
             no_descriptors; type: ulimit -Hn {wanted}, or LimitNOFILE={wanted} in the unit"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_never_falls() {
        let before = limit::descriptors();
        assert_eq!(make_room(0), None);
        let _ = make_room(before.max);
        let after = limit::descriptors();
        assert!(after.now >= before.now && after.max >= before.max);
        assert_eq!(make_room(after.now - OTHERS), None);
    }

    #[test]
    fn a_limit_that_stays_too_low_is_told_with_what_to_type() {
        assert_eq!(note(1000, 1000), None);
        let note = note(66_560, 4096).unwrap();
        assert!(note.contains("wanted 66560") && note.contains("LimitNOFILE=66560"), "{note}");
    }
}
