//! The order in which Linux is read.

use std::thread;
use std::time::Instant;

use super::beside::Beside;
use super::roots::Roots;
use super::{
    Request, cgroup, checkpost, clock, cpu, disk, filesystem, gpu, memory, network, paging, pressure, process, sensor,
    system, timed,
};
use crate::metric::Snapshot;
use crate::metric::catalog::Source;

/// Reads every source in demand and returns the names of the physical interfaces.
///
/// What may hang is begun first, beside the rest. CPU counters come next and the slow filesystems last: the counters are
/// taken close to the uptime that dates them, and a CPU window passes while the rest is read.
pub(super) fn measure(roots: &Roots, request: &Request, snapshot: &mut Snapshot) -> Vec<String> {
    let beside = begin_beside(roots, request, snapshot);
    let mut cpu = None;
    timed(Source::Cpu, request, snapshot, |snapshot| cpu = cpu::start(&roots.proc, request, snapshot));
    let started = Instant::now();
    // Whatever is in demand: the uptime dates all counters.
    system::collect(roots, request, snapshot);
    checkpost::push_duration(Source::System, started.elapsed(), snapshot);
    let first_look = process::first_look(request, snapshot, || process::scan(roots));
    if first_look.is_none() {
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
    if let Some((at, _)) = &first_look {
        thread::sleep(request.cpu_window.saturating_sub(at.elapsed()));
        processes(&first_look, roots, request, snapshot);
    }
    for source in beside {
        source.finish(request.slow_source_deadline, snapshot);
    }
    physical
}

fn processes(first_look: &process::FirstLook, roots: &Roots, request: &Request, snapshot: &mut Snapshot) {
    timed(Source::Process, request, snapshot, |snapshot| match process::scan(roots) {
        Ok(scan) => process::measure(first_look, &scan, request, &process::Processes::of(roots), snapshot),
        Err(why) => snapshot.diagnose("process", why),
    });
}

/// Sources that go through drivers, which may hang.
fn begin_beside(roots: &Roots, request: &Request, snapshot: &mut Snapshot) -> Vec<Beside> {
    let mut beside = Vec::new();
    if request.demand.needs(Source::Sensor) {
        let roots = roots.clone();
        beside.extend(Beside::start(Source::Sensor, snapshot, move |snapshot| sensor::collect(&roots, snapshot)));
    }
    if request.demand.needs(Source::Gpu) {
        let roots = roots.clone();
        beside.extend(Beside::start(Source::Gpu, snapshot, move |snapshot| {
            gpu::push(&gpu::collect(&roots, None), &roots, snapshot)
        }));
    }
    beside
}
