//! What a module said when it was asked before: its description, and what it needs with which settings.
//!
//! Both are functions of the module and the settings alone, so that asking again would bring the same; a run with many
//! instances spares a call for each. A refusal is not kept: it is asked for again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::check::Settings;

use super::{Description, Need};

/// Answers that are kept although nobody asked for them in this run: `check list` with another configuration must not
/// make the next run ask again.
const KEPT_UNASKED: usize = 256;

/// The answers as they are kept.
#[derive(Serialize, Deserialize)]
pub(super) struct Answers {
    pub(super) description: Description,
    needs: BTreeMap<String, Vec<Need>>,
}

/// The answers of one module, old and new.
pub(super) struct Memo {
    known: BTreeMap<String, Vec<Need>>,
    asked: Mutex<Asked>,
}

#[derive(Default)]
struct Asked {
    needs: BTreeMap<String, Vec<Need>>,
    anything_new: bool,
}

impl Memo {
    /// A memo that begins with what is known; `None` when the module had to be asked for its description.
    pub(super) fn new(known: Option<BTreeMap<String, Vec<Need>>>) -> Self {
        let asked = Asked { anything_new: known.is_none(), ..Asked::default() };
        Self { known: known.unwrap_or_default(), asked: Mutex::new(asked) }
    }

    /// The needs with these settings, from an earlier answer or from `ask`.
    pub(super) fn needs<E>(
        &self,
        settings: &Settings,
        ask: impl FnOnce() -> Result<Vec<Need>, E>,
    ) -> Result<Vec<Need>, E> {
        let Ok(key) = serde_json::to_string(settings) else { return ask() };
        let known = self.known.get(&key).cloned();
        let is_new = known.is_none();
        let needs = known.map_or_else(ask, Ok)?;
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.anything_new |= is_new;
        asked.needs.insert(key, needs.clone());
        Ok(needs)
    }

    /// What is to be kept for the next run, if anything is new.
    pub(super) fn news(&self, description: &Description) -> Option<Answers> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let mut needs = asked.needs.clone();
        let unasked = self.known.iter().filter(|(key, _)| !asked.needs.contains_key(*key)).take(KEPT_UNASKED);
        needs.extend(unasked.map(|(key, needs)| (key.clone(), needs.clone())));
        asked.anything_new.then(|| Answers { description: description.clone(), needs })
    }
}

impl Answers {
    /// The description, and a memo of the rest.
    pub(super) fn into_parts(self) -> (Description, Memo) {
        (self.description, Memo::new(Some(self.needs)))
    }
}
