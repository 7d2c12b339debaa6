#![allow(clippy::unwrap_used)]
use checkpost_sdk::{Settings, Value};

use super::*;

const USED: &str = "system.filesystem.utilization";
const MOUNTPOINT: &str = "system.filesystem.mountpoint";
const BYTES: &str = "system.network.io";
const INTERFACE: &str = "network.interface.name";
const NOW_MS: u64 = 10_000_000;

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// Judges the usage of filesystems in per cent: above 80 a warning, above 90 critical.
fn usage() -> Threshold {
    Threshold {
        metric: text(USED),
        warning: text("80"),
        critical: text("90"),
        scale: 100.0,
        unit: "%".to_owned(),
        name: text("Disk usage"),
        ..Threshold::default()
    }
}

fn filesystems(ratios: &[(&str, f64)]) -> Input {
    let now = Input::at(NOW_MS);
    ratios.iter().fold(now, |input, (mountpoint, ratio)| {
        let labels = [("system.device", "/dev/vda"), (MOUNTPOINT, *mountpoint), ("system.filesystem.type", "ext4")];
        input.with_sample(USED, &labels, *ratio)
    })
}

fn judge(check: &Threshold, input: &Input) -> Vec<(String, Status, String)> {
    let verdicts = check.evaluate(input).unwrap();
    verdicts.into_iter().map(|verdict| (verdict.subject, verdict.status, verdict.message)).collect()
}

fn judge_one(check: &Threshold, input: &Input) -> (Status, String) {
    let mut verdicts = judge(check, input);
    assert_eq!(verdicts.len(), 1);
    let (_, status, message) = verdicts.remove(0);
    (status, message)
}

#[test]
fn series_have_one_verdict_each_that_shows_the_allowed_range() {
    let input = filesystems(&[("/", 0.5), ("/srv", 0.81), ("/var", 0.955)]);
    let expected = [
        ("/", Status::Ok, "Disk usage of / is 50.0%"),
        ("/srv", Status::Warning, "Disk usage of /srv is 81.0% (allowed: 0% to 80%)"),
        ("/var", Status::Critical, "Disk usage of /var is 95.5% (allowed: 0% to 90%)"),
    ];
    assert_eq!(
        judge(&usage(), &input),
        expected.map(|(subject, status, message)| (subject.to_owned(), status, message.to_owned()))
    );
    let verdict = usage().evaluate(&input).unwrap().remove(1);
    assert_eq!(verdict.title, "Disk usage");
    assert_eq!(verdict.measures, [Measure::new("value", 81.0, "%").warning(80.0).critical(90.0)]);
}

#[test]
fn reading_at_the_end_of_a_range_is_allowed() {
    let status = |check: &Threshold, ratio| judge_one(check, &filesystems(&[("/", ratio)])).0;
    assert_eq!(status(&usage(), 0.8), Status::Ok);
    assert_eq!(status(&usage(), 0.801), Status::Warning);
    assert_eq!(status(&usage(), 0.9), Status::Warning);
    let at_least = Threshold { warning: text("20:"), critical: None, ..usage() };
    assert_eq!(status(&at_least, 0.2), Status::Ok);
    assert_eq!(status(&at_least, 0.199), Status::Warning);
    let verdict = at_least.evaluate(&filesystems(&[("/", 0.1)])).unwrap().remove(0);
    assert_eq!(verdict.message, "Disk usage of / is 10.0% (allowed: at least 20%)");
    assert_eq!(verdict.measures, [Measure::new("value", 10.0, "%")]);
}

#[test]
fn critical_range_is_enough_and_comes_before_the_warning_range() {
    let only_critical = Threshold { warning: None, ..usage() };
    assert_eq!(judge_one(&only_critical, &filesystems(&[("/", 0.85)])).0, Status::Ok);
    assert_eq!(judge_one(&only_critical, &filesystems(&[("/", 0.95)])).0, Status::Critical);
    let both = Threshold { warning: text("~:10"), critical: text("@~:50"), ..usage() };
    assert_eq!(judge_one(&both, &filesystems(&[("/", 0.3)])).0, Status::Critical);
}

