//! One service alone, in turns: requests are made, sent as fast as they are answered, and only then are
//! the answers judged.
//!
//! ```text
//! make ── send: measured ── judge │ make ── send: measured ── judge │ …
//! ```
//!
//! Making a request, and judging its answer, take more of the processor than many a service takes for it.
//! On the machine of that service they would measure themselves. An answer counts once it is judged.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::anyhow;
use bytes::Bytes;
use http::{Method, StatusCode};
use tokio::task::JoinSet;

use super::drive::{Drive, Leaf};
use super::server::{Meter, Server};
use super::signatures::RawKeys;
use super::tally::Tally;
use crate::hammer::http::{Answer, Caller, reason};
use crate::hammer::target::AFTER_REFUSAL;
use crate::hammer::worker::Failure;

/// How many requests the first turn has, and any at most: their answers are kept until they are judged.
const FIRST: usize = 256;
const MOST: usize = 16_384;

/// About how long a turn sends.
const TURN: Duration = Duration::from_secs(2);

/// How long each raw signature is measured before a turn.
const FLOORS: Duration = Duration::from_millis(50);

/// What is asked of a run.
#[derive(Debug, Clone, Copy)]
pub(in crate::hammer) struct Load {
    /// How many connections there are.
    pub(in crate::hammer) outstanding: usize,
    /// How long it is measured.
    pub(in crate::hammer) duration: Duration,
    /// How long it is not.
    pub(in crate::hammer) warm_up: Duration,
}

/// An answer to the request of that number.
struct Sent {
    number: usize,
    answer: Bytes,
    took: Duration,
}

/// Measures one service.
pub(super) async fn run<D: Drive>(
    drive: &Arc<D>,
    caller: &Caller,
    load: Load,
    keys: &RawKeys,
    server: &mut Server,
) -> Result<Tally, Failure> {
    let callers = std::iter::repeat_n(caller, load.outstanding);
    let mut callers: Vec<Caller> = callers.cloned().collect();
    let mut tally = Tally::new();
    let (mut warm, mut count) = (Duration::ZERO, FIRST);
    while tally.seconds < load.duration.as_secs_f64() {
        let prepare = |_| drive.prepare().map_err(Failure::Failed);
        let requests = Arc::new(on_all_cores(count, prepare)?);
        let floors = keys.measure(FLOORS)?;
        let meter = Meter::start(server).await;
        let mut sending = Tally::new();
        let sent = send(drive, &requests, &mut callers, &mut sending).await?;
        let used = meter.stop();
        let is_warm = warm < load.warm_up;
        warm += used.time;
        count = next_turn(count, used.time);
        let judged = on_all_cores(sent.len(), |number| {
            let sent = sent.get(number).ok_or_else(|| anyhow!("no answer"))?;
            let request = requests.get(sent.number);
            let (_, expected) = request.ok_or_else(|| anyhow!("no request"))?;
            Ok::<Option<Leaf>, Failure>(drive.judge(expected, &sent.answer)?)
        })?;
        tally.leaves.extend(judged.into_iter().flatten());
        if is_warm {
            sending.warm_up = sent.len() as u64;
            sending.refused = 0;
        } else {
            sending.answers = sent.len() as u64;
            sent.iter()
                .for_each(|sent| sending.latency.record(sent.took));
            used.add_to(&mut tally);
            tally.floors.add(&floors);
        }
        tally.merge(sending);
    }
    Ok(tally)
}

/// Sends every request, one at a time on each connection.
async fn send<D: Drive>(
    drive: &Arc<D>,
    requests: &Arc<Vec<(Bytes, D::Expected)>>,
    callers: &mut Vec<Caller>,
    tally: &mut Tally,
) -> Result<Vec<Sent>, Failure> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut senders = JoinSet::new();
    for mut caller in callers.drain(..) {
        let (requests, next) = (Arc::clone(requests), Arc::clone(&next));
        let drive = Arc::clone(drive);
        senders.spawn(async move {
            let (mut sent, mut tally) = (Vec::new(), Tally::new());
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some((body, _)) = requests.get(number) else {
                    return Ok::<_, Failure>((caller, sent, tally));
                };
                let began = Instant::now();
                let answer = ask(&*drive, &mut caller, body, &mut tally).await?;
                let took = began.elapsed();
                sent.push(Sent {
                    number,
                    answer,
                    took,
                });
            }
        });
    }
    let mut all = Vec::with_capacity(requests.len());
    while let Some(ended) = senders.join_next().await {
        let (caller, sent, counted) = ended.map_err(|error| Failure::Failed(error.into()))??;
        callers.push(caller);
        all.extend(sent);
        tally.merge(counted);
    }
    Ok(all)
}

/// Asks until there is an answer that is no refusal.
pub(super) async fn ask<D: Drive>(
    drive: &D,
    caller: &mut Caller,
    body: &Bytes,
    tally: &mut Tally,
) -> Result<Bytes, Failure> {
    loop {
        let kind = Some(D::CONTENT_TYPE);
        let answer = caller.ask_with(&Method::POST, drive.path(), kind, body.clone());
        let Answer {
            status,
            body,
            retries,
            ..
        } = answer.await.map_err(Failure::Failed)?;
        tally.retries += u64::from(retries);
        match status {
            status if status == D::SUCCESS => return Ok(body),
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                tally.refused += 1;
                tokio::time::sleep(AFTER_REFUSAL).await;
            }
            status => {
                let (service, reason) = (D::SERVICE, reason(&body));
                let error = anyhow!("{service} answered {status}: {reason}");
                return Err(Failure::Failed(error));
            }
        }
    }
}

/// How many requests the next turn has, so that it sends for about [`TURN`].
fn next_turn(count: usize, took: Duration) -> usize {
    let rate = count as f64 / took.as_secs_f64().max(1e-6);
    ((rate * TURN.as_secs_f64()) as usize).clamp(FIRST, MOST)
}

/// Does it for each number below `count`, in order in the result.
fn on_all_cores<T: Send>(
    count: usize,
    work: impl Fn(usize) -> Result<T, Failure> + Sync,
) -> Result<Vec<T>, Failure> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let part = count.div_ceil(cores).max(1);
    let work = &work;
    std::thread::scope(|scope| {
        let parts = (0..count).step_by(part).map(|first| {
            let numbers = first..count.min(first + part);
            scope.spawn(move || numbers.map(work).collect::<Result<Vec<T>, Failure>>())
        });
        let threads: Vec<_> = parts.collect();
        let mut all = Vec::with_capacity(count);
        for thread in threads {
            let done = thread.join();
            all.extend(done.map_err(|_| anyhow!("a thread of the hammer has panicked"))??);
        }
        Ok(all)
    })
}
