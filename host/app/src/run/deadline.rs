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

/// Time for reading the configuration, which says how long a run may take. It may lie on a mount that hangs.
const READING: Duration = Duration::from_secs(60);

/// [`watch`] over the time before the configuration is known.
pub(crate) fn watch_reading(exit_code: u8, abandon: impl FnOnce(&str) + Send + 'static) -> Deadline {
    let line = format!("the configuration could not be read within {} s", READING.as_secs());
    watch_until(READING, line, Duration::ZERO, exit_code, abandon)
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
    let line = format!("the run did not end within {} s (timeout_seconds) and was abandoned", timeout.as_secs());
    watch_until(timeout, line, patience, exit_code, abandon)
}

fn watch_until(
    timeout: Duration,
    line: String,
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::process::Command;

    use super::*;

    const IS_HUNG: &str = "CHECKPOST_TEST_IS_HUNG";

    /// Runs this test once more, in a process that hangs.
    #[test]
    fn process_that_hangs_is_ended_with_its_line_and_exit_code() {
        if std::env::var_os(IS_HUNG).is_some() {
            let _deadline = watch_until(Duration::from_millis(10), "hung".to_owned(), Duration::ZERO, 42, |line| {
                println!("{line}");
            });
            thread::sleep(Duration::from_secs(600));
        }
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args(["process_that_hangs_is_ended", "--nocapture", "--test-threads", "1"]).env(IS_HUNG, "1");
        let output = again.output().unwrap();
        assert_eq!(output.status.code(), Some(42));
        assert!(String::from_utf8(output.stdout).unwrap().contains("hung"));
    }
}
