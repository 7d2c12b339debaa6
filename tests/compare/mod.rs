//! The same machine seen by others, which checkpost must agree with, reading by reading.
//!
//! What moves is bracketed: the peer is read before and after, and checkpost's reading must lie between the two. What a
//! table calls slack is what it may lie outside of that, for a reason that stands beside it.

mod exposition;
mod node_exporter;
mod official;
mod private;
mod proc;
mod psutil;
mod rates;
mod sensors;
mod textfile;
mod tools;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use checkpost::metric::Labels;
use serde_json::Value;

use crate::support::Site;

/// How often two that disagree are asked again. Memory and processes come and go between the readings of a bracket;
/// what is read wrongly is so every time.
const TRIES: usize = 8;
/// A cycle is compared with the last one, and opens no window of its own, when that is 5 s back.
const COMPARABLE: Duration = Duration::from_millis(5_200);

const MIB: f64 = 1024.0 * 1024.0;
/// The labels of what there is one of.
const NONE: [(&str, &str); 0] = [];

/// A metric and what it is of.
type Key = (String, Labels);

/// What somebody says of this machine, by checkpost's names. Labels that a peer does not know are left out.
#[derive(Clone, Debug, Default)]
struct Figures(BTreeMap<Key, f64>);

impl Figures {
    fn add<L: Into<Labels>>(&mut self, metric: &str, labels: L, value: f64) {
        self.0.insert((metric.to_owned(), labels.into()), value);
    }

    /// Of a list of samples in JSON, as `checkpost collect` and the peers in Python write them.
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

    /// The one reading of a metric that has these labels, whatever others it has.
    fn get(&self, metric: &str, labels: &Labels) -> Option<f64> {
        let mut those: Vec<_> = self.of(metric).filter(|(all, _)| all.contains(labels)).collect();
        assert!(those.len() <= 1, "more than one {metric} has {labels:?}: {those:?}");
        those.pop().map(|(_, value)| value)
    }
}

/// Which readings of a metric both must have.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Scope {
    /// The same ones.
    All,
    /// One at least, if either has any: the two leave out different things.
    Some,
    /// Perhaps none.
    Any,
}

/// How a metric is compared: a line of a table.
#[derive(Clone, Copy, Debug)]
struct Row {
    metric: &'static str,
    slack: f64,
    scope: Scope,
}

/// All readings of a metric are in the bracket.
const fn same(metric: &'static str) -> Row {
    Row { metric, slack: 0.0, scope: Scope::All }
}

impl Row {
    /// Readings may be so far outside.
    const fn within(self, slack: f64) -> Self {
        Self { slack, ..self }
    }

    const fn of(self, scope: Scope) -> Self {
        Self { scope, ..self }
    }

    /// What is wrong with a reading, if anything is.
    fn judge(&self, labels: &Labels, ours: Option<f64>, low: f64, high: f64) -> Option<String> {
        let Some(ours) = ours else {
            let missing = format!("{} {labels:?}: checkpost does not tell it, the peer {low} to {high}", self.metric);
            return (self.scope == Scope::All).then_some(missing);
        };
        // A number may be rounded when it is written, and no more.
        let slack = self.slack + 1e-9 * high.abs();
        let metric = self.metric;
        (ours < low - slack || ours > high + slack)
            .then(|| format!("{metric} {labels:?}: checkpost {ours}, the peer {low} to {high}, slack {}", self.slack))
    }
}

/// What a peer said before and after; or the least and the most that a reading may be.
struct Bracket {
    before: Figures,
    after: Figures,
}

impl Bracket {
    /// What differs, by metric and labels. A table that compares nothing shows nothing: that is a difference, too.
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
            let told = ours.of(row.metric).count();
            let theirs = self.before.of(row.metric).count();
            match row.scope {
                Scope::All if told > compared => {
                    differ(&Labels::none(), format!("{}: checkpost tells {told}, the peer {theirs}", row.metric));
                }
                Scope::Some if compared == 0 && told + theirs > 0 => {
                    let what = format!("{}: checkpost tells {told}, the peer {theirs}, none the same", row.metric);
                    differ(&Labels::none(), what);
                }
                _ => {}
            }
        }
        differences
    }
}

/// checkpost and a peer agree on every line of a table. A difference counts when it is there in every try.
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

/// A site with a cycle that is old enough to be compared with, so that a collection takes milliseconds and not a window
/// of 250: the bracket is as narrow.
fn prepared(config: &str) -> Site {
    let site = Site::with_config(config);
    site.run_json();
    std::thread::sleep(COMPARABLE);
    site
}

/// Every reading there is, of every disk and interface.
const EVERYTHING: &str = "[collect]\nstore = [\"*\"]\ninterfaces = [\"*\"]\ndisks = [\"*\"]\ntop_processes = 100\n";

/// `checkpost collect`, once.
fn collected(site: &Site, arguments: &[&str]) -> Figures {
    let arguments = [&["collect", "--format", "json"], arguments].concat();
    let snapshot: Value = serde_json::from_str(&site.says(&arguments, 0).stdout).unwrap();
    Figures::of_samples(&snapshot["samples"])
}

/// Waits until something is there, for ten seconds.
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
fn what_differs_is_found() {
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
    assert_eq!(differs(same("bytes"), &[&both(15.0, 5.0)[..], &[("bytes", "c", 1.0)]].concat()), 1, "c is its own");
    assert_eq!(differs(same("bytes").of(Scope::Some), &[("bytes", "c", 1.0)]), 1, "nothing was compared");
    assert_eq!(differs(same("bytes").of(Scope::Any), &[("bytes", "c", 1.0)]), 0);
    assert_eq!(differs(same("none"), &[]), 0, "neither tells it");
}
