//! Keys that a peer presses, heard in passing (RFC 4733).

use wire::dtmf;

/// A key that was pressed and let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digit {
    /// The event: 0 to 9, 10 for `*`, 11 for `#`, 12 to 15 for A to D.
    pub event: u8,
    /// How long, in units of the RTP clock.
    pub duration: u16,
}

/// The digits that were told last, by source and beginning: the end of one may come late, behind that of the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told([u32; 3]);

impl Told {
    /// Notes a digit; false if it was told before.
    fn note(&mut self, ssrc: u32, timestamp: u32) -> bool {
        // Odd, and so never zero, which stands for none; other digits share it by chance once in two thousand million.
        let name = (ssrc.wrapping_mul(0x9e37_79b1) ^ timestamp.rotate_left(13)) | 1;
        let is_new = !self.0.contains(&name);
        if is_new {
            self.0 = [name, self.0[0], self.0[1]];
        }
        is_new
    }
}

/// Returns the digit that a packet ends, once.
///
/// RFC 4733 section 2.5.1.4: the packet that ends an event is sent three times, all with the timestamp of its start.
/// Section 2.3.5: a duration of zero is that of a state, which a key is not.
pub(crate) fn finished(payload: &[u8], ssrc: u32, timestamp: u32, told: &mut Told) -> Option<Digit> {
    let event = dtmf::Events::parse(payload).ok()?.iter().next()?;
    let is_key = event.code.key().is_some() && event.duration != 0;
    let is_end = event.end && is_key && told.note(ssrc, timestamp);
    is_end.then_some(Digit { event: event.code.0, duration: event.duration })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digit_is_told_once_though_its_end_comes_three_times() {
        let mut told = Told::default();
        assert_eq!(finished(&[5, 0x0a, 0, 160], 7, 1000, &mut told), None, "it is still pressed");
        let end = [5, 0x8a, 3, 32];
        assert_eq!(finished(&end, 7, 1000, &mut told), Some(Digit { event: 5, duration: 800 }));
        assert_eq!(finished(&end, 7, 1000, &mut told), None);
        assert_eq!(finished(&end, 7, 1000, &mut told), None);
        assert_eq!(
            finished(&end, 7, 9000, &mut told),
            Some(Digit { event: 5, duration: 800 }),
            "pressed again"
        );
    }

    #[test]
    fn what_is_no_digit_is_passed_over() {
        let mut told = Told::default();
        for payload in [&[][..], &[5, 0x80], &[16, 0x8a, 0, 1], &[0; 4], &[0, 0x80, 0, 0]] {
            assert_eq!(finished(payload, 7, 1, &mut told), None);
        }
    }
}
