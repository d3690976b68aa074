//! From a signed head to one that everybody sees.
//!
//! ```text
//! sequencer: commit, guard, sign -> publish --------------------------> readers, callers
//!                                     |                                   |
//!                                     +-- cosigners, for newest head -----+  (with cosigners)
//!                                                                         +-> driver.publish, behind
//! ```
//!
//! Cosignatures are asked for beside the sequencer and never by it: while the witnesses think about
//! one head, the next ones are committed, and when the answer is there the newest of them is asked
//! about. Callers wait for the head that covers them as the policy says.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use waxwing_tlog::note::NoteSignature;

use crate::context::Context;
use crate::snapshot::Snapshot;
use crate::view::View;
use crate::waiting::Waiting;
use crate::{LogError, Operation, PartialTiles, filing};

/// Between two attempts to show a checkpoint to a storage that did not take it.
const SHOW_AGAIN: Duration = Duration::from_secs(1);

/// Between two questions about one head to witnesses that did not sign it.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// How many heads are passed over for the newest at a time.
const HEADS: usize = 1024;

/// Somebody outside who signs heads too: the witnesses of a policy.
pub trait Cosigner: std::fmt::Debug + Send + Sync + 'static {
    /// Asks for cosignatures over a head. The view has what a witness wants to see: the signed note,
    /// and consistency proofs from any size.
    ///
    /// Returns when the policy is fulfilled, or gives up; heads that come in meanwhile are not asked
    /// about one by one.
    fn cosign(&self, head: View) -> Operation<'_, Result<Vec<NoteSignature>, CosignError>>;
}

/// Why there are not enough cosignatures.
#[derive(Debug, thiserror::Error)]
#[error("the witnesses did not cosign size {size}: {reason}")]
pub struct CosignError {
    /// The size of the head.
    pub size: u64,
    /// What the witnesses said, or that they said nothing.
    pub reason: String,
}

/// What publishing waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cosigning {
    /// Nothing is published without them.
    Required,
    /// They are waited for that long; then the head is published without.
    FailOpen(Duration),
    /// The head is published at once, and again when they are there.
    Background,
}

/// A head that was signed, and who waits for it.
type Signed = (Arc<Snapshot>, Vec<Waiting>);

/// The last stage of the sequencer.
pub(crate) struct Publication {
    published: Arc<watch::Sender<Arc<Snapshot>>>,
    cosigning: Option<(Cosigning, mpsc::UnboundedSender<Signed>)>,
    tasks: Vec<JoinHandle<()>>,
}

impl Publication {
    /// Publishes a head that was let out before, and begins the tasks that go with it.
    pub(crate) fn new(
        context: &Arc<Context>,
        first: Arc<Snapshot>,
    ) -> (Self, watch::Receiver<Arc<Snapshot>>) {
        let (published, receiver) = watch::channel(first);
        let published = Arc::new(published);
        let mut tasks = vec![tokio::spawn(show(Arc::clone(context), receiver.clone()))];
        let cosigning = context.settings.cosigner.clone().map(|(cosigner, policy)| {
            // What is in here holds its share of the queue's bound until it is answered.
            let (sender, heads) = mpsc::unbounded_channel();
            let cosigning = CosigningTask {
                context: Arc::clone(context),
                cosigner,
                policy,
                published: Arc::clone(&published),
            };
            tasks.push(tokio::spawn(cosigning.run(heads)));
            (policy, sender)
        });
        let publication = Self {
            published,
            cosigning,
            tasks,
        };
        (publication, receiver)
    }

    /// Publishes a head, now or once it is cosigned, and answers who waits for it.
    pub(crate) fn publish(&self, snapshot: Arc<Snapshot>, waiting: Vec<Waiting>) {
        match &self.cosigning {
            None => self.let_out(&snapshot, waiting),
            Some((Cosigning::Background, heads)) => {
                self.let_out(&snapshot, waiting);
                let _ = heads.send((snapshot, Vec::new()));
            }
            // The task lives as long as this sender.
            Some((_, heads)) => {
                let _ = heads.send((snapshot, waiting));
            }
        }
    }

