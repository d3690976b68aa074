//! `waxwing hammer`: load for a transparency log, by a generator that can be trusted.
//!
//! ```text
//! pacer ── arrivals ──▶ workers, one a core ── Target ──▶ the log: a library call, or HTTP
//!                          │ judge: leaf, proof, signature, one index an entry, one root a size
//!                          ▼
//!            histograms of each worker, added up at the end ──▶ audit ──▶ report
//! ```
//!
//! Three habits of load generators are avoided. Latency counts from when an entry was *planned* to
//! arrive, so that a log which stalls cannot hide the wait of those behind. No answer is believed before
//! it is verified. And figures come with what the disk and the processor of the same run could do.

mod arguments;
mod audit;
mod check;
mod disk;
mod entries;
mod floors;
mod heads;
mod http;
mod instance;
mod judge;
mod library;
mod load;
mod pace;
mod pacer;
mod process;
mod proven;
mod record;
mod report;
mod service;
mod table;
mod tally;
mod target;
mod violation;
mod worker;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use serde::Serialize;
use tokio::runtime::{Builder, Runtime};
use waxwing_cli::{Format, Output};
use waxwing_tlog::note::NoteVerifier;

pub(crate) use self::arguments::Hammer;
use self::arguments::Place;
use self::disk::Disk;
use self::entries::Entries;
use self::floors::Floors;
use self::heads::{Head, Heads};
use self::http::{Caller, Server};
use self::library::Library;
use self::load::{Load, Run};
use self::record::Recorder;
use self::report::{Found, Report};
use self::service::Service;
use self::target::Target;
use self::violation::Violation;
use self::worker::Failure;
use crate::opaque_log::OpaqueLog;

/// A broken promise as `--output json` prints it.
#[derive(Debug, Serialize)]
struct Broken {
    violation: &'static str,
    detail: String,
}

impl Hammer {
    pub(crate) fn run(&self, output: &mut Output) -> anyhow::Result<()> {
        if let Some(data) = &self.instance {
            return self.tell(self.hammer_instance(data, output), "the instance", output);
        }
        let done = match self.place()? {
            Place::Url(url, verifier) => match &self.check {
                Some(record) => self.check_record(record, &url, &verifier, output),
                None => self.hammer_url(&url, verifier, output),
            },
            Place::Directory(directory) if self.http => self.hammer_service(&directory, output),
            Place::Directory(directory) => self.hammer_library(&directory, output),
        };
        self.tell(done, "the log", output)
    }

    /// Says which promise was broken, if one was.
    fn tell(
        &self,
        done: Result<(), Failure>,
        who: &str,
        output: &mut Output,
    ) -> anyhow::Result<()> {
        done.or_else(|failure| match failure {
            Failure::Failed(error) => Err(error),
            Failure::Violation(violation) => {
                let name = violation.name();
                if self.output == Format::Json {
                    output.json(&Broken {
                        violation: name,
                        detail: violation.to_string(),
                    })?;
                }
                Err(anyhow!("{who} broke a promise: {name}: {violation}"))
            }
        })
    }

    fn hammer_library(&self, directory: &Path, output: &mut Output) -> Result<(), Failure> {
        let is_new = self.check_directory(directory)?;
        let place = OpaqueLog::at(directory, None, None)?;
        let runtime = runtime("hammer")?;
        let log = runtime.block_on(place.open())?;
        let mut session = Session {
            hammer: self,
            load: self.load(is_new),
            kind: "library",
            verifier: place.verifier().clone(),
            directory: Some(directory),
            before: open(&log.checkpoint().checkpoint, place.verifier())?,
            runtime,
            output,
        };
        let (run, heads, floors) = session.run(&Library(log.clone()))?;
        let after = heads.take(&log.checkpoint().checkpoint)?;
        session.runtime.block_on(log.close());
        session.finish(&run, &heads, &floors, after)
    }

    fn hammer_service(&self, directory: &Path, output: &mut Output) -> Result<(), Failure> {
        let is_new = self.check_directory(directory)?;
        let place = OpaqueLog::at(directory, None, None)?;
        let verifier = place.verifier().clone();
        let load = self.load(is_new);
        let service = Service::start(place, load.outstanding)?;
        let server = Server::new(service.url(), self.patience())?;
        self.hammer_server(server, verifier, Some((directory, service)), load, output)
    }

    fn hammer_url(
        &self,
        url: &str,
        verifier: NoteVerifier,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let server = Server::new(url, self.patience())?;
        self.hammer_server(server, verifier, None, self.load(false), output)
    }

