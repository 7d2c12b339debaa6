//! Processes of Linux: one read of `/proc/PID/stat` for each, and other files only for the processes that need them.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread;

use rustix::io::Errno;

use checkpost_model::clean;

use super::scan::{Details, NAME_CHARS, Process, Scan, State, display_name};
use crate::roots::Roots;

/// Length in bytes at which the kernel cuts a name. Names of kernel threads may be longer.
const COMM_BYTES: usize = 15;

/// Size of the buffer: several times what the kernel writes, 52 numbers and a name.
const STAT_BYTES: usize = 4096;

/// Reads every process. A process that ends meanwhile is skipped; processes that cannot be read share one diagnostic.
pub(crate) fn scan(roots: &Roots) -> Result<Scan, String> {
    let cannot_read = |error: io::Error| format!("cannot read {}: {error}", roots.proc.display());
    let page_bytes = procfs::page_size();
    let mut processes = Vec::with_capacity(512);
    let mut buffer = [0; STAT_BYTES];
    let mut path = roots.proc.clone();
    let (mut failed_count, mut first_failure) = (0, None);
    for entry in fs::read_dir(&roots.proc).map_err(cannot_read)? {
        let name = entry.map_err(cannot_read)?.file_name();
        let Some(pid) = pid(&name) else { continue };
        path.push(&name);
        path.push("stat");
        match read(&path, &mut buffer).and_then(|stat| parse(pid, stat, page_bytes).ok_or_else(unexpected_format)) {
            Ok(process) => processes.push(process),
            Err(error) if is_gone(&error) => {}
            Err(error) => {
                failed_count += 1;
                first_failure.get_or_insert_with(|| format!("{}: {error}", path.display()));
            }
        }
        path.pop();
        path.pop();
    }
    if processes.is_empty() {
        return Err(first_failure.unwrap_or_else(|| format!("no processes in {}", roots.proc.display())));
    }
    let (now_ticks, no_uptime) = match now_ticks(&roots.proc) {
        Ok(now) => (Some(now), None),
        Err(why) => (None, Some(why)),
    };
    let problem =
        first_failure.map(|first| format!("cannot read {failed_count} of the processes; the first is {first}"));
    Ok(Scan {
        processes,
        now_ticks,
        ticks_per_second: procfs::ticks_per_second() as f64,
        cpu_count: cpu_count(&roots.proc),
        names_cut_at: Some(COMM_BYTES),
        problem: problem.or(no_uptime),
    })
}

fn pid(directory: &OsStr) -> Option<u32> {
    directory.to_str()?.parse().ok()
}

/// Reads a file of `/proc`, which the kernel returns as a whole in one read.
fn read<'a>(path: &Path, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
    let length = File::open(path)?.read(buffer)?;
    Ok(buffer.get(..length).unwrap_or_default())
}

fn unexpected_format() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "unexpected format")
}

/// Whether the process ended before or while it was read.
fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(Errno::SRCH.raw_os_error())
}

/// Parses `PID (name) state parent …`, with the fields of proc_pid_stat(5). The name may contain anything, even `) R 1 (` and
/// line breaks; no later field contains a parenthesis.
fn parse(pid: u32, stat: &[u8], page_bytes: u64) -> Option<Process> {
    let opened = stat.iter().position(|byte| *byte == b'(')?;
    let closed = stat.iter().rposition(|byte| *byte == b')')?;
    let name = stat.get(opened + 1..closed)?;
    let mut fields = stat.get(closed + 2..)?.split(|byte| *byte == b' ');
    let state = state(*fields.next()?.first()?);
    let mut number = |skipped: usize| str::from_utf8(fields.nth(skipped)?).ok()?.parse::<i64>().ok();
    let user_ticks = number(10)?; // field 14
    let system_ticks = number(0)?; // field 15
    let start_ticks = number(6)?; // field 22
    let resident_pages = number(1)?; // field 24
    Some(Process {
        pid,
        start_ticks: start_ticks.try_into().ok()?,
        cpu_ticks: u64::try_from(user_ticks).ok()?.checked_add(system_ticks.try_into().ok()?)?,
        resident_bytes: u64::try_from(resident_pages).unwrap_or(0).saturating_mul(page_bytes),
        state,
        name: name.into(),
    })
}

