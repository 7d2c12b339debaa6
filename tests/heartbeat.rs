//! The heartbeat: which pings of a run arrive, and that they never get in the run's way.

use std::fs::{self, File};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::servers::{Certificate, Endpoint, free_port, toml_path};
use crate::support::{Output, Site};

/// Part of the address, which is a secret: whoever knows it can ping.
const PATH: &str = "/ping/5f8e0f5c-secret";

fn site(address: &str, more: &str) -> Site {
    Site::with_config(&format!("{more}\n[heartbeat]\nurl = \"{address}\"\n"))
}

/// The path of a ping without its query, and its `rid`.
fn parts(ping: &Value) -> (String, String) {
    assert_eq!(ping["method"], "POST");
    let (path, query) = ping["path"].as_str().unwrap().split_once('?').unwrap();
    (path.strip_prefix(PATH).unwrap().to_owned(), query.rsplit_once("rid=").unwrap().1.to_owned())
}

/// The second of the two pings of a run: its path and its body.
fn end(pings: &[Value]) -> (String, &str) {
    let [start, end] = pings else { panic!("{pings:?}") };
    let ((begin, rid), (path, same)) = (parts(start), parts(end));
    assert_eq!((begin.as_str(), rid.len(), start["body"].as_str()), ("/start", 36, Some("")));
    assert_eq!(same, rid);
    (path, end["body"].as_str().unwrap())
}

fn assert_no_secret(site: &Site, output: &Output) {
    for text in [&output.stdout, &output.stderr, &site.log()] {
        assert!(!text.contains("secret"), "{text}");
    }
}

#[test]
fn run_is_pinged_at_its_start_and_at_its_end() {
    let Some(endpoint) = Endpoint::start() else { return };
    let site = site(&endpoint.url(PATH), "");
    let output = site.execute(&["run"], 0);
    let pings = endpoint.requests(2);
    let (path, body) = end(&pings);
    assert_eq!(path, "");
    assert!(body.starts_with("run 1\n") && body.contains(" ms\n"), "{body}");
    assert_no_secret(&site, &output);
    // As a monitoring plugin a run exits with the worst status, which is no failure of the run.
    let mut command = site.checkpost(&["run", "--exit-status"]);
    command.env("MEMORY_THRESHOLD", "0.01").env("CPU_THRESHOLD", "100").env("DISK_THRESHOLD", "100");
    Output::of(&mut command, 1);
    let pings = endpoint.requests(4);
    let (path, body) = end(&pings[2..]);
    assert_eq!(path, "");
    assert!(body.ends_with("WARNING\n"), "{body}");
    assert_ne!(parts(&pings[0]).1, parts(&pings[2]).1, "each run has its own rid");
}

#[test]
fn query_and_trailing_slash_of_the_address_keep_their_places() {
    let Some(endpoint) = Endpoint::start() else { return };
    site(&endpoint.url(&format!("{PATH}/?create=1")), "").execute(&["run"], 0);
    let pings = endpoint.requests(2);
    end(&pings);
    let path = |ping: &Value| ping["path"].as_str().unwrap().split_once("&rid=").unwrap().0.to_owned();
    assert_eq!(path(&pings[0]), format!("{PATH}/start?create=1"));
    assert_eq!(path(&pings[1]), format!("{PATH}?create=1"));
}

