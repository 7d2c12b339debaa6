//! Processes through sysinfo, which does not report open files, and reports owners as numbers.

use std::io;
use std::thread;

use sysinfo::{Pid, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System, UpdateKind};

use super::scan::{Details, Process, Scan, State};

/// sysinfo reports starts in seconds and CPU time in milliseconds.
const MS_PER_S: u64 = 1000;

/// Reads every process, without the threads that some systems list.
pub(crate) fn scan(system: &mut System) -> Result<Scan, String> {
    let wanted = ProcessRefreshKind::nothing().with_cpu().with_memory().with_user(UpdateKind::OnlyIfNotSet);
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, wanted.without_tasks());
    let all = || system.processes().values().filter(|process| process.thread_kind().is_none());
    let process = |process: &sysinfo::Process| Process {
        pid: process.pid().as_u32(),
        start_ticks: process.start_time().saturating_mul(MS_PER_S),
        cpu_ticks: process.accumulated_cpu_time(),
        resident_bytes: process.memory(),
        state: state(process.status()),
        name: process.name().as_encoded_bytes().into(),
    };
    let processes: Vec<_> = all().map(process).collect();
    if processes.is_empty() {
        return Err("cannot read the processes".to_owned());
    }
    let now_s = all().map(|process| process.start_time().saturating_add(process.run_time())).max();
    Ok(Scan {
        processes,
        now_ticks: now_s.map(|seconds| seconds.saturating_mul(MS_PER_S)),
        ticks_per_second: MS_PER_S as f64,
        cpu_count: match system.cpus().len() {
            0 => thread::available_parallelism().map_or(1, usize::from),
            count => count,
        },
        names_cut_at: None,
        problem: None,
    })
}

impl Details for System {
    fn owner(&self, pid: u32) -> Option<String> {
        self.process(Pid::from_u32(pid))?.user_id().map(|uid| uid.to_string())
    }

    fn resident_bytes(&self, _: u32) -> Option<u64> {
        None
    }

    fn open_files(&self, _: u32) -> Option<io::Result<u64>> {
        None
    }
}

fn state(status: ProcessStatus) -> State {
    match status {
        ProcessStatus::Run => State::Running,
        ProcessStatus::Sleep => State::Sleeping,
        ProcessStatus::UninterruptibleDiskSleep => State::DiskSleep,
        ProcessStatus::Stop | ProcessStatus::Tracing | ProcessStatus::Suspended => State::Stopped,
        ProcessStatus::Zombie | ProcessStatus::Dead => State::Defunct,
        ProcessStatus::Idle => State::Idle,
        _ => State::Other,
    }
}
