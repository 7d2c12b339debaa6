//! Artifacts: what the compiler makes of a module. Loading one is the one `unsafe` of the sandbox.

use wasmtime::Engine;
use wasmtime::component::Component;

/// Length of the number before the machine code.
const HEADER_BYTES: usize = size_of::<u64>();

/// Machine code whose origin is proved: this host's compiler made it, for this module and this engine. Before it, in the
/// same bytes, stands the memory that the host needs for an instance.
pub(crate) struct Artifact {
    bytes: Vec<u8>,
    /// Offset of the artifact in `bytes`.
    start: usize,
}

impl Artifact {
    /// An artifact that this process has just compiled. Its instances need `context_bytes` of the host's memory.
    pub(crate) fn new(context_bytes: u64, code: Vec<u8>) -> Self {
        let mut bytes = code;
        bytes.splice(..0, context_bytes.to_le_bytes());
        Self { bytes, start: 0 }
    }

    /// The bytes of an artifact, from `start` on: of a child whose output no other process could reach, or of a cached
    /// file whose keyed digest `Cache::get` has verified. `None` if they are too few for an artifact.
    pub(crate) fn from_bytes(bytes: Vec<u8>, start: usize) -> Option<Self> {
        (bytes.len() >= start + HEADER_BYTES).then_some(Self { bytes, start })
    }

    /// The whole artifact, as it is cached.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Memory of the host for the contexts of all instances of one call, in bytes.
    pub(crate) fn context_bytes(&self) -> u64 {
        let (header, _) = self.bytes().split_first_chunk::<HEADER_BYTES>().unwrap_or((&[0; HEADER_BYTES], &[]));
        u64::from_le_bytes(*header)
    }

    fn code(&self) -> &[u8] {
        self.bytes().get(HEADER_BYTES..).unwrap_or_default()
    }
}

/// Loads compiled code.
///
/// # Errors
/// When the artifact comes from another version of wasmtime or from other settings, or the engine has no room for it.
#[allow(unsafe_code)]
pub(crate) fn load(engine: &Engine, artifact: &Artifact) -> wasmtime::Result<Component> {
    // SAFETY: `deserialize` runs any machine code that it receives, so it may only receive the output of wasmtime's
    // compiler. The keyed digest over (module, engine, artifact) proves that origin for a cached file. A fresh artifact
    // comes from this process, or from our own child through a file that has no name. The bytes are in our memory, not in
    // a file that another process could still change; and wasmtime checks its version and settings once more.
    unsafe { Component::deserialize(engine, artifact.code()) }
}
