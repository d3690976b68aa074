//! Which of the listed services to use.
//!
//! The list is narrowed in this order: what is valid now; of that the highest API version that the
//! caller supports, and it alone; the newest first. Where several services are used together, each
//! operator gives one.

use waxwing_encoding::time::UnixTime;

use super::{Selector, Service, SigningConfigError};

/// The service to use where one is needed: of the highest of the `supported` API versions the one
/// whose window began last, and of several such the first in the list.
pub fn select<'a>(
    services: &'a [Service],
    role: &'static str,
    supported: &[u32],
    time: UnixTime,
) -> Result<&'a Service, SigningConfigError> {
    let services = usable(services, supported, time);
    let first = services.first().copied();
    first.ok_or_else(|| no_service(role, supported, time))
}

/// The services to use together, as the selector has it, each run by another operator.
///
/// `random` is asked for an index below the number that it is given; ANY and EXACT ask it, so that
/// the load spreads over the services, ALL does not. Services that name no operator count as one
/// operator's, as they do in Sigstore's Go library: nothing says that they are independent.
///
/// Errors: no service is valid; EXACT wants more than there are operators.
pub fn select_many<'a>(
    services: &'a [Service],
    role: &'static str,
    selector: Selector,
    supported: &[u32],
    time: UnixTime,
    mut random: impl FnMut(usize) -> usize,
) -> Result<Vec<&'a Service>, SigningConfigError> {
    let mut distinct: Vec<&Service> = Vec::new();
    for service in usable(services, supported, time) {
        let operator = &service.operator;
        if distinct.iter().all(|known| known.operator != *operator) {
            distinct.push(service);
        }
    }
    let found = distinct.len();
    if found == 0 {
        return Err(no_service(role, supported, time));
    }
    let count = match selector {
        Selector::All => return Ok(distinct),
        Selector::Any => 1,
        Selector::Exact(count) => count.get() as usize,
    };
    if count > found {
        return Err(SigningConfigError::TooFewServices {
            role,
            expected: count,
            found,
        });
    }
    let mut selected = Vec::with_capacity(count);
    while selected.len() < count {
        // The remainder keeps a careless source from a panic; there is always one left here.
        let index = random(distinct.len()) % distinct.len();
        selected.push(distinct.swap_remove(index));
    }
    Ok(selected)
}

/// The valid services of the highest supported version that has any, newest first.
fn usable<'a>(services: &'a [Service], supported: &[u32], time: UnixTime) -> Vec<&'a Service> {
    let valid = services.iter().filter(|service| {
        supported.contains(&service.major_api_version) && service.valid_for.contains(time)
    });
    let mut valid: Vec<&Service> = valid.collect();
    let highest = valid.iter().map(|service| service.major_api_version).max();
    valid.retain(|service| Some(service.major_api_version) == highest);
    // Stable: of several that began at one time the first in the list stays first.
    valid.sort_by_key(|service| std::cmp::Reverse(service.valid_for.start));
    valid
}

