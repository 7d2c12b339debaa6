//! `checkpost completions`: a script with which a shell completes the command line.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;

use super::error::CommandError;
use super::exit_code::DONE;
use super::output::print;

pub(super) fn run(shell: Shell) -> Result<u8, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "checkpost", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(DONE)
}
