//! The deadline of a whole run: whatever hangs, the process ends and the next run finds the lock free.

use std::thread;
use std::time::Duration;

/// How long telling of it may take.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Ends the process with `code` when it still runs after `timeout`, after `give_up` has told whom it may concern.
///
/// SQLite's one transaction makes that safe at any point: what is not committed is not there.
pub(super) fn watch(timeout: Duration, code: u8, give_up: impl FnOnce(&str) + Send + 'static) {
    let expire = move || {
        thread::sleep(timeout);
        let line = format!("the run did not end within {} s (timeout_seconds) and was given up", timeout.as_secs());
        // Telling may hang as well, on the very thing that the run hangs on.
        let _ = thread::Builder::new().spawn(move || {
            thread::sleep(LAST_WORDS);
            std::process::exit(i32::from(code));
        });
        give_up(&line);
        std::process::exit(i32::from(code));
    };
    // Without a thread to spare there is no deadline; the run itself may still work.
    if let Err(error) = thread::Builder::new().name("deadline".to_owned()).spawn(expire) {
        tracing::warn!("cannot watch the deadline of this run: {error}");
    }
}
