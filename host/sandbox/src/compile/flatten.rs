//! The size of a component once its nested components are flattened, computed before it is compiled.
//!
//! A compiler flattens the tree of instances: a component that instantiates another one twice, which instantiates a third
//! one twice, and so on, doubles with every level, so that 8 KB of WebAssembly become a million instances. The sums here
//! are made once for each definition and multiplied where it is instantiated, so they take time in proportion to the
//! bytes of the component.

use wasmparser::{
    BinaryReaderError, ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind,
    ComponentTypeRef, ElementItems, Encoding, Instance, Parser, Payload, TypeRef,
};

use checkpost_model::check::{Failure, Reason};
use checkpost_model::clean;

/// Instances of core modules and of components. A Python check has some 40.
const MAX_INSTANCES: u64 = 1_000;

/// Definitions: functions, types, aliases and so on, of which each instance has its own.
const MAX_DEFINITIONS: u64 = 200_000;

/// Bytes of data and table segments, which are copied in every call, and which no fuel pays for.
const MAX_SEGMENT_BYTES: u64 = 256 << 20;

/// The size of a component when it is instantiated, all of its instances summed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flattened {
    /// Instances of core modules and of components.
    instances: u64,
    /// Definitions of components, in each of their instances. Those of core modules are not copied.
    definitions: u64,
    /// Bytes of data and table segments.
    segment_bytes: u64,
    /// Memory of the host for the contexts of all instances, in bytes; an estimate from above.
    pub(crate) context_bytes: u64,
}

/// The flattened size of a component.
///
/// # Errors
/// [`Reason::CompileLimit`] when it is too large to be compiled, or instantiates what it has received from outside, whose
/// size cannot be known. [`Reason::InvalidModule`] for bytes that cannot be parsed.
pub(crate) fn flatten(component: &[u8]) -> Result<Flattened, Failure> {
    let flattened = parse(component)?;
    for (count, limit, what) in [
        (flattened.instances, MAX_INSTANCES, "instances"),
        (flattened.definitions, MAX_DEFINITIONS, "definitions"),
        (flattened.segment_bytes, MAX_SEGMENT_BYTES.max(2 * component.len() as u64), "bytes of segments"),
    ] {
        if count > limit {
            let count = if count == u64::MAX { "far more than".to_owned() } else { format!("{count}, more than") };
            return Err(Failure::new(
                Reason::CompileLimit,
                format!("has {count} {limit} {what} when it is instantiated"),
            ));
        }
    }
    Ok(flattened)
}

impl Flattened {
    fn add(&mut self, other: &Self) {
        self.instances = self.instances.saturating_add(other.instances);
        self.definitions = self.definitions.saturating_add(other.definitions);
        self.segment_bytes = self.segment_bytes.saturating_add(other.segment_bytes);
        self.context_bytes = self.context_bytes.saturating_add(other.context_bytes);
    }

    /// Adds definitions of a component. Each may need a slot in the context of its instance: a lowered function has the
    /// largest, with its entry points.
    fn define(&mut self, count: u32) {
        const SLOT_BYTES: u64 = 64;
        self.definitions = self.definitions.saturating_add(count.into());
        self.context_bytes = self.context_bytes.saturating_add(SLOT_BYTES * u64::from(count));
    }

    /// Adds `count` entries of a core module's context.
    fn reserve(&mut self, count: u32, entry_bytes: u64) {
        self.context_bytes = self.context_bytes.saturating_add(entry_bytes * u64::from(count));
    }
}

/// A definition that can be instantiated; `None` for one from outside, whose size is not known.
type Definition = Option<Flattened>;

/// A component or core module whose sections are being read.
struct Frame {
    encoding: Encoding,
    flattened: Flattened,
    /// The index space of components.
    components: Vec<Definition>,
    /// The index space of core modules.
    modules: Vec<Definition>,
    /// Functions of a core module, its own and imported ones.
    functions: u64,
    /// Places of a core module that may take a reference to a function.
    references: u64,
}

