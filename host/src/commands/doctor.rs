//! `checkpost doctor`: what keeps this installation from doing its work.

use jiff::Timestamp;

use crate::cli::{Global, ListFormat};
use crate::doctor::{self, About, Finding, State};
use crate::report::style::Style;

use super::{CommandError, DONE, FAILED, USAGE, context, deadline, fail, print, print_json, write};

pub(super) fn run(global: &Global, format: ListFormat) -> Result<u8, CommandError> {
    let style = context::style(global);
    let mut findings = Vec::new();
    let mut printed = Ok(true);
    let mut tell = |finding: Finding| {
        // At once: what is looked at next may hang.
        if format == ListFormat::Text && matches!(printed, Ok(true)) {
            printed = write(&line(&finding, &style));
        }
        findings.push(finding);
    };
    match context::config(global, None) {
        Ok(config) => {
            let deadline = deadline::watch(config.timeout, std::time::Duration::ZERO, FAILED, |line| {
                fail(line, None, FAILED);
            });
            doctor::examine(&config, Timestamp::now(), &mut tell);
            deadline.end();
        }
        Err(CommandError::Config(error)) => tell(Finding::of_configuration(&error)),
        Err(error) => return Err(error),
    }
    printed?;
    match format {
        ListFormat::Json => print_json(&findings)?,
        ListFormat::Text => print(&summary(&findings))?,
    }
    Ok(exit_code(&findings))
}

/// How it is, what, and what can be done about it; wrapped, since paths and reasons are long.
fn line(finding: &Finding, style: &Style) -> String {
    let Finding { about, state, text, remedy } = finding;
    let text = match remedy {
        Some(remedy) => format!("{text}: {remedy}"),
        None => text.clone(),
    };
    let begin = format!("{:<7}  {:<13}  ", state.as_str(), about.words());
    let indent = " ".repeat(begin.len());
    let wrapping = textwrap::Options::new(style.width)
        .initial_indent(&begin)
        .subsequent_indent(&indent)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(&style.text(&text), wrapping) + "\n"
}

fn summary(findings: &[Finding]) -> String {
    let count = |state| findings.iter().filter(|finding| finding.state == state).count();
    match (count(State::Failed), count(State::Warning)) {
        (0, 0) => "all is well\n".to_owned(),
        (failed, warnings) => format!("{failed} failed, {warnings} to look at\n"),
    }
}

fn exit_code(findings: &[Finding]) -> u8 {
    let failed = || findings.iter().filter(|finding| finding.state == State::Failed);
    match failed().next() {
        None => DONE,
        Some(_) if failed().any(|finding| finding.about == About::Configuration) => USAGE,
        Some(_) => FAILED,
    }
}
