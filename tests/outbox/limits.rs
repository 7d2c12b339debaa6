//! What waits on purpose: quiet hours and rate limits.

use serde_json::json;

use super::*;

#[test]
fn what_is_beyond_the_limit_waits_and_goes_together() {
    let Some(endpoint) = Endpoint::start() else { return };
    let limited = route("ops", &endpoint.url("/"), "rate_limit = { messages = 1, per = \"1h\" }");
    let flapping = "[alert]\nflapping = false\n";
    let site = Site::new();
    for round in 0..4 {
        site.write("checkpost.toml", flapping.to_owned() + &config(round % 2 == 0, &limited));
        site.run_json();
    }
    assert_eq!(endpoint.requests(1).len(), 1);
    let [held, first] = &deliveries(&site)[..] else { panic!("two messages: {:#?}", deliveries(&site)) };
    assert_eq!((&first["state"], &held["state"]), (&json!("delivered"), &json!("pending")));
    assert_eq!((&held["reason"], held["notifications"].as_array().unwrap().len()), (&json!("rate limit"), 3));
    assert!(site.says(&["deliveries"], 0).stdout.contains("held until "));

    wait_is_over(&site);
    site.run_json();
    let message = &messages(&endpoint, 2)[1];
    assert_eq!((&message["key"], message["items"].as_array().unwrap().len()), (&held["key"], 3));
    assert_eq!(message["level"], "warning", "the worst of them");
}

#[test]
fn in_quiet_hours_nothing_is_sent_and_nothing_is_lost() {
    let Some(endpoint) = Endpoint::start() else { return };
    // Open all day: without hours a window is.
    let quiet = route("ops", &endpoint.url("/"), "[[route.quiet_hours]]\nexcept = \"none\"");
    let site = Site::with_config(&config(true, &quiet));
    site.run_json();
    assert_eq!(endpoint.count(), 0);
    assert_eq!(deliveries(&site)[0]["reason"], "quiet hours");
    wait_is_over(&site);
    site.run_json();
    assert_eq!(messages(&endpoint, 1)[0]["items"][0]["kind"], "raised");
}