impl Frame {
    fn new(encoding: Encoding) -> Self {
        // A host's objects for one instance, besides its context.
        const INSTANCE_BYTES: u64 = 1 << 10;
        let flattened = Flattened { instances: 1, context_bytes: INSTANCE_BYTES, ..Flattened::default() };
        let (components, modules) = (Vec::new(), Vec::new());
        Self { encoding, flattened, components, modules, functions: 0, references: 0 }
    }

    /// The size of one instance, once all sections have been read.
    fn finished(mut self) -> Flattened {
        // Only functions that something refers to have a reference in the context.
        const REFERENCE_BYTES: u64 = 40;
        let references = self.functions.min(self.references);
        self.flattened.context_bytes =
            self.flattened.context_bytes.saturating_add(REFERENCE_BYTES.saturating_mul(references));
        self.flattened
    }
}

fn parse(component: &[u8]) -> Result<Flattened, Failure> {
    let mut frames: Vec<Frame> = Vec::new();
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(invalid)? {
            Payload::Version { encoding, .. } => frames.push(Frame::new(encoding)),
            Payload::End(_) => {
                let Some(frame) = frames.pop() else { break };
                let (encoding, flattened) = (frame.encoding, frame.finished());
                let Some(parent) = frames.last_mut() else { return Ok(flattened) };
                match encoding {
                    Encoding::Component => parent.components.push(Some(flattened)),
                    Encoding::Module => parent.modules.push(Some(flattened)),
                }
            }
            payload => read(&payload, &mut frames)?,
        }
    }
    Err(Failure::new(Reason::InvalidModule, "the component has no end"))
}

fn read(payload: &Payload<'_>, frames: &mut [Frame]) -> Result<(), Failure> {
    let Some((frame, outer)) = frames.split_last_mut() else { return Ok(()) };
    match frame.encoding {
        Encoding::Module => read_module(payload, frame).map_err(invalid),
        Encoding::Component => read_component(payload, frame, outer),
    }
}

/// Adds a section of a core module to the size of its instances.
fn read_module(payload: &Payload<'_>, frame: &mut Frame) -> Result<(), BinaryReaderError> {
    // What wasmtime lays out in the context of an instance, or allocates beside it, rounded up.
    const IMPORT_BYTES: u64 = 48;
    const GLOBAL_BYTES: u64 = 16;
    const TABLE_BYTES: u64 = 256;
    const MEMORY_BYTES: u64 = 1 << 10;
    const TABLE_ELEMENT_BYTES: u64 = size_of::<usize>() as u64;
    let flattened = &mut frame.flattened;
    match payload {
        Payload::ImportSection(section) => {
            flattened.reserve(section.count(), IMPORT_BYTES);
            for import in section.clone().into_imports() {
                frame.functions += u64::from(matches!(import?.ty, TypeRef::Func(_) | TypeRef::FuncExact(_)));
            }
        }
        Payload::FunctionSection(section) => frame.functions += u64::from(section.count()),
        Payload::TableSection(section) => flattened.reserve(section.count(), TABLE_BYTES),
        Payload::MemorySection(section) => flattened.reserve(section.count(), MEMORY_BYTES),
        Payload::TagSection(section) => flattened.reserve(section.count(), GLOBAL_BYTES),
        Payload::GlobalSection(section) => {
            flattened.reserve(section.count(), GLOBAL_BYTES);
            frame.references += u64::from(section.count());
        }
        Payload::ExportSection(section) => frame.references += u64::from(section.count()),
        Payload::ElementSection(section) => {
            for element in section.clone() {
                let items = match element?.items {
                    ElementItems::Functions(functions) => functions.count(),
                    ElementItems::Expressions(_, expressions) => expressions.count(),
                };
                frame.references += u64::from(items);
                flattened.segment_bytes += TABLE_ELEMENT_BYTES * u64::from(items);
            }
        }
        Payload::DataSection(section) => flattened.segment_bytes += section.range().len() as u64,
        _ => {}
    }
    Ok(())
}

