//! Compiled modules on disk, so that a cron run pays for a check's compilation once.
//!
//! A file holds a keyed digest and the artifact. The digest is over the module's digest, the engine's settings and
//! version, and the artifact; it is checked before anything is loaded, and what does not match is compiled again. The
//! key lies in the same private directory: who can read it is root or this user already.

use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use wasmtime::Engine;

use super::artifact::VerifiedArtifact;
use super::eviction;
use super::memo::Answers;

const KEY_BYTES: usize = blake3::KEY_LEN;
/// Ending of the files that say why a module is in quarantine.
const QUARANTINED: &str = ".quarantined";

/// Size that the compiled modules may have together: some twenty of Python's.
const MAX_BYTES: u64 = 1 << 30;

const TAG_BYTES: usize = blake3::OUT_LEN;

/// A directory that cannot serve as a cache.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// It could not be made, read or written.
    #[error("cannot use the cache directory {path}: {source}")]
    Io {
        /// The directory or the key file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no engine to keep compiled modules of.
    #[error("cannot make a WebAssembly engine: {0:#}")]
    Engine(wasmtime::Error),
    /// Somebody else could put code into it.
    #[error(
        "the cache directory {0} is not private: chmod it to 0700 and give it to the user that runs checkpost, or set cache_dir"
    )]
    NotPrivate(PathBuf),
}

/// Whether a directory of compiled modules is there. Makes nothing.
///
/// # Errors
/// When it could not be used, because it cannot be looked at or is not private.
pub fn examine_cache(directory: &Path) -> Result<bool, CacheError> {
    match is_private(directory) {
        Ok(true) => Ok(true),
        Ok(false) => Err(CacheError::NotPrivate(directory.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(CacheError::Io { path: directory.to_owned(), source }),
    }
}

/// Ending of the files that hold what a module said.
pub(super) const ANSWERS: &str = "json";

/// Compiled modules of one engine.
pub(super) struct Cache {
    directory: PathBuf,
    key: [u8; KEY_BYTES],
    /// Version and settings of the engine, as wasmtime sums them up.
    engine_digest: u64,
}

impl Cache {
    /// Opens a cache directory, made with its key when it is not there.
    pub(super) fn open(directory: &Path, engine: &Engine) -> Result<Self, CacheError> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| CacheError::Io { path, source }
        };
        make_private(directory).map_err(at(directory))?;
        if !is_private(directory).map_err(at(directory))? {
            return Err(CacheError::NotPrivate(directory.to_owned()));
        }
        let key_file = directory.join("key");
        let key = read_or_make_key(&key_file).map_err(at(&key_file))?;
        // SipHash with fixed keys: stable across runs of one binary, and only a label, not a defence.
        let mut hasher = std::hash::DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        // What a module may say, and how it is cleaned, belongs to this program's version.
        env!("CARGO_PKG_VERSION").hash(&mut hasher);
        Ok(Self { directory: directory.to_owned(), key, engine_digest: hasher.finish() })
    }

    /// Where it is.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The compiled module, if there is one and it is this host's own.
    pub(super) fn get(&self, module_digest: &str) -> Option<VerifiedArtifact> {
        let path = self.path(module_digest);
        let file = self.verified(&path, Content::Artifact, module_digest)?;
        eviction::mark_used(&path);
        Some(VerifiedArtifact::cached(file, TAG_BYTES))
    }

    /// Keeps a compiled module. The file appears whole or not at all.
    pub(super) fn put(&self, module_digest: &str, artifact: &[u8]) -> io::Result<()> {
        let tag = self.tag(Content::Artifact, module_digest, artifact);
        replace(&self.path(module_digest), &[tag.as_bytes(), artifact])?;
        eviction::evict(&self.directory, MAX_BYTES, SystemTime::now())
    }

    /// What a module said before.
    pub(super) fn recall(&self, module_digest: &str) -> Option<Answers> {
        let file = self.verified(&self.answers_path(module_digest), Content::Answers, module_digest)?;
        serde_json::from_slice(&file[TAG_BYTES..]).ok()
    }

    /// Keeps what a module said.
    pub(super) fn remember(&self, module_digest: &str, answers: &Answers) -> io::Result<()> {
        let content = serde_json::to_vec(answers)?;
        let tag = self.tag(Content::Answers, module_digest, &content);
        replace(&self.answers_path(module_digest), &[tag.as_bytes(), &content])
    }

    /// The bytes of a file, tag included, if there is one and its tag is right.
    fn verified(&self, path: &Path, kind: Content, module_digest: &str) -> Option<Vec<u8>> {
        let file = fs::read(path).ok()?;
        let is_ours = file.split_at_checked(TAG_BYTES).is_some_and(|(tag, content)| {
            // blake3::Hash compares in constant time.
            blake3::Hash::from_slice(tag).is_ok_and(|tag| tag == self.tag(kind, module_digest, content))
        });
        if !is_ours {
            tracing::warn!(file = %path.display(), "cached file does not match and is made again");
        }
        is_ours.then_some(file)
    }

    /// Why a module is not to be compiled, if it is in quarantine.
    pub(super) fn quarantined(&self, module_digest: &str) -> Option<String> {
        fs::read_to_string(self.quarantine_path(module_digest)).ok()
    }

    /// Puts a module into quarantine.
    pub(super) fn quarantine(&self, module_digest: &str, why: &str) -> io::Result<()> {
        replace(&self.quarantine_path(module_digest), &[why.as_bytes()])
    }

    /// Releases every module in quarantine whose digest begins so, and returns how many.
    pub(super) fn release(&self, digest_prefix: &str) -> io::Result<usize> {
        let mut released = 0;
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.strip_suffix(QUARANTINED).is_some_and(|digest| digest.starts_with(digest_prefix)) {
                fs::remove_file(&path)?;
                released += 1;
            }
        }
        Ok(released)
    }

    fn quarantine_path(&self, module_digest: &str) -> PathBuf {
        self.directory.join(format!("{module_digest}{QUARANTINED}"))
    }

    fn path(&self, module_digest: &str) -> PathBuf {
        self.directory.join(format!("{module_digest}.cwasm"))
    }

    fn answers_path(&self, module_digest: &str) -> PathBuf {
        self.directory.join(format!("{module_digest}.{ANSWERS}"))
    }

    fn tag(&self, kind: Content, module_digest: &str, content: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        // Each part before the content has a fixed length, so that no two files have the same bytes under the digest.
        hasher.update(&[kind as u8]).update(module_digest.as_bytes()).update(&self.engine_digest.to_le_bytes());
        hasher.update(content);
        hasher.finalize()
    }
}

