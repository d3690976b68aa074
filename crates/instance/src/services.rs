//! The services, each built from its keys and mounted on one router.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use waxwing_crypto::PrivateKey;
use waxwing_encoding::time::UnixTime;
use waxwing_fulcio::authority::{CertificateAuthority, CtLog};
use waxwing_fulcio::config::Configuration;
use waxwing_fulcio::token::TokenVerifier;
use waxwing_issuer::{Issuer, LONGEST_LIFETIME};
use waxwing_log::{Format, HeadSigner, LocalKeys, Log, Settings};
use waxwing_net::{Client, Routes, Settings as NetworkSettings};
use waxwing_pki::Certificate;
use waxwing_pki::issue::Authority;
use waxwing_pki::timestamp::TimestampAuthority;
use waxwing_serve::{
    Mount, Observations, check_mounts, grpc_health, health, reflection, refuse_unknown_paths,
};
use waxwing_tlog::note::NoteSigner;

use crate::address::{CT_PREFIX, ISSUER_PREFIX, TUF_PREFIX};
use crate::keyring::{Held, Keyring, PrivateKeys, Role};
use crate::standing::Standing;
use crate::storage::Storage;
use crate::trust_repository::{TrustRepository, served};
use crate::{Address, Beliefs, Choices, StartError, Surroundings, by_host, genesis};

/// The audience of tokens for Fulcio.
const CLIENT_ID: &str = "sigstore";

/// What is mounted where, beside the CT logs. Some clients drop any path from a base URL, so Fulcio,
/// Rekor and the timestamp authority answer at the root. The tables of Fulcio and Rekor have the methods of
/// gRPC too.
const MOUNTS: [Mount<'_>; 8] = [
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
        service: "gRPC health",
        prefix: "",
        routes: waxwing_serve::GRPC_HEALTH_ROUTES,
    },
    Mount {
        service: "reflection",
        prefix: "",
        routes: waxwing_serve::REFLECTION_ROUTES,
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
];

/// The running services.
pub(crate) struct Services {
    pub(crate) issuer: OurIssuer,
    pub(crate) router: Router,
    /// By the names of their keys.
    pub(crate) logs: BTreeMap<String, Log>,
    /// Where the CT logs look up their leaves, by the same names.
    pub(crate) leaf_indexes: BTreeMap<String, Arc<LocalKeys>>,
    /// The URLs of the hosts by which the router is asked.
    pub(crate) hosts: Vec<String>,
    /// What knows the keys of issuers.
    fulcio: waxwing_fulcio::Service,
    /// The end of each certificate chain that signs, by the name of its key.
    pub(crate) ends: Vec<(Role, String, UnixTime)>,
}

/// The issuer, and the keys that it was made of.
#[derive(Clone)]
pub(crate) struct OurIssuer {
    pub(crate) service: Arc<Issuer>,
    keys: Vec<String>,
}

/// What services are made of.
pub(crate) struct Ground<'a> {
    pub(crate) address: &'a Address,
    pub(crate) keyring: &'a Keyring,
    pub(crate) keys: PrivateKeys,
    pub(crate) storage: &'a Storage,
    /// Whether the logs that are not fresh were begun, and must be there.
    pub(crate) begun: bool,
    pub(crate) surroundings: &'a Surroundings,
    pub(crate) observations: &'a Observations,
    /// What a Rekor log begins with.
    pub(crate) root_of_trust: &'a [u8],
    pub(crate) repository: Option<Arc<TrustRepository>>,
    /// Whom Fulcio believes.
    pub(crate) beliefs: &'a Beliefs,
    pub(crate) choices: &'a Choices,
    /// What outlives these services.
    pub(crate) standing: &'a Standing,
    /// What runs now, and what of it goes on.
    pub(crate) before: Option<&'a Services>,
}

