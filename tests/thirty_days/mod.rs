//! Thirty days of a five-minute cron: the built-in checks judge a simulated machine, and each run notifies by
//! `notify = "every-run"`, by the default rule and by `for = "5m"`.

mod machine;
mod table;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use jiff::Timestamp;

use checkpost_alerting::alert::{
    AlertKey, Alerts, Kind, Notification, Rule, advance, notifications, transition_notifications,
};
use checkpost_collect::derive;
use checkpost_model::check::{DEFAULT_CHANNEL, Evaluation, Limits, ModuleSource, Settings, Status};
use checkpost_model::metric::Snapshot;
use checkpost_sandbox::{Input, Judged, Module, Need, Sandbox, SandboxOptions, load_module};

use crate::support::BUILT_IN;

use machine::{
    BACKUP_DISK_PLUGGED_IN, CRON_STOPPED, ETH0_BROKEN, MOMENTS, Machine, OVERLOADS, POWERED_OFF, at, has_run,
    memory_check_has_fuel, memory_is_readable,
};

/// A built-in check with its last verdicts, on which its hysteresis rests.
struct Check {
    name: &'static str,
    module: Arc<Module>,
    needs: Arc<[Need]>,
    previous: Vec<(String, Status)>,
}

impl Check {
    fn load(sandbox: &Sandbox, name: &'static str) -> Self {
        let module = load_module(sandbox, &ModuleSource::Builtin(name), &Limits::DEFAULT).unwrap();
        let needs = module.needs(&Limits::DEFAULT, &Settings::new(), None).unwrap();
        Self { name, module, needs, previous: Vec::new() }
    }

    fn judge(&mut self, snapshot: &Snapshot, limits: &Limits) -> Evaluation {
        let is_needed = |sample: &&_| self.needs.iter().any(|need| need.matches(sample));
        let input = Input {
            time_ms: snapshot.time.as_millisecond().unsigned_abs(),
            host: &snapshot.host.labels(),
            settings: &Settings::new(),
            samples: snapshot.samples.iter().filter(is_needed).collect(),
            history: &[],
            previous: &self.previous,
        };
        let Judged { outcome, fuel, duration } = self.module.evaluate(limits, &input, None);
        if let Ok(verdicts) = &outcome {
            self.previous = verdicts.iter().map(|verdict| (verdict.subject.clone(), verdict.status)).collect();
        }
        Evaluation {
            instance: self.name.to_owned(),
            channel: DEFAULT_CHANNEL.to_owned(),
            owner: String::new(),
            is_found: false,
            module: None,
            settings: Settings::new(),
            outcome,
            fuel,
            duration,
        }
    }
}

/// The evaluations of one run and its notifications by three rules.
struct Run {
    moment: usize,
    evaluations: Vec<Evaluation>,
    /// With `notify = "every-run"`.
    every_run: Vec<Notification>,
    /// With the default rule.
    default: Vec<Notification>,
    /// With `for = "5m"`.
    with_for: Vec<Notification>,
    /// What a receiver of the notifications of the default rule has heard so far.
    heard: BTreeMap<AlertKey, Heard>,
}

/// What a receiver last heard of one alert.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Heard {
    level: Status,
    flapping: bool,
}

impl Heard {
    const NOTHING: Self = Self { level: Status::Ok, flapping: false };
}

impl Run {
    /// The status of a subject; `None` if the check failed or does not mention it.
    fn status(&self, instance: &str, subject: &str) -> Option<Status> {
        let evaluation = self.evaluations.iter().find(|evaluation| evaluation.instance == instance).unwrap();
        let verdicts = evaluation.outcome.as_ref().ok()?;
        verdicts.iter().find(|verdict| verdict.subject == subject).map(|verdict| verdict.status)
    }

    fn heard(&self, instance: &str, subject: &str) -> Heard {
        let key = AlertKey { instance: instance.to_owned(), subject: subject.to_owned() };
        self.heard.get(&key).copied().unwrap_or(Heard::NOTHING)
    }

    /// The notifications of this run about a subject, by the default rule.
    fn notified(&self, instance: &str, subject: &str) -> Vec<(Kind, Status)> {
        let is_about = |n: &&Notification| n.check == instance && n.subject == subject;
        self.default.iter().filter(is_about).map(|n| (n.kind, n.level)).collect()
    }
}

/// Simulated once, for all tests.
static RUNS: LazyLock<Vec<Run>> = LazyLock::new(simulate);

