//! A module that is ready to be called: read, compiled or taken from the cache, linked to nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use wasmtime::component::Component;

use crate::check::{Failure, Limits, ModuleInfo, ModuleSource, Reason, Settings, Verdict};
use crate::digest::sha256_hex;

use super::artifact::{self, VerifiedArtifact};
use super::bindings::{CheckPre, types};
use super::cache::Cache;
use super::call::{Budget, Called, call, detail};
use super::compile::{Compiled, compile, compile_apart};
use super::engine::{Runtime, Sandbox};
use super::imports::{denied_import, imports_wasi};
use super::limits::StoreState;
use super::locked;
use super::memo::{Answers, Memo};
use super::read::read;
use super::{Description, Input, Need, convert, output};

/// A module that may be called any number of times; every call starts from nothing.
pub struct Module {
    /// Digest, name, version, size.
    pub info: Arc<ModuleInfo>,
    /// What it says of itself.
    pub description: Description,
    /// Where its machine code came from.
    pub code: Code,
    pre: CheckPre<StoreState>,
    /// Until when its calls may last. The built-in checks have their own limit only: others' must not use up their time.
    deadline: Option<Instant>,
    memo: Memo,
}

/// Where the machine code of a module came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The cache of compiled modules.
    Cached,
    /// The compiler, just now; the next run finds it in the cache.
    Compiled,
    /// The compiler, just now, and there is no cache that would keep it.
    NotKept,
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
    /// Loads a module and asks it to describe itself, unless it did so before.
    ///
    /// # Errors
    /// When it cannot be read, compiled or linked, or fails to describe itself. All of these are failures of the check.
    pub fn load(sandbox: &Sandbox, source: &ModuleSource, limits: &Limits) -> Result<Self, Failure> {
        let bytes = read(source, limits.module_bytes)?;
        let digest = sha256_hex(&bytes);
        // Before the cache is asked: what was allowed yesterday may not be today.
        locked::admit(&sandbox.lock, source, &digest)?;
        let loaded = loaded(sandbox, source, &bytes, &digest, limits.stack_bytes)?;
        let deadline = match source {
            ModuleSource::Builtin(_) => None,
            ModuleSource::File(_) => sandbox.deadline,
        };
        Self::asked(sandbox, loaded, digest, bytes.len() as u64, limits, deadline)
    }

    /// For fuzzing: [`Module::load`] of bytes that lie in no file, compiled in this process. No run does that with other
    /// people's modules, and a fuzzer could not see what happens in a child. Pins and the cache of compiled code are left
    /// out.
    #[doc(hidden)]
    pub fn load_in_process(sandbox: &Sandbox, bytes: &[u8], limits: &Limits) -> Result<Self, Failure> {
        let artifact = compile(&sandbox.plain(limits.stack_bytes).map_err(invalid)?.engine, bytes)?;
        let loaded = load(sandbox, &VerifiedArtifact::compiled(artifact), limits.stack_bytes).map_err(invalid)?;
        let size_bytes = bytes.len() as u64;
        Self::asked(sandbox, (loaded, Code::NotKept), sha256_hex(bytes), size_bytes, limits, sandbox.deadline)
    }

    /// Links a module and asks it to describe itself, unless it did so before.
    fn asked(
        sandbox: &Sandbox,
        (loaded, code): (Loaded, Code),
        digest: String,
        size_bytes: u64,
        limits: &Limits,
        deadline: Option<Instant>,
    ) -> Result<Self, Failure> {
        let pre = link(sandbox, &loaded)?;
        let known = sandbox.cache.as_ref().and_then(|cache| cache.recall(&digest));
        let (description, memo) = match known.map(Answers::into_parts) {
            Some(known) => known,
            None => (describe(&pre, &Budget { limits, deadline, time_ms: 0 })?, Memo::new(None)),
        };
        let info = Arc::new(ModuleInfo {
            digest,
            name: description.name.clone(),
            version: description.version.clone(),
            size_bytes,
        });
        Ok(Self { info, description, code, pre, deadline, memo })
    }

    /// Asks which readings an instance with these settings wants, unless it was asked before; the check validates them on
    /// the way.
    ///
    /// # Errors
    /// [`Reason::SettingsRefused`] with the check's own sentence, or any other failure of the call.
    pub fn needs(&self, limits: &Limits, settings: &Settings) -> Result<Vec<Need>, Failure> {
        let refused = |why: String| Failure::new(Reason::SettingsRefused, output::said(&why, limits.text_bytes));
        self.memo.needs(settings, || {
            let settings = convert::settings(settings);
            // Not the time of the cycle: the answer must hold for the next one, too.
            let budget = Budget { limits, deadline: self.deadline, time_ms: 0 };
            let called = call(&budget, &self.pre, |check, store| check.call_needs(store, &settings));
            let answer = called.result.and_then(|answer| output::bounded_needs(answer.map_err(refused)?));
            answer.map_err(|failure| failure.with_stderr(called.output))
        })
    }

    /// Judges one input.
    pub fn evaluate(&self, limits: &Limits, input: &Input<'_>) -> Judged {
        let budget = Budget { limits, deadline: self.deadline, time_ms: input.time_ms };
        let input = input.into();
        let Called { result, fuel, duration, output } =
            call(&budget, &self.pre, |check, store| check.call_evaluate(store, &input));
        let outcome = result.and_then(|answer| match answer {
            Ok(verdicts) => output::checked(verdicts, limits),
            Err(why) => Err(Failure::new(Reason::GuestError, output::said(&why, limits.text_bytes))),
        });
        Judged { outcome: outcome.map_err(|failure| failure.with_stderr(output)), fuel, duration }
    }

    /// Keeps what the module was asked for the first time, so that the next run need not ask again.
    pub(super) fn remember(&self, cache: &Cache) {
        if let Some(answers) = self.memo.news(&self.description)
            && let Err(error) = cache.remember(&self.info.digest, &answers)
        {
            tracing::warn!(%error, "cannot keep what a module said; the next run asks it again");
        }
    }
}

