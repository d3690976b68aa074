//! The keys of all issuers: who asks an issuer, when, and what holds while it does not answer.
//!
//! One question to an issuer is under way at a time, however many tokens wait for it, and it goes on
//! when those who asked go away. Nothing is locked meanwhile. Beyond that:
//!
//! | event | what happens |
//! |---|---|
//! | keys are known and fresh | nobody is asked |
//! | they are no longer fresh | asked again; if that fails, they hold for an hour more |
//! | no key verifies a token | asked again, at most once in ten seconds: a bad token costs its sender more than it costs the issuer |
//! | the issuer does not answer | not asked again for two seconds |
//!
//! At most 100 issuers that a pattern brought are kept, the latest used.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use waxwing_encoding::time::UnixTime;

use crate::config::Issuer;
use crate::token::cluster::Access;
use crate::token::jws::Unverified;
use crate::token::keys::{DISCOVERY_TIME, IssuerKeys};
use crate::token::{FetchError, TokenRefused};

/// Seconds between two questions because of signatures that no known key verifies.
const REFETCH_SECONDS: i64 = 10;

/// Seconds after a failure during which an issuer is left alone.
const FAILURE_SECONDS: i64 = 2;

/// Seconds for which keys hold after they were last fresh while the issuer cannot be asked.
const STALE_SECONDS: i64 = 3600;

/// Most issuers that patterns brought whose keys are kept.
const MOST_OF_PATTERNS: usize = 100;

/// Most questions under way to issuers that patterns brought: tokens that nobody signed name these.
const MOST_ASKED_OF_PATTERNS: usize = 32;

/// How long a token waits for an answer when there are keys that still hold.
const PATIENCE: Duration = Duration::from_secs(2);

type Fetched = Result<Arc<IssuerKeys>, Arc<FetchError>>;
type Waiting = watch::Receiver<Option<Fetched>>;

/// The keys of all issuers.
#[derive(Default)]
pub(super) struct Issuers {
    known: Arc<Mutex<HashMap<String, Known>>>,
}

/// What is known of one issuer.
struct Known {
    keys: Option<Arc<IssuerKeys>>,
    asking: Option<Waiting>,
    failed: Option<(UnixTime, Arc<FetchError>)>,
    /// When keys were last asked for because of a signature.
    forced: Option<UnixTime>,
    used: UnixTime,
    by_pattern: bool,
}

/// What to do about one token.
enum Step {
    Use(Arc<IssuerKeys>),
    Wait(Waiting, Option<Arc<IssuerKeys>>),
    Fail(Arc<FetchError>),
}

impl Issuers {
    /// The keys of those issuers that are `wanted`.
    pub(super) fn of(&self, wanted: impl Fn(&str) -> bool) -> Self {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = known.iter().filter(|(url, _)| wanted(url));
        let kept = kept.map(|(url, one)| {
            let kept = Known {
                keys: one.keys.clone(),
                asking: None,
                failed: None,
                forced: one.forced,
                used: one.used,
                by_pattern: one.by_pattern,
            };
            (url.clone(), kept)
        });
        Self {
            known: Arc::new(Mutex::new(kept.collect())),
        }
    }

    /// Checks the signature of a token with the keys of its issuer.
    pub(super) async fn verify(
        &self,
        token: &Unverified<'_>,
        issuer: &Issuer,
        access: &Access,
        now: UnixTime,
    ) -> Result<(), TokenRefused> {
        let step = self.step(issuer, access, now, false);
        let (keys, asked) = settle(step).await?;
        let refused = match keys.verify(token) {
            Ok(()) => return Ok(()),
            // Asked just now: the issuer has no other keys.
            Err(refused) if asked => return Err(refused),
            Err(refused) => refused,
        };
        // The issuer may have rotated its keys since.
        match self.step(issuer, access, now, true) {
            Step::Wait(waiting, _) => {
                let (fresh, _) = settle(Step::Wait(waiting, None)).await?;
                fresh.verify(token)
            }
            Step::Use(_) | Step::Fail(_) => Err(refused),
        }
    }