impl Services {
    /// Starts them all. Logs that are empty get their first entry; those whose time is over, their last
    /// checkpoint.
    pub(crate) async fn start(ground: Ground<'_>) -> Result<Self, StartError> {
        let mut opened = BTreeMap::new();
        let started = Self::start_on(ground, &mut opened).await;
        if started.is_err() {
            // Their directories are let go of before anybody is told.
            for log in opened.values() {
                log.close().await;
            }
        }
        started
    }

    async fn start_on(
        mut ground: Ground<'_>,
        opened: &mut BTreeMap<String, Log>,
    ) -> Result<Self, StartError> {
        let Ground {
            address,
            surroundings,
            observations,
            choices,
            standing,
            ..
        } = ground;
        let fence = &standing.fence;
        let clock = || Arc::clone(&surroundings.clock);
        let random = || Arc::clone(&surroundings.random);

        let issuer = ground.issuer()?;
        let ct_logs = ground.ct_logs(opened).await?;
        let active = ground.active(Role::CtLog)?;
        check_mounts(&mounts(&ct_logs))?;
        // What Fulcio asks; it never asks itself or the others.
        let mounted = issuer.service.mounted_router();
        let mut asked = observations.around("issuer", mounted);
        let mut ct_log = None;
        for log in &ct_logs {
            asked = asked.nest(&log.prefix, log.router.clone());
            if log.held.name == active.name {
                let url = format!("{}{}", address.base(), log.prefix);
                ct_log = Some(CtLog::new(url, log.held.public_key.clone()));
            }
        }
        let ct_log = ct_log.ok_or(StartError::NoActiveKey {
            role: Role::CtLog.name(),
        })?;

        let tokens = ground.tokens(asked.clone())?;
        let (held, key) = ground.key(Role::CertificateAuthority)?;
        let authority = held.certificates.clone();
        let (issuing, above) = chain(held, key)?;
        let network = carry(address.base(), asked.clone())?;
        let issuing = CertificateAuthority::new(issuing, above, ct_log, network, random());
        let others = ground.keyring.of(Role::CertificateAuthority);
        let others = others.map(|held| held.certificates.clone()).collect();
        let issuing = issuing.with_other_chains(others);
        let algorithms = choices.algorithms.clone();
        let fulcio = waxwing_fulcio::Service::with_algorithms(tokens, issuing, algorithms, clock());
        let mut fulcio = fulcio.with_counts(standing.measures.fulcio.clone());
        if let Some(limit) = &fence.identities {
            fulcio = fulcio.with_identity_limit(limit.clone());
        }
        let (held, key) = ground.key(Role::TimestampAuthority)?;
        let (stamping, above) = chain(held, key)?;
        let stamping = TimestampAuthority::new(stamping, above);
        let watch = standing.clock.clone();
        let tsa = choices.timestamp.service(stamping, surroundings, watch)?;
        let rekor_logs = ground.rekor_logs(opened).await?;

        let rekor = by_host::router(
            rekor_logs
                .iter()
                .map(|log| (log.host.clone(), log.router.clone()))
                .collect(),
            address.host(),
        );
        let seen = |name, router| observations.around(name, router);
        let mounted = issuer.service.mounted_router();
        let mut router = Router::new()
            .merge(seen("issuer", fence.issuer(mounted)))
            .merge(seen("fulcio", fence.fulcio(fulcio.router())))
            .merge(rekor)
            .merge(seen("tsa", fence.timestamp(tsa.router())))
            .merge(health())
            .merge(grpc_health())
            .merge(reflection());
        for log in &ct_logs {
            router = router.nest(&log.prefix, log.fenced.clone());
        }
        let router = match &ground.repository {
            Some(repository) => {
                let served = served::router(Arc::clone(repository));
                router.nest(TUF_PREFIX, seen("tuf", fence.trust_repository(served)))
            }
            None => router,
        };
        let router = refuse_unknown_paths(router);
        let router = match &choices.request_log {
            Some(log) => log.clone().around(router),
            None => router,
        };
        for log in &rekor_logs {
            if log.log.checkpoint().size == 0 {
                let url = log.held.log_url(address);
                let client = carry(&url, log.unlimited.clone())?;
                let root = ground.root_of_trust;
                genesis::begin_rekor_log(&client, &url, &log.key, root).await?;
            }
        }
        for log in &ct_logs {
            if log.log.checkpoint().size == 0 {
                let own = Router::new().nest(&log.prefix, log.unlimited.clone());
                let client = carry(address.base(), own)?;
                let url = format!("{}{}", address.base(), log.prefix);
                genesis::begin_ct_log(&client, &url, &authority).await?;
            }
        }
        let mut hosts = vec![address.base().to_owned()];
        hosts.extend(rekor_logs.iter().map(|log| log.held.log_url(address)));
        let mut logs = BTreeMap::new();
        let leaf_indexes = ct_logs.iter().filter_map(|log| {
            let index = log.leaf_index.as_ref()?;
            Some((log.held.name.clone(), Arc::clone(index)))
        });
        let leaf_indexes = leaf_indexes.collect();
        let rekor_logs = rekor_logs.into_iter().map(|log| (log.held, log.log));
        for (held, log) in rekor_logs.chain(ct_logs.into_iter().map(|log| (log.held, log.log))) {
            if held.has_ended(surroundings.clock.now()) {
                log.freeze().await.map_err(|reason| StartError::NotFrozen {
                    name: held.name.clone(),
                    reason,
                })?;
            }
            logs.insert(held.name.clone(), log);
        }
        Ok(Self {
            issuer,
            router,
            logs,
            leaf_indexes,
            hosts,
            fulcio,
            ends: ground.keyring.ends(surroundings.clock.now()),
        })
    }
}

