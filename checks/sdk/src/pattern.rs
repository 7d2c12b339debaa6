//! Lists of names in settings: `eth0`, `/srv/*`, `*-backup`.

use crate::{Status, Verdict};

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

/// Whether a list of names and patterns has a place for a name: one of them matches, or it is empty and means all.
pub fn is_among(patterns: &[String], name: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, name))
}

/// Verdicts `unknown` on the names in a list that are not there: what was asked for by name must not go unnoticed when it
/// is gone. `what` goes into title and message: `interface`.
pub fn missing(patterns: &[String], what: &str, is_there: impl Fn(&str) -> bool) -> Vec<Verdict> {
    let mut gone: Vec<&String> = Vec::new();
    for name in patterns {
        if !is_pattern(name) && !gone.contains(&name) && !is_there(name) {
            gone.push(name);
        }
    }
    gone.into_iter().map(|name| not_found(name, what)).collect()
}

fn not_found(name: &str, what: &str) -> Verdict {
    let mut title = format!("{what} not found");
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    Verdict::new(Status::Unknown, title, format!("no reading of the {what} {name}")).subject(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn an_empty_list_means_all() {
        assert!(is_among(&[], "eth0"));
        assert!(is_among(&list(&["lo", "eth*"]), "eth0"));
        assert!(!is_among(&list(&["lo", "en*"]), "eth0"));
    }

    #[test]
    fn names_that_are_gone_are_unknown_once_each_and_patterns_are_not() {
        let verdicts = missing(&list(&["wan", "eth0", "en*", "wan"]), "interface", |name| name == "eth0");
        assert_eq!(verdicts.len(), 1);
        assert_eq!((verdicts[0].status, verdicts[0].subject.as_str()), (Status::Unknown, "wan"));
        assert_eq!(verdicts[0].title, "Interface not found");
        assert_eq!(verdicts[0].message, "no reading of the interface wan");
    }

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
