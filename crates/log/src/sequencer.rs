//! The one task that gives indexes, and the only one that commits.
//!
//! A batch is whatever has come in while the last one was under way: when nothing is going on an
//! entry is committed at once, and under load batches grow by themselves. No timer takes part.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::batch::{Assigned, Batch, Placement, Request};
use crate::context::Context;
use crate::filing::{self, Filed};
use crate::index::Index;
use crate::recovery::{self, Opened, read_lock};
use crate::snapshot::Snapshot;
use crate::state::State;
use crate::{AddError, DriverError, Guard, LogError, Outcome, ReadError, Record, Refusal, guard};

/// How often the log is opened anew after a commit of unknown outcome, with doubling pauses from
/// 10 ms on: some two and a half seconds in all, for which the callers wait.
const RECOVERIES: u32 = 9;

/// What comes through the queue.
pub(crate) enum Message {
    Add(Request),
    Close(oneshot::Sender<()>),
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Its record is in the log.
    Durable,
    /// Its record is not in the log, and no other is in its place that we know of.
    Absent,
    /// Another writer was faster.
    Lost,
}

/// The task's own state; nobody else has a hand on it.
pub(crate) struct Sequencer {
    context: Arc<Context>,
    requests: mpsc::Receiver<Message>,
    /// The last durable head and what lies under it.
    state: State,
    filing: Option<JoinHandle<Filed>>,
    /// The storage failed to take objects; it is asked again with the next batch.
    filing_failed: bool,
    guard: Option<Guard>,
    index: Arc<RwLock<Index>>,
    published: watch::Sender<Arc<Snapshot>>,
    stopped: Arc<OnceLock<Arc<LogError>>>,
}

impl Sequencer {
    /// A sequencer that has published the head it starts from.
    pub(crate) fn new(
        context: Arc<Context>,
        opened: Opened,
        index: Arc<RwLock<Index>>,
        requests: mpsc::Receiver<Message>,
        stopped: Arc<OnceLock<Arc<LogError>>>,
    ) -> Result<(Self, watch::Receiver<Arc<Snapshot>>), LogError> {
        let snapshot = Snapshot::sign(&context.signer, opened.state.clone())?;
        let (published, receiver) = watch::channel(Arc::new(snapshot));
        let sequencer = Self {
            context,
            requests,
            state: opened.state,
            filing: None,
            filing_failed: false,
            guard: opened.guard,
            index,
            published,
            stopped,
        };
        Ok((sequencer, receiver))
    }

    /// Works until the log is closed or dropped, or has to stop.
    pub(crate) async fn run(mut self) {
        let (reason, closed) = match self.work().await {
            Ok(closed) => (LogError::Closed, closed),
            Err(reason) => (reason, None),
        };
        // Set before the queue is dropped, which is what callers without an answer wait for.
        let _ = self.stopped.set(Arc::new(reason));
        drop(self);
        if let Some(closed) = closed {
            let _ = closed.send(());
        }
    }

    async fn work(&mut self) -> Result<Option<oneshot::Sender<()>>, LogError> {
        let limit = self.context.settings.batch_entries.max(1);
        let mut messages = Vec::new();
        loop {
            self.start_filing();
            tokio::select! {
                count = self.requests.recv_many(&mut messages, limit) => {
                    let mut close = None;
                    let mut requests = Vec::with_capacity(count);
                    for message in messages.drain(..) {
                        match message {
                            Message::Add(request) => requests.push(request),
                            Message::Close(reply) => close = Some(reply),
                        }
                    }
                    self.step(requests).await?;
                    if count == 0 || close.is_some() {
                        self.file_all().await?;
                        return Ok(close);
                    }
                }
                filed = filing::join(&mut self.filing) => self.note_filed(filed)?,
            }
        }
    }

    /// Brings requests to an answer each. An error stops the log, and whoever has no answer by then
    /// is told so.
    async fn step(&mut self, mut requests: Vec<Request>) -> Result<(), LogError> {
        self.filing_failed = false;
        let settings = &self.context.settings;
        let (attempts, unfiled) = (settings.attempts.max(1), settings.unfiled_pages);
        if self.state.shelf.full().len() > unfiled {
            self.file_all().await?;
            // The storage takes records but no objects. Memory must not grow for that.
            if self.state.shelf.full().len() > unfiled {
                refuse(requests, &AddError::Unfiled);
                return Ok(());
            }
        }
        let mut error = AddError::Conflict;
        for _ in 0..attempts {
            if requests.is_empty() {
                break;
            }
            let batch = self.prepare(requests)?;
            let fate = self.commit(batch.record, batch.next).await?;
            requests = self.settle(batch.assigned, fate);
            if fate != Fate::Lost {
                error = AddError::NotCommitted;
                break;
            }
        }
        refuse(requests, &error);
        Ok(())
    }

