//! Checks with an interpreter inside, compiled by the real program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::judged::Judge;

/// The guests in Python and JavaScript, and where they lie compiled.
pub struct Foreign {
    site: tempfile::TempDir,
}

impl Foreign {
    /// Lets `checkpost` compile them: a sandbox does so in a child of its own program, and this one is no checkpost.
    pub fn compiled() -> Option<Self> {
        let site = tempfile::tempdir().unwrap();
        let checks = site.path().join("checks.d");
        fs::create_dir(&checks).unwrap();
        for language in ["python", "javascript"] {
            let guest = guest(language);
            if !guest.exists() {
                eprintln!("skipped: there is no {}; `make guests` builds it", guest.display());
                return None;
            }
            fs::copy(guest, checks.join(language).with_extension("wasm")).unwrap();
        }
        warm(site.path());
        Some(Self { site })
    }

    /// One of them with so many readings.
    pub fn judge(&self, language: &str, samples: usize) -> Judge {
        let path = |relative: &str| self.site.path().join(relative);
        let file = path("checks.d").join(language).with_extension("wasm");
        Judge::file(language, &file, samples, &path("data/cache"))
    }
}

/// Every check must be compiled: for one that is not, the sandbox would start this program as if it were checkpost.
fn warm(site: &Path) {
    let mut warm = Command::new(env!("CARGO_BIN_EXE_checkpost"));
    let warmed = warm.args(["check", "warm"]).env_clear().current_dir(site).output().unwrap();
    assert!(warmed.status.success(), "{}", String::from_utf8_lossy(&warmed.stdout));
}

fn guest(language: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/guests").join(language).with_extension("wasm")
}