    fn step(&self, issuer: &Issuer, access: &Access, now: UnixTime, forced: bool) -> Step {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let busy = known
            .values()
            .filter(|one| one.by_pattern && one.asking.is_some());
        let busy = issuer.is_by_pattern() && busy.count() >= MOST_ASKED_OF_PATTERNS;
        make_room(&mut known, issuer);
        let entry = known
            .entry(issuer.url().to_owned())
            .or_insert_with(|| Known {
                keys: None,
                asking: None,
                failed: None,
                forced: None,
                used: now,
                by_pattern: issuer.is_by_pattern(),
            });
        entry.used = now;
        // Before all else: a good token does not wait for what a bad one had asked.
        if let Some(keys) = &entry.keys
            && !forced
            && now <= keys.fresh_until
        {
            return Step::Use(Arc::clone(keys));
        }
        // A question whose task was lost with its runtime is none.
        let asking = entry.asking.as_ref();
        if let Some(waiting) = asking.filter(|waiting| waiting.has_changed().is_ok()) {
            return Step::Wait(waiting.clone(), entry.usable(now));
        }
        if let Some(keys) = &entry.keys
            && forced
            && entry.was_forced(now)
        {
            return Step::Use(Arc::clone(keys));
        }
        let failed = entry.failed.as_ref();
        let failed = failed.filter(|(at, _)| now < at.plus_seconds(FAILURE_SECONDS));
        let failure = match failed {
            Some((_, error)) => Some(Arc::clone(error)),
            None => busy.then(|| Arc::new(FetchError::Busy)),
        };
        if let Some(error) = failure {
            return entry.usable(now).map_or(Step::Fail(error), Step::Use);
        }
        if forced {
            entry.forced = Some(now);
        }
        let (sender, waiting) = watch::channel(None);
        entry.asking = Some(waiting.clone());
        let stale = entry.usable(now);
        drop(known);
        self.ask(issuer.url().to_owned(), access.clone(), now, sender);
        Step::Wait(waiting, stale)
    }

    /// Asks in a task of its own, so that who waits may go away.
    fn ask(
        &self,
        issuer: String,
        access: Access,
        now: UnixTime,
        sender: watch::Sender<Option<Fetched>>,
    ) {
        let known = Arc::clone(&self.known);
        tokio::spawn(async move {
            let began = tokio::time::Instant::now();
            let fetched = IssuerKeys::fetch(&access, &issuer, now).await;
            let took = i64::try_from(began.elapsed().as_secs()).unwrap_or(0);
            let fetched = fetched.map(Arc::new).map_err(Arc::new);
            let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(entry) = known.get_mut(&issuer) {
                entry.asking = None;
                match &fetched {
                    Ok(keys) => {
                        entry.keys = Some(Arc::clone(keys));
                        entry.failed = None;
                    }
                    Err(error) => {
                        entry.failed = Some((now.plus_seconds(took), Arc::clone(error)));
                    }
                }
            }
            drop(known);
            sender.send_replace(Some(fetched));
        });
    }
}

impl std::fmt::Debug for Issuers {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        formatter.debug_set().entries(known.keys()).finish()
    }
}

impl Known {
    /// The keys, if they may still be used while the issuer cannot be asked.
    fn usable(&self, now: UnixTime) -> Option<Arc<IssuerKeys>> {
        let keys = self.keys.as_ref();
        let usable = |keys: &&Arc<IssuerKeys>| now <= keys.fresh_until.plus_seconds(STALE_SECONDS);
        keys.filter(usable).map(Arc::clone)
    }

    fn was_forced(&self, now: UnixTime) -> bool {
        let again = |at: UnixTime| at.plus_seconds(REFETCH_SECONDS);
        self.forced.is_some_and(|at| now < again(at))
    }
}

/// The keys to use, and whether the issuer was asked for them just now.
async fn settle(step: Step) -> Result<(Arc<IssuerKeys>, bool), TokenRefused> {
    let (mut waiting, stale) = match step {
        Step::Use(keys) => return Ok((keys, false)),
        Step::Fail(error) => return Err(TokenRefused::Discovery(error)),
        Step::Wait(waiting, stale) => (waiting, stale),
    };
    let patience = match stale {
        Some(_) => PATIENCE,
        None => 2 * DISCOVERY_TIME,
    };
    let answered = waiting.wait_for(Option::is_some);
    let outcome = match tokio::time::timeout(patience, answered).await {
        Ok(Ok(outcome)) => outcome.clone(),
        // Too slow; or the runtime ends, which alone takes the sender away without a word.
        Ok(Err(_)) | Err(_) => None,
    };
    match (outcome, stale) {
        (Some(Ok(keys)), _) => Ok((keys, true)),
        (_, Some(stale)) => Ok((stale, true)),
        (Some(Err(error)), None) => Err(TokenRefused::Discovery(error)),
        (None, None) => Err(TokenRefused::Discovery(Arc::new(FetchError::TooSlow))),
    }
}

/// Forgets the issuer of a pattern that was not used for longest, if there are too many.
fn make_room(known: &mut HashMap<String, Known>, issuer: &Issuer) {
    if !issuer.is_by_pattern() || known.contains_key(issuer.url()) {
        return;
    }
    let by_pattern = |entry: &&Known| entry.by_pattern;
    if known.values().filter(by_pattern).count() < MOST_OF_PATTERNS {
        return;
    }
    let idle = known
        .iter()
        .filter(|(_, entry)| entry.by_pattern && entry.asking.is_none());
    let oldest = idle
        .min_by_key(|(_, entry)| entry.used)
        .map(|(url, _)| url.clone());
    if let Some(oldest) = oldest {
        known.remove(&oldest);
    }
}
