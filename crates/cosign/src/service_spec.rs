//! A service as flags describe one.
//!
//! ```text
//! url=https://rekor.example.com,public-key=rekor.pub,start-time=2024-01-01T00:00:00Z,origin=rekor.example.com
//! ```
//!
//! Refused: keys that a service of that kind has not, a key twice, and keys that are missing.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};
use waxwing_encoding::time::UnixTime;
use waxwing_model::Window;

/// What a flag says of one service.
pub(crate) struct ServiceSpec<'a> {
    flag: &'static str,
    values: BTreeMap<&'a str, &'a str>,
}

impl<'a> ServiceSpec<'a> {
    /// Reads the value of `--flag`, which must have the keys `required` and may have those of `optional`.
    pub(crate) fn parse(
        flag: &'static str,
        text: &'a str,
        required: &[&str],
        optional: &[&str],
    ) -> anyhow::Result<Self> {
        let mut values = BTreeMap::new();
        for pair in text.split(',') {
            let (key, value) = pair.split_once('=').with_context(|| {
                format!("parsing --{flag}: {pair:?} is no pair of a key and a value, as in url=https://…")
            })?;
            let (key, value) = (key.trim(), value.trim());
            let known = required.iter().chain(optional).any(|known| *known == key);
            ensure!(
                known,
                "parsing --{flag}: there is no key {key:?}; expected {}",
                [required, optional].concat().join(", ")
            );
            ensure!(
                values.insert(key, value).is_none(),
                "parsing --{flag}: {key:?} stands there twice"
            );
        }
        if let Some(missing) = required.iter().find(|key| !values.contains_key(*key)) {
            bail!("parsing --{flag}: missing required key '{missing}' in {text:?}");
        }
        Ok(Self { flag, values })
    }

    /// The value of a key that is required.
    pub(crate) fn value(&self, key: &str) -> &'a str {
        self.values.get(key).copied().unwrap_or_default()
    }

    /// The value of a key that may be left out.
    pub(crate) fn optional(&self, key: &str) -> Option<&'a str> {
        self.values.get(key).copied()
    }

    fn time(&self, key: &str) -> anyhow::Result<Option<UnixTime>> {
        let text = self.optional(key);
        let time = text.map(UnixTime::parse).transpose();
        time.with_context(|| {
            let (flag, found) = (self.flag, text.unwrap_or_default());
            format!("parsing --{flag}: {key} is {found:?}; expected one like 2024-01-01T00:00:00Z")
        })
    }

    /// `start-time` and `end-time`; where the start is left out it is `otherwise`.
    pub(crate) fn window(&self, otherwise: Option<UnixTime>) -> anyhow::Result<Window> {
        let start = self.time("start-time")?.or(otherwise);
        let window = Window {
            start: start.with_context(|| format!("--{} has no start-time", self.flag))?,
            end: self.time("end-time")?,
        };
        ensure!(
            window.end.is_none_or(|end| end >= window.start),
            "parsing --{}: end-time is before start-time",
            self.flag
        );
        Ok(window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> anyhow::Result<ServiceSpec<'_>> {
        ServiceSpec::parse("rekor", text, &["url", "start-time"], &["end-time"])
    }

    #[test]
    fn a_service_has_its_keys_and_no_others() {
        let spec = parse("url=https://r?a=b,start-time=2024-01-01T00:00:00Z").unwrap();
        assert_eq!(spec.value("url"), "https://r?a=b");
        let window = spec.window(None).unwrap();
        assert_eq!(window.end, None);
        for (text, expected) in [
            ("url", "is no pair"),
            ("url=a", "missing required key 'start-time'"),
            (
                "url=a,foo=b",
                "no key \"foo\"; expected url, start-time, end-time",
            ),
            ("url=a,url=b,start-time=c", "\"url\" stands there twice"),
        ] {
            let refused = parse(text).map(|_| ()).unwrap_err().to_string();
            assert!(refused.contains(expected), "{text}: {refused}");
        }
        let time = parse("url=a,start-time=x").unwrap();
        assert!(
            time.window(None)
                .unwrap_err()
                .to_string()
                .contains("start-time is \"x\"")
        );
        let order = "url=a,start-time=2024-01-01T00:00:00Z,end-time=2023-01-01T00:00:00Z";
        let order = parse(order).unwrap().window(None).unwrap_err();
        assert!(order.to_string().contains("before start-time"));
    }
}
