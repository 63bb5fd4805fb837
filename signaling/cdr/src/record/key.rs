//! The name of a record's object.

use std::fmt::Write;

use super::Begin;
use super::calendar::Moment;

/// What consumers look for: they are told of objects below this prefix.
const PREFIX: &str = "Amazon-Chime-Voice-Connector-CDRs/json/";

/// Writes the name that the documents give: by connector, then by UTC of the start, without an extension.
pub(crate) fn write(key: &mut String, begin: &Begin) {
    key.push_str(PREFIX);
    key.extend(begin.voice_connector_id.as_str().chars().map(harmless));
    let Moment { year, month, day, hour, minute, second, millisecond } = Moment::from_ms(begin.start_time_ms);
    write!(
        key,
        "/{year:04}/{month:02}/{day:02}/{hour:02}.{minute:02}.{second:02}.{millisecond:03}_{}",
        begin.transaction_id
    )
    .expect("a string takes all that is written to it");
}

/// Identifiers are letters and digits. Should one ever not be, it does not lead to another folder.
fn harmless(character: char) -> char {
    if character.is_ascii_alphanumeric() || character == '-' { character } else { '_' }
}
