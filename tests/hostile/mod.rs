//! The zoo: guests that do their worst. Each is judged or `unknown` with its reason, in bounded time and memory, and the
//! cycle around it is whole.

mod abi;
mod fuel;
mod imports;
mod memory;
mod nan;
mod proposals;
mod random;
mod shape;
mod text;
mod traps;

use std::ops::Deref;
use std::sync::{Arc, Mutex, Weak};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::guest::Guest;
use crate::support::{Said, Site, assert_whole, check};

/// Limits that end what does not end by itself, on a machine however slow, by fuel and never by the clock.
const LIMITS: &str =
    "timeout_seconds = 3600\n[compile]\nwall_seconds = 600\n[limits]\nfuel = 20000000\nevaluation_ms = 60000\n";

/// Data that a whole run may have, compiled code and all. More than one guest's 64 MiB, and far less than a bomb's.
#[cfg(target_os = "linux")]
const RUN_KIB: u64 = 1 << 20;

/// What becomes of a guest.
enum Fate {
    /// It is judged.
    Judged,
    /// It is unknown, for this reason, and the detail says this too.
    Unknown(&'static str, &'static str),
    /// It is judged, or unknown for one of these reasons: whoever makes the engine decides.
    Either(&'static [&'static str]),
}

use Fate::{Either, Judged, Unknown};

/// A site for hostile guests.
struct Ground {
    site: Site,
    /// One for all tests of the zoo that run at a time: the built-in checks are compiled once.
    _cache: Arc<TempDir>,
}

impl Deref for Ground {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

/// A site with these limits.
fn ground(limits: &str) -> Ground {
    static CACHE: Mutex<Weak<TempDir>> = Mutex::new(Weak::new());
    let mut shared = CACHE.lock().unwrap();
    let cache = shared.upgrade().unwrap_or_else(|| Arc::new(tempfile::tempdir().unwrap()));
    *shared = Arc::downgrade(&cache);
    let site = Site::with_config(&format!("cache_dir = {:?}\n{limits}", cache.path().join("cache")));
    Ground { site, _cache: cache }
}

/// Runs all of these modules in one cycle, and asserts what becomes of each, of the built-in checks and of the cycle.
fn assert_fates(cases: impl IntoIterator<Item = (impl Into<String>, Vec<u8>, Fate)>) -> Ground {
    assert_fates_within(LIMITS, cases)
}

/// [`assert_fates`] with another configuration.
fn assert_fates_within(config: &str, cases: impl IntoIterator<Item = (impl Into<String>, Vec<u8>, Fate)>) -> Ground {
    let site = ground(config);
    let cases: Vec<_> = cases.into_iter().map(|(name, wasm, fate)| (name.into(), wasm, fate)).collect();
    for (name, wasm, _) in &cases {
        site.write(&format!("checks.d/{name}.wasm"), wasm);
    }
    let report = run(&site);
    assert_whole(&site, &report);
    let wrong: Vec<String> =
        cases.iter().filter_map(|(name, _, fate)| differs(&site, check(&report, name), fate)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    site
}

/// [`assert_fates`] of guests that are a core module's fields.
fn assert_fates_of_fields(cases: impl IntoIterator<Item = (impl Into<String>, impl AsRef<str>, Fate)>) -> Ground {
    assert_fates(cases.into_iter().map(|(name, fields, fate)| (name, Guest::with(fields.as_ref()).wasm(), fate)))
}

/// [`assert_fates`] of guests that do this while they evaluate.
fn assert_fates_of_doing(cases: impl IntoIterator<Item = (impl Into<String>, impl AsRef<str>, Fate)>) -> Ground {
    assert_fates(cases.into_iter().map(|(name, work, fate)| (name, Guest::doing(work.as_ref()).wasm(), fate)))
}

/// A run with bounded memory, which must succeed.
fn run(site: &Site) -> Value {
    serde_json::from_str(&said(site, "json").stdout).unwrap()
}

/// What `run` says in a format, with bounded memory where the system can do that.
fn said(site: &Site, format: &str) -> Said {
    let arguments = ["run", "--format", format];
    #[cfg(target_os = "linux")]
    {
        let checkpost = site.checkpost(&arguments);
        let mut limited = std::process::Command::new("sh");
        limited.arg("-c").arg(format!("ulimit -S -d {RUN_KIB}; exec \"$0\" \"$@\"")).arg(checkpost.get_program());
        limited.args(checkpost.get_args()).env_clear().current_dir(site.directory.path());
        Said::of(&mut assert_cmd::Command::from_std(limited), 0)
    }
    #[cfg(not(target_os = "linux"))]
    site.says(&arguments, 0)
}

/// How an evaluation differs from what was expected of it.
fn differs(site: &Site, evaluation: &Value, fate: &Fate) -> Option<String> {
    let name = evaluation["name"].as_str().unwrap();
    let reason = evaluation["reason"].as_str();
    let detail = evaluation["detail"].as_str().unwrap_or_default();
    let as_expected = match fate {
        Judged => reason.is_none() && evaluation["status"] == "ok",
        Unknown(expected, part) => reason == Some(expected) && detail.contains(part),
        Either(reasons) => reason.is_none_or(|reason| reasons.contains(&reason)),
    };
    let expected = match fate {
        Judged => "judged".to_owned(),
        Unknown(reason, part) => format!("{reason} ({part})"),
        Either(reasons) => format!("judged or one of {reasons:?}"),
    };
    let told = site.count(&format!("notifications WHERE level = 'UNKNOWN' AND check_name = '{name}'"));
    let told_once = told == i64::from(reason.is_some()) && (evaluation["status"] == "unknown") == reason.is_some();
    let is = reason.unwrap_or("judged");
    (!as_expected || !told_once || detail.len() > 2_000)
        .then(|| format!("{name}: expected {expected}, is {is}: {detail} ({told} notifications)"))
}

#[test]
fn a_guest_of_text_that_behaves_is_judged() {
    assert_fates_of_fields([("fine", "", Judged)]);
}
