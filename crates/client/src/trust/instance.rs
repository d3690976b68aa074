//! The repository that is followed, with what is kept of it; and what was found, with where.

use waxwing_encoding::time::UnixTime;

use super::carried::Carried;
use super::folder::Folder;
use super::wish::{Content, Wish};
use super::{Because, Found, SIGNING_CONFIG, Source, TRUSTED_ROOT};

/// The repository that is followed, and where to begin.
pub(super) struct Instance {
    pub(super) mirror: String,
    pub(super) folder: Option<Folder>,
    pub(super) carried: Option<Carried>,
}

impl Instance {
    pub(super) fn asked(&self) -> Option<UnixTime> {
        self.folder.as_ref().and_then(Folder::asked)
    }

    pub(super) fn cached(&self, value: Content, because: Because) -> Found<Content> {
        Found {
            value,
            from: Source::Cache {
                url: self.mirror.clone(),
                refreshed: self.asked(),
                because,
            },
        }
    }

    pub(super) fn fresh(&self, value: Content) -> Found<Content> {
        Found {
            value,
            from: Source::Repository {
                url: self.mirror.clone(),
            },
        }
    }

    /// What is kept beside one wish: it moves on with it, so that all is there when the repository is not.
    pub(super) fn has_beside(&self, wish: Wish<'_>) -> Vec<Wish<'static>> {
        let Some(folder) = &self.folder else {
            return Vec::new();
        };
        let mut beside = Vec::new();
        if wish.path() != TRUSTED_ROOT && folder.has_target_beside(SIGNING_CONFIG) {
            beside.push(Wish::Trust);
        }
        if wish.path() != SIGNING_CONFIG && folder.has_target(SIGNING_CONFIG) {
            beside.push(Wish::Target(SIGNING_CONFIG));
        }
        beside
    }
}
