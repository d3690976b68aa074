//! Where a program runs: its variables, its network, its clock.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use waxwing_encoding::time::Clock;
use waxwing_net::{Client, Retry, Url, is_this_machine};
use zeroize::Zeroizing;

use crate::CredentialsError;
use crate::error::ServiceError;

/// The value of each variable that is set.
pub type Variables = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Where a program runs. It is kept as long as a key is, because credentials end and are found anew.
#[derive(Clone)]
pub struct Surroundings {
    /// The value of a variable.
    pub variable: Variables,
    /// How services are asked.
    pub client: Client,
    /// When a request is signed, and when credentials end.
    pub clock: Arc<dyn Clock>,
}

impl fmt::Debug for Surroundings {
    /// Without the variables, some of which are secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Surroundings")
    }
}

impl Surroundings {
    /// A variable that is set to something.
    pub(crate) fn set(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    /// The same, where the value is a secret.
    pub(crate) fn secret(&self, name: &str) -> Option<Zeroizing<String>> {
        self.set(name).map(Zeroizing::new)
    }

    /// A file in the home directory.
    pub(crate) fn at_home(&self, path: &str) -> Option<PathBuf> {
        let home = self.set("HOME").or_else(|| self.set("USERPROFILE"));
        home.map(|home| PathBuf::from(home).join(path))
    }

    /// The client for a host: this machine is not asked through a proxy, which would see what goes there in the clear.
    pub(crate) fn client_for(
        &self,
        service: &'static str,
        url: &Url,
    ) -> Result<Client, ServiceError> {
        match is_this_machine(url) {
            true => self.direct(service),
            false => Ok(self.client.clone()),
        }
    }

    /// The client without a proxy.
    pub(crate) fn direct(&self, service: &'static str) -> Result<Client, ServiceError> {
        let direct = self.client.without_proxy();
        direct.map_err(|source| ServiceError::Request { service, source })
    }

    /// The client for a service that is beside this machine or not at all: asked once, without a proxy.
    pub(crate) fn beside(&self, service: &'static str) -> Result<Client, ServiceError> {
        Ok(self.direct(service)?.with_retry(Retry::never()))
    }
}

/// Refuses a variable by which clients are told to trust every certificate.
pub(crate) fn refuse_blind_trust(
    surroundings: &Surroundings,
    variable: &'static str,
    roots: &'static str,
) -> Result<(), CredentialsError> {
    let off = ["", "0", "f", "F", "false", "FALSE", "False"];
    match (surroundings.variable)(variable) {
        Some(value) if !off.contains(&value.as_str()) => {
            Err(CredentialsError::BlindTrust { variable, roots })
        }
        _ => Ok(()),
    }
}
