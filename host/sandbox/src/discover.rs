//! Discovers custom checks: every `*.wasm` in the checks directory runs, without a `[[check]]` entry.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use checkpost_model::check::{Allowance, CheckInstance, DEFAULT_CHANNEL, ModuleSource, Settings};
use checkpost_model::clean;

/// An instance for each `*.wasm` in `directory` that no configured instance claims, in the order of the file names. Each
/// instance has this allowance.
///
/// The name of the instance is the file name without its extension, or with it when that name is taken. A file `cpu.wasm`
/// therefore runs in addition to the built-in `cpu` and cannot replace it unnoticed.
///
/// # Errors
/// When the directory exists and cannot be read.
pub fn discover(
    directory: &Path,
    claimed: &[PathBuf],
    taken: &[&str],
    allowance: &Allowance,
) -> io::Result<Vec<CheckInstance>> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    // By canonical path: the directory, or a part of the path of a claimed file, may be a link.
    let claimed: Vec<PathBuf> = claimed.iter().filter_map(|path| fs::canonicalize(path).ok()).collect();
    let is_claimed = |path: &Path| fs::canonicalize(path).is_ok_and(|path| claimed.contains(&path));
    let mut files = BTreeSet::new();
    for entry in entries {
        let path = entry?.path();
        if is_module(&path) && !is_claimed(&path) {
            files.insert(path);
        }
    }
    let mut taken: BTreeSet<String> = taken.iter().map(|name| (*name).to_owned()).collect();
    Ok(files.into_iter().map(|path| instance(path, &mut taken, allowance)).collect())
}

/// Hidden files are excluded: editors and copying tools write them first and rename them later.
fn is_module(path: &Path) -> bool {
    let hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    !hidden && path.extension().is_some_and(|extension| extension == "wasm")
}

fn instance(path: PathBuf, taken: &mut BTreeSet<String>, allowance: &Allowance) -> CheckInstance {
    let name = free_name(&path, taken);
    taken.insert(name.clone());
    CheckInstance {
        name,
        module: ModuleSource::File(path),
        settings: Settings::new(),
        channel: DEFAULT_CHANNEL.to_owned(),
        owner: String::new(),
        allowance: allowance.clone(),
    }
}

/// `a`, else `a.wasm`, else `a.wasm-2` and so on: different file names may become the same text.
fn free_name(path: &Path, taken: &BTreeSet<String>) -> String {
    let text = |part: Option<&OsStr>| clean::owned(&part.unwrap_or_default().to_string_lossy());
    let file_name = text(path.file_name());
    let numbered = (2..).map(|number| format!("{file_name}-{number}"));
    let mut names = [text(path.file_stem()), file_name.clone()].into_iter().chain(numbered);
    names.find(|name| !taken.contains(name)).unwrap_or(file_name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn names(directory: &Path, claimed: &[PathBuf], taken: &[&str]) -> Vec<String> {
        discover(directory, claimed, taken, &Allowance::default())
            .unwrap()
            .into_iter()
            .map(|instance| instance.name)
            .collect()
    }

    #[test]
    fn wasm_files_are_discovered_in_order_and_no_others() {
        let directory = tempfile::tempdir().unwrap();
        for file in ["b.wasm", "a.wasm", ".hidden.wasm", "notes.txt", "wasm"] {
            fs::write(directory.path().join(file), "").unwrap();
        }
        assert_eq!(names(directory.path(), &[], &[]), ["a", "b"]);
    }

    #[test]
    fn claimed_file_is_left_to_its_configured_instance() {
        let directory = tempfile::tempdir().unwrap();
        let claimed = directory.path().join("a.wasm");
        fs::write(&claimed, "").unwrap();
        assert_eq!(names(directory.path(), &[claimed], &[]), [""; 0]);
    }

    #[test]
    fn taken_name_is_not_taken_twice() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("cpu.wasm"), "").unwrap();
        assert_eq!(names(directory.path(), &[], &["cpu"]), ["cpu.wasm"]);
    }

    #[test]
    fn missing_directory_has_no_checks() {
        assert_eq!(names(Path::new("/nonexistent/checks.d"), &[], &[]), [""; 0]);
    }

    #[cfg(unix)]
    #[test]
    fn names_that_become_the_same_text_are_numbered() {
        use std::os::unix::ffi::OsStrExt;
        let directory = tempfile::tempdir().unwrap();
        for name in [b"a\xfd.wasm", b"a\xfe.wasm", b"a\xff.wasm"] {
            fs::write(directory.path().join(OsStr::from_bytes(name)), "").unwrap();
        }
        assert_eq!(names(directory.path(), &[], &[]), ["a\u{fffd}", "a\u{fffd}.wasm", "a\u{fffd}.wasm-2"]);
        fs::write(directory.path().join("cpu.wasm"), "").unwrap();
        assert!(names(directory.path(), &[], &["cpu", "cpu.wasm"]).contains(&"cpu.wasm-2".to_owned()));
    }

    #[cfg(unix)]
    #[test]
    fn claimed_file_is_recognized_behind_a_link() {
        let directory = tempfile::tempdir().unwrap();
        let real = directory.path().join("policies");
        fs::create_dir(&real).unwrap();
        fs::write(real.join("a.wasm"), "").unwrap();
        let link = directory.path().join("checks.d");
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert_eq!(names(&link, &[real.join("a.wasm")], &[]), [""; 0]);
    }
}
