//! `checkpost config show`: prints the effective configuration as a file that can be loaded again.

use std::path::Path;

use crate::cli::Global;
use crate::commands::context;
use crate::commands::error::CommandError;
use crate::commands::exit_code::DONE;
use crate::commands::output::print;
use crate::config;

pub(in crate::commands) fn run(global: &Global, checks: Option<&Path>) -> Result<u8, CommandError> {
    let config = context::config(global, checks)?;
    print(&config::show(&config)?)?;
    Ok(DONE)
}
