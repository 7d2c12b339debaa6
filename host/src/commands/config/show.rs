//! `checkpost config show`: the configuration as it holds, as a file that could be loaded again.

use std::path::Path;

use crate::cli::Global;
use crate::commands::{CommandError, DONE, context, print};
use crate::config;

pub(in crate::commands) fn run(global: &Global, checks: Option<&Path>) -> Result<u8, CommandError> {
    let config = context::config(global, checks)?;
    print(&config::show(&config)?)?;
    Ok(DONE)
}
