//! The values of a line's fields.

use core::fmt::{self, Display};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::time::Duration;
use std::path::Path;

use super::level::Level;
use crate::hidden::{Hidden, Personal};

/// The value of a field, as a line shows it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number; JSON gets it as one.
    Number(i128),
    /// Yes or no.
    Truth(bool),
    /// Anything else.
    Text(String),
}

/// What may stand in a line. Anything else that can be displayed is given as `format_args!("{x}")`.
pub trait Field {
    /// Returns the value for a line of this level.
    fn value(&self, level: Level) -> Value;
}

impl<T: Field + ?Sized> Field for &T {
    fn value(&self, level: Level) -> Value {
        (**self).value(level)
    }
}

/// What is absent is said to be.
impl<T: Field> Field for Option<T> {
    fn value(&self, level: Level) -> Value {
        self.as_ref().map_or_else(|| Value::Text("none".to_owned()), |field| field.value(level))
    }
}

impl Field for bool {
    fn value(&self, _: Level) -> Value {
        Value::Truth(*self)
    }
}

impl<T> Field for Hidden<T> {
    fn value(&self, _: Level) -> Value {
        Value::Text(self.to_string())
    }
}

impl<T: Display> Field for Personal<T> {
    fn value(&self, level: Level) -> Value {
        Value::Text(if level == Level::Debug { self.in_full() } else { self.redacted() })
    }
}

/// In seconds, as a text with its unit.
impl Field for Duration {
    fn value(&self, _: Level) -> Value {
        Value::Text(format!("{}.{:06}s", self.as_secs(), self.subsec_micros()))
    }
}

impl Field for Path {
    fn value(&self, _: Level) -> Value {
        Value::Text(self.display().to_string())
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {$(
        impl Field for $number {
            fn value(&self, _: Level) -> Value {
                Value::Number(i128::from(*self))
            }
        }
    )*};
}
numbers! { u8 u16 u32 u64 i8 i16 i32 i64 }

impl Field for usize {
    fn value(&self, _: Level) -> Value {
        Value::Number(*self as i128)
    }
}

macro_rules! texts {
    ($($text:ty)*) => {$(
        impl Field for $text {
            fn value(&self, _: Level) -> Value {
                Value::Text(self.to_string())
            }
        }
    )*};
}
texts! { str String char IpAddr Ipv4Addr Ipv6Addr SocketAddr fmt::Arguments<'_> std::io::Error }
