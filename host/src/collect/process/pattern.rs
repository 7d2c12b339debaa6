//! Names of processes with `*` for any text.

/// Whether a name is meant by a pattern. Where the system cuts names, a name of full length stands for all that begin
/// like it: only so much of a longer pattern is compared. `systemd-timesyncd` matches the `systemd-timesyn` of Linux.
pub(super) fn matches(pattern: &str, name: &[u8], names_cut_at: Option<usize>) -> bool {
    let pattern = pattern.as_bytes();
    let beginning = names_cut_at.filter(|length| name.len() == *length).and_then(|length| pattern.get(..length));
    whole(pattern, name) || beginning.is_some_and(|beginning| whole(beginning, name))
}

/// Whether a text is what a pattern says from end to end. Bytes will do: no character of UTF-8 has a `*` in it.
fn whole(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    // The last star, and how much of the text it has taken so far.
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

    fn is_meant(pattern: &str, name: &str) -> bool {
        matches(pattern, name.as_bytes(), Some(15))
    }

    #[test]
    fn a_name_without_a_star_is_meant_exactly() {
        assert!(is_meant("nginx", "nginx"));
        for other in ["nginx2", "ngin", "xnginx", "Nginx", ""] {
            assert!(!is_meant("nginx", other), "{other}");
        }
    }

    #[test]
    fn a_star_is_any_text_anywhere() {
        for (pattern, name) in
            [("*", ""), ("*", "x"), ("php-fpm*", "php-fpm7.4"), ("*sql", "mysql"), ("a*b*c", "aXbYbZc"), ("**a", "a")]
        {
            assert!(is_meant(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("php-fpm*", "php"), ("*sql", "mysqld"), ("a*b*c", "aXcYb"), ("*a*", "xyz")] {
            assert!(!is_meant(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn no_other_character_is_special() {
        for name in ["[abc]", "a.c", "a?c", "\\*"] {
            assert!(is_meant(name, name), "{name}");
        }
        assert!(!is_meant("a.c", "abc"));
        assert!(!is_meant("a?c", "abc"));
    }

    #[test]
    fn a_name_that_the_kernel_cut_is_meant_by_the_whole_of_it() {
        assert!(is_meant("systemd-timesyncd", "systemd-timesyn"));
        assert!(is_meant("chrome_crashpad_handler*", "chrome_crashpad"));
        assert!(is_meant("systemd-t*", "systemd-timesyn"));
    }

    #[test]
    fn a_name_that_was_not_cut_is_not_meant_by_a_longer_one() {
        assert!(!is_meant("systemd-timesyncd", "systemd-timesy"));
        assert!(!is_meant("systemd-timesyn", "systemd-timesy"));
        assert!(!matches("systemd-timesyncd", b"systemd-timesyn", None));
    }

    #[test]
    fn a_pattern_cut_within_a_character_matches_a_name_cut_there() {
        let name = "ααααααααα".as_bytes();
        assert!(matches("ααααααααα", &name[..15], Some(15)));
    }

    proptest! {
        #[test]
        fn every_text_is_what_its_pieces_and_stars_say(pieces in prop::collection::vec("[ab]{0,3}", 1..5)) {
            prop_assert!(whole(pieces.join("*").as_bytes(), pieces.concat().as_bytes()));
            prop_assert!(whole(pieces.join("*").as_bytes(), pieces.join("ba").as_bytes()));
        }
    }
}
