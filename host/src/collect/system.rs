//! Uptime, boot time and load averages of Linux, and who is logged in.

use std::path::Path;

use super::Request;
use super::roots::Roots;
use super::users;
use crate::metric::{Labels, Snapshot};

const LOADS: [&str; 3] = ["checkpost.load_1m", "checkpost.load_5m", "checkpost.load_15m"];

/// Reads `uptime` and `loadavg` below `proc`, and what else is wanted.
pub(super) fn collect(roots: &Roots, request: &Request, snapshot: &mut Snapshot) {
    numbers(&roots.proc.join("uptime"), &["system.uptime"], snapshot);
    numbers(&roots.proc.join("loadavg"), &LOADS, snapshot);
    if request.demand.wants("checkpost.boot.time") {
        boot_time(&roots.proc.join("stat"), snapshot);
    }
    if request.demand.wants("checkpost.user.count") {
        users::collect(roots, snapshot);
    }
}

/// Takes the first numbers of a file, one for each name.
fn numbers(path: &Path, names: &[&'static str], snapshot: &mut Snapshot) {
    let Some(text) = read(path, snapshot) else { return };
    let mut words = text.split_whitespace();
    for name in names {
        match words.next().and_then(|word| word.parse().ok()) {
            Some(value) => snapshot.push(*name, Labels::none(), value),
            None => snapshot.diagnose("system", format!("no {name} in {}: {:?}", path.display(), text.trim())),
        }
    }
}

/// The kernel's own idea of when it began. It follows the clock when that is set.
fn boot_time(path: &Path, snapshot: &mut Snapshot) {
    let Some(text) = read(path, snapshot) else { return };
    match text.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok()) {
        Some(seconds) => snapshot.push("checkpost.boot.time", Labels::none(), seconds),
        None => snapshot.diagnose("system", format!("no btime in {}", path.display())),
    }
}

fn read(path: &Path, snapshot: &mut Snapshot) -> Option<String> {
    std::fs::read_to_string(path)
        .map_err(|error| snapshot.diagnose("system", format!("cannot read {}: {error}", path.display())))
        .ok()
}
