//! The one `unsafe` of the host: loading machine code that this host compiled before.

use wasmtime::Engine;
use wasmtime::component::Component;

/// Bytes whose origin was proved: this host's own compiler made them, for this module and this engine.
///
/// `cache::Cache::get` makes one after it has checked the keyed digest, and `module` of what a child process of this
/// binary has just compiled, which no other process could reach.
pub(super) struct VerifiedArtifact<'a>(pub(super) &'a [u8]);

/// Loads compiled code.
///
/// # Errors
/// When wasmtime finds that it was made by another version or with other settings.
#[allow(unsafe_code)]
pub(super) fn load(engine: &Engine, artifact: &VerifiedArtifact<'_>) -> wasmtime::Result<Component> {
    // SAFETY: `deserialize` runs whatever machine code it is given, so it may only be given what `Component::serialize`
    // made. For a cached file the keyed digest over (module, engine, artifact) shows that, for a fresh one that our own
    // child wrote it to a file that has no name; the bytes are in our memory, not in a file that
    // another process may still change; and wasmtime checks its version and settings once more.
    unsafe { Component::deserialize(engine, artifact.0) }
}
