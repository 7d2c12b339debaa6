//! The order in which the sources of Linux are read.

use std::thread;
use std::time::Instant;

use checkpost_model::metric::Snapshot;
use checkpost_model::metric::catalog::Source;

use crate::background::BackgroundRead;
use crate::checkpost::timed;
use crate::process::Baseline;
use crate::request::Request;
use crate::roots::Roots;
use crate::{
    cgroup, checkpost, clock, cpu, disk, filesystem, gpu, memory, network, paging, pressure, process, sensor, system,
};

/// Reads every source in demand and returns the names of the physical interfaces.
///
/// Sources that may hang start first, in the background. CPU counters come next, close to the uptime that dates them. The
/// slow filesystems come last, and the CPU window passes while the rest is read.
pub(super) fn measure(roots: &Roots, request: &Request, snapshot: &mut Snapshot) -> Vec<String> {
    let background = start_background_reads(roots, request, snapshot);
    let mut cpu = None;
    timed(Source::Cpu, request, snapshot, |snapshot| cpu = cpu::start(&roots.proc, request, snapshot));
    let started = Instant::now();
    // Read even if it is not in demand: the uptime dates all counters.
    system::collect(roots, request, snapshot);
    checkpost::push_duration(Source::System, started.elapsed(), snapshot);
    let baseline = process::baseline(request, snapshot, || process::scan(roots));
    if baseline.is_none() {
        processes(&None, roots, request, snapshot);
    }
    let mut physical = Vec::new();
    timed(Source::Network, request, snapshot, |snapshot| {
        physical = network::collect(roots, request.interfaces, snapshot);
    });
    timed(Source::Disk, request, snapshot, |snapshot| disk::collect(roots, request.disks, snapshot));
    timed(Source::Memory, request, snapshot, |snapshot| memory::collect(&roots.proc, snapshot));
    timed(Source::Paging, request, snapshot, |snapshot| paging::collect(roots, snapshot));
    timed(Source::Pressure, request, snapshot, |snapshot| pressure::collect(roots, snapshot));
    timed(Source::Cgroup, request, snapshot, |snapshot| cgroup::collect(roots, snapshot));
    timed(Source::Clock, request, snapshot, |snapshot| clock::collect(roots, snapshot));
    timed(Source::Filesystem, request, snapshot, |snapshot| {
        filesystem::collect(&roots.proc, request.slow_source_deadline, snapshot);
    });
    if let Some(first) = cpu {
        cpu::finish(first, &roots.proc, request, snapshot);
    }
    if let Some((at, _)) = &baseline {
        thread::sleep(request.cpu_window.saturating_sub(at.elapsed()));
        processes(&baseline, roots, request, snapshot);
    }
    for source in background {
        source.finish(request.slow_source_deadline, snapshot);
    }
    physical
}

fn processes(baseline: &Baseline, roots: &Roots, request: &Request, snapshot: &mut Snapshot) {
    timed(Source::Process, request, snapshot, |snapshot| match process::scan(roots) {
        Ok(scan) => process::measure(baseline, &scan, request, &process::Processes::below(roots), snapshot),
        Err(why) => snapshot.diagnose("process", why),
    });
}

/// Starts to read the sources that go through drivers, which may hang.
fn start_background_reads(roots: &Roots, request: &Request, snapshot: &mut Snapshot) -> Vec<BackgroundRead> {
    let mut background = Vec::new();
    if request.demand.needs(Source::Sensor) {
        let roots = roots.clone();
        let read = move |snapshot: &mut Snapshot| sensor::collect(&roots, snapshot);
        background.extend(BackgroundRead::start(Source::Sensor, snapshot, read));
    }
    if request.demand.needs(Source::Gpu) {
        let roots = roots.clone();
        let read = move |snapshot: &mut Snapshot| gpu::push(&gpu::collect(&roots, None), &roots, snapshot);
        background.extend(BackgroundRead::start(Source::Gpu, snapshot, read));
    }
    background
}
