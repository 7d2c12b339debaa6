//! What is sent to whom, how often, and what becomes of an undelivered message.

use std::process::Stdio;

use serde_json::json;

use super::*;
use crate::support::servers::free_port;

#[test]
fn run_delivers_each_notification_once() {
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
fn undelivered_message_is_delivered_when_the_endpoint_is_back() {
    let port = free_port();
    let toml = config(true, &route("ops", &format!("http://127.0.0.1:{port}/ops"), ""));
    let site = Site::with_config(&toml);
    let output = site.execute(&["run", "--quiet"], 0);
    assert_eq!(output.stderr, "", "cron would mail it");
    let [delivery] = &deliveries(&site)[..] else { panic!("one delivery") };
    assert_eq!(delivery["state"], "pending");
    // The run makes another attempt, for failures that pass quickly.
    assert!(delivery["attempts"].as_i64() >= Some(2), "{delivery:#}");
    let text = site.execute(&["deliveries"], 0).stdout;
    assert!(
        text.contains("route ops has been failing since ") && text.contains(", 1 message pending, next attempt after "),
        "{text}"
    );
    assert!(site.log().contains("Not delivered to ops: "), "{}", site.log());

    let Some(endpoint) = Endpoint::start_at(port, None) else { return };
    site.database().execute_batch("UPDATE routes SET retry_ms = retry_ms + 600000").unwrap();
    site.run_json();
    assert_eq!(endpoint.count(), 0, "the route waits before it tries again");
    end_waits(&site);
    site.run_json();
    assert_eq!(messages(&endpoint, 1)[0]["key"], delivery["key"]);
    assert_eq!(deliveries(&site)[0]["state"], "delivered");
    assert!(!site.execute(&["deliveries"], 0).stdout.contains("failing"), "the route works again");
}

#[test]
fn briefly_failing_endpoint_gets_the_same_message_again_in_the_same_run() {
    let Some(mut endpoint) = Endpoint::start() else { return };
    endpoint.respond_with(&[json!({"status": 500}), json!({"reset": true})]);
    let site = site(&endpoint);
    site.run_json();
    end_waits(&site);
    site.run_json();
    let keys: Vec<_> = messages(&endpoint, 3).into_iter().map(|message| message["key"].clone()).collect();
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    assert_eq!((&deliveries(&site)[0]["state"], &deliveries(&site)[0]["attempts"]), (&json!("delivered"), &json!(3)));
}

#[test]
fn retry_after_of_an_endpoint_is_respected() {
    let Some(mut endpoint) = Endpoint::start() else { return };
    endpoint.respond_with(&[json!({"status": 429, "headers": {"Retry-After": "600"}})]);
    let site = site(&endpoint);
    site.run_json();
    site.run_json();
    assert_eq!(endpoint.requests(1).len(), 1);
    let wait: f64 = site.value("SELECT (retry_ms - failing_since_ms) / 1000.0 FROM routes");
    assert!((599.0..=601.0).contains(&wait), "{wait}");
}

#[test]
fn refused_message_does_not_hold_up_the_others() {
    let Some(mut endpoint) = Endpoint::start() else { return };
    endpoint.respond_with(&[json!({"status": 400, "body": "no such field"})]);
    let site = site(&endpoint);
    site.run_json();
    site.write("checkpost.toml", config(false, &route("ops", &endpoint.url("/ops"), "")));
    site.run_json();
    let states: Vec<_> = deliveries(&site).iter().map(|delivery| delivery["state"].clone()).collect();
    assert_eq!(states[0], "delivered", "{states:?}");
}

#[test]
fn hung_endpoint_does_not_keep_the_next_cycle_from_measuring() {
    let Some(mut endpoint) = Endpoint::start() else { return };
    endpoint.respond_with(&[json!({"hang": true})]);
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
    assert_eq!(endpoint.requests(1).len(), 1, "the first run still waits for the endpoint");
    first.kill().unwrap();
    first.wait().unwrap();
    // The run was killed while it sent: the message is sent again, with the same key.
    site.run_json();
    let messages = messages(&endpoint, 2);
    assert_eq!(messages[0], messages[1]);
}

#[test]
fn abandoned_message_is_reported_on_the_other_routes() {
    let Some(endpoint) = Endpoint::start() else { return };
    let broken = route("broken", &format!("http://127.0.0.1:{}/", free_port()), "expire_after = \"1h\"");
    let other = format!("[[route]]\nname = \"other\"\n[route.webhook]\nurl = \"{}\"\n", endpoint.url("/"));
    let site = Site::with_config(&config(true, &(broken + &other)));
    site.run_json();
    let before = endpoint.count();
    site.database().execute_batch("UPDATE deliveries SET expires_ms = 1 WHERE route = 'broken'").unwrap();
    end_waits(&site);
    site.run_json();
    let notice = messages(&endpoint, before + 1).pop().unwrap();
    let item = &notice["items"][0];
    assert_eq!((&item["kind"], &item["subject"]), (&json!("undelivered"), &json!("broken")), "{notice:#}");
    assert!(item["message"].as_str().unwrap().starts_with("Abandoned: notification "), "{item:#}");
    assert_eq!(site.count("deliveries WHERE route = 'broken' AND state = 'expired'"), 1);
    assert_eq!(site.count("notifications WHERE kind = 'undelivered'"), 1);
    end_waits(&site);
    site.run_json();
    assert_eq!(site.count("notifications WHERE kind = 'undelivered'"), 1, "reported once");
}

#[test]
fn message_for_a_removed_route_is_reported_on_the_others() {
    let Some(endpoint) = Endpoint::start() else { return };
    let gone = route("gone", &format!("http://127.0.0.1:{}/", free_port()), "");
    let site = Site::with_config(&config(true, &gone));
    site.run_json();
    let other = format!("[[route]]\nname = \"other\"\n[route.webhook]\nurl = \"{}\"\n", endpoint.url("/"));
    site.write("checkpost.toml", config(true, &other));
    end_waits(&site);
    site.run_json();
    let notice = messages(&endpoint, 1).pop().unwrap();
    let item = notice["items"].as_array().unwrap().iter().find(|item| item["kind"] == "undelivered").unwrap();
    assert!(item["message"].as_str().unwrap().contains("there is no route 'gone' any more"), "{item:#}");
}

#[test]
fn owners_with_different_thresholds_are_notified_by_their_own_routes() {
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
    let [request] = &endpoint.requests(1)[..] else { panic!("only alice is notified") };
    assert_eq!(request["path"], "/alice");
    let message = &messages(&endpoint, 1)[0];
    assert_eq!(
        (&message["items"][0]["check"], &message["items"][0]["owner"]),
        (&json!("memory-alice"), &json!("alice"))
    );
}

#[test]
fn test_message_shows_whether_a_route_works() {
    let Some(mut endpoint) = Endpoint::start() else { return };
    let site = site(&endpoint);
    let output = site.execute(&["notify", "test", "ops"], 0).stdout;
    assert!(output.starts_with("route ops: delivered in "), "{output}");
    assert_eq!(messages(&endpoint, 1)[0]["is_test"], true);

    endpoint.respond_with(&[json!({"status": 404})]);
    let output = site.execute(&["notify", "test", "ops"], 1);
    assert!(output.error().starts_with("cannot deliver on route 'ops': "), "{}", output.stderr);
    assert!(!output.stderr.contains("/ops "), "the path may be a secret: {}", output.stderr);

    let output = site.execute(&["notify", "test", "nosuch"], 2);
    assert_eq!(output.error(), "there is no route 'nosuch': configured routes are ops");
    assert!(!site.path("data").exists(), "a test message needs no database");
}
