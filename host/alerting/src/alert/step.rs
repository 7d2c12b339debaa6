//! One step of one alert: from its previous state and the observation of a run to its next state and a transition.
//! `docs/reference/alerting.md` has the table.

use std::time::Duration;

use jiff::Timestamp;

use checkpost_model::check::Status;

use super::announced::Missing;
use super::observation::{Judgement, Observation};
use super::rule::{OnUnknown, Rule};
use super::state::{Alert, Phase, Text, elapsed};
use super::transition::{self, Kind, Transition};

/// An alert after a run, with what there is to notify.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) alert: Alert,
    pub(super) transition: Option<Transition>,
}

/// Takes an alert through a run at `now`. Without a previous alert, the subject was ok and not announced.
///
/// `for` and the other durations count what runs observed: a subject was bad for ten minutes if it was bad in a run,
/// bad in another run ten minutes later, and not ok in any run in between. A missed run counts as no observation.
pub(super) fn step(previous: Option<Alert>, observation: &Observation<'_>, rule: &Rule, now: Timestamp) -> Step {
    let mut alert = previous.unwrap_or_else(|| Alert::new(now));
    alert.move_to(now);
    let phase = alert.phase;
    let transition = match observation {
        Observation::Judged(judgement) if judgement.status == Status::Unknown => {
            unknown(&mut alert, judgement, rule, now)
        }
        Observation::Judged(judgement) => judged(&mut alert, judgement, rule, now),
        Observation::Failed(_) => failed(&mut alert, rule, now),
        Observation::Absent => absent(&mut alert, rule, now),
    };
    let transition = transition.or_else(|| transition::reminder(&alert, observation, rule, now));
    finish(alert, phase, transition, now)
}

/// Ends the alert of an instance that is no longer configured. If the alert was announced, that is notified once.
pub(super) fn retire(mut alert: Alert, now: Timestamp) -> Step {
    let previous = alert.phase;
    alert.move_to(now);
    let transition = disappear(&mut alert, "The check is no longer configured");
    finish(alert, previous, transition, now)
}

/// Records when the phase began and what is announced.
fn finish(mut alert: Alert, previous: Phase, transition: Option<Transition>, now: Timestamp) -> Step {
    if alert.phase != previous {
        alert.since = now;
    }
    if let Some(transition) = &transition {
        alert.announced.sent_at = Some(now);
        announce(&mut alert, transition);
    }
    if alert.phase != Phase::Unknown && !alert.is_unknown_announced_or_suppressed() {
        alert.unknown = None;
    }
    Step { alert, transition }
}

/// Records what receivers hear.
fn announce(alert: &mut Alert, transition: &Transition) {
    match (transition.kind, transition.level) {
        (Kind::Stale, _) => alert.announced.missing = Some(Missing::Stale),
        // While an alert flaps, only a worse level is notified, so the announced level stays.
        (Kind::FlappingStarted, level) if level.severity() <= alert.announced.status().severity() => {}
        (_, Status::Unknown) => alert.announced.missing = Some(Missing::Unknown),
        (_, level) => {
            alert.announced.level = level;
            alert.announced.missing = None;
        }
    }
}

/// The subject was judged ok, warning or critical.
fn judged(alert: &mut Alert, judgement: &Judgement<'_>, rule: &Rule, now: Timestamp) -> Option<Transition> {
    alert.unknown_since = None;
    alert.absent_since = None;
    let level = alert.level;
    if judgement.status == Status::Ok {
        let is_over = alert.firing_since.is_none()
            || elapsed(*alert.keep_firing_since.get_or_insert(now), now) >= rule.keep_firing_for;
        if is_over {
            alert.end_condition();
        }
    } else {
        alert.bad_level = judgement.status;
        alert.keep_firing_since = None;
        let bad_for = elapsed(*alert.active_since.get_or_insert(now), now);
        if alert.firing_since.is_none() && bad_for >= rule.pending_for {
            alert.firing_since = Some(now);
        }
    }
    alert.phase = alert.condition();
    alert.level = if alert.firing_since.is_some() { alert.bad_level } else { Status::Ok };
    // A recovery has the headline of the alert, `High disk usage`, not that of the ok verdict, `Disk usage`.
    if judgement.status != Status::Ok || (alert.phase == Phase::Ok && !alert.is_announced_or_suppressed()) {
        judgement.title.clone_into(&mut alert.title);
    }
    judgement.message.clone_into(&mut alert.message);
    alert.value = judgement.value.filter(|value| value.is_finite());
    transition::change(alert, level, judgement, rule)
}

/// The check judged the subject as unknown.
fn unknown(alert: &mut Alert, judgement: &Judgement<'_>, rule: &Rule, now: Timestamp) -> Option<Transition> {
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
    alert.unknown = Some(Text { title: judgement.title.to_owned(), message: judgement.message.to_owned() });
    if has_lasted {
        alert.level = Status::Unknown;
    }
    // Until the level is unknown, the run counts as no judgement and must not fill the flapping window.
    (alert.phase == Phase::Unknown && alert.level == Status::Unknown)
        .then(|| transition::change(alert, level, judgement, rule))
        .flatten()
}

/// The check failed. The failure has an alert of its own, with an empty subject, so this one is not notified.
fn failed(alert: &mut Alert, rule: &Rule, now: Timestamp) -> Option<Transition> {
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

/// The check judged and did not mention the subject.
fn absent(alert: &mut Alert, rule: &Rule, now: Timestamp) -> Option<Transition> {
    let absent_for = elapsed(*alert.absent_since.get_or_insert(now), now);
    if rule.stale_after.is_none_or(|after| absent_for < after) {
        return None;
    }
    disappear(alert, "The check no longer reports this subject")
}

/// The subject is gone. That is notified if receivers have not heard of the end of the alert, also in a later run if
/// the notification was suppressed.
fn disappear(alert: &mut Alert, reason: &str) -> Option<Transition> {
    // An alert that fired continues when its subject comes back; a pending one starts anew.
    if alert.firing_since.is_none() {
        alert.end_condition();
    }
    let transition = alert.is_open().then(|| transition::stale(alert, reason));
    alert.phase = Phase::Stale;
    alert.level = if alert.is_announced_or_suppressed() { Status::Unknown } else { Status::Ok };
    alert.history = 0;
    alert.announced.flapping = false;
    transition
}
