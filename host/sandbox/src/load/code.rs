//! Where the machine code of a module came from.

use serde::Serialize;

/// Origin of a module's machine code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The cache of compiled modules.
    Cached,
    /// The compiler, in this run; the next run finds the code in the cache.
    Compiled,
    /// The compiler, in this run; the code could not be cached.
    #[serde(rename = "not_kept")]
    Uncached,
}
