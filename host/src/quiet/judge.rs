//! Whether a message is kept quiet in a run, and why.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::circle::circles;
use super::hold::{Acknowledgement, Silence};
use super::matcher::{Facts, Field};
use super::rules::{Inhibition, Maintenance};
use crate::alert::{AlertKey, Alerts, Standing};
use crate::check::Status;
use crate::clean;

/// All that may keep something quiet.
#[derive(Clone, Copy, Debug)]
pub struct Quiet<'a> {
    /// Silences, whether or not they hold.
    pub silences: &'a [Silence],
    /// Acknowledgements that held after the last run.
    pub acknowledgements: &'a [Acknowledgement],
    /// Windows, whether or not they are open.
    pub maintenance: &'a [Maintenance],
    /// What hides what.
    pub inhibit: &'a [Inhibition],
    /// The name of the machine.
    pub host: &'a str,
}

/// What keeps something quiet in one run.
#[derive(Debug)]
pub struct QuietRun<'a> {
    silences: Vec<&'a Silence>,
    maintenance: Vec<&'a Maintenance>,
    acknowledged: BTreeMap<&'a AlertKey, &'a Acknowledgement>,
    ended: BTreeSet<i64>,
    inhibitions: Vec<(&'a Inhibition, Vec<Source<'a>>)>,
    /// Of each alert that hides others, its circle: two in the same one would hide each other.
    circles: BTreeMap<&'a AlertKey, usize>,
    host: &'a str,
}

/// An alert that hides others by a rule.
#[derive(Clone, Copy, Debug)]
struct Source<'a> {
    key: &'a AlertKey,
    facts: Facts<'a>,
    /// How bad it is as what is hidden: what cannot be judged just now hides as it did.
    level: Status,
}

impl<'a> Quiet<'a> {
    /// What of it holds in a run at `now` in which alerts stand so.
    pub fn in_run(self, standings: &'a [Standing], now: Timestamp) -> QuietRun<'a> {
        let by_key: BTreeMap<_, _> = standings.iter().map(|standing| (&standing.key, standing)).collect();
        let holds = |acknowledgement: &&Acknowledgement| {
            by_key.get(&acknowledgement.key).is_some_and(|standing| acknowledgement.holds(standing, now))
        };
        let (holding, ended): (Vec<_>, Vec<_>) = self.acknowledgements.iter().partition(holds);
        let sources = |rule: &'a Inhibition| {
            let source = |standing: &'a Standing| self.source(rule, standing);
            (rule, standings.iter().filter_map(source).collect())
        };
        let inhibitions: Vec<(_, Vec<_>)> = self.inhibit.iter().map(sources).collect();
        QuietRun {
            silences: self.silences.iter().filter(|silence| silence.holds(now)).collect(),
            maintenance: self.maintenance.iter().filter(|rule| rule.window.closes(now).is_some()).collect(),
            acknowledged: holding.into_iter().map(|acknowledgement| (&acknowledgement.key, acknowledgement)).collect(),
            ended: ended.into_iter().map(|acknowledgement| acknowledgement.id).collect(),
            circles: circles_of(&inhibitions),
            inhibitions,
            host: self.host,
        }
    }

    fn source(&self, rule: &Inhibition, standing: &'a Standing) -> Option<Source<'a>> {
        let facts = Facts { level: standing.stands(), ..facts(standing, self.host) };
        let hides = facts.level != Status::Ok && rule.when.match_all(&facts);
        hides.then_some(Source { key: &standing.key, facts, level: standing.level })
    }
}

impl<'a> QuietRun<'a> {
    /// Why an alert is kept quiet, if it is: `silence 3: new disks`.
    pub fn reason(&self, standing: &Standing) -> Option<String> {
        self.reason_of(&standing.key, &facts(standing, self.host))
    }

    /// [`QuietRun::reason`], of whatever is told of an alert.
    pub fn reason_of(&self, key: &AlertKey, facts: &Facts<'_>) -> Option<String> {
        let reason = self.acknowledged(key).or_else(|| self.silenced(facts)).or_else(|| self.maintained(facts));
        let reason = reason.or_else(|| self.inhibited(key, facts))?;
        Some(clean::bounded(&reason, REASON_CHARS))
    }

