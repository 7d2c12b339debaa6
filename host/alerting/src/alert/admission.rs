//! Which new subjects get an alert of their own. A check may return any number of subjects, others in every run; each alert
//! is stored, stepped in every run and notified. What is beyond the limits is one alert,
//! [`TOO_MANY_SUBJECTS`](checkpost_model::check::TOO_MANY_SUBJECTS).
//!
//! The worst subjects come first, and a subject that has an alert keeps it. All modules that were found in the checks
//! directory share the limits of one instance, besides the worst subject of each, so that nothing hides behind many names.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::Timestamp;

use checkpost_model::check::{CHECKS_DIRECTORY, Evaluation, Status, Verdict};

use super::observation::Judgement;
use super::state::{Alert, Alerts, elapsed, worse};

/// Alerts of one instance, and of all found modules together. A person reads none of a thousand.
pub const MAX_ALERTS: usize = 1_000;

/// New alerts in an hour, of one instance, and of all found modules together. Of more broken disks, the worst hundred are
/// notified first.
pub const MAX_NEW_ALERTS: usize = 100;

/// The period of [`MAX_NEW_ALERTS`]. An alert that was announced is retained for as long, or else it would not be counted.
pub(super) const NEW_PERIOD: Duration = Duration::from_secs(3_600);

/// The alerts that an instance, or all found modules, had before a run.
#[derive(Clone, Copy, Debug, Default)]
struct Load {
    alerts: usize,
    new: usize,
}

impl Load {
    fn of<'a>(alerts: impl Iterator<Item = &'a Alert>, now: Timestamp) -> Self {
        let mut load = Self::default();
        for alert in alerts {
            load.alerts += 1;
            load.new += usize::from(alert.opened_at.is_some_and(|opened| elapsed(opened, now) < NEW_PERIOD));
        }
        load
    }

    /// How many more there may be.
    fn room(self) -> usize {
        MAX_ALERTS.saturating_sub(self.alerts).min(MAX_NEW_ALERTS.saturating_sub(self.new))
    }
}

/// Subjects without an alert of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) subjects: usize,
    /// The worst status of them; `None` without a subject.
    pub(super) worst: Option<Status>,
}

impl Refused {
    pub(super) fn add(&mut self, status: Status) {
        self.subjects += 1;
        self.worst = Some(self.worst.map_or(status, |worst| worse(worst, status)));
    }

    /// What the alert that stands for them says of those of an instance.
    pub(super) fn of_instance(self, instance: &str) -> Overflow {
        let whose = format!("'{instance}'");
        let limits = format!("an instance has at most {MAX_ALERTS} alerts, and {MAX_NEW_ALERTS} new ones an hour");
        Overflow::new(self, &whose, &limits)
    }

    /// What the alert that stands for them says of those of all found modules.
    pub(super) fn of_found(self) -> Overflow {
        let limits = format!(
            "besides the worst of each, all modules found there have at most {MAX_ALERTS} alerts, and {MAX_NEW_ALERTS} new \
             ones an hour, as far as found_bytes_per_day allows"
        );
        Overflow::new(self, &format!("the {CHECKS_DIRECTORY}"), &limits)
    }
}

/// The alert that stands for refused subjects, in words.
pub(super) struct Overflow {
    status: Status,
    title: String,
    message: String,
}

impl Overflow {
    fn new(refused: Refused, whose: &str, limits: &str) -> Self {
        let title = format!("Too many subjects of {whose}");
        let Refused { subjects, worst } = refused;
        let message = match worst {
            None => "Every bad subject has an alert of its own.".to_owned(),
            Some(worst) => {
                let (are, level) = (if subjects == 1 { "subject has" } else { "subjects have" }, worst.level());
                format!("{subjects} more bad {are} no alert of their own, the worst is {level}: {limits}")
            }
        };
        Self { status: worst.unwrap_or(Status::Ok), title, message }
    }

