//! The deadline of a whole run: whatever hangs, the process ends and the next run finds the lock free.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// How long telling of it may take, beside what is told over the network.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Holds until it is told that the run is over.
pub(super) struct Deadline {
    /// Whether the run is over, one way or the other.
    over: Arc<AtomicBool>,
    /// How long giving up may take.
    last_words: Duration,
    code: u8,
}

/// Ends the process with `code` when it still runs after `timeout`, after `give_up` has told whom it may concern, which
/// may take `patience` and a second.
///
/// SQLite's one transaction makes that safe at any point: what is not committed is not there.
pub(super) fn watch(
    timeout: Duration,
    patience: Duration,
    code: u8,
    give_up: impl FnOnce(&str) + Send + 'static,
) -> Deadline {
    let over = Arc::new(AtomicBool::new(false));
    let deadline = Deadline { over: Arc::clone(&over), last_words: patience + LAST_WORDS, code };
    let last_words = deadline.last_words;
    let expire = move || {
        thread::sleep(timeout);
        if over.swap(true, Ordering::SeqCst) {
            return;
        }
        let line = format!("the run did not end within {} s (timeout_seconds) and was given up", timeout.as_secs());
        // Telling may hang as well, on the very thing that the run hangs on.
        let _ = thread::Builder::new().spawn(move || {
            thread::sleep(last_words);
            std::process::exit(i32::from(code));
        });
        give_up(&line);
        std::process::exit(i32::from(code));
    };
    // Without a thread to spare there is no deadline; the run itself may still work.
    if let Err(error) = thread::Builder::new().name("deadline".to_owned()).spawn(expire) {
        tracing::warn!("cannot watch the deadline of this run: {error}");
    }
    deadline
}

impl Deadline {
    /// The run has ended in time. When it is being given up at this very moment, that is what becomes of it.
    pub(super) fn end(self) {
        if self.over.swap(true, Ordering::SeqCst) {
            thread::sleep(self.last_words);
            std::process::exit(i32::from(self.code));
        }
    }
}