#[test]
fn failing_run_is_pinged_with_its_exit_code() {
    let Some(endpoint) = Endpoint::start() else { return };
    let refused = "[[check]]\nname = \"cpu\"\nsettings = { treshold = 5 }";
    let no_database = "database_url = \"sqlite:///checkpost.toml\"";
    let mut pings = 0;
    for (config, arguments, exit_code, why) in [
        (refused, &["run"][..], 2, "the check takes"),
        (no_database, &["run"], 1, "is not a SQLite database"),
        (no_database, &["run", "--exit-status"], 3, "is not a SQLite database"),
    ] {
        let site = site(&endpoint.url(PATH), config);
        let output = site.execute(arguments, exit_code);
        pings += 2;
        let pings = endpoint.requests(pings);
        let (path, body) = end(&pings[pings.len() - 2..]);
        assert_eq!(path, format!("/{exit_code}"));
        assert!(body.contains(&format!("exit code {exit_code}\n")) && body.contains(why), "{body}");
        assert!(body.contains(output.error()), "{body}");
    }
    // The cycle is stored, but its report cannot be printed.
    let site = site(&endpoint.url(PATH), "");
    let mut command = assert_cmd::Command::new("bash");
    command.env_clear().env("PATH", "/usr/bin:/bin").current_dir(site.directory.path());
    command.args(["-c", "\"$0\" run > /dev/full", env!("CARGO_BIN_EXE_checkpost")]);
    Output::of(&mut command, 1);
    assert_eq!(end(&endpoint.requests(pings + 2)[pings..]).0, "/1");
}

#[test]
fn unusable_run_lock_is_a_failure_but_a_held_one_is_not() {
    let Some(endpoint) = Endpoint::start() else { return };
    let site = site(&endpoint.url(PATH), "");
    fs::create_dir(site.path("data")).unwrap();
    let other = File::create(site.path("data/automation.db.lock")).unwrap();
    other.lock().unwrap();
    site.execute(&["run"], 0);
    assert_eq!(endpoint.count(), 0, "a skipped run sends no ping");
    drop(other);
    fs::remove_file(site.path("data/automation.db.lock")).unwrap();
    fs::create_dir(site.path("data/automation.db.lock")).unwrap();
    site.execute(&["run"], 1);
    assert_eq!(parts(&endpoint.requests(1)[0]).0, "/1");
}

#[test]
fn hung_start_ping_does_not_delay_the_cycle() {
    let Some(mut endpoint) = Endpoint::start() else { return };
    // Compile first, so that compilation does not count.
    let site = site(&endpoint.url(PATH), "");
    site.execute(&["run"], 0);
    endpoint.respond_with(&[json!({"hang": true})]);
    let began = Instant::now();
    let output = site.execute(&["run"], 0);
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    assert!(site.value::<i64>("SELECT duration_ms FROM runs WHERE id = 2") < 2_500);
    assert_eq!(end(&endpoint.requests(4)[2..]).0, "");
    assert_eq!(output.stderr, "");
}

#[test]
fn hung_endpoint_costs_no_more_than_its_timeout() {
    let Some(mut endpoint) = Endpoint::start() else { return };
    let config = format!("[heartbeat]\nurl = \"{}\"\ntimeout_seconds = 1\n", endpoint.url(PATH));
    let site = Site::with_config(&config);
    site.execute(&["run"], 0);
    endpoint.respond_with(&[json!({"hang": true}), json!({"hang": true})]);
    let began = Instant::now();
    let output = site.execute(&["run"], 0);
    let cycle = Duration::from_millis(site.value::<i64>("SELECT duration_ms FROM runs WHERE id = 2").unsigned_abs());
    assert!(began.elapsed() < cycle + Duration::from_secs(2), "{:?} with a cycle of {cycle:?}", began.elapsed());
    assert_eq!(output.stderr, "");
    assert!(site.log().contains("| WARNING | Heartbeat not sent: cannot reach http://127.0.0.1:"), "{}", site.log());
    assert_no_secret(&site, &output);
}

#[test]
fn unreachable_or_refusing_endpoint_is_a_line_in_the_log() {
    let nobody = site(&format!("http://127.0.0.1:{}{PATH}", free_port()), "");
    let output = nobody.execute(&["run"], 0);
    assert_eq!((output.stderr.as_str(), nobody.count("runs")), ("", 1));
    assert_eq!(nobody.log().matches("| WARNING | Heartbeat not sent: cannot reach http://").count(), 2);
    assert_no_secret(&nobody, &output);

    let Some(mut endpoint) = Endpoint::start() else { return };
    let site = site(&endpoint.url(PATH), "");
    let echo = json!({"status": 404, "body": format!("there is no {PATH}")});
    endpoint.respond_with(&[echo.clone(), echo]);
    let output = site.execute(&["run"], 0);
    assert_eq!(output.stderr, "");
    let line = format!("Heartbeat not sent: http://127.0.0.1:{}/… answered 404\n", endpoint.port());
    assert_eq!(site.log().matches(&line).count(), 2, "{}", site.log());
    assert_no_secret(&site, &output);
}

