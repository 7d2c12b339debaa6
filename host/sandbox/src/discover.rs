//! Discovers custom checks: every `*.wasm` in the checks directory runs, without a `[[check]]` entry.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

use checkpost_model::check::{
    Allowance, CheckInstance, DEFAULT_CHANNEL, Failure, ModuleSource, Pins, Reason, Settings,
};
use checkpost_model::clean;

use crate::file_name::{Protected, spelled_out};

/// How many of the files that are left out are named.
const MAX_NAMED: usize = 3;

/// Where to look for modules, and what is known before.
#[derive(Clone, Copy, Debug)]
pub struct Discovery<'a> {
    /// The checks directory, which need not exist.
    pub directory: &'a Path,
    /// The files of configured instances, which are left to them.
    pub claimed: &'a [PathBuf],
    /// The names of configured instances.
    pub taken: &'a [&'a str],
    /// The allowance of each instance that is found.
    pub allowance: &'a Allowance,
    /// The pins: pinned files come first where there are too many.
    pub pins: Option<&'a Pins>,
    /// How many modules are found at most.
    pub max_modules: usize,
}

/// What is in a checks directory.
#[derive(Debug)]
pub struct Found {
    /// An instance for each module, in the order of the file names.
    pub instances: Vec<CheckInstance>,
    /// An instance for each module whose name can be taken for another one, and why it must not run.
    pub refused: Vec<(CheckInstance, Failure)>,
    /// The modules beyond the limit.
    pub left_out: Option<LeftOut>,
}

/// Modules that are too many.
#[derive(Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// How many modules there are, with those that are found.
    pub total: usize,
    /// How many modules are left out.
    pub count: usize,
    /// The names of the first of them, clean.
    pub first: Vec<String>,
}

impl Discovery<'_> {
    /// Finds an instance for each `*.wasm` in the directory that no configured instance claims. Of too many, those that are
    /// pinned come first, then those whose names come first.
    ///
    /// The name of the instance is the file name without its extension, or with it when that name is taken. A file `cpu.wasm`
    /// therefore runs in addition to the built-in `cpu` and cannot replace it unnoticed. A file whose name only looks like that
    /// of another check is refused.
    ///
    /// # Errors
    /// When the directory exists and cannot be read.
    pub fn find(&self) -> io::Result<Found> {
        let (mut files, total) = self.files()?;
        let left_out = (total > self.max_modules).then(|| {
            let first = files.split_off(self.max_modules).iter().map(|(_, name)| text(Some(name))).collect();
            LeftOut { total, count: total - self.max_modules, first }
        });
        let mut found = Found { instances: Vec::new(), refused: Vec::new(), left_out };
        if files.is_empty() {
            // Most machines have none, and comparing the looks of names takes time.
            return Ok(found);
        }
        files.sort_unstable_by(|(_, name), (_, other)| name.cmp(other));
        let mut names = Names::new(self.taken);
        let protected = Protected::new(self.taken);
        for (_, file_name) in &files {
            let stem = Path::new(file_name).file_stem().unwrap_or_default();
            match protected.refusal(&stem.to_string_lossy()) {
                None => found.instances.push(self.instance(file_name, names.free(Path::new(file_name)))),
                Some(why) => {
                    let shown = spelled_out(&file_name.to_string_lossy());
                    let failure = Failure::new(Reason::RefusedName, format!("the file name {shown} {why}"));
                    found.refused.push((self.instance(file_name, names.numbered(shown)), failure));
                }
            }
        }
        Ok(found)
    }

    /// The first module files, a few more than the limit, and how many there are.
    fn files(&self) -> io::Result<(Vec<(Priority, OsString)>, usize)> {
        let entries = match fs::read_dir(self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), 0)),
            Err(error) => return Err(error),
        };
        let claimed = Claimed::new(self.directory, self.claimed);
        let mut total = 0;
        // Bounded, whatever the number of files.
        let mut files = BTreeSet::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            if !is_module(&name) || claimed.contains(&entry) {
                continue;
            }
            total += 1;
            files.insert((self.priority(&name), name));
            if files.len() > self.max_modules + MAX_NAMED {
                files.pop_last();
            }
        }
        Ok((files.into_iter().collect(), total))
    }

    fn priority(&self, name: &OsStr) -> Priority {
        match self.pins {
            Some(pins) if pins.get(&self.directory.join(name)).is_some() => Priority::Pinned,
            _ => Priority::NotPinned,
        }
    }

    fn instance(&self, file_name: &OsStr, name: String) -> CheckInstance {
        CheckInstance {
            name,
            module: ModuleSource::File(self.directory.join(file_name)),
            settings: Settings::new(),
            channel: DEFAULT_CHANNEL.to_owned(),
            owner: String::new(),
            allowance: self.allowance.clone(),
        }
    }
}

/// Which files come first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Priority {
    Pinned,
    NotPinned,
}

/// The claimed files, by canonical path: the directory, or a part of the path of a claimed file, may be a link.
struct Claimed {
    directory: PathBuf,
    paths: HashSet<PathBuf>,
}

impl Claimed {
    fn new(directory: &Path, claimed: &[PathBuf]) -> Self {
        // Where a claimed file is itself a link, what it leads to is claimed, and the link.
        let link = |path: &PathBuf| Some(fs::canonicalize(path.parent()?).ok()?.join(path.file_name()?));
        let paths = claimed.iter().flat_map(|path| [fs::canonicalize(path).ok(), link(path)]).flatten().collect();
        Self { directory: fs::canonicalize(directory).unwrap_or_else(|_| directory.to_owned()), paths }
    }

