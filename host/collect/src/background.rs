//! Background reads of sources that may hang: a wedged driver, a chip that does not answer.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use checkpost_model::metric::Snapshot;
use checkpost_model::metric::catalog::Source;

use crate::checkpost;

/// A source that is read in a thread of its own. A thread that does not answer is abandoned until the process ends.
pub(super) struct BackgroundRead {
    source: Source,
    started: Instant,
    result: Receiver<Snapshot>,
}

impl BackgroundRead {
    /// Starts to read. The time and the host are those of `snapshot`.
    pub(super) fn start(
        source: Source,
        snapshot: &mut Snapshot,
        read: impl FnOnce(&mut Snapshot) + Send + 'static,
    ) -> Option<Self> {
        let (sender, result) = mpsc::channel();
        let mut copy = snapshot.empty_copy();
        let started = Instant::now();
        let read = move || {
            read(&mut copy);
            checkpost::push_duration(source, started.elapsed(), &mut copy);
            // The receiver is gone once the deadline has passed.
            sender.send(copy).ok();
        };
        match thread::Builder::new().name(source.name().to_owned()).spawn(read) {
            Ok(_) => Some(Self { source, started, result }),
            Err(error) => {
                snapshot.diagnose(source.name(), format!("cannot start a thread: {error}"));
                None
            }
        }
    }

    /// Adds the readings if they arrive within `deadline` after the start.
    pub(super) fn finish(self, deadline: Duration, snapshot: &mut Snapshot) {
        match self.result.recv_timeout(deadline.saturating_sub(self.started.elapsed())) {
            Ok(readings) => snapshot.absorb(readings),
            Err(RecvTimeoutError::Timeout) => {
                let message = format!("no answer within {} s (stuck)", deadline.as_secs_f64());
                snapshot.diagnose(self.source.name(), message);
                checkpost::push_duration(self.source, self.started.elapsed(), snapshot);
            }
            Err(RecvTimeoutError::Disconnected) => {
                snapshot.diagnose(self.source.name(), "reading failed unexpectedly");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use checkpost_model::metric::{Host, Labels};

    use super::*;

    fn read(deadline: Duration, read: impl FnOnce(&mut Snapshot) + Send + 'static) -> Snapshot {
        let mut snapshot = Snapshot::new(jiff::Timestamp::UNIX_EPOCH, Host::example("boot-1"));
        let background = BackgroundRead::start(Source::Gpu, &mut snapshot, read).unwrap();
        background.finish(deadline, &mut snapshot);
        snapshot
    }

    fn has_duration(snapshot: &Snapshot) -> bool {
        snapshot.value("checkpost.collector.duration", &Labels::from([("checkpost.collector", "gpu")])).is_some()
    }

    #[test]
    fn source_that_answers_in_time_has_readings_and_a_duration() {
        let snapshot = read(Duration::from_secs(60), |snapshot| snapshot.push("hw.gpu.power", Labels::none(), 1.0));
        assert_eq!(snapshot.value("hw.gpu.power", &Labels::none()), Some(1.0));
        assert!(has_duration(&snapshot) && snapshot.diagnostics.is_empty());
    }

    #[test]
    fn source_that_hangs_is_a_diagnostic_after_the_deadline() {
        let (release, hang) = mpsc::channel::<()>();
        let snapshot = read(Duration::from_millis(50), move |snapshot| {
            hang.recv().ok();
            snapshot.push("hw.gpu.power", Labels::none(), 1.0);
        });
        assert_eq!(snapshot.diagnostics[0].message, "no answer within 0.05 s (stuck)");
        assert!(has_duration(&snapshot) && snapshot.samples.len() == 1);
        drop(release);
    }

    #[test]
    fn source_that_panics_is_a_diagnostic() {
        let snapshot = read(Duration::from_secs(60), |_| panic!("on purpose"));
        assert_eq!(snapshot.diagnostics[0].message, "reading failed unexpectedly");
    }
}
