//! The cache of compiled modules, so that a run started by cron does not pay for compilation again.
//!
//! A cached file holds a keyed digest and its content. The digest covers the module's digest, the engine's settings and
//! version, and the content. It is verified before the content is used, and a file that does not match is rebuilt. The
//! key lies in the same private directory: a process that can read the key already runs as root or as this user.

mod directory;
mod eviction;
mod file;
mod key;
#[cfg(test)]
mod tests;

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use wasmtime::Engine;

use crate::artifact::VerifiedArtifact;
use crate::memo::Answers;

pub use directory::{CacheError, examine_cache};

use key::Key;

/// Total size of the cached files: room for some twenty Python checks.
const MAX_BYTES: u64 = 1 << 30;

const TAG_BYTES: usize = blake3::OUT_LEN;

/// Compiled modules of one engine.
pub(crate) struct Cache {
    directory: PathBuf,
    key: Key,
    /// Version and settings of the engine, from wasmtime's compatibility hash.
    engine_digest: u64,
}

impl Cache {
    /// Opens a cache directory. Creates the directory and its key when they are missing.
    pub(crate) fn open(directory: &Path, engine: &Engine) -> Result<Self, CacheError> {
        directory::create_private(directory)?;
        let key = key::read_or_create(directory)?;
        Ok(Self { directory: directory.to_owned(), key, engine_digest: engine_digest(engine) })
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The compiled module, if the cache has it and this host compiled it.
    pub(crate) fn get(&self, module_digest: &str) -> Option<VerifiedArtifact> {
        let path = self.path(module_digest, file::ARTIFACT);
        let file = self.verified(&path, Content::Artifact, module_digest)?;
        eviction::mark_used(&path);
        Some(VerifiedArtifact::cached(file, TAG_BYTES))
    }

    /// Caches a compiled module. The file appears whole or not at all.
    pub(crate) fn put(&self, module_digest: &str, artifact: &VerifiedArtifact) -> io::Result<()> {
        let tag = self.tag(Content::Artifact, module_digest, artifact.bytes());
        file::replace(&self.path(module_digest, file::ARTIFACT), &[tag.as_bytes(), artifact.bytes()])?;
        // The module is cached even when the cache stays too large.
        if let Err(error) = eviction::evict(&self.directory, MAX_BYTES, SystemTime::now()) {
            tracing::debug!(%error, "cannot evict modules from the cache");
        }
        Ok(())
    }

    /// The answers of a module to earlier calls.
    pub(crate) fn answers(&self, module_digest: &str) -> Option<Answers> {
        let file = self.verified(&self.path(module_digest, file::ANSWERS), Content::Answers, module_digest)?;
        serde_json::from_slice(&file[TAG_BYTES..]).ok()
    }

    /// Caches the answers of a module.
    pub(crate) fn put_answers(&self, module_digest: &str, answers: &Answers) -> io::Result<()> {
        let content = serde_json::to_vec(answers)?;
        let tag = self.tag(Content::Answers, module_digest, &content);
        file::replace(&self.path(module_digest, file::ANSWERS), &[tag.as_bytes(), &content])
    }

    /// The bytes of a file, tag included, if the file exists and its tag is right.
    fn verified(&self, path: &Path, content_kind: Content, module_digest: &str) -> Option<Vec<u8>> {
        let file = fs::read(path).ok()?;
        let is_ours = file.split_at_checked(TAG_BYTES).is_some_and(|(tag, content)| {
            // blake3::Hash compares in constant time.
            blake3::Hash::from_slice(tag).is_ok_and(|tag| tag == self.tag(content_kind, module_digest, content))
        });
        if !is_ours {
            tracing::warn!(file = %path.display(), "cached file does not match and is rebuilt");
        }
        is_ours.then_some(file)
    }

    /// The reason why a module must not be compiled, if the module is in quarantine. An empty file, which a power cut can
    /// leave, is not a quarantine.
    pub(crate) fn quarantine_reason(&self, module_digest: &str) -> Option<String> {
        let reason = fs::read_to_string(self.path(module_digest, file::QUARANTINED)).ok()?;
        (!reason.is_empty()).then_some(reason)
    }

    /// Puts a module into quarantine.
    pub(crate) fn quarantine(&self, module_digest: &str, reason: &str) -> io::Result<()> {
        file::replace(&self.path(module_digest, file::QUARANTINED), &[reason.as_bytes()])
    }

    /// Releases every module in quarantine whose digest begins with `digest_prefix`, and returns their number.
    pub(crate) fn release(&self, digest_prefix: &str) -> io::Result<usize> {
        let mut released = 0;
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            let digest = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            let is_quarantined = path.extension().is_some_and(|extension| extension == file::QUARANTINED);
            if is_quarantined && digest.starts_with(digest_prefix) && file::remove(&path)? {
                released += 1;
            }
        }
        Ok(released)
    }

    fn path(&self, module_digest: &str, extension: &str) -> PathBuf {
        self.directory.join(format!("{module_digest}.{extension}"))
    }

    fn tag(&self, content_kind: Content, module_digest: &str, content: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        // Each part before the content has a fixed length, so that no two files have the same bytes under the digest.
        hasher.update(&[content_kind as u8]).update(module_digest.as_bytes()).update(&self.engine_digest.to_le_bytes());
        hasher.update(content);
        hasher.finalize()
    }
}

/// The kind of a file's content; part of its tag, so that one kind cannot pass for another.
#[derive(Clone, Copy)]
enum Content {
    Artifact,
    Answers,
}

/// A label of the code that an engine makes: artifacts of engines with one label are interchangeable.
pub(crate) fn engine_digest(engine: &Engine) -> u64 {
    // SipHash with fixed keys: stable across runs of one binary, and only a label, not a defence.
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    // The program's version decides which answers a module may give and how they are cleaned.
    env!("CARGO_PKG_VERSION").hash(&mut hasher);
    hasher.finish()
}
