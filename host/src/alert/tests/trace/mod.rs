//! Thirty days of a five-minute cron: readings of a machine to which things happen, judged by the built-in checks as they
//! are, told by every run, by the default rule, and by one that waits for a second run.

mod machine;
mod table;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use super::*;
use crate::check::{DEFAULT_CHANNEL, Evaluation, Limits, ModuleSource, Settings};
use crate::collect::derive;
use crate::metric::Snapshot;
use crate::sandbox::{Input, Judged, Module, Need, Sandbox, SandboxOptions};
use machine::{
    ETH0_BROKEN, MOMENTS, Machine, OFF, OVERLOADS, PLUGGED, STOPPED, at, memory_has_fuel, memory_is_read, runs,
};

/// The built-in checks that judge it.
const CHECKS: [&str; 4] = ["cpu", "memory", "disk", "network"];

/// One of the checks, and what it said when it last could judge: from this it has its hysteresis.
struct Check {
    name: &'static str,
    module: Arc<Module>,
    needs: Vec<Need>,
    previous: Vec<(String, Status)>,
}

impl Check {
    fn load(sandbox: &Sandbox, name: &'static str) -> Self {
        let module = Module::load(sandbox, &ModuleSource::Builtin(name), &Limits::DEFAULT).unwrap();
        let needs = module.needs(&Limits::DEFAULT, &Settings::new()).unwrap();
        Self { name, module: Arc::new(module), needs, previous: Vec::new() }
    }

    fn judge(&mut self, snapshot: &Snapshot, limits: &Limits) -> Evaluation {
        let needed = |sample: &&_| self.needs.iter().any(|need| need.matches(sample));
        let input = Input {
            time_ms: snapshot.time.as_millisecond().unsigned_abs(),
            host: &snapshot.host.labels(),
            settings: &Settings::new(),
            samples: snapshot.samples.iter().filter(needed).collect(),
            history: &[],
            previous: &self.previous,
        };
        let Judged { outcome, fuel, duration } = self.module.evaluate(limits, &input);
        if let Ok(verdicts) = &outcome {
            self.previous = verdicts.iter().map(|verdict| (verdict.subject.clone(), verdict.status)).collect();
        }
        Evaluation {
            instance: self.name.to_owned(),
            channel: DEFAULT_CHANNEL.to_owned(),
            owner: String::new(),
            module: None,
            settings: Settings::new(),
            outcome,
            fuel,
            duration,
        }
    }
}

/// What one run found, and what people were told of it.
struct Run {
    moment: usize,
    evaluations: Vec<Evaluation>,
    every_run: Vec<Notification>,
    default: Vec<Notification>,
    /// With `for = "5m"`.
    patient: Vec<Notification>,
    /// What people believe after it, who read nothing but the notifications of the default.
    believed: BTreeMap<AlertKey, Belief>,
}

/// What somebody knows of one alert from its notifications.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Belief {
    level: Status,
    flapping: bool,
}

impl Run {
    /// The status of a subject, if the check mentions it.
    fn status(&self, instance: &str, subject: &str) -> Option<Status> {
        let evaluation = self.evaluations.iter().find(|evaluation| evaluation.instance == instance).unwrap();
        let verdicts = evaluation.outcome.as_ref().ok()?;
        verdicts.iter().find(|verdict| verdict.subject == subject).map(|verdict| verdict.status)
    }

    fn believed(&self, instance: &str, subject: &str) -> Belief {
        let key = AlertKey { instance: instance.to_owned(), subject: subject.to_owned() };
        self.believed.get(&key).copied().unwrap_or(Belief { level: Status::Ok, flapping: false })
    }

    /// What was told of a subject in this run.
    fn told(&self, instance: &str, subject: &str) -> Vec<(Kind, Status)> {
        let is_it = |n: &&Notification| n.check_name == instance && n.subject == subject;
        self.default.iter().filter(is_it).map(|n| (n.kind, n.level)).collect()
    }
}

static TRACE: LazyLock<Vec<Run>> = LazyLock::new(trace);

