//! A profile as an operator types it: the name of a known network, and what is different, parted by commas.
//!
//! ```
//! use netem::profile::Profile;
//!
//! let profile: Profile = "lte,loss=1%,delay=60ms,jitter=15ms".parse()?;
//! assert_eq!(profile.delay.as_millis(), 60);
//! # Ok::<(), netem::profile::text::TextError>(())
//! ```
//!
//! | key | value | meaning |
//! |---|---|---|
//! | `burst` | `2%:5` | 2 % are lost in runs of 5 packets on average |
//! | `corrupt` | `0.1%` | such a share is changed |
//! | `delay` | `40ms` | each is under way so long |
//! | `down` | `10s-12s` | the link is down from then until then; may stand more than once |
//! | `dup` | `0.1%` | such a share arrives twice |
//! | `jitter` | `10ms` | the delay strays so far |
//! | `line` | `1000` | so many copies may be under way |
//! | `loss` | `1%` | such a share is lost |
//! | `mtu` | `1400` | larger packets, in bytes, are lost |
//! | `order` | `free`, `kept` | whether jitter changes the order |
//! | `rate` | `10mbit:80` | so fast, and so many packets may wait for it |
//! | `reorder` | `0.5%`, `0.5%:3` | such a share overtakes; at most one in 3 packets |
//! | `shape` | `normal`, `uniform` | how the delay strays |

use std::{collections::BTreeSet, error::Error, fmt, str::FromStr, time::Duration};

use crate::{
    chance::Chance,
    profile::{Blackout, Burst, Order, Profile, Rate, Reorder, Shape},
};

/// Makes the profile of a known network.
type Make = fn() -> Profile;

const NAMES: [(&str, Make); 6] = [
    ("dsl", Profile::dsl),
    ("lan", Profile::lan),
    ("lte", Profile::lte),
    ("perfect", Profile::perfect),
    ("satellite", Profile::satellite),
    ("wifi_bad", Profile::wifi_bad),
];

/// A key, what is wanted behind it, an example, and how it is read into a profile.
struct Key {
    name: &'static str,
    wanted: &'static str,
    example: &'static str,
    read: fn(&mut Profile, &str) -> Option<()>,
}

const SHARE: &str = "a share of packets from 0% to 100%";
const TIME: &str = "a time in ns, us, ms or s";

const KEYS: [Key; 13] = [
    key("burst", "a share of packets below 100% and the length of a run", "burst=2%:5", read_burst),
    key("corrupt", SHARE, "corrupt=0.1%", |profile, text| set(&mut profile.corrupt, share(text))),
    key("delay", TIME, "delay=40ms", |profile, text| set(&mut profile.delay, time(text))),
    key("down", "two times, the second later", "down=10s-12s", read_blackout),
    key("dup", SHARE, "dup=0.1%", |profile, text| set(&mut profile.duplicate, share(text))),
    key("jitter", TIME, "jitter=10ms", |profile, text| set(&mut profile.jitter, time(text))),
    key("line", "a number of packets", "line=1000", |profile, text| {
        set(&mut profile.line_packets, whole(text))
    }),
    key("loss", SHARE, "loss=1%", |profile, text| set(&mut profile.loss, share(text))),
    key("mtu", "a number of bytes", "mtu=1400", |profile, text| {
        set(&mut profile.mtu_bytes, whole(text).map(Some))
    }),
    key("order", "free or kept", "order=free", read_order),
    key(
        "rate",
        "a speed in bit, kbit, mbit or gbit above 0 and the length of a queue",
        "rate=10mbit:80",
        read_rate,
    ),
    key("reorder", "a share of packets, and a gap if any", "reorder=0.5%:3", read_reorder),
    key("shape", "normal or uniform", "shape=normal", read_shape),
];

const fn key(
    name: &'static str,
    wanted: &'static str,
    example: &'static str,
    read: fn(&mut Profile, &str) -> Option<()>,
) -> Key {
    Key { name, wanted, example, read }
}

/// The one key that may stand more than once.
const REPEATABLE: &str = "down";

impl FromStr for Profile {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let mut profile = Self::perfect();
        let mut seen = BTreeSet::new();
        for (position, part) in text.split(',').map(str::trim).enumerate() {
            let Some((name, value)) = part.split_once('=') else {
                let known = NAMES.iter().find(|(name, _)| position == 0 && *name == part);
                let (_, make) = known.ok_or_else(|| TextError::UnknownPart { found: part.to_owned() })?;
                profile = make();
                continue;
            };
            let key = KEYS.iter().find(|key| key.name == name);
            let key = key.ok_or_else(|| TextError::UnknownPart { found: part.to_owned() })?;
            if !seen.insert(key.name) && key.name != REPEATABLE {
                return Err(TextError::Twice { key: key.name });
            }
            let bad = || TextError::BadValue {
                example: key.example,
                found: value.to_owned(),
                key: key.name,
                wanted: key.wanted,
            };
            (key.read)(&mut profile, value).ok_or_else(bad)?;
        }
        if profile.reorder.is_some() && profile.delay.is_zero() {
            return Err(TextError::NothingToOvertake);
        }
        Ok(profile)
    }
}

