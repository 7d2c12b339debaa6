//! Which series of a metric are meant, and what each is called.

use checkpost_sdk::matches;

/// What a series is known by, as readings have it.
pub type Labels = [(String, String)];

/// Labels that say more of a thing and do not tell it from others; each with the label that does.
const DESCRIBING: [(&str, &str); 6] = [
    ("hw.name", "hw.id"),
    ("hw.type", "hw.id"),
    ("process.owner", "process.pid"),
    ("system.device", "system.filesystem.mountpoint"),
    ("system.filesystem.mode", "system.filesystem.mountpoint"),
    ("system.filesystem.type", "system.filesystem.mountpoint"),
];

/// A condition on one label. A series without the label has an empty value, as in Prometheus.
#[derive(Clone, Debug, PartialEq)]
pub struct Matcher {
    key: String,
    value: String,
    negated: bool,
}

impl Matcher {
    /// `key=value` or `key!=value`; a value may have `*`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let refused = || format!("labels has {text:?}, allowed is key=value or key!=value");
        let (key, value) = text.split_once('=').ok_or_else(refused)?;
        let (key, negated) = key.strip_suffix('!').map_or((key, false), |key| (key, true));
        if key.is_empty() {
            return Err(refused());
        }
        Ok(Self { key: key.to_owned(), value: value.to_owned(), negated })
    }

    /// Whether a series is meant.
    pub fn accepts(&self, labels: &Labels) -> bool {
        matches(&self.value, value_of(labels, &self.key)) != self.negated
    }

    /// The label that every series has which is meant, when there is only one: what a need can ask for.
    pub fn exact(&self) -> Option<(&str, &str)> {
        (!self.negated && !self.value.is_empty() && !self.value.contains('*')).then_some((&self.key, &self.value))
    }
}

fn value_of<'a>(labels: &'a Labels, key: &str) -> &'a str {
    labels.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value)
}

/// What a series is called: the values of the labels that tell it from others, in their order. They are chosen by their
/// keys alone, and not by what other series there are: one that comes must not rename those that were there.
pub fn subject(metric: Option<&str>, labels: &Labels, matchers: &[Matcher]) -> String {
    let is_pinned = |key: &str| matchers.iter().any(|matcher| matcher.exact().is_some_and(|(pinned, _)| pinned == key));
    let has = |key: &str| labels.iter().any(|(name, _)| name == key);
    let describes = |key: &str| DESCRIBING.iter().any(|(describing, telling)| *describing == key && has(telling));
    let telling = labels.iter().filter(|(key, _)| !is_pinned(key) && !describes(key)).map(|(_, value)| value.as_str());
    metric.into_iter().chain(telling).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn accepts(matcher: &str, pairs: &[(&str, &str)]) -> bool {
        Matcher::parse(matcher).unwrap().accepts(&labels(pairs))
    }

    #[test]
    fn a_label_is_compared_whole_or_by_pattern() {
        let eth0 = [("direction", "receive"), ("name", "eth0")];
        for (matcher, expected) in [
            ("name=eth0", true),
            ("name=eth", false),
            ("name=eth*", true),
            ("name!=eth0", false),
            ("name!=lo", true),
            ("name!=eth*", false),
            ("direction=*", true),
        ] {
            assert_eq!(accepts(matcher, &eth0), expected, "{matcher}");
        }
    }

    #[test]
    fn a_label_that_is_not_there_is_empty() {
        for (matcher, expected) in
            [("name=eth0", false), ("name!=eth0", true), ("name=", true), ("name=*", true), ("name!=", false)]
        {
            assert_eq!(accepts(matcher, &[("other", "eth0")]), expected, "{matcher}");
        }
    }

    #[test]
    fn a_value_may_be_any_text() {
        assert!(accepts("a=b=c!=\n", &[("a", "b=c!=\n")]));
        assert!(accepts("a!==", &[("a", "b")]));
        assert!(!accepts("a!==", &[("a", "=")]));
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in ["", "name", "=eth0", "!=eth0"] {
            let sentence = format!("labels has {text:?}, allowed is key=value or key!=value");
            assert_eq!(Matcher::parse(text), Err(sentence));
        }
    }

    #[test]
    fn only_one_whole_value_can_be_asked_for() {
        let exact = |text: &str| Matcher::parse(text).unwrap().exact().map(|(key, value)| format!("{key} {value}"));
        assert_eq!(exact("name=eth0").unwrap(), "name eth0");
        for text in ["name=eth*", "name!=eth0", "name="] {
            assert_eq!(exact(text), None, "{text}");
        }
    }

    #[test]
    fn a_series_is_called_by_what_tells_it_from_others() {
        let called = |metric, pairs: &[(&str, &str)], matchers: &[&str]| {
            let matchers: Vec<_> = matchers.iter().map(|text| Matcher::parse(text).unwrap()).collect();
            subject(metric, &labels(pairs), &matchers)
        };
        let var = [
            ("system.device", "/dev/vda1"),
            ("system.filesystem.mode", "rw"),
            ("system.filesystem.mountpoint", "/var"),
            ("system.filesystem.state", "used"),
            ("system.filesystem.type", "ext4"),
        ];
        assert_eq!(called(None, &var, &["system.filesystem.state=used"]), "/var");
        assert_eq!(called(None, &var, &["system.filesystem.state=u*"]), "/var used");
        assert_eq!(called(None, &[("system.device", "sda")], &[]), "sda");
        assert_eq!(called(None, &[("hw.id", "gpu0"), ("hw.name", "NVIDIA")], &[]), "gpu0");
        assert_eq!(called(None, &[("hw.name", "fan1")], &[]), "fan1");
        assert_eq!(called(None, &[], &[]), "");
        assert_eq!(called(Some("checkpost.load_1m"), &[], &[]), "checkpost.load_1m");
    }
}
