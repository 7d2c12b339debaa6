#![allow(clippy::unwrap_used)]
use checkpost_sdk::{GIB, Settings, Value};

use super::*;

/// Readings of a filesystem of 100 GB, as the host takes them.
fn with_filesystem(input: Input, mountpoint: &str, kind: &str, ratio: f64) -> Input {
    let device = format!("/dev/{}", mountpoint.len());
    let labels = [(MOUNTPOINT, mountpoint), (TYPE, kind), ("system.device", &device), ("system.filesystem.mode", "rw")];
    let in_state = |state| [&labels[..], &[(USED.0, state)]].concat();
    input
        .with_sample(UTILIZATION, &labels, ratio)
        .with_sample(LIMIT, &labels, 100.0 * GIB)
        .with_sample(USAGE, &in_state("free"), 1.0)
        .with_sample(USAGE, &in_state("used"), ratio * 100.0 * GIB)
}

fn host() -> Input {
    let input = with_filesystem(Input::default(), "/", "ext4", 0.5);
    let input = with_filesystem(input, "/var", "xfs", 0.91);
    let input = with_filesystem(input, "/srv/a", "xfs", 0.96);
    with_filesystem(input, "/tmp", "tmpfs", 1.0)
}

fn with_mounts(mounts: &[&str]) -> Disk {
    Disk { mounts: mounts.iter().map(|&mount| mount.to_owned()).collect(), ..Disk::default() }
}

fn judge(check: &Disk, input: &Input) -> Vec<(String, Status)> {
    check.evaluate(input).unwrap().into_iter().map(|verdict| (verdict.subject, verdict.status)).collect()
}

fn expected(verdicts: &[(&str, Status)]) -> Vec<(String, Status)> {
    verdicts.iter().map(|(subject, status)| ((*subject).to_owned(), *status)).collect()
}

#[test]
fn each_filesystem_has_a_verdict_and_tmpfs_has_none() {
    let verdicts = judge(&Disk::default(), &host());
    let all = [("/", Status::Ok), ("/srv/a", Status::Critical), ("/var", Status::Warning)];
    assert_eq!(verdicts, expected(&all));
}

#[test]
fn usage_is_told_with_mount_bytes_and_threshold() {
    let verdicts = Disk::default().evaluate(&host()).unwrap();
    assert_eq!(verdicts[0].title, "Disk usage");
    assert_eq!(verdicts[0].message, "Disk usage of / is 50.0% (50.00GB / 100.00GB)");
    assert_eq!(verdicts[2].title, "High disk usage");
    assert_eq!(verdicts[2].message, "Disk usage of /var is 91.0% (91.00GB / 100.00GB, threshold: 90%)");
}

#[test]
fn a_filesystem_on_the_threshold_is_ok() {
    let at = |ratio| judge(&Disk::default(), &with_filesystem(Input::default(), "/", "ext4", ratio))[0].1;
    assert_eq!(at(0.9), Status::Ok);
    assert_eq!(at(0.901), Status::Warning);
}

#[test]
fn hysteresis_is_kept_by_mount_point() {
    let check = Disk { clear: Some(40.0), ..Disk::default() };
    let input = host().with_previous("/", Status::Warning).with_previous("/elsewhere", Status::Critical);
    assert_eq!(judge(&check, &input)[0], ("/".to_owned(), Status::Warning));
    let input = host().with_previous("/var", Status::Warning);
    assert_eq!(judge(&check, &input)[0], ("/".to_owned(), Status::Ok));
}

#[test]
fn an_explicit_list_wins_over_excluded_types() {
    assert_eq!(judge(&with_mounts(&["/tmp"]), &host()), expected(&[("/tmp", Status::Critical)]));
}

#[test]
fn a_list_may_hold_patterns() {
    let all = [("/srv/a", Status::Critical), ("/var", Status::Warning)];
    assert_eq!(judge(&with_mounts(&["/srv/*", "*var"]), &host()), expected(&all));
    assert_eq!(judge(&with_mounts(&["/nowhere/*"]), &host()), []);
}

#[test]
fn a_listed_mount_point_without_a_reading_is_unknown() {
    let verdicts = with_mounts(&["/data", "/"]).evaluate(&host()).unwrap();
    assert_eq!(verdicts.len(), 2);
    assert_eq!((verdicts[1].subject.as_str(), verdicts[1].status), ("/data", Status::Unknown));
    assert_eq!(verdicts[1].message, "no reading of the filesystem /data");
    assert_eq!(judge(&with_mounts(&["/data"]), &Input::default()), expected(&[("/data", Status::Unknown)]));
}

#[test]
fn each_subject_is_told_once_and_the_worst_wins() {
    let input = with_filesystem(Input::default(), "/mnt", "ext4", 0.1);
    let input = with_filesystem(input, "/mnt", "xfs", 0.99);
    assert_eq!(judge(&Disk::default(), &input), expected(&[("/mnt", Status::Critical)]));
    assert_eq!(judge(&with_mounts(&["/data", "/data"]), &input), expected(&[("/data", Status::Unknown)]));
}

#[test]
fn without_bytes_it_judges_all_the_same() {
    let input = Input::default().with_sample(UTILIZATION, &[(MOUNTPOINT, "/"), (TYPE, "ext4")], 0.93);
    let verdicts = Disk::default().evaluate(&input).unwrap();
    assert_eq!(verdicts[0].message, "Disk usage of / is 93.0% (threshold: 90%)");
}

#[test]
fn without_any_reading_it_cannot_judge() {
    let error = Disk::default().evaluate(&Input::default());
    assert_eq!(error, Err("no reading of system.filesystem.utilization".to_owned()));
    let only_excluded = with_filesystem(Input::default(), "/tmp", "tmpfs", 1.0);
    assert_eq!(judge(&Disk::default(), &only_excluded), []);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let refused = Disk::parse(vec![("mounts".to_owned(), Value::Text("/".to_owned()))]);
    assert_eq!(refused, Err(r#"mounts is "/", allowed is a list of strings"#.to_owned()));
    let refused = Disk { clear: Some(95.0), ..Disk::default() }.needs();
    assert_eq!(refused, Err("clear is 95, allowed is at most the threshold, 90".to_owned()));
}
