//! Whether a module may be loaded at all: what `checkpost.lock` says of the very bytes that are about to be compiled.

use std::path::Path;

use crate::check::{Failure, ModuleLock, ModuleSource, Reason};
use crate::{clean, digest};

/// Refuses a module file that is not pinned to this digest, when that is required; otherwise only warns of it.
///
/// Called before anything of the module is compiled, looked up in the cache or run. Built-in modules are part of the
/// binary: whoever could change them could change this as well.
pub(super) fn admit(lock: &ModuleLock, source: &ModuleSource, digest: &str) -> Result<(), Failure> {
    let ModuleSource::File(path) = source else { return Ok(()) };
    match objection(lock, path, digest) {
        Some(objection) if lock.required => Err(Failure::new(Reason::NotLocked, objection)),
        Some(objection) => {
            tracing::warn!("{objection}; it is loaded all the same, because require_lock is not set");
            Ok(())
        }
        None => Ok(()),
    }
}

fn objection(lock: &ModuleLock, path: &Path, digest: &str) -> Option<String> {
    let name = clean::owned(&path.display().to_string());
    let Some(pins) = &lock.pins else {
        let missing = || format!("{name} is not pinned: there is no checkpost.lock, `checkpost check lock` writes it");
        return lock.required.then(missing);
    };
    match pins.get(path) {
        None => Some(format!("{name} is not pinned in checkpost.lock")),
        Some(pinned) if pinned != digest => {
            let [found, pinned] = [digest, pinned].map(digest::short);
            Some(format!("{name} has SHA-256 {found}…, checkpost.lock pins {pinned}…"))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Pins;

    const FOUND: &str = "1234abcd1234abcd1234abcd1234abcd1234abcd1234abcd1234abcd1234abcd";
    const OTHER: &str = "56785678abcdabcd56785678abcdabcd56785678abcdabcd56785678abcdabcd";

    /// What is said of `/x/foo.wasm`, whose digest is `FOUND`.
    fn refusal(required: bool, pinned: Option<&[(&str, &str)]>) -> Option<String> {
        let pins = pinned.map(|entries| {
            let mut pins = Pins::default();
            for (path, digest) in entries {
                assert!(pins.insert(Path::new(path), digest));
            }
            pins
        });
        let lock = ModuleLock { required, pins, ..ModuleLock::default() };
        let failure = admit(&lock, &ModuleSource::File("/x/foo.wasm".into()), FOUND).err()?;
        assert_eq!(failure.reason, Reason::NotLocked);
        Some(failure.detail)
    }

    #[test]
    fn a_pinned_module_is_admitted() {
        assert_eq!(refusal(true, Some(&[("/x/foo.wasm", FOUND)])), None);
    }

    #[test]
    fn another_one_is_refused_by_name() {
        let refused = |pinned: Option<&[(&str, &str)]>| refusal(true, pinned).unwrap_or_default();
        assert_eq!(refused(Some(&[])), "/x/foo.wasm is not pinned in checkpost.lock");
        assert_eq!(refused(Some(&[("/y/foo.wasm", FOUND)])), "/x/foo.wasm is not pinned in checkpost.lock");
        assert_eq!(
            refused(Some(&[("/x/foo.wasm", OTHER)])),
            "/x/foo.wasm has SHA-256 1234abcd1234…, checkpost.lock pins 56785678abcd…"
        );
        assert_eq!(
            refused(None),
            "/x/foo.wasm is not pinned: there is no checkpost.lock, `checkpost check lock` writes it"
        );
    }

    #[test]
    fn nothing_is_refused_unless_it_is_required() {
        for pinned in [None, Some(&[] as &[_]), Some(&[("/x/foo.wasm", OTHER)])] {
            assert_eq!(refusal(false, pinned), None);
        }
    }

    #[test]
    fn built_in_modules_are_exempt() {
        let lock = ModuleLock { required: true, ..ModuleLock::default() };
        assert_eq!(admit(&lock, &ModuleSource::Builtin("cpu"), FOUND), Ok(()));
    }
}