fn trace() -> Vec<Run> {
    let options = SandboxOptions { evaluations: 4 * MOMENTS, modules: CHECKS.len(), ..SandboxOptions::default() };
    let sandbox = Sandbox::new(options).unwrap();
    let mut checks = CHECKS.map(|name| Check::load(&sandbox, name));
    let mut machine = Machine::new();
    let (mut by_default, mut by_patience) =
        (Told::by(Rule::default()), Told::by(Rule { hold: minutes(5), ..Rule::default() }));
    let mut believed = BTreeMap::new();
    let mut previous: Option<Snapshot> = None;
    let mut trace = Vec::new();
    for moment in 0..MOMENTS {
        machine.live(moment);
        if !runs(moment) {
            continue;
        }
        let mut snapshot = machine.read(moment);
        if let Some(previous) = &previous {
            derive(previous, &[], &mut snapshot);
        }
        snapshot.samples.sort_by(|a, b| (&a.name, &a.labels).cmp(&(&b.name, &b.labels)));
        let starved = Limits { fuel: 1_000, ..Limits::DEFAULT };
        let limits = |check: &str| match check {
            "memory" if !memory_has_fuel(moment) => &starved,
            _ => &Limits::DEFAULT,
        };
        let evaluations: Vec<_> = checks.iter_mut().map(|check| check.judge(&snapshot, limits(check.name))).collect();
        let default = by_default.tell(&evaluations, snapshot.time);
        default.iter().for_each(|notification| believe(&mut believed, notification));
        let patient = by_patience.tell(&evaluations, snapshot.time);
        let every_run = notifications(&evaluations);
        trace.push(Run { moment, evaluations, every_run, default, patient, believed: believed.clone() });
        previous = Some(snapshot);
    }
    trace
}

/// All alerts by one rule, from run to run.
struct Told {
    rule: Rule,
    alerts: Alerts,
}

impl Told {
    fn by(rule: Rule) -> Self {
        Self { rule, alerts: Alerts::new() }
    }

    fn tell(&mut self, evaluations: &[Evaluation], now: Timestamp) -> Vec<Notification> {
        let advanced = advance(&self.alerts, evaluations, |_| self.rule.clone(), now);
        let told = transition_notifications(&advanced, &self.alerts, evaluations);
        self.alerts = advanced.alerts;
        told
    }
}

fn believe(believed: &mut BTreeMap<AlertKey, Belief>, told: &Notification) {
    let key = AlertKey { instance: told.check_name.clone(), subject: told.subject.clone() };
    let belief = believed.entry(key).or_insert(Belief { level: Status::Ok, flapping: false });
    match told.kind {
        // Its level is how it is right now, which may be better than what they have to reckon with.
        Kind::FlappingStarted if told.level.severity() <= belief.level.severity() => {}
        _ => belief.level = told.level,
    }
    belief.flapping = match told.kind {
        Kind::FlappingStarted => true,
        Kind::FlappingEnded | Kind::Stale => false,
        _ => belief.flapping,
    };
}

/// The runs in a span of moments.
fn runs_in(span: &Range<usize>) -> Vec<&'static Run> {
    TRACE.iter().filter(|run| span.contains(&run.moment)).collect()
}

/// The first run after a span in which there was none.
fn first_after(span: &Range<usize>) -> &'static Run {
    TRACE.iter().find(|run| run.moment >= span.end).unwrap()
}

#[test]
fn people_know_after_every_run_what_it_found() {
    for run in TRACE.iter() {
        for evaluation in &run.evaluations {
            let knows = |subject: &str, status: Status| {
                let Belief { level, flapping } = run.believed(&evaluation.instance, subject);
                let is_known = level == status || (flapping && status != Status::Critical);
                assert!(is_known, "{} {subject} is {status:?} at {}: {level:?}", evaluation.instance, run.moment);
            };
            match &evaluation.outcome {
                Ok(verdicts) => verdicts.iter().for_each(|verdict| knows(&verdict.subject, verdict.status)),
                Err(_) => knows("", Status::Unknown),
            }
        }
    }
}

#[test]
fn every_overload_that_two_runs_saw_is_raised_by_the_first_of_them() {
    for (span, _) in &OVERLOADS {
        let runs = runs_in(span);
        assert!(runs.len() >= 2, "{span:?}");
        let status = |run: &Run| run.status("cpu", "").unwrap();
        assert_eq!(runs[0].told("cpu", ""), [(Kind::Raised, status(runs[0]))], "{span:?}");
        for run in &runs {
            assert_ne!(status(run), Status::Ok, "no overload at {}", run.moment);
            let Belief { level, flapping } = run.believed("cpu", "");
            assert!(level != Status::Ok || flapping, "nobody knows at {}", run.moment);
        }
    }
}

