//! How a tool reaches the network, from its environment: proxies as everywhere.

use waxwing_net::{Proxy, Settings};

use crate::Environment;

/// The settings of a tool's client: `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, in either case.
pub fn settings(environment: &Environment) -> Settings {
    let variable = |name: &str| {
        let upper = environment.value(name);
        let lower = name.to_lowercase();
        upper.or(environment.value(&lower)).map(str::to_owned)
    };
    Settings {
        proxy: Proxy {
            http: variable("HTTP_PROXY"),
            https: variable("HTTPS_PROXY"),
            exceptions: variable("NO_PROXY").unwrap_or_default(),
        },
        ..Settings::default()
    }
}
