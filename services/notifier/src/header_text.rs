//! Text in HTTP headers: as it is where it is plain ASCII, else as RFC 2047 encoded words, which
//! ntfy decodes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Octets in one encoded word: 60 in base64, so that a word stays below its limit of 75.
const WORD: usize = 45;

/// `text` as a header's value.
pub(crate) fn header_text(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.is_ascii() && !text.contains("=?") {
        return text;
    }
    let mut words: Vec<String> = Vec::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let mut end = rest.len().min(WORD);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (word, after) = rest.split_at(end);
        words.push(format!("=?UTF-8?B?{}?=", STANDARD.encode(word)));
        rest = after;
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(header: &str) -> String {
        header
            .split(' ')
            .map(|word| {
                let encoded = word.strip_prefix("=?UTF-8?B?").unwrap().strip_suffix("?=").unwrap();
                String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap()
            })
            .collect()
    }

    #[test]
    fn plain_text_stays_plain() {
        assert_eq!(header_text("Living room: too high"), "Living room: too high");
        assert_eq!(header_text("Küche"), "=?UTF-8?B?S8O8Y2hl?=");
        assert_eq!(header_text("a\r\nX-Evil: 1"), "a  X-Evil: 1");
    }

    proptest! {
        #[test]
        fn any_text_survives_and_is_ascii(text in "[^\\p{Cc}]{0,200}") {
            let header = header_text(&text);
            prop_assert!(header.is_ascii());
            if header != text {
                prop_assert!(header.split(' ').all(|word| word.len() <= 75));
                prop_assert_eq!(decode(&header), text);
            }
        }
    }
}