#[test]
fn run_ended_at_its_deadline_is_pinged_whatever_blocks_it() {
    let Some(mut endpoint) = Endpoint::start() else { return };
    let site = site(&endpoint.url(PATH), "");
    site.execute(&["run"], 0);
    let config = format!("timeout_seconds = 1\n[heartbeat]\nurl = \"{}\"\ntimeout_seconds = 2\n", endpoint.url(PATH));
    site.write("checkpost.toml", config);
    let database = site.database();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    site.execute(&["run"], 1);
    let pings = endpoint.requests(4);
    let (path, body) = end(&pings[2..]);
    assert_eq!(path, "/1");
    assert!(body.contains("the run did not end within 1 s (timeout_seconds)"), "{body}");
    // Both the database and the endpoint hang.
    endpoint.respond_with(&[json!({"hang": true}), json!({"hang": true})]);
    let began = Instant::now();
    site.execute(&["run"], 1);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
fn hung_end_ping_does_not_make_the_run_late() {
    let Some(mut endpoint) = Endpoint::start() else { return };
    let site = site(&endpoint.url(PATH), "");
    site.execute(&["run"], 0);
    let config = format!("timeout_seconds = 3\n[heartbeat]\nurl = \"{}\"\ntimeout_seconds = 6\n", endpoint.url(PATH));
    site.write("checkpost.toml", config);
    endpoint.respond_with(&[json!({"hang": true}), json!({"hang": true})]);
    let output = site.execute(&["run"], 0);
    assert_eq!(output.stderr, "");
    assert_eq!(site.count("runs"), 2);
}

#[test]
fn address_may_come_from_the_environment_or_a_file() {
    let Some(endpoint) = Endpoint::start() else { return };
    let site = Site::with_config("[heartbeat]\nurl = { env = \"PING_URL\" }\n");
    let output = site.execute(&["run"], 0);
    assert_eq!(output.stderr, "");
    assert!(site.log().contains("Heartbeat not sent: PING_URL is neither in the environment nor in .env"));
    let mut command = site.checkpost(&["run"]);
    Output::of(command.env("PING_URL", endpoint.url(PATH)), 0);
    end(&endpoint.requests(2));
    site.write("ping.url", endpoint.url(PATH) + "\n");
    site.write("checkpost.toml", "[heartbeat]\nurl = { file = \"ping.url\" }\n");
    let output = site.execute(&["run"], 0);
    end(&endpoint.requests(4)[2..]);
    assert_no_secret(&site, &output);
}

#[test]
fn address_in_a_pipe_is_refused_and_the_run_goes_on() {
    let site = Site::with_config("[heartbeat]\nurl = { file = \"pipe\" }\ntimeout_seconds = 1\n");
    assert!(std::process::Command::new("mkfifo").arg(site.path("pipe")).status().unwrap().success());
    site.execute(&["run"], 0);
    assert_eq!(site.count("runs"), 1);
    assert!(site.log().contains("is a FIFO, not a file"), "{}", site.log());
}

#[test]
fn private_ca_is_trusted_where_ca_file_names_it() {
    let certificate = Certificate::new();
    let Some(endpoint) = Endpoint::start_tls(&certificate) else { return };
    let site = site(&endpoint.url(PATH), "");
    site.execute(&["run"], 0);
    assert!(site.log().contains("certificate"), "{}", site.log());
    assert_eq!(endpoint.count(), 0);
    let ca_file = toml_path(&certificate.ca_file());
    site.write("checkpost.toml", format!("[heartbeat]\nurl = \"{}\"\nca_file = {ca_file}\n", endpoint.url(PATH)));
    site.execute(&["run"], 0);
    end(&endpoint.requests(2));
}
