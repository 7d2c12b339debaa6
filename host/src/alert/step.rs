//! One step of one alert: what it was and what a run saw of it, to what it is. `docs/alerting.md` has the table.

use std::time::Duration;

use jiff::Timestamp;

use super::rule::{OnUnknown, Rule};
use super::state::{Alert, Missing, Phase, Text, elapsed};
use super::transition::{self, Kind, Transition};
use crate::check::{Status, Verdict};

/// What one run saw of one subject.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Observation<'a> {
    /// The check said this of it; [`Status::Unknown`]: that it cannot tell.
    Judged(Said<'a>),
    /// The check failed, with this text. People hear of that once, from its empty subject, not from each subject.
    CouldNotJudge(&'a str),
    /// The check judged, and did not mention it.
    Absent,
}

/// What a check said of one subject.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Said<'a> {
    /// How it is.
    pub status: Status,
    /// Headline.
    pub title: &'a str,
    /// One sentence.
    pub message: &'a str,
    /// The first number behind it.
    pub value: Option<f64>,
}

impl<'a> From<&'a Verdict> for Said<'a> {
    fn from(verdict: &'a Verdict) -> Self {
        let value = verdict.measures.first().map(|measure| measure.value);
        Self { status: verdict.status, title: &verdict.title, message: &verdict.message, value }
    }
}

/// An alert after a run, and what people must be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What it is now.
    pub alert: Alert,
    /// What is told, at most one for each run.
    pub transitions: Vec<Transition>,
}

/// What a run at `now` makes of an alert. Without a previous one it was ok and nobody was told anything.
///
/// `for` and the other lengths of time count what runs saw: something was bad for ten minutes when it was bad at a run,
/// bad at another run ten minutes later, and not ok at any run between them. Runs that were missed say nothing.
pub fn step(previous: Option<&Alert>, observation: &Observation<'_>, rule: &Rule, now: Timestamp) -> Step {
    let mut alert = previous.cloned().unwrap_or_else(|| Alert::new(now));
    alert.move_to(now);
    let phase = alert.phase;
    let transition = match observation {
        Observation::Judged(said) if said.status == Status::Unknown => unknown(&mut alert, said, rule, now),
        Observation::Judged(said) => judged(&mut alert, said, rule, now),
        Observation::CouldNotJudge(_) => could_not_judge(&mut alert, rule, now),
        Observation::Absent => absent(&mut alert, rule, now),
    };
    let transition = transition.or_else(|| transition::reminder(&alert, observation, rule, now));
    end(alert, phase, transition, now)
}

/// Closes the alert of an instance that is no longer configured: people who know of it are told, once.
pub fn retire(previous: &Alert, now: Timestamp) -> Step {
    let mut alert = previous.clone();
    alert.move_to(now);
    let transition = disappear(&mut alert, "The check is no longer configured");
    end(alert, previous.phase, transition, now)
}

/// Keeps when the phase began, and what is told.
fn end(mut alert: Alert, before: Phase, transition: Option<Transition>, now: Timestamp) -> Step {
    if alert.phase != before {
        alert.since = now;
    }
    if let Some(transition) = &transition {
        alert.last_sent_at = Some(now);
        note(&mut alert, transition);
    }
    if alert.phase != Phase::Unknown && !alert.is_known_unjudged() {
        alert.unknown = None;
    }
    Step { alert, transitions: transition.into_iter().collect() }
}

/// Keeps what people have now been told.
fn note(alert: &mut Alert, transition: &Transition) {
    match (transition.kind, transition.level) {
        (Kind::Stale, _) => alert.missing_sent = Some(Missing::Stale),
        // Who hears that it flaps still has to hear of what is worse, and no more of what is not.
        (Kind::FlappingStarted, level) if level.severity() <= alert.told().severity() => {}
        (_, Status::Unknown) => alert.missing_sent = Some(Missing::Unknown),
        (_, level) => {
            alert.level_sent = level;
            alert.missing_sent = None;
        }
    }
}

