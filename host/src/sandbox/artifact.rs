//! The one `unsafe` of the sandbox: loading machine code that this host compiled before.

use wasmtime::Engine;
use wasmtime::component::Component;

/// Bytes whose origin was proved: this host's own compiler made them, for this module and this engine.
pub(super) struct VerifiedArtifact {
    bytes: Vec<u8>,
    /// Where the artifact begins.
    start: usize,
}

impl VerifiedArtifact {
    /// What this process, or a child of it that no other process could reach, has just compiled.
    pub(super) fn compiled(bytes: Vec<u8>) -> Self {
        Self { bytes, start: 0 }
    }

    /// What lies in a cached file behind its keyed digest, which `cache::Cache::get` has checked.
    pub(super) fn cached(file: Vec<u8>, start: usize) -> Self {
        Self { bytes: file, start }
    }
}

/// Loads compiled code.
///
/// # Errors
/// When wasmtime finds that it was made by another version or with other settings, or that the engine has no room for it.
#[allow(unsafe_code)]
pub(super) fn load(engine: &Engine, artifact: &VerifiedArtifact) -> wasmtime::Result<Component> {
    // SAFETY: `deserialize` runs whatever machine code it is given, so it may only be given what wasmtime's compiler made.
    // For a cached file the keyed digest over (module, engine, artifact) shows that, for a fresh one that our own child
    // wrote it to a file that has no name; the bytes are in our memory, not in a file that another process may still
    // change; and wasmtime checks its version and settings once more.
    unsafe { Component::deserialize(engine, &artifact.bytes[artifact.start..]) }
}
