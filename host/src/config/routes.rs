//! `[[route]]`: who is told, and by which way.

use super::secret::Surroundings;
use super::section::Section;
use super::smtp::smtp;
use super::transport::{TRANSPORT_KEYS, outlet};
use super::{ConfigError, Sourced};
use crate::deliver::Outlet;

/// One `[[route]]`.
#[derive(Clone, Debug)]
pub struct Route {
    /// Its name.
    pub name: String,
    /// How it sends.
    pub outlet: Outlet,
}

/// Every `[[route]]`.
pub(super) fn routes(root: &Section<'_>, around: &Surroundings<'_>) -> Result<Vec<Route>, ConfigError> {
    let relay = smtp(root, around)?;
    let keys: Vec<_> = ["name"].into_iter().chain(TRANSPORT_KEYS).collect();
    let route = |entry: Sourced<Section<'_>>| {
        let Sourced { value: route, origin } = entry;
        let no_name = || ConfigError::line(origin.clone(), "this [[route]] has no name");
        let name = route.text("name")?.ok_or_else(no_name)?;
        let outlet = outlet(&route, &origin, relay.as_ref(), around)?;
        Ok(Route { name: name.value, outlet })
    };
    root.sections("route", &keys)?.into_iter().map(route).collect()
}
