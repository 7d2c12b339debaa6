//! `checkpost.lock`, in the directory of `checkpost.toml`: the pins of module files. `checkpost check lock` finds the digests
//! and writes the file through this module, whole or not at all.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use checkpost_model::check::{PinPolicy, Pins};
use checkpost_model::digest;

use super::error::ConfigError;
use super::origin::{Origin, Sourced};
use super::paths::absolute;
use super::section::Section;
use super::source::{Source, utf8};

/// The name of the lock file, which is in the directory of the configuration file.
pub(super) const NAME: &str = "checkpost.lock";

/// Bytes of a lock file: ten thousand modules with long paths.
const MAX_BYTES: u64 = 8 << 20;

const HEADER: &str = "# Pins every module file to its SHA-256. Written by `checkpost check lock`.\nversion = 1\n";

/// The pins of the lock file in a directory, and whether they are required. Every command reads the file, so a mistake in it
/// is found at once.
pub(super) fn pin_policy(required: bool, base_dir: &Path) -> Result<PinPolicy, ConfigError> {
    let file = base_dir.join(NAME);
    Ok(PinPolicy { required, pins: read(&file, base_dir)?, file })
}

/// The pins of a lock file; `None` without one.
fn read(file: &Path, base_dir: &Path) -> Result<Option<Pins>, ConfigError> {
    let bytes = match checkpost_files::read(file, MAX_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(ConfigError::unreadable(file, error)),
    };
    let text = utf8(&bytes, |line| Origin::File { path: file.to_owned(), line })?;
    parse(text, file, base_dir).map(Some)
}

fn parse(text: &str, file: &Path, base_dir: &Path) -> Result<Pins, ConfigError> {
    let source = Source::new(file, text);
    let table = source.table()?;
    let root = Section::new(source.clone(), "", table.get_ref(), &["version", "module"])?;
    let version = root.read("version", "1, the only version that this checkpost supports", |value| {
        value.as_integer().filter(|version| version.as_str() == "1")
    })?;
    if version.is_none() {
        let problem = "version is missing: add version = 1";
        return Err(ConfigError::line(source.origin(0..0), problem));
    }
    let mut pins = Pins::default();
    let mut seen: BTreeMap<PathBuf, Origin> = BTreeMap::new();
    for module in root.sections("module", &["path", "sha256"])? {
        let (path, digest) = pin(module)?;
        let Sourced { value: path, origin } = Sourced::new(absolute(base_dir, Path::new(&path.value)), path.origin);
        // Only the directory can have a name that is not UTF-8: the file itself is UTF-8.
        if !pins.insert(&path, &digest) {
            return Err(ConfigError::value(origin, "module.path", path.display().to_string(), "must be UTF-8"));
        }
        if let Some(first) = seen.insert(path.clone(), origin.clone()) {
            let problem = format!("{} is already pinned at {first}; paths must be unique", path.display());
            return Err(ConfigError::line(origin, problem));
        }
    }
    Ok(pins)
}

/// Path and digest of one `[[module]]`.
fn pin(module: Sourced<Section<'_>>) -> Result<(Sourced<String>, String), ConfigError> {
    let Sourced { value: module, origin } = module;
    let missing = |key| ConfigError::line(origin.clone(), format!("this [[module]] has no {key}"));
    let path = module.text("path")?.ok_or_else(|| missing("path"))?;
    let digest = module.read("sha256", "64 lower-case hexadecimal digits", |value| {
        value.as_str().filter(|text| digest::is_sha256_hex(text))
    })?;
    Ok((path, digest.ok_or_else(|| missing("sha256"))?.value.to_owned()))
}

/// The text of the lock file in a directory. The text depends on the pins alone, so it can be compared.
pub fn render_pins(pins: &Pins, base_dir: &Path) -> String {
    let mut entries: Vec<_> = pins.iter().map(|(path, digest)| (pin_path(path, base_dir), digest)).collect();
    entries.sort_unstable();
    let mut text = HEADER.to_owned();
    for (path, digest) in entries {
        // Writing to a string does not fail. `Value` quotes special characters.
        let _ = write!(text, "\n[[module]]\npath = {}\nsha256 = \"{digest}\"\n", toml::Value::String(path));
    }
    text
}

