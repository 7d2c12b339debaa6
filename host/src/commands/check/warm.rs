//! `checkpost check warm`: compiles every module that runs, so that the next run does not have to.

use std::collections::BTreeSet;
use std::path::Path;

use crate::check::ModuleSource;
use crate::cli::Global;
use crate::commands::{CommandError, DONE, FAILED, context, print};
use crate::config::Config;
use crate::sandbox::{Code, Module};
use crate::{cycle, logging};

pub(in crate::commands) fn run(global: &Global, checks: Option<&Path>) -> Result<u8, CommandError> {
    let config = context::config(global, checks)?;
    logging::start_on_stderr();
    let sandbox = cycle::sandbox(&config)?;
    let mut exit_code = DONE;
    for source in sources(&config)? {
        // As a run does it: with the lock, the quarantine and the limits.
        let said = match Module::load(&sandbox, &source) {
            Ok(Module { code: Code::Cached, .. }) => "already there".to_owned(),
            Ok(Module { code: Code::Compiled, .. }) => "compiled".to_owned(),
            Ok(Module { code: Code::NotKept, .. }) => {
                exit_code = FAILED;
                "compiled, but the cache does not keep it".to_owned()
            }
            Err(failure) => {
                exit_code = FAILED;
                failure.to_string()
            }
        };
        // At once: the next one may take a while.
        print(&(crate::clean::owned(&format!("{source}: {said}")) + "\n"))?;
    }
    Ok(exit_code)
}

/// The modules of all instances, each once: those that are enabled, then those of the checks directory.
fn sources(config: &Config) -> Result<Vec<ModuleSource>, CommandError> {
    let failed = |source| CommandError::File { action: "read", path: config.checks_dir.value.clone(), source };
    let found = cycle::discovered(config).map_err(failed)?;
    let configured = config.checks.iter().map(|check| check.instance.module.clone());
    let mut seen = BTreeSet::new();
    let mut sources: Vec<_> = configured.chain(found.into_iter().map(|instance| instance.module)).collect();
    sources.retain(|source| seen.insert(source.clone()));
    Ok(sources)
}
