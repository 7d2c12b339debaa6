//! A place to run checkpost in, and what the tests ask of it.

pub mod guest;
pub mod servers;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

/// A directory of its own with a configuration, a database and a log.
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

    /// checkpost in this site, with no environment at all.
    pub fn checkpost(&self, arguments: &[&str]) -> Command {
        let mut command = checkpost();
        command.env_clear().current_dir(self.directory.path()).args(arguments);
        command
    }

    /// Runs checkpost and returns what it said; the exit code must be this one.
    pub fn says(&self, arguments: &[&str], exit_code: i32) -> Said {
        Said::of(&mut self.checkpost(arguments), exit_code)
    }

    /// `checkpost run --format json`, which must succeed.
    pub fn run_json(&self) -> Value {
        serde_json::from_str(&self.says(&["run", "--format", "json"], 0).stdout).unwrap()
    }

    pub fn database(&self) -> Connection {
        Connection::open(self.path("data/automation.db")).unwrap()
    }

    /// The one value of a query.
    pub fn value<T: rusqlite::types::FromSql>(&self, sql: &str) -> T {
        self.database().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Rows of a table.
    pub fn count(&self, table: &str) -> i64 {
        self.value(&format!("SELECT count(*) FROM {table}"))
    }

    /// Whether nothing of a cycle is stored: no database, or one without runs.
    pub fn is_empty(&self) -> bool {
        let file = self.path("data/automation.db");
        !file.exists() || self.count("sqlite_master WHERE name = 'runs'") == 0 || self.count("runs") == 0
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.path("logs/automation.log")).unwrap()
    }
}

/// What a command printed.
pub struct Said {
    pub stdout: String,
    pub stderr: String,
}

impl Said {
    pub fn of(command: &mut Command, exit_code: i32) -> Self {
        let Output { status, stdout, stderr } = command.output().unwrap();
        let said = Self { stdout: String::from_utf8(stdout).unwrap(), stderr: String::from_utf8(stderr).unwrap() };
        assert_eq!(status.code(), Some(exit_code), "stdout: {}\nstderr: {}", said.stdout, said.stderr);
        said
    }

    /// The one line that an error is.
    pub fn error(&self) -> &str {
        assert_eq!(self.stderr.lines().count(), 1, "{}", self.stderr);
        self.stderr.trim_end().strip_prefix("checkpost: error: ").expect(&self.stderr)
    }
}

pub fn checkpost() -> Command {
    Command::new(env!("CARGO_BIN_EXE_checkpost"))
}

/// Says why a test cannot show anything here. Not by `eprintln!`, which is not seen of a test that passes.
#[allow(clippy::explicit_write)]
pub fn skip(why: &str) {
    writeln!(std::io::stderr(), "skipped: {why}").unwrap();
}

/// The Python that `make test` set up, or any, with this module. Without one the test is skipped.
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

/// The workspace.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A guest of `tests/guests`, as `make guests` builds it.
pub fn guest_file(name: &str) -> PathBuf {
    let file = root().join("target/guests").join(name).with_extension("wasm");
    assert!(file.exists(), "{} is not there: run `make guests` (`make test` does)", file.display());
    file
}

/// The checks that are there without a configuration.
pub const BUILT_IN: [&str; 4] = ["cpu", "memory", "disk", "network"];

/// Each built-in check has judged, whatever stands beside it.
pub fn assert_built_in_judged(report: &Value) {
    for builtin in BUILT_IN {
        assert_eq!(check(report, builtin)["reason"], Value::Null, "{builtin}: {report:#}");
    }
}

/// The built-in checks are judged, the cycle is stored, and it is the only one.
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
