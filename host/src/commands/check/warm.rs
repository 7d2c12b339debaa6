//! `checkpost check warm`: compiles every module that runs, so that the next run does not have to.

use std::collections::BTreeSet;
use std::path::Path;

use crate::cli::Global;
use crate::commands::{CommandError, DONE, FAILED, context, print};
use crate::sandbox::{Code, Prepared};
use crate::{cycle, logging};

pub(in crate::commands) fn run(global: &Global, checks: Option<&Path>) -> Result<u8, CommandError> {
    let mut config = context::config(global, checks)?;
    logging::start_on_stderr();
    // No cycle waits for it: a module may take here what a run has no time for.
    config.compile = config.compile.unhurried();
    let instances = cycle::Instances::of(&config);
    let sandbox = cycle::sandbox(&config, &instances)?;
    let prepared = instances.prepare(&sandbox)?;
    let mut seen = BTreeSet::new();
    let mut exit_code = DONE;
    for prepared in prepared.iter().filter(|prepared| seen.insert(prepared.instance.module.clone())) {
        let (is_warm, said) = outcome(prepared);
        if !is_warm {
            exit_code = FAILED;
        }
        print(&(crate::clean::owned(&format!("{}: {said}", prepared.instance.module)) + "\n"))?;
    }
    Ok(exit_code)
}

/// Whether the next run finds the module compiled, and what became of it.
fn outcome(prepared: &Prepared) -> (bool, String) {
    match prepared.ready.as_ref().map(|(module, _)| module.code) {
        Ok(Code::Cached) => (true, "already there".to_owned()),
        Ok(Code::Compiled) => (true, "compiled".to_owned()),
        Ok(Code::NotKept) => (false, "compiled, but the cache does not keep it".to_owned()),
        Err(failure) => (false, failure.to_string()),
    }
}
