#![allow(clippy::unwrap_used)]
use checkpost_sdk::{GIB, Settings, Status, Value};

use super::*;

/// The labels that the host gives to a filesystem.
fn labels<'a>(mountpoint: &'a str, kind: &'a str) -> [(&'a str, &'a str); 4] {
    let device = if mountpoint == "/" { "/dev/vda1" } else { "/dev/vdb" };
    [(MOUNTPOINT, mountpoint), (TYPE, kind), ("system.device", device), ("system.filesystem.mode", "rw")]
}

/// The readings that the host takes of a filesystem of 100 GB.
fn with_filesystem(input: Input, mountpoint: &str, kind: &str, ratio: f64) -> Input {
    let labels = labels(mountpoint, kind);
    let in_state = |state| [&labels[..], &[(USED.0, state)]].concat();
    input
        .with_sample(UTILIZATION, &labels, ratio)
        .with_sample(LIMIT, &labels, 100.0 * GIB)
        .with_sample(USAGE, &in_state("free"), 1.0)
        .with_sample(USAGE, &in_state("used"), ratio * 100.0 * GIB)
}

/// The readings of the 1000000 inodes of that filesystem.
fn with_inodes(input: Input, mountpoint: &str, kind: &str, ratio: f64) -> Input {
    let labels = labels(mountpoint, kind);
    input.with_sample(INODES_UTILIZATION, &labels, ratio).with_sample(INODES_LIMIT, &labels, 1e6)
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
fn verdicts_cover_each_filesystem_except_tmpfs() {
    let verdicts = judge(&Disk::default(), &host());
    let all = [("/", Status::Ok), ("/srv/a", Status::Critical), ("/var", Status::Warning)];
    assert_eq!(verdicts, expected(&all));
}

#[test]
fn message_shows_the_usage_with_mount_point_bytes_and_threshold() {
    let verdicts = Disk::default().evaluate(&host()).unwrap();
    assert_eq!(verdicts[0].title, "Disk usage");
    assert_eq!(verdicts[0].message, "Disk usage of / is 50.0% (50.00GB / 100.00GB)");
    assert_eq!(verdicts[2].title, "High disk usage");
    assert_eq!(verdicts[2].message, "Disk usage of /var is 91.0% (91.00GB / 100.00GB, threshold: 90%)");
}

#[test]
fn filesystem_on_the_threshold_is_ok() {
    let at = |ratio| judge(&Disk::default(), &with_filesystem(Input::default(), "/", "ext4", ratio))[0].1;
    assert_eq!(at(0.9), Status::Ok);
    assert_eq!(at(0.901), Status::Warning);
}

#[test]
fn hysteresis_applies_by_mount_point() {
    let check = Disk { clear: Some(40.0), ..Disk::default() };
    let input = host().with_previous("/", Status::Warning).with_previous("/elsewhere", Status::Critical);
    assert_eq!(judge(&check, &input)[0], ("/".to_owned(), Status::Warning));
    let input = host().with_previous("/var", Status::Warning);
    assert_eq!(judge(&check, &input)[0], ("/".to_owned(), Status::Ok));
}

#[test]
fn listed_mounts_win_over_excluded_types() {
    assert_eq!(judge(&with_mounts(&["/tmp"]), &host()), expected(&[("/tmp", Status::Critical)]));
}

#[test]
fn listed_mounts_may_be_patterns() {
    let all = [("/srv/a", Status::Critical), ("/var", Status::Warning)];
    assert_eq!(judge(&with_mounts(&["/srv/*", "*var"]), &host()), expected(&all));
    assert_eq!(judge(&with_mounts(&["/nowhere/*"]), &host()), []);
}

#[test]
fn listed_mount_point_without_a_reading_is_unknown() {
    let verdicts = with_mounts(&["/data", "/"]).evaluate(&host()).unwrap();
    assert_eq!(verdicts.len(), 2);
    assert_eq!((verdicts[1].subject.as_str(), verdicts[1].status), ("/data", Status::Unknown));
    assert_eq!(verdicts[1].message, "no reading of the filesystem /data");
    assert_eq!(judge(&with_mounts(&["/data"]), &Input::default()), expected(&[("/data", Status::Unknown)]));
}

#[test]
fn subjects_do_not_repeat_and_the_worst_verdict_wins() {
    let input = with_filesystem(Input::default(), "/mnt", "ext4", 0.1);
    let input = with_filesystem(input, "/mnt", "xfs", 0.99);
    assert_eq!(judge(&Disk::default(), &input), expected(&[("/mnt", Status::Critical)]));
    assert_eq!(judge(&with_mounts(&["/data", "/data"]), &input), expected(&[("/data", Status::Unknown)]));
}

#[test]
fn usage_is_judged_without_bytes() {
    let input = Input::default().with_sample(UTILIZATION, &[(MOUNTPOINT, "/"), (TYPE, "ext4")], 0.93);
    let verdicts = Disk::default().evaluate(&input).unwrap();
    assert_eq!(verdicts[0].message, "Disk usage of / is 93.0% (threshold: 90%)");
}

#[test]
fn inodes_are_the_reason_when_they_are_worse_than_space() {
    let input = with_inodes(with_inodes(host(), "/", "ext4", 0.971), "/var", "xfs", 0.951);
    let verdicts = Disk::default().evaluate(&input).unwrap();
    assert_eq!((verdicts[0].status, verdicts[0].title.as_str()), (Status::Critical, "High inode usage"));
    assert_eq!(verdicts[0].message, "Inode usage of / is 97.1% (971000 / 1000000, threshold: 90%)");
    assert_eq!((verdicts[2].status, verdicts[2].title.as_str()), (Status::Critical, "High inode usage"));
    assert_eq!(verdicts[2].message, "Inode usage of /var is 95.1% (951000 / 1000000, threshold: 90%)");
    let measures: Vec<_> = verdicts[0].measures.iter().map(|measure| measure.name.as_str()).collect();
    assert_eq!(measures, ["used", "inodes_used"]);
    assert_eq!(verdicts[0].measures[1], Measure::new("inodes_used", 97.1, "%").warning(90.0).critical(95.0));
}

#[test]
fn space_is_the_reason_when_both_are_as_bad() {
    let verdicts = Disk::default().evaluate(&with_inodes(host(), "/var", "xfs", 0.94)).unwrap();
    assert_eq!(verdicts[2].message, "Disk usage of /var is 91.0% (91.00GB / 100.00GB, threshold: 90%)");
    assert_eq!(verdicts[2].measures.len(), 2);
    assert_eq!(verdicts[1].measures.len(), 1, "/srv/a has no inode readings");
}

#[test]
fn inodes_have_their_own_thresholds_and_are_ok_on_the_threshold() {
    let at = |check: &Disk, ratio| judge(check, &with_inodes(host(), "/", "ext4", ratio))[0].1;
    assert_eq!(at(&Disk::default(), 0.9), Status::Ok);
    assert_eq!(at(&Disk::default(), 0.901), Status::Warning);
    let strict = Disk { inodes_threshold: 50.0, inodes_critical: 60.0, ..Disk::default() };
    assert_eq!(at(&strict, 0.55), Status::Warning);
    assert_eq!(at(&strict, 0.61), Status::Critical);
}

#[test]
fn raised_inodes_clear_at_their_clearing_threshold() {
    let check = Disk { inodes_clear: Some(80.0), ..Disk::default() };
    let at = |ratio| with_inodes(host(), "/", "ext4", ratio).with_previous("/", Status::Warning);
    let verdict = check.evaluate(&at(0.85)).unwrap().remove(0);
    let message = "Inode usage of / is 85.0% (850000 / 1000000, threshold: 90%, clears at 80%)";
    assert_eq!((verdict.status, verdict.message.as_str()), (Status::Warning, message));
    assert_eq!(judge(&check, &at(0.8))[0].1, Status::Ok);
    assert_eq!(judge(&check, &with_inodes(host(), "/", "ext4", 0.85))[0].1, Status::Ok);
}

#[test]
fn inodes_are_judged_without_their_total() {
    let input = host().with_sample(INODES_UTILIZATION, &labels("/", "ext4"), 0.93);
    let verdict = Disk::default().evaluate(&input).unwrap().remove(0);
    assert_eq!(verdict.message, "Inode usage of / is 93.0% (threshold: 90%)");
}

#[test]
fn mount_point_may_be_any_text() {
    let hostile = "/mnt/<b>\n'; DROP TABLE\u{202e}";
    let input = with_inodes(with_filesystem(Input::default(), hostile, "ext4", 0.5), hostile, "ext4", 1.0);
    assert_eq!(judge(&Disk::default(), &input), expected(&[(hostile, Status::Critical)]));
}

#[test]
fn missing_readings_are_an_error() {
    let error = Disk::default().evaluate(&Input::default());
    assert_eq!(error, Err("no reading of system.filesystem.utilization".to_owned()));
    let only_excluded = with_filesystem(Input::default(), "/tmp", "tmpfs", 1.0);
    assert_eq!(judge(&Disk::default(), &only_excluded), []);
}

#[test]
fn invalid_settings_are_refused() {
    let refused = Disk::parse(vec![("mounts".to_owned(), Value::Text("/".to_owned()))]);
    assert_eq!(refused, Err(r#"mounts is "/": must be a list of strings"#.to_owned()));
    let refused = Disk { clear: Some(95.0), ..Disk::default() }.needs();
    assert_eq!(refused, Err("clear is 95: must be at most the threshold, 90".to_owned()));
    let refused = Disk { inodes_clear: Some(95.0), ..Disk::default() }.needs();
    assert_eq!(refused, Err("inodes_clear is 95: must be at most the threshold, 90".to_owned()));
}
