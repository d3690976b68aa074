//! What this process uses, and what it runs on, as Linux tells it below `/proc`. Elsewhere nothing is
//! told, and the report leaves it out.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

/// `sysconf(_SC_CLK_TCK)`: what the kernel tells user space in, on every architecture of Linux.
const TICKS_PER_SECOND: u64 = 100;

/// Processor time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) user: Duration,
    pub(super) system: Duration,
    /// Both together, by the names of threads.
    pub(super) threads: BTreeMap<String, Duration>,
}

impl Usage {
    /// What the process has used so far.
    pub(super) fn now() -> Self {
        let (user, system) = times("/proc/self/stat").unwrap_or_default();
        let mut threads = BTreeMap::<String, Duration>::new();
        for task in fs::read_dir("/proc/self/task")
            .into_iter()
            .flatten()
            .flatten()
        {
            let stat = task.path().join("stat");
            let name = fs::read_to_string(task.path().join("comm")).unwrap_or_default();
            if let Some((user, system)) = times(stat) {
                *threads.entry(name.trim_end().to_owned()).or_default() += user + system;
            }
        }
        Self {
            user,
            system,
            threads,
        }
    }

    /// What was used since an earlier moment.
    pub(super) fn since(&self, before: &Self) -> Self {
        let threads = self.threads.iter().map(|(name, used)| {
            let earlier = before.threads.get(name).copied().unwrap_or_default();
            (name.clone(), used.saturating_sub(earlier))
        });
        Self {
            user: self.user.saturating_sub(before.user),
            system: self.system.saturating_sub(before.system),
            threads: threads.collect(),
        }
    }

    pub(super) fn total(&self) -> Duration {
        self.user + self.system
    }

    /// What the threads of that name have used.
    pub(super) fn of(&self, thread: &str) -> Duration {
        self.threads.get(thread).copied().unwrap_or_default()
    }
}

/// User and system time of `/proc/…/stat`: fields 14 and 15. The name in field 2 may hold anything.
fn times(path: impl AsRef<Path>) -> Option<(Duration, Duration)> {
    let stat = fs::read_to_string(path).ok()?;
    let (_, behind_name) = stat.rsplit_once(')')?;
    let mut fields = behind_name.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse().ok();
    let time = |ticks: u64| Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND);
    Some((time(ticks()?), time(ticks()?)))
}

/// The most memory that this process ever had, in bytes.
pub(super) fn peak_memory() -> Option<u64> {
    status("self", "VmHWM:")
}

/// What another process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Process(pub(super) u32);

impl Process {
    /// The processor time that it has used so far; `None` when it has ended.
    pub(super) fn used(self) -> Option<Duration> {
        let (user, system) = times(format!("/proc/{}/stat", self.0))?;
        Some(user + system)
    }

    /// The memory that it has now, in bytes.
    pub(super) fn memory(self) -> Option<u64> {
        status(&self.0.to_string(), "VmRSS:")
    }

    /// The most memory that it ever had, in bytes.
    pub(super) fn peak_memory(self) -> Option<u64> {
        status(&self.0.to_string(), "VmHWM:")
    }
}

/// A line of `/proc/ID/status` that counts in kilobytes, in bytes.
fn status(process: &str, name: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// What the figures were measured on.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Machine {
    pub(super) processor: Option<String>,
    pub(super) cores: Option<usize>,
    pub(super) kernel: Option<String>,
    /// Of the directory of the log.
    pub(super) file_system: Option<String>,
}

impl Machine {
    /// This machine; the file system is that of `directory`.
    pub(super) fn here(directory: Option<&Path>) -> Self {
        let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = processors
            .lines()
            .find(|line| line.starts_with("model name"));
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").ok();
        Self {
            processor: model.and_then(|line| Some(line.split_once(':')?.1.trim().to_owned())),
            cores: std::thread::available_parallelism().ok().map(usize::from),
            kernel: kernel.map(|release| release.trim_end().to_owned()),
            file_system: directory.and_then(file_system),
        }
    }
}

/// The kind of file system that the directory is on: that of the mount nearest above it.
fn file_system(directory: &Path) -> Option<String> {
    let directory = directory.canonicalize().ok()?;
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    let mounts = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((Path::new(fields.next()?), fields.next()?))
    });
    let above = mounts.filter(|(point, _)| directory.starts_with(point));
    let nearest = above.max_by_key(|(point, _)| point.components().count());
    nearest.map(|(_, kind)| kind.to_owned())
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn work_shows_in_the_figures() {
        // Other tests work beside this one, so it looks at a thread of its own.
        let work = || {
            let name = "a-thread";
            let before = Usage::now();
            let mut digest = [0; 32];
            while Usage::now().since(&before).of(name) < Duration::from_millis(50) {
                for _ in 0..1000 {
                    digest = waxwing_crypto::sha256(&digest);
                }
            }
            Usage::now().since(&before)
        };
        let thread = std::thread::Builder::new().name("a-thread".into());
        let used = thread.spawn(work).unwrap().join().unwrap();
        assert!(used.total() >= Duration::from_millis(50), "{used:?}");
        assert!(peak_memory().unwrap() > 1 << 20);
        let this = Process(std::process::id());
        assert!(this.memory().unwrap() <= this.peak_memory().unwrap());
        assert!(this.used().unwrap() >= Duration::from_millis(50));
        let machine = Machine::here(Some(Path::new("/proc/self")));
        assert_eq!(machine.file_system.as_deref(), Some("proc"));
    }
}