#[test]
fn each_raise_has_its_end() {
    let mut open = BTreeMap::new();
    for told in TRACE.iter().flat_map(|run| &run.default) {
        let key = (&told.check_name, &told.subject);
        match (told.kind, told.level) {
            (Kind::Raised, _) => assert_eq!(open.insert(key, told), None, "raised twice"),
            (Kind::Resolved | Kind::FlappingEnded, Status::Ok) | (Kind::Stale, _) => drop(open.remove(&key)),
            (Kind::FlappingStarted, Status::Ok) => {}
            _ => drop(open.insert(key, told)),
        }
    }
    assert_eq!(open.values().collect::<Vec<_>>(), Vec::<&&Notification>::new());
}

#[test]
fn a_raise_outlasts_a_reboot_after_which_there_is_no_rate() {
    let after = first_after(&OFF[0]);
    assert!(ETH0_BROKEN[0].contains(&after.moment));
    let network = after.evaluations.iter().find(|evaluation| evaluation.instance == "network").unwrap();
    let eth0 = network.outcome.as_ref().unwrap().iter().find(|verdict| verdict.subject == "eth0").unwrap();
    assert_eq!((eth0.status, eth0.message.as_str()), (Status::Warning, "eth0: no rate yet"));
    for run in runs_in(&(OFF[0].start - 6..ETH0_BROKEN[0].end)) {
        assert_eq!(run.believed("network", "eth0").level, Status::Warning, "{}", run.moment);
    }
    assert_eq!(after.told("network", "eth0"), []);
    let over = TRACE.iter().find(|run| run.moment >= ETH0_BROKEN[0].end).unwrap();
    assert_eq!(over.told("network", "eth0"), [(Kind::Resolved, Status::Ok)]);
}

#[test]
fn what_breaks_with_a_boot_is_told_by_the_first_run_that_has_a_rate() {
    let first = first_after(&OFF[1]);
    assert_eq!(first.told("network", "eth0"), []);
    let second = TRACE.iter().find(|run| run.moment > first.moment).unwrap();
    assert_eq!(second.told("network", "eth0"), [(Kind::Raised, Status::Warning)]);
}

#[test]
fn what_changed_while_cron_was_stopped_is_told_by_the_first_run_after() {
    let after = STOPPED.each_ref().map(first_after);
    assert_eq!(after.map(|run| run.moment), [at(13, 13, 0), at(27, 7, 0)]);
    assert_eq!(after[0].told("disk", "/srv"), [(Kind::Resolved, Status::Ok)]);
    assert_eq!(after[1].told("disk", "/srv"), [(Kind::Raised, Status::Critical)]);
    assert_eq!(after[1].told("cpu", ""), [(Kind::Raised, Status::Warning)]);
}

#[test]
fn a_check_that_fails_is_told_once_and_resolves_nothing() {
    let fails = |moment: usize| !(memory_is_read(moment) && memory_has_fuel(moment));
    for (before, run) in TRACE.iter().zip(&TRACE[1..]) {
        assert_eq!(run.status("memory", "").is_none(), fails(run.moment), "{}", run.moment);
        let kinds: Vec<_> = run.told("memory", "").into_iter().map(|(kind, _)| kind).collect();
        match (fails(before.moment), fails(run.moment)) {
            (false, true) => assert!(matches!(kinds[..], [Kind::Unknown | Kind::FlappingStarted]), "{kinds:?}"),
            (true, true) => assert_eq!(kinds, []),
            (_, false) => assert!(!kinds.contains(&Kind::Unknown)),
        }
    }
}

#[test]
fn a_disk_is_stale_when_it_is_out_for_good_and_not_for_ten_minutes() {
    let told: Vec<_> = TRACE.iter().filter(|run| !run.told("disk", "/mnt/usb").is_empty()).collect();
    let told_within = |span: Range<usize>, kind| {
        told.iter().filter(|run| span.contains(&run.moment) && run.told("disk", "/mnt/usb")[0].0 == kind).count()
    };
    for [plugged, unplugged] in [[0, 0], [1, 2], [3, 3], [4, 4]] {
        let (plugged, unplugged) = (PLUGGED[plugged].start, PLUGGED[unplugged].end);
        assert_eq!(told_within(plugged..unplugged, Kind::Raised), 1);
        assert_eq!(told_within(plugged..unplugged, Kind::Stale), 0);
        assert_eq!(told_within(unplugged..unplugged + 6, Kind::Stale), 1);
    }
}
