//! `checkpost check lock`: pins every module file to the bytes that it has now.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::check::{Change, ModuleSource, Pins};
use crate::cli::Global;
use crate::commands::{CommandError, DONE, FAILED, context, print};
use crate::config::{Config, lock_path, render_lock, write_lock};
use crate::cycle::discovered;
use crate::digest;
use crate::report::format::count;

use super::digest_of;

/// Pins what is there now, or with `only_check` says what would change.
pub(in crate::commands) fn run(global: &Global, checks: Option<&Path>, only_check: bool) -> Result<u8, CommandError> {
    let config = context::config(global, checks)?;
    let now = pins_now(&config)?;
    let lines: Vec<String> = changes(&config, &now.pins).into_iter().chain(now.remarks).collect();
    let text = render_lock(&now.pins, &config.base_dir);
    let up_to_date = config.lock.pins.as_ref() == Some(&now.pins);
    if !only_check {
        write(&config.lock.file, &text)?;
    }
    let pinned = count(now.pins.iter().count(), "module");
    let verb = match (up_to_date, only_check) {
        (true, _) => "is up to date",
        (false, false) => "written",
        (false, true) => "is not up to date: `checkpost check lock` writes it",
    };
    let summary = format!("{}: {pinned} pinned, {verb}", config.lock.file.display());
    print(&lines.into_iter().chain([summary]).map(|line| clean_line(&line)).collect::<String>())?;
    Ok(if now.failed || (only_check && !up_to_date) { FAILED } else { DONE })
}

/// The pins that the files of now make.
struct Now {
    pins: Pins,
    /// What is to be said of files that could not be pinned.
    remarks: Vec<String>,
    /// Whether a file that is there could not be pinned.
    failed: bool,
}

fn pins_now(config: &Config) -> Result<Now, CommandError> {
    let mut now = Now { pins: Pins::default(), remarks: Vec::new(), failed: false };
    for path in module_files(config)? {
        if fs::exists(&path).is_ok_and(|exists| !exists) {
            now.remarks.push(format!("not found {}", shown(config, &path.to_string_lossy())));
            continue;
        }
        let source = ModuleSource::File(path.clone());
        let why = match digest_of(config, &source) {
            Ok(digest) if now.pins.insert(&path, &digest) => continue,
            Ok(_) => "its path is not UTF-8: rename it".to_owned(),
            Err(failure) => failure.to_string(),
        };
        now.failed = true;
        now.remarks.push(format!("cannot pin {source}: {why}"));
        // What is not known now is no reason to forget what was.
        if let Some(digest) = config.lock.pins.as_ref().and_then(|pins| pins.get(&path)) {
            let _ = now.pins.insert(&path, digest);
        }
    }
    Ok(now)
}

/// Every file that an entry names, the disabled ones included, and every other module in the checks directory.
fn module_files(config: &Config) -> Result<Vec<PathBuf>, CommandError> {
    let directory = &config.checks_dir.value;
    // Without what is in there, every pin of it would be gone.
    let found =
        discovered(config).map_err(|source| CommandError::File { action: "read", path: directory.clone(), source })?;
    let found = found.into_iter().filter_map(|instance| match instance.module {
        ModuleSource::File(path) => Some(path),
        ModuleSource::Builtin(_) => None,
    });
    Ok(config.claimed_modules.iter().cloned().chain(found).collect())
}

/// One line for each pin that changes, and one for those that do not.
fn changes(config: &Config, now: &Pins) -> Vec<String> {
    let none = Pins::default();
    let before = config.lock.pins.as_ref().unwrap_or(&none);
    let changes = before.changes(now);
    let kept = now.iter().count() - changes.iter().filter(|change| change.to.is_some()).count();
    let line = |change: &Change<'_>| {
        let path = shown(config, change.path);
        match (change.from.map(digest::short), change.to.map(digest::short)) {
            (None, Some(to)) => format!("added {path} {to}"),
            (Some(from), None) => format!("removed {path} {from}"),
            (from, to) => format!("changed {path} {} -> {}", from.unwrap_or_default(), to.unwrap_or_default()),
        }
    };
    changes.iter().map(line).chain([format!("unchanged {kept}")]).collect()
}

/// A path as the lock file writes it.
fn shown(config: &Config, path: &str) -> String {
    lock_path(path, &config.base_dir)
}

/// Leaves a file alone that says the same already.
fn write(file: &Path, text: &str) -> Result<(), CommandError> {
    if fs::read(file).is_ok_and(|bytes| bytes == text.as_bytes()) {
        return Ok(());
    }
    let failed = |source: io::Error| CommandError::File { action: "write", path: file.to_owned(), source };
    write_lock(file, text).map_err(failed)
}

fn clean_line(line: &str) -> String {
    crate::clean::owned(line) + "\n"
}