fn simulate() -> Vec<Run> {
    let options = SandboxOptions { evaluations: 4 * MOMENTS, modules: BUILT_IN.len(), ..SandboxOptions::default() };
    let sandbox = Sandbox::new(options).unwrap();
    let mut checks = BUILT_IN.map(|name| Check::load(&sandbox, name));
    let mut machine = Machine::new();
    let mut by_default = AlertsByRule::new(Rule::default());
    let mut by_for = AlertsByRule::new(Rule { pending_for: Duration::from_secs(5 * 60), ..Rule::default() });
    let mut heard = BTreeMap::new();
    let mut previous: Option<Snapshot> = None;
    let mut runs = Vec::new();
    for moment in 0..MOMENTS {
        machine.simulate(moment);
        if !has_run(moment) {
            continue;
        }
        let mut snapshot = machine.measure(moment);
        if let Some(previous) = &previous {
            derive(previous, &[], &mut snapshot);
        }
        snapshot.samples.sort_by(|a, b| (&a.name, &a.labels).cmp(&(&b.name, &b.labels)));
        let too_little_fuel = Limits { fuel: 1_000, ..Limits::DEFAULT };
        let limits = |check: &str| match check {
            "memory" if !memory_check_has_fuel(moment) => &too_little_fuel,
            _ => &Limits::DEFAULT,
        };
        let evaluations: Vec<_> = checks.iter_mut().map(|check| check.judge(&snapshot, limits(check.name))).collect();
        let default = by_default.run(&evaluations, snapshot.time);
        default.iter().for_each(|notification| hear(&mut heard, notification));
        let with_for = by_for.run(&evaluations, snapshot.time);
        let every_run = notifications(&evaluations);
        runs.push(Run { moment, evaluations, every_run, default, with_for, heard: heard.clone() });
        previous = Some(snapshot);
    }
    runs
}

/// All alerts by one rule, carried from run to run.
struct AlertsByRule {
    rule: Rule,
    alerts: Alerts,
}

impl AlertsByRule {
    fn new(rule: Rule) -> Self {
        Self { rule, alerts: Alerts::new() }
    }

    fn run(&mut self, evaluations: &[Evaluation], now: Timestamp) -> Vec<Notification> {
        let advanced = advance(&self.alerts, evaluations, |_| self.rule.clone(), now);
        let notifications = transition_notifications(&advanced, &self.alerts, evaluations);
        self.alerts = advanced.alerts;
        notifications
    }
}

fn hear(heard: &mut BTreeMap<AlertKey, Heard>, notification: &Notification) {
    let key = AlertKey { instance: notification.check.clone(), subject: notification.subject.clone() };
    let alert = heard.entry(key).or_insert(Heard::NOTHING);
    match notification.kind {
        // The level is the one right now; a flapping alert may be as bad as the worse one announced before.
        Kind::FlappingStarted if notification.level.severity() <= alert.level.severity() => {}
        _ => alert.level = notification.level,
    }
    alert.flapping = match notification.kind {
        Kind::FlappingStarted => true,
        Kind::FlappingEnded | Kind::Stale => false,
        _ => alert.flapping,
    };
}

/// The runs in a span of moments.
fn runs_in(span: &Range<usize>) -> Vec<&'static Run> {
    RUNS.iter().filter(|run| span.contains(&run.moment)).collect()
}

/// The first run after a span without runs.
fn first_after(span: &Range<usize>) -> &'static Run {
    RUNS.iter().find(|run| run.moment >= span.end).unwrap()
}

#[test]
fn receivers_know_every_status_after_each_run() {
    for run in RUNS.iter() {
        for evaluation in &run.evaluations {
            let assert_known = |subject: &str, status: Status| {
                let Heard { level, flapping } = run.heard(&evaluation.instance, subject);
                let is_known = level == status || (flapping && status != Status::Critical);
                assert!(is_known, "{} {subject} is {status:?} at {}: {level:?}", evaluation.instance, run.moment);
            };
            match &evaluation.outcome {
                Ok(verdicts) => verdicts.iter().for_each(|verdict| assert_known(&verdict.subject, verdict.status)),
                Err(_) => assert_known("", Status::Unknown),
            }
        }
    }
}

#[test]
fn overload_of_two_runs_or_more_is_raised_by_the_first() {
    for (span, _) in &OVERLOADS {
        let runs = runs_in(span);
        assert!(runs.len() >= 2, "{span:?}");
        let status = |run: &Run| run.status("cpu", "").unwrap();
        assert_eq!(runs[0].notified("cpu", ""), [(Kind::Raised, status(runs[0]))], "{span:?}");
        for run in &runs {
            assert_ne!(status(run), Status::Ok, "no overload at {}", run.moment);
            let Heard { level, flapping } = run.heard("cpu", "");
            assert!(level != Status::Ok || flapping, "not known to receivers at {}", run.moment);
        }
    }
}

