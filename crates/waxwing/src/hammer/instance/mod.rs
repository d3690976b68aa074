//! `waxwing hammer --instance DIR`: load for all services of an instance.
//!
//! ```text
//! hammer ── HTTP on the loopback ──▶ waxwing up, a process of its own
//!   │ each answer judged: by the trusted root that the instance published, and by what was asked
//!   ▼
//! afterwards: every leaf that an answer promised, proven from the tiles of its log
//! ```
//!
//! | module | holds |
//! |---|---|
//! | `drive` | what a service is asked, and what its answer must be; one file each: `rekor`, `fulcio`, `ct`, `tsa` |
//! | `turns` | one service alone: requests made before, answers judged after what is measured |
//! | `mix` | all at once, each answer judged as it comes |
//! | `signatures` | what raw signatures allow |
//! | `server`, `memory` | the process that is hammered |

mod ct;
mod drive;
mod fulcio;
mod memory;
mod mix;
mod rekor;
mod report;
mod server;
mod signatures;
mod table;
mod tally;
#[cfg(test)]
mod tests;
mod tokens;
mod trust;
mod tsa;
mod turns;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use waxwing_cli::{Format, Output};
use waxwing_encoding::time::Clock;
use waxwing_tlog::Hash;
use waxwing_tlog::note::NoteVerifier;

pub(super) use self::drive::Service;
use self::drive::{Drive, Leaf};
use self::memory::Memory;
use self::mix::Mix;
use self::report::{
    FloorsReport, InstanceReport, LoadReport, LogReport, Report, ServiceReport, Together,
};
use self::server::Server;
use self::signatures::{RawKeys, Signatures};
use self::tally::Tally;
use self::tokens::{TokenKind, Tokens};
use self::trust::Trust;
pub(super) use self::turns::Load as InstanceLoad;
use super::check;
use super::floors::DiskFloors;
use super::heads::Heads;
use super::http::{self, Caller};
use super::process::Machine;
use super::violation::Violation;
use super::worker::Failure;
use super::{Hammer, runtime};
use crate::system::SystemClock;

/// All that a run has.
struct Session<'a> {
    hammer: &'a Hammer,
    trust: Trust,
    url: String,
    caller: Caller,
    server: Server,
    drives: Drives,
    heads: Arc<Heads>,
    keys: RawKeys,
    memory: Memory,
    output: &'a mut Output,
}

/// What asks each service.
struct Drives {
    rekor: Arc<rekor::Rekor>,
    fulcio: Arc<fulcio::Fulcio>,
    ct: Arc<ct::Ct>,
    tsa: Arc<tsa::Tsa>,
}

impl Hammer {
    /// Loads the instance in a directory.
    pub(super) fn hammer_instance(&self, data: &Path, output: &mut Output) -> Result<(), Failure> {
        runtime("hammer")?.block_on(self.hammer_services(data, output))
    }

    async fn hammer_services(&self, data: &Path, output: &mut Output) -> Result<(), Failure> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let server = Server::find(data).await?;
        let trust = Trust::read(data, clock.now())?;
        let url = match self.target() {
            "" => trust.url()?,
            named => named.to_owned(),
        };
        let disk = DiskFloors::measure(data)?;
        let (tokens, _keeper) = Tokens::new(data, self.patience()).await?;
        let token = TokenKind::of(&tokens.of(0))?;
        let keys = RawKeys::new(token.key)?;
        let heads = Arc::new(Heads::new(trust.rekor_heads()?));
        let drives = Drives::new(data, &trust, tokens, &heads, &clock)?;
        let mut session = Session {
            caller: Caller::new(
                http::Server::new(&url, self.patience())?.asked_as(trust.rekor_host()),
            ),
            hammer: self,
            trust,
            url,
            server,
            drives,
            heads,
            keys,
            memory: Memory::default(),
            output,
        };
        let load = self.instance_load();
        let (services, all) = match self.mix {
            true => {
                let mixed = session.all_at_once(load).await?;
                (mixed.services, Some(mixed.all))
            }
            false => (session.one_after_the_other(load).await?, None),
        };
        let logs = session.look_at_the_logs(&services).await?;
        let report = services
            .iter()
            .map(|(service, tally)| ServiceReport::new(*service, tally));
        let mut signatures = Signatures::default();
        for (_, tally) in &services {
            signatures.add(&tally.floors);
        }
        let report = Report {
            version: env!("CARGO_PKG_VERSION"),
            machine: Machine::here(Some(data)),
            instance: InstanceReport::new(data, &session.url, session.server.started),
            load: LoadReport::new(load, self.mix),
            floors: FloorsReport::new(&signatures, &token.algorithm, &disk),
            services: report.collect(),
            together: all.map(|all| Together::new(&services, &all)),
            memory: session.memory.report(),
            logs,
        };
        session.server.stop()?;
        match self.output {
            Format::Json => session.output.json(&report)?,
            Format::Text => session.output.line(report.to_string().trim_end())?,
        }
        Ok(())
    }
}

