//! `checkpost config check`: reads the configuration and prepares the checks as a run would, and examines the routes, whose
//! mistakes would otherwise show with the first message.

use std::path::Path;
use std::time::Instant;

use checkpost_model::clean;
use checkpost_report::format::count;
use checkpost_sandbox::Prepared;

use crate::cli::Global;
use crate::commands::context;
use crate::commands::error::CommandError;
use crate::commands::exit_code::DONE;
use crate::commands::output::print;
use crate::config::{Config, ConfiguredRoute};
use crate::cycle::{self, Instances};
use crate::logging;

pub(in crate::commands) fn run(global: &Global, checks: Option<&Path>) -> Result<u8, CommandError> {
    let config = context::config(global, checks)?;
    logging::start_on_stderr();
    let instances = Instances::of(&config);
    let modules = instances.modules();
    let mut sandbox = cycle::sandbox(&config, &instances)?;
    sandbox.set_deadline(cycle::loading_ends(Instant::now(), config.timeout));
    let prepared = instances.prepare_strictly(&sandbox)?;
    config.routes.iter().try_for_each(check_route)?;
    print(&(clean::owned(&outcome(&config, modules, &prepared)) + "\n"))?;
    Ok(DONE)
}

/// Checks a route for missing secrets, files and programs, and for templates that fail. Sends nothing.
fn check_route(configured: &ConfiguredRoute) -> Result<(), CommandError> {
    match configured.receiver.check() {
        problems if problems.is_empty() => Ok(()),
        problems => Err(CommandError::Route { route: configured.route.name.clone(), problems: problems.join("; ") }),
    }
}

/// `/etc/checkpost/checkpost.toml: ok: 5 checks of 4 modules, 2 routes`. A check that cannot judge is no mistake in the
/// configuration and does not stop a run, but it is named.
fn outcome(config: &Config, modules: usize, prepared: &[Prepared]) -> String {
    let file = config.file.as_ref().map_or("no configuration file".to_owned(), |file| file.display().to_string());
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
