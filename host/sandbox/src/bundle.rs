//! The checks that the binary carries.

/// An embedded check.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    /// The name in `module = "…"`, and the name of the default instance.
    pub name: &'static str,
    /// Whether the check has an instance without a `[[check]]` entry. The others need an entry: their subjects are not on
    /// every machine, or do not concern every operator, and each check costs a little in every run.
    pub runs_by_default: bool,
    /// The component.
    pub bytes: &'static [u8],
}

macro_rules! bundle {
    ($($name:literal $runs_by_default:literal),* $(,)?) => {
        /// Every embedded check, in the order of the report.
        ///
        /// The files come from `checks/prebuilt`, or from the directory that `CHECKPOST_PREBUILT` names at build time.
        // A static, not a constant: a constant would be embedded again in every crate that uses it.
        pub static BUNDLE: &[Builtin] = &[
            $(Builtin {
                name: $name,
                runs_by_default: $runs_by_default,
                bytes: include_bytes!(concat!(env!("CHECKPOST_PREBUILT"), "/", $name, ".wasm")),
            }),*
        ];
    };
}

bundle! {
    "cpu" true,
    "memory" true,
    "disk" true,
    "network" true,
    "load" false,
    "swap" false,
    "pressure" false,
    "disk-io" false,
    "temperature" false,
    "gpu" false,
    "process" false,
    "uptime" false,
    "threshold" false,
}

/// The embedded check of this name.
pub fn builtin(name: &str) -> Option<&'static Builtin> {
    BUNDLE.iter().find(|builtin| builtin.name == name)
}
