//! Generates components that double, nest, alias and repeat: small modules that might become large when they are compiled
//! or instantiated.

use arbitrary::{Result, Unstructured};

use super::guest::Guest;

/// Components beside each other, at most; each may instantiate those before it.
const MAX_COMPONENTS: usize = 24;

/// A check beside components that are made of these bytes.
pub fn check_with_nested_components(bytes: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let components = bytes.int_in_range(1..=MAX_COMPONENTS)?;
    let mut text = String::new();
    for number in 0..components {
        text += &format!("(component $c{number} {})", items(bytes, number, "")?);
    }
    let last = components - 1;
    text += &format!("(instance (instantiate $c{last})) (core instance $outer)");
    Ok(Guest::with("").outer(&text).wasm())
}

/// A few definitions of a component that sees the components before `below`. `scope` keeps the names of nested ones apart.
fn items(bytes: &mut Unstructured<'_>, below: usize, scope: &str) -> Result<String> {
    let mut text = String::new();
    for number in 0..bytes.int_in_range(0..=4)? {
        text += &item(bytes, below, &format!("{scope}-{number}"))?;
    }
    Ok(text)
}

fn item(bytes: &mut Unstructured<'_>, below: usize, name: &str) -> Result<String> {
    let times = match bytes.int_in_range(0..=3)? {
        0 => bytes.int_in_range(1..=64)?,
        _ => bytes.int_in_range(1..=2)?,
    };
    Ok(match bytes.int_in_range(0..=6)? {
        // Instances of what came before.
        0..=2 if below > 0 => {
            let of = bytes.int_in_range(0..=below - 1)?;
            format!("(instance (instantiate $c{of}))").repeat(times)
        }
        // A component within, which sees the same ones.
        3 if name.len() < 8 => {
            let inner = items(bytes, below, name)?;
            format!("(component $n{name} {inner})") + &format!("(instance (instantiate $n{name}))").repeat(times)
        }
        4 => "(type (list (tuple string u64)))".repeat(times * 8),
        // An instance whose exports are taken again and again.
        5 => {
            let alias = format!("(alias core export $i{name} \"f\" (core func))");
            format!("(core module $m{name} (func (export \"f\"))) (core instance $i{name} (instantiate $m{name}))")
                + &alias.repeat(times * 8)
        }
        _ => {
            let instances = format!("(core instance (instantiate $m{name}))").repeat(times);
            format!("(core module $m{name} {}) {instances}", fields(bytes)?)
        }
    })
}

/// Fields of a core module that are large for what they say.
fn fields(bytes: &mut Unstructured<'_>) -> Result<String> {
    let count = bytes.int_in_range(1..=1_000)?;
    Ok(match bytes.int_in_range(0..=5)? {
        0 => "(global (mut i64) (i64.const 0))".repeat(count),
        1 => format!("(memory {count}) (data (i32.const 0) \"a\") (data (i32.const {}) \"b\")", count * 65_536 - 1),
        2 => format!("(table {0} funcref) (func $f) (elem (i32.const {1}) $f)", count * 1_000, count * 1_000 - 1),
        3 => "(memory 0)".repeat(count.min(100)),
        4 => "(func)".repeat(count),
        _ => "(type (func (param i32 i64 f32 f64)))".repeat(count),
    })
}