#[test]
fn name_defaults_to_the_metric() {
    let check = Threshold { name: None, unit: String::new(), scale: 1.0, warning: text("0.5"), ..usage() };
    let message = "system.filesystem.utilization of / is 0.75 (allowed: 0 to 0.5)";
    assert_eq!(judge_one(&check, &filesystems(&[("/", 0.75)])).1, message);
}

#[test]
fn labels_select_the_series() {
    let input = filesystems(&[("/", 0.1), ("/mnt/a", 0.2), ("/mnt/b", 0.3)]);
    let subjects = |labels: &[&str]| {
        let check = Threshold { labels: texts(labels), ..usage() };
        judge(&check, &input).into_iter().map(|verdict| verdict.0).collect::<Vec<_>>()
    };
    assert_eq!(subjects(&["system.filesystem.mountpoint=/mnt/*"]), ["/mnt/a", "/mnt/b"]);
    assert_eq!(subjects(&["system.filesystem.mountpoint!=/mnt/a", "system.filesystem.type=ext4"]), ["/", "/mnt/b"]);
    assert_eq!(subjects(&["system.filesystem.mountpoint=/"]), [""]);
}

#[test]
fn new_series_does_not_rename_the_others() {
    let subjects = |input: &Input| judge(&usage(), input).into_iter().map(|verdict| verdict.0).collect::<Vec<_>>();
    assert_eq!(subjects(&filesystems(&[("/", 0.1)])), ["/"]);
    assert_eq!(subjects(&filesystems(&[("/", 0.1), ("/var", 0.1)])), ["/", "/var"]);
}

#[test]
fn needs_are_no_wider_than_the_labels_require() {
    let labels = texts(&["a=1", "b=*", "c!=2", "d=", "a=3"]);
    let check = Threshold { labels, function: "avg".to_owned(), window_seconds: 3600.0, ..usage() };
    assert_eq!(check.needs().unwrap(), [Need::current(USED).label("a", "1").window(3600)]);
    assert_eq!(usage().needs().unwrap(), [Need::current(USED)]);
}

#[test]
fn prefix_selects_all_metrics_that_begin_with_it() {
    let check =
        Threshold { metric: text("checkpost.load_*"), name: text("Load"), warning: text("4"), ..Threshold::default() };
    let input = Input::default()
        .with_sample("checkpost.load_15m", &[], 1.0)
        .with_sample("checkpost.load_1m", &[], 5.0)
        .with_sample("system.uptime", &[], 9.0);
    let expected = [
        ("checkpost.load_15m", Status::Ok, "Load of checkpost.load_15m is 1"),
        ("checkpost.load_1m", Status::Warning, "Load of checkpost.load_1m is 5 (allowed: 0 to 4)"),
    ];
    assert_eq!(
        judge(&check, &input),
        expected.map(|(subject, status, message)| (subject.to_owned(), status, message.to_owned()))
    );
}

#[test]
fn series_may_be_judged_together() {
    let input = filesystems(&[("/", 0.1), ("/a", 0.6), ("/b", 0.2)]);
    for (aggregate, percent) in [("sum", 90.0), ("avg", 30.0), ("min", 10.0), ("max", 60.0), ("count", 300.0)] {
        let check = Threshold { aggregate: aggregate.to_owned(), ..usage() };
        let verdict = check.evaluate(&input).unwrap().remove(0);
        assert_eq!(verdict.subject, "");
        assert!((verdict.measures[0].value - percent).abs() < 1e-9, "{aggregate}");
    }
    let check = Threshold { aggregate: "max".to_owned(), warning: text("50"), ..usage() };
    assert_eq!(judge_one(&check, &input), (Status::Warning, "Disk usage is 60.0% (allowed: 0% to 50%)".to_owned()));
}

/// The byte counters of interfaces, one minute ago and now.
fn traffic(interfaces: &[(&str, f64, f64)]) -> Input {
    let now = Input::at(NOW_MS);
    interfaces.iter().fold(now, |input, (interface, before, after)| {
        let labels = [(INTERFACE, *interface)];
        input.with_sample(BYTES, &labels, *after).with_history(BYTES, &labels, &[(NOW_MS - 60_000, *before)])
    })
}

