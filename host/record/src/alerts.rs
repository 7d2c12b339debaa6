//! Alerts as a list: the keys of a JSON object can only be text.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use checkpost_alerting::alert::{Alert, AlertKey, Alerts};

#[derive(Deserialize)]
struct Entry {
    #[serde(flatten)]
    key: AlertKey,
    state: Alert,
}

#[derive(Serialize)]
struct EntryRef<'a> {
    #[serde(flatten)]
    key: &'a AlertKey,
    state: &'a Alert,
}

pub(crate) fn serialize<S: Serializer>(alerts: &Alerts, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(alerts.iter().map(|(key, state)| EntryRef { key, state }))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Alerts, D::Error> {
    let entries = Vec::<Entry>::deserialize(deserializer)?;
    Ok(entries.into_iter().map(|Entry { key, state }| (key, state)).collect())
}
