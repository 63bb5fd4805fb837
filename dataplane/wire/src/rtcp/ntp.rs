use core::time::Duration;

/// A moment as NTP writes it: seconds since 1900 and a binary fraction, 32 bits each (RFC 3550 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NtpTime(pub u64);

impl NtpTime {
    /// Converts a time since 1970; the seconds wrap in 2036, as they do in NTP.
    pub const fn from_unix(since_1970: Duration) -> Self {
        let seconds = since_1970.as_secs().wrapping_add(SECONDS_1900_TO_1970);
        Self(seconds << 32 | binary_fraction(since_1970.subsec_nanos()))
    }

    /// Returns the middle 32 bits, by which a receiver report names the sender report it answers.
    pub const fn middle(self) -> NtpShort {
        let [_, _, a, b, c, d, _, _] = self.0.to_be_bytes();
        NtpShort(u32::from_be_bytes([a, b, c, d]))
    }
}

/// A moment or a delay in units of 1/65,536 second, modulo 18 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NtpShort(pub u32);

/// Converts nanoseconds, of which there are less than a second's worth, to units of 2^-32 second.
const fn binary_fraction(nanos: u32) -> u64 {
    // Less than 2^30 moved up by 32 bits stays below 2^62, and the quotient below 2^32.
    ((nanos as u64) << 32) / 1_000_000_000
}

/// 70 years, 17 of them leap years: RFC 868 gives the same number.
const SECONDS_1900_TO_1970: u64 = (70 * 365 + 17) * 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unix_time_becomes_ntp_time() {
        assert_eq!(NtpTime::from_unix(Duration::ZERO), NtpTime(2_208_988_800 << 32));
        assert_eq!(
            NtpTime::from_unix(Duration::from_millis(500)),
            NtpTime(2_208_988_800 << 32 | 0x8000_0000)
        );
    }

    #[test]
    fn ntp_seconds_begin_again_in_2036() {
        let last_second = Duration::from_secs(2_085_978_495);
        assert_eq!(NtpTime::from_unix(last_second), NtpTime(0xffff_ffff << 32));
        assert_eq!(NtpTime::from_unix(last_second + Duration::from_secs(1)), NtpTime(0));
    }

    #[test]
    fn the_middle_is_what_reports_refer_to() {
        // RFC 3550 section 6.4.1, figure 2: the report sent at b44d:b705.2000:0000 is named b705:2000.
        assert_eq!(NtpTime(0xb44d_b705_2000_0000).middle(), NtpShort(0xb705_2000));
    }
}
