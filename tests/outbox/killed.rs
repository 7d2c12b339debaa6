//! Runs killed at any point on a busy machine: nothing is lost between a transition and its receiver.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::*;

/// How many runs are killed.
const KILLS: u32 = 200;

/// Measures memory only, since a CPU window would be most of each run; and notifies each change.
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
fn killed_runs_lose_no_transition_and_repeat_a_message_only_under_its_key() {
    let Some(endpoint) = Endpoint::start() else { return };
    let toml = |is_bad| ONLY_MEMORY.to_owned() + &config(is_bad, &route("ops", &endpoint.url("/"), ""));
    let site = Site::with_config(&toml(false));
    // Compile first, so that the killed runs are like those under cron.
    site.run_json();
    let load = Load::start();
    let whole_run = usual_run_duration(&site);
    for round in 0..KILLS {
        site.write("checkpost.toml", toml(round % 2 == 0));
        let mut run = start(&site);
        // Steps of the golden ratio spread the kills evenly over a run and come close to every point.
        std::thread::sleep(whole_run.mul_f64(1.5 * (f64::from(round) * 0.618_034).fract()));
        let _ = run.kill();
        run.wait().unwrap();
    }
    drop(load);
    end_waits(&site);
    site.run_json();
    site.execute(&["db", "check"], 0);
    let (cycles, requests) = (site.count("runs"), endpoint.count());
    eprintln!("{KILLS} kills within {whole_run:?}: {cycles} cycles, {requests} requests");
    assert!((20..i64::from(KILLS)).contains(&cycles), "some were killed before the commit, some after: {cycles}");

    assert_eq!(transitions(&site), notified(&site), "each transition has its notification in its own cycle");
    let without_delivery =
        "notifications WHERE check_name = 'memory' AND id NOT IN (SELECT notification_id FROM delivery_notifications)";
    assert_eq!(site.count(without_delivery), 0, "each notification has its delivery");
    assert_eq!(site.count("deliveries WHERE state <> 'delivered'"), 0);

    let stored: BTreeSet<String> = deliveries_of(&site).into_keys().collect();
    let mut arrived = BTreeMap::new();
    for request in endpoint.requests(stored.len()) {
        // A request that was cut off in the middle was not delivered.
        let Ok(message) = serde_json::from_str::<Value>(request["body"].as_str().unwrap()) else { continue };
        let key = message["key"].as_str().unwrap().to_owned();
        let earlier = arrived.insert(key, message.clone());
        assert!(earlier.is_none_or(|earlier| earlier == message), "a repeated message is identical");
    }
    assert_eq!(
        arrived.keys().cloned().collect::<BTreeSet<_>>(),
        stored,
        "every stored message arrived, and nothing else"
    );
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

/// How long a run takes on this machine at this time.
fn usual_run_duration(site: &Site) -> Duration {
    let run = |_| {
        let started = Instant::now();
        start(site).wait().unwrap();
        started.elapsed()
    };
    let mut runs: Vec<_> = (0..5).map(run).collect();
    runs.sort_unstable();
    runs[2]
}

/// The changes between ok and warning in the verdicts, by cycle.
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

fn notified(site: &Site) -> Vec<(i64, String)> {
    let database = site.database();
    let sql = "SELECT run_id, kind FROM notifications WHERE check_name = 'memory' ORDER BY id";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// The notifications of each message, by key.
fn deliveries_of(site: &Site) -> BTreeMap<String, Vec<i64>> {
    let output = site.execute(&["deliveries", "--limit", "100000", "--format", "json"], 0).stdout;
    let rows: Vec<Value> = serde_json::from_str(&output).unwrap();
    let ids = |row: &Value| row["notifications"].as_array().unwrap().iter().map(|id| id.as_i64().unwrap()).collect();
    rows.iter().map(|row| (row["key"].as_str().unwrap().to_owned(), ids(row))).collect()
}
