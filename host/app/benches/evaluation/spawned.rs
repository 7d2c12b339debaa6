//! Programs that are started and waited for.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Where distributions keep the monitoring plugins.
const PLUGINS: [&str; 3] = ["/usr/lib/nagios/plugins", "/usr/lib64/nagios/plugins", "/usr/lib/monitoring-plugins"];

/// A program with its arguments.
pub struct Program {
    pub name: &'static str,
    pub is_interpreter: bool,
    path: PathBuf,
    arguments: &'static [&'static str],
}

impl Program {
    /// What starting a process costs when it has nothing to do.
    pub fn nothing() -> Option<Self> {
        Some(Self { name: "true", is_interpreter: false, path: "/bin/true".into(), arguments: &[] })
    }

    /// A check in C that reads one file system.
    pub fn plugin() -> Option<Self> {
        let installed = PLUGINS.iter().map(|directory| PathBuf::from(directory).join("check_disk"));
        let Some(path) = installed.into_iter().find(|path| path.exists()) else {
            eprintln!("skipped: no check_disk of the monitoring plugins here; `make bench-tools` installs it");
            return None;
        };
        Some(Self { name: "check_disk", is_interpreter: false, path, arguments: &["-w", "10%", "-c", "5%", "-p", "/"] })
    }

    /// Python without its site packages, doing nothing.
    pub fn python() -> Option<Self> {
        let path = interpreter("python3", &["-c", "import sys; print(sys.executable)"])?;
        Some(Self { name: "python3", is_interpreter: true, path, arguments: &["-S", "-c", "pass"] })
    }

    /// Node.js, doing nothing.
    pub fn node() -> Option<Self> {
        let path = interpreter("node", &["-p", "process.execPath"])?;
        Some(Self { name: "node", is_interpreter: true, path, arguments: &["-e", "0"] })
    }

    /// Starts it and waits for its end. A plugin that finds the disk full has worked, too.
    pub fn run(&self) {
        let quiet = || Stdio::null();
        let mut command = Command::new(&self.path);
        let status = command.args(self.arguments).stdin(quiet()).stdout(quiet()).stderr(quiet()).status().unwrap();
        assert!(status.code().is_some(), "{} ended with {status}", self.path.display());
    }
}

/// What stands behind a name in the path: it may be a script that first looks for the right version.
fn interpreter(name: &str, says_where_it_is: &[&str]) -> Option<PathBuf> {
    match Command::new(name).args(says_where_it_is).output() {
        Ok(output) if output.status.success() => Some(String::from_utf8(output.stdout).unwrap().trim().into()),
        _ => {
            eprintln!("skipped: no {name} here");
            None
        }
    }
}
