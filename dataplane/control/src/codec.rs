//! How values become bytes: fixed widths, big-endian, in the order of their fields; lists and options carry a count.
//!
//! Reading is total over any bytes and never takes more memory than the bytes justify. A value has one encoding: what
//! is read is written back as the same bytes.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::malformed::Malformed;
use crate::message::TEXT_LEN_MAX;

/// A value that can cross the socket.
pub(crate) trait Codec: Sized {
    /// Appends the value.
    fn write(&self, output: &mut Vec<u8>);

    /// Takes the value from the front of the input.
    fn read(input: &mut Reader<'_>) -> Result<Self, Malformed>;
}

/// The bytes of a message that are not read yet.
pub(crate) struct Reader<'m> {
    rest: &'m [u8],
}

impl<'m> Reader<'m> {
    pub(crate) fn new(message: &'m [u8]) -> Self {
        Self { rest: message }
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'m [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn finish(self) -> Result<(), Malformed> {
        if self.rest.is_empty() { Ok(()) } else { Err(Malformed::TrailingBytes) }
    }
}

macro_rules! codec_integers {
    ($($integer:ty)*) => {$(
        impl Codec for $integer {
            fn write(&self, output: &mut Vec<u8>) {
                output.extend_from_slice(&self.to_be_bytes());
            }

            fn read(input: &mut Reader<'_>) -> Result<Self, Malformed> {
                let bytes = input.take(size_of::<Self>())?;
                Ok(Self::from_be_bytes(bytes.try_into().map_err(|_| Malformed::Truncated)?))
            }
        }
    )*};
}
codec_integers!(u8 u16 u32 u64);

impl Codec for bool {
    fn write(&self, output: &mut Vec<u8>) {
        output.push(u8::from(*self));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        match u8::read(input)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed::UnknownValue),
        }
    }
}

impl Codec for IpAddr {
    fn write(&self, output: &mut Vec<u8>) {
        match self {
            Self::V4(address) => {
                output.push(4);
                output.extend_from_slice(&address.octets());
            }
            Self::V6(address) => {
                output.push(6);
                output.extend_from_slice(&address.octets());
            }
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        match u8::read(input)? {
            4 => Ok(Self::V4(Ipv4Addr::from_bits(u32::read(input)?))),
            6 => {
                let high = u128::from(u64::read(input)?);
                Ok(Self::V6(Ipv6Addr::from_bits(high << 64 | u128::from(u64::read(input)?))))
            }
            _ => Err(Malformed::UnknownValue),
        }
    }
}

/// The scope and the flow label of an IPv6 address stay behind: they mean something on one host, or to one packet,
/// only.
impl Codec for SocketAddr {
    fn write(&self, output: &mut Vec<u8>) {
        self.ip().write(output);
        self.port().write(output);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self::new(IpAddr::read(input)?, u16::read(input)?))
    }
}

impl<T: Codec> Codec for Option<T> {
    fn write(&self, output: &mut Vec<u8>) {
        self.is_some().write(output);
        if let Some(value) = self {
            value.write(output);
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        if bool::read(input)? { Ok(Some(T::read(input)?)) } else { Ok(None) }
    }
}

/// A value that comes in lists.
pub(crate) trait Listed: Codec {
    /// The most values in a list: without a limit a message would not have one either.
    const MAX: usize;

    /// Tells whether the values stand in the order that the list promises, if it promises any.
    fn is_in_order(_list: &[Self]) -> bool {
        true
    }
}

impl<T: Listed> Codec for Vec<T> {
    /// # Panics
    ///
    /// If there are more values than a count of 16 bits can say: every limit is far below.
    fn write(&self, output: &mut Vec<u8>) {
        let count = u16::try_from(self.len()).expect("a list in a message is far shorter than 65,536");
        count.write(output);
        self.iter().for_each(|value| value.write(output));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        let count = u16::read(input)?;
        if usize::from(count) > T::MAX {
            return Err(Malformed::ListTooLong);
        }
        // The list grows with what is read, so that a false count takes no memory before it ends with the message.
        let list: Self = (0..count).map(|_| T::read(input)).collect::<Result<_, _>>()?;
        if T::is_in_order(&list) { Ok(list) } else { Err(Malformed::OutOfRange("a list in ascending order")) }
    }
}

impl<T: Codec> Codec for [T; 2] {
    fn write(&self, output: &mut Vec<u8>) {
        self.iter().for_each(|value| value.write(output));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok([T::read(input)?, T::read(input)?])
    }
}

impl<T: Codec> Codec for Box<T> {
    fn write(&self, output: &mut Vec<u8>) {
        T::write(self, output);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        T::read(input).map(Self::new)
    }
}

impl Codec for String {
    fn write(&self, output: &mut Vec<u8>) {
        write_text(self, output);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        read_text(input).map(Self::from)
    }
}

/// # Panics
///
/// If the text is longer than a count of 16 bits can say: the limit is far below.
pub(crate) fn write_text(text: &str, output: &mut Vec<u8>) {
    let len = u16::try_from(text.len()).expect("a text in a message is far shorter than 65,536 bytes");
    len.write(output);
    output.extend_from_slice(text.as_bytes());
}

pub(crate) fn read_text<'m>(input: &mut Reader<'m>) -> Result<&'m str, Malformed> {
    let len = usize::from(u16::read(input)?);
    if len > TEXT_LEN_MAX {
        return Err(Malformed::TextTooLong);
    }
    str::from_utf8(input.take(len)?).map_err(|_| Malformed::NotText)
}

/// Implements [`Codec`] for structs, field by field.
macro_rules! codec_structs {
    ($($name:ident { $($field:ident),* $(,)? })*) => {$(
        impl Codec for $name {
            fn write(&self, output: &mut Vec<u8>) {
                $( self.$field.write(output); )*
            }

            fn read(input: &mut Reader<'_>) -> Result<Self, Malformed> {
                $( let $field = Codec::read(input)?; )*
                Ok(Self { $($field),* })
            }
        }
    )*};
}

/// Implements [`Codec`] for structs around one value.
macro_rules! codec_newtypes {
    ($($name:ident)*) => {$(
        impl Codec for $name {
            fn write(&self, output: &mut Vec<u8>) {
                self.0.write(output);
            }

            fn read(input: &mut Reader<'_>) -> Result<Self, Malformed> {
                Codec::read(input).map(Self)
            }
        }
    )*};
}

/// Implements [`Codec`] for enums: a number for the variant, then its fields.
macro_rules! codec_enums {
    ($($name:ident { $($number:literal $variant:ident $(($($value:ident),*))? $({$($field:ident),*})?;)* })*) => {$(
        impl Codec for $name {
            fn write(&self, output: &mut Vec<u8>) {
                match self {$(
                    Self::$variant $(($($value),*))? $({$($field),*})? => {
                        output.push($number);
                        $( $( $value.write(output); )* )?
                        $( $( $field.write(output); )* )?
                    }
                )*}
            }

            fn read(input: &mut Reader<'_>) -> Result<Self, Malformed> {
                match u8::read(input)? {
                    $( $number => {
                        $( $( let $value = Codec::read(input)?; )* )?
                        $( $( let $field = Codec::read(input)?; )* )?
                        Ok(Self::$variant $(($($value),*))? $({$($field),*})?)
                    } )*
                    _ => Err(Malformed::UnknownValue),
                }
            }
        }
    )*};
}

pub(crate) use {codec_enums, codec_newtypes, codec_structs};
