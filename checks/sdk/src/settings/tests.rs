#![allow(clippy::unwrap_used)]
use super::*;

crate::settings! {
    /// One setting of each type.
    pub struct All {
        /// Usage above which
        /// the status is warning.
        threshold: f64 = 80.0, unit "%", range 0.0..=100.0;
        /// A limit.
        limit: Option<f64>, unit "By/s", minimum 0.0;
        /// A switch.
        strict: bool = false;
        /// A choice.
        mode: String = "fast", choices &["fast", "slow"];
        /// Some steps.
        steps: Vec<f64> = [1.0, 2.0], range 1.0..=9.0;
        /// Some names.
        names: Vec<String> = [];
        /// Some other names.
        others: Option<Vec<String>>, choices &["a", "b"];
    }
}

crate::settings! {
    /// No settings.
    struct Nothing {}
}

fn parse(name: &str, value: Value) -> Result<All, String> {
    All::parse(vec![(name.to_owned(), value)])
}

fn refusal(name: &str, value: Value) -> String {
    parse(name, value).expect_err("the value is refused")
}

fn texts(values: &[&str]) -> Value {
    Value::Texts(values.iter().map(|&value| value.to_owned()).collect())
}

#[test]
fn settings_left_out_have_their_defaults() {
    let defaults = All::parse(Vec::new()).unwrap();
    assert_eq!(defaults, All::default());
    assert_eq!((defaults.threshold, defaults.limit, defaults.strict), (80.0, None, false));
    assert_eq!((defaults.mode.as_str(), defaults.steps, defaults.names.len()), ("fast", vec![1.0, 2.0], 0));
}

#[test]
fn settings_are_parsed() {
    assert_eq!(parse("threshold", Value::Number(97.0)).unwrap().threshold, 97.0);
    assert_eq!(parse("limit", Value::Number(0.0)).unwrap().limit, Some(0.0));
    assert!(parse("strict", Value::Flag(true)).unwrap().strict);
    assert_eq!(parse("mode", Value::Text("slow".to_owned())).unwrap().mode, "slow");
    assert_eq!(parse("steps", Value::Numbers(vec![9.0])).unwrap().steps, [9.0]);
    assert_eq!(parse("names", texts(&["x"])).unwrap().names, ["x"]);
    assert_eq!(parse("others", texts(&["b"])).unwrap().others.unwrap(), ["b"]);
}

#[test]
fn empty_list_of_numbers_arrives_as_texts() {
    assert!(parse("steps", texts(&[])).unwrap().steps.is_empty());
    assert_eq!(refusal("steps", texts(&["x"])), r#"steps is ["x"]: must be a list of numbers from 1 to 9"#);
}

#[test]
fn number_out_of_its_range_is_refused() {
    let allowed = "must be a number from 0 to 100, in %";
    for (value, shown) in [(150.0, "150"), (-5.0, "-5"), (100.5, "100.5"), (f64::NAN, "NaN"), (f64::INFINITY, "inf")] {
        assert_eq!(refusal("threshold", Value::Number(value)), format!("threshold is {shown}: {allowed}"));
    }
    for edge in [0.0, 100.0] {
        assert_eq!(parse("threshold", Value::Number(edge)).unwrap().threshold, edge);
    }
    let at_least = "limit is -1: must be a number of at least 0, in By/s";
    assert_eq!(refusal("limit", Value::Number(-1.0)), at_least);
    assert!(parse("limit", Value::Number(f64::INFINITY)).is_err());
    let steps = "steps is [1.0, 10.0]: must be a list of numbers from 1 to 9";
    assert_eq!(refusal("steps", Value::Numbers(vec![1.0, 10.0])), steps);
}

#[test]
fn value_of_another_type_is_refused() {
    let text = Value::Text("a\nb".to_owned());
    assert_eq!(refusal("threshold", text.clone()), r#"threshold is "a\nb": must be a number from 0 to 100, in %"#);
    assert_eq!(refusal("strict", text.clone()), r#"strict is "a\nb": must be true or false"#);
    assert_eq!(refusal("mode", text), r#"mode is "a\nb": must be one of fast, slow"#);
    assert_eq!(refusal("mode", Value::Flag(true)), "mode is true: must be one of fast, slow");
    assert_eq!(refusal("names", Value::Number(1.0)), "names is 1: must be a list of strings");
    assert_eq!(refusal("others", texts(&["c"])), r#"others is ["c"]: must be a list of any of a, b"#);
}

#[test]
fn unknown_setting_is_refused_with_the_known_ones() {
    let expected = "treshold is not a setting of this check, which has \
                    threshold, limit, strict, mode, steps, names, others";
    assert_eq!(refusal("treshold", Value::Number(1.0)), expected);
    let none = Nothing::parse(vec![("x".to_owned(), Value::Flag(true))]);
    assert_eq!(none, Err("x is not a setting of this check, which has none".to_owned()));
    assert!(Nothing::describe().is_empty());
}

#[test]
fn settings_describe_themselves() {
    let settings = All::describe();
    let attributes = |setting: &Setting| {
        let pairs: Vec<_> = setting.attributes.iter().map(|(key, value)| format!("{key}={value}")).collect();
        pairs.join(" ")
    };
    assert_eq!(settings[0].name, "threshold");
    assert_eq!(settings[0].summary, "Usage above which the status is warning.");
    assert_eq!(settings[0].default, Some(Value::Number(80.0)));
    let described: Vec<_> = settings.iter().map(attributes).collect();
    let expected = [
        "maximum=100 minimum=0 type=number unit=%",
        "minimum=0 type=number unit=By/s",
        "type=flag",
        "choices=fast,slow type=text",
        "maximum=9 minimum=1 type=numbers",
        "type=texts",
        "choices=a,b type=texts",
    ];
    assert_eq!(described, expected);
    assert_eq!(settings[1].default, None);
    assert_eq!(settings[5].default, Some(Value::Texts(Vec::new())));
}
