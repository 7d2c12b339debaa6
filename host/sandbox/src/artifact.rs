//! The one `unsafe` of the sandbox: loading machine code that this host compiled.

use wasmtime::Engine;
use wasmtime::component::Component;

/// An artifact whose origin is proved: this host's compiler made it, for this module and this engine.
pub(crate) struct VerifiedArtifact {
    bytes: Vec<u8>,
    /// Offset of the artifact in `bytes`.
    start: usize,
}

impl VerifiedArtifact {
    /// An artifact that this process, or a child whose output no other process could reach, has just compiled.
    pub(crate) fn compiled(bytes: Vec<u8>) -> Self {
        Self { bytes, start: 0 }
    }

    /// The content of a cached file from `start` on. The caller, `Cache::get`, has verified its keyed digest.
    pub(crate) fn cached(file: Vec<u8>, start: usize) -> Self {
        Self { bytes: file, start }
    }

    /// The artifact.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

/// Loads compiled code.
///
/// # Errors
/// When the artifact comes from another version of wasmtime or from other settings, or the engine has no room for it.
#[allow(unsafe_code)]
pub(crate) fn load(engine: &Engine, artifact: &VerifiedArtifact) -> wasmtime::Result<Component> {
    // SAFETY: `deserialize` runs any machine code that it receives, so it may only receive the output of wasmtime's
    // compiler. The keyed digest over (module, engine, artifact) proves that origin for a cached file. A fresh artifact
    // comes from this process, or from our own child through a file that has no name. The bytes are in our memory, not in
    // a file that another process could still change; and wasmtime checks its version and settings once more.
    unsafe { Component::deserialize(engine, artifact.bytes()) }
}
