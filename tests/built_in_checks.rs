//! Built-in checks that run only when configured, on this machine: real readings, real processes, a real past.

use std::process::{Child, Command};

use serde_json::Value;

use crate::support::{BUILT_IN, Site, check, skip};

/// A child process that sleeps under a name of its own and ends with the test.
struct Sleeper {
    _directory: tempfile::TempDir,
    child: Child,
}

impl Sleeper {
    fn named(name: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join(name);
        std::fs::copy("/bin/sleep", &program).unwrap();
        let child = Command::new(&program).arg("600").spawn().unwrap();
        Self { _directory: directory, child }
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn entry(name: &str, settings: &str) -> String {
    format!("[[check]]\nname = \"{name}\"\n[check.settings]\n{settings}\n")
}

/// The verdict of a check on a subject.
fn verdict<'a>(report: &'a Value, name: &str, subject: &str) -> &'a Value {
    let of = check(report, name);
    let mut verdicts = of["verdicts"].as_array().unwrap().iter();
    verdicts.find(|verdict| verdict["subject"] == subject).unwrap_or_else(|| panic!("no '{subject}' in {of:#}"))
}

/// The number of samples whose metric matches this pattern.
fn sample_count(site: &Site, metric: &str) -> i64 {
    site.count(&format!("samples JOIN series ON series.id = series_id WHERE name GLOB '{metric}'"))
}

#[test]
fn built_in_checks_all_judge_this_machine() {
    let configured = ["load", "swap", "disk-io", "temperature", "gpu", "uptime", "pressure"];
    let mut toml = configured.map(|name| format!("[[check]]\nname = \"{name}\"\n")).concat();
    toml += &entry("process", "processes = [\"*\"]");
    toml += &entry("threshold", "metric = \"system.uptime\"\nwarning = \"0:\"");
    let site = Site::with_config(&toml);
    let report = site.run_json();
    let has_pressure = std::fs::read("/proc/pressure/cpu").is_ok();
    for name in configured.iter().chain(&BUILT_IN).chain(&["process", "threshold"]) {
        if *name == "pressure" && !has_pressure {
            skip("this kernel has no pressure stall information");
            continue;
        }
        let of = check(&report, name);
        assert_eq!(of["reason"], Value::Null, "{of:#}");
        assert!(!of["verdicts"].as_array().unwrap().is_empty(), "{of:#}");
    }
    let uptime = verdict(&report, "threshold", "");
    assert_eq!(uptime["status"], "ok");
    assert!(verdict(&report, "process", "*")["message"].as_str().unwrap().contains("processes"));
}

#[test]
fn process_check_requires_one_process_and_forbids_another() {
    let sleeper = Sleeper::named("ckp-sleeper");
    let settings = "processes = [\"ckp-sleep*\", \"ckp-nosuch\"]";
    let forbidden = "processes = [\"ckp-sleeper\", \"ckp-nosuch\"]\nminimum = 0\nmaximum = 0";
    let toml =
        entry("process", settings) + &entry("forbidden", forbidden).replace("[check.", "module = \"process\"\n[check.");
    let site = Site::with_config(&toml);
    let report = site.run_json();
    let status = |name: &str, subject: &str| verdict(&report, name, subject)["status"].as_str().unwrap().to_owned();
    assert_eq!(status("process", "ckp-sleep*"), "ok");
    assert_eq!(status("process", "ckp-nosuch"), "critical");
    assert_eq!(status("forbidden", "ckp-sleeper"), "critical");
    assert_eq!(status("forbidden", "ckp-nosuch"), "ok");
    drop(sleeper);
    let report = site.run_json();
    assert_eq!(verdict(&report, "process", "ckp-sleep*")["status"], "critical");
    assert_eq!(verdict(&report, "forbidden", "ckp-sleeper")["status"], "ok");
}

#[test]
fn replaced_process_counts_as_restarted() {
    let site = Site::with_config(&entry("process", "processes = [\"ckp-restart\"]\nrestarts = true"));
    let first = Sleeper::named("ckp-restart");
    assert_eq!(verdict(&site.run_json(), "process", "ckp-restart")["status"], "ok");
    drop(first);
    let _second = Sleeper::named("ckp-restart");
    // Processes are compared with a cycle that is at least 5 s old.
    std::thread::sleep(std::time::Duration::from_millis(5_300));
    let report = site.run_json();
    let restarted = verdict(&report, "process", "ckp-restart");
    assert_eq!(restarted["status"], "warning", "{restarted:#}");
    assert!(restarted["message"].as_str().unwrap().contains("restart"), "{restarted:#}");
}

