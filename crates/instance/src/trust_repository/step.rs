//! The next documents: drafted when something changes or comes near its end, signed by the keys that are
//! here, published once enough have signed, and kept as drafts until then.

use waxwing_encoding::time::UnixTime;
use waxwing_tuf::metadata::{Metadata, Root, Signed, Targets, TopRole};
use waxwing_tuf::repository::{
    Draft, File, Period, Renewal, Repository, RepositoryError, TargetEdit,
};

use super::TrustRepositoryError;
use super::drafts::Drafts;
use super::keys::Keys;
use super::targets::Target;

const DAY: i64 = 24 * 60 * 60;

/// How long each document lives, in days, and how long before its end the next one is made.
const ROOT: (i64, i64) = (365, 180);
const TARGETS: (i64, i64) = (3650, 365);
const SNAPSHOT: (i64, i64) = (3650, 365);
const TIMESTAMP: (i64, i64) = (7, 6);

/// One step of a repository: from what is published to what is published next.
pub(super) struct Step<'a> {
    pub(super) drafts: Drafts<'a>,
    pub(super) keys: &'a Keys,
    pub(super) now: UnixTime,
    /// What is published when all of it could be signed.
    pub(super) next: Repository,
    /// What is to be written, in this order.
    pub(super) files: Vec<File>,
    /// What only a key elsewhere can do, in sentences.
    pub(super) needs: Vec<String>,
    /// Whether clients are told what they are to be told.
    pub(super) is_told: bool,
}

impl<'a> Step<'a> {
    pub(super) fn new(
        drafts: Drafts<'a>,
        published: &Repository,
        keys: &'a Keys,
        now: UnixTime,
    ) -> Self {
        Self {
            drafts,
            keys,
            now,
            next: published.clone(),
            files: Vec::new(),
            needs: Vec::new(),
            is_told: false,
        }
    }

    /// Root and targets. A root with other keys for targets is published with targets that they have
    /// signed, or not at all: clients would be shown targets that nobody signed.
    pub(super) fn root_and_targets(
        &mut self,
        targets: &[Target],
    ) -> Result<(), TrustRepositoryError> {
        let published = self.next.clone();
        let root = self.root()?;
        let signed = match root.clone().filter(|draft| draft.check().is_ok()) {
            Some(draft) => {
                let files = self.next.publish_root(draft)?;
                self.files.extend(files);
                true
            }
            None => false,
        };
        let under = match &root {
            Some(draft) => draft.signed().clone(),
            None => published.root().signed().clone(),
        };
        let ready = self.targets(targets, &under, signed || root.is_none())?;
        let last = self.next.targets();
        let is_unsigned = last.is_some_and(|last| !verifies(last, self.next.root().signed()));
        if signed && is_unsigned {
            self.next = published;
            self.files.retain(|file| file.path.starts_with("targets/"));
        }
        self.is_told = ready;
        Ok(())
    }

    /// The next root, if there is to be one, signed by the keys that are here.
    fn root(&mut self) -> Result<Option<Draft<Root>>, TrustRepositoryError> {
        let expires = self.next.root().signed().expires();
        let waits = self.drafts.root()?;
        let mut draft = match waits {
            Some(draft) => draft,
            None if expires >= in_days(self.now, ROOT.1) => return Ok(None),
            None => self.next.draft_root(&[], in_days(self.now, ROOT.0))?,
        };
        self.sign(&mut draft)?;
        if let Err(missing) = draft.check() {
            self.drafts.keep_root(&draft)?;
            self.needs.push(format!(
                "the next root of trust waits for signatures, and the present one expires at {expires}: \
                 {missing}; `waxwing root sign`"
            ));
        }
        Ok(Some(draft))
    }

    /// Whether the targets are as they should be, or are now.
    fn targets(
        &mut self,
        targets: &[Target],
        under: &Root,
        may_publish: bool,
    ) -> Result<bool, TrustRepositoryError> {
        let published = self.next.targets();
        let changes = edits(published.map(Metadata::signed), targets);
        let end = in_days(self.now, TARGETS.1);
        let stands = published.is_some_and(|published| {
            published.signed().expires() >= end && verifies(published, under)
        });
        if changes.is_empty() && stands && self.next.has_leapt() {
            self.drafts.drop(TopRole::Targets)?;
            return Ok(true);
        }
        let expires = in_days(self.now, TARGETS.0);
        let drafted = self.next.draft_targets_under(under, &changes, expires)?;
        let (mut draft, contents) = drafted;
        if let Some(waits) = self.drafts.targets()?
            && edits(Some(waits.signed()), targets).is_empty()
        {
            draft = waits;
        }
        self.files.extend(contents);
        self.sign(&mut draft)?;
        match draft.check() {
            Ok(()) if may_publish => {
                self.files.extend(self.next.publish_targets(draft)?);
                Ok(true)
            }
            checked => {
                self.drafts.keep_targets(&draft)?;
                let missing = checked.err().map_or_else(
                    || "the root that names their keys is not signed yet".to_owned(),
                    |missing| missing.to_string(),
                );
                self.needs.push(format!(
                    "what clients are to trust has changed, and waits for signatures: {missing}; \
                     `waxwing root sign`"
                ));
                Ok(false)
            }
        }
    }

    /// Snapshot and timestamp, if they need it.
    pub(super) fn refresh(&mut self) -> Result<(), TrustRepositoryError> {
        // Nothing can be said of targets that were never signed.
        if self.next.targets().is_none() {
            return Ok(());
        }
        let period = |(lives, before): (i64, i64)| Period {
            expires: in_days(self.now, lives),
            renew_before: in_days(self.now, before),
        };
        let renewal = Renewal {
            snapshot: period(SNAPSHOT),
            timestamp: period(TIMESTAMP),
        };
        let keys = self.keys.online(self.next.root().signed());
        let files = self.next.refresh(&keys, &renewal)?;
        self.files.extend(files);
        Ok(())
    }

    /// Signs with the keys that are here, may sign, and have not.
    fn sign<T: Signed + Clone>(&self, draft: &mut Draft<T>) -> Result<(), RepositoryError> {
        for key in &self.keys.all {
            if draft.wants(key.public_key()) {
                draft.sign(key)?;
            }
        }
        Ok(())
    }
}

fn verifies(targets: &Metadata<Targets>, root: &Root) -> bool {
    targets.verify(root.signers(TopRole::Targets)).is_ok()
}

/// What has to change for these targets to be published.
fn edits(published: Option<&Targets>, targets: &[Target]) -> Vec<TargetEdit> {
    let is_new = |target: &&Target| {
        let there = published.and_then(|published| published.target(&target.path));
        there.is_none_or(|there| {
            there.check(&target.content).is_err() || there.custom() != target.custom.as_ref()
        })
    };
    let edits = targets.iter().filter(is_new).map(|target| TargetEdit::Set {
        path: target.path.clone(),
        content: target.content.clone(),
        custom: target.custom.clone(),
    });
    edits.collect()
}

/// When a root expires that is made now.
pub(super) fn root_expires(now: UnixTime) -> UnixTime {
    in_days(now, ROOT.0)
}

fn in_days(now: UnixTime, days: i64) -> UnixTime {
    now.whole_second().plus_seconds(days * DAY)
}
