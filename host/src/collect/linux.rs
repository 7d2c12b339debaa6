//! The order in which Linux is read.

use std::thread;
use std::time::{Duration, Instant};

use super::beside::Beside;
use super::roots::Roots;
use super::{
    Request, cgroup, clock, cpu, disk, filesystem, gpu, memory, network, paging, pressure, process, rate, sensor,
    system, timed,
};
use crate::metric::catalog::Source;
use crate::metric::{ProcessTimes, Snapshot};

/// Reads every source in demand and returns the names of the physical interfaces.
///
/// What may hang is begun first, beside the rest. CPU counters come next and the slow filesystems last: the counters are
/// taken close to the uptime that dates them, and a CPU window passes while the rest is read.
pub(super) fn measure(roots: &Roots, request: &Request, snapshot: &mut Snapshot) -> Vec<String> {
    let beside = begin_beside(roots, request, snapshot);
    let mut cpu = None;
    timed(Source::Cpu, request, snapshot, |snapshot| cpu = cpu::start(&roots.proc, request, snapshot));
    // Whatever is in demand: the uptime dates all counters.
    system::collect(roots, request, snapshot);
    let times = first_look(roots, request, snapshot);
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
    if let Some((at, _)) = &times {
        thread::sleep(request.cpu_window.saturating_sub(at.elapsed()));
    }
    timed(Source::Process, request, snapshot, |snapshot| processes(times.as_ref(), roots, request, snapshot));
    for source in beside {
        source.finish(request.slow_source_deadline, snapshot);
    }
    physical
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

/// What processes have used so far, when the last cycle does not say what they had used then.
fn first_look(roots: &Roots, request: &Request, snapshot: &Snapshot) -> Option<(Instant, ProcessTimes)> {
    if !request.demand.needs(Source::Process) || rate::process_times(request, snapshot).is_some() {
        return None;
    }
    let at = Instant::now();
    // What goes wrong here goes wrong again, and is told, in a moment.
    Some((at, process::scan(roots).ok()?.times()))
}

fn processes(first: Option<&(Instant, ProcessTimes)>, roots: &Roots, request: &Request, snapshot: &mut Snapshot) {
    let scan = match process::scan(roots) {
        Ok(scan) => scan,
        Err(why) => return snapshot.diagnose("process", why),
    };
    let since: Option<(_, Duration)> = match first {
        Some((at, times)) => Some((times, at.elapsed())),
        None => rate::process_times(request, snapshot),
    };
    let watch = process::Watch {
        top: request.top_processes,
        patterns: request.demand.watched(),
        open_files: request.demand.wants("process.watched.open_file_descriptor.count"),
    };
    let counts = rate::watched_before(request, snapshot);
    process::push(&scan, since, &watch, |name| counts.get(name).copied(), roots, snapshot);
    snapshot.process_times = Some(scan.times());
}
