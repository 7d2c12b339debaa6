//! Unique names and order of the sensors of Linux.

use std::collections::HashMap;

/// Makes ids unique, in the order of their sensors.
#[derive(Default)]
pub(super) struct Ids(HashMap<String, usize>);

impl Ids {
    /// `id`, then `id#2`, ...
    pub(super) fn unique(&mut self, id: String) -> String {
        let count = self.0.entry(id.clone()).or_default();
        *count += 1;
        if *count == 1 { id } else { format!("{id}#{count}") }
    }
}

/// The names that consist of `prefix` and a number, sorted by number.
pub(super) fn numbered(names: Vec<String>, prefix: &str) -> Vec<String> {
    let number = |name: &str| name.strip_prefix(prefix)?.parse::<u32>().ok();
    let mut numbered: Vec<_> = names.into_iter().filter_map(|name| Some((number(&name)?, name))).collect();
    numbered.sort();
    numbered.into_iter().map(|(_, name)| name).collect()
}
