//! Selects the series of a metric, and names the subject of each.

use checkpost_sdk::matches;

/// The labels of a series, as in the readings.
pub type Labels = [(String, String)];

/// Labels that only describe an entity, each with the label that identifies the entity.
const DESCRIPTIVE: [(&str, &str); 6] = [
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
    /// Parses `key=value` or `key!=value`; the value may contain `*`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let refused = || format!("labels has {text:?}: must be key=value or key!=value");
        let (key, value) = text.split_once('=').ok_or_else(refused)?;
        let (key, negated) = key.strip_suffix('!').map_or((key, false), |key| (key, true));
        if key.is_empty() {
            return Err(refused());
        }
        Ok(Self { key: key.to_owned(), value: value.to_owned(), negated })
    }

    /// Whether a series matches.
    pub fn accepts(&self, labels: &Labels) -> bool {
        matches(&self.value, value_of(labels, &self.key)) != self.negated
    }

    /// The label that every matching series must have, if the matcher allows only one value. A need can declare such a label.
    pub fn exact(&self) -> Option<(&str, &str)> {
        (!self.negated && !self.value.is_empty() && !self.value.contains('*')).then_some((&self.key, &self.value))
    }
}

fn value_of<'a>(labels: &'a Labels, key: &str) -> &'a str {
    labels.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value)
}

/// The subject of a series: the values of its identifying labels, in order. The choice of labels depends only on their keys
/// and not on the other series, so that a new series does not rename existing ones.
pub fn subject(metric: Option<&str>, labels: &Labels, matchers: &[Matcher]) -> String {
    let is_fixed = |key: &str| matchers.iter().any(|matcher| matcher.exact().is_some_and(|(fixed, _)| fixed == key));
    let has = |key: &str| labels.iter().any(|(name, _)| name == key);
    let is_descriptive =
        |key: &str| DESCRIPTIVE.iter().any(|(descriptive, identifying)| *descriptive == key && has(identifying));
    let identifying =
        labels.iter().filter(|(key, _)| !is_fixed(key) && !is_descriptive(key)).map(|(_, value)| value.as_str());
    metric.into_iter().chain(identifying).collect::<Vec<_>>().join(" ")
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
    fn label_is_compared_whole_or_by_pattern() {
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
    fn missing_label_is_empty() {
        for (matcher, expected) in
            [("name=eth0", false), ("name!=eth0", true), ("name=", true), ("name=*", true), ("name!=", false)]
        {
            assert_eq!(accepts(matcher, &[("other", "eth0")]), expected, "{matcher}");
        }
    }

    #[test]
    fn value_may_be_any_text() {
        assert!(accepts("a=b=c!=\n", &[("a", "b=c!=\n")]));
        assert!(accepts("a!==", &[("a", "b")]));
        assert!(!accepts("a!==", &[("a", "=")]));
    }

    #[test]
    fn text_that_is_not_a_condition_is_refused() {
        for text in ["", "name", "=eth0", "!=eth0"] {
            let message = format!("labels has {text:?}: must be key=value or key!=value");
            assert_eq!(Matcher::parse(text), Err(message));
        }
    }

    #[test]
    fn exact_label_is_one_whole_value() {
        let exact = |text: &str| Matcher::parse(text).unwrap().exact().map(|(key, value)| format!("{key} {value}"));
        assert_eq!(exact("name=eth0").unwrap(), "name eth0");
        for text in ["name=eth*", "name!=eth0", "name="] {
            assert_eq!(exact(text), None, "{text}");
        }
    }

    #[test]
    fn subject_is_made_of_identifying_labels() {
        let name = |metric, pairs: &[(&str, &str)], matchers: &[&str]| {
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
        assert_eq!(name(None, &var, &["system.filesystem.state=used"]), "/var");
        assert_eq!(name(None, &var, &["system.filesystem.state=u*"]), "/var used");
        assert_eq!(name(None, &[("system.device", "sda")], &[]), "sda");
        assert_eq!(name(None, &[("hw.id", "gpu0"), ("hw.name", "NVIDIA")], &[]), "gpu0");
        assert_eq!(name(None, &[("hw.name", "fan1")], &[]), "fan1");
        assert_eq!(name(None, &[], &[]), "");
        assert_eq!(name(Some("checkpost.load_1m"), &[], &[]), "checkpost.load_1m");
    }
}
