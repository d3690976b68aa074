//! The one task that gives indexes, and the only one that commits.
//!
//! A batch is whatever has come in while the last one was under way: when nothing is going on an
//! entry is committed at once, and under load batches grow by themselves. No timer takes part.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::batch::{Assigned, Batch, Pending, Request, batch_time};
use crate::context::Context;
use crate::filing::{self, Filed};
use crate::publication::Publication;
use crate::recent::{Keys, Known};
use crate::recovery::{self, Opened};
use crate::snapshot::Snapshot;
use crate::state::State;
use crate::{
    AddError, DriverError, Guard, LogError, Outcome, PartialTiles, ReadError, Record, Refusal,
    guard,
};

/// How often the log is opened anew after a commit of unknown outcome, with doubling pauses from
/// 10 ms on: some two and a half seconds in all, for which the callers wait.
const RECOVERIES: u32 = 9;

/// What comes through the queue.
pub(crate) enum Message {
    Add(Request),
    Freeze(oneshot::Sender<()>),
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
    /// The same, signed.
    signed: Arc<Snapshot>,
    publication: Publication,
    filing: Option<JoinHandle<Filed>>,
    /// The storage failed to take objects; it is asked again with the next batch.
    filing_failed: bool,
    /// What the last record says is filed.
    filed_by_record: u64,
    guard: Option<Guard>,
    keys: Arc<Keys>,
    stopped: Arc<OnceLock<Arc<LogError>>>,
}

