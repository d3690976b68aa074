//! The check that services on one port do not take requests from each other.
//!
//! Each service has a table of its routes in axum's notation:
//!
//! ```text
//! ("POST", "/api/v2/log/entries")
//! ("GET", "/api/v2/tile/{level}/{*index}")
//! ```
//!
//! Refused: two services with routes that a single request could belong to. Routes of one service
//! may overlap; that is its own affair. One path may belong to two services by different methods.

/// A method and a path in axum's notation.
pub type Route = (&'static str, &'static str);

/// A service, where it is mounted and what it answers.
#[derive(Debug, Clone, Copy)]
pub struct Mount<'a> {
    /// The service's name.
    pub service: &'a str,
    /// What stands before each of its paths: empty, or such as `/oidc`.
    pub prefix: &'a str,
    /// The service's routes.
    pub routes: &'a [Route],
}

/// Two services want the same requests.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{first} and {second} answer the same requests; give one of the two services a prefix")]
pub struct RouteConflict {
    /// The service and the route that came first.
    pub first: String,
    /// The service and the route that collide with it.
    pub second: String,
}

/// Checks that no route of one service shadows a route of another one.
pub fn check_mounts(mounts: &[Mount<'_>]) -> Result<(), RouteConflict> {
    for (number, first) in mounts.iter().enumerate() {
        for second in &mounts[number + 1..] {
            check_pair(first, second)?;
        }
    }
    Ok(())
}

fn check_pair(first: &Mount<'_>, second: &Mount<'_>) -> Result<(), RouteConflict> {
    for one in first.routes {
        for other in second.routes {
            if collide((first.prefix, one), (second.prefix, other)) {
                return Err(RouteConflict {
                    first: named(first, one),
                    second: named(second, other),
                });
            }
        }
    }
    Ok(())
}

fn named(mount: &Mount<'_>, (method, path): &Route) -> String {
    format!("{} ({method} {}{path})", mount.service, mount.prefix)
}

fn collide(first: (&str, &Route), second: (&str, &Route)) -> bool {
    let full = |(prefix, route): (&str, &Route)| format!("{prefix}{}", route.1);
    let (one, other) = (full(first), full(second));
    if one == other {
        return first.1.0 == second.1.0;
    }
    // Among patterns that differ, the router picks one by the path alone, and a request whose method
    // only the other one has is refused. So methods do not matter here.
    let one: Vec<&str> = one.split('/').collect();
    let other: Vec<&str> = other.split('/').collect();
    overlap(&one, &other)
}

/// Whether there is a path that both patterns match.
fn overlap(one: &[&str], other: &[&str]) -> bool {
    match (one, other) {
        ([], []) => true,
        // The last segment of a path may be empty, and a wildcard does not match nothing.
        (rest, [wildcard]) | ([wildcard], rest) if wildcard.starts_with("{*") => {
            !matches!(rest, [] | [""])
        }
        ([first, one @ ..], [second, other @ ..]) => {
            segments_overlap(first, second) && overlap(one, other)
        }
        _ => false,
    }
}

fn segments_overlap(first: &str, second: &str) -> bool {
    // A parameter matches any segment but the empty one.
    match (first.contains('{'), second.contains('{')) {
        (false, false) => first == second,
        (true, false) => !second.is_empty(),
        (false, true) => !first.is_empty(),
        (true, true) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conflict((prefix, route): (&str, Route), second: (&str, Route)) -> bool {
        let one = Mount {
            service: "one",
            prefix,
            routes: &[route],
        };
        let two = Mount {
            service: "two",
            prefix: second.0,
            routes: &[second.1],
        };
        check_mounts(&[one, two]).is_err()
    }

    #[test]
    fn a_request_that_two_services_would_take_is_found() {
        let table = [
            ("/api/v1/log", "/api/v1/log", true),
            ("/api/v1/log", "/api/v2/log", false),
            ("/api/v1/log", "/api/v1/log/entries", false),
            ("/api/v1/{name}", "/api/v1/log", true),
            ("/api/v1/{name}", "/api/v1/log/entries", false),
            ("/api/v1/{name}/", "/api/v1/log", false),
            ("/api/v1/{name}", "/api/v1/", false),
            ("/api/{version}/log", "/api/v1/{name}", true),
            ("/{*rest}", "/api/v1/log", true),
            ("/tile/{*rest}", "/tile/{level}/{index}", true),
            ("/tile/{*rest}", "/tile/{level}/", true),
            ("/tile/{*rest}", "/{*all}", true),
            ("/tile/{*rest}", "/tile", false),
            ("/tile/{*rest}", "/tile/", false),
            ("/tile/{*rest}", "/tiles/0", false),
        ];
        for (one, other, expected) in table {
            let routes = |method| (("", ("GET", one)), ("", (method, other)));
            let (first, second) = routes("GET");
            assert_eq!(conflict(first, second), expected, "{one} {other}");
            assert_eq!(conflict(second, first), expected, "{other} {one}");
            // With another method only one and the same path is free of conflict.
            let (first, second) = routes("POST");
            assert_eq!(
                conflict(first, second),
                expected && one != other,
                "{one} {other}"
            );
        }
    }

    #[test]
    fn a_prefix_keeps_services_apart_and_is_named() {
        let keys = ("GET", "/keys");
        assert!(!conflict(("/oidc", keys), ("", keys)));
        assert!(conflict(("/oidc", keys), ("", ("GET", "/oidc/keys"))));
        const PING: &[Route] = &[("GET", "/ping")];
        let mount = |service| Mount {
            service,
            prefix: "/x",
            routes: PING,
        };
        let error = check_mounts(&[mount("tsa"), mount("rekor")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "tsa (GET /x/ping) and rekor (GET /x/ping) answer the same requests; \
             give one of the two services a prefix"
        );
    }
}