    fn contains(&self, entry: &DirEntry) -> bool {
        if self.paths.is_empty() {
            return false;
        }
        // Only a link is followed: its path says nothing about the file.
        let is_link = entry.file_type().is_ok_and(|file_type| file_type.is_symlink());
        self.paths.contains(&self.directory.join(entry.file_name()))
            || is_link && fs::canonicalize(entry.path()).is_ok_and(|path| self.paths.contains(&path))
    }
}

/// Hidden files are excluded: editors and copying tools write them first and rename them later.
fn is_module(name: &OsStr) -> bool {
    let hidden = name.as_encoded_bytes().starts_with(b".");
    !hidden && Path::new(name).extension().is_some_and(|extension| extension == "wasm")
}

/// The names of instances.
struct Names {
    taken: HashSet<String>,
    /// The number that the next file of a name gets.
    numbers: HashMap<String, usize>,
}

impl Names {
    fn new(taken: &[&str]) -> Self {
        Self { taken: taken.iter().map(|name| (*name).to_owned()).collect(), numbers: HashMap::new() }
    }

    /// `a`, else `a.wasm`, else `a.wasm-2` and so on: different file names may become the same text.
    fn free(&mut self, file_name: &Path) -> String {
        let stem = text(file_name.file_stem());
        if self.taken.insert(stem.clone()) { stem } else { self.numbered(text(Some(file_name.as_os_str()))) }
    }

    /// A name, with a number if it is taken.
    fn numbered(&mut self, whole: String) -> String {
        let number = self.numbers.entry(whole.clone()).or_insert(2);
        let mut name = whole.clone();
        while !self.taken.insert(name.clone()) {
            name = format!("{whole}-{number}");
            *number += 1;
        }
        name
    }
}

/// A file name as text.
fn text(name: Option<&OsStr>) -> String {
    clean::owned(&name.unwrap_or_default().to_string_lossy())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn names(directory: &Path, claimed: &[PathBuf], taken: &[&str]) -> Vec<String> {
        let allowance = Allowance::default();
        let discovery = Discovery { directory, claimed, taken, allowance: &allowance, pins: None, max_modules: 1_000 };
        names_of(&discovery.find().unwrap())
    }

    fn names_of(found: &Found) -> Vec<String> {
        found.instances.iter().map(|instance| instance.name.clone()).collect()
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
    fn modules_at_the_limit_are_found_and_those_beyond_are_counted_and_named() {
        let directory = tempfile::tempdir().unwrap();
        for number in 0..7 {
            fs::write(directory.path().join(format!("{number}.wasm")), "").unwrap();
        }
        let allowance = Allowance::default();
        let (directory, pins) = (directory.path(), None);
        let within = |max_modules| {
            let discovery = Discovery { directory, claimed: &[], taken: &[], allowance: &allowance, pins, max_modules };
            discovery.find().unwrap()
        };
        assert_eq!((names_of(&within(7)).len(), within(7).left_out), (7, None));
        let found = within(2);
        assert_eq!(names_of(&found), ["0", "1"]);
        let first = ["2.wasm", "3.wasm", "4.wasm"].map(str::to_owned).into();
        assert_eq!(found.left_out, Some(LeftOut { total: 7, count: 5, first }));
        assert_eq!(within(6).left_out.unwrap().first, ["6.wasm"]);
    }

    #[test]
    fn pinned_modules_come_first_where_there_are_too_many() {
        let directory = tempfile::tempdir().unwrap();
        let mut pins = Pins::default();
        for name in ["a.wasm", "b.wasm", "c.wasm", "z.wasm"] {
            fs::write(directory.path().join(name), "").unwrap();
        }
        for name in ["c.wasm", "z.wasm"] {
            assert!(pins.insert(&directory.path().join(name), "00"));
        }
        let allowance = Allowance::default();
        let (directory, pins) = (directory.path(), Some(&pins));
        let discovery = Discovery { directory, claimed: &[], taken: &[], allowance: &allowance, pins, max_modules: 3 };
        let found = discovery.find().unwrap();
        assert_eq!(names_of(&found), ["a", "c", "z"], "in the order of the names");
        assert_eq!(found.left_out.unwrap().first, ["b.wasm"]);
    }

    #[test]
    fn file_whose_name_imitates_another_is_refused_and_shown_spelled_out() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["cpu .wasm", "cpu\\u{20}.wasm", "raid.wasm"] {
            fs::write(directory.path().join(name), "").unwrap();
        }
        let (allowance, pins) = (Allowance::default(), None);
        let directory = directory.path();
        let discovery =
            Discovery { directory, claimed: &[], taken: &["cpu"], allowance: &allowance, pins, max_modules: 9 };
        let found = discovery.find().unwrap();
        assert_eq!(names_of(&found), ["cpu\\u{20}", "raid"]);
        let [(refused, failure)] = &found.refused[..] else { panic!("{:?}", found.refused) };
        assert_eq!(refused.name, "cpu\\u{20}.wasm");
        assert_eq!(failure.reason, Reason::RefusedName);
        assert_eq!(failure.detail, "the file name cpu\\u{20}.wasm has white space at an end");
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

    #[cfg(unix)]
    #[test]
    fn claimed_file_that_is_a_link_claims_itself_and_what_it_leads_to() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("a.wasm"), "").unwrap();
        for link in ["b.wasm", "c.wasm"] {
            std::os::unix::fs::symlink("a.wasm", directory.path().join(link)).unwrap();
        }
        fs::write(directory.path().join("d.wasm"), "").unwrap();
        assert_eq!(names(directory.path(), &[directory.path().join("b.wasm")], &[]), ["d"]);
    }
}