fn no_service(role: &'static str, supported: &[u32], time: UnixTime) -> SigningConfigError {
    SigningConfigError::NoService {
        role,
        time,
        versions: supported.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::signing_config::tests::{at, service};

    const NOW: &str = "2026-06-01T00:00:00Z";

    fn run_by(operator: &str, url: &str, version: u32, start: &str) -> Service {
        Service {
            operator: operator.into(),
            ..service(url, version, start, None)
        }
    }

    fn exactly(count: u32) -> Selector {
        Selector::Exact(NonZeroU32::new(count).unwrap())
    }

    #[test]
    fn the_newest_valid_service_of_the_highest_supported_version_is_taken() {
        let services = [
            service("old", 2, "2025-01-01T00:00:00Z", None),
            service("new", 2, "2026-01-01T00:00:00Z", None),
            service("twin", 2, "2026-01-01T00:00:00Z", None),
            service(
                "ended",
                2,
                "2026-02-01T00:00:00Z",
                Some("2026-03-01T00:00:00Z"),
            ),
            service("first version", 1, "2026-05-01T00:00:00Z", None),
            service("third version", 3, "2026-01-01T00:00:00Z", None),
        ];
        let url = |supported: &[u32], time| {
            let selected = select(&services, "log", supported, at(time));
            selected.map(|service| service.url.as_str())
        };
        assert_eq!(url(&[2], NOW).unwrap(), "new");
        assert_eq!(url(&[1, 2], NOW).unwrap(), "new");
        assert_eq!(url(&[2, 1], NOW).unwrap(), "new");
        assert_eq!(url(&[1], NOW).unwrap(), "first version");
        assert_eq!(url(&[1, 2, 3, 4], NOW).unwrap(), "third version");
        assert_eq!(url(&[2], "2026-03-01T00:00:00Z").unwrap(), "ended");
        // A version whose services have not begun gives way to a lower one.
        assert_eq!(url(&[2, 3], "2025-06-01T00:00:00Z").unwrap(), "old");
        let refused = |supported: &[u32], time| url(supported, time).unwrap_err().to_string();
        assert_eq!(
            refused(&[1, 2], "2024-06-01T00:00:00Z"),
            "the signing config names no log that is valid at 2024-06-01T00:00:00Z with API version \
             1 or 2"
        );
        assert!(refused(&[4], NOW).ends_with("with API version 4"));
        assert!(refused(&[], NOW).ends_with("with API version (none is supported)"));
    }

    #[test]
    fn several_services_are_of_one_version_and_of_different_operators() {
        let services = [
            run_by("a", "a old", 2, "2025-01-01T00:00:00Z"),
            run_by("b", "b", 2, "2025-02-01T00:00:00Z"),
            run_by("a", "a new", 2, "2026-01-01T00:00:00Z"),
            run_by("c", "c", 1, "2026-01-01T00:00:00Z"),
            run_by("d", "d", 3, "2026-01-01T00:00:00Z"),
        ];
        let urls = |supported: &[u32], time| {
            let never = |_| unreachable!("ALL leaves nothing to chance");
            let selected = select_many(&services, "log", Selector::All, supported, at(time), never);
            selected.map(|services| {
                let urls = services.iter().map(|service| service.url.as_str());
                urls.collect::<Vec<_>>()
            })
        };
        assert_eq!(urls(&[1, 2], NOW).unwrap(), ["a new", "b"]);
        assert_eq!(urls(&[1], NOW).unwrap(), ["c"]);
        assert_eq!(
            urls(&[1, 2, 3], "2025-06-01T00:00:00Z").unwrap(),
            ["b", "a old"]
        );
        let refused = urls(&[1, 2], "2024-06-01T00:00:00Z").unwrap_err();
        assert!(matches!(refused, SigningConfigError::NoService { .. }));
    }

    #[test]
    fn any_and_exact_take_by_chance_and_never_twice() {
        let services = ["a", "b", "c"].map(|url| run_by(url, url, 1, "2026-01-01T00:00:00Z"));
        let urls = |selector, indexes: &[usize]| {
            let mut indexes = indexes.iter();
            let mut asked = Vec::new();
            let random = |below| {
                asked.push(below);
                *indexes.next().unwrap()
            };
            let selected = select_many(&services, "log", selector, &[1], at(NOW), random);
            let urls: String = selected
                .unwrap()
                .iter()
                .map(|service| service.url.as_str())
                .collect();
            (urls, asked)
        };
        for (index, expected) in [(0, "a"), (1, "b"), (2, "c"), (4, "b")] {
            assert_eq!(
                urls(Selector::Any, &[index]),
                (expected.into(), vec![3]),
                "{index}"
            );
        }
        assert_eq!(urls(exactly(1), &[2]), ("c".into(), vec![3]));
        assert_eq!(urls(exactly(2), &[0, 0]), ("ac".into(), vec![3, 2]));
        assert_eq!(urls(exactly(3), &[1, 1, 0]), ("bca".into(), vec![3, 2, 1]));
    }

    #[test]
    fn exact_needs_that_many_operators() {
        let mut services = [
            run_by("a", "one", 1, "2026-01-01T00:00:00Z"),
            run_by("a", "two", 1, "2026-01-01T00:00:00Z"),
        ];
        let selected = |services: &[Service]| {
            let selected = select_many(services, "log", exactly(2), &[1], at(NOW), |_| 0);
            selected
                .map(|services| services.len())
                .map_err(|error| error.to_string())
        };
        let refused = "the signing config wants exactly 2 of the kind log by different operators; \
                       1 can be used";
        assert_eq!(selected(&services), Err(refused.into()));
        services[1].operator = "b".into();
        assert_eq!(selected(&services), Ok(2));
        // Who does not say who runs them does not say that these are two.
        for service in &mut services {
            service.operator.clear();
        }
        assert_eq!(selected(&services), Err(refused.into()));
    }
}
