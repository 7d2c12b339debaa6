//! What is sent, to whom, how often, and what becomes of what does not arrive.

use std::process::Stdio;

use serde_json::json;

use super::*;
use crate::support::servers::free_port;

#[test]
fn a_run_delivers_what_it_tells_once() {
    let Some(endpoint) = Endpoint::start() else { return };
    let site = site(&endpoint);
    for _ in 0..3 {
        site.run_json();
    }
    let [message] = &messages(&endpoint, 1)[..] else { panic!("one message") };
    assert_eq!((&message["schema"], &message["route"]), (&json!("checkpost.message/1"), &json!("ops")));
    let item = &message["items"][0];
    assert_eq!(
        (&item["check"], &item["kind"], &item["level"]),
        (&json!("memory"), &json!("raised"), &json!("warning"))
    );
    assert_eq!(endpoint.requests(1).len(), 1);
    let [delivery] = &deliveries(&site)[..] else { panic!("one delivery") };
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("delivered"), &json!(1)));
    assert_eq!((&delivery["key"], &delivery["notifications"]), (&message["key"], &json!([item["id"]])));
    assert_eq!(endpoint.requests(1)[0]["headers"]["idempotency-key"], message["key"]);

    site.write("checkpost.toml", config(false, &route("ops", &endpoint.url("/ops"), "")));
    site.run_json();
    let end = &messages(&endpoint, 2)[1];
    assert_eq!((&end["items"][0]["kind"], &end["items"][0]["previous_level"]), (&json!("resolved"), &json!("warning")));
}

#[test]
fn what_could_not_be_delivered_is_by_the_next_run_when_the_endpoint_is_back() {
    let port = free_port();
    let toml = config(true, &route("ops", &format!("http://127.0.0.1:{port}/ops"), ""));
    let site = Site::with_config(&toml);
    let said = site.says(&["run", "--quiet"], 0);
    assert_eq!(said.stderr, "", "cron would mail it");
    let [delivery] = &deliveries(&site)[..] else { panic!("one delivery") };
    assert_eq!(delivery["state"], "pending");
    // One more attempt in the same run, for what is over in a moment.
    assert!(delivery["attempts"].as_i64() >= Some(2), "{delivery:#}");
    let text = site.says(&["deliveries"], 0).stdout;
    assert!(text.contains("route ops fails since ") && text.contains("waiting: 1, next try after "), "{text}");
    assert!(site.log().contains("Not delivered to ops: "), "{}", site.log());

    let Some(endpoint) = Endpoint::start_at(port, None) else { return };
    site.database().execute_batch("UPDATE routes SET retry_ms = retry_ms + 600000").unwrap();
    site.run_json();
    assert_eq!(endpoint.count(), 0, "it waits before it tries again");
    wait_is_over(&site);
    site.run_json();
    assert_eq!(messages(&endpoint, 1)[0]["key"], delivery["key"]);
    assert_eq!(deliveries(&site)[0]["state"], "delivered");
    assert!(!site.says(&["deliveries"], 0).stdout.contains("fails"), "it is well again");
}

#[test]
fn an_endpoint_that_fails_for_a_moment_gets_the_same_message_again_in_the_same_run() {
    let Some(mut endpoint) = Endpoint::start() else { return };
    endpoint.will(&[json!({"status": 500}), json!({"reset": true})]);
    let site = site(&endpoint);
    site.run_json();
    wait_is_over(&site);
    site.run_json();
    let keys: Vec<_> = messages(&endpoint, 3).into_iter().map(|message| message["key"].clone()).collect();
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    assert_eq!((&deliveries(&site)[0]["state"], &deliveries(&site)[0]["attempts"]), (&json!("delivered"), &json!(3)));
}

#[test]
fn an_endpoint_that_asks_for_time_gets_it() {
    let Some(mut endpoint) = Endpoint::start() else { return };
    endpoint.will(&[json!({"status": 429, "headers": {"Retry-After": "600"}})]);
    let site = site(&endpoint);
    site.run_json();
    site.run_json();
    assert_eq!(endpoint.requests(1).len(), 1);
    let wait: f64 = site.value("SELECT (retry_ms - failing_since_ms) / 1000.0 FROM routes");
    assert!((599.0..=601.0).contains(&wait), "{wait}");
}

#[test]
fn a_message_that_is_refused_does_not_hold_up_the_others() {
    let Some(mut endpoint) = Endpoint::start() else { return };
    endpoint.will(&[json!({"status": 400, "body": "no such field"})]);
    let site = site(&endpoint);
    site.run_json();
    site.write("checkpost.toml", config(false, &route("ops", &endpoint.url("/ops"), "")));
    site.run_json();
    let states: Vec<_> = deliveries(&site).iter().map(|delivery| delivery["state"].clone()).collect();
    assert_eq!(states[0], "delivered", "{states:?}");
}

