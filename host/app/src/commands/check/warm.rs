//! `checkpost check warm`: compiles every module that runs, so that the next run does not have to.

use std::collections::BTreeSet;
use std::path::Path;

use checkpost_model::clean;
use checkpost_sandbox::{Code, Prepared};

use crate::cli::Global;
use crate::commands::context;
use crate::commands::error::CommandError;
use crate::commands::exit_code::{DONE, FAILED};
use crate::commands::output::print;
use crate::cycle::{self, Instances};
use crate::logging;

pub(in crate::commands) fn run(global: &Global, checks: Option<&Path>) -> Result<u8, CommandError> {
    let mut config = context::config(global, checks)?;
    logging::start_on_stderr();
    // No cycle waits for this command, so a module may take more time than in a run.
    config.compile = config.compile.relaxed();
    let instances = Instances::of(&config);
    let sandbox = cycle::sandbox(&config, &instances)?;
    let prepared = instances.prepare(&sandbox)?;
    let mut seen = BTreeSet::new();
    let mut exit_code = DONE;
    for prepared in prepared.iter().filter(|prepared| seen.insert(prepared.instance.module.clone())) {
        let (is_warm, text) = outcome(prepared);
        if !is_warm {
            exit_code = FAILED;
        }
        print(&(clean::owned(&format!("{}: {text}", prepared.instance.module)) + "\n"))?;
    }
    Ok(exit_code)
}

/// Whether the next run finds the module in the cache, and the outcome in words.
fn outcome(prepared: &Prepared) -> (bool, String) {
    match prepared.ready.as_ref().map(|(module, _)| module.code) {
        Ok(Code::Cached) => (true, "already cached".to_owned()),
        Ok(Code::Compiled) => (true, "compiled".to_owned()),
        Ok(Code::Uncached) => (false, "compiled, but not cached".to_owned()),
        Err(failure) => (false, failure.to_string()),
    }
}
