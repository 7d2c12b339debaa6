//! CPU time of every process at one moment, in a form small enough to store from one cycle to the next.

use serde::{Deserialize, Serialize};

/// The first byte of [`ProcessTimes::to_bytes`]. Another layout gets another number.
const VERSION: u8 = 1;
/// PID, start and CPU time.
const RECORD_BYTES: usize = 4 + 8 + 8;

/// The CPU time of one process. PIDs are reused, so that PID and start together identify a process.
///
/// In JSON a list: `[pid, start_ticks, cpu_ticks]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u32, u64, u64)", into = "(u32, u64, u64)")]
pub struct ProcessTime {
    /// Process id.
    pub pid: u32,
    /// Start, in ticks of the clock that the system reports starts in: on Linux kernel ticks since boot.
    pub start_ticks: u64,
    /// CPU time used, user and system together, in ticks of the same length.
    pub cpu_ticks: u64,
}

impl From<(u32, u64, u64)> for ProcessTime {
    fn from((pid, start_ticks, cpu_ticks): (u32, u64, u64)) -> Self {
        Self { pid, start_ticks, cpu_ticks }
    }
}

impl From<ProcessTime> for (u32, u64, u64) {
    fn from(time: ProcessTime) -> Self {
        (time.pid, time.start_ticks, time.cpu_ticks)
    }
}

/// [`ProcessTime`] of every process, sorted by PID, each PID once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<ProcessTime>")]
pub struct ProcessTimes(pub Vec<ProcessTime>);

impl From<Vec<ProcessTime>> for ProcessTimes {
    fn from(times: Vec<ProcessTime>) -> Self {
        Self::new(times)
    }
}

impl ProcessTimes {
    /// Sorts by PID. Of two processes with the same PID, the one that started later stays.
    pub fn new(mut times: Vec<ProcessTime>) -> Self {
        times.sort_unstable_by_key(|time| (time.pid, std::cmp::Reverse(time.start_ticks)));
        times.dedup_by_key(|time| time.pid);
        Self(times)
    }

    /// CPU time that this process had used, if it existed.
    pub fn cpu_ticks(&self, pid: u32, start_ticks: u64) -> Option<u64> {
        let index = self.0.binary_search_by_key(&pid, |time| time.pid).ok()?;
        self.0.get(index).filter(|time| time.start_ticks == start_ticks).map(|time| time.cpu_ticks)
    }

    /// A version byte, then 20 bytes per process, little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(1 + self.0.len() * RECORD_BYTES);
        bytes.push(VERSION);
        for time in &self.0 {
            bytes.extend_from_slice(&time.pid.to_le_bytes());
            bytes.extend_from_slice(&time.start_ticks.to_le_bytes());
            bytes.extend_from_slice(&time.cpu_ticks.to_le_bytes());
        }
        bytes
    }

    /// The inverse of [`ProcessTimes::to_bytes`]; `None` for bytes that it cannot have written.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&VERSION, records) = bytes.split_first()? else { return None };
        let (records, []) = records.as_chunks::<RECORD_BYTES>() else { return None };
        let times = records.iter().map(record).collect::<Option<Vec<_>>>()?;
        times.is_sorted_by(|a, b| a.pid < b.pid).then_some(Self(times))
    }
}

fn record(bytes: &[u8; RECORD_BYTES]) -> Option<ProcessTime> {
    let (pid, rest) = bytes.split_first_chunk()?;
    let (start_ticks, rest) = rest.split_first_chunk()?;
    Some(ProcessTime {
        pid: u32::from_le_bytes(*pid),
        start_ticks: u64::from_le_bytes(*start_ticks),
        cpu_ticks: u64::from_le_bytes(*rest.first_chunk()?),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;
    use crate::json::assert_round_trip;

    fn time(pid: u32, start_ticks: u64, cpu_ticks: u64) -> ProcessTime {
        ProcessTime { pid, start_ticks, cpu_ticks }
    }

    #[test]
    fn process_is_identified_by_pid_and_start() {
        let times = ProcessTimes::new(vec![time(7, 100, 5), time(1, 2, 900)]);
        assert_eq!(times.cpu_ticks(1, 2), Some(900));
        assert_eq!(times.cpu_ticks(7, 100), Some(5));
        assert_eq!(times.cpu_ticks(7, 101), None);
        assert_eq!(times.cpu_ticks(2, 2), None);
    }

    #[test]
    fn pid_that_occurs_twice_is_the_later_process() {
        let times = ProcessTimes::new(vec![time(7, 100, 5), time(7, 300, 6), time(7, 200, 7)]);
        assert_eq!(times.0, [time(7, 300, 6)]);
    }

    #[test]
    fn layout_of_the_bytes_does_not_change() {
        let bytes = ProcessTimes::new(vec![time(0x0102, 3, 4)]).to_bytes();
        assert_eq!(bytes, [1, 2, 1, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(ProcessTimes::default().to_bytes(), [1]);
    }

    #[test]
    fn bytes_that_were_not_written_are_refused() {
        let good = ProcessTimes::new(vec![time(1, 1, 1), time(2, 2, 2)]).to_bytes();
        assert!(ProcessTimes::from_bytes(&good).is_some());
        assert_eq!(ProcessTimes::from_bytes(&[]), None);
        assert_eq!(ProcessTimes::from_bytes(&good[..good.len() - 1]), None, "cut off");
        assert_eq!(ProcessTimes::from_bytes(&[&good[..], &[0]].concat()), None, "too long");
        assert_eq!(ProcessTimes::from_bytes(&[&[2], &good[1..]].concat()), None, "another version");
        assert_eq!(ProcessTimes::from_bytes(&[&[1], &good[21..], &good[1..21]].concat()), None, "unsorted");
        assert_eq!(ProcessTimes::from_bytes(&[&[1], &good[1..21], &good[1..21]].concat()), None, "twice");
    }

    #[test]
    fn process_times_are_lists_of_numbers_in_json() {
        let times = ProcessTimes::new(vec![time(7, 100, 5)]);
        assert_eq!(serde_json::to_string(&times).unwrap(), "[[7,100,5]]");
        // A list from outside need not be sorted.
        let read: ProcessTimes = serde_json::from_str("[[9,1,1],[7,100,5]]").unwrap();
        assert_eq!(read.0, [time(7, 100, 5), time(9, 1, 1)]);
    }

    proptest! {
        #[test]
        fn times_survive_bytes_and_json(times in prop::collection::vec(any::<(u32, u64, u64)>(), 0..50)) {
            let times = ProcessTimes::new(times.into_iter().map(|(pid, start, cpu)| time(pid, start, cpu)).collect());
            assert_round_trip(&times);
            prop_assert_eq!(ProcessTimes::from_bytes(&times.to_bytes()), Some(times));
        }

        #[test]
        fn bytes_that_are_read_are_written_the_same(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            if let Some(times) = ProcessTimes::from_bytes(&bytes) {
                prop_assert_eq!(times.to_bytes(), bytes);
            }
        }
    }
}
