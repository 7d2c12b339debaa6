//! Lists of names in settings: `eth0`, `/srv/*`, `*-backup`.

/// Whether a name in a setting stands for many: it has a `*`.
pub fn is_pattern(pattern: &str) -> bool {
    pattern.contains('*')
}

/// Whether a name matches a pattern, in which each `*` stands for any text, the empty one included.
pub fn matches(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(start) else { return false };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    // The leftmost place for each part leaves the most to the parts after it.
    for part in middle.split('*') {
        let Some((_, after)) = name.split_once(part) else { return false };
        name = after;
    }
    name.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_a_star_is_itself_only() {
        assert!(matches("eth0", "eth0"));
        assert!(!matches("eth0", "eth01"));
        assert!(!matches("eth0", "veth0"));
        assert!(!is_pattern("eth0"));
    }

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, name) in [
            ("eth*", "eth0"),
            ("eth*", "eth"),
            ("*-backup", "/srv/x-backup"),
            ("*", ""),
            ("**", "a"),
            ("/mnt/*/data", "/mnt/a/b/data"),
            ("a*b*c", "abbc"),
            ("*ab*ab", "abab"),
            ("é*", "éa"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
            assert!(is_pattern(pattern));
        }
    }

    #[test]
    fn text_is_not_used_twice() {
        for (pattern, name) in
            [("eth*", "veth0"), ("a*a", "a"), ("*ab*ab", "ab"), ("a*b*c", "acb"), ("/mnt/*/data", "/mnt/data")]
        {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
