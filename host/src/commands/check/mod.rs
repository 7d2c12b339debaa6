//! `checkpost check`: looking at modules and instances.

pub(super) mod inspect;
pub(super) mod list;
pub(super) mod pack;
pub(super) mod release;
