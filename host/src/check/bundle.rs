//! The checks that the binary carries.

/// An embedded check.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    /// The name by which `module = "…"` calls it, and the name of its default instance.
    pub name: &'static str,
    /// Whether it has an instance that nobody configured. The others wait for a `[[check]]` entry: what they judge is not
    /// on every machine, or not everybody's business, and each costs a little in every run.
    pub runs_unasked: bool,
    /// The component.
    pub bytes: &'static [u8],
}

macro_rules! bundle {
    ($($name:literal $runs_unasked:literal),* $(,)?) => {
        /// Every embedded check, in the order of the report.
        ///
        /// They come from `checks/prebuilt`, or from the directory that `CHECKPOST_PREBUILT` names at build time.
        pub const BUNDLE: &[Builtin] = &[
            $(Builtin {
                name: $name,
                runs_unasked: $runs_unasked,
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