    fn let_out(&self, snapshot: &Arc<Snapshot>, waiting: Vec<Waiting>) {
        self.published.send_replace(Arc::clone(snapshot));
        answer(waiting, snapshot);
    }

    /// Waits until what was published is shown as far as that can be.
    pub(crate) async fn close(self) {
        drop(self.cosigning);
        drop(self.published);
        // The cosigning task holds the sender that the showing task listens to, so it ends first.
        for task in self.tasks.into_iter().rev() {
            let _ = task.await;
        }
    }
}

fn answer(waiting: Vec<Waiting>, snapshot: &Arc<Snapshot>) {
    for caller in waiting {
        caller.answer(snapshot);
    }
}

struct CosigningTask {
    context: Arc<Context>,
    cosigner: Arc<dyn Cosigner>,
    policy: Cosigning,
    published: Arc<watch::Sender<Arc<Snapshot>>>,
}

impl CosigningTask {
    async fn run(self, mut heads: mpsc::UnboundedReceiver<Signed>) {
        let mut all = Vec::new();
        let mut waiting = Vec::new();
        let mut asked: Option<Arc<Snapshot>> = None;
        loop {
            tokio::select! {
                biased;
                count = heads.recv_many(&mut all, HEADS) => {
                    if count == 0 {
                        return;
                    }
                }
                () = tokio::time::sleep(ASK_AGAIN), if asked.is_some() => {}
            }
            for (snapshot, callers) in all.drain(..) {
                waiting.extend(callers);
                asked = Some(snapshot);
            }
            let Some(snapshot) = &asked else { continue };
            let published = match (self.cosign(snapshot).await, self.policy) {
                (Some(cosigned), _) => Some(Arc::new(cosigned)),
                (None, Cosigning::FailOpen(_)) => Some(Arc::clone(snapshot)),
                (None, Cosigning::Background) => None,
                // The callers wait on: for the next head, or for the same one to be asked about again.
                (None, Cosigning::Required) => continue,
            };
            asked = None;
            if let Some(published) = published {
                self.published.send_replace(Arc::clone(&published));
                answer(std::mem::take(&mut waiting), &published);
            }
        }
    }

    async fn cosign(&self, snapshot: &Arc<Snapshot>) -> Option<Snapshot> {
        let view = View::new(&self.context, Arc::clone(snapshot));
        let asked = self.cosigner.cosign(view);
        let signatures = match self.policy {
            Cosigning::FailOpen(patience) => tokio::time::timeout(patience, asked).await.ok()?,
            Cosigning::Required | Cosigning::Background => asked.await,
        };
        Some(snapshot.with_signatures(signatures.ok()?))
    }
}

/// Shows each newest checkpoint to those who read the storage themselves. Behind the answers: whoever
/// asks this process sees it before.
async fn show(context: Arc<Context>, mut published: watch::Receiver<Arc<Snapshot>>) {
    published.mark_changed();
    while published.changed().await.is_ok() {
        let snapshot = Arc::clone(&published.borrow_and_update());
        if show_one(&context, &snapshot).await.is_err() {
            published.mark_changed();
            tokio::time::sleep(SHOW_AGAIN).await;
            if published.has_changed().is_err() {
                break;
            }
        }
    }
    let snapshot = Arc::clone(&published.borrow());
    // The log is closing: the storage was asked as often as makes sense, and the next start shows it.
    let _ = show_one(&context, &snapshot).await;
}

async fn show_one(context: &Context, snapshot: &Snapshot) -> Result<(), LogError> {
    if context.settings.partial_tiles == PartialTiles::Always {
        let partial = filing::partial_objects(&snapshot.state, context.settings.format)?;
        context.driver.put(partial).await?;
    }
    let note = snapshot.published().checkpoint;
    Ok(context.driver.publish(note).await?)
}
