//! `checkpost collect`: current readings, once or repeatedly.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Lines};
#[cfg(target_os = "linux")]
use std::os::unix::process::CommandExt;
#[cfg(target_os = "linux")]
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use checkpost_model::metric::catalog::{self, Source};
use serde_json::Value;

use crate::support::Site;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn names(snapshot: &Value) -> BTreeSet<&str> {
    snapshot["samples"].as_array().unwrap().iter().map(|sample| sample["name"].as_str().unwrap()).collect()
}

/// The one reading of a metric with this label; without a label, the first reading.
fn value(snapshot: &Value, name: &str, label: Option<(&str, &str)>) -> Option<f64> {
    let is_it = |sample: &&Value| {
        sample["name"] == name && label.is_none_or(|(key, value)| sample["labels"][key].as_str() == Some(value))
    };
    snapshot["samples"].as_array().unwrap().iter().find(is_it)?["value"].as_f64()
}

#[test]
fn single_source_shows_no_other_source_in_any_format() {
    let site = Site::new();
    let output = |format| site.execute(&["collect", "--source", "memory", "--format", format], 0).stdout;
    let snapshot = json(&output("json"));
    assert!(names(&snapshot).contains("system.memory.limit"));
    for name in names(&snapshot) {
        assert_eq!(catalog::metric(name).unwrap().source, Source::Memory, "{name}");
    }
    let text = output("text");
    assert!(text.starts_with("memory") && text.contains("system.memory.limit"), "{text}");
    let exposition = output("prometheus");
    assert!(exposition.contains("\nsystem_memory_limit_bytes "), "{exposition}");
    let is_of_memory = |line: &str| {
        let line = line.trim_start_matches("# HELP ").trim_start_matches("# TYPE ");
        ["system_memory_", "system_linux_memory_", "system_paging_u"].iter().any(|start| line.starts_with(start))
    };
    for line in text.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase())) {
        assert!(line.starts_with("memory") || is_of_memory(&line.replace('.', "_")), "{line}");
    }
    for line in exposition.lines() {
        assert!(is_of_memory(line), "{line}");
    }
}

#[test]
fn sources_can_be_collected_alone_or_together() {
    let site = Site::new();
    for source in Source::ALL {
        let snapshot = json(&site.execute(&["collect", "--source", source.name(), "--format", "json"], 0).stdout);
        for name in names(&snapshot) {
            assert_eq!(catalog::metric(name).unwrap().source, source, "{name}");
        }
    }
    let both = ["collect", "--source", "memory", "--source", "system", "--format", "json"];
    let snapshot = json(&site.execute(&both, 0).stdout);
    assert!(names(&snapshot).is_superset(&BTreeSet::from(["system.memory.limit", "system.uptime"])));
    assert!(!names(&snapshot).contains("system.cpu.utilization"));
}

#[test]
fn unknown_source_is_refused_with_the_known_ones() {
    let output = Site::new().execute(&["collect", "--source", "nosuch"], 2);
    assert!(output.stderr.contains("'nosuch'"), "{}", output.stderr);
    let (_, list) = output.stderr.split_once("must be one of ").expect(&output.stderr);
    let list = list.lines().next().unwrap();
    assert_eq!(list, Source::ALL.map(Source::name).join(", "));
}

/// `checkpost collect --watch 1s`, with its output line by line.
struct Watching {
    child: Child,
    lines: Option<Lines<BufReader<ChildStdout>>>,
}

