//! Checks in other languages than Rust, all of which do the same: see `tests/foreign-guests.sh`.

use std::path::Path;
use std::sync::LazyLock;

use super::{Site, root};

pub const FOREIGN_GUESTS: [&str; 5] = ["python", "javascript", "c", "c-stdio", "go"];

/// A cache with all of them, compiled by the real program: a sandbox compiles in a child of its own program, and the test
/// program is not checkpost. It is kept, because compiling takes half a minute.
pub fn foreign_cache() -> &'static Path {
    static CACHE: LazyLock<std::path::PathBuf> = LazyLock::new(|| {
        let cache = root().join("target/guests/compiled");
        let site = Site::with_config(&format!("cache_dir = {cache:?}\n"));
        for guest in FOREIGN_GUESTS {
            site.drop_guest(guest, guest);
        }
        site.execute(&["check", "warm"], 0);
        cache
    });
    &CACHE
}