/// What a file holds; part of its tag, so that one cannot pass for the other.
#[derive(Clone, Copy)]
enum Content {
    Artifact,
    Answers,
}

fn read_or_make_key(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    if let Some(key) = read_key(path)? {
        return Ok(key);
    }
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    replace(path, &[&key])?;
    // Of two processes that start at once the last one's key stays; what the other one caches is compiled again.
    Ok(key)
}

/// `None` when there is no key, or not a whole one.
fn read_key(path: &Path) -> io::Result<Option<[u8; KEY_BYTES]>> {
    match fs::read(path) {
        Ok(bytes) => Ok(bytes.try_into().ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes beside the file and renames over it, so that a reader sees the old bytes or the new ones.
fn replace(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    for part in parts {
        file.write_all(part)?;
    }
    file.persist(path)?;
    Ok(())
}

#[cfg(unix)]
fn make_private(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if let Some(parent) = directory.parent() {
        fs::create_dir_all(parent)?;
    }
    match fs::DirBuilder::new().mode(0o700).create(directory) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// Ours, a real directory, and writable by nobody else.
#[cfg(unix)]
fn is_private(directory: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::symlink_metadata(directory)?;
    let ours = metadata.uid() == rustix::process::geteuid().as_raw();
    Ok(metadata.is_dir() && ours && metadata.mode() & 0o022 == 0)
}

#[cfg(not(unix))]
fn make_private(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)
}

/// Elsewhere a directory inherits the rights of the one it is made in.
#[cfg(not(unix))]
fn is_private(directory: &Path) -> io::Result<bool> {
    Ok(fs::metadata(directory)?.is_dir())
}
