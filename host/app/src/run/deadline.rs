//! The deadline of a whole run: whatever hangs, the process ends and the next run finds the lock free.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long reporting an abandoned run may take, besides the ping of its heartbeat.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// When the work under a deadline is abandoned, and what becomes of the process.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    /// When the work began.
    pub(crate) began: Instant,
    /// How long it may take.
    pub(crate) timeout: Duration,
    /// How long reporting that it was abandoned may take, besides a second.
    pub(crate) patience: Duration,
    /// The exit code of a process whose work was abandoned.
    pub(crate) exit_code: u8,
}

/// The watch over a run, until [`Deadline::end`].
#[must_use]
pub(crate) struct Deadline {
    /// Whether the run is over, one way or the other.
    over: Arc<AtomicBool>,
    terms: Terms,
}

/// Ends the process if the work is not over by its deadline, once `abandon` has reported that, or has had its time to.
///
/// SQLite's one transaction makes this safe at any point: a cycle that is not committed does not exist.
pub(crate) fn watch(terms: Terms, abandon: impl FnOnce() + Send + 'static) -> Deadline {
    let exit = move || std::process::exit(i32::from(terms.exit_code));
    watch_until(terms, abandon, exit)
}

/// [`watch`], with another end than that of the process.
fn watch_until(
    terms: Terms,
    abandon: impl FnOnce() + Send + 'static,
    exit: impl Fn() + Clone + Send + 'static,
) -> Deadline {
    let over = Arc::new(AtomicBool::new(false));
    let deadline = Deadline { over: Arc::clone(&over), terms };
    let expire = move || {
        thread::sleep(terms.timeout.saturating_sub(terms.began.elapsed()));
        if over.swap(true, Ordering::SeqCst) {
            return;
        }
        // Reporting may hang as well, on the very thing that the run hangs on.
        let end = exit.clone();
        let _ = thread::Builder::new().spawn(move || {
            thread::sleep(terms.last_words());
            end();
        });
        abandon();
        exit();
    };
    // Without a thread to spare there is no deadline; the run itself may still work.
    if let Err(error) = thread::Builder::new().name("deadline".to_owned()).spawn(expire) {
        tracing::warn!("cannot watch the deadline of this run: {error}");
    }
    deadline
}

impl Terms {
    fn last_words(&self) -> Duration {
        self.patience + LAST_WORDS
    }
}

impl Deadline {
    /// The run has ended in time. If it is being abandoned at this very moment, this waits for the end of the process.
    pub(crate) fn end(self) {
        if self.over.swap(true, Ordering::SeqCst) {
            thread::sleep(self.terms.last_words());
            std::process::exit(i32::from(self.terms.exit_code));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::mpsc::{RecvTimeoutError, channel};

    use super::*;

    const LONG: Duration = Duration::from_secs(3_600);

    fn terms(began: Instant, timeout: Duration) -> Terms {
        Terms { began, timeout, patience: LONG, exit_code: 1 }
    }

    /// Time has passed before the watch began, such as that of reading the configuration.
    #[test]
    fn work_that_began_too_long_ago_is_abandoned_and_then_ended() {
        let (events, received) = channel();
        let ends = events.clone();
        let second = Duration::from_secs(1);
        let deadline = watch_until(
            terms(Instant::now().checked_sub(second).unwrap(), second),
            move || events.send("abandoned").unwrap(),
            move || ends.send("ended").unwrap(),
        );
        assert_eq!([(); 2].map(|()| received.recv().unwrap()), ["abandoned", "ended"]);
        assert!(deadline.over.load(Ordering::SeqCst));
    }

    #[test]
    fn work_that_ends_in_time_is_not_abandoned() {
        let (events, received) = channel();
        let abandon = move || events.send(()).unwrap();
        watch_until(terms(Instant::now(), LONG), abandon, || {}).end();
        assert_eq!(received.recv_timeout(Duration::ZERO), Err(RecvTimeoutError::Timeout));
    }
}
