//! Messages that are delayed on purpose: quiet hours and rate limits.

use serde_json::json;

use super::*;

#[test]
fn rate_limit_delays_messages_and_sends_them_together() {
    let Some(endpoint) = Endpoint::start() else { return };
    let limited = route("ops", &endpoint.url("/"), "rate_limit = { messages = 1, per = \"1h\" }");
    let flapping = "[alert]\nflapping = false\n";
    let site = Site::new();
    for round in 0..4 {
        site.write("checkpost.toml", flapping.to_owned() + &config(round % 2 == 0, &limited));
        site.run_json();
    }
    assert_eq!(endpoint.requests(1).len(), 1);
    let [delayed, first] = &deliveries(&site)[..] else { panic!("two messages: {:#?}", deliveries(&site)) };
    assert_eq!((&first["state"], &delayed["state"]), (&json!("delivered"), &json!("pending")));
    assert_eq!((&delayed["reason"], delayed["notifications"].as_array().unwrap().len()), (&json!("rate limit"), 3));
    assert!(site.execute(&["deliveries"], 0).stdout.contains("delayed until "));

    end_waits(&site);
    site.run_json();
    let message = &messages(&endpoint, 2)[1];
    assert_eq!((&message["key"], message["items"].as_array().unwrap().len()), (&delayed["key"], 3));
    assert_eq!(message["level"], "warning", "the worst level of the three");
}

#[test]
fn quiet_hours_delay_messages_and_lose_none() {
    let Some(endpoint) = Endpoint::start() else { return };
    // A window without hours is open all day.
    let routes = route("ops", &endpoint.url("/"), "[[route.quiet_hours]]\nexcept = \"none\"");
    let site = Site::with_config(&config(true, &routes));
    site.run_json();
    assert_eq!(endpoint.count(), 0);
    assert_eq!(deliveries(&site)[0]["reason"], "quiet hours");
    end_waits(&site);
    site.run_json();
    assert_eq!(messages(&endpoint, 1)[0]["items"][0]["kind"], "raised");
}
