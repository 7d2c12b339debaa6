//! `checkpost check lock`: pins every module file to its present digest.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use checkpost_model::check::{Change, CheckInstance, Failure, ModuleSource, Pins};
use checkpost_model::{clean, digest};
use checkpost_report::format::count;
use checkpost_sandbox::{Digests, Found, LeftOut};

use crate::cli::Global;
use crate::commands::context;
use crate::commands::error::CommandError;
use crate::commands::exit_code::{DONE, FAILED};
use crate::commands::output::print;
use crate::config::{Config, pin_path, render_pins, write_pins};
use crate::cycle::discovered;

/// Writes the pins of the present files, or with `only_check` reports what would change.
pub(in crate::commands) fn run(global: &Global, checks: Option<&Path>, only_check: bool) -> Result<u8, CommandError> {
    let config = context::config(global, checks)?;
    let pinned = pin_files(&config)?;
    let policy = &config.pin_policy;
    let is_up_to_date = policy.pins.as_ref() == Some(&pinned.pins);
    if !only_check {
        write(&policy.file, &render_pins(&pinned.pins, &config.base_dir))?;
    }
    let state = match (is_up_to_date, only_check) {
        (true, _) => "up to date",
        (false, false) => "written",
        (false, true) => "not up to date: run `checkpost check lock`",
    };
    let modules = count(pinned.pins.iter().count(), "module");
    let summary = format!("{}: {modules} pinned, {state}", policy.file.display());
    let lines = changes(&config, &pinned.pins).into_iter().chain(pinned.remarks).chain([summary]);
    print(&lines.map(|line| clean::owned(&line) + "\n").collect::<String>())?;
    Ok(if pinned.has_failed || (only_check && !is_up_to_date) { FAILED } else { DONE })
}

/// The pins of the present files.
struct Pinned {
    pins: Pins,
    /// One line for each file that could not be pinned.
    remarks: Vec<String>,
    /// Whether a file exists and could not be pinned.
    has_failed: bool,
}

fn pin_files(config: &Config) -> Result<Pinned, CommandError> {
    let mut pinned = Pinned { pins: Pins::default(), remarks: Vec::new(), has_failed: false };
    let ModuleFiles { files, refused, left_out } = module_files(config)?;
    let old = config.pin_policy.pins.clone().unwrap_or_default();
    let mut digests = Digests::default();
    for path in files {
        if fs::exists(&path).is_ok_and(|exists| !exists) {
            pinned.remarks.push(format!("not found {}", pin_path(&path.to_string_lossy(), &config.base_dir)));
            continue;
        }
        let source = ModuleSource::File(path.clone());
        let problem = match digests.of(&source, config.allowance.limits.module_bytes) {
            Ok(digest) if pinned.pins.insert(&path, &digest) => continue,
            Ok(_) => "the path is not UTF-8: rename it".to_owned(),
            Err(failure) => failure.to_string(),
        };
        pinned.has_failed = true;
        pinned.remarks.push(format!("cannot pin {source}: {problem}"));
        // An unreadable file keeps its old pin, because it may be readable again in the next run.
        if let Some(digest) = old.get(&path) {
            let _ = pinned.pins.insert(&path, digest);
        }
    }
    for (instance, failure) in refused {
        pinned.has_failed = true;
        pinned.remarks.push(format!("cannot pin {}: {failure}", instance.module));
    }
    if let Some(left_out) = left_out {
        pinned.has_failed = true;
        let files = count(left_out.count, "module file");
        let limit = config.max_modules;
        pinned.remarks.push(format!("left out {files}, more than {limit}: remove files, or raise max_modules"));
        // Which of the other pinned files still exist is not known.
        for (path, digest) in old.iter().filter(|(path, _)| Path::new(path).starts_with(&config.checks_dir.value)) {
            if pinned.pins.get(Path::new(path)).is_none() {
                let _ = pinned.pins.insert(Path::new(path), digest);
            }
        }
    }
    Ok(pinned)
}

/// The module files of a configuration.
struct ModuleFiles {
    /// Those of the `[[check]]` entries, disabled ones included, and every other module in the checks directory.
    files: Vec<PathBuf>,
    /// Those in the checks directory that never run.
    refused: Vec<(CheckInstance, Failure)>,
    /// Those that are too many.
    left_out: Option<LeftOut>,
}

fn module_files(config: &Config) -> Result<ModuleFiles, CommandError> {
    let directory = &config.checks_dir.value;
    // An error, because without the files in the directory all of their pins would be removed.
    let Found { instances, refused, left_out } =
        discovered(config).map_err(|source| CommandError::File { action: "read", path: directory.clone(), source })?;
    let found = instances.into_iter().filter_map(|instance| match instance.module {
        ModuleSource::File(path) => Some(path),
        ModuleSource::Builtin(_) => None,
    });
    Ok(ModuleFiles { files: config.claimed_modules.iter().cloned().chain(found).collect(), refused, left_out })
}

/// One line for each pin that changes, and one for the number of the others.
fn changes(config: &Config, pins: &Pins) -> Vec<String> {
    let none = Pins::default();
    let changes = config.pin_policy.pins.as_ref().unwrap_or(&none).changes(pins);
    let unchanged = pins.iter().count() - changes.iter().filter(|change| change.to.is_some()).count();
    let line = |change: &Change<'_>| {
        let path = pin_path(change.path, &config.base_dir);
        match (change.from.map(digest::short), change.to.map(digest::short)) {
            (None, Some(to)) => format!("added {path} {to}"),
            (Some(from), None) => format!("removed {path} {from}"),
            (from, to) => format!("changed {path} {} -> {}", from.unwrap_or_default(), to.unwrap_or_default()),
        }
    };
    changes.iter().map(line).chain([format!("unchanged {unchanged}")]).collect()
}

/// Writes a file unless it already has this text.
fn write(file: &Path, text: &str) -> Result<(), CommandError> {
    if checkpost_files::read(file, text.len() as u64).is_ok_and(|bytes| bytes == text.as_bytes()) {
        return Ok(());
    }
    let failed = |source: io::Error| CommandError::File { action: "write", path: file.to_owned(), source };
    write_pins(file, text).map_err(failed)
}
