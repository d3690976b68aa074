//! The services, each built from its keys and mounted on one router.

use std::sync::Arc;

use axum::Router;
use waxwing_crypto::PrivateKey;
use waxwing_fulcio::authority::{CertificateAuthority, CtLog};
use waxwing_fulcio::config::Configuration;
use waxwing_fulcio::token::TokenVerifier;
use waxwing_issuer::{Issuer, LONGEST_LIFETIME};
use waxwing_log::{Format, HeadSigner, Log, Settings};
use waxwing_net::{Client, Routes, Settings as NetworkSettings};
use waxwing_pki::Certificate;
use waxwing_pki::issue::Authority;
use waxwing_pki::timestamp::TimestampAuthority;
use waxwing_serve::{Mount, Observations, check_mounts, health, refuse_unknown_paths};
use waxwing_tlog::note::NoteSigner;

use crate::address::{CT_PREFIX, ISSUER_PREFIX, TUF_PREFIX};
use crate::genesis::Genesis;
use crate::keyring::{Held, Keyring, PrivateKeys, Role};
use crate::storage::Storage;
use crate::trust_repository::{TrustRepository, served};
use crate::{Address, StartError, Surroundings};

/// The audience of tokens for Fulcio.
const CLIENT_ID: &str = "sigstore";

/// What is mounted where. Some clients drop any path from a base URL, so Fulcio, Rekor and the
/// timestamp authority answer at the root.
const MOUNTS: [Mount<'_>; 7] = [
    Mount {
        service: "fulcio",
        prefix: "",
        routes: waxwing_fulcio::ROUTES,
    },
    Mount {
        service: "rekor",
        prefix: "",
        routes: waxwing_rekor::ROUTES,
    },
    Mount {
        service: "tsa",
        prefix: "",
        routes: waxwing_tsa::ROUTES,
    },
    Mount {
        service: "health",
        prefix: "",
        routes: waxwing_serve::HEALTH_ROUTES,
    },
    Mount {
        service: "issuer",
        prefix: ISSUER_PREFIX,
        routes: waxwing_issuer::ROUTES,
    },
    Mount {
        service: "tuf",
        prefix: TUF_PREFIX,
        routes: served::ROUTES,
    },
    Mount {
        service: "ctlog",
        prefix: CT_PREFIX,
        routes: waxwing_ctlog::ROUTES,
    },
];

/// The running services.
pub(crate) struct Services {
    pub(crate) issuer: Arc<Issuer>,
    pub(crate) router: Router,
    /// The logs, to be closed in the end.
    pub(crate) logs: Vec<Log>,
}

/// What services are made of.
pub(crate) struct Ground<'a> {
    pub(crate) address: &'a Address,
    pub(crate) keyring: &'a Keyring,
    pub(crate) keys: PrivateKeys,
    pub(crate) storage: &'a Storage,
    pub(crate) surroundings: &'a Surroundings,
    pub(crate) observations: &'a Observations,
    /// What the Rekor log begins with.
    pub(crate) root_of_trust: &'a [u8],
    pub(crate) repository: Option<Arc<TrustRepository>>,
    /// The issuers that the operator believes.
    pub(crate) fulcio: Option<&'a Configuration>,
}

impl Services {
    /// Starts them all. Logs that are empty get their first entry.
    pub(crate) async fn start(ground: Ground<'_>) -> Result<Self, StartError> {
        check_mounts(&MOUNTS)?;
        let mut logs = Vec::new();
        let started = Self::start_on(ground, &mut logs).await;
        if started.is_err() {
            // Their directories are let go of before anybody is told.
            for log in logs {
                log.close().await;
            }
        }
        started
    }

    async fn start_on(mut ground: Ground<'_>, logs: &mut Vec<Log>) -> Result<Self, StartError> {
        let Ground {
            address,
            surroundings,
            observations,
            ..
        } = ground;
        let clock = || Arc::clone(&surroundings.clock);
        let random = || Arc::clone(&surroundings.random);

        let (_, issuer) = ground.key(Role::Issuer)?;
        let mut issuer = Issuer::new(address.issuer(), issuer, clock())?.with_random(random());
        let now = surroundings.clock.now();
        let tokens_live = i64::try_from(LONGEST_LIFETIME.as_secs()).unwrap_or(i64::MAX);
        for old in ground.keyring.of(Role::Issuer) {
            // Its last tokens may still be around.
            let end = old.valid_for.end;
            if end.is_some_and(|end| now <= end.plus_seconds(tokens_live)) {
                issuer = issuer.with_previous_key(&old.public_key)?;
            }
        }
        if let Some(users) = ground.storage.users() {
            issuer = issuer.with_users(users)?;
        }
        let issuer = Arc::new(issuer);
        let (held, ct_key) = ground.key(Role::CtLog)?;
        let ct_public_key = held.public_key.clone();
        let ct = ground.ct_log(held, ct_key, logs).await?;
        // What Fulcio asks; it never asks itself or the others.
        let asked = Router::new()
            .merge(observations.around("issuer", issuer.mounted_router()))
            .nest(CT_PREFIX, observations.around("ctlog", ct.router()));

        let tokens = ground.tokens(asked.clone())?;
        let (held, key) = ground.key(Role::CertificateAuthority)?;
        let authority = held.certificates.clone();
        let (issuing, above) = chain(held, key)?;
        let issuing = CertificateAuthority::new(
            issuing,
            above,
            CtLog {
                url: address.ct_log(),
                public_key: ct_public_key,
            },
            carry(address, asked.clone())?,
            random(),
        );
        let others = ground.keyring.of(Role::CertificateAuthority);
        let others = others.map(|held| held.certificates.clone()).collect();
        let issuing = issuing.with_other_chains(others);
        let fulcio = waxwing_fulcio::Service::new(tokens, issuing, clock());
        let (held, key) = ground.key(Role::TimestampAuthority)?;
        let (stamping, above) = chain(held, key)?;
        let stamping = TimestampAuthority::new(stamping, above);
        let tsa = waxwing_tsa::Service::new(stamping, clock(), random())?;
        let (held, rekor_key) = ground.key(Role::RekorLog)?;
        let rekor_key = Arc::new(rekor_key);
        let rekor = ground.rekor(held, Arc::clone(&rekor_key), logs).await?;

        let router = asked
            .merge(observations.around("fulcio", fulcio.router()))
            .merge(observations.around("rekor", rekor.router()))
            .merge(observations.around("tsa", tsa.router()))
            .merge(health());
        let router = match &ground.repository {
            Some(repository) => {
                let served = served::router(Arc::clone(repository));
                router.nest(TUF_PREFIX, observations.around("tuf", served))
            }
            None => router,
        };
        let router = refuse_unknown_paths(router);
        if logs.iter().any(|log| log.checkpoint().size == 0) {
            let genesis = Genesis::new(&rekor_key, &authority, ground.root_of_trust)?;
            let client = carry(address, router.clone())?;
            genesis.write(&client, address).await?;
        }
        Ok(Self {
            issuer,
            router,
            logs: logs.clone(),
        })
    }
}