/// It was judged: ok, warning or critical.
fn judged(alert: &mut Alert, said: &Said<'_>, rule: &Rule, now: Timestamp) -> Option<Transition> {
    alert.unknown_since = None;
    alert.absent_since = None;
    let level = alert.level;
    if said.status == Status::Ok {
        let is_over = alert.firing_since.is_none()
            || elapsed(*alert.keep_firing_since.get_or_insert(now), now) >= rule.keep_firing_for;
        if is_over {
            alert.calm();
        }
    } else {
        alert.bad_level = said.status;
        alert.keep_firing_since = None;
        let has_been_bad = elapsed(*alert.active_since.get_or_insert(now), now);
        if alert.firing_since.is_none() && has_been_bad >= rule.hold {
            alert.firing_since = Some(now);
        }
    }
    alert.phase = alert.condition();
    alert.level = if alert.firing_since.is_some() { alert.bad_level } else { Status::Ok };
    // The ok verdict of an alert has another headline than what it resolves: `Disk usage`, not `High disk usage`.
    if said.status != Status::Ok || (alert.phase == Phase::Ok && !alert.is_known_anyhow()) {
        said.title.clone_into(&mut alert.title);
    }
    said.message.clone_into(&mut alert.message);
    alert.value = said.value.filter(|value| value.is_finite());
    transition::change(alert, level, said, rule)
}

/// The check said that it cannot tell.
fn unknown(alert: &mut Alert, said: &Said<'_>, rule: &Rule, now: Timestamp) -> Option<Transition> {
    if rule.on_unknown == OnUnknown::Ignore {
        return None;
    }
    alert.absent_since = None;
    let level = alert.level;
    let lasted = elapsed(*alert.unknown_since.get_or_insert(now), now);
    let has_lasted = rule.unknown_after().is_some_and(|after| lasted >= after);
    if has_lasted || rule.on_unknown == OnUnknown::Notify {
        alert.phase = Phase::Unknown;
    }
    alert.unknown = Some(Text { title: said.title.to_owned(), message: said.message.to_owned() });
    if has_lasted {
        alert.level = Status::Unknown;
    }
    // Before it has lasted, this run is no judgement: the window of flapping must not be filled by it.
    (alert.phase == Phase::Unknown && alert.level == Status::Unknown)
        .then(|| transition::change(alert, level, said, rule))
        .flatten()
}

/// The check failed. Its failure is told elsewhere.
fn could_not_judge(alert: &mut Alert, rule: &Rule, now: Timestamp) -> Option<Transition> {
    if rule.on_unknown == OnUnknown::Ignore || alert.phase == Phase::Stale {
        return None;
    }
    let lasted = elapsed(*alert.unknown_since.get_or_insert(now), now);
    let after = if rule.on_unknown == OnUnknown::Notify { Some(Duration::ZERO) } else { rule.unknown_after() };
    if after.is_some_and(|after| lasted >= after) {
        alert.phase = Phase::Unknown;
    }
    None
}

/// The check judged and did not mention it.
fn absent(alert: &mut Alert, rule: &Rule, now: Timestamp) -> Option<Transition> {
    let gone = elapsed(*alert.absent_since.get_or_insert(now), now);
    if rule.stale_after.is_none_or(|after| gone < after) {
        return None;
    }
    disappear(alert, "The check no longer reports it")
}

/// It is gone. That is told when people would go on to believe in it, also later than when it went, if it was hushed.
fn disappear(alert: &mut Alert, why: &str) -> Option<Transition> {
    // Only what fired goes on where it was when it comes back.
    if alert.firing_since.is_none() {
        alert.calm();
    }
    let told = alert.is_open().then(|| transition::stale(alert, why));
    alert.phase = Phase::Stale;
    alert.level = if alert.is_known_anyhow() { Status::Unknown } else { Status::Ok };
    alert.history = 0;
    alert.flapping = false;
    told
}
