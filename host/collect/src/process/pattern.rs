//! Patterns of process names, with `*` for any text.

/// Whether a name matches a pattern. A name as long as the system cuts names may be cut, so that a longer pattern is
/// compared up to that length: `systemd-timesyncd` matches the `systemd-timesyn` of Linux.
pub(super) fn matches(pattern: &str, name: &[u8], names_cut_at: Option<usize>) -> bool {
    let pattern = pattern.as_bytes();
    let cut = names_cut_at.filter(|length| name.len() == *length).and_then(|length| pattern.get(..length));
    matches_whole(pattern, name) || cut.is_some_and(|cut| matches_whole(cut, name))
}

/// Whether a whole text matches a whole pattern. Comparing bytes is correct, because no other character of UTF-8 contains
/// the byte of `*`.
fn matches_whole(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    // The last star, and the length of the text up to the end of what it stands for.
    let mut star: Option<(usize, usize)> = None;
    while seen < text.len() {
        match (pattern.get(at), star) {
            (Some(b'*'), _) => {
                star = Some((at, seen));
                at += 1;
            }
            (Some(byte), _) if text.get(seen) == Some(byte) => {
                at += 1;
                seen += 1;
            }
            (_, Some((star_at, taken))) => {
                star = Some((star_at, taken + 1));
                at = star_at + 1;
                seen = taken + 1;
            }
            (_, None) => return false,
        }
    }
    pattern.iter().skip(at).all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_match(pattern: &str, name: &str) -> bool {
        matches(pattern, name.as_bytes(), Some(15))
    }

    #[test]
    fn pattern_without_a_star_matches_one_name() {
        assert!(is_match("nginx", "nginx"));
        for other in ["nginx2", "ngin", "xnginx", "Nginx", ""] {
            assert!(!is_match("nginx", other), "{other}");
        }
    }

    #[test]
    fn star_is_any_text_anywhere() {
        for (pattern, name) in
            [("*", ""), ("*", "x"), ("php-fpm*", "php-fpm7.4"), ("*sql", "mysql"), ("a*b*c", "aXbYbZc"), ("**a", "a")]
        {
            assert!(is_match(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("php-fpm*", "php"), ("*sql", "mysqld"), ("a*b*c", "aXcYb"), ("*a*", "xyz")] {
            assert!(!is_match(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn characters_other_than_the_star_are_not_special() {
        for name in ["[abc]", "a.c", "a?c", "\\*"] {
            assert!(is_match(name, name), "{name}");
        }
        assert!(!is_match("a.c", "abc"));
        assert!(!is_match("a?c", "abc"));
    }

    #[test]
    fn name_that_the_kernel_cut_matches_the_whole_name() {
        assert!(is_match("systemd-timesyncd", "systemd-timesyn"));
        assert!(is_match("chrome_crashpad_handler*", "chrome_crashpad"));
        assert!(is_match("systemd-t*", "systemd-timesyn"));
    }

    #[test]
    fn name_that_was_not_cut_does_not_match_a_longer_one() {
        assert!(!is_match("systemd-timesyncd", "systemd-timesy"));
        assert!(!is_match("systemd-timesyn", "systemd-timesy"));
        assert!(!matches("systemd-timesyncd", b"systemd-timesyn", None));
    }

    #[test]
    fn pattern_cut_within_a_character_matches_a_name_cut_there() {
        let name = "ααααααααα".as_bytes();
        assert!(matches("ααααααααα", &name[..15], Some(15)));
    }

    proptest! {
        #[test]
        fn text_matches_its_pieces_joined_by_stars(pieces in prop::collection::vec("[ab]{0,3}", 1..5)) {
            prop_assert!(matches_whole(pieces.join("*").as_bytes(), pieces.concat().as_bytes()));
            prop_assert!(matches_whole(pieces.join("*").as_bytes(), pieces.join("ba").as_bytes()));
        }
    }
}
