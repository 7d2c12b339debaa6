//! `checkpost check release`: releases a module from quarantine, so that it is compiled again.

use checkpost_report::format::count;

use crate::cli::Global;
use crate::commands::context;
use crate::commands::error::CommandError;
use crate::commands::exit_code::DONE;
use crate::commands::output::print;
use crate::cycle::{self, Instances};

pub(in crate::commands) fn run(global: &Global, digest: &str) -> Result<u8, CommandError> {
    let config = context::config(global, None)?;
    let file = |source| CommandError::File { action: "release from", path: config.cache_dir.clone(), source };
    match cycle::sandbox(&config, &Instances::none())?.release(digest).map_err(file)? {
        0 => Err(CommandError::NotInQuarantine(digest.to_owned())),
        released => {
            print(&format!("released {}\n", count(released, "module")))?;
            Ok(DONE)
        }
    }
}
