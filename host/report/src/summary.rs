//! The findings of a cycle: one order and the same words for each rendering.

use std::borrow::Cow;
use std::cmp::Reverse;

use checkpost_alerting::alert::alert_name;
use checkpost_alerting::route::{Crowd, Member};
use checkpost_model::check::{Evaluation, Failure, Status};
use checkpost_record::CycleRecord;

use crate::format::count;

/// A verdict that is not ok, or a check that could not judge.
///
/// Findings come from the evaluations, not from the notifications: they are the state of the machine, whether or not anybody
/// is notified of it.
pub(crate) struct Finding<'a> {
    pub(crate) status: Status,
    pub(crate) check: &'a str,
    /// Whether the instance was found in the checks directory.
    pub(crate) is_found: bool,
    pub(crate) channel: &'a str,
    /// Empty for the host, and for a check that could not judge.
    pub(crate) subject: &'a str,
    pub(crate) title: &'a str,
    pub(crate) message: Cow<'a, str>,
    /// Set when the check could not judge.
    pub(crate) failure: Option<&'a Failure>,
}

impl Finding<'_> {
    /// Instance and subject: `disk /var`, `cpu`.
    pub(crate) fn target(&self) -> String {
        alert_name(self.check, self.subject)
    }
}

/// All findings, the worst first, then those of declared instances, and then in the order of the instances.
pub(crate) fn findings(record: &CycleRecord) -> Vec<Finding<'_>> {
    let mut findings: Vec<_> = record.evaluations.iter().flat_map(of_evaluation).collect();
    findings.sort_by_key(|finding| (Reverse(finding.status.severity()), finding.is_found));
    findings
}

/// The findings to show where there is room for this many.
pub(crate) fn crowd<'a>(findings: &[Finding<'a>], room: usize) -> Crowd<'a> {
    let members: Vec<_> =
        findings.iter().map(|f| Member { check: f.check, is_found: f.is_found, is_overflow: false }).collect();
    Crowd::of(&members, room)
}

fn of_evaluation(evaluation: &Evaluation) -> Vec<Finding<'_>> {
    let finding = |status, subject, title, message, failure| Finding {
        status,
        check: &evaluation.instance,
        is_found: evaluation.is_found,
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

/// The number of findings by level: `1 critical, 2 warnings, 1 check could not judge`.
pub(crate) fn counts(findings: &[Finding]) -> String {
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

/// The line for a cycle without findings. It calls only judged checks clear.
pub(crate) fn all_clear(record: &CycleRecord) -> String {
    let total = record.evaluations.len();
    match (record.judged(), total) {
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
    use super::*;
    use crate::fixture;

    #[test]
    fn findings_are_worst_first_and_include_failures() {
        let record = fixture::mixed();
        let order: Vec<_> = findings(&record).iter().map(|f| (f.status, f.target())).collect();
        let expected = [
            (Status::Critical, "memory"),
            (Status::Unknown, "license"),
            (Status::Unknown, "report-mill"),
            (Status::Warning, "cpu"),
            (Status::Warning, "disk /var"),
            (Status::Warning, "login-guard sshd"),
        ];
        assert_eq!(order, expected.map(|(status, target)| (status, target.to_owned())));
    }

    #[test]
    fn counts_leave_out_zeros() {
        let record = fixture::mixed();
        let counted = counts(&findings(&record));
        assert_eq!(counted, "1 critical, 3 warnings, 1 unknown, 1 check could not judge");
        assert_eq!(counts(&[]), "");
    }

    #[test]
    fn all_clear_counts_only_judged_checks() {
        let mut record = fixture::clear();
        assert_eq!(all_clear(&record), "All clear: 4 checks judged, no alerts");
        record.evaluations[3].outcome = Ok(Vec::new());
        assert_eq!(all_clear(&record), "All clear: 3 of 4 checks judged, no alerts; 1 found no readings to judge");
        record.evaluations.truncate(1);
        record.evaluations[0].outcome = Ok(Vec::new());
        assert_eq!(all_clear(&record), "Nothing was judged: 1 check found no readings to judge");
        record.evaluations.clear();
        assert_eq!(all_clear(&record), "Nothing was judged: no check is enabled");
    }
}