fn set<T>(field: &mut T, value: Option<T>) -> Option<()> {
    *field = value?;
    Some(())
}

fn read_burst(profile: &mut Profile, text: &str) -> Option<()> {
    let (lost, run) = text.split_once(':')?;
    profile.burst = Some(Burst::averaging(share(lost)?, whole(run)?)?);
    Some(())
}

fn read_blackout(profile: &mut Profile, text: &str) -> Option<()> {
    let (from, until) = text.split_once('-')?;
    let blackout = Blackout { from: time(from)?, until: time(until)? };
    (blackout.from < blackout.until).then(|| profile.blackouts.push(blackout))
}

fn read_order(profile: &mut Profile, text: &str) -> Option<()> {
    profile.order = match text {
        "free" => Order::Free,
        "kept" => Order::Kept,
        _ => return None,
    };
    Some(())
}

fn read_rate(profile: &mut Profile, text: &str) -> Option<()> {
    let (speed, queue) = text.split_once(':')?;
    let speed = scaled(speed, &[("gbit", 9), ("mbit", 6), ("kbit", 3), ("bit", 0)])?;
    profile.rate = Some(Rate::new(speed, whole(queue)?)?);
    Some(())
}

fn read_reorder(profile: &mut Profile, text: &str) -> Option<()> {
    let (chance, gap) = match text.split_once(':') {
        Some((chance, gap)) => (chance, whole(gap)?),
        None => (text, 1),
    };
    profile.reorder = Some(Reorder { chance: share(chance)?, gap });
    Some(())
}

fn read_shape(profile: &mut Profile, text: &str) -> Option<()> {
    profile.shape = match text {
        "normal" => Shape::Normal,
        "uniform" => Shape::Uniform,
        _ => return None,
    };
    Some(())
}

/// Reads `0.1%`: a percent is ten million billionths.
fn share(text: &str) -> Option<Chance> {
    let billionths = u32::try_from(scaled(text, &[("%", 7)])?).ok()?;
    (billionths <= Chance::ALWAYS.billionths()).then_some(Chance::from_billionths(billionths))
}

fn time(text: &str) -> Option<Duration> {
    scaled(text, &[("ns", 0), ("us", 3), ("ms", 6), ("s", 9)]).map(Duration::from_nanos)
}

fn whole<T: FromStr>(text: &str) -> Option<T> {
    // `parse` would also take a sign.
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Reads a decimal number and its unit exactly; each unit is a power of ten of the smallest. None if the
/// number is not whole in the smallest unit. The first unit that fits is taken.
fn scaled(text: &str, units: &[(&str, u32)]) -> Option<u64> {
    let (digits, power) = units.iter().find_map(|(unit, power)| Some((text.strip_suffix(unit)?, *power)))?;
    let (before, after) = digits.split_once('.').unwrap_or((digits, "0"));
    let missing = power.checked_sub(u32::try_from(after.trim_end_matches('0').len()).ok()?)?;
    let after = after.trim_end_matches('0');
    let fraction: u64 = if after.is_empty() { 0 } else { whole(after)? };
    whole::<u64>(before)?.checked_mul(10_u64.pow(power))?.checked_add(fraction * 10_u64.pow(missing))
}

/// Says what is wrong with the text of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextError {
    /// A value cannot be read.
    BadValue {
        /// What to type.
        example: &'static str,
        /// What was found.
        found: String,
        /// The key before it.
        key: &'static str,
        /// What was wanted.
        wanted: &'static str,
    },
    /// Packets are to overtake, and none is ever under way.
    NothingToOvertake,
    /// A key stands twice.
    Twice {
        /// The key.
        key: &'static str,
    },
    /// A part is neither a key with a value nor, as the first, the name of a known network.
    UnknownPart {
        /// The part.
        found: String,
    },
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadValue { example, found, key, wanted } => {
                write!(f, "{key}: wanted {wanted}, found: {found:?}; type: {example}")
            }
            Self::NothingToOvertake => f.write_str(
                "reorder: wanted a delay, for only packets under way are overtaken, found none; type: \
                 delay=20ms,reorder=0.5%",
            ),
            Self::Twice { key } => write!(f, "{key}: wanted once, found twice; leave one out"),
            Self::UnknownPart { found } => {
                let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
                let keys: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
                write!(
                    f,
                    "network: wanted one of {} first, then KEY=VALUE with one of {}, found: {found:?}; \
                     type: lte,loss=1%",
                    names.join(", "),
                    keys.join(", ")
                )
            }
        }
    }
}

