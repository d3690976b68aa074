//! `waxwing fsck DIR`: whether a log's directory holds together.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serde::Serialize;
use waxwing_cli::{Exit, Format, Output, Progress};
use waxwing_log::GuardPlace;
use waxwing_log::fsck::{self, Options, Problem, Report, Severity};

use crate::guard;
use crate::log_place::LogPlace;

/// Check a log's directory: every entry is hashed again, up to the signed checkpoint
///
/// Compares entries with tiles, tiles with those above them, and all of it with the checkpoint, the
/// write-ahead log and the guard; looks each entry up by its key; finds missing and foreign files.
/// Nothing is changed, and the log may be served meanwhile. What was not checked is said.
///
/// Exits with 0 if all is well (warnings are), 1 if there are errors, 2 if it could not be checked.
///
/// Example:
///   waxwing fsck /var/lib/log --vkey "$(cat log.vkey)" --guard /mnt/other/guard
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Fsck {
    /// The log's directory, or that of `waxwing log serve`
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// A key that the checkpoint may be signed by; repeat it for more [default: DIR/log.vkey]
    #[arg(long, value_name = "VKEY")]
    vkey: Vec<String>,
    /// The file or the URL at which the log keeps its last head
    #[arg(long, value_name = "PLACE", value_parser = guard::Flag)]
    guard: Option<GuardPlace>,
    /// How many threads; 0 takes one for each processor
    #[arg(long, value_name = "N", default_value_t = 0)]
    jobs: usize,
    /// How to say what was found
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// The result as `--output json` prints it. Fields are added, never changed.
#[derive(Debug, Serialize)]
struct Json<'a> {
    origin: Option<&'a str>,
    size: Option<u64>,
    root: Option<String>,
    unpublished: u64,
    entries: u64,
    bytes: u64,
    errors: u64,
    warnings: u64,
    problems: Vec<JsonProblem<'a>>,
    not_checked: &'a [String],
    milliseconds: f64,
}

#[derive(Debug, Serialize)]
struct JsonProblem<'a> {
    severity: &'static str,
    kind: &'static str,
    file: String,
    index: Option<u64>,
    message: String,
    found: &'a str,
    expected: &'a str,
    advice: &'static str,
}

impl Fsck {
    pub(crate) fn run(&self, output: &mut Output) -> Exit {
        let began = Instant::now();
        let done = self.check(output).and_then(|report| {
            match self.output {
                Format::Json => output.json(&Json::of(&report, began))?,
                Format::Text => print(&report, began, output)?,
            }
            Ok(report)
        });
        match done {
            Ok(report) if report.is_sound() => Exit::Success,
            Ok(_) => Exit::Failure,
            Err(error) => {
                output.error(&error);
                Exit::Undecided
            }
        }
    }

    fn check(&self, output: &mut Output) -> anyhow::Result<Report> {
        let place = LogPlace::find(&self.directory)?;
        let believed = place.believed(&self.vkey)?;
        let mut settings = place.settings;
        settings.guard.clone_from(&self.guard);
        let mut options = Options::default();
        options.jobs = self.jobs;
        let mut progress = Progress::of(output, "entries", 0);
        let checked = fsck::check(settings, &believed.verifiers, &options, |done, all| {
            progress.show_of(output, done, all);
        });
        progress.end(output);
        let mut report = checked?;
        if believed.beside {
            report.not_checked.push(
                "whether log.vkey is the log's key: it lies beside the log; give --vkey from \
                 elsewhere"
                    .to_owned(),
            );
        }
        Ok(report)
    }
}

fn print(report: &Report, began: Instant, output: &mut Output) -> anyhow::Result<()> {
    let origin = report
        .origin
        .as_deref()
        .unwrap_or("a log without a checkpoint");
    if let Some((size, root)) = report.published {
        output.line(&format!("{origin}: {size} entries under the root {root}"))?;
    } else {
        output.line(origin)?;
    }
    if report.unpublished > 0 {
        output.line(&format!(
            "{} more are durable and not published yet",
            report.unpublished
        ))?;
    }
    for problem in &report.problems {
        output.line(&format!("{}: {problem}", severity(problem)))?;
        output.line(&format!("  to do: {}", problem.kind.advice()))?;
    }
    let listed = report.problems.len() as u64;
    let all = report.errors + report.warnings;
    if all > listed {
        output.line(&format!("and {} problems more", all - listed))?;
    }
    for part in &report.not_checked {
        output.line(&format!("not checked: {part}"))?;
    }
    let seconds = began.elapsed().as_secs_f64();
    output.line(&format!(
        "{}: {} entries with {} bytes read in {seconds:.1} s, {} errors, {} warnings",
        if report.is_sound() {
            "sound"
        } else {
            "NOT sound"
        },
        report.entries,
        report.bytes,
        report.errors,
        report.warnings
    ))?;
    Ok(())
}

fn severity(problem: &Problem) -> &'static str {
    match problem.kind.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

impl<'a> Json<'a> {
    fn of(report: &'a Report, began: Instant) -> Self {
        let problems = report.problems.iter().map(|problem| JsonProblem {
            severity: severity(problem),
            kind: problem.kind.name(),
            file: problem.file.display().to_string(),
            index: problem.index,
            message: problem.kind.to_string(),
            found: &problem.found,
            expected: &problem.expected,
            advice: problem.kind.advice(),
        });
        Self {
            origin: report.origin.as_deref(),
            size: report.published.map(|(size, _)| size),
            root: report.published.map(|(_, root)| root.to_string()),
            unpublished: report.unpublished,
            entries: report.entries,
            bytes: report.bytes,
            errors: report.errors,
            warnings: report.warnings,
            problems: problems.collect(),
            not_checked: &report.not_checked,
            milliseconds: began.elapsed().as_secs_f64() * 1000.0,
        }
    }
}
