//! `checkpost check pack`: turns a core module that was built with the SDK into a component.

use std::fs;
use std::path::Path;

use checkpost_model::check::Failure;
use checkpost_sandbox::{CompileLimits, pack};

use crate::commands::error::CommandError;
use crate::commands::exit_code::DONE;

pub(in crate::commands) fn run(module: &Path, output: &Path) -> Result<u8, CommandError> {
    let file = |action, path: &Path| {
        let path = path.to_owned();
        move |source| CommandError::File { action, path, source }
    };
    let bytes = fs::read(module).map_err(file("read", module))?;
    let failed = |failure: Failure| CommandError::Pack { path: module.to_owned(), detail: failure.detail };
    let component = pack(&bytes, &CompileLimits::default().relaxed()).map_err(failed)?;
    fs::write(output, &component).map_err(file("write", output))?;
    Ok(DONE)
}