#[test]
fn raised_alerts_end() {
    let mut open = BTreeMap::new();
    for notification in RUNS.iter().flat_map(|run| &run.default) {
        let key = (&notification.check, &notification.subject);
        match (notification.kind, notification.level) {
            (Kind::Raised, _) => assert_eq!(open.insert(key, notification), None, "raised twice"),
            (Kind::Resolved | Kind::FlappingEnded, Status::Ok) | (Kind::Stale, _) => drop(open.remove(&key)),
            (Kind::FlappingStarted, Status::Ok) => {}
            _ => drop(open.insert(key, notification)),
        }
    }
    assert_eq!(open.values().collect::<Vec<_>>(), Vec::<&&Notification>::new());
}

#[test]
fn alert_outlasts_a_reboot_without_a_rate() {
    let after = first_after(&POWERED_OFF[0]);
    assert!(ETH0_BROKEN[0].contains(&after.moment));
    let network = after.evaluations.iter().find(|evaluation| evaluation.instance == "network").unwrap();
    let eth0 = network.outcome.as_ref().unwrap().iter().find(|verdict| verdict.subject == "eth0").unwrap();
    assert_eq!((eth0.status, eth0.message.as_str()), (Status::Warning, "eth0: no rate yet"));
    for run in runs_in(&(POWERED_OFF[0].start - 6..ETH0_BROKEN[0].end)) {
        assert_eq!(run.heard("network", "eth0").level, Status::Warning, "{}", run.moment);
    }
    assert_eq!(after.notified("network", "eth0"), []);
    let repaired = RUNS.iter().find(|run| run.moment >= ETH0_BROKEN[0].end).unwrap();
    assert_eq!(repaired.notified("network", "eth0"), [(Kind::Resolved, Status::Ok)]);
}

#[test]
fn fault_since_boot_is_raised_by_the_first_run_with_a_rate() {
    let first = first_after(&POWERED_OFF[1]);
    assert_eq!(first.notified("network", "eth0"), []);
    let second = RUNS.iter().find(|run| run.moment > first.moment).unwrap();
    assert_eq!(second.notified("network", "eth0"), [(Kind::Raised, Status::Warning)]);
}

#[test]
fn changes_while_cron_is_stopped_are_notified_by_the_next_run() {
    let after = CRON_STOPPED.each_ref().map(first_after);
    assert_eq!(after.map(|run| run.moment), [at(13, 13, 0), at(27, 7, 0)]);
    assert_eq!(after[0].notified("disk", "/srv"), [(Kind::Resolved, Status::Ok)]);
    assert_eq!(after[1].notified("disk", "/srv"), [(Kind::Raised, Status::Critical)]);
    assert_eq!(after[1].notified("cpu", ""), [(Kind::Raised, Status::Warning)]);
}

#[test]
fn check_failure_is_notified_once_and_resolves_nothing() {
    let fails = |moment: usize| !(memory_is_readable(moment) && memory_check_has_fuel(moment));
    for (before, run) in RUNS.iter().zip(&RUNS[1..]) {
        assert_eq!(run.status("memory", "").is_none(), fails(run.moment), "{}", run.moment);
        let kinds: Vec<_> = run.notified("memory", "").into_iter().map(|(kind, _)| kind).collect();
        match (fails(before.moment), fails(run.moment)) {
            (false, true) => assert!(matches!(kinds[..], [Kind::Unknown | Kind::FlappingStarted]), "{kinds:?}"),
            (true, true) => assert_eq!(kinds, []),
            (_, false) => assert!(!kinds.contains(&Kind::Unknown)),
        }
    }
}

#[test]
fn disk_is_stale_when_unplugged_for_good_but_not_for_ten_minutes() {
    let about_disk: Vec<_> = RUNS.iter().filter(|run| !run.notified("disk", "/mnt/usb").is_empty()).collect();
    let count_in = |span: Range<usize>, kind| {
        let is_counted = |run: &&&Run| span.contains(&run.moment) && run.notified("disk", "/mnt/usb")[0].0 == kind;
        about_disk.iter().filter(is_counted).count()
    };
    // Each first and last span of BACKUP_DISK_PLUGGED_IN until the disk is unplugged for good.
    for [first, last] in [[0, 0], [1, 2], [3, 3], [4, 4]] {
        let (plugged, unplugged) = (BACKUP_DISK_PLUGGED_IN[first].start, BACKUP_DISK_PLUGGED_IN[last].end);
        assert_eq!(count_in(plugged..unplugged, Kind::Raised), 1);
        assert_eq!(count_in(plugged..unplugged, Kind::Stale), 0);
        assert_eq!(count_in(unplugged..unplugged + 6, Kind::Stale), 1);
    }
}
