//! The process that is hammered: one that runs already, or one that is started for the run.
//!
//! Either way it is a process of its own, so that its processor time and memory are told from the load's.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use waxwing_instance::{DataDirectory, control};

use super::tally::Tally;
use crate::hammer::process::{Process, Usage};

/// How long an instance that was just started is left alone before its idle memory is read.
const IDLE: Duration = Duration::from_secs(1);

/// How long one that is asked to end may take.
const ENDING: Duration = Duration::from_secs(30);

/// An instance that runs.
#[derive(Debug)]
pub(super) struct Server {
    data: PathBuf,
    pub(super) process: Process,
    /// If it was started here.
    pub(super) started: Option<Started>,
    child: Option<Child>,
}

/// What a start has shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Started {
    /// From the call to the line `Ready`.
    pub(super) ready: Duration,
    /// Whether there was no instance before.
    pub(super) is_new: bool,
    /// The memory of the process, before it was asked for anything.
    pub(super) idle_memory: Option<u64>,
}

impl Server {
    /// The process that runs the instance in a directory; starts one if there is none.
    pub(super) async fn find(data: &Path) -> anyhow::Result<Self> {
        if let Some(id) = control::process(data).await? {
            return Ok(Self {
                data: data.to_owned(),
                process: Process(id),
                started: None,
                child: None,
            });
        }
        Self::start(data).await
    }

    async fn start(data: &Path) -> anyhow::Result<Self> {
        let is_new = DataDirectory::known_address(data)?.is_none();
        let program = std::env::current_exe().context("the path of this program")?;
        let mut command = Command::new(program);
        command.arg("up").arg("--data").arg(data);
        if is_new {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        let began = Instant::now();
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("starting `waxwing up`")?;
        let mut server = Self {
            data: data.to_owned(),
            process: Process(child.id()),
            started: None,
            child: Some(child),
        };
        server.wait_until_ready()?;
        let ready = began.elapsed();
        tokio::time::sleep(IDLE).await;
        server.started = Some(Started {
            ready,
            is_new,
            idle_memory: server.process.memory(),
        });
        Ok(server)
    }

    fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let child = self.child.as_mut().context("no child")?;
        let stdout = child.stdout.as_mut().context("no standard output")?;
        for line in BufReader::new(stdout).lines() {
            if line?.starts_with("Ready ") {
                return Ok(());
            }
        }
        let mut said = String::new();
        if let Some(stderr) = &mut child.stderr {
            stderr.read_to_string(&mut said)?;
        }
        bail!(
            "`waxwing up` ended before it was ready: {}",
            said.trim_end()
        );
    }

    /// The process of this moment: whoever runs the instance may have been killed and started again.
    pub(super) async fn present(&mut self) -> Option<Process> {
        if self.process.memory().is_none()
            && let Ok(Some(id)) = control::process(&self.data).await
        {
            self.process = Process(id);
        }
        self.process.memory().map(|_| self.process)
    }

    /// Ends what was started here, and waits for it.
    pub(super) fn stop(mut self) -> anyhow::Result<()> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        let id = i32::try_from(child.id()).ok();
        let id = id.and_then(rustix::process::Pid::from_raw);
        let id = id.context("the process has no number")?;
        rustix::process::kill_process(id, rustix::process::Signal::TERM)?;
        let began = Instant::now();
        while began.elapsed() < ENDING {
            if let Some(status) = child.try_wait()? {
                ensure!(status.success(), "`waxwing up` ended with {status}");
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        child.kill()?;
        bail!("`waxwing up` did not end within {} s", ENDING.as_secs());
    }
}

/// What an instance and the load on it use of the processor from a moment on.
#[derive(Debug)]
pub(super) struct Meter {
    began: Instant,
    server: Option<(Process, Duration)>,
    hammer: Usage,
}

/// What was used.
#[derive(Debug, Clone, Copy)]
pub(super) struct Used {
    pub(super) time: Duration,
    server: Duration,
    hammer: Duration,
}

impl Meter {
    pub(super) async fn start(server: &mut Server) -> Self {
        let process = server.present().await;
        Self {
            server: process.and_then(|process| Some((process, process.used()?))),
            hammer: Usage::now(),
            began: Instant::now(),
        }
    }

    /// Of a process that has ended meanwhile nothing is known.
    pub(super) fn stop(self) -> Used {
        let time = self.began.elapsed();
        let server = self
            .server
            .and_then(|(process, before)| Some(process.used()?.saturating_sub(before)));
        Used {
            time,
            server: server.unwrap_or_default(),
            hammer: Usage::now().since(&self.hammer).total(),
        }
    }
}

impl Used {
    pub(super) fn add_to(self, tally: &mut Tally) {
        tally.seconds += self.time.as_secs_f64();
        tally.server += self.server;
        tally.hammer += self.hammer;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A run that failed; nothing that it was promised depends on a peaceful end.
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
