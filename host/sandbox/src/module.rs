//! A module: loaded, described, and ready to be called.

use std::sync::Arc;
use std::time::Duration;

use checkpost_model::check::{Failure, Limits, ModuleInfo, Reason, Settings, Verdict};
use checkpost_model::digest::sha256_hex;

use crate::bindings::{CheckPre, types};
use crate::cache::Cache;
use crate::call::{Budget, Completed, call};
use crate::compile::compile;
use crate::convert;
use crate::description::Description;
use crate::failure::invalid;
use crate::input::Input;
use crate::load::code::Code;
use crate::load::link::{Loaded, link, load};
use crate::memo::{Answers, Memo};
use crate::need::Need;
use crate::output;
use crate::sandbox::Sandbox;
use crate::state::StoreState;
use crate::turns::Turns;

/// Time on a guest's clocks in `describe` and `needs`: 2000-01-01T00:00:00Z, in milliseconds since the epoch.
///
/// The answers are cached for later cycles, so the time must never change. It is not zero, because some runtimes, Go's among
/// them, take a clock at zero for one that was never set, and end themselves.
const TIME_OF_ANSWERS_MS: u64 = 946_684_800_000;

/// A module that may be called any number of times. Every call starts in a fresh store.
pub struct Module {
    /// Digest, name, version, size.
    pub info: Arc<ModuleInfo>,
    /// The module's description of itself.
    pub description: Description,
    /// Origin of the machine code.
    pub code: Code,
    pre: CheckPre<StoreState>,
    /// Memory of the host for the contexts of one call's instances, in bytes.
    context_bytes: u64,
    memo: Memo,
}

/// One evaluation, without its instance.
pub struct Judged {
    /// Verdicts, validated and clean, or the failure.
    pub outcome: Result<Vec<Verdict>, Failure>,
    /// Fuel used.
    pub fuel: u64,
    /// Wall-clock time.
    pub duration: Duration,
}

impl Judged {
    /// The evaluation of an instance whose module could not be called.
    pub fn failed(failure: Failure) -> Self {
        Self { outcome: Err(failure), fuel: 0, duration: Duration::ZERO }
    }
}

impl Module {
    /// [`load_module`](crate::load_module) for fuzzing: from bytes instead of a file, and compiled in this process, because a fuzzer cannot
    /// see what happens in a child. No run compiles module files in its own process. Skips pins and the cache of compiled
    /// code.
    #[doc(hidden)]
    pub fn load_in_process(sandbox: &Sandbox, bytes: &[u8], limits: &Limits) -> Result<Self, Failure> {
        let artifact = compile(&sandbox.plain(limits.stack_bytes).map_err(invalid)?.engine, bytes)?;
        let loaded = load(sandbox, &artifact, limits.stack_bytes).map_err(invalid)?;
        Self::with_description(sandbox, (loaded, Code::Uncached), sha256_hex(bytes), bytes.len() as u64, limits, None)
    }

    /// Links a module, and calls it for its description unless that is cached.
    pub(crate) fn with_description(
        sandbox: &Sandbox,
        (loaded, code): (Loaded, Code),
        digest: String,
        size_bytes: u64,
        limits: &Limits,
        turns: Option<&Turns>,
    ) -> Result<Self, Failure> {
        let pre = link(sandbox, &loaded)?;
        let context_bytes = loaded.context_bytes;
        let answers = sandbox.cache.as_ref().and_then(|cache| cache.answers(&digest));
        let (description, memo) = match answers.map(Answers::into_parts) {
            Some(cached) => cached,
            None => {
                let budget = Budget { limits, turns, time_ms: TIME_OF_ANSWERS_MS };
                (describe((&pre, context_bytes), &budget)?, Memo::new(None))
            }
        };
        let info = Arc::new(ModuleInfo {
            digest,
            name: description.name.clone(),
            version: description.version.clone(),
            size_bytes,
        });
        Ok(Self { info, description, code, pre, context_bytes, memo })
    }

    /// The needs of an instance with these settings, from an earlier answer or from a call, in which the check also
    /// validates the settings. `turns` is the time that a call shares with others.
    ///
    /// # Errors
    /// [`Reason::SettingsRefused`] with the check's own sentence, or any other failure of the call.
    pub fn needs(&self, limits: &Limits, settings: &Settings, turns: Option<&Turns>) -> Result<Arc<[Need]>, Failure> {
        let refused =
            |error: String| Failure::new(Reason::SettingsRefused, output::sentence(&error, limits.text_bytes));
        self.memo.needs(settings, || {
            let settings = convert::settings(settings);
            let budget = Budget { limits, turns, time_ms: TIME_OF_ANSWERS_MS };
            let completed = call(&budget, self.pre(), |check, store| check.call_needs(store, &settings));
            let needs = completed.result.and_then(|needs| output::bounded_needs(needs.map_err(refused)?));
            needs.map_err(|failure| failure.with_stderr(completed.output))
        })
    }

    fn pre(&self) -> (&CheckPre<StoreState>, u64) {
        (&self.pre, self.context_bytes)
    }

    /// Judges one input. `turns` is the time that it shares with others.
    pub fn evaluate(&self, limits: &Limits, input: &Input<'_>, turns: Option<&Turns>) -> Judged {
        let budget = Budget { limits, turns, time_ms: input.time_ms };
        let input = input.into();
        let Completed { result, fuel, duration, output } =
            call(&budget, self.pre(), |check, store| check.call_evaluate(store, &input));
        let outcome = result.and_then(|answer| match answer {
            Ok(verdicts) => output::validated(verdicts, limits),
            Err(error) => Err(Failure::new(Reason::GuestError, output::sentence(&error, limits.text_bytes))),
        });
        Judged { outcome: outcome.map_err(|failure| failure.with_stderr(output)), fuel, duration }
    }

    /// Caches the new answers of the module, so that the next run need not call it for them.
    pub(crate) fn cache_answers(&self, cache: &Cache) {
        if let Some(answers) = self.memo.new_answers(&self.description)
            && let Err(error) = cache.put_answers(&self.info.digest, &answers)
        {
            tracing::warn!(%error, "cannot cache the description and needs of a module; the next run asks for them again");
        }
    }
}

fn describe(pre: (&CheckPre<StoreState>, u64), budget: &Budget<'_>) -> Result<Description, Failure> {
    let completed = call(budget, pre, |check, store| check.call_describe(store));
    let bounded =
        |description: types::Description| output::bounded_description(description.into(), budget.limits.text_bytes);
    completed.result.and_then(bounded).map_err(|failure| failure.with_stderr(completed.output))
}