fn rate() -> Threshold {
    Threshold {
        metric: text(BYTES),
        function: "rate".to_owned(),
        window_seconds: 600.0,
        warning: text("~:1048576"),
        unit: "By/s".to_owned(),
        name: text("Traffic"),
        ..Threshold::default()
    }
}

#[test]
fn rate_of_each_series_is_computed_before_series_are_added_up() {
    let megabytes = 60.0 * 1048576.0;
    let input = traffic(&[("eth0", 1e12, 1e12 + 2.0 * megabytes), ("eth1", 1e12, 0.0)]);
    let messages: Vec<_> = judge(&rate(), &input).into_iter().map(|verdict| verdict.2).collect();
    assert_eq!(messages, ["Traffic of eth0 is 2.0 MB/s (allowed: at most 1.0 MB/s)", "Traffic of eth1 is 0.0 B/s"]);
    let sum = Threshold { aggregate: "sum".to_owned(), ..rate() };
    assert_eq!(judge_one(&sum, &input).1, "Traffic is 2.0 MB/s (allowed: at most 1.0 MB/s)");
}

#[test]
fn counter_has_no_rate_in_the_first_cycle() {
    let first = Input::default().with_sample(BYTES, &[(INTERFACE, "eth0")], 1e12);
    let raised = first.clone().with_previous("eth0", Status::Critical);
    assert_eq!(judge_one(&rate(), &raised).0, Status::Critical, "missing data clears nothing");
    assert_eq!(judge_one(&rate(), &first), (Status::Ok, "Traffic of eth0: no rate yet".to_owned()));
    let sum = Threshold { aggregate: "sum".to_owned(), ..rate() };
    assert_eq!(judge_one(&sum, &first), (Status::Ok, "Traffic: no rate yet".to_owned()));
}

#[test]
fn window_includes_past_readings() {
    let labels = [("system.device", "/dev/vda"), (MOUNTPOINT, "/"), ("system.filesystem.type", "ext4")];
    let input = filesystems(&[("/", 0.95)]).with_history(USED, &labels, &[(1, 0.5), (2, 0.35)]);
    let over = |function: &str| {
        judge_one(&Threshold { function: function.to_owned(), window_seconds: 600.0, ..usage() }, &input)
    };
    assert_eq!(over("avg"), (Status::Ok, "Disk usage of / is 60.0%".to_owned()));
    assert_eq!(over("min").0, Status::Ok);
    assert_eq!(over("max").0, Status::Critical);
    assert_eq!(over("last").0, Status::Critical);
}

#[test]
fn last_reading_in_the_window_replaces_a_missing_current_one() {
    let input = Input::default().with_history(USED, &[(MOUNTPOINT, "/")], &[(1, 0.5), (2, 0.85)]);
    let check = Threshold { window_seconds: 600.0, ..usage() };
    assert_eq!(judge_one(&check, &input).1, "Disk usage of / is 85.0% (allowed: 0% to 80%)");
}

#[test]
fn raised_status_clears_in_its_own_range() {
    let check = Threshold { clear: text("70"), ..usage() };
    let raised =
        |check: &Threshold, ratio| judge_one(check, &filesystems(&[("/", ratio)]).with_previous("/", Status::Critical));
    assert_eq!(
        raised(&check, 0.75),
        (Status::Warning, "Disk usage of / is 75.0% (allowed again: 0% to 70%)".to_owned())
    );
    assert_eq!(raised(&check, 0.7).0, Status::Ok);
    assert_eq!(judge_one(&check, &filesystems(&[("/", 0.75)])).0, Status::Ok);
    let only_critical = Threshold { warning: None, ..check };
    assert_eq!(raised(&only_critical, 0.75).0, Status::Critical);
    assert_eq!(raised(&usage(), 0.75).0, Status::Ok);
}