impl Sequencer {
    /// A sequencer that has published the head it starts from.
    pub(crate) fn new(
        context: Arc<Context>,
        opened: Opened,
        keys: Arc<Keys>,
        requests: mpsc::Receiver<Message>,
        stopped: Arc<OnceLock<Arc<LogError>>>,
    ) -> Result<(Self, watch::Receiver<Arc<Snapshot>>), LogError> {
        let snapshot = Snapshot::sign(&context.signer, opened.state.clone())?;
        let signed = Arc::new(snapshot);
        let (publication, receiver) = Publication::new(&context, Arc::clone(&signed));
        let sequencer = Self {
            context,
            requests,
            filed_by_record: opened.state.filed,
            state: opened.state,
            signed,
            publication,
            filing: None,
            filing_failed: false,
            guard: opened.guard,
            keys,
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
        let orderly = matches!(reason, LogError::Closed);
        // Set before the queue is dropped, which is what callers without an answer wait for.
        let _ = self.stopped.set(Arc::new(reason));
        let Self {
            context,
            requests,
            publication,
            state,
            ..
        } = self;
        drop(requests);
        publication.close().await;
        // What could not be written now is written at the next start.
        let _ = hand_over(&context, &state, orderly).await;
        let _ = context.driver.flush().await;
        // Whoever waits may open the log again at once, and must not find it held.
        drop(context);
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
                biased;
                filed = filing::join(&mut self.filing) => self.note_filed(filed)?,
                count = self.requests.recv_many(&mut messages, limit) => {
                    let mut close = None;
                    let mut requests = VecDeque::with_capacity(count);
                    for message in messages.drain(..) {
                        match message {
                            Message::Add(request) => requests.push_back(request),
                            Message::Freeze(reply) => {
                                self.steps(std::mem::take(&mut requests)).await?;
                                self.freeze().await?;
                                let _ = reply.send(());
                            }
                            Message::Close(reply) => close = Some(reply),
                        }
                    }
                    self.steps(requests).await?;
                    if count == 0 || close.is_some() {
                        self.file_all().await?;
                        self.note_filed_in_record().await?;
                        return Ok(close);
                    }
                }
            }
        }
    }

    /// Brings requests to an answer each, in batches of bounded bytes.
    async fn steps(&mut self, mut requests: VecDeque<Request>) -> Result<(), LogError> {
        while !requests.is_empty() {
            let mut bytes = 0;
            let mut batch = Vec::with_capacity(requests.len());
            while let Some(request) = requests.pop_front() {
                bytes += request.leaf.bytes();
                batch.push(request);
                if bytes >= self.context.settings.batch_bytes {
                    break;
                }
            }
            self.step(batch).await?;
            self.start_filing();
        }
        Ok(())
    }

    /// Brings a batch of requests to an answer each. An error stops the log, and whoever has no answer
    /// by then is told so.
    async fn step(&mut self, mut requests: Vec<Request>) -> Result<(), LogError> {
        self.filing_failed = false;
        let settings = &self.context.settings;
        let (attempts, unfiled) = (settings.attempts.max(1), settings.unfiled_bytes);
        if self.state.shelf.full_bytes() > unfiled {
            self.file_until(unfiled).await?;
            // The storage takes records but no objects. Memory must not grow for that.
            if self.state.shelf.full_bytes() > unfiled {
                refuse(requests, &AddError::Unfiled);
                return Ok(());
            }
        }
        let mut error = AddError::Conflict;
        for _ in 0..attempts {
            if requests.is_empty() {
                break;
            }
            let batch = Batch::prepare(requests, &self.context, &self.state, &self.keys)?;
            if batch.record.entries.is_empty() {
                self.answer(batch.assigned);
                return Ok(());
            }
            #[cfg(feature = "flaws")]
            if self.context.settings.flaw == Some(crate::Flaw::AnsweredEarly) {
                self.signed = Arc::new(Snapshot::sign(&self.context.signer, batch.next.clone())?);
                self.answer(batch.assigned);
                self.commit(batch.record, batch.next).await?;
                return Ok(());
            }
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

    /// Makes a record durable, or finds out what happened instead, and signs what is durable then.
    async fn commit(&mut self, record: Arc<Record>, next: State) -> Result<Fate, LogError> {
        let driver = Arc::clone(&self.context.driver);
        let found = |records: Vec<Arc<Record>>, otherwise| {
            if records.contains(&record) {
                Fate::Durable
            } else {
                otherwise
            }
        };
        match driver
            .commit(Some(&self.state.head), Arc::clone(&record))
            .await
        {
            Outcome::Committed => {
                self.filed_by_record = record.filed;
                self.state = next;
                if let Err(error) = self.sign().await {
                    self.recover(error).await?;
                }
                Ok(Fate::Durable)
            }
            Outcome::Unknown { source } => {
                let records = self.recover(source.into()).await?;
                Ok(found(records, Fate::Absent))
            }
            // A commit that was sent twice loses to itself.
            Outcome::Conflict { records } => {
                let records = self.adopt(records).await?;
                Ok(found(records, Fate::Lost))
            }
        }
    }

    /// Answers those whose entries are there, be it from another writer; returns the others.
    fn settle(&self, assigned: Vec<Assigned>, fate: Fate) -> Vec<Request> {
        if fate == Fate::Durable {
            self.answer(assigned);
            return Vec::new();
        }
        let mut there = Vec::new();
        let mut left = Vec::new();
        for mut place in assigned {
            // Whatever was known before: the log has moved on.
            match self.keys.find(&place.request.key) {
                Ok(Known::At(index)) if index < self.signed.state.head.size => {
                    (place.index, place.new) = (index, false);
                    there.push(place);
                }
                Ok(known) => {
                    place.request.known = known;
                    left.push(place.request);
                }
                Err(_) => left.push(place.request),
            }
        }
        self.answer(there);
        left
    }

    /// Publishes the signed head for those whose entries it covers.
    fn answer(&self, assigned: Vec<Assigned>) {
        let waiting = assigned.into_iter().map(Assigned::waiting).collect();
        self.publication.publish(Arc::clone(&self.signed), waiting);
    }

    /// Signs the durable head, once the guard knows it; from here on it may be seen.
    async fn sign(&mut self) -> Result<(), LogError> {
        if self.signed.state.head == self.state.head {
            return Ok(());
        }
        guard::advance(&self.context, &self.state, &mut self.guard).await?;
        let snapshot = Snapshot::sign(&self.context.signer, self.state.clone())?;
        self.signed = Arc::new(snapshot);
        self.keys.catch_up(&self.state.shelf);
        Ok(())
    }

    /// Takes over the records of another writer, if they lie on top of ours; returns them, or those
    /// that were found instead.
    async fn adopt(&mut self, mut records: Vec<Arc<Record>>) -> Result<Vec<Arc<Record>>, LogError> {
        let mut next = self.state.clone();
        let context = &self.context;
        let owner = context.signer.owner();
        let adopted = match next.extend(&records, &owner, context.settings.format) {
            Ok(()) => {
                self.state = next;
                self.sign().await
            }
            Err(refusal) => Err(refusal.into()),
        };
        if let Err(error) = adopted {
            records = self.recover(error).await?;
        }
        self.state.drop_filed();
        self.publish();
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
        // What is being filed goes to a storage that is about to be opened anew.
        if self.filing.is_some() {
            let filed = filing::join(&mut self.filing).await;
            self.note_filed(filed)?;
        }
        let known = Guard {
            size: self.state.head.size,
            root: self.state.head.root,
        };
        let opened = recovery::recover(&self.context, &self.keys).await?;
        let opened = opened.ok_or(Refusal::RolledBack {
            known: known.size,
            found: 0,
        })?;
        guard::check(&self.context, &opened.state, known).await?;
        self.filed_by_record = opened.state.filed;
        self.state = opened.state;
        self.guard = opened.guard;
        self.sign().await?;
        self.publish();
        Ok(opened.records)
    }

    /// Publishes the signed head, also if nobody waits for it.
    fn publish(&self) {
        self.publication
            .publish(Arc::clone(&self.signed), Vec::new());
    }

    /// Ends the log: the same tree under a head that says so.
    async fn freeze(&mut self) -> Result<(), LogError> {
        if self.state.head.frozen.is_some() {
            return Ok(());
        }
        self.file_all().await?;
        let mut next = self.state.clone();
        next.head.frozen = Some(batch_time(&self.context, &self.state));
        let record = self.empty_record(&next);
        let fate = self.commit(record, next).await?;
        self.publish();
        if fate == Fate::Durable {
            return Ok(());
        }
        let source = "another record came first; freeze the log again".into();
        Err(LogError::Driver(DriverError::Unavailable {
            operation: "freeze the log",
            source,
        }))
    }

    /// Lets the last record say what is filed, so that a start need not go through it again.
    async fn note_filed_in_record(&mut self) -> Result<(), LogError> {
        if self.state.filed <= self.filed_by_record {
            return Ok(());
        }
        let record = self.empty_record(&self.state);
        let next = self.state.clone();
        self.commit(record, next).await.map(|_| ())
    }

    fn empty_record(&self, next: &State) -> Arc<Record> {
        Arc::new(Record {
            first: self.state.head.size,
            entries: Vec::new(),
            head: next.head.clone(),
            filed: self.state.filed,
        })
    }

    fn start_filing(&mut self) {
        if self.filing.is_none() && !self.filing_failed && !self.state.shelf.full().is_empty() {
            let context = Arc::clone(&self.context);
            let keys = Arc::clone(&self.keys);
            self.filing = Some(filing::start(context, self.state.clone(), keys));
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
        self.file_until(0).await
    }

    /// Files until that many bytes wait at most, or the storage takes no more.
    async fn file_until(&mut self, bytes: usize) -> Result<(), LogError> {
        self.filing_failed = false;
        while !self.state.shelf.full().is_empty() && self.state.shelf.full_bytes() >= bytes {
            self.start_filing();
            if self.filing.is_none() {
                return Ok(());
            }
            let filed = filing::join(&mut self.filing).await;
            self.note_filed(filed)?;
        }
        Ok(())
    }
}

impl Pending {
    /// About how many bytes it will have.
    fn bytes(&self) -> usize {
        match self {
            Self::Ready { stored, .. } => stored.len(),
            Self::At { bytes, .. } => *bytes,
        }
    }
}

fn refuse(requests: Vec<Request>, error: &AddError) {
    for request in requests {
        request.answer(Err(error.clone()));
    }
}

/// Leaves a storage that another program can go on from, if that is wanted and all is in order.
async fn hand_over(context: &Context, state: &State, orderly: bool) -> Result<(), LogError> {
    let wanted = context.settings.partial_tiles != PartialTiles::Never;
    // Entries that were committed and never published are handed over too: nobody may get their places.
    if !wanted || !orderly || !state.shelf.full().is_empty() {
        return Ok(());
    }
    let partial = filing::partial_objects(state, context.settings.format)?;
    context.driver.put(partial).await?;
    Ok(context.driver.hand_over(&state.head).await?)
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
