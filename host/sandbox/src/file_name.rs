//! Names of module files, which become names of instances: a file whose name can be taken for another one is refused.

use std::collections::HashMap;
use std::fmt::Write;

use unicode_security::skeleton;

use checkpost_model::check::CHECKS_DIRECTORY;
use checkpost_model::clean;

use crate::bundle::BUNDLE;

/// Names that no file may imitate.
pub(crate) struct Protected<'a> {
    /// Each name by what it looks like.
    by_looks: HashMap<String, &'a str>,
}

impl<'a> Protected<'a> {
    /// The names of the built-in checks, of the checks directory, and these.
    pub(crate) fn new(taken: &[&'a str]) -> Self {
        let own = BUNDLE.iter().map(|builtin| builtin.name).chain([CHECKS_DIRECTORY]);
        Self { by_looks: taken.iter().copied().chain(own).map(|name| (looks(&name.to_lowercase()), name)).collect() }
    }

    /// Why a file with this name, without its extension, is refused; `None` for a name that stands for itself alone.
    ///
    /// The very name of a check is not refused: its file gets another name by its extension, which everybody sees.
    pub(crate) fn refusal(&self, name: &str) -> Option<String> {
        if name.trim() != name {
            return Some("has white space at an end".to_owned());
        }
        if let Some(invisible) = name.chars().find(|character| is_invisible(*character)) {
            return Some(format!("contains \\u{{{:x}}}, which cannot be seen", u32::from(invisible)));
        }
        // Case counts where two characters look the same: `I` looks like `l`, and `İ` becomes two characters.
        let looks = [looks(name), looks(&name.to_lowercase()), looks(name).to_lowercase()];
        let imitated = looks.iter().find_map(|looks| self.by_looks.get(looks.as_str()))?;
        let is_own_name = name == *imitated && *imitated != CHECKS_DIRECTORY;
        (!is_own_name).then(|| format!("can be taken for '{imitated}'"))
    }
}

/// What a name looks like: two names look the same if this is the same. Unicode's own table, with white space of any kind and
/// length as one space.
fn looks(name: &str) -> String {
    let looks: String = skeleton(name).collect();
    looks.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a character leaves no mark: what [`clean`] escapes, and what has a place in text but none in a name, such as
/// fillers of Hangul, selectors of variants and a pattern of Braille without a dot.
fn is_invisible(character: char) -> bool {
    clean::is_control(character)
        || matches!(
            character,
            '\u{34f}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{2065}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0080}'..='\u{e0fff}'
        )
}

/// A refused name as it is shown: whatever is not a visible character of ASCII is escaped.
pub(crate) fn spelled_out(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for character in name.chars() {
        if character.is_ascii_graphic() {
            text.push(character);
        } else {
            let _ = write!(text, "\\u{{{:x}}}", u32::from(character)); // a String takes every write
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(name: &str) -> Option<String> {
        Protected::new(&["team-raid"]).refusal(name)
    }

    fn assert_taken_for(name: &str, other: &str) {
        assert_eq!(refusal(name), Some(format!("can be taken for '{other}'")), "{name}");
    }

    #[test]
    fn name_that_stands_for_itself_is_accepted() {
        for name in
            ["raid", "cpu", "load", "team-raid", "cpu2", "my cpu", "cpu (copy)", "디스크", "диск", "a\u{fffd}", ""]
        {
            assert_eq!(refusal(name), None, "{name}");
        }
    }

    #[test]
    fn name_that_looks_like_a_check_is_refused() {
        assert_taken_for("срu", "cpu");
        assert_taken_for("ｃｐｕ", "cpu");
        assert_taken_for("rnemory", "memory");
        assert_taken_for("Ioad", "load");
        assert_taken_for("1oad", "load");
        assert_taken_for("l0ad", "load");
        assert_taken_for("disk‐io", "disk-io");
        assert_taken_for("tеam-raid", "team-raid");
    }

    #[test]
    fn name_that_differs_only_in_case_is_refused() {
        assert_taken_for("CPU", "cpu");
        assert_taken_for("СPU", "cpu");
        assert_taken_for("Disk", "disk");
    }

    #[test]
    fn name_of_the_checks_directory_is_refused() {
        for name in ["checks directory", "checks  directory", "checks\u{a0}directory", "Checks directory"] {
            assert_taken_for(name, "checks directory");
        }
        assert_eq!(refusal("checks-directory"), None);
    }

    #[test]
    fn white_space_at_the_ends_is_refused() {
        for name in ["cpu ", " raid", "raid\u{a0}", "\u{3000}raid", "\t"] {
            assert_eq!(refusal(name).as_deref(), Some("has white space at an end"), "{name:?}");
        }
        assert_eq!(refusal("my raid"), None);
    }

    #[test]
    fn invisible_characters_are_refused_anywhere() {
        for character in ['\u{200b}', '\u{200d}', '\u{202e}', '\u{7}', '\u{ad}', '\u{3164}', '\u{fe0f}', '\u{e0041}'] {
            let name = format!("ra{character}id");
            let expected = format!("contains \\u{{{:x}}}, which cannot be seen", u32::from(character));
            assert_eq!(refusal(&name), Some(expected));
        }
    }

    #[test]
    fn refused_name_is_shown_in_visible_characters() {
        assert_eq!(spelled_out("cpu\u{200b} .wasm"), "cpu\\u{200b}\\u{20}.wasm");
        assert_eq!(spelled_out("сpu.wasm"), "\\u{441}pu.wasm");
    }
}
