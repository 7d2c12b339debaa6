//! A module that is ready to be called: read, compiled or taken from the cache, linked to nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

use crate::check::{Failure, ModuleInfo, ModuleSource, Reason, Settings, Verdict};
use crate::digest::sha256_hex;

use super::artifact::{self, VerifiedArtifact};
use super::bindings::CheckPre;
use super::cache::Cache;
use super::call::{Called, call, detail, link};
use super::compile::{Compiled, compile, compile_apart};
use super::engine::Sandbox;
use super::limits::StoreState;
use super::read::read;
use super::{Description, Input, Need, convert, output};

/// The interface of the contract's types, the only import that a check has.
const TYPES: &str = "checkpost:check/types@";

/// A module that may be called any number of times; every call starts from nothing.
pub struct Module {
    /// Digest, name, version, size.
    pub info: Arc<ModuleInfo>,
    /// What it says of itself.
    pub description: Description,
    pre: CheckPre<StoreState>,
    /// Until when its calls may last. The built-in checks have their own limit only: others' must not use up their time.
    deadline: Option<Instant>,
}

/// One evaluation, before the host knows which instance it was for.
pub struct Judged {
    /// Verdicts, checked and clean, or why there are none.
    pub outcome: Result<Vec<Verdict>, Failure>,
    /// Fuel used.
    pub fuel: u64,
    /// Wall-clock time.
    pub duration: Duration,
}

impl Judged {
    /// The outcome for an instance whose module is not there to be asked.
    pub fn failed(failure: Failure) -> Self {
        Self { outcome: Err(failure), fuel: 0, duration: Duration::ZERO }
    }
}

impl Module {
    /// Loads a module and asks it to describe itself.
    ///
    /// # Errors
    /// When it cannot be read, compiled or linked, or fails to describe itself. All of these are failures of the check.
    pub fn load(sandbox: &Sandbox, source: &ModuleSource) -> Result<Self, Failure> {
        let bytes = read(source, sandbox.limits.module_bytes)?;
        let digest = sha256_hex(&bytes);
        let component = compiled(sandbox, source, &bytes, &digest)?;
        refuse_imports(sandbox, &component)?;
        let linked = sandbox.linker.instantiate_pre(&component);
        let pre = link(linked.map_err(|error| Failure::new(Reason::ContractMismatch, detail(&error)))?)?;
        let deadline = match source {
            ModuleSource::Builtin(_) => None,
            ModuleSource::File(_) => sandbox.deadline,
        };
        let description = call(sandbox, deadline, &pre, |check, store| check.call_describe(store)).result?;
        let description = output::bounded_description(description.into(), sandbox.limits.text_bytes)?;
        let info = Arc::new(ModuleInfo {
            digest,
            name: description.name.clone(),
            version: description.version.clone(),
            size_bytes: bytes.len() as u64,
        });
        Ok(Self { info, description, pre, deadline })
    }

    /// Asks which readings an instance with these settings wants; the check validates them on the way.
    ///
    /// # Errors
    /// [`Reason::SettingsRefused`] with the check's own sentence, or any other failure of the call.
    pub fn needs(&self, sandbox: &Sandbox, settings: &Settings) -> Result<Vec<Need>, Failure> {
        let settings = convert::settings(settings);
        let answer =
            call(sandbox, self.deadline, &self.pre, |check, store| check.call_needs(store, &settings)).result?;
        let refused =
            |why: String| Failure::new(Reason::SettingsRefused, output::said(&why, sandbox.limits.text_bytes));
        Ok(answer.map_err(refused)?.into_iter().map(Need::from).collect())
    }

    /// Judges one input.
    pub fn evaluate(&self, sandbox: &Sandbox, input: &Input<'_>) -> Judged {
        let input = input.into();
        let Called { result, fuel, duration } =
            call(sandbox, self.deadline, &self.pre, |check, store| check.call_evaluate(store, &input));
        let outcome = result.and_then(|answer| match answer {
            Ok(verdicts) => output::checked(verdicts, &sandbox.limits),
            Err(why) => Err(Failure::new(Reason::GuestError, output::said(&why, sandbox.limits.text_bytes))),
        });
        Judged { outcome, fuel, duration }
    }
}

fn compiled(sandbox: &Sandbox, source: &ModuleSource, bytes: &[u8], digest: &str) -> Result<Component, Failure> {
    let cache = sandbox.cache.as_ref();
    if let Some(component) = cache.and_then(|cache| cache.get(&sandbox.engine, digest)) {
        return Ok(component);
    }
    if let Some(why) = cache.and_then(|cache| cache.quarantined(digest)) {
        return Err(Failure::new(Reason::CompileLimit, format!("{why}; in quarantine as {}", &digest[..16])));
    }
    let component = match source {
        ModuleSource::Builtin(_) => compile(&sandbox.engine, bytes)?,
        ModuleSource::File(_) => compiled_apart(sandbox, bytes, digest)?,
    };
    if let Some(cache) = cache
        && let Err(error) = cache.put(digest, &component)
    {
        tracing::warn!(%error, "cannot keep a compiled module; the next run compiles it again");
    }
    Ok(component)
}

/// Compiles somebody else's module where it can hurt nobody; one that takes too much is not tried again.
fn compiled_apart(sandbox: &Sandbox, bytes: &[u8], digest: &str) -> Result<Component, Failure> {
    let scratch = sandbox.cache.as_ref().map(Cache::directory);
    match compile_apart(&sandbox.compiler, scratch, bytes, sandbox.deadline) {
        Compiled::Artifact(artifact) => artifact::load(&sandbox.engine, &VerifiedArtifact(&artifact))
            .map_err(|error| Failure::new(Reason::InvalidModule, detail(&error))),
        Compiled::Failed(failure) => Err(failure),
        Compiled::TooCostly(failure) => {
            if let Some(cache) = &sandbox.cache
                && let Err(error) = cache.quarantine(digest, &failure.detail)
            {
                tracing::warn!(%error, "cannot keep a module in quarantine; the next run tries it again");
            }
            Err(failure)
        }
    }
}

/// A check imports the contract's types and nothing else, whatever the linker would make of the rest.
fn refuse_imports(sandbox: &Sandbox, component: &Component) -> Result<(), Failure> {
    let component_type = component.component_type();
    let engine = &sandbox.engine;
    let wanted: Vec<&str> = component_type
        .imports(engine)
        .filter(|(name, import)| !(name.starts_with(TYPES) && only_types(&import.ty, engine)))
        .map(|(name, _)| name)
        .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    // There may be thousands of them.
    let wanted = crate::clean::bounded(&wanted.join(", "), 300);
    Err(Failure::new(Reason::DeniedImport, format!("wants to import {wanted}")))
}

fn only_types(item: &ComponentItem, engine: &wasmtime::Engine) -> bool {
    match item {
        ComponentItem::ComponentInstance(instance) => {
            instance.exports(engine).all(|(_, export)| matches!(export.ty, ComponentItem::Type(_)))
        }
        _ => false,
    }
}
