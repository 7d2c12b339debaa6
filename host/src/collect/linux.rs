//! The order in which Linux is read.

use std::path::Path;

use super::{Request, cpu, filesystem, memory, network, system};
use crate::metric::Snapshot;

/// Reads every source below `proc`. CPU counters come first and the slow filesystems last: the counters are taken close
/// to the uptime that dates them, and a CPU window passes while the rest is read.
pub(super) fn measure(proc: &Path, request: &Request, snapshot: &mut Snapshot) {
    let cpu = cpu::start(proc, snapshot);
    system::collect(proc, snapshot);
    network::collect(proc, request.interfaces, snapshot);
    memory::collect(proc, snapshot);
    filesystem::collect(proc, request.slow_source_deadline, snapshot);
    if let Some(started) = cpu {
        cpu::finish(started, proc, request, snapshot);
    }
}