impl Error for TextError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Profile {
        text.parse().unwrap()
    }

    fn error(text: &str) -> String {
        text.parse::<Profile>().unwrap_err().to_string()
    }

    #[test]
    fn the_text_of_a_flag_is_read() {
        let profile = read("loss=1%,delay=40ms,jitter=10ms,dup=0.1%,reorder=0.5%");
        let expected = Profile {
            delay: Duration::from_millis(40),
            duplicate: Chance::from_basis_points(10),
            jitter: Duration::from_millis(10),
            loss: Chance::from_basis_points(100),
            reorder: Some(Reorder { chance: Chance::from_basis_points(50), gap: 1 }),
            ..Profile::perfect()
        };
        assert_eq!(profile, expected);
    }

    #[test]
    fn every_key_is_read() {
        let profile = read(
            "burst=2%:5,corrupt=100%,delay=1.5us,down=10s-12s,down=1ms-2ms,dup=0%,jitter=7ns,line=9,\
             mtu=1400,order=free,rate=2.5mbit:80,reorder=0.5%:3,shape=normal",
        );
        let at = Duration::from_millis;
        let expected = Profile {
            blackouts: vec![
                Blackout { from: at(10_000), until: at(12_000) },
                Blackout { from: at(1), until: at(2) },
            ],
            burst: Burst::averaging(Chance::from_basis_points(200), 5),
            corrupt: Chance::ALWAYS,
            delay: Duration::from_nanos(1500),
            duplicate: Chance::NEVER,
            jitter: Duration::from_nanos(7),
            line_packets: 9,
            loss: Chance::NEVER,
            mtu_bytes: Some(1400),
            order: Order::Free,
            rate: Rate::new(2_500_000, 80),
            reorder: Some(Reorder { chance: Chance::from_basis_points(50), gap: 3 }),
            shape: Shape::Normal,
        };
        assert_eq!(profile, expected);
    }

    #[test]
    fn a_known_network_is_taken_and_changed() {
        for (name, make) in NAMES {
            assert_eq!(read(name), make());
        }
        assert_eq!(read("satellite, delay=600ms").delay, Duration::from_millis(600));
        assert_eq!(read("satellite, delay=600ms").jitter, Profile::satellite().jitter);
        assert_eq!(read("satellite,shape=uniform").shape, Shape::Uniform);
        assert_eq!(read("wifi_bad,order=kept").order, Order::Kept);
    }

    #[test]
    fn the_known_networks_have_the_channels_they_name() {
        for profile in [Profile::lte(), Profile::wifi_bad(), Profile::satellite()] {
            assert!(profile.burst.is_some());
        }
    }

    #[test]
    fn each_example_is_granted_and_a_value_it_is_not_is_refused_with_it() {
        for key in KEYS {
            read(&format!("delay=1s,{}", key.example).replace("delay=1s,delay", "delay"));
            let text = format!("{}=many", key.name);
            let expected =
                format!("{}: wanted {}, found: \"many\"; type: {}", key.name, key.wanted, key.example);
            assert_eq!(error(&text), expected);
        }
    }

    #[test]
    fn no_bursts_at_all_is_a_channel_that_never_turns_bad() {
        assert_eq!(read("burst=0%:5").burst.unwrap().enter, Chance::NEVER);
    }

    #[test]
    fn values_beyond_their_range_are_refused() {
        for text in [
            "loss=100.1%",
            "loss=1",
            "loss=-1%",
            "loss=%",
            "loss=.5%",
            "loss=0.00000001%",
            "delay=+4ms",
            "delay=4",
            "delay=1e3ms",
            "delay=99999999999999s",
            "burst=100%:5",
            "burst=60%:1",
            "burst=1%:0",
            "burst=1%:2000000000",
            "burst=0.0000001%:1000",
            "rate=0bit:5",
            "rate=10mbit",
            "down=2s-1s",
            "down=1s-1s",
            "mtu=",
            "mtu=99999999999999999999",
        ] {
            let result = text.parse::<Profile>();
            assert!(matches!(result, Err(TextError::BadValue { .. })), "{text}: {result:?}");
        }
    }

    #[test]
    fn unknown_parts_are_refused_with_all_that_is_known() {
        assert_eq!(
            error("lte,los=1%"),
            "network: wanted one of dsl, lan, lte, perfect, satellite, wifi_bad first, then KEY=VALUE with \
             one of burst, corrupt, delay, down, dup, jitter, line, loss, mtu, order, rate, reorder, shape, \
             found: \"los=1%\"; type: lte,loss=1%"
        );
        for text in ["", "5g", "loss=1%,lte", "lte,,loss=1%"] {
            assert!(matches!(text.parse::<Profile>(), Err(TextError::UnknownPart { .. })), "{text}");
        }
    }

    #[test]
    fn a_key_that_stands_twice_is_refused() {
        assert_eq!(error("loss=1%,loss=2%"), "loss: wanted once, found twice; leave one out");
    }

    #[test]
    fn overtaking_without_a_delay_is_refused() {
        assert_eq!("reorder=1%".parse::<Profile>(), Err(TextError::NothingToOvertake));
        assert!("reorder=1%,delay=1ms".parse::<Profile>().is_ok());
    }
}
