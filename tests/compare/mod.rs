//! Compares checkpost with other programs (peers) on the same machine, reading by reading.
//!
//! A changing value is bracketed: the peer is read before and after, and checkpost's reading must lie between the two.
//! The slack in a table is how far a reading may lie outside the bracket; a comment next to it says why.

mod exposition;
mod mounts;
mod node_exporter;
mod proc;
mod prometheus_parser;
mod psutil;
mod rates;
mod sensors;
mod textfile;
mod tools;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use checkpost_model::metric::Labels;
use serde_json::Value;

use crate::support::Site;

/// How often a comparison that fails is repeated. Memory and processes come and go between the readings of a bracket; a
/// wrong reading is wrong every time.
const TRIES: usize = 8;
/// A cycle is compared with the previous one, without a window of its own, if that is at least 5 s old.
const COMPARABLE: Duration = Duration::from_millis(5_200);

const MIB: f64 = 1024.0 * 1024.0;
/// The labels of a metric that has only one series.
const NONE: [(&str, &str); 0] = [];

/// A metric with its labels.
type Key = (String, Labels);

/// The readings of one program, under checkpost's names. Labels that the program does not know are left out.
#[derive(Clone, Debug, Default)]
struct Figures(BTreeMap<Key, f64>);

impl Figures {
    fn add<L: Into<Labels>>(&mut self, metric: &str, labels: L, value: f64) {
        self.0.insert((metric.to_owned(), labels.into()), value);
    }

    /// Reads a list of samples in JSON, as `checkpost collect` and the peers in Python write it.
    fn of_samples(samples: &Value) -> Self {
        let sample = |sample: &Value| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let labels = sample["labels"].as_object().unwrap().iter().map(|(key, value)| (key.clone(), text(value)));
            ((text(&sample["name"]), labels.collect()), sample["value"].as_f64().unwrap())
        };
        Self(samples.as_array().unwrap().iter().map(sample).collect())
    }

    fn of(&self, metric: &str) -> impl Iterator<Item = (&Labels, f64)> {
        self.0.iter().filter(move |((name, _), _)| name == metric).map(|((_, labels), value)| (labels, *value))
    }

    /// The one reading of a metric with these labels, whatever other labels it has.
    fn get(&self, metric: &str, labels: &Labels) -> Option<f64> {
        let mut those: Vec<_> = self.of(metric).filter(|(all, _)| all.contains(labels)).collect();
        assert!(those.len() <= 1, "more than one {metric} has {labels:?}: {those:?}");
        those.pop().map(|(_, value)| value)
    }
}

/// Which readings of a metric both programs must have.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Scope {
    /// The same readings.
    All,
    /// At least one common reading, if either has any: the two leave out different ones.
    Some,
    /// Perhaps none in common.
    Any,
}

/// How a metric is compared: a row of a table.
#[derive(Clone, Copy, Debug)]
struct Row {
    metric: &'static str,
    slack: f64,
    scope: Scope,
}

/// Every reading must lie in the bracket.
const fn same(metric: &'static str) -> Row {
    Row { metric, slack: 0.0, scope: Scope::All }
}

impl Row {
    /// Readings may lie this far outside the bracket.
    const fn within(self, slack: f64) -> Self {
        Self { slack, ..self }
    }

    const fn of(self, scope: Scope) -> Self {
        Self { scope, ..self }
    }

    /// What is wrong with a reading, if anything.
    fn judge(&self, labels: &Labels, ours: Option<f64>, low: f64, high: f64) -> Option<String> {
        let Some(ours) = ours else {
            let missing = format!("{} {labels:?}: checkpost does not report it, the peer {low} to {high}", self.metric);
            return (self.scope == Scope::All).then_some(missing);
        };
        // Allow for the rounding of printed numbers, and no more.
        let slack = self.slack + 1e-9 * high.abs();
        let metric = self.metric;
        (ours < low - slack || ours > high + slack)
            .then(|| format!("{metric} {labels:?}: checkpost {ours}, the peer {low} to {high}, slack {}", self.slack))
    }
}

/// The peer's readings before and after; or the lowest and the highest values that a reading may have.
struct Bracket {
    before: Figures,
    after: Figures,
}