/// Adds a section of a component to the size of its instances.
fn read_component(payload: &Payload<'_>, frame: &mut Frame, outer: &[Frame]) -> Result<(), Failure> {
    match payload {
        Payload::CoreTypeSection(section) => frame.flattened.define(section.count()),
        Payload::ComponentTypeSection(section) => frame.flattened.define(section.count()),
        Payload::ComponentCanonicalSection(section) => frame.flattened.define(section.count()),
        Payload::ComponentImportSection(section) => {
            frame.flattened.define(section.count());
            for import in section.clone() {
                match import.map_err(invalid)?.ty {
                    ComponentTypeRef::Component(_) => frame.components.push(None),
                    ComponentTypeRef::Module(_) => frame.modules.push(None),
                    _ => {}
                }
            }
        }
        Payload::ComponentExportSection(section) => {
            frame.flattened.define(section.count());
            for export in section.clone() {
                let export = export.map_err(invalid)?;
                // An export is also a new index for what it exports.
                let index = export.index;
                match export.kind {
                    ComponentExternalKind::Component => frame.components.push(definition(&frame.components, index)?),
                    ComponentExternalKind::Module => frame.modules.push(definition(&frame.modules, index)?),
                    _ => {}
                }
            }
        }
        Payload::ComponentAliasSection(section) => {
            frame.flattened.define(section.count());
            for alias in section.clone() {
                read_alias(&alias.map_err(invalid)?, frame, outer)?;
            }
        }
        Payload::InstanceSection(section) => {
            for instance in section.clone() {
                match instance.map_err(invalid)? {
                    Instance::Instantiate { module_index, args } => {
                        frame.flattened.add(&instantiated(definition(&frame.modules, module_index)?)?);
                        frame.flattened.define(args.len() as u32);
                    }
                    Instance::FromExports(exports) => frame.flattened.define(exports.len() as u32),
                }
            }
        }
        Payload::ComponentInstanceSection(section) => {
            for instance in section.clone() {
                match instance.map_err(invalid)? {
                    ComponentInstance::Instantiate { component_index, args } => {
                        frame.flattened.add(&instantiated(definition(&frame.components, component_index)?)?);
                        frame.flattened.define(args.len() as u32);
                    }
                    ComponentInstance::FromExports(exports) => frame.flattened.define(exports.len() as u32),
                }
            }
        }
        _ => {}
    }
    Ok(())
}

fn read_alias(alias: &ComponentAlias<'_>, frame: &mut Frame, outer: &[Frame]) -> Result<(), Failure> {
    match *alias {
        ComponentAlias::InstanceExport { kind: ComponentExternalKind::Component, .. } => frame.components.push(None),
        ComponentAlias::InstanceExport { kind: ComponentExternalKind::Module, .. } => frame.modules.push(None),
        ComponentAlias::Outer { kind: ComponentOuterAliasKind::Component, count, index } => {
            let aliased = definition(outward(frame, outer, count)?.0, index)?;
            frame.components.push(aliased);
        }
        ComponentAlias::Outer { kind: ComponentOuterAliasKind::CoreModule, count, index } => {
            let aliased = definition(outward(frame, outer, count)?.1, index)?;
            frame.modules.push(aliased);
        }
        _ => {}
    }
    Ok(())
}

/// The index spaces of components and modules, `count` components outward.
fn outward<'a>(
    frame: &'a Frame,
    outer: &'a [Frame],
    count: u32,
) -> Result<(&'a [Definition], &'a [Definition]), Failure> {
    let frame = match count as usize {
        0 => Some(frame),
        count => outer.len().checked_sub(count).map(|index| &outer[index]),
    };
    frame.map(|frame| (frame.components.as_slice(), frame.modules.as_slice())).ok_or_else(no_such_index)
}

fn definition(space: &[Definition], index: u32) -> Result<Definition, Failure> {
    space.get(index as usize).copied().ok_or_else(no_such_index)
}

fn instantiated(definition: Definition) -> Result<Flattened, Failure> {
    let from_outside = || {
        let detail = "instantiates a component or module that it imports or takes from an instance, which cannot be \
                      counted before it is compiled";
        Failure::new(Reason::CompileLimit, detail)
    };
    definition.ok_or_else(from_outside)
}

fn no_such_index() -> Failure {
    Failure::new(Reason::InvalidModule, "refers to a component or module that it does not define")
}

fn invalid(error: BinaryReaderError) -> Failure {
    Failure::new(Reason::InvalidModule, clean::bounded(&error.to_string(), 300))
}