/// The path of a module in the lock file: relative if the module is below the directory of the lock file, so that both can
/// move together.
pub fn pin_path(path: &str, base_dir: &Path) -> String {
    let Ok(relative) = Path::new(path).strip_prefix(base_dir) else { return path.to_owned() };
    let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

/// Replaces a lock file atomically and durably: a run sees the old pins or the new ones, even after a power cut.
///
/// # Errors
/// If the directory cannot be written. The old file is unchanged then.
pub fn write_pins(file: &Path, text: &str) -> io::Result<()> {
    let directory = file.parent().unwrap_or(Path::new("."));
    let mut new = tempfile::Builder::new().prefix(".checkpost.lock.").tempfile_in(directory)?;
    new.write_all(text.as_bytes())?;
    // Temporary files are private, but every user that runs checkpost reads this one.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        new.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
    }
    new.as_file().sync_all()?;
    new.persist(file)?;
    // The rename is durable only once the directory is.
    #[cfg(unix)]
    fs::File::open(directory)?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[cfg(unix)]
    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    #[cfg(unix)]
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    fn parsed(text: &str) -> Result<Pins, String> {
        parse(text, Path::new("checkpost.lock"), Path::new("/base")).map_err(|error| error.to_string())
    }

    #[cfg(unix)]
    fn pins(entries: &[(&str, &str)]) -> Pins {
        let mut pins = Pins::default();
        for (path, digest) in entries {
            assert!(pins.insert(Path::new(path), digest));
        }
        pins
    }

    #[cfg(unix)]
    #[test]
    fn lock_file_is_the_same_text_for_the_same_pins_and_reads_back() {
        let pins = pins(&[("/opt/z \"quoted\"\n.wasm", A), ("/base/checks.d/b.wasm", B), ("/base/a.wasm", A)]);
        let text = render_pins(&pins, Path::new("/base"));
        let paths: Vec<_> = text.lines().filter(|line| line.starts_with("path")).collect();
        assert_eq!(paths[1..], ["path = \"a.wasm\"", "path = \"checks.d/b.wasm\""]);
        assert!(text.starts_with("# Pins every module file to its SHA-256. Written by `checkpost check lock`.\n"));
        assert_eq!(parsed(&text), Ok(pins));
        assert_eq!(render_pins(&parsed(&text).unwrap(), Path::new("/base")), text);
    }

    #[test]
    fn lock_file_without_modules_pins_nothing() {
        assert_eq!(parsed("version = 1\n"), Ok(Pins::default()));
        assert_eq!(parsed(&render_pins(&Pins::default(), Path::new("/base"))), Ok(Pins::default()));
    }

    /// One fixture per mistake: the text of the file, and the error.
    #[cfg(unix)]
    #[test]
    fn mistake_in_a_lock_file_is_one_line_with_origin_value_and_remedy() {
        let module = |path: &str, digest: &str| format!("[[module]]\npath = {path}\nsha256 = {digest}\n");
        let good = format!("\"{A}\"");
        let rule = "must be 64 lower-case hexadecimal digits";
        for (text, expected) in [
            (String::new(), "1: version is missing: add version = 1".to_owned()),
            (
                "version = 2".to_owned(),
                "1: version is 2: must be 1, the only version that this checkpost supports".to_owned(),
            ),
            (
                "\nversion = \"1\"".to_owned(),
                "2: version is \"1\": must be 1, the only version that this checkpost supports".to_owned(),
            ),
            (
                "version = 1\nmodules = 1".to_owned(),
                "2: unknown key 'modules': allowed keys are version, module".to_owned(),
            ),
            (
                "version = 1\nmodule = 1".to_owned(),
                "2: module is a number: must be a list of tables, each headed [[module]]".to_owned(),
            ),
            (
                "version = 1\n[[module]]\nname = 1".to_owned(),
                "3: unknown key 'module.name': allowed keys are path, sha256".to_owned(),
            ),
            (format!("version = 1\n[[module]]\nsha256 = {good}"), "2: this [[module]] has no path".to_owned()),
            ("version = 1\n[[module]]\npath = \"a\"".to_owned(), "2: this [[module]] has no sha256".to_owned()),
            (
                format!("version = 1\n{}", module("3", &good)),
                "3: module.path is 3: must be a string that is not empty".to_owned(),
            ),
            (format!("version = 1\n{}", module("\"a\"", "\"abc\"")), format!("4: module.sha256 is \"abc\": {rule}")),
            (
                format!("version = 1\n{}", module("\"a\"", &good.to_uppercase())),
                format!("4: module.sha256 is {}: {rule}", good.to_uppercase()),
            ),
            (format!("version = 1\n{}", module("\"a\"", "7")), format!("4: module.sha256 is 7: {rule}")),
            (
                format!("version = 1\n{}{}", module("\"a.wasm\"", &good), module("\"/base/x/../a.wasm\"", &good)),
                "6: /base/a.wasm is already pinned at checkpost.lock:3; paths must be unique".to_owned(),
            ),
            ("version = 1\n<<<<<<< HEAD".to_owned(), "2:9: not valid TOML: ".to_owned()),
        ] {
            let error = parsed(&text).unwrap_err();
            assert!(error.starts_with(&format!("checkpost.lock:{expected}")), "{text}\n{error}");
            assert!(expected.ends_with(": ") || error.len() == "checkpost.lock:".len() + expected.len(), "{error}");
        }
    }

    #[test]
    fn lock_file_that_is_unreadable_or_not_utf8_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(NAME);
        assert_eq!(read(&file, directory.path()).unwrap(), None);
        fs::write(&file, b"version = 1\n# \xff\n").unwrap();
        let error = read(&file, directory.path()).unwrap_err().to_string();
        assert!(error.ends_with("checkpost.lock:2: not valid UTF-8: save the file as UTF-8"), "{error}");
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        assert!(read(&file, directory.path()).unwrap_err().to_string().starts_with("cannot read "));
    }

    #[cfg(unix)]
    #[test]
    fn written_lock_file_is_readable_by_all_and_leaves_no_other_file() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(NAME);
        for text in ["version = 1\n", "# again\nversion = 1\n"] {
            write_pins(&file, text).unwrap();
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
        }
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
