//! All services at once, for as long as was asked, each answer judged as it comes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use tokio::task::JoinSet;

use super::drive::{Drive, Service};
use super::memory::Memory;
use super::server::{Meter, Server};
use super::signatures::{RawKeys, Signatures};
use super::tally::Tally;
use super::turns::{Load, ask};
use crate::hammer::http::Caller;
use crate::hammer::worker::Failure;

/// How long each raw signature is measured before the load, and again behind it.
const FLOORS: Duration = Duration::from_millis(500);

/// A load of several services.
pub(super) struct Mix {
    floors: Signatures,
    began: Instant,
    load: Load,
    /// Connections of each service.
    each: usize,
    senders: JoinSet<(Service, Result<Tally, Failure>)>,
}

/// What came of it.
pub(super) struct Mixed {
    pub(super) services: Vec<(Service, Tally)>,
    /// Of all services together, after the warm-up.
    pub(super) all: Tally,
}

impl Mix {
    /// A load that begins now, its connections shared among so many services.
    pub(super) fn new(load: Load, keys: &RawKeys, services: usize) -> Result<Self, Failure> {
        Ok(Self {
            floors: keys.measure(FLOORS)?,
            began: Instant::now(),
            load,
            each: (load.outstanding / services.max(1)).max(1),
            senders: JoinSet::new(),
        })
    }

    /// Sends to a service from now on.
    pub(super) fn send<D: Drive>(&mut self, drive: &Arc<D>, caller: &Caller) {
        let measured_from = self.began + self.load.warm_up;
        let end = measured_from + self.load.duration;
        for _ in 0..self.each {
            let (drive, mut caller) = (Arc::clone(drive), caller.clone());
            self.senders.spawn(async move {
                let mut tally = Tally::new();
                let sent = until(end, measured_from, &*drive, &mut caller, &mut tally).await;
                (D::SERVICE, sent.map(|()| tally))
            });
        }
    }

    /// Waits for the end; looks at the memory of the instance meanwhile, and tells once a second how long
    /// it has been.
    pub(super) async fn finish(
        mut self,
        keys: &RawKeys,
        server: &mut Server,
        memory: &mut Memory,
        mut progress: impl FnMut(Duration),
    ) -> Result<Mixed, Failure> {
        let mut all = Tally::new();
        all.floors = self.floors;
        let mut services: Vec<(Service, Tally)> = Vec::new();
        let mut seconds = tokio::time::interval(Duration::from_secs(1));
        let warm = tokio::time::sleep_until((self.began + self.load.warm_up).into());
        tokio::pin!(warm);
        let mut meter = None;
        loop {
            tokio::select! {
                ended = self.senders.join_next() => match ended {
                    None => break,
                    Some(Err(error)) => return Err(Failure::Failed(error.into())),
                    Some(Ok((service, tally))) => {
                        // The first that ends is the end of the load.
                        if let Some(meter) = meter.take() {
                            Meter::stop(meter).add_to(&mut all);
                        }
                        let tally = tally?;
                        match services.iter_mut().find(|(known, _)| *known == service) {
                            Some((_, known)) => known.merge(tally),
                            None => services.push((service, tally)),
                        }
                    }
                },
                () = &mut warm, if meter.is_none() && services.is_empty() => {
                    meter = Some(Meter::start(server).await);
                    memory.begin();
                }
                _ = seconds.tick() => {
                    if let Some(process) = server.present().await {
                        memory.sample(process);
                    }
                    progress(self.began.elapsed());
                }
                stop = tokio::signal::ctrl_c() => {
                    stop?;
                    return Err(Failure::Failed(anyhow!("interrupted")));
                }
            }
        }
        services.sort_by_key(|(service, _)| *service);
        all.floors.add(&keys.measure(FLOORS)?);
        for (_, tally) in &mut services {
            tally.seconds = all.seconds;
            tally.floors = all.floors;
        }
        Ok(Mixed { services, all })
    }
}

async fn until<D: Drive>(
    end: Instant,
    measured_from: Instant,
    drive: &D,
    caller: &mut Caller,
    tally: &mut Tally,
) -> Result<(), Failure> {
    loop {
        let began = Instant::now();
        if began >= end {
            return Ok(());
        }
        let (body, expected) = drive.prepare().map_err(Failure::Failed)?;
        let sent = Instant::now();
        let answer = ask(drive, caller, &body, tally).await?;
        let took = sent.elapsed();
        tally.leaves.extend(drive.judge(&expected, &answer)?);
        if began < measured_from {
            tally.warm_up += 1;
        } else {
            tally.answers += 1;
            tally.latency.record(took);
        }
    }
}