#[test]
fn processes_are_measured_only_for_a_check_that_needs_them() {
    let site = Site::new();
    site.run_json();
    assert_eq!((sample_count(&site, "*process.*"), site.count("process_times")), (0, 0));
    site.write("checkpost.toml", entry("process", "processes = [\"ckp-nosuch\"]"));
    site.run_json();
    assert_eq!(sample_count(&site, "process.watched.count"), 1);
    assert_eq!(site.count("process_times"), 1);
    // Without the grant, processes are not measured for the check.
    site.write(
        "checkpost.toml",
        format!("grants = [\"system.*\"]\n{}", entry("process", "processes = [\"ckp-nosuch\"]")),
    );
    let report = site.run_json();
    assert_eq!(check(&report, "process")["status"], "unknown", "{report:#}");
    assert_eq!(sample_count(&site, "process.watched.count"), 1);
    assert_eq!(site.count("process_times"), 0);
}

#[test]
fn threshold_over_a_window_reads_the_past_from_the_database() {
    // Every run takes less than a million seconds, so the check is critical once there is a previous run to measure.
    let quick = "metric = \"checkpost.run.duration\"\nunit = \"s\"\ncritical = \"1000000:\"\nabsent = \"ok\"";
    let of_past = "metric = \"system.memory.limit\"\nwindow_seconds = 3600\nfunction = \"sum\"\n";
    let module = |text: String| text.replace("[check.", "module = \"threshold\"\n[check.");
    let toml = module(entry("quick", quick)) + &module(entry("past", &format!("{of_past}warning = \"0:\"")));
    let site = Site::with_config(&toml);
    let value = |report: &Value| verdict(report, "past", "")["measures"][0]["value"].as_f64().unwrap();
    let report = site.run_json();
    assert_eq!(check(&report, "quick")["status"], "ok", "{report:#}");
    let first = value(&report);
    assert!(first > 0.0);
    assert_eq!(value(&site.run_json()), 2.0 * first);
    let third = site.run_json();
    assert_eq!(value(&third), 3.0 * first);
    assert_eq!(check(&third, "quick")["status"], "critical", "{third:#}");
    // Readings from before the window do not count.
    site.database().execute_batch("UPDATE runs SET started_at_ms = started_at_ms - 3600000 WHERE id < 3").unwrap();
    assert_eq!(value(&site.run_json()), 2.0 * first);
}

#[test]
fn invalid_range_stops_the_run_with_its_line() {
    let site = Site::with_config(&entry("threshold", "metric = \"system.uptime\"\nwarning = \"20:10\""));
    let output = site.execute(&["run"], 2);
    assert!(output.error().contains("checkpost.toml:") && output.error().contains("20:10"), "{}", output.stderr);
    assert!(site.is_empty());
}

/// Every built-in check, whether or not it runs without a configuration.
const ALL: [&str; 13] = [
    "cpu",
    "memory",
    "disk",
    "network",
    "load",
    "swap",
    "pressure",
    "disk-io",
    "temperature",
    "gpu",
    "process",
    "uptime",
    "threshold",
];

#[test]
fn documentation_examples_are_all_accepted() {
    let document = include_str!("../docs/reference/checks.md");
    let examples: Vec<_> = document.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() > ALL.len(), "{}", examples.len());
    // One cache of compiled modules for all examples.
    let site = Site::new();
    for example in examples {
        site.write("checkpost.toml", example);
        let output = site.execute(&["check", "list"], 0);
        assert!(output.stdout.lines().skip(1).all(|line| line.contains("ready")), "{example}\n{}", output.stdout);
    }
}

#[test]
fn documentation_lists_every_setting_with_its_default() {
    let document = include_str!("../docs/reference/checks.md");
    for name in ALL {
        let (_, rest) = document.split_once(&format!("\n## {name}\n")).unwrap_or_else(|| panic!("no section {name}"));
        let section = rest.split("\n## ").next().unwrap();
        let described = Site::new().execute(&["check", "inspect", name, "--format", "json"], 0).stdout;
        let described: Value = serde_json::from_str(&described).unwrap();
        for setting in described["settings"].as_array().unwrap() {
            let default = match &setting["default"] {
                Value::Null => "—".to_owned(),
                Value::Number(number) if number.as_f64().unwrap().fract() == 0.0 => {
                    format!("`{}`", number.as_f64().unwrap())
                }
                Value::Array(items) => {
                    let items: Vec<_> = items.iter().map(Value::to_string).collect();
                    format!("`[{}]`", items.join(", "))
                }
                other => format!("`{other}`"),
            };
            let setting = setting["name"].as_str().unwrap();
            let row = format!("| `{setting}` | {default} |");
            assert!(section.contains(&row), "{name}: no row that begins with {row}");
        }
    }
}
