//! Pressure stall information: how long tasks waited for a resource.
