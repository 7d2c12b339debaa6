//! Limits below a ceiling, grants, WASI, compilation.

use checkpost_model::check::{Allowance, Grants};

use super::*;

fn config(toml: &str) -> Result<Config, String> {
    let site = Site::new(&[("checkpost.toml", toml)]);
    site.load_with(&Flags::default(), &[]).map_err(|error| error.to_string())
}

/// The allowance of the instance `a` of a file.
fn allowance(toml: &str) -> Allowance {
    let config = config(&format!("{toml}\n[[check]]\nname = \"b\"\nmodule = \"b.wasm\"\n")).unwrap();
    check(&config, "a").instance.allowance.clone()
}

/// The error about a file, without its path.
fn refusal(toml: &str) -> String {
    let error = config(toml).map(|_| ()).unwrap_err();
    error.split_once("checkpost.toml:").unwrap().1.to_owned()
}

#[test]
fn limits_of_an_instance_replace_those_of_all() {
    let toml = r#"
        [limits]
        fuel = 1000
        verdicts = 5
        [[check]]
        name = "a"
        module = "a.wasm"
        [check.limits]
        fuel = 2000
        stack_bytes = 65536
    "#;
    let expected = Limits { fuel: 2_000, verdicts: 5, stack_bytes: 65_536, ..Limits::DEFAULT };
    assert_eq!(allowance(toml).limits, expected);
    let config = config(toml).unwrap();
    assert_eq!(config.allowance.limits, Limits { fuel: 1_000, verdicts: 5, ..Limits::DEFAULT });
    assert_eq!(check(&config, "cpu").instance.allowance.limits, config.allowance.limits);
}

#[test]
fn limits_of_an_instance_stay_below_the_ceiling() {
    let check = |limits: &str| format!("[[check]]\nname = \"a\"\nmodule = \"a.wasm\"\n[check.limits]\n{limits}\n");
    assert_eq!(allowance(&check("fuel = 100_000_000_000")).limits.fuel, 100_000_000_000);
    let error = refusal(&check("fuel = 100_000_000_001"));
    assert!(
        error.starts_with("5: check.limits.fuel is 100000000001: must be a whole number from 1 to 100000000000"),
        "{error}"
    );
    let ceiling = "[limits.ceiling]\nfuel = 50\n";
    assert_eq!(allowance(&format!("{ceiling}{}", check("verdicts = 1"))).limits.fuel, 50, "the default gives way");
    let error = refusal(&format!("{ceiling}{}", check("fuel = 51")));
    assert!(error.starts_with("7: check.limits.fuel is 51: must be a whole number from 1 to 50"), "{error}");
    let error = refusal(&format!("[limits]\nfuel = 51\n{ceiling}"));
    assert!(error.starts_with("2: limits.fuel is 51: must be a whole number from 1 to 50"), "{error}");
}

#[test]
fn ceiling_is_only_at_the_top_and_has_a_maximum() {
    let error = refusal("[[check]]\nname = \"cpu\"\n[check.limits.ceiling]\nfuel = 1\n");
    assert!(error.contains("unknown key 'check.limits.ceiling'"), "{error}");
    let error = refusal("[limits.ceiling]\nevaluation_ms = 3600001\n");
    assert!(error.contains("from 1 to 3600000"), "{error}");
    let error = refusal("[limits.ceiling]\nceiling = 1\n");
    assert!(error.contains("unknown key 'limits.ceiling.ceiling'"), "{error}");
}

#[test]
fn grants_of_an_instance_replace_those_of_all() {
    let check = "[[check]]\nname = \"a\"\nmodule = \"a.wasm\"\n";
    assert_eq!(allowance(check).grants, Grants::default());
    let all = "grants = [\"hw.*\"]\n";
    assert_eq!(allowance(&format!("{all}{check}")).grants, Grants(vec!["hw.*".to_owned()]));
    let own = "grants = [\"system.*\", \"process.cpu.utilization\"]\n";
    let expected = Grants(vec!["system.*".to_owned(), "process.cpu.utilization".to_owned()]);
    assert_eq!(allowance(&format!("{all}{check}{own}")).grants, expected);
    assert_eq!(allowance(&format!("{check}grants = []\n")).grants, Grants(vec![]));
    // A built-in check is part of the program and may read everything that it needs.
    let process = |text: &str| {
        let config = config(&format!("{text}[[check]]\nname = \"process\"\n")).unwrap();
        super::check(&config, "process").instance.allowance.grants.clone()
    };
    assert_eq!(process(""), Grants::everything());
    assert_eq!(process(all), Grants(vec!["hw.*".to_owned()]));
    for wrong in ["grants = \"system.*\"", "grants = [\"\"]", "grants = [\"a*b\"]", "grants = [1]"] {
        assert!(refusal(wrong).contains("must be a list of metric names"), "{wrong}");
    }
}

#[test]
fn wasi_is_stubbed_unless_it_is_denied() {
    assert_eq!(config("").unwrap().wasi, WasiPolicy::Stub);
    assert_eq!(config("wasi = \"stub\"").unwrap().wasi, WasiPolicy::Stub);
    assert_eq!(config("wasi = \"deny\"").unwrap().wasi, WasiPolicy::Deny);
    assert_eq!(refusal("wasi = \"full\""), "1: wasi is \"full\": must be \"stub\" or \"deny\"");
}

#[test]
fn compilation_has_its_own_limits() {
    let compile =
        config("[compile]\ncpu_seconds = 7\nwall_seconds = 8\nmemory_bytes = 1_000_000_000\n").unwrap().compile;
    let expected = CompileLimits { cpu_seconds: 7, wall: Duration::from_secs(8), memory_bytes: 1_000_000_000 };
    assert_eq!(compile, expected);
    assert!(refusal("[compile]\nmemory_bytes = 1\n").contains("must be a whole number from 67108864 to"));
}
