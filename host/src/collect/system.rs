//! Uptime and load averages of Linux.

use std::path::Path;

use crate::metric::{Labels, Snapshot};

const LOADS: [&str; 3] = ["checkpost.load_1m", "checkpost.load_5m", "checkpost.load_15m"];

/// Reads `uptime` and `loadavg` below `proc`.
pub(super) fn collect(proc: &Path, snapshot: &mut Snapshot) {
    read(&proc.join("uptime"), &["system.uptime"], snapshot);
    read(&proc.join("loadavg"), &LOADS, snapshot);
}

/// Takes the first numbers of a file, one for each name.
fn read(path: &Path, names: &[&'static str], snapshot: &mut Snapshot) {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return snapshot.diagnose("system", format!("cannot read {}: {error}", path.display())),
    };
    let mut words = text.split_whitespace();
    for name in names {
        match words.next().and_then(|word| word.parse().ok()) {
            Some(value) => snapshot.push(*name, Labels::none(), value),
            None => snapshot.diagnose("system", format!("no {name} in {}: {:?}", path.display(), text.trim())),
        }
    }
}
