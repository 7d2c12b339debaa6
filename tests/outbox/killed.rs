//! Runs that are killed at any point, on a machine that is busy: nothing is lost on the way from a transition to people.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::*;

/// How many runs are killed.
const KILLS: u32 = 200;

/// Nothing is measured but memory, since a CPU window would be most of each run; and each change is told.
const ONLY_MEMORY: &str = "[alert]\nflapping = false\n[collect]\nstore = [\"system.memory.*\"]\n
    [[check]]\nname = \"cpu\"\nenabled = false\n[[check]]\nname = \"disk\"\nenabled = false\n
    [[check]]\nname = \"network\"\nenabled = false\n";

/// Keeps the CPUs busy while it lives.
struct Load(std::sync::Arc<AtomicBool>);

impl Load {
    fn start() -> Self {
        let goes_on = std::sync::Arc::new(AtomicBool::new(true));
        for _ in 0..2 {
            let goes_on = std::sync::Arc::clone(&goes_on);
            std::thread::spawn(move || while goes_on.load(Ordering::Relaxed) {});
        }
        Self(goes_on)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

#[test]
fn no_transition_is_lost_when_runs_are_killed_and_each_message_arrives_under_one_key() {
    let Some(endpoint) = Endpoint::start() else { return };
    let toml = |is_bad| ONLY_MEMORY.to_owned() + &config(is_bad, &route("ops", &endpoint.url("/"), ""));
    let site = Site::with_config(&toml(false));
    // Compiled before, so that what is killed is a run as cron has it.
    site.run_json();
    let load = Load::start();
    let whole_run = usual_run(&site);
    for round in 0..KILLS {
        site.write("checkpost.toml", toml(round % 2 == 0));
        let mut run = start(&site);
        // Each part of a run is killed in equally often: steps of the golden ratio come close to every point.
        std::thread::sleep(whole_run.mul_f64(1.5 * (f64::from(round) * 0.618_034).fract()));
        let _ = run.kill();
        run.wait().unwrap();
    }
    drop(load);
    wait_is_over(&site);
    site.run_json();
    site.says(&["db", "check"], 0);
    let (cycles, requests) = (site.count("runs"), endpoint.count());
    eprintln!("{KILLS} kills within {whole_run:?}: {cycles} cycles, {requests} requests");
    assert!((20..i64::from(KILLS)).contains(&cycles), "some were killed before the commit, some after: {cycles}");

    assert_eq!(transitions(&site), told(&site), "a transition has its notification, in its own cycle");
    let untold =
        "notifications WHERE check_name = 'memory' AND id NOT IN (SELECT notification_id FROM delivery_notifications)";
    assert_eq!(site.count(untold), 0, "a notification has its delivery");
    assert_eq!(site.count("deliveries WHERE state <> 'delivered'"), 0);

    let stored: BTreeSet<String> = deliveries_of(&site).into_keys().collect();
    let mut arrived = BTreeMap::new();
    for request in endpoint.requests(stored.len()) {
        // One that was cut off in the middle was not delivered.
        let Ok(message) = serde_json::from_str::<Value>(request["body"].as_str().unwrap()) else { continue };
        let key = message["key"].as_str().unwrap().to_owned();
        let earlier = arrived.insert(key, message.clone());
        assert!(earlier.is_none_or(|earlier| earlier == message), "what arrives twice is the same");
    }
    assert_eq!(arrived.keys().cloned().collect::<BTreeSet<_>>(), stored, "each arrived, and nothing else did");
    for (key, notifications) in deliveries_of(&site) {
        let items: Vec<_> =
            arrived[&key]["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect();
        assert_eq!(items, notifications, "{key}");
    }
}

fn start(site: &Site) -> std::process::Child {
    let mut run = Command::new(env!("CARGO_BIN_EXE_checkpost"));
    run.env_clear().current_dir(site.directory.path()).args(["run", "--quiet"]).stdout(Stdio::null());
    run.spawn().unwrap()
}

/// How long a run takes here and now.
fn usual_run(site: &Site) -> Duration {
    let run = |_| {
        let started = Instant::now();
        start(site).wait().unwrap();
        started.elapsed()
    };
    let mut runs: Vec<_> = (0..5).map(run).collect();
    runs.sort_unstable();
    runs[2]
}

/// The changes between ok and warning, by cycle, as the verdicts have them.
fn transitions(site: &Site) -> Vec<(i64, String)> {
    let database = site.database();
    let sql = "SELECT run_id, status FROM evaluations WHERE instance = 'memory' ORDER BY run_id";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get::<_, String>(1)?))).unwrap();
    let mut before = "ok".to_owned();
    let mut found = Vec::new();
    for (run, status) in rows.map(Result::unwrap) {
        if status != before {
            found.push((run, if status == "ok" { "resolved" } else { "raised" }.to_owned()));
        }
        before = status;
    }
    found
}

fn told(site: &Site) -> Vec<(i64, String)> {
    let database = site.database();
    let sql = "SELECT run_id, kind FROM notifications WHERE check_name = 'memory' ORDER BY id";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// The notifications of each message, by key.
fn deliveries_of(site: &Site) -> BTreeMap<String, Vec<i64>> {
    let said = site.says(&["deliveries", "--limit", "100000", "--format", "json"], 0).stdout;
    let rows: Vec<Value> = serde_json::from_str(&said).unwrap();
    let ids = |row: &Value| row["notifications"].as_array().unwrap().iter().map(|id| id.as_i64().unwrap()).collect();
    rows.iter().map(|row| (row["key"].as_str().unwrap().to_owned(), ids(row))).collect()
}
