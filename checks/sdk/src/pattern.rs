//! Lists of names in settings: `eth0`, `/srv/*`, `*-backup`.

use crate::{Status, Verdict};

/// Whether a name in a setting is a pattern: it contains a `*`.
pub fn is_pattern(pattern: &str) -> bool {
    pattern.contains('*')
}

/// Whether a name matches a pattern, in which each `*` stands for any text, including none.
pub fn matches(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(start) else { return false };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    // Taking the leftmost match of each part leaves the most text for the parts after it.
    for part in middle.split('*') {
        let Some((_, after)) = name.split_once(part) else { return false };
        name = after;
    }
    name.ends_with(end)
}

/// Whether a list of names and patterns includes a name: one of the entries matches, or the list is empty and means all.
pub fn is_among(patterns: &[String], name: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, name))
}

/// Returns an `unknown` verdict for each name in a list that does not exist, so that a missing subject does not go unnoticed
/// when the operator listed its name. Patterns are skipped. `kind` appears in the title and the message: `interface`.
pub fn missing(patterns: &[String], kind: &str, exists: impl Fn(&str) -> bool) -> Vec<Verdict> {
    let mut missing: Vec<&String> = Vec::new();
    for name in patterns {
        if !is_pattern(name) && !missing.contains(&name) && !exists(name) {
            missing.push(name);
        }
    }
    missing.into_iter().map(|name| not_found(name, kind)).collect()
}

fn not_found(name: &str, kind: &str) -> Verdict {
    let mut title = format!("{kind} not found");
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    Verdict::new(Status::Unknown, title, format!("no reading of the {kind} {name}")).subject(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn empty_list_means_all() {
        assert!(is_among(&[], "eth0"));
        assert!(is_among(&list(&["lo", "eth*"]), "eth0"));
        assert!(!is_among(&list(&["lo", "en*"]), "eth0"));
    }

    #[test]
    fn missing_names_are_unknown_once_each_and_patterns_are_skipped() {
        let verdicts = missing(&list(&["wan", "eth0", "en*", "wan"]), "interface", |name| name == "eth0");
        assert_eq!(verdicts.len(), 1);
        assert_eq!((verdicts[0].status, verdicts[0].subject.as_str()), (Status::Unknown, "wan"));
        assert_eq!(verdicts[0].title, "Interface not found");
        assert_eq!(verdicts[0].message, "no reading of the interface wan");
    }

    #[test]
    fn name_without_a_star_matches_only_itself() {
        assert!(matches("eth0", "eth0"));
        assert!(!matches("eth0", "eth01"));
        assert!(!matches("eth0", "veth0"));
        assert!(!is_pattern("eth0"));
    }

    #[test]
    fn star_matches_any_text() {
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
    fn text_is_not_matched_twice() {
        for (pattern, name) in
            [("eth*", "veth0"), ("a*a", "a"), ("*ab*ab", "ab"), ("a*b*c", "acb"), ("/mnt/*/data", "/mnt/data")]
        {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
