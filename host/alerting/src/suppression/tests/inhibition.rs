//! Inhibition, run by run.

use super::*;

impl Site {
    /// A site with one inhibition rule.
    fn inhibiting(when: &str, hide: &str, equal: &[Field]) -> Self {
        let inhibit = vec![Inhibition { when: matchers(when), hide: matchers(hide), equal: equal.to_vec() }];
        Self { inhibit, ..Self::new() }
    }
}

#[test]
fn inhibition_suppresses_alerts_while_the_inhibiting_alert_is_bad() {
    let mut site = Site::inhibiting("check=network level=critical", "check=mine", &[]);
    assert_eq!(site.run(&["network c", "mine / w", "disk / w"]).len(), 3);
    let mut site = Site::inhibiting("check=network level=critical", "check=mine", &[]);
    site.run(&["network c"]);
    let notified = site.run(&["network c", "mine / w", "disk / w"]);
    assert_eq!(notified, ["disk / raised", "mine / raised (inhibited by network)"]);
    assert!(site.run(&["network x", "mine / w", "disk / w"]).contains(&"network  unknown".to_owned()));
    assert!(site.run(&["network u", "mine / w", "disk / w"]).is_empty(), "unknown does not end the inhibition");
    assert_eq!(site.run(&["network w", "mine / w", "disk / w"]), ["mine / raised", "network  de_escalated"]);
}

#[test]
fn inhibition_starts_and_ends_in_the_run_of_the_inhibiting_alert() {
    let mut site = Site::inhibiting("check=disk subject=/ level=critical", "check=mine", &[]);
    assert_eq!(site.run(&["disk / c", "mine / w"]), ["disk / raised", "mine / raised (inhibited by disk /)"]);
    assert_eq!(site.run(&["disk / o", "mine / w"]), ["disk / resolved", "mine / raised"]);
}

#[test]
fn inhibition_suppresses_only_alerts_with_equal_fields() {
    let mut site = Site::inhibiting("level=critical", "level=warning", &[Field::Subject, Field::Channel]);
    let notified = site.run(&["disk / c", "mine / w", "mine /var w"]);
    assert_eq!(notified, ["disk / raised", "mine / raised (inhibited by disk /)", "mine /var raised"]);
    site.inhibit[0].equal = vec![Field::Owner];
    assert_eq!(site.run(&["disk / c", "mine / w", "mine /var w"]), ["mine / raised"], "disk has no owner");
}

#[test]
fn alerts_inhibit_neither_themselves_nor_each_other() {
    let mut site = Site::inhibiting("level=critical", "check=~\".*\"", &[]);
    assert_eq!(site.run(&["disk / c"]), ["disk / raised"]);
    let notified = site.run(&["disk / c", "disk /var c", "mine / w"]);
    assert_eq!(notified, ["disk /var raised", "mine / raised (inhibited by disk /)"]);
}

/// A site with inhibition rules, without fields that must be equal.
fn inhibiting(rules: &[(&str, &str)]) -> Site {
    let rule = |(when, hide): &(&str, &str)| Inhibition { when: matchers(when), hide: matchers(hide), equal: vec![] };
    Site { inhibit: rules.iter().map(rule).collect(), ..Site::new() }
}

#[test]
fn alerts_do_not_inhibit_each_other_by_two_rules() {
    let mut site = inhibiting(&[("check=a", "check=b"), ("check=b", "check=~\"a|c\"")]);
    let notified = site.run(&["a c", "b c", "c c"]);
    assert_eq!(notified, ["a  raised", "b  raised", "c  raised (inhibited by b)"]);
    let mut site = inhibiting(&[("check=a", "check=b"), ("check=b", "check=~\"a|c\"")]);
    assert_eq!(site.run(&["a c", "b o"]), ["a  raised"]);
    assert_eq!(site.run(&["a c", "b c"]), ["b  raised"], "although one alert was raised before the other");
}

#[test]
fn cycle_of_three_inhibits_nothing_and_a_chain_has_a_head() {
    let mut site = inhibiting(&[("check=a", "check=b"), ("check=b", "check=c"), ("check=c", "check=a")]);
    assert_eq!(site.run(&["a c", "b c", "c c"]), ["a  raised", "b  raised", "c  raised"]);
    let mut site = inhibiting(&[("check=a", "check=b"), ("check=b", "check=c"), ("check=c", "check=a")]);
    let notified = site.run(&["a c", "b c"]);
    assert_eq!(notified, ["a  raised", "b  raised (inhibited by a)"]);
    let mut site = inhibiting(&[("check=a", "check=b"), ("check=b", "check=c")]);
    let notified = site.run(&["a c", "b c", "c c"]);
    assert_eq!(notified, ["a  raised", "b  raised (inhibited by a)", "c  raised (inhibited by b)"]);
}

#[test]
fn equal_fields_can_break_a_cycle() {
    let mut site = inhibiting(&[("check=disk", "check=mine"), ("check=mine", "check=disk")]);
    site.inhibit[1].equal = vec![Field::Subject];
    let notified = site.run(&["disk / c", "mine /var c"]);
    assert_eq!(notified, ["disk / raised", "mine /var raised (inhibited by disk /)"]);
}

#[test]
fn notification_at_another_level_is_not_inhibited_by_its_own_alert() {
    let site = Site::inhibiting("level=critical", "level=warning", &[]);
    let run = Run::new(&site.alerts, &evaluations(&["disk / c"]), |_| Rule::default(), site.now);
    let inhibit = &site.inhibit;
    let suppressors = Suppressors { silences: &[], acknowledgements: &[], maintenance: &[], inhibit, host: "web-1" };
    let suppression = suppressors.in_run(&run.updates, site.now);
    let (host, level) = (suppression.host(), Status::Warning);
    let labels = AlertLabels { check: "disk", subject: "/", channel: "", owner: "", host, level };
    assert_eq!(suppression.reason_of(&key("disk /"), &labels), None);
    assert_eq!(suppression.reason_of(&key("disk /var"), &labels).as_deref(), Some("inhibited by disk /"));
}

#[test]
fn stale_alert_inhibits_nothing() {
    let mut site = Site::inhibiting("check=disk", "check=mine", &[]);
    site.run(&["disk / c", "mine / w"]);
    let notified: Vec<_> = (0..4).flat_map(|_| site.run(&["disk /var o", "mine / w"])).collect();
    assert_eq!(notified, ["disk / stale", "mine / raised"]);
}