#[test]
fn absence_of_readings_has_the_configured_status() {
    let absent = |absent: &str| Threshold { absent: absent.to_owned(), labels: texts(&["a=b", "c!=d"]), ..usage() };
    let other = filesystems(&[("/", 0.1)]);
    let message = "no reading of system.filesystem.utilization with a=b, c!=d".to_owned();
    assert_eq!(absent("unknown").evaluate(&other), Err(message.clone()));
    assert_eq!(judge_one(&absent("ok"), &other), (Status::Ok, message.clone()));
    assert_eq!(judge_one(&absent("critical"), &other), (Status::Critical, message));
    assert_eq!(usage().evaluate(&Input::default()), Err("no reading of system.filesystem.utilization".to_owned()));
}

#[test]
fn alert_about_absence_ends_when_readings_are_available_again() {
    let check = Threshold { absent: "critical".to_owned(), ..usage() };
    let back = filesystems(&[("/", 0.1)]).with_previous("", Status::Critical);
    let verdicts = judge(&check, &back);
    let again = "readings of system.filesystem.utilization are available again".to_owned();
    assert_eq!(verdicts[0], (String::new(), Status::Ok, again));
    assert_eq!(verdicts.len(), 2);
    assert_eq!(judge(&check, &filesystems(&[("/", 0.1)]).with_previous("", Status::Ok)).len(), 1);
}

#[test]
fn labels_may_be_any_text_and_subjects_do_not_repeat() {
    let input = Input::default().with_sample("m", &[("a", "x y"), ("b", "<b>\n")], 1.0).with_sample(
        "m",
        &[("a", "x"), ("b", "y <b>\n")],
        9.0,
    );
    let check = Threshold { metric: text("m"), warning: text("5"), ..Threshold::default() };
    let verdicts = judge(&check, &input);
    assert_eq!(verdicts.len(), 1);
    assert_eq!((verdicts[0].0.as_str(), verdicts[0].1), ("x y <b>\n", Status::Warning));
}

#[test]
fn result_that_is_not_finite_is_unknown() {
    let input = Input::default().with_sample("m", &[("a", "1")], f64::MAX).with_sample("m", &[("a", "2")], f64::MAX);
    let check =
        Threshold { metric: text("m"), warning: text("5"), aggregate: "sum".to_owned(), ..Threshold::default() };
    assert_eq!(judge_one(&check, &input), (Status::Unknown, "m is not a finite number".to_owned()));
}

#[test]
fn invalid_settings_are_refused() {
    let refused = |check: Threshold| check.needs().unwrap_err();
    assert_eq!(refused(Threshold::default()), "metric is not set: must be the name of a metric");
    for metric in ["", "a*b", "*a", "a**"] {
        let message = format!("metric is {metric:?}: must be a name, or a prefix of names followed by *");
        assert_eq!(refused(Threshold { metric: text(metric), ..usage() }), message);
    }
    let neither = Threshold { warning: None, critical: None, ..usage() };
    assert_eq!(refused(neither), "neither warning nor critical is set: at least one of them is required");
    let allowed = "must be a range such as 10, 10:, ~:10, 10:20 or @10:20, with a start that is not above its end";
    assert_eq!(refused(Threshold { warning: text("20:10"), ..usage() }), format!(r#"warning is "20:10": {allowed}"#));
    assert_eq!(refused(Threshold { critical: text(">5"), ..usage() }), format!(r#"critical is ">5": {allowed}"#));
    assert_eq!(refused(Threshold { clear: text(""), ..usage() }), format!(r#"clear is "": {allowed}"#));
    let rate = Threshold { function: "rate".to_owned(), ..usage() };
    assert_eq!(refused(rate), r#"function is "rate": requires window_seconds above 0"#);
    let half = Threshold { window_seconds: 0.5, ..usage() };
    assert_eq!(refused(half), "window_seconds is 0.5: must be a whole number");
    assert_eq!(refused(Threshold { scale: 0.0, ..usage() }), "scale is 0: must be a number other than 0");
    let no_label = Threshold { labels: texts(&["x"]), ..usage() };
    assert_eq!(refused(no_label), r#"labels has "x": must be key=value or key!=value"#);
    let refused = Threshold::parse(vec![("function".to_owned(), Value::Text("median".to_owned()))]);
    assert_eq!(refused, Err(r#"function is "median": must be one of last, avg, min, max, rate, sum"#.to_owned()));
}