impl Watching {
    fn start(site: &Site, arguments: &[&str]) -> Self {
        let arguments = [&["collect", "--watch", "1s"], arguments].concat();
        let checkpost = site.checkpost(&arguments);
        let mut command = Command::new(checkpost.get_program());
        command.args(checkpost.get_args()).env_clear().current_dir(site.directory.path());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines: Some(lines) }
    }

    fn line(&mut self) -> String {
        self.lines.as_mut().unwrap().next().unwrap().unwrap()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // The process may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn watch_prints_a_line_per_collection_with_rates_from_the_second_on() {
    let site = Site::new();
    let mut watching = Watching::start(&site, &["--format", "json"]);
    let mut before = json(&watching.line());
    let rates = |snapshot: &Value| names(snapshot).iter().filter(|name| name.ends_with(".rate")).count();
    // There is no stored cycle to compare the first collection with.
    assert_eq!(rates(&before), 0);
    assert!(value(&before, "system.cpu.utilization", None).is_some(), "measured over a window");
    let mut compared = 0;
    while compared < 2 {
        let after = json(&watching.line());
        let rise = |name| Some(value(&after, name, None)? - value(&before, name, None)?);
        let interval = rise("system.uptime").unwrap();
        // A second, give or take how much longer one collection took than the other; on an overloaded machine nearly
        // nothing.
        if interval >= 0.5 {
            assert!(rates(&after) > 0, "{after:#}");
            // However much time has passed, a rate is the rise of the counter in that time.
            let (counter, rate) = match cfg!(target_os = "linux") {
                true => ("system.paging.faults", "checkpost.paging.faults.rate"),
                false => ("system.network.io", "checkpost.network.io.rate"),
            };
            let (rate, expected) = (value(&after, rate, None).unwrap(), rise(counter).unwrap() / interval);
            assert!((rate - expected).abs() <= 1e-6 * expected.max(1.0), "{rate} and {expected}");
            assert!((value(&after, "checkpost.cpu.interval", None).unwrap() - interval).abs() < 1e-6);
            compared += 1;
        }
        before = after;
    }
    assert!(!site.path("data").exists(), "nothing is stored");
}

#[test]
fn watch_ends_when_its_reader_is_gone() {
    let site = Site::new();
    for format in ["json", "text"] {
        let mut watching = Watching::start(&site, &["--source", "memory", "--format", format]);
        assert!(!watching.line().is_empty());
        watching.lines = None;
        let gone = Instant::now();
        let status = loop {
            if let Some(status) = watching.child.try_wait().unwrap() {
                break status;
            }
            assert!(gone.elapsed() < Duration::from_secs(20), "it still runs");
            std::thread::sleep(Duration::from_millis(20));
        };
        assert_eq!(status.code(), Some(0), "{format}");
    }
}

#[test]
fn watch_refuses_the_prometheus_format_and_invalid_intervals() {
    let site = Site::new();
    let output = site.execute(&["collect", "--watch", "2s", "--format", "prometheus"], 2);
    assert!(output.error().starts_with("--watch needs --format text or json"), "{}", output.stderr);
    for interval in ["0s", "999ms", "25h", "often"] {
        let output = site.execute(&["collect", "--watch", interval], 2);
        assert!(output.stderr.contains("--watch") && output.stderr.contains(interval), "{}", output.stderr);
    }
}

/// A process that sleeps under a name of its own until it is dropped.
#[cfg(target_os = "linux")]
struct Sleeper(Child);

#[cfg(target_os = "linux")]
impl Sleeper {
    fn start(site: &Site, name: &str) -> Self {
        let link = site.path(name);
        let sleep = ["/bin/sleep", "/usr/bin/sleep"].into_iter().find(|sleep| Path::new(sleep).exists());
        std::os::unix::fs::symlink(sleep.unwrap(), &link).unwrap();
        // The process is named after the link; a multi-call binary such as busybox chooses its program by argv[0].
        Self(Command::new(link).arg0("sleep").arg("600").spawn().unwrap())
    }
}

#[cfg(target_os = "linux")]
impl Drop for Sleeper {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn processes_are_watched_by_name_and_by_pattern() {
    let site = Site::new();
    let name = format!("s{}", std::process::id());
    let _first = Sleeper::start(&site, &format!("{name}a"));
    let _second = Sleeper::start(&site, &format!("{name}b"));
    let (one, both, none) = (format!("{name}a"), format!("{name}*"), format!("{name}c"));
    let watch = ["--process", &one, "--process", &both, "--process", &none];
    let arguments = [&["collect", "--source", "process", "--format", "json"][..], &watch].concat();
    let snapshot = json(&site.execute(&arguments, 0).stdout);
    let of = |what: &str, pattern: &str| {
        value(&snapshot, &format!("process.watched.{what}"), Some(("process.watched.pattern", pattern)))
    };
    assert_eq!((of("count", &one), of("count", &both), of("count", &none)), (Some(1.0), Some(2.0), Some(0.0)));
    assert!(of("memory.usage", &both) > of("memory.usage", &one));
    assert_eq!(of("open_file_descriptor.count", &one).map(|count| count >= 3.0), Some(true));
    assert!(of("uptime", &one).unwrap() < 60.0);
    assert_eq!((of("uptime", &none), of("memory.usage", &none)), (None, Some(0.0)));
}
