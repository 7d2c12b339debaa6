//! The deadline of a whole run: whatever hangs, the process ends and the next run finds the lock free.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// How long reporting an abandoned run may take, besides the ping of its heartbeat.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The watch over a run, until [`Deadline::end`].
pub(crate) struct Deadline {
    /// Whether the run is over, one way or the other.
    over: Arc<AtomicBool>,
    /// How long abandoning the run may take.
    last_words: Duration,
    exit_code: u8,
}

/// Ends the process with `exit_code` if the run is still at work after `timeout`, once `abandon` has reported that, which
/// may take `patience` and a second.
///
/// SQLite's one transaction makes this safe at any point: a cycle that is not committed does not exist.
pub(crate) fn watch(
    timeout: Duration,
    patience: Duration,
    exit_code: u8,
    abandon: impl FnOnce(&str) + Send + 'static,
) -> Deadline {
    let over = Arc::new(AtomicBool::new(false));
    let deadline = Deadline { over: Arc::clone(&over), last_words: patience + LAST_WORDS, exit_code };
    let last_words = deadline.last_words;
    let expire = move || {
        thread::sleep(timeout);
        if over.swap(true, Ordering::SeqCst) {
            return;
        }
        let line = format!("the run did not end within {} s (timeout_seconds) and was abandoned", timeout.as_secs());
        // Reporting may hang as well, on the very thing that the run hangs on.
        let _ = thread::Builder::new().spawn(move || {
            thread::sleep(last_words);
            std::process::exit(i32::from(exit_code));
        });
        abandon(&line);
        std::process::exit(i32::from(exit_code));
    };
    // Without a thread to spare there is no deadline; the run itself may still work.
    if let Err(error) = thread::Builder::new().name("deadline".to_owned()).spawn(expire) {
        tracing::warn!("cannot watch the deadline of this run: {error}");
    }
    deadline
}

impl Deadline {
    /// The run has ended in time. If it is being abandoned at this very moment, this waits for the end of the process.
    pub(crate) fn end(self) {
        if self.over.swap(true, Ordering::SeqCst) {
            thread::sleep(self.last_words);
            std::process::exit(i32::from(self.exit_code));
        }
    }
}