    /// The name of the machine, for [`Facts`].
    pub fn host(&self) -> &'a str {
        self.host
    }

    /// Which acknowledgements are over, given what is kept of alerts after the run: what is forgotten ends its own.
    pub fn ended(&self, kept: &Alerts) -> Vec<i64> {
        let forgotten = self.acknowledged.iter().filter(|(key, _)| !kept.contains_key(key)).map(|(_, held)| held.id);
        self.ended.iter().copied().chain(forgotten).collect()
    }

    fn acknowledged(&self, key: &AlertKey) -> Option<String> {
        let Acknowledgement { author, comment, .. } = self.acknowledged.get(key)?;
        Some(format!("acknowledged by {author}: {comment}"))
    }

    fn silenced(&self, facts: &Facts<'_>) -> Option<String> {
        let silence = self.silences.iter().find(|silence| silence.matchers.match_all(facts))?;
        Some(format!("silence {}: {}", silence.id, silence.comment))
    }

    fn maintained(&self, facts: &Facts<'_>) -> Option<String> {
        let window = self.maintenance.iter().find(|window| window.matchers.match_all(facts))?;
        Some(format!("maintenance {}", window.name))
    }

    fn inhibited(&self, key: &AlertKey, facts: &Facts<'_>) -> Option<String> {
        let hides = |(rule, sources): &(&Inhibition, Vec<Source<'_>>)| -> Option<String> {
            if !rule.hide.match_all(facts) {
                return None;
            }
            // Those that would hide each other, by whichever rules, hide none of them: somebody must hear of one.
            let circle = self.circles.get(key);
            let by = sources.iter().find(|source| {
                let is_equal = |field: &Field| field.of(&source.facts) == field.of(facts);
                let hide_each_other = circle.is_some() && self.circles.get(source.key) == circle;
                source.key != key && !hide_each_other && rule.equal.iter().all(is_equal)
            })?;
            let AlertKey { instance, subject } = by.key;
            let space = if subject.is_empty() { "" } else { " " };
            Some(format!("inhibited by {instance}{space}{subject}"))
        };
        self.inhibitions.iter().find_map(hides)
    }
}

/// The circles in which alerts that hide others would hide each other. Between those that hide by a rule and those that
/// it hides stands a node for each value of what is equal, so that many of both make no more edges than they are.
fn circles_of<'a>(inhibitions: &[(&'a Inhibition, Vec<Source<'a>>)]) -> BTreeMap<&'a AlertKey, usize> {
    let all = inhibitions.iter().flat_map(|(_, sources)| sources);
    let alerts: BTreeMap<_, _> = all.map(|source| (source.key, source)).collect();
    let numbers: BTreeMap<_, _> = alerts.keys().enumerate().map(|(number, key)| (*key, number)).collect();
    let mut edges = vec![Vec::new(); alerts.len()];
    for (rule, sources) in inhibitions {
        let equal = |facts: &Facts<'a>| rule.equal.iter().map(|field| field.of(facts)).collect::<Vec<_>>();
        let mut between = BTreeMap::new();
        for source in sources {
            let node = *between.entry(equal(&source.facts)).or_insert(edges.len());
            edges.resize(edges.len().max(node + 1), Vec::new());
            edges[numbers[source.key]].push(node);
        }
        for (key, source) in &alerts {
            let facts = Facts { level: source.level, ..source.facts };
            if let Some(node) = between.get(&equal(&facts)).filter(|_| rule.hide.match_all(&facts)) {
                edges[*node].push(numbers[key]);
            }
        }
    }
    let circles = circles(&edges);
    numbers.into_iter().map(|(key, number)| (key, circles[number])).collect()
}

/// How long a reason may be: comments and names of subjects are as long as people like.
const REASON_CHARS: usize = 256;

fn facts<'a>(standing: &'a Standing, host: &'a str) -> Facts<'a> {
    Facts {
        check: &standing.key.instance,
        subject: &standing.key.subject,
        channel: &standing.alert.channel,
        owner: &standing.alert.owner,
        host,
        level: standing.level,
    }
}
