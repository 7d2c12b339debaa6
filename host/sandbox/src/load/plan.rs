//! What is to be loaded: each module once, for all of its instances.

use std::collections::HashMap;

use checkpost_model::check::{Failure, Limits, ModuleSource};

use super::identify::Identity;

/// A module that an instance wants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) source: &'a ModuleSource,
    pub(crate) limits: &'a Limits,
}

/// A module to load into the engine of one stack size.
#[derive(Clone, Debug)]
pub(super) struct Plan<'a> {
    pub(super) digest: &'a str,
    pub(super) size_bytes: u64,
    /// The first of the places where the module is.
    pub(super) source: &'a ModuleSource,
    /// The limits of its most generous instance.
    pub(super) limits: Limits,
}

impl Plan<'_> {
    pub(super) fn is_file(&self) -> bool {
        self.source.is_file()
    }
}

/// The modules that are wanted, each once, in order; and for each wish, which of them it is or why there is none.
pub(super) fn plan<'a>(
    wanted: &[Wanted<'a>],
    identities: &'a HashMap<&'a ModuleSource, Result<Identity, Failure>>,
) -> (Vec<Plan<'a>>, Vec<Result<usize, Failure>>) {
    let mut plans: Vec<Plan<'a>> = Vec::new();
    // Engines differ in the size of their stack, so instances share a module only if they share that.
    let mut positions: HashMap<(&str, usize), usize> = HashMap::new();
    let mut position = |wanted: &Wanted<'a>| {
        let Identity { digest, size_bytes } = identities[wanted.source].as_ref().map_err(Clone::clone)?;
        let position = *positions.entry((digest, wanted.limits.stack_bytes)).or_insert(plans.len());
        match plans.get_mut(position) {
            Some(plan) => plan.limits = plan.limits.max(wanted.limits),
            None => plans.push(Plan {
                digest,
                size_bytes: *size_bytes,
                source: wanted.source,
                limits: wanted.limits.clone(),
            }),
        }
        Ok(position)
    };
    let positions = wanted.iter().map(&mut position).collect();
    (plans, positions)
}
