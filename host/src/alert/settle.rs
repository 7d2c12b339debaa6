//! What is told of a run, and which alerts are worth keeping until the next one, once it is known what is kept quiet.

use std::time::Duration;

use jiff::Timestamp;

use super::advance::{AlertKey, Alerts};
use super::rule::{Rule, STALE_AFTER};
use super::state::{Alert, Phase, elapsed, worse};
use super::step::Step;
use super::transition::Transition;
use crate::check::Status;

/// How long a subject that is gone is kept after people were told. One that comes back later is a new one.
pub const STALE_KEPT: Duration = Duration::from_secs(24 * 3600);

/// All alerts after a run, and what people must be told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Advanced {
    /// What must be kept until the next run; all others can be forgotten.
    pub alerts: Alerts,
    /// What there is to tell, by key.
    pub transitions: Vec<(AlertKey, Transition)>,
}

/// How an alert stands in a run, before it is known whether it is kept quiet.
#[derive(Debug)]
pub struct Standing {
    /// Which alert.
    pub key: AlertKey,
    /// What it is now if nothing is kept quiet.
    pub alert: Alert,
    /// The worse of what it is now and what people were told of it before this run, so that an end is that of what ends;
    /// of what is over and nobody knows of, what they would have been told.
    pub level: Status,
    /// Whether its check is no longer configured.
    pub is_removed: bool,
    /// What there is to tell, at most one.
    told: Vec<Transition>,
    /// The same run for people who read what was suppressed as well, and what is new to them.
    hushed: Step,
    rule: Rule,
}

impl Standing {
    /// Takes an alert through a run, once with what people know and once with what they would know.
    pub(super) fn new(key: AlertKey, mut previous: Alert, rule: &Rule, run: impl Fn(&Alert) -> Step) -> Self {
        let Step { alert, transitions: told } = run(&previous);
        let level = match worse(alert.level, previous.told()) {
            Status::Ok => previous.hushed.map_or(Status::Ok, |hushed| hushed.told()),
            level => level,
        };
        previous.swap_hushed();
        let mut hushed = run(&previous);
        hushed.alert.swap_hushed();
        Self { key, alert, level, is_removed: false, told, hushed, rule: rule.clone() }
    }

    /// How an alert stands between two runs, as it was kept.
    pub fn kept(key: AlertKey, alert: Alert) -> Self {
        let unchanged = |alert: &Alert| Step { alert: alert.clone(), transitions: Vec::new() };
        Self::new(key, alert, &Rule::default(), unchanged)
    }

    /// Something to be done to the alert, whichever it will be.
    pub(super) fn each_alert(&mut self, change: impl Fn(&mut Alert)) {
        change(&mut self.alert);
        change(&mut self.hushed.alert);
    }

    /// How bad it is, for what may follow from it: what fires is not better for not being judged. Ok for what is gone.
    pub fn stands(&self) -> Status {
        let Alert { phase, level, bad_level, firing_since, .. } = self.alert;
        match phase {
            Phase::Stale => Status::Ok,
            _ if firing_since.is_some() => worse(level, bad_level),
            _ => level,
        }
    }

    /// Whether it is over: judged ok, and people know of nothing else, or gone.
    pub fn is_over(&self) -> bool {
        self.alert.phase == Phase::Stale || (self.alert.phase == Phase::Ok && !self.alert.is_known())
    }

    /// What is told of it and what is kept of it, given why it is kept quiet, if it is.
    fn settle(&self, quiet: Option<String>, now: Timestamp, advanced: &mut Advanced) {
        let Step { mut alert, transitions } = match &quiet {
            None => Step { alert: Alert { hushed: None, ..self.alert.clone() }, transitions: self.told.clone() },
            Some(_) => self.hushed.clone(),
        };
        alert.trim_hushed();
        let is_kept = match self.is_removed {
            // Who was told of it and not that it is gone must hear of that when it is no longer quiet.
            true => quiet.is_some() && alert.is_open(),
            false => is_worth_keeping(&alert, &self.rule, now),
        };
        let suppressed = |transition| Transition { suppressed: quiet.clone(), ..transition };
        let keyed = transitions.into_iter().map(|transition| (self.key.clone(), suppressed(transition)));
        advanced.transitions.extend(keyed);
        if is_kept {
            advanced.alerts.insert(self.key.clone(), alert);
        }
    }
}

impl Advanced {
    /// Of all alerts of a run, with why each is kept quiet.
    pub(super) fn of(standings: &[Standing], quiet: impl Fn(&Standing) -> Option<String>, now: Timestamp) -> Self {
        let mut advanced = Self::default();
        for standing in standings {
            standing.settle(quiet(standing), now, &mut advanced);
        }
        advanced.transitions.sort_by(|(one, _), (other, _)| one.cmp(other));
        advanced
    }
}

/// Whether the next run would make something else of it than of nothing, so that subjects that come and go, such as
/// processes, leave nothing behind.
fn is_worth_keeping(alert: &Alert, rule: &Rule, now: Timestamp) -> bool {
    if alert.is_known_anyhow() {
        // Who does not know that it is gone, since that was suppressed, has still to hear of it.
        return alert.phase != Phase::Stale || alert.is_open() || elapsed(alert.since, now) < STALE_KEPT;
    }
    if let Some(absent_since) = alert.absent_since {
        let has_more = alert.condition() != Phase::Ok && alert.phase != Phase::Stale;
        return has_more && elapsed(absent_since, now) < rule.stale_after.unwrap_or(STALE_AFTER);
    }
    let changes = rule.flapping.map_or(0, |flapping| flapping.within(alert.history));
    alert.condition() != Phase::Ok || alert.unknown_since.is_some() || changes != 0
}
