//! A TUF repository as files come from it: by HTTP, or from a directory (`file:///srv/tuf`) where there
//! is no network at all.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use waxwing_net::{Client, Request, StatusCode};
use waxwing_tuf::client::{Answer, Base, Wanted};

use super::TrustStoreError;

/// A repository that is asked.
pub(super) struct Mirror<'a> {
    pub(super) url: &'a str,
    pub(super) client: &'a Client,
}

impl Mirror<'_> {
    /// What came of the wish for a file.
    pub(super) async fn fetch(&self, wanted: &Wanted) -> Result<Answer, TrustStoreError> {
        let below = match wanted.base {
            Base::Metadata => wanted.path.clone(),
            Base::Targets => format!("targets/{}", wanted.path),
        };
        match self.url.strip_prefix("file://") {
            Some(folder) => self.read(&Path::new(folder).join(below), wanted.max_length),
            None => {
                self.get(&format!("{}/{below}", self.url), wanted.max_length)
                    .await
            }
        }
    }

    async fn get(&self, url: &str, longest: u64) -> Result<Answer, TrustStoreError> {
        let unreachable = |source| TrustStoreError::Unreachable {
            mirror: self.url.to_owned(),
            source: Box::new(source),
        };
        let limit = usize::try_from(longest).unwrap_or(usize::MAX);
        let request = Request::get(url).limit(limit);
        let response = self.client.send(request).await.map_err(unreachable)?;
        match response.status {
            // Storage that does not list what it has answers 403 for what it lacks.
            StatusCode::NOT_FOUND | StatusCode::FORBIDDEN => Ok(Answer::NotFound),
            _ => {
                let response = response
                    .expect_status(StatusCode::OK)
                    .map_err(unreachable)?;
                Ok(Answer::Fetched(response.body.to_vec()))
            }
        }
    }

    /// One byte more than wanted is read, so that what is too long is seen to be.
    fn read(&self, path: &Path, longest: u64) -> Result<Answer, TrustStoreError> {
        let mut bytes = Vec::new();
        let read = File::open(path)
            .and_then(|file| file.take(longest.saturating_add(1)).read_to_end(&mut bytes));
        match read {
            Ok(_) => Ok(Answer::Fetched(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Answer::NotFound),
            Err(source) => Err(TrustStoreError::Unreadable {
                mirror: self.url.to_owned(),
                path: path.to_owned(),
                source,
            }),
        }
    }
}
