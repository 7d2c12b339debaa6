//! Hostile guests. Each is judged or `unknown` with its reason, in bounded time and memory, and the rest of the cycle
//! is complete.

mod abi;
mod crowd;
mod discovery;
mod files;
mod fuel;
mod greedy;
mod imports;
mod instances;
mod memory;
mod modules;
mod named_files;
mod names;
mod nan;
mod proposals;
mod random;
mod shape;
mod text;
mod traps;

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Weak};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::guest::Guest;
use crate::support::{Output, Site, assert_whole, check};

/// Limits that end endless guests by fuel and never by the clock, however slow the machine.
const LIMITS: &str =
    "timeout_seconds = 3600\n[compile]\nwall_seconds = 600\n[limits]\nfuel = 20000000\nevaluation_ms = 60000\n";

/// The data segment of a whole run, compiled code included: more than one guest's 64 MiB, and far less than a bomb's.
#[cfg(target_os = "linux")]
const RUN_KIB: u64 = 1 << 20;

/// What must become of a guest.
enum Outcome {
    /// The guest is judged.
    Judged,
    /// The guest is unknown for this reason, and the detail contains this text.
    Unknown(&'static str, &'static str),
    /// The guest is judged, or unknown for one of these reasons: it depends on the version of the engine.
    Either(&'static [&'static str]),
}

use Outcome::{Either, Judged, Unknown};

/// A site for hostile guests.
struct HostileSite {
    site: Site,
    /// Shared by all tests that run at the same time, so that the built-in checks are compiled once.
    cache: Arc<TempDir>,
}

impl HostileSite {
    /// The directory of compiled modules.
    fn cache(&self) -> PathBuf {
        self.cache.path().join("cache")
    }
}

impl Deref for HostileSite {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

/// A site with these limits.
fn hostile_site(limits: &str) -> HostileSite {
    static CACHE: Mutex<Weak<TempDir>> = Mutex::new(Weak::new());
    let mut shared = CACHE.lock().unwrap();
    let cache = shared.upgrade().unwrap_or_else(|| Arc::new(tempfile::tempdir().unwrap()));
    *shared = Arc::downgrade(&cache);
    let site = Site::with_config(&format!("cache_dir = {:?}\n{limits}", cache.path().join("cache")));
    HostileSite { site, cache }
}

/// Runs all of these modules in one cycle, and asserts the outcome of each, of the built-in checks and of the cycle.
fn assert_outcomes(cases: impl IntoIterator<Item = (impl Into<String>, Vec<u8>, Outcome)>) -> HostileSite {
    assert_outcomes_with_config(LIMITS, cases)
}

/// [`assert_outcomes`] with another configuration.
fn assert_outcomes_with_config(
    config: &str,
    cases: impl IntoIterator<Item = (impl Into<String>, Vec<u8>, Outcome)>,
) -> HostileSite {
    let site = hostile_site(config);
    let cases: Vec<_> = cases.into_iter().map(|(name, wasm, outcome)| (name.into(), wasm, outcome)).collect();
    for (name, wasm, _) in &cases {
        site.write(&format!("checks.d/{name}.wasm"), wasm);
    }
    let report = run(&site);
    assert_whole(&site, &report);
    let wrong: Vec<String> =
        cases.iter().filter_map(|(name, _, outcome)| difference(&site, check(&report, name), outcome)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    site
}

/// [`assert_outcomes`] of guests with these fields in their core module.
fn assert_outcomes_of_fields(
    cases: impl IntoIterator<Item = (impl Into<String>, impl AsRef<str>, Outcome)>,
) -> HostileSite {
    assert_outcomes(
        cases.into_iter().map(|(name, fields, outcome)| (name, Guest::with(fields.as_ref()).wasm(), outcome)),
    )
}

/// [`assert_outcomes`] of guests that do this work while they evaluate.
fn assert_outcomes_of_work(
    cases: impl IntoIterator<Item = (impl Into<String>, impl AsRef<str>, Outcome)>,
) -> HostileSite {
    assert_outcomes(
        cases.into_iter().map(|(name, work, outcome)| (name, Guest::with_work(work.as_ref()).wasm(), outcome)),
    )
}

/// A run with bounded memory, which must succeed.
fn run(site: &Site) -> Value {
    serde_json::from_str(&run_with_format(site, "json").stdout).unwrap()
}

/// The output of `run` in a format, with bounded memory where the system supports that.
fn run_with_format(site: &Site, format: &str) -> Output {
    let arguments = ["run", "--format", format];
    #[cfg(target_os = "linux")]
    {
        let checkpost = site.checkpost(&arguments);
        let mut limited = std::process::Command::new("sh");
        limited.arg("-c").arg(format!("ulimit -S -d {RUN_KIB}; exec \"$0\" \"$@\"")).arg(checkpost.get_program());
        limited.args(checkpost.get_args()).env_clear().current_dir(site.directory.path());
        Output::of(&mut assert_cmd::Command::from_std(limited), 0)
    }
    #[cfg(not(target_os = "linux"))]
    site.execute(&arguments, 0)
}

/// How an evaluation differs from the expected outcome, if it does.
fn difference(site: &Site, evaluation: &Value, outcome: &Outcome) -> Option<String> {
    let name = evaluation["name"].as_str().unwrap();
    let reason = evaluation["reason"].as_str();
    let detail = evaluation["detail"].as_str().unwrap_or_default();
    let as_expected = match outcome {
        Judged => reason.is_none() && evaluation["status"] == "ok",
        Unknown(expected, part) => reason == Some(expected) && detail.contains(part),
        Either(reasons) => reason.is_none_or(|reason| reasons.contains(&reason)),
    };
    let expected = match outcome {
        Judged => "judged".to_owned(),
        Unknown(reason, part) => format!("{reason} ({part})"),
        Either(reasons) => format!("judged or one of {reasons:?}"),
    };
    let notifications = site.count(&format!("notifications WHERE level = 'UNKNOWN' AND check_name = '{name}'"));
    let notified_once =
        notifications == i64::from(reason.is_some()) && (evaluation["status"] == "unknown") == reason.is_some();
    let is = reason.unwrap_or("judged");
    (!as_expected || !notified_once || detail.len() > 2_000)
        .then(|| format!("{name}: expected {expected}, is {is}: {detail} ({notifications} notifications)"))
}

#[test]
fn text_guest_that_behaves_is_judged() {
    assert_outcomes_of_fields([("fine", "", Judged)]);
}
