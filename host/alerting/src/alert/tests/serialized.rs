//! The stored form of an alert, and the stored names.

use super::*;

#[test]
fn alert_survives_serialization() {
    for runs in ["o", "w", "wo", "u", "wx", "w----", "owowowowo"] {
        let trace = Trace::after(Rule { keep_firing_for: minutes(10), ..Rule::default() }, runs);
        let text = serde_json::to_string(trace.alert()).unwrap();
        assert_eq!(&serde_json::from_str::<Alert>(&text).unwrap(), trace.alert(), "{runs}");
    }
}

#[test]
fn stored_form_is_unchanged() {
    let stored = serde_json::to_value(Trace::after(Rule::default(), "ocu").alert()).unwrap();
    let expected = serde_json::json!({
        "phase": "unknown",
        "since": "2026-03-28T00:15:00Z",
        "level": "unknown",
        "bad_level": "critical",
        "active_since": "2026-03-28T00:10:00Z",
        "firing_since": "2026-03-28T00:10:00Z",
        "keep_firing_since": null,
        "unknown_since": "2026-03-28T00:15:00Z",
        "absent_since": null,
        "last_seen": "2026-03-28T00:15:00Z",
        "last_sent_at": "2026-03-28T00:15:00Z",
        "level_sent": "critical",
        "missing_sent": "unknown",
        "history": 3,
        "flapping": false,
        "title": "High disk usage",
        "message": "Disk usage of /var is 97.0%",
        "value": 97.0,
        "unknown": { "title": "Disk usage unknown", "message": "no reading of /var" },
        "mentioned": false,
        "channel": "",
        "owner": "",
    });
    assert_eq!(stored, expected);
}

#[test]
fn names_are_the_same_in_json_and_in_the_database() {
    for phase in Phase::ALL {
        assert_eq!(serde_json::to_value(phase).unwrap(), phase.as_str());
        assert_eq!(Phase::parse(phase.as_str()), Some(phase));
    }
    for kind in Kind::ALL {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        assert_eq!(Kind::parse(kind.as_str()), Some(kind));
    }
    assert_eq!((Phase::parse("Ok"), Kind::parse("")), (None, None));
}

#[test]
fn value_that_is_not_a_number_is_not_stored() {
    let judgement = Judgement { status: Status::Ok, title: "", message: "", value: Some(f64::NAN) };
    assert_eq!(step(None, &Observation::Judged(judgement), &Rule::default(), start()).alert.value, None);
}
