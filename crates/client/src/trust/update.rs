//! One walk through a repository: from the root to the targets that are wished for.
//!
//! A root that was accepted is kept at once, and with it what it says of rotated keys (TUF specification
//! section 5.3). Timestamp, snapshot and targets are kept together at the end: half of them would serve
//! nobody when the repository is gone, and nothing was trusted by that half.

use std::collections::BTreeMap;
use std::path::PathBuf;

use waxwing_tuf::client::{
    Answer, LocalChange, Refresh, Start, Trusted, UpdateError, Wanted, role_file_name,
};

use super::folder::{Change, target_path};
use super::keeper::Keeper;
use super::mirror::Mirror;
use super::wish::{Content, Wish, single_files};
use super::{Inventory, TrustStoreError};

/// Longest target that is read, in bytes.
const LONGEST_TARGET: u64 = 8 << 20;

/// What is to be walked.
pub(super) struct Update<'a> {
    pub(super) mirror: Mirror<'a>,
    pub(super) start: Start,
    pub(super) wishes: Wishes<'a>,
}

/// What is wished for.
pub(super) struct Wishes<'a> {
    /// Without it there is no point.
    pub(super) needed: Wish<'a>,
    /// What comes along if it can.
    pub(super) welcome: Vec<Wish<'a>>,
}

/// What came of it.
pub(super) struct Updated {
    /// What was needed.
    pub(super) content: Content,
    /// What else there is.
    pub(super) inventory: Inventory,
    /// What is to be kept, all of it or nothing.
    pub(super) changes: Vec<Change>,
    /// Why those do not come along that do not.
    pub(super) failed: Vec<TrustStoreError>,
}

impl Update<'_> {
    pub(super) async fn run(self, keeper: &mut Keeper<'_>) -> Result<Updated, TrustStoreError> {
        let Self {
            mirror,
            start,
            wishes,
        } = self;
        let walk = Walk { mirror };
        let mut changes = Vec::new();
        let mut trusted = walk.refresh(start, keeper, &mut changes).await?;
        let content = walk
            .wished(&mut trusted, wishes.needed, keeper, &mut changes)
            .await?;
        let mut failed = Vec::new();
        for wish in wishes.welcome {
            let came = walk.wished(&mut trusted, wish, keeper, &mut changes).await;
            failed.extend(came.err());
        }
        Ok(Updated {
            content,
            inventory: Inventory::of(&trusted),
            changes,
            failed,
        })
    }
}

struct Walk<'a> {
    mirror: Mirror<'a>,
}

impl Walk<'_> {
    async fn refresh(
        &self,
        start: Start,
        keeper: &mut Keeper<'_>,
        changes: &mut Vec<Change>,
    ) -> Result<Trusted, TrustStoreError> {
        let mut refresh = Refresh::start(start).map_err(|source| self.refused(source))?;
        loop {
            for change in refresh.take_changes() {
                match change {
                    LocalChange::Store { role, bytes }
                        if role != "root" || keeper.begins_anew() =>
                    {
                        changes.push((metadata_path(&role), bytes));
                    }
                    at_once => keeper.change(&at_once)?,
                }
            }
            let Some(wanted) = refresh.wanted() else {
                break;
            };
            let answer = self.mirror.fetch(&wanted).await?;
            if let Err(source) = refresh.answer(answer) {
                return Err(self.refused(source));
            }
        }
        refresh.finish().map_err(|source| self.refused(source))
    }

    async fn wished(
        &self,
        trusted: &mut Trusted,
        wish: Wish<'_>,
        keeper: &Keeper<'_>,
        changes: &mut Vec<Change>,
    ) -> Result<Content, TrustStoreError> {
        match self.target(trusted, wish.path(), keeper, changes).await {
            Err(missing) if wish == Wish::Trust && missing.is_no_target() => {}
            came => return came.map(Content::Target),
        }
        let files = single_files(trusted).map_err(|source| TrustStoreError::SingleFiles {
            mirror: self.mirror.url.to_owned(),
            source: Box::new(source),
        })?;
        let mut contents = BTreeMap::new();
        for path in files.paths() {
            let content = self.target(trusted, path, keeper, changes).await?;
            contents.insert(path.to_owned(), content);
        }
        Ok(Content::SingleFiles { files, contents })
    }

    async fn target(
        &self,
        trusted: &mut Trusted,
        path: &str,
        keeper: &Keeper<'_>,
        changes: &mut Vec<Change>,
    ) -> Result<Vec<u8>, TrustStoreError> {
        let mut search = trusted.search(path);
        while let Some(wanted) = search.wanted() {
            let answer = self.mirror.fetch(&wanted).await?;
            let answered = search.answer(answer);
            for change in search.take_changes() {
                if let LocalChange::Store { role, bytes } = change {
                    changes.push((metadata_path(&role), bytes));
                }
            }
            answered.map_err(|source| self.refused(source))?;
        }
        let target = search.finish().map_err(|source| self.refused(source))?;
        let wanted = target.wanted().map_err(|source| self.refused(source))?;
        let kept = keeper.target(path).into_iter();
        if let Some(content) = { kept }.find(|content| target.check(content).is_ok()) {
            return Ok(content);
        }
        let content = self.content(path, &wanted).await?;
        target
            .check(&content)
            .map_err(|source| TrustStoreError::Content {
                mirror: self.mirror.url.to_owned(),
                path: path.to_owned(),
                source: Box::new(source),
            })?;
        changes.push((target_path(path), content.clone()));
        Ok(content)
    }

    async fn content(&self, path: &str, wanted: &Wanted) -> Result<Vec<u8>, TrustStoreError> {
        if wanted.max_length > LONGEST_TARGET {
            return Err(TrustStoreError::TooLong {
                mirror: self.mirror.url.to_owned(),
                path: path.to_owned(),
                length: wanted.max_length,
                limit: LONGEST_TARGET,
            });
        }
        match self.mirror.fetch(wanted).await? {
            Answer::Fetched(content) => Ok(content),
            Answer::NotFound => Err(self.refused(UpdateError::NotFound {
                path: format!("targets/{}", wanted.path),
            })),
        }
    }

    fn refused(&self, source: UpdateError) -> TrustStoreError {
        TrustStoreError::Refused {
            mirror: self.mirror.url.to_owned(),
            source: Box::new(source),
        }
    }
}

fn metadata_path(role: &str) -> PathBuf {
    PathBuf::from(role_file_name(role))
}
