//! Each transport against the real thing: servers, programs, certificates.

mod http;

use std::time::{Duration, Instant};

/// Long enough for everything that does not hang.
fn in_time() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// Soon, for what hangs.
fn soon() -> Instant {
    Instant::now() + Duration::from_millis(700)
}
