//! The answers of a module to earlier calls: its description, and its needs by settings.
//!
//! Both depend only on the module and the settings, so that a second call would return the same; a run with many
//! instances saves a call for each. A refusal is not cached, so that the check is called again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use checkpost_model::check::Settings;

use crate::description::Description;
use crate::need::Need;

/// Number of cached answers that stay although this run did not use them: `check list` with another configuration must
/// not make the next run call every check again.
const MAX_UNUSED: usize = 256;

/// The cached answers of one module.
#[derive(Serialize, Deserialize)]
pub(crate) struct Answers {
    description: Description,
    needs: BTreeMap<String, Arc<[Need]>>,
}

/// The answers of one module, cached and new.
pub(crate) struct Memo {
    cached: BTreeMap<String, Arc<[Need]>>,
    used: Mutex<Used>,
}

/// The answers that this run used.
#[derive(Default)]
struct Used {
    needs: BTreeMap<String, Arc<[Need]>>,
    /// Whether the cache lacks one of them, or the description.
    any_new: bool,
}

impl Memo {
    /// A memo that begins with the cached needs; `None` when the description was not cached either.
    pub(crate) fn new(cached: Option<BTreeMap<String, Arc<[Need]>>>) -> Self {
        let used = Used { any_new: cached.is_none(), ..Used::default() };
        Self { cached: cached.unwrap_or_default(), used: Mutex::new(used) }
    }

    /// The needs with these settings, from an earlier answer or from `call`.
    pub(crate) fn needs<E>(
        &self,
        settings: &Settings,
        call: impl FnOnce() -> Result<Vec<Need>, E>,
    ) -> Result<Arc<[Need]>, E> {
        let Ok(key) = serde_json::to_string(settings) else { return call().map(Into::into) };
        if let Some(needs) = self.used().needs.get(&key) {
            return Ok(Arc::clone(needs));
        }
        let cached = self.cached.get(&key).cloned();
        let is_new = cached.is_none();
        let needs = cached.map_or_else(|| call().map(Into::into), Ok)?;
        let mut used = self.used();
        used.any_new |= is_new;
        used.needs.insert(key, needs.clone());
        Ok(needs)
    }

    fn used(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answers to cache for the next run, if any of them is new.
    pub(crate) fn new_answers(&self, description: &Description) -> Option<Answers> {
        let used = self.used();
        if !used.any_new {
            return None;
        }
        let mut needs = used.needs.clone();
        let unused = self.cached.iter().filter(|(key, _)| !used.needs.contains_key(*key)).take(MAX_UNUSED);
        needs.extend(unused.map(|(key, needs)| (key.clone(), needs.clone())));
        Some(Answers { description: description.clone(), needs })
    }
}

impl Answers {
    /// The description, and a memo of the needs.
    pub(crate) fn into_parts(self) -> (Description, Memo) {
        (self.description, Memo::new(Some(self.needs)))
    }
}
