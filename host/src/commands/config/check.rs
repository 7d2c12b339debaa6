//! `checkpost config check`: all that a run does with the configuration before it measures, and what the routes need
//! that only a message would find out.

use std::path::Path;

use crate::cli::Global;
use crate::commands::{CommandError, DONE, context, print};
use crate::config::Config;
use crate::deliver::Way;
use crate::report::format::count;
use crate::sandbox::Prepared;
use crate::{clean, cycle, logging};

pub(in crate::commands) fn run(global: &Global, checks: Option<&Path>) -> Result<u8, CommandError> {
    let config = context::config(global, checks)?;
    logging::start_on_stderr();
    let instances = cycle::Instances::of(&config);
    let modules = instances.modules();
    let sandbox = cycle::sandbox(&config, &instances)?;
    let prepared = instances.prepare(&sandbox)?;
    config.routes.iter().try_for_each(routed)?;
    print(&(clean::owned(&outcome(&config, modules, &prepared)) + "\n"))?;
    Ok(DONE)
}

/// What is wrong with a route: secrets, files and programs that are not there, templates that fail. Nothing is sent.
fn routed(way: &Way) -> Result<(), CommandError> {
    match way.outlet.check() {
        problems if problems.is_empty() => Ok(()),
        problems => Err(CommandError::Route { route: way.route.name.clone(), problems: problems.join("; ") }),
    }
}

/// `/etc/checkpost/checkpost.toml: ok: 5 checks of 4 modules, 2 routes`. A check that cannot judge is no mistake in the
/// configuration, and does not stop a run; it is worth a look all the same.
fn outcome(config: &Config, modules: usize, prepared: &[Prepared]) -> String {
    let file = config.file.as_ref().map_or("no file".to_owned(), |file| file.display().to_string());
    let checks = count(prepared.len(), "check");
    let modules = count(modules, "module");
    let routes = count(config.routes.len(), "route");
    let failed = prepared.iter().filter(|check| check.ready.is_err()).map(|check| check.instance.name.as_str());
    match &failed.collect::<Vec<_>>()[..] {
        [] => format!("{file}: ok: {checks} of {modules}, {routes}"),
        failed => format!(
            "{file}: ok: {checks} of {modules}, {routes}; cannot judge: {} (see `checkpost check list`)",
            failed.join(", ")
        ),
    }
}
