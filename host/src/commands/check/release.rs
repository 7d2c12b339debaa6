//! `checkpost check release`: a module in quarantine may be compiled again.

use crate::cli::Global;
use crate::commands::{CommandError, DONE, context, print};
use crate::cycle;

pub(in crate::commands) fn run(global: &Global, digest: &str) -> Result<u8, CommandError> {
    let config = context::config(global, None)?;
    let file = |source| CommandError::File { action: "release from", path: config.cache_dir.clone(), source };
    match cycle::sandbox(&config, &cycle::Instances::none())?.release(digest).map_err(file)? {
        0 => Err(CommandError::NotInQuarantine(digest.to_owned())),
        released => {
            print(&format!("released {released}\n"))?;
            Ok(DONE)
        }
    }
}
