//! From a core module that carries its component type to a component.

use std::borrow::Cow;

use wit_component::ComponentEncoder;

use crate::clean;

/// Bytes that are no component and cannot be made one. Displays as one line.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// An empty file.
    #[error("the file is empty")]
    Empty,
    /// Not WebAssembly.
    #[error("not a WebAssembly module: it does not begin with '\\0asm'")]
    NotWasm,
    /// WebAssembly of another version or layer.
    #[error("not a WebAssembly module or component of a known version")]
    UnknownVersion,
    /// A core module that does not say which component it is.
    #[error("a core module without a component type: build it with the checkpost SDK")]
    NoComponentType,
    /// A core module that imports what no component has.
    #[error("imports {}, which no component has", .0.join(", "))]
    Imports(Vec<String>),
    /// The encoder refused it.
    #[error("cannot be made a component: {0}")]
    Encode(String),
}

/// Longest that the encoder's reasons may be: it quotes names of the module.
const CAUSES_CHARS: usize = 1_000;

const MAGIC: &[u8] = b"\0asm";
const CORE: &[u8] = &[1, 0, 0, 0];
const COMPONENT: &[u8] = &[0x0d, 0, 1, 0];

/// The component in `bytes`: as it is, or encoded from a core module by `wit-component`.
///
/// # Errors
/// When the bytes are neither a component nor a core module with a component type.
pub fn component_from(bytes: &[u8]) -> Result<Cow<'_, [u8]>, PackError> {
    if bytes.is_empty() {
        return Err(PackError::Empty);
    }
    let Some(header) = bytes.strip_prefix(MAGIC) else { return Err(PackError::NotWasm) };
    if header.starts_with(COMPONENT) {
        return Ok(Cow::Borrowed(bytes));
    }
    if !header.starts_with(CORE) {
        return Err(PackError::UnknownVersion);
    }
    // The section that `wit-bindgen` leaves as `component-type:…`, and `wasm-tools component embed` as `component-type`;
    // without it the encoder would make an empty component.
    if !bytes.windows(COMPONENT_TYPE.len()).any(|window| window == COMPONENT_TYPE) {
        return Err(PackError::NoComponentType);
    }
    // The encoder takes the length that a code section states for granted, and panics where the file ends before.
    if let Some(error) = wasmparser::Parser::new(0).parse_all(bytes).find_map(Result::err) {
        return Err(PackError::Encode(clean::bounded(&error.to_string(), CAUSES_CHARS)));
    }
    let encode = |bytes| ComponentEncoder::default().validate(true).module(bytes)?.encode();
    encode(bytes).map(Cow::Owned).map_err(|error| match foreign_imports(bytes) {
        names if names.is_empty() => {
            let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
            PackError::Encode(clean::bounded(&causes.join(": "), CAUSES_CHARS))
        }
        names => PackError::Imports(names),
    })
}

/// The imports of a core module that name no interface, as `wasi_snapshot_preview1.fd_write` and `env.memory` do not.
fn foreign_imports(module: &[u8]) -> Vec<String> {
    let payloads = wasmparser::Parser::new(0).parse_all(module).map_while(Result::ok);
    let imports = payloads.filter_map(|payload| match payload {
        wasmparser::Payload::ImportSection(imports) => Some(imports),
        _ => None,
    });
    imports
        .flat_map(|section| section.into_imports().map_while(Result::ok))
        // Interfaces have a ':', and what the canonical ABI itself provides begins with '$' or '['.
        .filter(|import| !import.module.contains(':') && !import.module.starts_with(['$', '[']))
        .map(|import| format!("{}.{}", import.module, import.name))
        .collect()
}

const COMPONENT_TYPE: &[u8] = b"component-type";
