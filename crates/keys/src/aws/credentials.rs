//! The credentials of AWS, where its own clients look for them and in their order:
//!
//! 1. `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`;
//! 2. a token of another issuer, exchanged at STS: `AWS_WEB_IDENTITY_TOKEN_FILE`, `AWS_ROLE_ARN`;
//! 3. the profile of `AWS_PROFILE`: its keys, or a token as above (`profile.rs`);
//! 4. the container's (`AWS_CONTAINER_CREDENTIALS_…`), and 5. the machine's (`metadata.rs`).

use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use waxwing_encoding::time::UnixTime;
use zeroize::Zeroizing;

use super::profile::Profile;
use super::{SERVICE, metadata, sts};
use crate::credentials::{Ends, Kept};
use crate::error::ServiceError;
use crate::{CredentialsError, Surroundings};

/// The longest part of credentials, in bytes. Session tokens may be long.
const LONGEST: usize = 16 << 10;

/// An access key, for a while or for good.
pub(crate) struct Credentials {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: Zeroizing<String>,
    pub(crate) session_token: Option<Zeroizing<String>>,
    end: Option<UnixTime>,
}

/// How containers and machines are given them.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Given {
    /// `Success`; containers do not say.
    code: Option<String>,
    access_key_id: Option<String>,
    secret_access_key: Option<Zeroizing<String>>,
    token: Option<Zeroizing<String>>,
    expiration: Option<String>,
}

/// Where credentials are found, and those that were.
#[derive(Debug)]
pub(super) struct Chain {
    region: String,
    surroundings: Surroundings,
    kept: Kept<Credentials>,
}

impl Chain {
    pub(super) fn new(region: &str, surroundings: &Surroundings) -> Self {
        Self {
            region: region.to_owned(),
            surroundings: surroundings.clone(),
            kept: Kept::default(),
        }
    }

    pub(super) fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    /// Credentials that have not ended.
    pub(super) async fn credentials(&self) -> Result<Arc<Credentials>, CredentialsError> {
        let clock = &*self.surroundings.clock;
        self.kept.get(clock, self.find()).await
    }

    /// Drops those that are no longer taken; says whether others may be found.
    pub(super) async fn forget(&self, old: &Arc<Credentials>) -> bool {
        self.kept.forget(old).await
    }

    async fn find(&self) -> Result<Credentials, CredentialsError> {
        let surroundings = &self.surroundings;
        if let Some(found) = by_variables(surroundings)? {
            return Ok(found);
        }
        if let Some(file) = surroundings.set("AWS_WEB_IDENTITY_TOKEN_FILE") {
            let role = surroundings.set("AWS_ROLE_ARN");
            let role = role.ok_or(CredentialsError::Unset {
                service: SERVICE,
                variable: "AWS_ROLE_ARN",
                expected: "the role for which the token of AWS_WEB_IDENTITY_TOKEN_FILE is exchanged",
            })?;
            return sts::exchange(Path::new(&file), &role, &self.region, surroundings).await;
        }
        if let Some(found) = self.by_profile().await? {
            return Ok(found);
        }
        if let Some(found) = metadata::of_container(surroundings).await? {
            return Ok(found);
        }
        metadata::of_machine(surroundings).await
    }