#[test]
fn an_endpoint_that_hangs_does_not_keep_the_next_cycle_from_measuring() {
    let Some(mut endpoint) = Endpoint::start() else { return };
    endpoint.will(&[json!({"hang": true})]);
    let site = site(&endpoint);
    let mut first = std::process::Command::new(env!("CARGO_BIN_EXE_checkpost"))
        .env_clear()
        .current_dir(site.directory.path())
        .args(["run", "--quiet"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    endpoint.requests(1);
    let report = site.run_json();
    assert_eq!(report["run_id"], 2, "not skipped");
    assert_eq!(endpoint.requests(1).len(), 1, "the first run is still at it");
    first.kill().unwrap();
    first.wait().unwrap();
    // It was killed while it sent: the message is sent again, with the same key.
    site.run_json();
    let messages = messages(&endpoint, 2);
    assert_eq!(messages[0], messages[1]);
}

#[test]
fn what_is_given_up_is_told_on_the_other_routes() {
    let Some(endpoint) = Endpoint::start() else { return };
    let broken = route("broken", &format!("http://127.0.0.1:{}/", free_port()), "expire_after = \"1h\"");
    let other = format!("[[route]]\nname = \"other\"\n[route.webhook]\nurl = \"{}\"\n", endpoint.url("/"));
    let site = Site::with_config(&config(true, &(broken + &other)));
    site.run_json();
    let before = endpoint.count();
    site.database().execute_batch("UPDATE deliveries SET expires_ms = 1 WHERE route = 'broken'").unwrap();
    wait_is_over(&site);
    site.run_json();
    let told = messages(&endpoint, before + 1).pop().unwrap();
    let item = &told["items"][0];
    assert_eq!((&item["kind"], &item["subject"]), (&json!("undelivered"), &json!("broken")), "{told:#}");
    assert!(item["message"].as_str().unwrap().starts_with("Given up: notification "), "{item:#}");
    assert_eq!(site.count("deliveries WHERE route = 'broken' AND state = 'expired'"), 1);
    assert_eq!(site.count("notifications WHERE kind = 'undelivered'"), 1);
    wait_is_over(&site);
    site.run_json();
    assert_eq!(site.count("notifications WHERE kind = 'undelivered'"), 1, "told once");
}

#[test]
fn what_waits_for_a_route_that_was_removed_is_told_on_the_others() {
    let Some(endpoint) = Endpoint::start() else { return };
    let gone = route("gone", &format!("http://127.0.0.1:{}/", free_port()), "");
    let site = Site::with_config(&config(true, &gone));
    site.run_json();
    let other = format!("[[route]]\nname = \"other\"\n[route.webhook]\nurl = \"{}\"\n", endpoint.url("/"));
    site.write("checkpost.toml", config(true, &other));
    wait_is_over(&site);
    site.run_json();
    let told = messages(&endpoint, 1).pop().unwrap();
    let item = told["items"].as_array().unwrap().iter().find(|item| item["kind"] == "undelivered").unwrap();
    assert!(item["message"].as_str().unwrap().contains("there is no route 'gone' any more"), "{item:#}");
}

#[test]
fn people_with_different_lines_for_one_disk_are_told_each_by_their_own_route() {
    let Some(endpoint) = Endpoint::start() else { return };
    let owned = |owner: &str| {
        let url = endpoint.url(&format!("/{owner}"));
        format!("[[route]]\nname = \"{owner}\"\nmatch = [\"owner={owner}\"]\n[route.webhook]\nurl = \"{url}\"\n")
    };
    let check = |owner: &str, threshold: f64| {
        format!(
            "[[check]]\nname = \"memory-{owner}\"\nmodule = \"memory\"\nowner = \"{owner}\"\n\
             [check.settings]\nthreshold = {threshold}\ncritical = 100\n"
        )
    };
    let toml = [owned("alice"), owned("bob"), check("alice", 0.001), check("bob", 99.9)].concat();
    let site = Site::with_config(&toml);
    site.run_json();
    let [request] = &endpoint.requests(1)[..] else { panic!("only alice is told") };
    assert_eq!(request["path"], "/alice");
    let message = &messages(&endpoint, 1)[0];
    assert_eq!(
        (&message["items"][0]["check"], &message["items"][0]["owner"]),
        (&json!("memory-alice"), &json!("alice"))
    );
}

#[test]
fn a_test_message_says_whether_a_route_works() {
    let Some(mut endpoint) = Endpoint::start() else { return };
    let site = site(&endpoint);
    let said = site.says(&["notify", "test", "ops"], 0).stdout;
    assert!(said.starts_with("route ops: delivered in "), "{said}");
    assert_eq!(messages(&endpoint, 1)[0]["is_test"], true);

    endpoint.will(&[json!({"status": 404})]);
    let said = site.says(&["notify", "test", "ops"], 1);
    assert!(said.error().starts_with("route 'ops' does not deliver: "), "{}", said.stderr);
    assert!(!said.stderr.contains("/ops "), "the path may be a secret: {}", said.stderr);

    let said = site.says(&["notify", "test", "nosuch"], 2);
    assert_eq!(said.error(), "no route is called \"nosuch\": there are ops");
    assert!(!site.path("data").exists(), "no database is needed");
}
