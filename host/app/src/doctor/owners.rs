//! Owners and modes of everything that decides what runs, or that runs write: who else could change it.

use std::io;
use std::path::PathBuf;

use checkpost_files::{self as files, Problem, Writers};
use checkpost_model::check::ModuleSource;

use crate::config::Config;
use crate::cycle::discovered;

use super::finding::{About, Finding};

/// How many things that one problem concerns are named; the rest is counted.
const MAX_NAMED: usize = 5;

/// One finding for each directory or file that another user could change, with all that could be changed through it.
pub(super) fn examine(config: &Config, report: &mut dyn FnMut(Finding)) {
    let mut concerned: Vec<(Problem, Vec<String>)> = Vec::new();
    let mut is_unknown = false;
    for (what, path) in everything(config) {
        match files::problem(&path) {
            Ok(None) => {}
            Ok(Some(problem)) => match concerned.iter_mut().find(|(known, _)| *known == problem) {
                Some((_, what_else)) => what_else.push(what),
                None => concerned.push((problem, vec![what])),
            },
            // There is nothing to change in a directory that is a file; other findings say so.
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {}
            Err(error) => {
                is_unknown = true;
                report(About::Owners.warning(format!("cannot examine {what}, {}: {error}", path.display())));
            }
        }
    }
    if concerned.is_empty() && !is_unknown {
        report(About::Owners.ok("nobody else can change what runs"));
    }
    for (problem, what) in concerned {
        report(finding(&problem, &what));
    }
}

fn finding(problem: &Problem, what: &[String]) -> Finding {
    let more = what.len().saturating_sub(MAX_NAMED);
    let more = (more > 0).then(|| format!("{more} more"));
    let named = what.iter().take(MAX_NAMED).cloned().chain(more).collect::<Vec<_>>().join(", ");
    let path = problem.path.display();
    let remedy = match problem.writers {
        Writers::Owner(_) => format!("give {path} to root or to the user that runs checkpost"),
        Writers::Group => format!("chmod g-w {path}"),
        Writers::Everybody => format!("chmod o-w {path}"),
    };
    About::Owners.warning(format!("{problem}, who could change: {named}")).remedy(remedy)
}

/// What decides what runs, with the words for it.
fn everything(config: &Config) -> Vec<(String, PathBuf)> {
    let configuration = config.file.clone().unwrap_or_else(|| config.base_dir.clone());
    let mut all = vec![
        ("the configuration".to_owned(), configuration),
        (".env".to_owned(), config.base_dir.join(".env")),
        ("the lock file".to_owned(), config.pin_policy.file.clone()),
        ("the checks directory".to_owned(), config.checks_dir.value.clone()),
    ];
    // A directory that cannot be read is another finding.
    let found = discovered(config).map(|found| found.instances).unwrap_or_default();
    let instances = config.checks.iter().map(|check| &check.instance).chain(&found);
    all.extend(instances.filter_map(|instance| match &instance.module {
        ModuleSource::File(path) => Some((format!("the module of '{}'", instance.name), path.clone())),
        ModuleSource::Builtin(_) => None,
    }));
    let routes = config.routes.iter().filter_map(|configured| {
        Some((format!("the program of route '{}'", configured.route.name), configured.receiver.program()?))
    });
    all.extend(routes);
    all.push(("the cache".to_owned(), config.cache_dir.clone()));
    all.push(("the database".to_owned(), config.database.value.clone()));
    all.push(("the log".to_owned(), config.log.file.clone()));
    all.extend(std::env::current_exe().ok().map(|program| ("checkpost itself".to_owned(), program)));
    all
}