    async fn by_profile(&self) -> Result<Option<Credentials>, CredentialsError> {
        let profile = Profile::read(&self.surroundings)?;
        let setting = |name| profile.setting(name).cloned();
        let (id, secret) = (
            setting("aws_access_key_id"),
            setting("aws_secret_access_key"),
        );
        match (id, secret) {
            (Some(id), Some(secret)) => {
                let token = setting("aws_session_token");
                let found = Credentials::new(&id, secret, token, None);
                return found
                    .map(Some)
                    .map_err(|reason| refused("the profile", reason));
            }
            (None, None) => {}
            _ => return Err(refused("the profile", "it has one half of an access key")),
        }
        if let (Some(file), Some(role)) = (setting("web_identity_token_file"), setting("role_arn"))
        {
            let (file, region) = (Path::new(file.as_str()), &self.region);
            let found = sts::exchange(file, &role, region, &self.surroundings).await;
            return found.map(Some);
        }
        match profile.other_way() {
            Some(way) => Err(CredentialsError::Variable {
                variable: "the profile".to_owned(),
                reason: format!("it gets credentials by {way}, which is not known here"),
                expected: "aws_access_key_id and aws_secret_access_key, or web_identity_token_file and role_arn; \
                           `aws configure export-credentials --format env` prints variables for any profile",
            }),
            None => Ok(None),
        }
    }
}

impl Credentials {
    /// Refuses what no header can carry, and what is no key.
    pub(super) fn new(
        id: &str,
        secret: Zeroizing<String>,
        token: Option<Zeroizing<String>>,
        end: Option<UnixTime>,
    ) -> Result<Self, &'static str> {
        let fits = |text: &str| {
            let visible = |byte: u8| (0x21..0x7f).contains(&byte);
            (1..=LONGEST).contains(&text.len()) && text.bytes().all(visible)
        };
        let is_id =
            |text: &str| fits(text) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let token = token.filter(|token| !token.is_empty());
        match is_id(id) && fits(&secret) && token.as_deref().is_none_or(|token| fits(token)) {
            true => Ok(Self {
                access_key_id: id.to_owned(),
                secret_access_key: secret,
                session_token: token,
                end,
            }),
            false => Err("the access key or its token has characters that none has"),
        }
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Credentials({}, secret)", self.access_key_id)
    }
}

impl Ends for Credentials {
    fn end(&self) -> Option<UnixTime> {
        self.end
    }
}

impl Given {
    /// The credentials, if they are whole; else what is missing.
    pub(crate) fn credentials(self) -> Result<Credentials, &'static str> {
        if self.code.is_some_and(|code| code != "Success") {
            return Err("another code than Success");
        }
        let end = match self.expiration.as_deref().map(UnixTime::parse) {
            Some(Ok(end)) => Some(end),
            Some(Err(_)) => return Err("an Expiration that is no time"),
            None => None,
        };
        match (self.access_key_id, self.secret_access_key) {
            (Some(id), Some(secret)) => Credentials::new(&id, secret, self.token, end),
            _ => Err("no AccessKeyId or no SecretAccessKey"),
        }
    }
}

/// Credentials that somebody gave, or the error that says who and what was wrong.
pub(super) fn given(given: Given, service: &'static str) -> Result<Credentials, ServiceError> {
    given.credentials().map_err(|found| ServiceError::Answer {
        service,
        found: found.to_owned(),
        expected: "AccessKeyId, SecretAccessKey, Token and Expiration in JSON",
    })
}

fn by_variables(surroundings: &Surroundings) -> Result<Option<Credentials>, CredentialsError> {
    let id = surroundings.set("AWS_ACCESS_KEY_ID");
    let secret = surroundings.secret("AWS_SECRET_ACCESS_KEY");
    match (id, secret) {
        (Some(id), Some(secret)) => {
            let token = surroundings.secret("AWS_SESSION_TOKEN");
            let found = Credentials::new(&id, secret, token, None);
            found
                .map(Some)
                .map_err(|reason| refused("AWS_ACCESS_KEY_ID", reason))
        }
        (None, None) => Ok(None),
        (Some(_), None) => Err(refused(
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY is not set beside it",
        )),
        (None, Some(_)) => Err(refused(
            "AWS_SECRET_ACCESS_KEY",
            "AWS_ACCESS_KEY_ID is not set beside it",
        )),
    }
}

fn refused(variable: &str, reason: &str) -> CredentialsError {
    CredentialsError::Variable {
        variable: variable.to_owned(),
        reason: reason.to_owned(),
        expected: "both halves of an access key",
    }
}
