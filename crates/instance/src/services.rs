//! The services, each built from its keys and mounted on one router.

use std::sync::Arc;

use axum::Router;
use waxwing_fulcio::authority::{CertificateAuthority, CtLog};
use waxwing_fulcio::token::{IssuerConfig, TokenVerifier};
use waxwing_issuer::Issuer;
use waxwing_log::{Format, HeadSigner, Log, Settings};
use waxwing_net::{Client, Routes};
use waxwing_pki::timestamp::TimestampAuthority;
use waxwing_serve::{Mount, Observations, check_mounts, health, refuse_unknown_paths};
use waxwing_tlog::note::NoteSigner;

use crate::address::{CT_PREFIX, ISSUER_PREFIX};
use crate::keys::Keys;
use crate::{Address, StartError, Surroundings};

/// The audience of tokens for Fulcio.
const CLIENT_ID: &str = "sigstore";

/// What is mounted where. Some clients drop any path from a base URL, so Fulcio, Rekor and the
/// timestamp authority answer at the root.
const MOUNTS: [Mount<'_>; 6] = [
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
        service: "ctlog",
        prefix: CT_PREFIX,
        routes: waxwing_ctlog::ROUTES,
    },
];

/// The running services.
pub(crate) struct Services {
    pub(crate) issuer: Arc<Issuer>,
    pub(crate) router: Router,
    /// Leads to all of them.
    pub(crate) client: Client,
}

impl Services {
    pub(crate) async fn start(
        address: &Address,
        keys: Keys,
        surroundings: &Surroundings,
        observations: &Observations,
    ) -> Result<Self, StartError> {
        check_mounts(&MOUNTS)?;
        let clock = || Arc::clone(&surroundings.clock);
        let random = || Arc::clone(&surroundings.random);

        let issuer = Arc::new(Issuer::new(address.issuer(), keys.issuer, clock())?);
        let ct_public_key = keys.ct_log.public_key().clone();
        let ct_log = ct_log(address, keys.ct_log, &keys.authority_root, surroundings).await?;
        // What Fulcio asks; it never asks itself or the others.
        let asked = Router::new()
            .merge(observations.around("issuer", issuer.mounted_router()))
            .nest(CT_PREFIX, observations.around("ctlog", ct_log.router()));

        let tokens = TokenVerifier::new(
            carry(address, asked.clone())?,
            vec![IssuerConfig {
                url: address.issuer(),
                client_id: CLIENT_ID.into(),
            }],
        );
        let authority = CertificateAuthority::new(
            keys.issuing,
            vec![keys.authority_root],
            CtLog {
                url: address.ct_log(),
                public_key: ct_public_key,
            },
            carry(address, asked.clone())?,
            random(),
        );
        let fulcio = waxwing_fulcio::Service::new(tokens, authority, clock());
        let stamping = TimestampAuthority::new(keys.stamping, vec![keys.stamping_root]);
        let tsa = waxwing_tsa::Service::new(stamping, clock(), random());
        let rekor = rekor(address, keys.rekor_log, surroundings).await?;

        let router = asked
            .merge(observations.around("fulcio", fulcio.router()))
            .merge(observations.around("rekor", rekor.router()))
            .merge(observations.around("tsa", tsa.router()))
            .merge(health());
        let router = refuse_unknown_paths(router);
        let client = carry(address, router.clone())?;
        Ok(Self {
            issuer,
            router,
            client,
        })
    }
}

/// A client that carries requests for this address to `router`.
pub(crate) fn carry(address: &Address, router: Router) -> Result<Client, waxwing_net::Error> {
    Ok(Client::in_process(
        Routes::new().with(address.base(), router)?,
    ))
}

async fn ct_log(
    address: &Address,
    key: waxwing_crypto::PrivateKey,
    root: &waxwing_pki::Certificate,
    surroundings: &Surroundings,
) -> Result<waxwing_ctlog::Service, StartError> {
    let origin = address.ct_origin();
    let key = Arc::new(key);
    let signer = NoteSigner::tree_head(&origin, Arc::clone(&key))?;
    let log = Log::open(
        Arc::clone(&surroundings.ct_log),
        HeadSigner::new(&origin, signer)?,
        Arc::clone(&surroundings.clock),
        Settings::new(Format::StaticCt),
    );
    Ok(waxwing_ctlog::Service::new(
        log.await?,
        key,
        vec![root.clone()],
    ))
}

async fn rekor(
    address: &Address,
    key: Arc<waxwing_crypto::PrivateKey>,
    surroundings: &Surroundings,
) -> Result<waxwing_rekor::Service, StartError> {
    let origin = address.host();
    let log_id = waxwing_rekor::log_id(origin, key.public_key());
    let log = Log::open(
        Arc::clone(&surroundings.rekor_log),
        HeadSigner::new(origin, NoteSigner::ed25519(origin, key)?)?,
        Arc::clone(&surroundings.clock),
        Settings::of_entries(),
    );
    Ok(waxwing_rekor::Service::new(log.await?, log_id))
}