    pub(super) fn judgement(&self) -> Judgement<'_> {
        Judgement { status: self.status, title: &self.title, message: &self.message, value: None }
    }
}

/// The new subjects of a run that get no alert.
#[derive(Debug, Default)]
pub(super) struct Admission<'a> {
    refused: HashMap<(&'a str, &'a str), Status>,
    by_instance: HashMap<&'a str, Refused>,
    /// Those of found modules that their instance had room for, but not all found modules together.
    pub(super) found: Refused,
}

/// A new subject.
#[derive(Clone, Copy)]
struct Candidate<'a> {
    instance: &'a str,
    subject: &'a str,
    status: Status,
    /// Its place among the new subjects of its instance, which has the worst first; 0 is the worst subject of an instance
    /// without an alert.
    rank: usize,
}

impl<'a> Admission<'a> {
    /// Decides for the verdicts of a run. `known` has the alerts of each instance before it.
    pub(super) fn of(
        previous: &Alerts,
        known: &BTreeMap<&str, BTreeMap<&str, &Alert>>,
        evaluations: &'a [Evaluation],
        now: Timestamp,
    ) -> Self {
        let mut admission = Self::default();
        let mut of_found = Vec::new();
        for evaluation in evaluations {
            let known = known.get(evaluation.instance.as_str());
            let admitted = admission.admit(evaluation, known, now);
            of_found.extend(admitted.into_iter().filter(|_| evaluation.is_found));
        }
        let load = Load::of(previous.values().filter(|alert| alert.is_found), now);
        // Stable: of equals, the first instance is first.
        of_found.sort_by_key(|candidate| (candidate.rank, Reverse(candidate.status.severity())));
        for candidate in of_found.into_iter().filter(|candidate| candidate.rank > 0).skip(load.room()) {
            admission.refused.insert((candidate.instance, candidate.subject), candidate.status);
            admission.found.add(candidate.status);
        }
        admission
    }

    /// Refuses what is beyond the limits of one instance, and returns the rest of its new subjects, the worst first.
    fn admit(
        &mut self,
        evaluation: &'a Evaluation,
        known: Option<&BTreeMap<&str, &Alert>>,
        now: Timestamp,
    ) -> Vec<Candidate<'a>> {
        // The empty subject is the host as a whole. There is only one, and it is also that of a failure.
        let is_new = |subject: &str| !subject.is_empty() && known.is_none_or(|known| !known.contains_key(subject));
        let bad = evaluation.outcome.iter().flatten().filter(|verdict| verdict.status != Status::Ok);
        let new = bad.filter(|verdict| is_new(&verdict.subject));
        let first_rank = usize::from(known.is_some_and(|known| !known.is_empty()));
        let instance = evaluation.instance.as_str();
        let candidate =
            |verdict: &'a Verdict| Candidate { instance, subject: &verdict.subject, status: verdict.status, rank: 0 };
        let mut candidates: Vec<_> = new.map(candidate).collect();
        candidates.sort_by_key(|candidate| Reverse(candidate.status.severity()));
        let ranks = first_rank..;
        candidates.iter_mut().zip(ranks).for_each(|(candidate, rank)| candidate.rank = rank);
        let load = Load::of(known.into_iter().flat_map(|known| known.values().copied()), now);
        for candidate in candidates.split_off(load.room().min(candidates.len())) {
            self.refused.insert((instance, candidate.subject), candidate.status);
            self.by_instance.entry(instance).or_default().add(candidate.status);
        }
        candidates
    }

    /// Whether a subject gets no alert.
    pub(super) fn refuses(&self, instance: &str, subject: &str) -> bool {
        self.refused.contains_key(&(instance, subject))
    }

    /// The subjects that are beyond the limits of an instance.
    pub(super) fn refused_of(&self, instance: &str) -> Refused {
        self.by_instance.get(instance).copied().unwrap_or_default()
    }
}
