//! `checkpost doctor`: prints problems of this installation and their remedies.

use std::time::Duration;

use jiff::Timestamp;
use textwrap::WordSplitter;

use checkpost_report::format::count;
use checkpost_report::style::Style;

use crate::cli::{Global, ListFormat};
use crate::doctor::{self, About, Finding, State};
use crate::run::deadline;

use super::context;
use super::error::{CommandError, fail};
use super::exit_code::{DONE, FAILED, USAGE};
use super::output::{print, print_json, write};

pub(super) fn run(global: &Global, format: ListFormat) -> Result<u8, CommandError> {
    let style = context::style(global);
    let mut findings = Vec::new();
    let mut printed = Ok(true);
    let mut report = |finding: Finding| {
        // At once, because the next examination may hang.
        if format == ListFormat::Text && matches!(printed, Ok(true)) {
            printed = write(&line(&finding, &style));
        }
        findings.push(finding);
    };
    let reading = deadline::watch_reading(FAILED, |line| {
        fail(line, None, FAILED);
    });
    let config = context::config(global, None);
    reading.end();
    match config {
        Ok(config) => {
            let deadline = deadline::watch(config.timeout, Duration::ZERO, FAILED, |line| {
                fail(line, None, FAILED);
            });
            doctor::examine(&config, Timestamp::now(), &mut report);
            deadline.end();
        }
        Err(CommandError::Config(error)) => report(Finding::of_configuration(&error)),
        Err(error) => return Err(error),
    }
    printed.map_err(CommandError::Output)?;
    match format {
        ListFormat::Json => print_json(&findings)?,
        ListFormat::Text => print(&summary(&findings))?,
    }
    Ok(exit_code(&findings))
}

/// State, topic, text and remedy, wrapped because paths and reasons are long.
fn line(finding: &Finding, style: &Style) -> String {
    let Finding { about, state, text, remedy } = finding;
    let text = match remedy {
        Some(remedy) => format!("{text}: {remedy}"),
        None => text.clone(),
    };
    let start = format!("{:<7}  {:<13}  ", state.as_str(), about.words());
    let indent = " ".repeat(start.len());
    let wrapping = textwrap::Options::new(style.width)
        .initial_indent(&start)
        .subsequent_indent(&indent)
        .word_splitter(WordSplitter::NoHyphenation);
    textwrap::fill(&style.text(&text), wrapping) + "\n"
}

fn summary(findings: &[Finding]) -> String {
    let number = |state| findings.iter().filter(|finding| finding.state == state).count();
    match (number(State::Failed), number(State::Warning)) {
        (0, 0) => "all is well\n".to_owned(),
        (failed, warnings) => format!("{failed} failed, {}\n", count(warnings, "warning")),
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
