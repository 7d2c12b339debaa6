//! `checkpost check`: lists, inspects, pins, compiles and packs modules.

pub(super) mod inspect;
pub(super) mod list;
pub(super) mod pack;
pub(super) mod pins;
pub(super) mod release;
pub(super) mod warm;

use checkpost_model::check::{Failure, ModuleSource};
use checkpost_sandbox::module_digest;

use crate::config::Config;

/// The present SHA-256 of a module, read within the size limit of a run.
fn digest_of(config: &Config, source: &ModuleSource) -> Result<String, Failure> {
    module_digest(source, config.allowance.limits.module_bytes)
}
