//! Which bytes a module has: its digest and its size. Each file is read once, whatever the number of links to it.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use checkpost_files::FileId;
use checkpost_model::check::{Failure, ModuleSource, Reason};
use checkpost_model::digest::sha256_hex;

use crate::bundle::builtin;
use crate::pin_policy;
use crate::read::{ModuleFile, Reading, no_such_builtin};
use crate::sandbox::Sandbox;

/// The bytes of a module, by their digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) digest: String,
    pub(super) size_bytes: u64,
}

/// The identity of each module, in order, read from files of at most so many bytes. A module file that is not admitted by
/// the pin policy has none.
pub(super) fn identify(sandbox: &Sandbox, sources: &[(&ModuleSource, u64)]) -> Vec<Result<Identity, Failure>> {
    let found = examine(sandbox, sources);
    let distinct = distinct(&found);
    let hashed = sandbox.map(&distinct, |file| (file.id, hash(file, sandbox.deadline)));
    let by_file: HashMap<FileId, _> = hashed.into_iter().collect();
    let identity = |(source, _): &(&ModuleSource, u64), found: Result<Found<'_>, Failure>| match found? {
        Found::Builtin(bytes) => Ok(Identity { digest: sha256_hex(bytes), size_bytes: bytes.len() as u64 }),
        Found::File(file) => {
            let identity = by_file[&file.id].clone()?;
            pin_policy::admit(&sandbox.pin_policy, source, &identity.digest)?;
            Ok(identity)
        }
    };
    sources.iter().zip(found).map(|(source, found)| identity(source, found)).collect()
}

/// What there is before anything of it is read but its first bytes.
enum Found<'a> {
    Builtin(&'a [u8]),
    File(ModuleFile),
}

/// Looks at each module. Files beyond what one run reads are refused, the last ones first.
fn examine<'a>(sandbox: &Sandbox, sources: &[(&ModuleSource, u64)]) -> Vec<Result<Found<'a>, Failure>> {
    let mut reading = Reading::default();
    let mut examine = |source: &ModuleSource, max_bytes: u64| match source {
        ModuleSource::Builtin(name) => {
            builtin(name).map(|builtin| Found::Builtin(builtin.bytes)).ok_or_else(|| no_such_builtin(name))
        }
        ModuleSource::File(path) => {
            in_time(sandbox.deadline)?;
            let file = ModuleFile::examine(path, max_bytes)?;
            reading.admit(&file)?;
            Ok(Found::File(file))
        }
    };
    sources.iter().map(|(source, max_bytes)| examine(source, *max_bytes)).collect()
}

/// Each file once, whatever it is called.
fn distinct<'a>(found: &'a [Result<Found<'_>, Failure>]) -> Vec<&'a ModuleFile> {
    let mut seen = HashSet::new();
    let files = found.iter().filter_map(|found| match found {
        Ok(Found::File(file)) => Some(file),
        _ => None,
    });
    files.filter(|file| seen.insert(file.id)).collect()
}

fn hash(file: &ModuleFile, deadline: Option<Instant>) -> Result<Identity, Failure> {
    in_time(deadline)?;
    let (digest, size_bytes) = file.digest()?;
    Ok(Identity { digest, size_bytes })
}

/// Refuses to begin once the time for loading is over.
pub(super) fn in_time(deadline: Option<Instant>) -> Result<(), Failure> {
    if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
        return Err(Failure::new(Reason::Deadline, "the run had no time left to load it"));
    }
    Ok(())
}
