//! What an operator can choose for each service, and what of it becomes a service.
//!
//! The defaults are those that `docs/up.example.yaml` shows.

use std::sync::Arc;
use std::time::Duration;

use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_fulcio::config::Configuration;
use waxwing_fulcio::token::TokenVerifier;
use waxwing_issuer::{Issuer, OAuthClient, OidcConnector};
use waxwing_net::{Client, Settings as NetworkSettings};
use waxwing_pki::ObjectIdentifier;
use waxwing_pki::timestamp::TimestampAuthority;
use zeroize::Zeroizing;

use crate::{Choices, StartError, Surroundings};

pub use waxwing_ctlog::{Admission, GetEntries};
pub use waxwing_fulcio::algorithms::{ClientAlgorithms, ClientAlgorithmsError};
pub use waxwing_fulcio::rules::{Rules, RulesError};
pub use waxwing_fulcio::token::ClusterFiles;
pub use waxwing_rekor::{Dsse, Duplicates, Settings as RekorSettings};
pub use waxwing_tsa::{Settings as TimestampSettings, TimeServers, WatchSettings, WhenOff};

/// The CT log.
#[derive(Debug, Clone, Default)]
pub struct CtChoices {
    /// What it takes. Its roots are further ones, beside those of the instance.
    pub admission: Admission,
    /// How many entries `get-entries` gives.
    pub get_entries: GetEntries,
}

/// The timestamp authority.
#[derive(Debug, Clone, Default)]
pub struct TimestampChoices {
    /// How requests are answered.
    pub settings: TimestampSettings,
    /// The policy of timestamps whose requests name none; Sigstore's otherwise.
    pub policy: Option<ObjectIdentifier>,
    /// Whether the whole chain is given where certificates are asked for.
    pub include_chain: bool,
    /// Who watches over its clock.
    pub time_servers: Option<TimeServers>,
}

/// The issuer of identity tokens.
#[derive(Debug, Clone, Default)]
pub struct IssuerChoices {
    /// Others at which people can log in.
    pub connectors: Vec<ConnectorChoice>,
    /// Programs that may ask, beside `sigstore`.
    pub clients: Vec<OAuthClient>,
    /// How long the tokens of a login are good; a minute otherwise.
    pub token_lifetime: Option<Duration>,
}

/// Another issuer at which people can log in.
#[derive(Clone)]
pub struct ConnectorChoice {
    /// What clients call it (`connector_id`).
    pub id: String,
    /// What people see on the button.
    pub name: String,
    /// Its URL.
    pub issuer: String,
    /// As whom this one is registered there.
    pub client_id: String,
    /// The secret that goes with it.
    pub client_secret: Option<Zeroizing<String>>,
    /// What is asked for; `openid email` otherwise.
    pub scopes: Option<String>,
    /// Certificates in DER that its TLS is trusted under, beside the system's.
    pub roots: Vec<Vec<u8>>,
}

/// Whom Fulcio believes, and who of them may get a certificate.
#[derive(Debug, Clone, Default)]
pub struct Beliefs {
    /// The issuers that it believes besides the instance's own.
    pub configuration: Option<Configuration>,
    /// Who of them may get a certificate.
    pub rules: Rules,
}

impl Choices {
    /// Makes what a start would make of the choices that only then show whether they can be used:
    /// connectors, lifetimes, the trust in a cluster for this configuration of Fulcio. Nobody is asked.
    pub fn check(
        &self,
        fulcio: Configuration,
        surroundings: &Surroundings,
    ) -> Result<(), StartError> {
        let key = PrivateKey::generate(KeyType::EcdsaP256)?;
        let clock = Arc::clone(&surroundings.clock);
        self.issuer
            .apply(Issuer::new("https://issuer.invalid", key, clock)?)?;
        let client = Client::network(NetworkSettings::default())?;
        TokenVerifier::new(client, fulcio)?.with_cluster(&self.cluster)?;
        Ok(())
    }
}

impl std::fmt::Debug for ConnectorChoice {
    /// Without the secret.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ConnectorChoice({}, {})", self.id, self.issuer)
    }
}

impl IssuerChoices {
    /// The issuer with what was chosen.
    pub(crate) fn apply(&self, mut issuer: Issuer) -> Result<Issuer, StartError> {
        for choice in &self.connectors {
            issuer = issuer.with_connector(choice.connector()?)?;
        }
        for client in &self.clients {
            issuer = issuer.with_client(client.clone());
        }
        match self.token_lifetime {
            Some(lifetime) => Ok(issuer.with_token_lifetime(lifetime)?),
            None => Ok(issuer),
        }
    }
}

impl ConnectorChoice {
    fn connector(&self) -> Result<OidcConnector, StartError> {
        let client = Client::network(NetworkSettings::default())?;
        let client = match self.roots.is_empty() {
            true => client,
            false => client.with_additional_roots(&self.roots)?,
        };
        let (id, name, issuer) = (self.id.clone(), self.name.clone(), self.issuer.clone());
        let mut connector = OidcConnector::new(id, name, issuer, self.client_id.clone(), client);
        if let Some(secret) = &self.client_secret {
            connector = connector.with_client_secret(secret);
        }
        if let Some(scopes) = &self.scopes {
            connector = connector.with_scopes(scopes.clone());
        }
        Ok(connector)
    }
}

impl TimestampChoices {
    /// The service with what was chosen.
    pub(crate) fn service(
        &self,
        mut authority: TimestampAuthority,
        surroundings: &Surroundings,
        watch: Option<Arc<waxwing_tsa::ClockWatch>>,
    ) -> Result<waxwing_tsa::Service, StartError> {
        if let Some(policy) = self.policy {
            authority = authority.with_policy(policy);
        }
        if self.include_chain {
            authority = authority.with_chain_in_responses();
        }
        Ok(waxwing_tsa::Service::with(
            authority,
            Arc::clone(&surroundings.clock),
            Arc::clone(&surroundings.random),
            self.settings.clone(),
            watch,
        )?)
    }
}