/// A CT log, and the prefix of its routes.
struct OurCtLog<'a> {
    held: &'a Held,
    prefix: String,
    log: Log,
    leaf_index: Option<Arc<LocalKeys>>,
    /// As the operator wants it.
    router: Router,
    /// The same behind the limits for callers.
    fenced: Router,
    /// Without what the operator forbids: that is no obstacle to the first entry.
    unlimited: Router,
}

/// A Rekor log, and the host name by which clients ask for it.
struct OurRekorLog<'a> {
    held: &'a Held,
    host: String,
    log: Log,
    key: Arc<PrivateKey>,
    /// As the operator wants it, behind the limits for callers.
    router: Router,
    /// Without what the operator forbids: that is no obstacle to the first entry.
    unlimited: Router,
}

/// What is mounted where.
fn mounts<'a>(ct_logs: &'a [OurCtLog<'_>]) -> Vec<Mount<'a>> {
    let ct_logs = ct_logs.iter().map(|log| Mount {
        service: "ctlog",
        prefix: &log.prefix,
        routes: waxwing_ctlog::ROUTES,
    });
    MOUNTS.into_iter().chain(ct_logs).collect()
}

impl<'a> Ground<'a> {
    /// The key that a role signs with now.
    fn active(&self, role: Role) -> Result<&'a Held, StartError> {
        self.keyring.active(role, self.surroundings.clock.now())
    }

    fn key(&mut self, role: Role) -> Result<(&'a Held, PrivateKey), StartError> {
        let held = self.active(role)?;
        Ok((held, self.keys.take(&held.name)?))
    }

    /// The issuer. It stays the same one as long as its keys do: it knows who is about to log in.
    fn issuer(&mut self) -> Result<OurIssuer, StartError> {
        let (now, active) = (self.surroundings.clock.now(), self.active(Role::Issuer)?);
        let tokens_live = i64::try_from(LONGEST_LIFETIME.as_secs()).unwrap_or(i64::MAX);
        // The last tokens of old keys may still be around.
        let is_old = |held: &&Held| {
            let end = held.valid_for.end;
            held.name != active.name && end.is_some_and(|end| now <= end.plus_seconds(tokens_live))
        };
        let old: Vec<&Held> = self.keyring.of(Role::Issuer).filter(is_old).collect();
        let named = std::iter::once(active).chain(old.iter().copied());
        let keys: Vec<String> = named.map(|held| held.name.clone()).collect();
        if let Some(before) = self.before.filter(|before| before.issuer.keys == keys) {
            return Ok(before.issuer.clone());
        }
        let clock = Arc::clone(&self.surroundings.clock);
        let key = self.keys.take(&active.name)?;
        let issuer = Issuer::new(self.address.issuer(), key, clock)?;
        let mut issuer = issuer.with_random(Arc::clone(&self.surroundings.random));
        for old in old {
            issuer = issuer.with_previous_key(&old.public_key)?;
        }
        if let Some(users) = self.storage.users() {
            issuer = issuer.with_users(users)?;
        }
        let service = Arc::new(self.choices.issuer.apply(issuer)?);
        Ok(OurIssuer { service, keys })
    }

    /// Who is believed about who asks: our own issuer, and those of the operator's file. Only for
    /// theirs a request may leave the process.
    fn tokens(&self, asked: Router) -> Result<TokenVerifier, StartError> {
        let (address, issuer) = (self.address, self.address.issuer());
        let (client, issuers) = match &self.beliefs.configuration {
            None => (
                carry(address.base(), asked)?,
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
        let tokens = TokenVerifier::new(client, issuers)?;
        let tokens = tokens.with_cluster(&self.choices.cluster)?;
        // An issuer that is down just now is believed on.
        let tokens = match self.before {
            Some(before) => tokens.knowing(before.fulcio.tokens()),
            None => tokens,
        };
        Ok(tokens.with_rules(self.beliefs.rules.clone()))
    }

    async fn ct_logs(
        &mut self,
        opened: &mut BTreeMap<String, Log>,
    ) -> Result<Vec<OurCtLog<'a>>, StartError> {
        let roots = self.keyring.of(Role::CertificateAuthority);
        let roots = roots.filter_map(|held| held.certificates.last().cloned());
        let roots: Vec<Certificate> = roots.collect();
        let mut admission = self.choices.ct.admission.clone();
        admission.roots.splice(0..0, roots.iter().cloned());
        let mut logs = Vec::new();
        for held in self.keyring.of(Role::CtLog) {
            let key = Arc::new(self.keys.take(&held.name)?);
            let origin = held.origin(self.address);
            let signer = NoteSigner::tree_head(&origin, Arc::clone(&key))?;
            let signer = HeadSigner::new(&origin, signer)?;
            let settings = Settings::new(Format::StaticCt);
            let log = self.open(held, signer, settings, opened).await?;
            let prefix = origin.find('/').map_or(CT_PREFIX, |at| &origin[at..]);
            let issuers = self.storage.issuers(&held.name);
            let mut any = waxwing_ctlog::Service::new(log.clone(), key, roots.clone(), issuers);
            let leaf_index = self.leaf_index(held, &log).await?;
            if let Some(index) = &leaf_index {
                any = any.with_leaf_index(Arc::<LocalKeys>::clone(index));
            }
            let clock = Arc::clone(&self.surroundings.clock);
            let chosen = any.clone().with_admission(admission.clone(), clock);
            let chosen = chosen.with_get_entries(self.choices.ct.get_entries);
            let seen = |router| self.observations.around("ctlog", router);
            logs.push(OurCtLog {
                held,
                prefix: prefix.to_owned(),
                log,
                leaf_index,
                router: seen(chosen.router()),
                fenced: seen(self.standing.fence.ct(chosen.router())),
                unlimited: seen(any.router()),
            });
        }
        Ok(logs)
    }

    async fn rekor_logs(
        &mut self,
        opened: &mut BTreeMap<String, Log>,
    ) -> Result<Vec<OurRekorLog<'a>>, StartError> {
        let mut logs = Vec::new();
        for held in self.keyring.of(Role::RekorLog) {
            let key = Arc::new(self.keys.take(&held.name)?);
            let origin = held.origin(self.address);
            let log_id = waxwing_rekor::log_id(&origin, key.public_key());
            let signer = NoteSigner::ed25519(&origin, Arc::clone(&key))?;
            let signer = HeadSigner::new(&origin, signer)?;
            let log = self
                .open(held, signer, Settings::of_entries(), opened)
                .await?;
            let any = waxwing_rekor::Service::new(log.clone(), log_id);
            let chosen = any.clone().with_settings(self.choices.rekor.clone());
            let chosen = chosen.with_counts(self.standing.measures.rekor.clone());
            let seen = |router| self.observations.around("rekor", router);
            logs.push(OurRekorLog {
                held,
                host: origin,
                router: seen(self.standing.fence.rekor(chosen.router())),
                unlimited: seen(any.router()),
                log,
                key,
            });
        }
        Ok(logs)
    }

    /// Where the CT log of a key looks up its leaves: the index that is open, or else opened here; none in
    /// memory, where the service has one of its own.
    async fn leaf_index(
        &self,
        held: &Held,
        log: &Log,
    ) -> Result<Option<Arc<LocalKeys>>, StartError> {
        let before = self.before;
        if let Some(open) = before.and_then(|before| before.leaf_indexes.get(&held.name)) {
            return Ok(Some(Arc::clone(open)));
        }
        let Some(directory) = self.storage.leaf_index(&held.name) else {
            return Ok(None);
        };
        let random = &*self.surroundings.random;
        let index = waxwing_ctlog::open_leaf_index(&directory, log, random).await?;
        Ok(Some(index))
    }

    /// The log of a key: the one that is open, or else opened here and noted in `opened`.
    async fn open(
        &self,
        held: &Held,
        signer: HeadSigner,
        mut settings: Settings,
        opened: &mut BTreeMap<String, Log>,
    ) -> Result<Log, StartError> {
        let before = self.before.and_then(|before| before.logs.get(&held.name));
        if let Some(log) = before {
            return Ok(log.clone());
        }
        settings.must_exist = self.begun && !held.fresh;
        let driver = self.storage.driver(&held.name, settings.format);
        let clock = Arc::clone(&self.surroundings.clock);
        let log = Log::open(driver, signer, clock, settings).await;
        let log = log.map_err(|source| StartError::Log {
            name: held.name.clone(),
            source,
        })?;
        opened.insert(held.name.clone(), log.clone());
        Ok(log)
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

/// A client that carries requests for a host to `router`.
pub(crate) fn carry(base: &str, router: Router) -> Result<Client, waxwing_net::Error> {
    Ok(Client::in_process(Routes::new().with(base, router)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What reflection tells is there, and what is there it tells.
    #[test]
    fn every_method_of_the_proto_files_is_mounted() {
        let told = waxwing_protos::SERVICES.iter();
        let told = told.flat_map(|(service, methods)| {
            methods
                .iter()
                .map(move |method| format!("/{service}/{method}"))
        });
        let mut told: Vec<String> = told.collect();
        let calls = MOUNTS.iter().flat_map(|mount| mount.routes);
        // The first part of a call's path is a package and a service.
        let is_call = |path: &str| {
            path.split('/')
                .nth(1)
                .is_some_and(|part| part.find('.') > Some(0))
        };
        let calls = calls.filter(|(_, path)| is_call(path));
        let mut mounted: Vec<String> = Vec::new();
        for (method, path) in calls {
            assert_eq!(*method, "POST", "{path}");
            // Of two versions, which `tonic-reflection` has in itself.
            if !path.starts_with("/grpc.reflection.") {
                mounted.push((*path).to_owned());
            }
        }
        told.sort();
        mounted.sort();
        assert_eq!(mounted, told);
    }
}