    /// Hammers a server, our own if a directory and a service are given.
    fn hammer_server(
        &self,
        server: Arc<Server>,
        verifier: NoteVerifier,
        own: Option<(&Path, Service)>,
        load: Load,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let caller = Caller::new(server);
        let runtime = runtime("hammer")?;
        let text = runtime.block_on(check::checkpoint(&mut caller.clone()))?;
        let mut session = Session {
            hammer: self,
            load,
            kind: if own.is_some() { "service" } else { "url" },
            before: open(&text, &verifier)?,
            verifier,
            directory: own.as_ref().map(|(directory, _)| *directory),
            runtime,
            output,
        };
        let (run, heads, floors) = session.run(&caller)?;
        let text = session
            .runtime
            .block_on(check::checkpoint(&mut caller.clone()))?;
        let after = heads.take(&text.into())?;
        if let Some((_, service)) = own {
            service.stop()?;
        }
        session.finish(&run, &heads, &floors, after)
    }

    fn check_record(
        &self,
        record: &Path,
        url: &str,
        verifier: &NoteVerifier,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let server = Server::new(url, self.patience())?;
        let check = check::check(record, Caller::new(server), verifier);
        let checked = runtime("hammer")?.block_on(check)?;
        match self.output {
            Format::Json => output.json(&checked)?,
            Format::Text => output.line(&format!(
                "All kept: {} entries at their indexes and {} heads, in a log of {} entries",
                checked.entries, checked.heads, checked.size
            ))?,
        }
        Ok(())
    }

    /// A run goes into a directory of its own, unless told otherwise; returns whether it is.
    fn check_directory(&self, directory: &Path) -> anyhow::Result<bool> {
        let is_new = match std::fs::read_dir(directory) {
            Ok(mut files) => files.next().is_none(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
            Err(error) => {
                return Err(error).with_context(|| format!("reading {}", directory.display()));
            }
        };
        ensure!(
            is_new || self.existing,
            "{} is not empty; name a new directory, or say --existing to go on with the log in it",
            directory.display()
        );
        Ok(is_new)
    }
}

/// One run, from the floors to the report.
struct Session<'a> {
    hammer: &'a Hammer,
    load: Load,
    kind: &'static str,
    verifier: NoteVerifier,
    directory: Option<&'a Path>,
    before: Head,
    runtime: Runtime,
    output: &'a mut Output,
}

impl Session<'_> {
    fn run<T: Target>(&mut self, target: &T) -> Result<(Run, Arc<Heads>, Floors), Failure> {
        let terminal = self.output.stderr().is_terminal();
        if terminal {
            self.output
                .note("measuring what disk and processor can do …");
        }
        let floors = Floors::measure(self.load.entry_bytes, self.directory)?;
        let origin = self.verifier.name();
        let recorder = self.hammer.record.as_deref();
        let recorder = recorder
            .map(|path| Recorder::open(path, origin))
            .transpose()?;
        let recorder = recorder.map(Arc::new);
        let heads = Arc::new(Heads::new(self.verifier.clone()));
        let mut last = 0;
        let progress = |elapsed: Duration, acknowledged: u64| {
            if terminal {
                let (seconds, new) = (elapsed.as_secs(), acknowledged - last);
                self.output.note(&format!("{seconds:>4} s {new:>9} adds/s"));
            }
            last = acknowledged;
        };
        let run = load::run(target, &self.load, &heads, recorder.as_ref(), progress);
        let run = self.runtime.block_on(run)?;
        Ok((run, heads, floors))
    }

    /// Looks at all answers together, and at what is on the disk, and tells.
    fn finish(
        &mut self,
        run: &Run,
        heads: &Heads,
        floors: &Floors,
        after: Head,
    ) -> Result<(), Failure> {
        heads.settle()?;
        audit::no_index_twice(&run.places)?;
        let acknowledged = run.places.len() as u64;
        let is_ours = self.directory.is_some() && self.before.size == 0;
        if is_ours && after.size != acknowledged {
            return Err(Violation::Size {
                found: after.size,
                expected: acknowledged,
            }
            .into());
        }
        let roots = heads.roots();
        let entries = Entries::new(self.load.seed, self.load.entry_bytes);
        let rebuilt = match self.before.size {
            0 => audit::rebuild(&run.places, &entries, &roots)?,
            _ => None,
        };
        let disk = self.directory.map(Disk::measure).transpose();
        let found = Found {
            kind: self.kind,
            place: self.hammer.target(),
            verifier: &self.verifier,
            size_before: self.before.size,
            size_after: after.size,
            heads: roots.len() as u64,
            signatures: heads.signatures(),
            rebuilt,
            disk: disk.context("reading the directory of the log")?,
            directory: self.directory,
        };
        let report = Report::new(&self.load, run, floors, &found);
        if let Some(path) = &self.hammer.record {
            let line = serde_json::to_string(&report).context("the report")?;
            Recorder::append_comment(path, &line)?;
        }
        match self.hammer.output {
            Format::Json => self.output.json(&report)?,
            Format::Text => self.output.line(&report.to_string())?,
        }
        Ok(())
    }
}

fn runtime(name: &str) -> anyhow::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    Ok(builder.enable_all().thread_name(name).build()?)
}

fn open(checkpoint: &str, verifier: &NoteVerifier) -> Result<Head, Violation> {
    heads::open(checkpoint, verifier)
}
