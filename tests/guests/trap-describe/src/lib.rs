//! A check that traps in `describe`.

use checkpost_sdk::{Check, Input, Need, Setting, Settings, Value, Verdict, check};

/// Has no settings.
pub struct TrapDescribe;

impl Settings for TrapDescribe {
    fn describe() -> Vec<Setting> {
        std::process::abort()
    }

    fn parse(_settings: Vec<(String, Value)>) -> Result<Self, String> {
        Ok(Self)
    }
}

impl Check for TrapDescribe {
    const NAME: &'static str = "trap-describe";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Traps in describe";

    fn needs(&self) -> Result<Vec<Need>, String> {
        Ok(Vec::new())
    }

    fn evaluate(&self, _input: &Input) -> Result<Vec<Verdict>, String> {
        Ok(Vec::new())
    }
}

check!(TrapDescribe);
