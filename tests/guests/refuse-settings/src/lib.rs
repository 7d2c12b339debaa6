//! A check that refuses to run without a setting that only an operator can know.

use checkpost_sdk::{Check, Input, Need, Status, Verdict, check, settings};

settings! {
    /// Refuses to guess.
    pub struct RefuseSettings {
        /// What only the operator knows. Required.
        secret: Option<String>;
    }
}

impl Check for RefuseSettings {
    const NAME: &'static str = "refuse-settings";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Refuses to run without its setting";

    fn needs(&self) -> Result<Vec<Need>, String> {
        self.secret.as_ref().map(|_| Vec::new()).ok_or_else(|| "secret is not set, allowed is any text".to_owned())
    }

    fn evaluate(&self, _input: &Input) -> Result<Vec<Verdict>, String> {
        Ok(vec![Verdict::new(Status::Ok, "Settings", "fine")])
    }
}

check!(RefuseSettings);
