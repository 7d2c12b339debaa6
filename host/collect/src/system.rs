//! Uptime, boot time, load averages and sessions of Linux.

use std::path::Path;

use checkpost_model::metric::{Labels, Snapshot};

use crate::request::Request;
use crate::roots::Roots;
use crate::users;

const LOADS: [&str; 3] = ["checkpost.load_1m", "checkpost.load_5m", "checkpost.load_15m"];

/// Reads `uptime` and `loadavg` below `/proc`, and the boot time and the sessions if they are in demand.
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

/// Adds the first numbers of a file, one for each name.
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

/// Adds the boot time of the kernel, which changes when the clock is set.
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
