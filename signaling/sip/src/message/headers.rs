//! The headers of a message, always in the order in which they are written.

use rsip::Header;

use crate::header::name::{RANK_MAX, value_of};
use crate::header::{Name, SessionExpires, Via};
use crate::lexer::{Field, Lexed};
use crate::list;
use crate::name_addr::AddressParts;

/// Header values by name. Lists of addresses and Vias have one element a value; Content-Length is not among them, as it
/// is computed when the message is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<Header>);

impl Headers {
    /// Takes over the fields of a message.
    pub(crate) fn from_lexed(lexed: &Lexed<'_>) -> Self {
        let mut headers = Vec::with_capacity(lexed.fields.len().saturating_add(2));
        let mut ranks = 0_u32;
        for field in &lexed.fields {
            ranks |= 1 << field.name.rank();
        }
        // The last rank is that of Content-Length, which is left out.
        for rank in (0..RANK_MAX).filter(|rank| ranks & (1 << rank) != 0) {
            for field in lexed.fields.iter().filter(|field| field.name.rank() == rank) {
                push_field(&mut headers, field);
            }
        }
        Self(headers)
    }

    /// Returns the first value of a header.
    pub fn get(&self, name: Name) -> Option<&str> {
        self.all(name).next()
    }

    /// Goes through the values of a header.
    pub fn all(&self, name: Name) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |header| Name::of(header) == name).map(value_of)
    }

    /// Returns the first value of a header without a name in [`Name`].
    pub fn named(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|header| spelling(header).eq_ignore_ascii_case(name)).map(value_of)
    }

    /// Goes through names and values in the order in which they are written.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|header| (spelling(header), value_of(header)))
    }

    /// Returns the headers of the model.
    pub fn as_model(&self) -> &[Header] {
        &self.0
    }

    /// Adds a value behind those of its name.
    ///
    /// # Panics
    /// For `Name::Other`, which [`Headers::push_named`] is for.
    pub fn push(&mut self, name: Name, value: impl Into<String>) {
        assert!(name != Name::Other, "a header without a name here is pushed with its spelling");
        if name != Name::ContentLength {
            self.insert(name.rank(), name.with_value(value.into()), false);
        }
    }

    /// Adds a value before those of its name, as a Via of our own is, or a Route.
    ///
    /// # Panics
    /// For `Name::Other`.
    pub fn push_front(&mut self, name: Name, value: impl Into<String>) {
        assert!(name != Name::Other, "a header without a name here has no place in front");
        self.insert(name.rank(), name.with_value(value.into()), true);
    }

    /// Adds a value of a header by its spelling.
    pub fn push_named(&mut self, name: &str, value: impl Into<String>) {
        let known = Name::parse(name.as_bytes());
        if known == Name::Other {
            self.insert(known.rank(), Header::Other(name.to_owned(), value.into()), false);
        } else {
            self.push(known, value);
        }
    }

    /// Replaces all values of a header by one, in the place of the first.
    ///
    /// # Panics
    /// For `Name::Other`.
    pub fn set(&mut self, name: Name, value: impl Into<String>) {
        let Some(at) = self.0.iter().position(|header| Name::of(header) == name) else {
            return self.push(name, value);
        };
        self.remove(name);
        self.0.insert(at.min(self.0.len()), name.with_value(value.into()));
    }

    /// Replaces the first value of a header, such as the topmost Via; the others stay.
    pub fn set_first(&mut self, name: Name, value: impl Into<String>) {
        match self.0.iter_mut().find(|header| Name::of(header) == name) {
            Some(header) => *header = name.with_value(value.into()),
            None => self.push(name, value),
        }
    }

    /// Removes all values of a header.
    pub fn remove(&mut self, name: Name) {
        self.0.retain(|header| Name::of(header) != name);
    }

    /// Removes and returns the first value of a header, as a response loses its topmost Via.
    pub fn take_first(&mut self, name: Name) -> Option<String> {
        let at = self.0.iter().position(|header| Name::of(header) == name)?;
        Some(value_of(&self.0.remove(at)).to_owned())
    }

    /// Removes all values of a header by its spelling.
    pub fn remove_named(&mut self, name: &str) {
        self.0.retain(|header| !spelling(header).eq_ignore_ascii_case(name));
    }

    /// Adds the values that another message has of a header.
    pub fn copy(&mut self, from: &Self, name: Name) {
        for value in from.all(name) {
            self.push(name, value);
        }
    }

    /// Goes through the Vias, the topmost first; those that cannot be read are passed over.
    pub fn vias(&self) -> impl Iterator<Item = Via<'_>> {
        self.elements(Name::Via).filter_map(|value| Via::parse(value).ok())
    }

    /// Returns the first address of a header.
    pub fn address(&self, name: Name) -> Option<AddressParts<'_>> {
        self.addresses(name).next()
    }

    /// Goes through the addresses of a header: Route, Contact, P-Asserted-Identity, and the like.
    pub fn addresses(&self, name: Name) -> impl Iterator<Item = AddressParts<'_>> {
        self.elements(name).filter_map(|value| AddressParts::parse(value).ok())
    }

    /// Tells whether a list of tokens holds one: Supported, Require, Allow.
    pub fn lists(&self, name: Name, token: &str) -> bool {
        self.elements(name).any(|found| found.eq_ignore_ascii_case(token))
    }

    /// Returns the hops that are left; 70 when nothing is said (RFC 3261 section 16.6).
    pub fn max_forwards(&self) -> u8 {
        let hops = self.get(Name::MaxForwards).map(crate::header::number::parse_max_forwards);
        hops.and_then(Result::ok).unwrap_or(70)
    }

    /// Returns the timer of the call.
    pub fn session_expires(&self) -> Option<SessionExpires> {
        SessionExpires::parse(self.get(Name::SessionExpires)?).ok()
    }

    fn elements(&self, name: Name) -> impl Iterator<Item = &str> {
        self.all(name).flat_map(list::split)
    }

    fn insert(&mut self, rank: u8, header: Header, front: bool) {
        let before = |other: &Header| match Name::of(other).rank() {
            found if front => found < rank,
            found => found <= rank,
        };
        let at = self.0.partition_point(before);
        self.0.insert(at, header);
    }
}

/// Returns the name of a header as it is written.
pub(crate) fn spelling(header: &Header) -> &str {
    match (Name::of(header), header) {
        (Name::Other, Header::Other(name, _)) => name,
        (known, _) => known.as_str(),
    }
}

/// Takes over a field, one element a value.
fn push_field(headers: &mut Vec<Header>, field: &Field<'_>) {
    let text = &*field.value;
    if field.name.is_address_list() {
        headers.extend(list::split(text).map(|element| field.name.with_value(element.to_owned())));
    } else if field.name == Name::Other {
        headers.push(Header::Other(field.spelling.to_owned(), text.to_owned()));
    } else {
        headers.push(field.name.with_value(text.to_owned()));
    }
}
