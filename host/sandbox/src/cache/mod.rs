//! The cache of compiled modules, so that a run started by cron does not pay for compilation again.
//!
//! A cached file holds a keyed digest and its content. The digest covers the module's digest, the engine's settings and
//! version, and the content. It is verified before the content is used, and a file that does not match is rebuilt. The
//! key lies in the same private directory: a process that can read the key already runs as root or as this user.

mod directory;
mod eviction;
mod file;
mod key;
mod private;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use wasmtime::Engine;

use checkpost_model::check::Failure;

use crate::artifact::Artifact;
use crate::memo::Answers;

pub use private::{CacheError, examine_cache};

use directory::Directory;
use key::Key;

const TAG_BYTES: usize = blake3::OUT_LEN;

/// The form of the cached files, and the circumstances under which modules answer. It changes with them within a version
/// of the program.
const FORMAT: u32 = 2;

/// Compiled modules of one engine.
pub(crate) struct Cache {
    directory: Directory,
    key: Key,
    /// Version and settings of the engine, from wasmtime's compatibility hash.
    engine_digest: u64,
    /// Whether this process has added a file.
    has_grown: AtomicBool,
}

impl Cache {
    /// Opens a cache directory, once. Creates the directory and its key when they are missing.
    pub(crate) fn open(directory: &Path, engine: &Engine) -> Result<Self, CacheError> {
        let directory = private::create_or_open(directory)?;
        let key = key::read_or_create(&directory)?;
        let has_grown = AtomicBool::new(false);
        Ok(Self { directory, key, engine_digest: engine_digest(engine), has_grown })
    }

    /// A file without a name on the disk of the cache, where there is room for compiled modules.
    pub(crate) fn unnamed_file(&self) -> io::Result<File> {
        file::unnamed(&self.directory)
    }

    /// The size of a compiled module, if the cache has it. Whether this host compiled it is for [`Cache::get`] to say.
    pub(crate) fn artifact_bytes(&self, module_digest: &str) -> Option<u64> {
        let entry = self.directory.entry(&name(module_digest, file::ARTIFACT)).ok()?;
        Some(entry.bytes.saturating_sub(TAG_BYTES as u64))
    }

    /// The compiled module, if the cache has it and this host compiled it.
    pub(crate) fn get(&self, module_digest: &str) -> Option<Artifact> {
        let file = self.verified(Content::Artifact, module_digest)?;
        eviction::mark_used(&self.directory, &name(module_digest, file::ARTIFACT));
        Artifact::from_bytes(file, TAG_BYTES)
    }

    /// Caches a compiled module. The file appears whole or not at all.
    pub(crate) fn put(&self, module_digest: &str, artifact: &Artifact) -> io::Result<()> {
        self.write(Content::Artifact, module_digest, artifact.bytes())?;
        // The module is cached even if the note stays; it only shortens the patience with a later version of the engine.
        let _ = file::remove(&self.directory, &name(module_digest, file::ENDED));
        Ok(())
    }

