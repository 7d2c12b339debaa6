//! What is wrong in a cycle, in one order and in the same words for every rendering.

use std::borrow::Cow;
use std::cmp::Reverse;

use super::CycleReport;
use super::format::count;
use crate::check::{Evaluation, Failure, Status};

/// A verdict that is not ok, or a check that could not judge.
///
/// Made from the evaluations, not from the notifications: it says how things are, whoever was told about it.
pub(super) struct Finding<'a> {
    pub(super) status: Status,
    pub(super) check: &'a str,
    pub(super) channel: &'a str,
    /// Empty for the host, and for a check that could not judge.
    pub(super) subject: &'a str,
    pub(super) title: &'a str,
    pub(super) message: Cow<'a, str>,
    /// Set when the check could not judge.
    pub(super) failure: Option<&'a Failure>,
}

impl Finding<'_> {
    /// What it is about: `disk /var`, `cpu`.
    pub(super) fn about(&self) -> String {
        about(self.check, self.subject)
    }
}

/// An instance and a subject, as one reads them: `disk /var`, `cpu`.
pub(super) fn about(check: &str, subject: &str) -> String {
    if subject.is_empty() { check.to_owned() } else { format!("{check} {subject}") }
}

/// Everything that is wrong, the worst first and otherwise in the order of the instances.
pub(super) fn findings(report: &CycleReport) -> Vec<Finding<'_>> {
    let mut findings: Vec<_> = report.evaluations.iter().flat_map(of_evaluation).collect();
    findings.sort_by_key(|finding| Reverse(finding.status.severity()));
    findings
}

fn of_evaluation(evaluation: &Evaluation) -> Vec<Finding<'_>> {
    let finding = |status, subject, title, message, failure| Finding {
        status,
        check: &evaluation.instance,
        channel: &evaluation.channel,
        subject,
        title,
        message,
        failure,
    };
    match &evaluation.outcome {
        Ok(verdicts) => verdicts
            .iter()
            .filter(|verdict| verdict.status != Status::Ok)
            .map(|v| finding(v.status, v.subject.as_str(), v.title.as_str(), Cow::from(&v.message), None))
            .collect(),
        Err(failure) => {
            vec![finding(Status::Unknown, "", "could not judge", Cow::from(failure.to_string()), Some(failure))]
        }
    }
}

/// How much is wrong: `1 critical, 2 warnings, 1 check could not judge`.
pub(super) fn counts(findings: &[Finding]) -> String {
    let verdicts = |status| findings.iter().filter(|f| f.failure.is_none() && f.status == status).count();
    let failed = findings.iter().filter(|finding| finding.failure.is_some()).count();
    [
        (verdicts(Status::Critical), format!("{} critical", verdicts(Status::Critical))),
        (verdicts(Status::Warning), count(verdicts(Status::Warning), "warning")),
        (verdicts(Status::Unknown), format!("{} unknown", verdicts(Status::Unknown))),
        (failed, format!("{} could not judge", count(failed, "check"))),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(_, words)| words)
    .collect::<Vec<_>>()
    .join(", ")
}

/// How many checks gave at least one verdict.
pub(super) fn judged(report: &CycleReport) -> usize {
    report.evaluations.iter().filter(|e| e.outcome.as_ref().is_ok_and(|verdicts| !verdicts.is_empty())).count()
}

/// The line for a cycle without findings. It never calls clear what was not judged.
pub(super) fn all_clear(report: &CycleReport) -> String {
    let total = report.evaluations.len();
    match (judged(report), total) {
        (_, 0) => "Nothing was judged: no check is enabled".to_owned(),
        (0, _) => format!("Nothing was judged: {} found no readings to judge", count(total, "check")),
        (judged, _) if judged == total => format!("All clear: {} judged, no alerts", count(total, "check")),
        (judged, _) => format!(
            "All clear: {judged} of {} judged, no alerts; {} found no readings to judge",
            count(total, "check"),
            total - judged
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn findings_come_worst_first_with_failures_among_them() {
        let report = fixture::mixed();
        let order: Vec<_> = findings(&report).iter().map(|f| (f.status, f.about())).collect();
        let expected = [
            (Status::Critical, "memory"),
            (Status::Unknown, "license"),
            (Status::Unknown, "report-mill"),
            (Status::Warning, "cpu"),
            (Status::Warning, "disk /var"),
            (Status::Warning, "login-guard sshd"),
        ];
        assert_eq!(order, expected.map(|(status, about)| (status, about.to_owned())));
    }

    #[test]
    fn counts_name_only_what_there_is() {
        let report = fixture::mixed();
        let counted = counts(&findings(&report));
        assert_eq!(counted, "1 critical, 3 warnings, 1 unknown, 1 check could not judge");
        assert_eq!(counts(&[]), "");
    }

    #[test]
    fn all_clear_claims_no_more_than_was_judged() {
        let mut report = fixture::clear();
        assert_eq!(all_clear(&report), "All clear: 4 checks judged, no alerts");
        report.evaluations[3].outcome = Ok(Vec::new());
        assert_eq!(all_clear(&report), "All clear: 3 of 4 checks judged, no alerts; 1 found no readings to judge");
        report.evaluations.truncate(1);
        report.evaluations[0].outcome = Ok(Vec::new());
        assert_eq!(all_clear(&report), "Nothing was judged: 1 check found no readings to judge");
        report.evaluations.clear();
        assert_eq!(all_clear(&report), "Nothing was judged: no check is enabled");
    }
}