impl<'a> Ground<'a> {
    /// The key that a role signs with now.
    fn key(&mut self, role: Role) -> Result<(&'a Held, PrivateKey), StartError> {
        let held = self.keyring.active(role, self.surroundings.clock.now())?;
        Ok((held, self.keys.take(&held.name)?))
    }

    /// Who is believed about who asks: our own issuer, and those of the operator's file. Only for
    /// theirs a request may leave the process.
    fn tokens(&self, asked: Router) -> Result<TokenVerifier, StartError> {
        let (address, issuer) = (self.address, self.address.issuer());
        let (client, issuers) = match self.fulcio {
            None => (
                carry(address, asked)?,
                Configuration::for_email(&issuer, CLIENT_ID),
            ),
            Some(configured) => {
                let routes = Routes::new().with(address.base(), asked)?;
                (
                    Client::in_process_and_network(routes, NetworkSettings::default())?,
                    configured.clone().or_for_email(&issuer, CLIENT_ID),
                )
            }
        };
        Ok(TokenVerifier::new(client, issuers)?)
    }

    async fn ct_log(
        &self,
        held: &Held,
        key: PrivateKey,
        logs: &mut Vec<Log>,
    ) -> Result<waxwing_ctlog::Service, StartError> {
        let origin = self.address.ct_origin();
        let key = Arc::new(key);
        let signer = NoteSigner::tree_head(&origin, Arc::clone(&key))?;
        let signer = HeadSigner::new(&origin, signer)?;
        let settings = Settings::new(Format::StaticCt);
        let log = self.open(held, signer, settings).await?;
        logs.push(log.clone());
        let roots = self.keyring.of(Role::CertificateAuthority);
        let roots = roots.filter_map(|held| held.certificates.last().cloned());
        let issuers = self.storage.issuers(&held.name);
        let roots = roots.collect();
        Ok(waxwing_ctlog::Service::new(log, key, roots, issuers))
    }

    async fn rekor(
        &self,
        held: &Held,
        key: Arc<PrivateKey>,
        logs: &mut Vec<Log>,
    ) -> Result<waxwing_rekor::Service, StartError> {
        let origin = self.address.host();
        let log_id = waxwing_rekor::log_id(origin, key.public_key());
        let signer = HeadSigner::new(origin, NoteSigner::ed25519(origin, key)?)?;
        let log = self.open(held, signer, Settings::of_entries()).await?;
        logs.push(log.clone());
        Ok(waxwing_rekor::Service::new(log, log_id))
    }

    async fn open(
        &self,
        held: &Held,
        signer: HeadSigner,
        mut settings: Settings,
    ) -> Result<Log, StartError> {
        settings.must_exist = self.storage.has_begun();
        let driver = self.storage.driver(&held.name, settings.format);
        let clock = Arc::clone(&self.surroundings.clock);
        let opened = Log::open(driver, signer, clock, settings).await;
        opened.map_err(|source| StartError::Log {
            name: held.name.clone(),
            source,
        })
    }
}

/// An authority with its key, and the certificates above it.
fn chain(held: &Held, key: PrivateKey) -> Result<(Authority, Vec<Certificate>), StartError> {
    let own = held.certificates.split_first();
    let (own, above) = own.ok_or(StartError::NoActiveKey {
        role: held.role.name(),
    })?;
    let authority = Authority {
        certificate: own.clone(),
        key,
    };
    Ok((authority, above.to_vec()))
}

/// A client that carries requests for this address to `router`.
pub(crate) fn carry(address: &Address, router: Router) -> Result<Client, waxwing_net::Error> {
    Ok(Client::in_process(
        Routes::new().with(address.base(), router)?,
    ))
}
