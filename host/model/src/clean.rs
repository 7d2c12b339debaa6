//! Makes foreign text safe to show on one line: text from guests, host names, mount points and labels. The caller decides
//! how long a text may be.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with every [control character](is_control) written as `\u{1b}`, so that it can neither move the cursor,
/// break the line nor reorder the text around it. Everything else is unchanged, including emoji and scripts of all
/// directions.
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.contains(is_control) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_control(character) {
            let _ = write!(cleaned, "\\u{{{:x}}}", u32::from(character)); // a String takes every write
        } else {
            cleaned.push(character);
        }
    }
    Cow::Owned(cleaned)
}

/// [`line()`] as an owned string.
pub fn owned(text: &str) -> String {
    line(text).into_owned()
}

/// [`owned`] with at most `max_chars` characters, of which the last is `…` if the text was cut.
pub fn bounded(text: &str, max_chars: usize) -> String {
    let cleaned = line(text);
    match cleaned.char_indices().nth(max_chars) {
        Some(_) => cleaned.chars().take(max_chars.saturating_sub(1)).chain(['…']).collect(),
        None => cleaned.into_owned(),
    }
}

/// Whether a character controls a terminal or the layout instead of being shown: C0, DEL and C1 controls, the line and
/// paragraph separators, and the explicit bidirectional embeddings, overrides and isolates.
pub fn is_control(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bounded_text_shows_that_it_was_cut() {
        assert_eq!(bounded("12345", 5), "12345");
        assert_eq!(bounded("123456", 5), "1234…");
        assert_eq!(bounded(&"\u{1}".repeat(1_000), 256).chars().count(), 256);
    }

    #[test]
    fn plain_text_is_borrowed() {
        for text in ["", "CPU usage is 85.5%", "디스크 /var", "⚠️ 👩‍💻 é", "שלום", "\\u{1b}"] {
            assert!(matches!(line(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn control_characters_are_spelled_out() {
        assert_eq!(line("a\nb\tc\0"), "a\\u{a}b\\u{9}c\\u{0}");
        assert_eq!(line("\u{1b}[31mred\u{7f}"), "\\u{1b}[31mred\\u{7f}");
        assert_eq!(line("\u{9b}2J\u{85}"), "\\u{9b}2J\\u{85}");
    }

    #[test]
    fn separators_and_bidirectional_controls_are_spelled_out() {
        assert_eq!(line("a\u{2028}b\u{2029}c"), "a\\u{2028}b\\u{2029}c");
        assert_eq!(line("\u{202a}\u{202e}gpj.exe"), "\\u{202a}\\u{202e}gpj.exe");
        assert_eq!(line("\u{2066}x\u{2069}"), "\\u{2066}x\\u{2069}");
    }

    #[test]
    fn characters_next_to_the_control_ranges_stay() {
        let neighbours = "\u{20}\u{7e}\u{a0}\u{2027}\u{202f}\u{2065}\u{206a}";
        assert_eq!(line(neighbours), neighbours);
    }

    proptest! {
        #[test]
        fn cleaned_line_is_clean(text in any::<String>()) {
            let cleaned = line(&text);
            prop_assert!(!cleaned.contains(is_control));
            prop_assert_eq!(line(&cleaned), cleaned.as_ref());
        }
    }
}
