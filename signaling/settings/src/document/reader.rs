//! Hands values to serde, and remembers where they stand when it refuses them.

use serde::{
    Deserializer,
    de::{DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor, value::StrDeserializer},
    forward_to_deserialize_any,
};
use toml::{
    Spanned,
    de::{DeString, DeValue},
};

use super::refusal::Refusal;

/// Reads one value.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a, 't>(&'a Spanned<DeValue<'t>>);

impl<'a, 't> Reader<'a, 't> {
    pub(super) fn new(value: &'a Spanned<DeValue<'t>>) -> Self {
        Self(value)
    }

    fn refused(self, wanted: &str) -> Refusal {
        Refusal::value(wanted).at(self.0.span())
    }

    fn text(self) -> Result<&'a str, Refusal> {
        self.0.get_ref().as_str().ok_or_else(|| self.refused("a text in quotes"))
    }

    fn integer(self, min: i64, max: i64) -> Result<i64, Refusal> {
        let number = self.0.get_ref().as_integer();
        let number = number.and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok());
        let number = number.filter(|number| (min..=max).contains(number));
        number.ok_or_else(|| match max {
            i64::MAX => self.refused("a whole number"),
            max => self.refused(&format!("a whole number from {min} to {max}")),
        })
    }

    fn list<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let list = self.0.get_ref().as_array().ok_or_else(|| self.refused(LIST))?;
        visitor.visit_seq(Items(list.iter())).map_err(|refusal| refusal.at(self.0.span()))
    }

    fn table<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let table = self.0.get_ref().as_table().ok_or_else(|| self.refused(TABLE))?;
        let pairs = Pairs { pairs: table.iter(), value: None };
        visitor.visit_map(pairs).map_err(|refusal| refusal.at(self.0.span()))
    }
}

/// Reads whole numbers of one type.
macro_rules! integers {
    ($($method:ident $type:ty)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
            let max = i64::try_from(<$type>::MAX).unwrap_or(i64::MAX);
            let number = self.integer(i64::try_from(<$type>::MIN).unwrap_or(i64::MIN), max)?;
            visitor.visit_i64(number).map_err(|refusal: Refusal| refusal.at(self.0.span()))
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader<'_, '_> {
    type Error = Refusal;

    integers! {
        deserialize_u8 u8 deserialize_u16 u16 deserialize_u32 u32 deserialize_u64 u64 deserialize_i64 i64
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.0.get_ref() {
            DeValue::Array(_) => self.list(visitor),
            DeValue::Boolean(_) => self.deserialize_bool(visitor),
            DeValue::Integer(_) => self.deserialize_i64(visitor),
            DeValue::String(_) => self.deserialize_str(visitor),
            DeValue::Table(_) => self.table(visitor),
            DeValue::Datetime(_) | DeValue::Float(_) => {
                Err(self.refused("a text, a whole number or a table"))
            }
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_bool(self.0.get_ref().as_bool().ok_or_else(|| self.refused("true or false"))?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_str(self.text()?).map_err(|refusal: Refusal| refusal.at(self.0.span()))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.list(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.table(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.table(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let word: StrDeserializer<'_, Refusal> = self.text()?.into_deserializer();
        visitor.visit_enum(word).map_err(|refusal| refusal.at(self.0.span()))
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

/// The elements of a list.
struct Items<I>(I);

impl<'a, 't: 'a, 'de, I: Iterator<Item = &'a Spanned<DeValue<'t>>>> SeqAccess<'de> for Items<I> {
    type Error = Refusal;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Refusal> {
        let Some(value) = self.0.next() else { return Ok(None) };
        seed.deserialize(Reader(value)).map(Some).map_err(|refusal| refusal.at(value.span()))
    }
}

/// The keys and values of a table.
struct Pairs<'a, 't, I> {
    pairs: I,
    value: Option<&'a Spanned<DeValue<'t>>>,
}

impl<'a, 't: 'a, 'de, I> MapAccess<'de> for Pairs<'a, 't, I>
where
    I: Iterator<Item = (&'a Spanned<DeString<'t>>, &'a Spanned<DeValue<'t>>)>,
{
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refusal> {
        let Some((key, value)) = self.pairs.next() else { return Ok(None) };
        self.value = Some(value);
        let text: &str = key.get_ref();
        seed.deserialize(text.into_deserializer())
            .map(Some)
            .map_err(|refusal: Refusal| refusal.at(key.span()))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refusal> {
        let value = self.value.take().ok_or_else(|| Refusal::value("a key before its value"))?;
        seed.deserialize(Reader(value)).map_err(|refusal| refusal.at(value.span()))
    }
}

/// What is wanted where something else than a list was found.
pub(super) const LIST: &str = "a list in brackets";
/// What is wanted where something else than a table was found.
pub(super) const TABLE: &str = "a table";