fn describe(pre: &CheckPre<StoreState>, budget: &Budget<'_>) -> Result<Description, Failure> {
    let called = call(budget, pre, |check, store| check.call_describe(store));
    let bounded =
        |description: types::Description| output::bounded_description(description.into(), budget.limits.text_bytes);
    called.result.and_then(bounded).map_err(|failure| failure.with_stderr(called.output))
}

/// A component in the engine that it runs in.
struct Loaded {
    runtime: Arc<Runtime>,
    component: Component,
}

/// The component, from the cache or else compiled.
fn loaded(
    sandbox: &Sandbox,
    source: &ModuleSource,
    bytes: &[u8],
    digest: &str,
    stack_bytes: usize,
) -> Result<(Loaded, Code), Failure> {
    let cache = sandbox.cache.as_ref();
    if let Some(artifact) = cache.and_then(|cache| cache.get(digest)) {
        match load(sandbox, &artifact, stack_bytes) {
            Ok(loaded) => return Ok((loaded, Code::Cached)),
            Err(error) => tracing::warn!(%error, digest, "compiled module cannot be loaded and is compiled again"),
        }
    }
    if let Some(why) = cache.and_then(|cache| cache.quarantined(digest)) {
        return Err(Failure::new(Reason::CompileLimit, format!("{why}; in quarantine as {}", &digest[..16])));
    }
    let artifact = match source {
        ModuleSource::Builtin(_) => compile(&sandbox.plain(stack_bytes).map_err(invalid)?.engine, bytes)?,
        ModuleSource::File(_) => compiled_apart(sandbox, bytes, digest)?,
    };
    let code = match cache.map(|cache| cache.put(digest, &artifact)) {
        Some(Ok(())) => Code::Compiled,
        Some(Err(error)) => {
            tracing::warn!(%error, "cannot keep a compiled module; the next run compiles it again");
            Code::NotKept
        }
        None => Code::NotKept,
    };
    let loaded = load(sandbox, &VerifiedArtifact::compiled(artifact), stack_bytes).map_err(invalid)?;
    Ok((loaded, code))
}

fn invalid(error: wasmtime::Error) -> Failure {
    Failure::new(Reason::InvalidModule, detail(&error))
}

/// Loads an artifact into the first engine that has room for it.
fn load(sandbox: &Sandbox, artifact: &VerifiedArtifact, stack_bytes: usize) -> wasmtime::Result<Loaded> {
    let mut refusal = wasmtime::Error::msg("there is no engine");
    for runtime in sandbox.runtimes(stack_bytes) {
        let runtime = runtime?;
        match artifact::load(&runtime.engine, artifact) {
            Ok(component) => return Ok(Loaded { runtime, component }),
            Err(error) => refusal = error,
        }
    }
    Err(refusal)
}

/// Compiles somebody else's module where it can hurt nobody; one that takes too much is not tried again.
fn compiled_apart(sandbox: &Sandbox, bytes: &[u8], digest: &str) -> Result<Vec<u8>, Failure> {
    let scratch = sandbox.cache.as_ref().map(Cache::directory);
    match compile_apart(&sandbox.compiler, scratch, bytes, &sandbox.compile, sandbox.deadline) {
        Compiled::Artifact(artifact) => Ok(artifact),
        Compiled::Failed(failure) => Err(failure),
        Compiled::NeverAgain(failure) => {
            if let Some(cache) = &sandbox.cache
                && let Err(error) = cache.quarantine(digest, &failure.detail)
            {
                tracing::warn!(%error, "cannot keep a module in quarantine; the next run tries it again");
            }
            Err(failure)
        }
    }
}

/// Links a component to nothing, or to the WASI that leads nowhere, and looks up the three functions of the contract.
fn link(sandbox: &Sandbox, loaded: &Loaded) -> Result<CheckPre<StoreState>, Failure> {
    let Loaded { runtime, component } = loaded;
    let mismatch = |error: wasmtime::Error| Failure::new(Reason::ContractMismatch, detail(&error));
    let imports_wasi = imports_wasi(&runtime.engine, component, sandbox.wasi)?;
    let linked = runtime.linker(imports_wasi).map_err(mismatch)?.instantiate_pre(component);
    // What else could be missing is refused by now: this is an interface of WASI, or a function in one, that is not there.
    let denied = |error: wasmtime::Error| if imports_wasi { denied_import(&[detail(&error)]) } else { mismatch(error) };
    CheckPre::new(linked.map_err(denied)?).map_err(mismatch)
}