impl Bracket {
    /// All differences, by metric and labels. A metric that was never compared proves nothing, so that counts as a
    /// difference, too.
    fn differences(&self, table: &[Row], ours: &Figures) -> BTreeMap<Key, String> {
        let mut differences = BTreeMap::new();
        for row in table {
            let mut compared = 0;
            let mut differ = |labels: &Labels, what: String| {
                differences.insert((row.metric.to_owned(), labels.clone()), what);
            };
            for (labels, before) in self.before.of(row.metric) {
                let Some(after) = self.after.get(row.metric, labels) else { continue };
                let value = ours.get(row.metric, labels);
                compared += usize::from(value.is_some());
                if let Some(what) = row.judge(labels, value, before.min(after), before.max(after)) {
                    differ(labels, what);
                }
            }
            let reported = ours.of(row.metric).count();
            let theirs = self.before.of(row.metric).count();
            match row.scope {
                Scope::All if reported > compared => {
                    differ(
                        &Labels::none(),
                        format!("{}: checkpost reports {reported} readings, the peer {theirs}", row.metric),
                    );
                }
                Scope::Some if compared == 0 && reported + theirs > 0 => {
                    let what = format!(
                        "{}: checkpost reports {reported} readings, the peer {theirs}, none in common",
                        row.metric
                    );
                    differ(&Labels::none(), what);
                }
                _ => {}
            }
        }
        differences
    }
}

/// Asserts that checkpost and a peer agree on every row of a table. Only a difference that shows in every try counts.
fn assert_agreement(table: &[Row], ours: impl Fn() -> Figures, mut peer: impl FnMut() -> Figures) {
    let mut lasting: Option<BTreeMap<Key, String>> = None;
    for _ in 0..TRIES {
        let before = peer();
        let ours = ours();
        let bracket = Bracket { before, after: peer() };
        let mut differences = bracket.differences(table, &ours);
        if let Some(lasting) = lasting {
            differences.retain(|key, _| lasting.contains_key(key));
        }
        if differences.is_empty() {
            return;
        }
        lasting = Some(differences);
    }
    let lines: Vec<_> = lasting.unwrap_or_default().into_values().collect();
    panic!("{} readings differ in each of {TRIES} tries; in the last one:\n{}", lines.len(), lines.join("\n"));
}

/// A site with a cycle old enough to be compared with: a collection then takes milliseconds, not a window of 250 ms,
/// which keeps the bracket narrow.
fn prepared(config: &str) -> Site {
    let site = Site::with_config(config);
    site.run_json();
    std::thread::sleep(COMPARABLE);
    site
}

/// Selects every reading, of every disk and interface.
const EVERYTHING: &str = "[collect]\nstore = [\"*\"]\ninterfaces = [\"*\"]\ndisks = [\"*\"]\ntop_processes = 100\n";

/// Runs `checkpost collect` once.
fn collected(site: &Site, arguments: &[&str]) -> Figures {
    let arguments = [&["collect", "--format", "json"], arguments].concat();
    let snapshot: Value = serde_json::from_str(&site.execute(&arguments, 0).stdout).unwrap();
    Figures::of_samples(&snapshot["samples"])
}

/// Waits for up to ten seconds until something is there.
fn wait_for<T>(what: &str, mut is_there: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(10) {
        if let Some(there) = is_there() {
            return there;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{what} is not there after 10 s");
}

#[test]
fn comparison_finds_differences() {
    let figures = |readings: &[(&str, &'static str, f64)]| {
        let mut figures = Figures::default();
        readings.iter().for_each(|(metric, device, value)| figures.add(metric, [("device", *device)], *value));
        figures
    };
    let bracket = Bracket {
        before: figures(&[("bytes", "a", 10.0), ("bytes", "b", 5.0), ("gone", "a", 1.0)]),
        after: figures(&[("bytes", "a", 20.0), ("bytes", "b", 5.0)]),
    };
    let differs = |row: Row, ours: &[(&str, &'static str, f64)]| bracket.differences(&[row], &figures(ours)).len();
    let both = |a: f64, b: f64| [("bytes", "a", a), ("bytes", "b", b)];
    assert_eq!(differs(same("bytes"), &both(15.0, 5.0)), 0);
    assert_eq!(differs(same("bytes"), &both(9.0, 5.1)), 2, "below and above");
    assert_eq!(differs(same("bytes").within(1.0), &both(9.0, 5.1)), 0);
    assert_eq!(differs(same("bytes"), &both(15.0, 5.0)[..1]), 1, "b is missing");
    assert_eq!(differs(same("bytes").of(Scope::Some), &both(15.0, 5.0)[..1]), 0);
    assert_eq!(
        differs(same("bytes"), &[&both(15.0, 5.0)[..], &[("bytes", "c", 1.0)]].concat()),
        1,
        "only checkpost has c"
    );
    assert_eq!(differs(same("bytes").of(Scope::Some), &[("bytes", "c", 1.0)]), 1, "nothing was compared");
    assert_eq!(differs(same("bytes").of(Scope::Any), &[("bytes", "c", 1.0)]), 0);
    assert_eq!(differs(same("none"), &[]), 0, "neither reports it");
}
