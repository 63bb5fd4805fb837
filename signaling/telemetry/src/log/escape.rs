//! What a peer has said, in a line that it must not break out of.

use core::fmt::Write;

/// The longest value of a field. A line with all the fields that a site has still fits a page.
const VALUE_LEN_MAX: usize = 1024;

/// Writes a value of the text format: as it is if it is one word, otherwise in quotes.
pub(super) fn write_word(output: &mut String, value: &str) {
    let is_word = !value.is_empty() && value.len() <= VALUE_LEN_MAX && value.chars().all(is_plain);
    if is_word {
        output.push_str(value);
    } else {
        write_quoted(output, value);
    }
}

/// Writes a string of JSON (RFC 8259 section 7), which is also what the text format quotes like.
pub(super) fn write_quoted(output: &mut String, value: &str) {
    let start = output.len();
    output.push('"');
    for c in value.chars() {
        if output.len() - start > VALUE_LEN_MAX {
            output.push('…');
            break;
        }
        match c {
            '"' | '\\' => output.extend(['\\', c]),
            '\n' => output.push_str("\\n"),
            '\r' => output.push_str("\\r"),
            '\t' => output.push_str("\\t"),
            c if is_deceitful(c) => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    // Writing into a String cannot fail.
                    let _ = write!(output, "\\u{unit:04x}");
                }
            }
            c => output.push(c),
        }
    }
    output.push('"');
}

fn is_plain(c: char) -> bool {
    !c.is_whitespace() && !matches!(c, '"' | '\\' | '=') && !is_deceitful(c)
}

/// Controls move the cursor or begin a line; separators of lines do so elsewhere; directions, joiners and marks that
/// nobody sees make a text look like another one.
fn is_deceitful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_stays_on_its_line_and_survives_json(
            text in prop_oneof![any::<String>(), "[\u{0}-\u{ff}\u{2000}-\u{2070}\u{e0000}-\u{e0080}]{0,40}"],
        ) {
            let (mut quoted, mut word) = (String::new(), String::new());
            write_quoted(&mut quoted, &text);
            write_word(&mut word, &text);
            prop_assert!(!quoted.chars().chain(word.chars()).any(is_deceitful));
            prop_assert_eq!(&serde_json::from_str::<String>(&quoted).expect("it is a string"), &text);
            prop_assert!(word == text || word == quoted);
        }
    }

    #[test]
    fn what_could_be_taken_for_several_words_is_quoted() {
        for text in ["", "a b", "a=b", "a\"b", "a\\b", "a\u{a0}b", "a\u{200d}b"] {
            let mut word = String::new();
            write_word(&mut word, text);
            assert!(word.starts_with('"') && word.ends_with('"'), "{text}: {word}");
        }
    }
}
