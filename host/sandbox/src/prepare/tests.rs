//! Settings that a real module takes, and those that it refuses.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use checkpost_model::check::{
    Allowance, CheckInstance, DEFAULT_CHANNEL, Failure, Grants, Limits, ModuleSource, Reason, SettingValue, Settings,
};

use crate::sandbox::{Sandbox, SandboxOptions};

use super::{Candidate, Prepared, SettingsRefusal, prepare};

fn instance(module: &'static str, settings: &[(&str, SettingValue)]) -> CheckInstance {
    CheckInstance {
        name: module.to_owned(),
        module: ModuleSource::Builtin(module),
        settings: settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        channel: DEFAULT_CHANNEL.to_owned(),
        owner: String::new(),
        allowance: Allowance::default(),
    }
}

fn cpu(settings: &[(&str, SettingValue)]) -> CheckInstance {
    instance("cpu", settings)
}

fn prepare_all(instances: &[CheckInstance], is_declared: bool) -> Vec<Result<Prepared, SettingsRefusal>> {
    let candidates: Vec<_> = instances.iter().map(|instance| Candidate { instance, is_declared }).collect();
    prepare(&Sandbox::new(SandboxOptions::default()).unwrap(), &candidates)
}

/// The refusals of declared instances of `cpu` with these settings.
fn refusals(settings: &[(&str, SettingValue)]) -> Vec<SettingsRefusal> {
    let instances: Vec<_> = settings.iter().map(|setting| cpu(std::slice::from_ref(setting))).collect();
    prepare_all(&instances, true).into_iter().map(|prepared| prepared.err().unwrap()).collect()
}

/// An instance that the check itself refuses: a percentage is at most 100.
fn out_of_range() -> CheckInstance {
    cpu(&[("threshold", SettingValue::Number(200.0))])
}

fn failure(prepared: &Result<Prepared, SettingsRefusal>) -> &Failure {
    prepared.as_ref().unwrap().ready.as_ref().err().unwrap()
}

#[test]
fn unknown_setting_or_wrong_type_of_a_declared_instance_names_the_setting() {
    let number = SettingValue::Number(90.0);
    let text = SettingValue::Text("90%".to_owned());
    let refused = |name: &str, value: &SettingValue, allowed: &str| SettingsRefusal::Setting {
        name: name.to_owned(),
        value: value.clone(),
        allowed: allowed.to_owned(),
    };
    assert_eq!(
        refusals(&[("treshold", number.clone()), ("threshold", text.clone())]),
        [
            refused("treshold", &number, "unknown setting; the check takes threshold, critical, clear"),
            refused("threshold", &text, "must be a number"),
        ]
    );
}

#[test]
fn refused_value_of_a_declared_instance_is_the_sentence_of_the_check() {
    let prepared = prepare_all(&[out_of_range(), cpu(&[])], true);
    let Some(SettingsRefusal::Check(sentence)) = prepared[0].as_ref().err() else { panic!() };
    assert!(sentence.contains("threshold"), "{sentence}");
    assert!(prepared[1].as_ref().unwrap().ready.is_ok(), "another instance of the same module is ready");
}

#[test]
fn refused_settings_of_a_discovered_instance_make_it_unknown() {
    let unknown = cpu(&[("treshold", SettingValue::Number(90.0))]);
    let prepared = prepare_all(&[out_of_range(), unknown, cpu(&[])], false);
    for refused in &prepared[..2] {
        assert_eq!(failure(refused).reason, Reason::SettingsRefused);
    }
    assert!(failure(&prepared[0]).detail.contains("threshold"));
    assert_eq!(
        failure(&prepared[1]).detail,
        "setting 'treshold' is 90: unknown setting; the check takes threshold, critical, clear"
    );
    assert!(prepared[2].as_ref().unwrap().ready.is_ok());
}

#[test]
fn settings_are_merged_with_the_defaults() {
    let set = [("threshold", SettingValue::Number(70.0))];
    let prepared = prepare_all(&[cpu(&set)], true).remove(0).unwrap();
    let number = |name: &str, value| (name.to_owned(), SettingValue::Number(value));
    assert_eq!(prepared.settings, Settings::from([number("threshold", 70.0), number("critical", 95.0)]));
    assert_eq!(prepared.instance.settings, Settings::from([number("threshold", 70.0)]));
}

#[test]
fn module_is_loaded_once_for_instances_of_the_same_stack() {
    let mut deep = cpu(&[]);
    deep.allowance.limits.stack_bytes *= 2;
    let prepared = prepare_all(&[cpu(&[]), cpu(&[("threshold", SettingValue::Number(70.0))]), deep], true);
    let modules: Vec<_> = prepared.into_iter().map(|prepared| prepared.unwrap().ready.ok().unwrap().0).collect();
    assert!(Arc::ptr_eq(&modules[0], &modules[1]));
    assert!(!Arc::ptr_eq(&modules[0], &modules[2]));
}

#[test]
fn module_that_fails_affects_its_own_instances_only() {
    let prepared = prepare_all(&[instance("missing", &[]), cpu(&[])], true);
    assert_eq!(failure(&prepared[0]).reason, Reason::Unreadable);
    assert!(prepared[1].as_ref().unwrap().ready.is_ok());
}

#[test]
fn module_size_limit_applies_to_each_instance() {
    let mut small = cpu(&[]);
    small.allowance.limits = Limits { module_bytes: 100, ..Limits::DEFAULT };
    let prepared = prepare_all(&[small, cpu(&[])], true);
    assert_eq!(failure(&prepared[0]).reason, Reason::ModuleTooLarge);
    assert!(prepared[1].as_ref().unwrap().ready.is_ok());
}

#[test]
fn needs_beyond_the_grants_are_reported() {
    let mut blind = cpu(&[]);
    blind.allowance.grants = Grants(vec!["system.memory.*".to_owned()]);
    let prepared = prepare_all(&[blind, cpu(&[])], true);
    let not_granted = |index: usize| prepared[index].as_ref().unwrap().not_granted().into_iter().collect::<Vec<_>>();
    assert_eq!(not_granted(0), ["system.cpu.utilization"]);
    assert_eq!(not_granted(1), [""; 0]);
}
