//! The Prometheus text exposition format, as far as node_exporter and checkpost write it.

use std::collections::BTreeMap;

use checkpost_model::metric::Labels;

/// A parsed exposition.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    /// The types, by the name of the series.
    pub(super) types: BTreeMap<String, String>,
    /// The value of each series, by name and labels.
    pub(super) samples: BTreeMap<(String, Labels), f64>,
}

impl Exposition {
    /// Parses a whole exposition. A line that cannot be parsed and a repeated series fail the test.
    pub(super) fn parse(text: &str) -> Self {
        let mut exposition = Self::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(of) = line.strip_prefix("# TYPE ") {
                let (name, kind) = of.split_once(' ').unwrap();
                assert_eq!(exposition.types.insert(name.to_owned(), kind.to_owned()), None, "{line}");
            } else if !line.starts_with('#') {
                let (key, value) = sample(line).unwrap_or_else(|| panic!("cannot parse {line:?}"));
                assert_eq!(exposition.samples.insert(key, value), None, "{line}");
            }
        }
        exposition
    }

    /// All series with this name.
    pub(super) fn of(&self, name: &str) -> impl Iterator<Item = (&Labels, f64)> {
        self.samples.iter().filter(move |((series, _), _)| series == name).map(|((_, labels), value)| (labels, *value))
    }

    /// The one series with this name and no labels.
    pub(super) fn value(&self, name: &str) -> Option<f64> {
        self.samples.get(&(name.to_owned(), Labels::none())).copied()
    }
}

/// `name{key="value",…} 1.5`
fn sample(line: &str) -> Option<((String, Labels), f64)> {
    let end = line.find(['{', ' '])?;
    let (name, mut rest) = line.split_at(end);
    let mut labels = Vec::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        while !rest.starts_with('}') {
            let (key, value) = rest.split_once("=\"")?;
            let (value, after) = quoted(value)?;
            labels.push((key.to_owned(), value));
            rest = after.strip_prefix(',').unwrap_or(after);
        }
        rest = &rest[1..];
    }
    let value = rest.strip_prefix(' ')?.parse().ok()?;
    Some(((name.to_owned(), labels.into_iter().collect()), value))
}

/// A text up to its closing quote, and the rest behind it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(match characters.next()?.1 {
                'n' => '\n',
                escaped @ ('\\' | '"') => escaped,
                _ => return None,
            }),
            other => value.push(other),
        }
    }
    None
}
