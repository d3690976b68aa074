//! Entries are offered, and the answers taken down.

use bytes::Bytes;
use waxwing_log::{AddError, Added, Log, LogError};
use waxwing_tlog::merkle::verify_inclusion;

use super::checks::{misfortune, unearned};
use super::{Frozen, Going, World};
use crate::disk::Process;
use crate::tree;
use crate::violation::Violation;

impl World<'_> {
    /// Adds entries that come together, most of them new.
    pub(super) async fn burst(&mut self, log: &Log, process: &Process) -> Result<Going, Violation> {
        let most = self.dice.pick(&[2, 20, 150, 400]);
        let mut entries = Vec::new();
        for _ in 0..1 + self.dice.below(most) {
            let entry = match self.dice.below(30) {
                0 if !self.offered.is_empty() => self.any_offered(),
                _ => self.new_entry(),
            };
            if self.dice.one_in(40) {
                entries.push(entry.clone());
            }
            entries.push(entry);
        }
        self.add_all(log, process, entries).await
    }

    /// Adds entries again that were offered before.
    pub(super) async fn repeat(
        &mut self,
        log: &Log,
        process: &Process,
    ) -> Result<Going, Violation> {
        if self.offered.is_empty() {
            return Ok(Going::On);
        }
        let entries = (0..1 + self.dice.below(20)).map(|_| self.any_offered());
        let entries = entries.collect();
        self.add_all(log, process, entries).await
    }

    pub(super) async fn add_all(
        &mut self,
        log: &Log,
        process: &Process,
        entries: Vec<Bytes>,
    ) -> Result<Going, Violation> {
        let count = entries.len();
        let apart = self.dice.one_in(4);
        let mut tasks = Vec::with_capacity(count);
        for entry in entries {
            let log = log.clone();
            let added = entry.clone();
            let task = tokio::spawn(async move { log.add_entry(added).await });
            tasks.push((entry, task));
            if apart && self.dice.one_in(3) {
                tokio::task::yield_now().await;
            }
        }
        let mut told = 0;
        let mut going = Going::On;
        for (entry, task) in tasks {
            match task.await.unwrap() {
                Ok(added) => {
                    told += 1;
                    self.acknowledge(&entry, &added)?;
                }
                Err(error) => going = going.max(self.not_added(&entry, &error, log, process)?),
            }
        }
        self.counts.acknowledged += told;
        self.counts.failed += count as u64 - told;
        self.outside.see(&log.checkpoint().checkpoint);
        let size = log.checkpoint().size;
        self.story
            .push(format!("added {told} of {count}, up to {size}"));
        Ok(going)
    }

    /// Takes down that somebody got no index. Most reasons say that the entry is not in the log, and
    /// then it must not be.
    fn not_added(
        &mut self,
        entry: &Bytes,
        error: &AddError,
        log: &Log,
        process: &Process,
    ) -> Result<Going, Violation> {
        self.story.push(format!("not added: {error}"));
        let going = match error {
            AddError::Frozen if self.frozen != Frozen::No => {
                // If it was not certain before it is now.
                self.frozen = Frozen::Yes;
                return Ok(Going::On);
            }
            AddError::NotCommitted | AddError::KeysUnread { .. } | AddError::Unfiled => Going::On,
            AddError::Unproven { .. } => {
                self.perhaps.insert(entry.clone());
                Going::On
            }
            AddError::Stopped { .. } => {
                self.perhaps.insert(entry.clone());
                Going::Over
            }
            _ => return Err(unearned(error)),
        };
        let defect = log
            .stopped()
            .is_some_and(|reason| matches!(*reason, LogError::Panicked | LogError::Refused(_)));
        match misfortune(process) && !defect {
            true => Ok(going),
            false => Err(unearned(error)),
        }
    }

    /// Takes down an answer, which must agree with all that were given before.
    fn acknowledge(&mut self, entry: &Bytes, added: &Added) -> Result<(), Violation> {
        let index = added.index;
        let wrong = |reason: &str| Violation::Answer {
            index,
            reason: reason.to_owned(),
        };
        if self.frozen == Frozen::Yes && !added.existed {
            return Err(wrong("the log was frozen"));
        }
        if added.entry != *entry {
            return Err(wrong("it is another entry"));
        }
        let leaf = tree::leaf(entry);
        let head = &added.published;
        if verify_inclusion(index, head.size, &leaf, &added.proof, &head.root).is_err() {
            return Err(wrong("its proof does not verify"));
        }
        if head.time < added.time {
            return Err(wrong("it is later than its head"));
        }
        self.outside.seen().heads.insert((head.size, head.root));
        self.outside.see(&head.checkpoint);
        let answer = (entry.clone(), added.time);
        let place = format!("{index} of {}", added.time);
        // Others with the same bytes were told before, at this index or, which is wrong, elsewhere.
        let before = self.acknowledged.get(&index);
        if let Some((known, time)) = before
            && (known != entry || *time != added.time)
        {
            return Err(Violation::Moved {
                entry: String::from_utf8_lossy(known).into_owned(),
                first: format!("{index} of {time}"),
                second: place,
            });
        }
        if before.is_some() && !added.existed {
            // Only one answer for an entry says that it is new, and it comes before all others but
            // those that were under way with it.
            return Err(wrong("it was there before"));
        }
        self.acknowledged.insert(index, answer);
        self.perhaps.insert(entry.clone());
        Ok(())
    }

    /// Ends the log for good: from here on it takes nothing new.
    pub(super) async fn freeze(
        &mut self,
        log: &Log,
        process: &Process,
    ) -> Result<Going, Violation> {
        let before = self.frozen;
        self.frozen = before.max(Frozen::Perhaps);
        match log.freeze().await {
            Ok(()) => {
                self.story.push("frozen".to_owned());
                self.frozen = Frozen::Yes;
                Ok(Going::On)
            }
            Err(_) if misfortune(process) => Ok(Going::Over),
            Err(error) => Err(unearned(error)),
        }
    }

    fn any_offered(&mut self) -> Bytes {
        // Those that came last have the most to tell: nobody may know whether they are there.
        let count = self.offered.len() as u64;
        let reach = match self.dice.coin() {
            true => count.min(30),
            false => count,
        };
        self.offered[(count - 1 - self.dice.below(reach)) as usize].clone()
    }

    pub(super) fn new_entry(&mut self) -> Bytes {
        let number = self.offered.len();
        let width = match self.dice.below(50) {
            0 => 2_000,
            1..5 => 300,
            _ => 0,
        };
        let entry = Bytes::from(format!("entry {number:0width$}"));
        self.offered.push(entry.clone());
        entry
    }
}
