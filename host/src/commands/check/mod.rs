//! `checkpost check`: looking at modules and instances, and looking after them.

pub(super) mod inspect;
pub(super) mod list;
pub(super) mod lock;
pub(super) mod pack;
pub(super) mod release;
pub(super) mod warm;

use crate::check::{Failure, ModuleSource};
use crate::config::Config;
use crate::sandbox::module_digest;

/// The SHA-256 that a module has now, read within the bounds of a run.
fn digest_of(config: &Config, source: &ModuleSource) -> Result<String, Failure> {
    module_digest(source, config.allowance.limits.module_bytes)
}
