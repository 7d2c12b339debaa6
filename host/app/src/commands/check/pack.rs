//! `checkpost check pack`: turns a core module that was built with the SDK into a component.

use std::fs;
use std::path::Path;

use checkpost_model::check::{Failure, Limits};
use checkpost_sandbox::{CompileLimits, pack};

use crate::commands::error::CommandError;
use crate::commands::exit_code::DONE;

pub(in crate::commands) fn run(module: &Path, output: &Path) -> Result<u8, CommandError> {
    let file = |action, path: &Path, source| CommandError::File { action, path: path.to_owned(), source };
    let read = checkpost_files::read(module, Limits::CEILING.module_bytes);
    let bytes = read.map_err(|error| file("read", module, error.into()))?;
    let failed = |failure: Failure| CommandError::Pack { path: module.to_owned(), detail: failure.detail };
    let component = pack(&bytes, &CompileLimits::default().relaxed()).map_err(failed)?;
    fs::write(output, &component).map_err(|error| file("write", output, error))?;
    Ok(DONE)
}
