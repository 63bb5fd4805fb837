//! Reads the files of published vectors: a `[name]`, then lines of `field = hex`, which may go on indented.

use std::collections::BTreeMap;

/// What one section of a standard publishes.
pub(crate) struct Vector {
    pub(crate) name: String,
    fields: BTreeMap<String, Vec<u8>>,
}

impl Vector {
    /// Returns the bytes of a field.
    pub(crate) fn field(&self, field: &str) -> &[u8] {
        self.fields.get(field).unwrap_or_else(|| panic!("no field {field} in [{}]", self.name))
    }
}

/// Reads every vector of a file.
pub(crate) fn read(text: &str) -> Vec<Vector> {
    let mut vectors: Vec<Vector> = Vec::new();
    let mut field = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            vectors.push(Vector { name: name.to_owned(), fields: BTreeMap::new() });
            continue;
        }
        let digits = line.split_once('=').map_or(line, |(name, digits)| {
            name.trim().clone_into(&mut field);
            digits
        });
        let vector = vectors.last_mut().expect("a file begins with the name of a vector");
        vector.fields.entry(field.clone()).or_default().extend(bytes(digits));
    }
    assert!(!vectors.is_empty(), "a file without vectors would only seem to be tested");
    vectors
}

/// Reads one vector of a file.
pub(crate) fn find(text: &str, name: &str) -> Vector {
    let vector = read(text).into_iter().find(|vector| vector.name == name);
    vector.unwrap_or_else(|| panic!("no vector [{name}]"))
}

fn bytes(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().filter(|character| !character.is_whitespace()).collect();
    assert!(digits.len().is_multiple_of(2), "an odd number of digits in {text}");
    let digit = |character: char| {
        character.to_digit(16).unwrap_or_else(|| panic!("{character} in {text} is no digit")) as u8
    };
    digits.chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}
