//! Sources that may hang, read beside the others: a wedged driver, a chip that does not answer.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::checkpost;
use crate::metric::Snapshot;
use crate::metric::catalog::Source;

/// A source that is being read in a thread of its own. One that does not answer is left behind until the process ends.
pub(super) struct Beside {
    source: Source,
    started: Instant,
    answer: Receiver<Snapshot>,
}

impl Beside {
    /// Begins to read. The snapshot tells the moment and the host.
    pub(super) fn start(
        source: Source,
        snapshot: &mut Snapshot,
        read: impl FnOnce(&mut Snapshot) + Send + 'static,
    ) -> Option<Self> {
        let (sender, answer) = mpsc::channel();
        let mut beside = snapshot.beside();
        let started = Instant::now();
        let read = move || {
            read(&mut beside);
            checkpost::push_duration(source, started.elapsed(), &mut beside);
            // Nobody listens any more once the deadline has passed.
            sender.send(beside).ok();
        };
        match thread::Builder::new().name(source.name().to_owned()).spawn(read) {
            Ok(_) => Some(Self { source, started, answer }),
            Err(error) => {
                snapshot.diagnose(source.name(), format!("cannot start a thread: {error}"));
                None
            }
        }
    }

    /// Adds what was read, if it is there `deadline` after the beginning.
    pub(super) fn finish(self, deadline: Duration, snapshot: &mut Snapshot) {
        match self.answer.recv_timeout(deadline.saturating_sub(self.started.elapsed())) {
            Ok(beside) => snapshot.absorb(beside),
            Err(RecvTimeoutError::Timeout) => {
                let message = format!("no answer within {} s (stuck)", deadline.as_secs_f64());
                snapshot.diagnose(self.source.name(), message);
                checkpost::push_duration(self.source, self.started.elapsed(), snapshot);
            }
            Err(RecvTimeoutError::Disconnected) => {
                snapshot.diagnose(self.source.name(), "reading it failed unexpectedly");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::metric::{Host, Labels};

    fn read(deadline: Duration, read: impl FnOnce(&mut Snapshot) + Send + 'static) -> Snapshot {
        let mut snapshot = Snapshot::new(jiff::Timestamp::UNIX_EPOCH, Host::example("boot-1"));
        let beside = Beside::start(Source::Gpu, &mut snapshot, read).unwrap();
        beside.finish(deadline, &mut snapshot);
        snapshot
    }

    fn has_duration(snapshot: &Snapshot) -> bool {
        snapshot.value("checkpost.collector.duration", &Labels::from([("checkpost.collector", "gpu")])).is_some()
    }

    #[test]
    fn what_is_read_in_time_is_there_with_what_it_took() {
        let snapshot = read(Duration::from_secs(60), |beside| beside.push("hw.gpu.power", Labels::none(), 1.0));
        assert_eq!(snapshot.value("hw.gpu.power", &Labels::none()), Some(1.0));
        assert!(has_duration(&snapshot) && snapshot.diagnostics.is_empty());
    }

    #[test]
    fn what_hangs_is_a_diagnostic_and_is_not_waited_for() {
        let (release, hang) = mpsc::channel::<()>();
        let snapshot = read(Duration::from_millis(50), move |beside| {
            hang.recv().ok();
            beside.push("hw.gpu.power", Labels::none(), 1.0);
        });
        assert_eq!(snapshot.diagnostics[0].message, "no answer within 0.05 s (stuck)");
        assert!(has_duration(&snapshot) && snapshot.samples.len() == 1);
        drop(release);
    }

    #[test]
    fn what_panics_is_a_diagnostic() {
        let snapshot = read(Duration::from_secs(60), |_| panic!("on purpose"));
        assert_eq!(snapshot.diagnostics[0].message, "reading it failed unexpectedly");
    }
}
