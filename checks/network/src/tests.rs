#![allow(clippy::unwrap_used)]
use checkpost_sdk::{Measure, Settings, Status, Value};

use super::*;

const MB: f64 = 1024.0 * 1024.0;

fn with_both(input: Input, metric: &str, interface: &str, receive: f64, transmit: f64) -> Input {
    let labels = |direction| [(INTERFACE, interface), (DIRECTION, direction)];
    input.with_sample(metric, &labels("receive"), receive).with_sample(metric, &labels("transmit"), transmit)
}

/// An interface without rates, as in the first cycle.
fn with_interface(input: Input, name: &str) -> Input {
    with_both(input, IO, name, 1e12, 1e12)
}

fn with_rates(input: Input, name: &str, receive: f64, transmit: f64) -> Input {
    with_both(with_interface(input, name), IO_RATE, name, receive, transmit)
}

fn listing(interfaces: &[&str]) -> Network {
    Network { interfaces: interfaces.iter().map(|&name| name.to_owned()).collect(), ..Network::default() }
}

fn judge(check: &Network, input: &Input) -> Vec<(String, Status, String)> {
    let verdicts = check.evaluate(input).unwrap();
    verdicts.into_iter().map(|verdict| (verdict.subject, verdict.status, verdict.message)).collect()
}

/// The only verdict, on `eth0`.
fn judge_eth0(check: &Network, input: &Input) -> (Status, String) {
    let (subject, status, message) = judge(check, input).remove(0);
    assert_eq!(subject, "eth0");
    (status, message)
}

#[test]
fn interface_without_limits_is_ok_with_any_traffic() {
    let verdict = judge_eth0(&Network::default(), &with_rates(Input::default(), "eth0", 1.2 * MB, 900.0 * MB));
    assert_eq!(verdict, (Status::Ok, "eth0: ↓ 1.2 MB/s ↑ 900.0 MB/s".to_owned()));
}

#[test]
fn interface_without_rates_is_ok_in_the_first_cycle() {
    let verdict = judge_eth0(&Network::default(), &with_interface(Input::default(), "eth0"));
    assert_eq!(verdict, (Status::Ok, "eth0: no rate yet".to_owned()));
}

#[test]
fn message_shows_traffic_above_its_limit_and_the_limit() {
    let check = Network { receive_limit: Some(10.0 * MB), receive_critical: Some(20.0 * MB), ..Network::default() };
    let at = |receive| judge_eth0(&check, &with_rates(Input::default(), "eth0", receive * MB, 900.0 * MB));
    assert_eq!(at(10.0).0, Status::Ok);
    assert_eq!(at(12.0), (Status::Warning, "eth0: receive 12.0 MB/s (limit: 10.0 MB/s)".to_owned()));
    assert_eq!(at(20.0).0, Status::Warning);
    assert_eq!(at(21.0).0, Status::Critical);
}

#[test]
fn directions_have_separate_limits() {
    let check = Network { transmit_limit: Some(1.0 * MB), transmit_critical: Some(1.0 * MB), ..Network::default() };
    let verdict = judge_eth0(&check, &with_rates(Input::default(), "eth0", 5.0 * MB, 2.0 * MB));
    assert_eq!(verdict, (Status::Critical, "eth0: transmit 2.0 MB/s (limit: 1.0 MB/s)".to_owned()));
}

#[test]
fn errors_and_drops_are_warnings() {
    let input = with_rates(Input::default(), "eth0", MB, MB);
    let input = with_both(input, ERRORS_RATE, "eth0", 1.0, 3.25);
    let input = with_both(input, DROPPED_RATE, "eth0", 250.0, 100.0);
    let verdict = Network::default().evaluate(&input).unwrap().remove(0);
    assert_eq!((verdict.status, verdict.title.as_str()), (Status::Warning, "Network errors"));
    let message = "eth0: transmit errors 3.2/s (limit: 1/s), receive drops 250.0/s (limit: 100/s)";
    assert_eq!(verdict.message, message);
    let lenient = Network { errors_per_second: 4.0, drops_per_second: 300.0, ..Network::default() };
    assert_eq!(judge_eth0(&lenient, &input).0, Status::Ok);
}

#[test]
fn title_is_that_of_the_worst_reading() {
    let input = with_both(with_rates(Input::default(), "eth0", MB, MB), ERRORS_RATE, "eth0", 9.0, 0.0);
    let check = Network { transmit_limit: Some(1.0), transmit_critical: Some(2.0), ..Network::default() };
    let verdict = check.evaluate(&input).unwrap().remove(0);
    assert_eq!((verdict.status, verdict.title.as_str()), (Status::Critical, "High network traffic"));
    assert_eq!(verdict.measures.len(), 4);
    assert_eq!(verdict.measures[1], Measure::new("transmit", MB, "By/s").warning(1.0).critical(2.0));
    assert_eq!(verdict.measures[2], Measure::new("receive_errors", 9.0, "1/s").warning(1.0));
}

#[test]
fn raised_interface_clears_at_a_share_of_the_limit() {
    let check = Network { receive_limit: Some(10.0 * MB), clear: Some(80.0), ..Network::default() };
    let at = |receive| with_rates(Input::default(), "eth0", receive * MB, 0.0);
    let raised = |receive| judge_eth0(&check, &at(receive).with_previous("eth0", Status::Warning));
    let message = "eth0: receive 9.0 MB/s (limit: 10.0 MB/s, clears at 8.0 MB/s)".to_owned();
    assert_eq!(raised(9.0), (Status::Warning, message));
    assert_eq!(raised(8.0).0, Status::Ok);
    assert_eq!(judge_eth0(&check, &at(9.0)).0, Status::Ok);
    assert_eq!(judge_eth0(&check, &at(9.0).with_previous("eth1", Status::Warning)).0, Status::Ok);
}

#[test]
fn interfaces_have_one_verdict_each() {
    let input = with_rates(with_interface(Input::default(), "wlan0"), "eth0", 0.0, 0.0);
    let subjects: Vec<_> = judge(&Network::default(), &input).into_iter().map(|verdict| verdict.0).collect();
    assert_eq!(subjects, ["eth0", "wlan0"]);
}

#[test]
fn host_without_interfaces_has_no_verdict() {
    assert_eq!(judge(&Network::default(), &Input::default()), []);
    assert_eq!(judge(&listing(&["eth*"]), &Input::default()), []);
}

#[test]
fn listed_interfaces_are_judged_and_missing_ones_are_unknown() {
    let input = with_interface(with_interface(Input::default(), "eth0"), "wlan0");
    let verdicts = judge(&listing(&["eth*", "ppp0", "ppp0"]), &input);
    assert_eq!(verdicts.len(), 2);
    assert_eq!(verdicts[0].0, "eth0");
    let missing = ("ppp0".to_owned(), Status::Unknown, "no reading of the interface ppp0".to_owned());
    assert_eq!(verdicts[1], missing);
}

#[test]
fn invalid_settings_are_refused() {
    let refused = Network { receive_critical: Some(5.0), ..Network::default() }.needs();
    assert_eq!(refused, Err("receive_critical is 5: must not be set without receive_limit".to_owned()));
    let refused = Network::parse(vec![("transmit_limit".to_owned(), Value::Number(-1.0))]);
    assert_eq!(refused, Err("transmit_limit is -1: must be a number of at least 0, in By/s".to_owned()));
}
