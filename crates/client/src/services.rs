//! Several services of one kind: which of them are asked, in which order, and how many must answer.
//!
//! ```text
//! ANY      one of them, by chance; if it fails, another
//! EXACT n  n of them, by chance; if one fails, another
//! ALL      all of them
//! ```

use std::fmt;

use waxwing_crypto::Random;
use waxwing_encoding::time::UnixTime;
use waxwing_model::signing_config::{Selector, Service, SigningConfigError, select_many};

use crate::step::Step;

/// Services in the order in which they are asked.
pub(crate) struct Chosen<'a> {
    role: &'static str,
    candidates: Vec<&'a Service>,
    /// How many must answer.
    needed: usize,
}

/// Too few services answered; each with what was wrong.
#[derive(Debug)]
pub struct Failures<E> {
    role: &'static str,
    answered: usize,
    needed: usize,
    failed: Vec<(String, E)>,
}

impl<E: fmt::Display> fmt::Display for Failures<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            role,
            answered,
            needed,
            failed,
        } = self;
        write!(
            formatter,
            "{answered} of {needed} services of the kind {role} answered"
        )?;
        for (url, error) in failed {
            write!(formatter, "; {url}: {error}")?;
        }
        Ok(())
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for Failures<E> {}

/// Chooses among the services of a signing config; none at all is no fault: then none is used.
pub(crate) fn choose<'a>(
    services: &'a [Service],
    role: &'static str,
    selector: Selector,
    supported: &[u32],
    time: UnixTime,
    random: &dyn Random,
) -> Result<Chosen<'a>, SigningConfigError> {
    if services.is_empty() {
        return Ok(Chosen {
            role,
            candidates: Vec::new(),
            needed: 0,
        });
    }
    let below = |count: usize| {
        let mut bytes = [0; 8];
        random.fill(&mut bytes);
        // The bias of a remainder over so few is nothing; chance spreads the load here.
        usize::try_from(u64::from_be_bytes(bytes) % (count.max(1) as u64)).unwrap_or_default()
    };
    let first = select_many(services, role, selector, supported, time, below)?;
    let needed = first.len();
    let all = select_many(services, role, Selector::All, supported, time, |_| 0)?;
    // Those that stand in for them come after, in the order of the config.
    let others = all
        .into_iter()
        .filter(|one| first.iter().all(|taken| taken.url != one.url));
    let others: Vec<&Service> = others.collect();
    Ok(Chosen {
        role,
        candidates: first.into_iter().chain(others).collect(),
        needed,
    })
}

impl Chosen<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.candidates.is_empty()
    }

    /// Whether there are some, and all of this version.
    pub(crate) fn are_all_of_version(&self, version: u32) -> bool {
        let mut candidates = self.candidates.iter();
        !self.is_empty() && candidates.all(|one| one.major_api_version == version)
    }

    /// Asks one after the other until enough have answered. Each answer comes with its service's URL.
    pub(crate) async fn ask<T, E: fmt::Display>(
        &self,
        ask: impl AsyncFn(&str, u32) -> Result<T, E>,
        watch: &mut (dyn FnMut(Step<'_>) + Send),
    ) -> Result<Vec<(String, T)>, Failures<E>> {
        let (mut answers, mut failed) = (Vec::new(), Vec::new());
        for service in &self.candidates {
            if answers.len() == self.needed {
                break;
            }
            match ask(&service.url, service.major_api_version).await {
                Ok(answer) => answers.push((service.url.clone(), answer)),
                Err(error) => {
                    watch(Step::Failed {
                        service: &service.url,
                        reason: &error.to_string(),
                    });
                    failed.push((service.url.clone(), error));
                }
            }
        }
        match answers.len() == self.needed {
            true => Ok(answers),
            false => Err(Failures {
                role: self.role,
                answered: answers.len(),
                needed: self.needed,
                failed,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;
    use std::sync::Mutex;
    use waxwing_model::Window;

    struct First;

    impl Random for First {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    fn services() -> Vec<Service> {
        let services = ["a", "b", "c"].map(|name| Service {
            url: name.to_owned(),
            major_api_version: 2,
            valid_for: Window::ALWAYS,
            operator: name.to_owned(),
        });
        services.into()
    }

    async fn asked(selector: Selector, broken: &[&str]) -> (Result<Vec<String>, String>, String) {
        let services = services();
        let now = UnixTime::parse("2026-06-01T00:00:00Z").unwrap();
        let chosen = choose(&services, "log", selector, &[2], now, &First).unwrap();
        let order = Mutex::new(String::new());
        let ask = async |url: &str, _: u32| {
            order.lock().unwrap().push_str(url);
            match broken.contains(&url) {
                true => Err("is down"),
                false => Ok(()),
            }
        };
        let answers = chosen.ask(ask, &mut |_| {}).await;
        let answers = answers.map(|answers| answers.into_iter().map(|(url, ())| url).collect());
        let order = order.lock().unwrap().clone();
        (answers.map_err(|error| error.to_string()), order)
    }

    #[tokio::test]
    async fn who_fails_is_stood_in_for_by_another_and_named_if_nobody_is_left() {
        let two = Selector::Exact(NonZeroU32::new(2).unwrap());
        let ok = |urls: &[&str]| Ok(urls.iter().map(ToString::to_string).collect());
        assert_eq!(asked(Selector::Any, &[]).await, (ok(&["a"]), "a".into()));
        assert_eq!(
            asked(Selector::Any, &["a"]).await,
            (ok(&["b"]), "ab".into())
        );
        assert_eq!(asked(two, &["a"]).await, (ok(&["c", "b"]), "acb".into()));
        assert_eq!(
            asked(Selector::All, &[]).await,
            (ok(&["a", "b", "c"]), "abc".into())
        );
        let (refused, _) = asked(Selector::All, &["b"]).await;
        assert_eq!(
            refused.unwrap_err(),
            "2 of 3 services of the kind log answered; b: is down"
        );
        let (refused, order) = asked(Selector::Any, &["a", "b", "c"]).await;
        assert_eq!(order.len(), 3);
        assert!(refused.unwrap_err().contains("a: is down; b: is down"));
    }
}
