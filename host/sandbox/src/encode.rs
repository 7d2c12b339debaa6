//! Encodes a core module that carries its component type as a component.

use std::borrow::Cow;

use wit_component::ComponentEncoder;

use checkpost_model::clean;

use crate::adapter;

/// Bytes that are no component and cannot be encoded as one. Displays as one line.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EncodeError {
    /// An empty file.
    #[error("the file is empty")]
    Empty,
    /// Not WebAssembly.
    #[error("not a WebAssembly module: it does not begin with '\\0asm'")]
    NotWasm,
    /// WebAssembly of another version or layer.
    #[error("not a WebAssembly module or component of a known version")]
    UnknownVersion,
    /// A core module without a component type.
    #[error("a core module without a component type: build it with the checkpost SDK")]
    NoComponentType,
    /// A core module with imports that a component cannot have.
    #[error("imports {}, which a component cannot import", .0.join(", "))]
    Imports(Vec<String>),
    /// The encoder refused the module.
    #[error("cannot be encoded as a component: {0}")]
    Encode(String),
}

/// Longest message of the encoder, which quotes names of the module.
const CAUSES_CHARS: usize = 1_000;

/// The first bytes of every module and component.
pub(crate) const MAGIC: &[u8] = b"\0asm";
const CORE: &[u8] = &[1, 0, 0, 0];
const COMPONENT: &[u8] = &[0x0d, 0, 1, 0];
const COMPONENT_TYPE: &[u8] = b"component-type";

/// The component in `bytes`, which is unchanged, or encoded from a core module by `wit-component`.
///
/// # Errors
/// When the bytes are neither a component nor a core module with a component type.
pub(crate) fn component_from(bytes: &[u8]) -> Result<Cow<'_, [u8]>, EncodeError> {
    let header = require_magic(bytes)?;
    if header.starts_with(COMPONENT) {
        return Ok(Cow::Borrowed(bytes));
    }
    if !header.starts_with(CORE) {
        return Err(EncodeError::UnknownVersion);
    }
    // The section is called `component-type:…` by `wit-bindgen`, and `component-type` by `wasm-tools component embed`.
    // Without it, the encoder would return an empty component.
    if !bytes.windows(COMPONENT_TYPE.len()).any(|window| window == COMPONENT_TYPE) {
        return Err(EncodeError::NoComponentType);
    }
    // The encoder trusts the length in the header of a code section, and panics when the file ends earlier.
    if let Some(error) = wasmparser::Parser::new(0).parse_all(bytes).find_map(Result::err) {
        return Err(EncodeError::Encode(clean::bounded(&error.to_string(), CAUSES_CHARS)));
    }
    let encode = || {
        let mut encoder = ComponentEncoder::default();
        encoder.validate(true).module(bytes)?;
        if imports(bytes).any(|import| adapter::serves(&import)) {
            // Its memory does not come from the module's allocator: Go's runtime calls WASI before its allocator may be used.
            encoder.realloc_via_memory_grow(true).adapter(adapter::PREVIEW1, adapter::ADAPTER)?;
        }
        encoder.encode()
    };
    encode().map(Cow::Owned).map_err(|error| match foreign_imports(bytes) {
        names if names.is_empty() => {
            let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
            EncodeError::Encode(clean::bounded(&causes.join(": "), CAUSES_CHARS))
        }
        names => EncodeError::Imports(names),
    })
}

/// What follows the first bytes that every module has.
///
/// # Errors
/// When the bytes begin otherwise, or there are none.
pub(crate) fn require_magic(bytes: &[u8]) -> Result<&[u8], EncodeError> {
    if bytes.is_empty() {
        return Err(EncodeError::Empty);
    }
    bytes.strip_prefix(MAGIC).ok_or(EncodeError::NotWasm)
}

/// The imports of a core module that nothing serves, such as `env.memory`.
fn foreign_imports(module: &[u8]) -> Vec<String> {
    imports(module)
        // Interfaces have a ':', and the imports of the canonical ABI itself begin with '$' or '['.
        .filter(|import| !import.module.contains(':') && !import.module.starts_with(['$', '[']))
        .filter(|import| !adapter::serves(import))
        .map(|import| format!("{}.{}", import.module, import.name))
        .collect()
}

/// The imports of a core module, as far as it can be parsed.
fn imports(module: &[u8]) -> impl Iterator<Item = wasmparser::Import<'_>> {
    let payloads = wasmparser::Parser::new(0).parse_all(module).map_while(Result::ok);
    let sections = payloads.filter_map(|payload| match payload {
        wasmparser::Payload::ImportSection(imports) => Some(imports),
        _ => None,
    });
    sections.flat_map(|section| section.into_imports().map_while(Result::ok))
}
