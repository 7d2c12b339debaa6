//! Makes foreign text safe to show on one line: text from guests, host names, mount points and labels. The caller decides
//! how long a text may be.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with every [control character](is_control) written as `\u{1b}`, so that it can neither move the cursor,
/// break the line, reorder the text around it nor hide in it. Everything else is unchanged, including emoji and scripts of all
/// directions. A joiner between two emoji makes one of them and stays.
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.contains(is_control) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len() + 16);
    let mut previous = None;
    let mut characters = text.chars().peekable();
    let mut is_changed = false;
    while let Some(character) = characters.next() {
        let joins = character == JOINER
            && previous.is_some_and(is_emoji)
            && characters.peek().is_some_and(|next| is_emoji(*next));
        if is_control(character) && !joins {
            let _ = write!(cleaned, "\\u{{{:x}}}", u32::from(character)); // a String takes every write
            is_changed = true;
        } else {
            cleaned.push(character);
        }
        previous = Some(character);
    }
    if is_changed { Cow::Owned(cleaned) } else { Cow::Borrowed(text) }
}

/// [`line()`] as an owned string.
pub fn owned(text: &str) -> String {
    line(text).into_owned()
}

/// [`owned`] with at most `max_chars` characters, of which the last is `…` if the text was cut.
pub fn bounded(text: &str, max_chars: usize) -> String {
    let cleaned = line(text);
    match cleaned.char_indices().nth(max_chars) {
        Some((end, _)) => {
            let last = cleaned[..end].char_indices().next_back().map_or(0, |(start, _)| start);
            // What an emoji was to be joined with is cut off.
            cleaned[..last].trim_end_matches(JOINER).to_owned() + "…"
        }
        None => cleaned.into_owned(),
    }
}

/// Joins emoji: a person and a computer are one of a person at a computer.
const JOINER: char = '\u{200d}';

/// Whether a character controls a terminal or the layout instead of being shown, or is there and cannot be seen: C0, DEL and
/// C1 controls, the line and paragraph separators, bidirectional marks, embeddings, overrides and isolates, soft hyphens,
/// spaces and joiners without width, invisible operators, deprecated format characters, and tags.
pub fn is_control(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{2064}'
                | '\u{2066}'..='\u{206f}'
                | '\u{feff}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Whether a character can stand on either side of a joiner: a pictograph, a tone of skin, or the sign that the symbol before it
/// is shown in color. Blocks, not single characters: which of them are emoji changes every year, and all of them are seen.
fn is_emoji(character: char) -> bool {
    matches!(
        character,
        '\u{2190}'..='\u{21ff}'
            | '\u{2600}'..='\u{27bf}'
            | '\u{2b00}'..='\u{2bff}'
            | '\u{fe0f}'
            | '\u{1f000}'..='\u{1faff}'
    )
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
    fn invisible_characters_and_marks_of_direction_are_spelled_out() {
        assert_eq!(line("c\u{200b}pu\u{200e}"), "c\\u{200b}pu\\u{200e}");
        assert_eq!(
            line("\u{ad}\u{61c}\u{180e}\u{2060}\u{206a}\u{feff}"),
            "\\u{ad}\\u{61c}\\u{180e}\\u{2060}\\u{206a}\\u{feff}"
        );
        assert_eq!(line("\u{e0001}\u{e007f}"), "\\u{e0001}\\u{e007f}");
    }

    #[test]
    fn joiner_stays_between_emoji_and_is_spelled_out_elsewhere() {
        for text in ["👩‍💻", "👩🏽‍⚕️", "❤️‍🔥", "🧑‍🤝‍🧑"] {
            assert_eq!(line(text), text);
        }
        assert_eq!(line("c\u{200d}pu"), "c\\u{200d}pu");
        assert_eq!(line("👩\u{200d}"), "👩\\u{200d}");
        assert_eq!(line("\u{200d}👩\u{200d}\u{200d}💻"), "\\u{200d}👩\\u{200d}\\u{200d}💻");
        assert_eq!(line("👩‍💻\n"), "👩‍💻\\u{a}");
        assert_eq!(bounded("👩‍💻 works", 3), "👩…", "nothing is left to be joined");
    }

    #[test]
    fn characters_next_to_the_control_ranges_stay() {
        let neighbours = "\u{20}\u{7e}\u{a0}\u{ac}\u{ae}\u{200a}\u{2010}\u{2027}\u{202f}\u{2065}\u{2070}\u{e0080}";
        assert_eq!(line(neighbours), neighbours);
    }

    proptest! {
        #[test]
        fn cleaned_line_is_clean(text in any::<String>()) {
            let cleaned = line(&text);
            prop_assert!(!cleaned.contains(|character| is_control(character) && character != JOINER));
            prop_assert_eq!(line(&cleaned), cleaned.as_ref());
        }

        #[test]
        fn text_of_emoji_and_joiners_is_clean_however_it_is_cut(text in "[👩💻a\u{200d}\u{200b}\u{fe0f}]{0,12}", chars in 1..12_usize) {
            let cut = bounded(&text, chars);
            prop_assert_eq!(line(&cut), cut.as_str());
            prop_assert!(cut.chars().count() <= chars);
        }
    }
}
