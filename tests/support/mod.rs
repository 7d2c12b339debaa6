//! A directory to run checkpost in, and what tests ask about it.

pub mod foreign;
pub mod guest;
pub mod nested;
pub mod servers;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use assert_cmd::Command;
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

/// A directory of its own, with a configuration, a database and a log.
pub struct Site {
    pub directory: TempDir,
}

impl Site {
    pub fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    /// A site with this `checkpost.toml`.
    pub fn with_config(toml: &str) -> Self {
        let site = Self::new();
        site.write("checkpost.toml", toml);
        site
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.directory.path().join(relative)
    }

    pub fn write(&self, relative: &str, content: impl AsRef<[u8]>) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Puts a test guest into the checks directory under a name.
    pub fn drop_guest(&self, guest: &str, name: &str) {
        self.write(&format!("checks.d/{name}.wasm"), fs::read(guest_file(guest)).unwrap());
    }

    /// checkpost in this site, with an empty environment.
    pub fn checkpost(&self, arguments: &[&str]) -> Command {
        let mut command = checkpost();
        command.env_clear().current_dir(self.directory.path()).args(arguments);
        command
    }

    /// Runs checkpost and returns its output; the exit code must be this one.
    pub fn execute(&self, arguments: &[&str], exit_code: i32) -> Output {
        Output::of(&mut self.checkpost(arguments), exit_code)
    }

    /// Runs `checkpost run --format json`, which must succeed.
    pub fn run_json(&self) -> Value {
        serde_json::from_str(&self.execute(&["run", "--format", "json"], 0).stdout).unwrap()
    }

    pub fn database(&self) -> Connection {
        Connection::open(self.path("data/automation.db")).unwrap()
    }

    /// The only value of a query.
    pub fn value<T: rusqlite::types::FromSql>(&self, sql: &str) -> T {
        self.database().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// The number of rows of a table.
    pub fn count(&self, table: &str) -> i64 {
        self.value(&format!("SELECT count(*) FROM {table}"))
    }

    /// Whether no cycle is stored: there is no database, or one without runs.
    pub fn is_empty(&self) -> bool {
        let file = self.path("data/automation.db");
        !file.exists() || self.count("sqlite_master WHERE name = 'runs'") == 0 || self.count("runs") == 0
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.path("logs/automation.log")).unwrap()
    }
}

/// The output of a command.
pub struct Output {
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    pub fn of(command: &mut Command, exit_code: i32) -> Self {
        let std::process::Output { status, stdout, stderr } = command.output().unwrap();
        let output = Self { stdout: String::from_utf8(stdout).unwrap(), stderr: String::from_utf8(stderr).unwrap() };
        assert_eq!(status.code(), Some(exit_code), "stdout: {}\nstderr: {}", output.stdout, output.stderr);
        output
    }

    /// The error, which must be one line.
    pub fn error(&self) -> &str {
        assert_eq!(self.stderr.lines().count(), 1, "{}", self.stderr);
        self.stderr.trim_end().strip_prefix("checkpost: error: ").expect(&self.stderr)
    }
}

pub fn checkpost() -> Command {
    Command::new(env!("CARGO_BIN_EXE_checkpost"))
}

/// Says why a test cannot show anything here. Not with `eprintln!`, whose output is hidden when a test passes.
#[allow(clippy::explicit_write)]
pub fn skip(why: &str) {
    writeln!(std::io::stderr(), "skipped: {why}").unwrap();
}

/// The Python that `make test` set up, or any other, with this module. Without one the test is skipped.
pub fn python(module: &str) -> Option<PathBuf> {
    let candidates = [root().join("target/venv/bin/python"), PathBuf::from("python3")];
    let python = candidates.into_iter().find(|python| {
        let mut import = std::process::Command::new(python);
        import
            .args(["-c", &format!("import {module}")])
            .stderr(std::process::Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    });
    if python.is_none() {
        skip(&format!("there is no Python with {module} (`make venv` installs it)"));
    }
    python
}

/// The root of the workspace.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// A guest of `tests/guests`, as `make guests` builds it.
pub fn guest_file(name: &str) -> PathBuf {
    let file = root().join("target/guests").join(name).with_extension("wasm");
    assert!(file.exists(), "{} is missing: run `make guests` (`make test` does)", file.display());
    file
}

/// The checks that run without a configuration.
pub const BUILT_IN: [&str; 4] = ["cpu", "memory", "disk", "network"];

/// A configuration that disables the built-in checks that run by default.
pub fn without_built_in_checks() -> String {
    BUILT_IN.map(|name| format!("[[check]]\nname = \"{name}\"\nenabled = false\n")).concat()
}

/// Asserts that each built-in check has judged, whatever else runs.
pub fn assert_built_in_judged(report: &Value) {
    for builtin in BUILT_IN {
        assert_eq!(check(report, builtin)["reason"], Value::Null, "{builtin}: {report:#}");
    }
}

/// Asserts that the built-in checks have judged, and that the cycle is stored and the only one.
pub fn assert_whole(site: &Site, report: &Value) {
    assert_built_in_judged(report);
    assert_eq!(site.count("runs"), 1);
    assert!(site.count("samples") > 10);
}

/// The evaluation of an instance in a JSON report.
pub fn check<'a>(report: &'a Value, name: &str) -> &'a Value {
    let mut checks = report["checks"].as_array().unwrap().iter();
    checks.find(|check| check["name"] == name).unwrap_or_else(|| panic!("no check '{name}' in {report:#}"))
}

/// A site with the check `team` dropped in, where only pinned modules run.
pub fn site_requiring_pins() -> Site {
    let site = Site::with_config("require_lock = true\n");
    site.drop_guest("misbehave", "team");
    site
}

/// The guest `misbehave` with another digest: a section without meaning is added.
pub fn changed_guest() -> Vec<u8> {
    let mut bytes = fs::read(guest_file("misbehave")).unwrap();
    bytes.extend([0, 2, 1, b'x']);
    bytes
}

/// The compiled modules by digest, each with the time at which it was written.
pub fn compiled_modules(site: &Site) -> BTreeMap<String, SystemTime> {
    let Ok(entries) = fs::read_dir(site.path("data/cache")) else { return BTreeMap::new() };
    let files = entries.map(Result::unwrap).filter(|entry| entry.path().extension().is_some_and(|e| e == "cwasm"));
    files.map(|f| (f.file_name().into_string().unwrap(), f.metadata().unwrap().modified().unwrap())).collect()
}

/// The row of an instance in `check list --format json`.
pub fn listed(site: &Site, name: &str) -> Value {
    let list: Value = serde_json::from_str(&site.execute(&["check", "list", "--format", "json"], 0).stdout).unwrap();
    list.as_array().unwrap().iter().find(|row| row["name"] == name).unwrap().clone()
}