impl Session<'_> {
    async fn one_after_the_other(
        &mut self,
        load: InstanceLoad,
    ) -> Result<Vec<(Service, Tally)>, Failure> {
        let mut done = Vec::new();
        for service in self.hammer.services() {
            if self.output.stderr().is_terminal() {
                self.output.note(&format!("{service} …"));
            }
            let drives = &self.drives;
            let (caller, keys) = (&self.caller, &self.keys);
            let server = &mut self.server;
            let tally = match service {
                Service::Rekor => turns::run(&drives.rekor, caller, load, keys, server).await,
                Service::Fulcio => turns::run(&drives.fulcio, caller, load, keys, server).await,
                Service::Ct => turns::run(&drives.ct, caller, load, keys, server).await,
                Service::Tsa => turns::run(&drives.tsa, caller, load, keys, server).await,
            };
            done.push((service, tally?));
            if let Some(process) = self.server.present().await {
                self.memory.sample(process);
            }
        }
        Ok(done)
    }

    async fn all_at_once(&mut self, load: InstanceLoad) -> Result<mix::Mixed, Failure> {
        let services = self.hammer.services();
        let mut mix = Mix::new(load, &self.keys, services.len())?;
        for service in services {
            let drives = &self.drives;
            match service {
                Service::Rekor => mix.send(&drives.rekor, &self.caller),
                Service::Fulcio => mix.send(&drives.fulcio, &self.caller),
                Service::Ct => mix.send(&drives.ct, &self.caller),
                Service::Tsa => mix.send(&drives.tsa, &self.caller),
            }
        }
        let terminal = self.output.stderr().is_terminal();
        let output = &mut *self.output;
        let progress = |elapsed: Duration| {
            if terminal {
                output.note(&format!("{:>4} s", elapsed.as_secs()));
            }
        };
        mix.finish(&self.keys, &mut self.server, &mut self.memory, progress)
            .await
    }

    /// Proves from their tiles that the logs have all that was promised.
    async fn look_at_the_logs(
        &self,
        services: &[(Service, Tally)],
    ) -> Result<Vec<LogReport>, Failure> {
        self.heads.settle()?;
        let leaves = |of: &[Service]| {
            let of = services.iter().filter(|(service, _)| of.contains(service));
            by_index(of.flat_map(|(_, tally)| &tally.leaves))
        };
        let rekor = leaves(&[rekor::Rekor::SERVICE])?;
        let ct = leaves(&[fulcio::Fulcio::SERVICE, ct::Ct::SERVICE])?;
        let (rekor_heads, ct_heads) = (self.trust.rekor_heads()?, self.trust.ct_heads()?);
        let roots = self.heads.roots();
        let none = BTreeMap::new();
        Ok(vec![
            self.log("rekor log", "", &rekor, &roots, &rekor_heads)
                .await?,
            self.log("ct log", self.trust.ct_prefix(), &ct, &none, &ct_heads)
                .await?,
        ])
    }

    async fn log(
        &self,
        name: &'static str,
        prefix: &str,
        leaves: &BTreeMap<u64, Hash>,
        heads: &BTreeMap<u64, Hash>,
        verifier: &NoteVerifier,
    ) -> Result<LogReport, Failure> {
        let url = format!("{}{prefix}", self.url.trim_end_matches('/'));
        let server = http::Server::new(&url, self.hammer.patience())?;
        let caller = Caller::new(server.asked_as(self.trust.rekor_host()));
        let head = check::kept(leaves, heads, caller, verifier).await?;
        Ok(LogReport {
            name,
            promised: leaves.len() as u64,
            heads: heads.len() as u64,
            size: head.size,
        })
    }
}

impl Drives {
    fn new(
        data: &Path,
        trust: &Trust,
        tokens: Arc<Tokens>,
        heads: &Arc<Heads>,
        clock: &Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        let issuer = trust.address.issuer();
        let log_id = trust.rekor.log_id.clone();
        let rekor = rekor::Rekor::new(Arc::clone(heads), log_id, &**clock)?;
        let ct_log = trust.ct.public_key.clone();
        let fulcio = fulcio::Fulcio::new(tokens, trust.fulcio.clone(), ct_log.clone(), &issuer)?;
        let (authority, above) = waxwing_instance::dangerous_issuing_authority(data, clock)?;
        let ct = ct::Ct::new(
            authority,
            &above,
            (ct_log, trust.ct_prefix()),
            issuer,
            Arc::clone(clock),
        )?;
        let tsa = tsa::Tsa::new(trust.tsa.clone(), Arc::clone(clock));
        Ok(Self {
            rekor: Arc::new(rekor),
            fulcio: Arc::new(fulcio),
            ct: Arc::new(ct),
            tsa: Arc::new(tsa),
        })
    }
}

/// Each request was for a leaf of its own, so no index may come twice.
fn by_index<'a>(leaves: impl Iterator<Item = &'a Leaf>) -> Result<BTreeMap<u64, Hash>, Violation> {
    let mut places = BTreeMap::new();
    for Leaf { index, hash } in leaves {
        if let Some(first) = places.insert(*index, *hash) {
            return Err(Violation::TwoLeaves {
                index: *index,
                first,
                second: *hash,
            });
        }
    }
    Ok(places)
}