fn state(letter: u8) -> State {
    match letter {
        b'R' => State::Running,
        b'S' => State::Sleeping,
        b'D' => State::DiskSleep,
        b'T' | b't' => State::Stopped,
        b'Z' => State::Defunct,
        b'I' => State::Idle,
        _ => State::Other,
    }
}

/// The uptime in the ticks of `/proc/PID/stat`. It is read after the processes, so that none of them started later.
fn now_ticks(proc: &Path) -> Result<u64, String> {
    let path = proc.join("uptime");
    let text = fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let seconds: Option<f64> = text.split_whitespace().next().and_then(|word| word.parse().ok());
    match seconds {
        Some(seconds) if seconds >= 0.0 => Ok((seconds * procfs::ticks_per_second() as f64).round() as u64),
        _ => Err(format!("no uptime in {}: {:?}", path.display(), text.trim())),
    }
}

/// The number of online CPUs, or of the CPUs that this process may use in a container that hides the online CPUs.
fn cpu_count(proc: &Path) -> usize {
    let stat = fs::read(proc.join("stat")).unwrap_or_default();
    let is_cpu =
        |line: &&[u8]| line.strip_prefix(b"cpu").is_some_and(|rest| rest.first().is_some_and(u8::is_ascii_digit));
    match stat.split(|byte| *byte == b'\n').filter(is_cpu).count() {
        0 => thread::available_parallelism().map_or(1, usize::from),
        count => count,
    }
}

/// Reads details of single processes.
pub(crate) struct Processes<'a> {
    roots: &'a Roots,
    users: OnceCell<HashMap<u32, String>>,
}

impl<'a> Processes<'a> {
    pub(crate) fn below(roots: &'a Roots) -> Self {
        Self { roots, users: OnceCell::new() }
    }

    /// The name of a process, unless it has ended.
    pub(crate) fn name(&self, pid: u32) -> Option<String> {
        let comm = fs::read(self.roots.proc.join(pid.to_string()).join("comm")).ok()?;
        display_name(comm.strip_suffix(b"\n").unwrap_or(&comm))
    }

    /// The user that owns a process: the name in `/etc/passwd`, or else the number.
    pub(crate) fn owner(&self, pid: u32) -> Option<String> {
        let uid = fs::metadata(self.roots.proc.join(pid.to_string())).ok()?.uid();
        let users = self.users.get_or_init(|| users(&self.roots.etc));
        Some(users.get(&uid).cloned().unwrap_or_else(|| uid.to_string()))
    }
}

impl Details for Processes<'_> {
    fn owner(&self, pid: u32) -> Option<String> {
        self.owner(pid)
    }

    fn open_files(&self, pid: u32) -> Option<io::Result<u64>> {
        match count_entries(&self.roots.proc.join(pid.to_string()).join("fd")) {
            Err(error) if is_gone(&error) => Some(Ok(0)),
            counted => Some(counted),
        }
    }

    /// Reads `statm`, which counts every page. `stat` lacks the pages that each CPU has not reported yet: since Linux 6.2
    /// hundreds of kilobytes with two CPUs, and tens of megabytes with hundreds of CPUs.
    fn resident_bytes(&self, pid: u32) -> Option<u64> {
        let statm = fs::read_to_string(self.roots.proc.join(pid.to_string()).join("statm")).ok()?;
        statm.split_whitespace().nth(1)?.parse::<u64>().ok()?.checked_mul(procfs::page_size())
    }
}

fn count_entries(directory: &Path) -> io::Result<u64> {
    fs::read_dir(directory)?.try_fold(0, |count, entry| entry.map(|_| count + 1))
}

/// User names by number. Of two names with the same number the first counts, as in `ps`.
fn users(etc: &Path) -> HashMap<u32, String> {
    let passwd = fs::read(etc.join("passwd")).unwrap_or_default();
    let mut users = HashMap::new();
    for line in String::from_utf8_lossy(&passwd).lines() {
        let mut fields = line.split(':');
        if let (Some(name), Some(Ok(uid))) = (fields.next(), fields.nth(1).map(str::parse)) {
            users.entry(uid).or_insert_with(|| clean::bounded(name, NAME_CHARS));
        }
    }
    users
}
