//! `checkpost check pack`: a component from a core module that was built with the SDK.

use std::fs;
use std::path::Path;

use crate::commands::{CommandError, DONE};
use crate::sandbox::component_from;

pub(in crate::commands) fn run(module: &Path, output: &Path) -> Result<u8, CommandError> {
    let file = |action, path: &Path| {
        let path = path.to_owned();
        move |source| CommandError::File { action, path, source }
    };
    let bytes = fs::read(module).map_err(file("read", module))?;
    let component = component_from(&bytes).map_err(|source| CommandError::Pack { path: module.to_owned(), source })?;
    fs::write(output, &component).map_err(file("write", output))?;
    Ok(DONE)
}
