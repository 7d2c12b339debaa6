//! The pin policy: refuses module files whose bytes are not pinned in `checkpost.lock`.

use std::path::Path;

use checkpost_model::check::{Failure, ModuleSource, PinPolicy, Reason};
use checkpost_model::clean;
use checkpost_model::digest;

/// Refuses a module file that is not pinned to this digest, if the policy requires pins; otherwise logs a warning.
///
/// Called with the bytes that are about to be compiled, before they are looked up in the cache. Built-in modules are
/// exempt: a person who can change the binary can also change this policy.
pub(crate) fn admit(policy: &PinPolicy, source: &ModuleSource, digest: &str) -> Result<(), Failure> {
    let ModuleSource::File(path) = source else { return Ok(()) };
    match objection(policy, path, digest) {
        Some(objection) if policy.required => Err(Failure::new(Reason::NotPinned, objection)),
        Some(objection) => {
            tracing::warn!("{objection}; loaded anyway, because require_lock is not set");
            Ok(())
        }
        None => Ok(()),
    }
}

/// The reason why a module file does not satisfy its pin.
fn objection(policy: &PinPolicy, path: &Path, digest: &str) -> Option<String> {
    let name = clean::owned(&path.display().to_string());
    let Some(pins) = &policy.pins else {
        let missing = || format!("{name} is not pinned: there is no checkpost.lock, `checkpost check lock` writes it");
        return policy.required.then(missing);
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
    use checkpost_model::check::Pins;

    use super::*;

    const FOUND: &str = "1234abcd1234abcd1234abcd1234abcd1234abcd1234abcd1234abcd1234abcd";
    const OTHER: &str = "56785678abcdabcd56785678abcdabcd56785678abcdabcd56785678abcdabcd";

    /// The refusal of `/x/foo.wasm`, whose digest is `FOUND`.
    fn refusal(required: bool, pinned: Option<&[(&str, &str)]>) -> Option<String> {
        let pins = pinned.map(|entries| {
            let mut pins = Pins::default();
            for (path, digest) in entries {
                assert!(pins.insert(Path::new(path), digest));
            }
            pins
        });
        let policy = PinPolicy { required, pins, ..PinPolicy::default() };
        let failure = admit(&policy, &ModuleSource::File("/x/foo.wasm".into()), FOUND).err()?;
        assert_eq!(failure.reason, Reason::NotPinned);
        Some(failure.detail)
    }

    #[test]
    fn pinned_module_is_admitted() {
        assert_eq!(refusal(true, Some(&[("/x/foo.wasm", FOUND)])), None);
    }

    #[test]
    fn module_without_its_pin_is_refused_by_name() {
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
    fn module_is_admitted_while_no_pin_is_required() {
        for pinned in [None, Some(&[] as &[_]), Some(&[("/x/foo.wasm", OTHER)])] {
            assert_eq!(refusal(false, pinned), None);
        }
    }

    #[test]
    fn built_in_modules_are_exempt() {
        let policy = PinPolicy { required: true, ..PinPolicy::default() };
        assert_eq!(admit(&policy, &ModuleSource::Builtin("cpu"), FOUND), Ok(()));
    }
}