    /// Limits the size of the cache, if this process has added to it: first go the files that none of these modules needs,
    /// those that were used least recently first, then those of the last modules. So no module can push out another one
    /// that is before it.
    pub(crate) fn evict<'a>(&self, in_use: impl Iterator<Item = &'a str>) {
        if !self.has_grown.load(Ordering::Relaxed) {
            return;
        }
        let ranks = in_use.enumerate().map(|(rank, digest)| (digest, rank)).collect();
        if let Err(error) = eviction::evict(&self.directory, &eviction::Room::MOST, &ranks, SystemTime::now()) {
            tracing::debug!(%error, "cannot evict modules from the cache");
        }
    }

    /// The answers of a module to earlier calls.
    pub(crate) fn answers(&self, module_digest: &str) -> Option<Answers> {
        let file = self.verified(Content::Answers, module_digest)?;
        serde_json::from_slice(&file[TAG_BYTES..]).ok()
    }

    /// Caches the answers of a module.
    pub(crate) fn put_answers(&self, module_digest: &str, answers: &Answers) -> io::Result<()> {
        self.write(Content::Answers, module_digest, &serde_json::to_vec(answers)?)
    }

    /// The failure that this version of the engine finds in a module, if it was found before.
    pub(crate) fn refusal(&self, module_digest: &str) -> Option<Failure> {
        let file = self.verified(Content::Refusal, module_digest)?;
        serde_json::from_slice(&file[TAG_BYTES..]).ok()
    }

    /// Caches the failure that compiling a module again would find again.
    pub(crate) fn put_refusal(&self, module_digest: &str, failure: &Failure) -> io::Result<()> {
        self.write(Content::Refusal, module_digest, &serde_json::to_vec(failure)?)
    }

    fn write(&self, kind: Content, module_digest: &str, content: &[u8]) -> io::Result<()> {
        let tag = self.tag(kind, module_digest, content);
        self.has_grown.store(true, Ordering::Relaxed);
        file::replace(&self.directory, &name(module_digest, kind.extension()), &[tag.as_bytes(), content])
    }

    /// The bytes of a file, tag included, if the file exists and its tag is right.
    fn verified(&self, content_kind: Content, module_digest: &str) -> Option<Vec<u8>> {
        let name = name(module_digest, content_kind.extension());
        let file = match self.directory.read(&name) {
            Ok(file) => file,
            // Most modules have no refusal, and new ones have nothing.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(file = %self.directory.path().join(name).display(), %error, "cached file is rebuilt");
                return None;
            }
        };
        let is_ours = file.split_at_checked(TAG_BYTES).is_some_and(|(tag, content)| {
            // blake3::Hash compares in constant time.
            blake3::Hash::from_slice(tag).is_ok_and(|tag| tag == self.tag(content_kind, module_digest, content))
        });
        if !is_ours {
            let file = self.directory.path().join(name);
            tracing::warn!(file = %file.display(), "cached file does not match and is rebuilt");
        }
        is_ours.then_some(file)
    }

    /// The reason why a module must not be compiled, if the module is in quarantine. An empty file, which a power cut can
    /// leave, is not a quarantine.
    pub(crate) fn quarantine_reason(&self, module_digest: &str) -> Option<String> {
        let reason = self.text(&name(module_digest, file::QUARANTINED))?;
        (!reason.is_empty()).then_some(reason)
    }

    /// Puts a module into quarantine.
    pub(crate) fn quarantine(&self, module_digest: &str, reason: &str) -> io::Result<()> {
        self.has_grown.store(true, Ordering::Relaxed);
        file::replace(&self.directory, &name(module_digest, file::QUARANTINED), &[reason.as_bytes()])
    }

    /// Counts a compilation of a module that ended without a result, and returns how many there were in a row.
    pub(crate) fn count_ended(&self, module_digest: &str) -> io::Result<u32> {
        let name = name(module_digest, file::ENDED);
        let before: u32 = self.text(&name).and_then(|text| text.parse().ok()).unwrap_or(0);
        let times = before.saturating_add(1);
        self.has_grown.store(true, Ordering::Relaxed);
        file::replace(&self.directory, &name, &[times.to_string().as_bytes()])?;
        Ok(times)
    }

    /// Releases every module in quarantine whose digest begins with `digest_prefix`, and returns their number.
    pub(crate) fn release(&self, digest_prefix: &str) -> io::Result<usize> {
        let mut released = 0;
        for file in self.directory.names()? {
            let Some((digest, file::QUARANTINED)) = file.rsplit_once('.') else { continue };
            if digest.starts_with(digest_prefix) && file::remove(&self.directory, &file)? {
                file::remove(&self.directory, &name(digest, file::ENDED))?;
                released += 1;
            }
        }
        Ok(released)
    }

    /// The text of a file that has no tag.
    fn text(&self, name: &str) -> Option<String> {
        String::from_utf8(self.directory.read(name).ok()?).ok()
    }

    fn tag(&self, content_kind: Content, module_digest: &str, content: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        // Each part before the content has a fixed length, so that no two files have the same bytes under the digest.
        hasher.update(&[content_kind as u8]).update(module_digest.as_bytes()).update(&self.engine_digest.to_le_bytes());
        hasher.update(content);
        hasher.finalize()
    }
}

/// The name of a file about a module.
fn name(module_digest: &str, extension: &str) -> String {
    format!("{module_digest}.{extension}")
}

/// The kind of a file's content; part of its tag, so that one kind cannot pass for another.
#[derive(Clone, Copy)]
enum Content {
    Artifact,
    Answers,
    Refusal,
}

impl Content {
    fn extension(self) -> &'static str {
        match self {
            Self::Artifact => file::ARTIFACT,
            Self::Answers => file::ANSWERS,
            Self::Refusal => file::REFUSAL,
        }
    }
}

/// A label of the code that an engine makes: artifacts of engines with one label are interchangeable.
pub(crate) fn engine_digest(engine: &Engine) -> u64 {
    // SipHash with fixed keys: stable across runs of one binary, and only a label, not a defence.
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    // The program's version decides which answers a module may give and how they are cleaned.
    env!("CARGO_PKG_VERSION").hash(&mut hasher);
    FORMAT.hash(&mut hasher);
    hasher.finish()
}