    /// Makes a record durable, or finds out what happened instead, and publishes what is durable
    /// then.
    async fn commit(&mut self, record: Arc<Record>, next: State) -> Result<Fate, LogError> {
        if record.entries.is_empty() {
            return Ok(Fate::Durable);
        }
        let driver = Arc::clone(&self.context.driver);
        match driver
            .commit(Some(&self.state.head), Arc::clone(&record))
            .await
        {
            Outcome::Committed => {
                self.state = next;
                if let Err(error) = self.publish().await {
                    self.recover(error).await?;
                }
                Ok(Fate::Durable)
            }
            Outcome::Unknown { source } => {
                let records = self.recover(source.into()).await?;
                Ok(if records.contains(&record) {
                    Fate::Durable
                } else {
                    Fate::Absent
                })
            }
            // A commit that was sent twice loses to itself.
            Outcome::Conflict { records } => {
                let records = self.adopt(records).await?;
                Ok(if records.contains(&record) {
                    Fate::Durable
                } else {
                    Fate::Lost
                })
            }
        }
    }

    fn prepare(&self, requests: Vec<Request>) -> Result<Batch, Refusal> {
        let index = read_lock(&self.index);
        Batch::prepare(requests, &self.context, &self.state, &index)
    }

    /// Answers those whose entries are there, be it from another writer; returns the others.
    fn settle(&self, assigned: Vec<Assigned>, fate: Fate) -> Vec<Request> {
        let snapshot = Arc::clone(&self.published.borrow());
        let index = read_lock(&self.index);
        let mut left = Vec::new();
        for place in assigned {
            let Some(found) = index.find(&place.request.key) else {
                left.push(place.request);
                continue;
            };
            place.request.answer(Ok(Placement {
                index: found,
                existed: fate != Fate::Durable || !place.new,
                snapshot: Arc::clone(&snapshot),
            }));
        }
        left
    }

    /// Lets the durable head out: first the guard, then the signature.
    async fn publish(&mut self) -> Result<(), LogError> {
        if self.published.borrow().state.head == self.state.head {
            return Ok(());
        }
        guard::advance(&self.context, &self.state, &mut self.guard).await?;
        let snapshot = Snapshot::sign(&self.context.signer, self.state.clone())?;
        self.published.send_replace(Arc::new(snapshot));
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        index.catch_up(&self.state.shelf);
        Ok(())
    }

    /// Takes over the records of another writer, if they lie on top of ours; returns them, or those
    /// that were found instead.
    async fn adopt(&mut self, mut records: Vec<Arc<Record>>) -> Result<Vec<Arc<Record>>, LogError> {
        let mut next = self.state.clone();
        let context = &self.context;
        let adopted = match next.extend(&records, &context.signer, context.settings.format) {
            Ok(()) => {
                self.state = next;
                self.publish().await
            }
            Err(refusal) => Err(refusal.into()),
        };
        if let Err(error) = adopted {
            records = self.recover(error).await?;
        }
        self.state.drop_filed();
        Ok(records)
    }

    /// Opens the log anew, because it is not known what the storage has; returns the records that it
    /// has.
    async fn recover(&mut self, cause: LogError) -> Result<Vec<Arc<Record>>, LogError> {
        let mut cause = cause;
        let mut pause = Duration::from_millis(10);
        for attempt in 0..RECOVERIES {
            if !is_worth_another_look(&cause) {
                break;
            }
            if attempt > 0 {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            match self.reopen().await {
                Ok(records) => return Ok(records),
                Err(error) => cause = error,
            }
        }
        Err(cause)
    }

    async fn reopen(&mut self) -> Result<Vec<Arc<Record>>, LogError> {
        let known = Guard {
            size: self.state.head.size,
            root: self.state.head.root,
        };
        let opened = recovery::recover(&self.context, &self.index).await?;
        let opened = opened.ok_or(Refusal::RolledBack {
            known: known.size,
            found: 0,
        })?;
        guard::check(&self.context, &opened.state, known).await?;
        self.state = opened.state;
        self.guard = opened.guard;
        self.publish().await?;
        Ok(opened.records)
    }

    fn start_filing(&mut self) {
        if self.filing.is_none() && !self.filing_failed && !self.state.shelf.full().is_empty() {
            let context = Arc::clone(&self.context);
            self.filing = Some(filing::start(context, self.state.clone()));
        }
    }

    fn note_filed(&mut self, filed: Filed) -> Result<(), LogError> {
        match filed {
            Ok(filed) => {
                self.state.filed = self.state.filed.max(filed);
                self.state.drop_filed();
                Ok(())
            }
            Err(LogError::Driver(DriverError::Unavailable { .. })) => {
                self.filing_failed = true;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Files all that is full, and waits for it.
    async fn file_all(&mut self) -> Result<(), LogError> {
        loop {
            self.start_filing();
            if self.filing.is_none() {
                return Ok(());
            }
            let filed = filing::join(&mut self.filing).await;
            self.note_filed(filed)?;
        }
    }
}

fn refuse(requests: Vec<Request>, error: &AddError) {
    for request in requests {
        request.answer(Err(error.clone()));
    }
}

/// Whether the storage may answer otherwise when it is asked again.
fn is_worth_another_look(cause: &LogError) -> bool {
    matches!(
        cause,
        LogError::Driver(DriverError::Unavailable { .. })
            | LogError::Read(ReadError::Driver(DriverError::Unavailable { .. }))
            // The records that come first may be gone, but what they held is in objects.
            | LogError::Refused(Refusal::Gap { .. })
    )
}
