//! The flags of `trusted-root create` from before each service was one flag. They come in parallel lists: the
//! second `--rekor-url` belongs to the second `--rekor-key`.

use anyhow::{bail, ensure};
use clap::Args;

/// The older flags.
#[derive(Debug, Args)]
pub(crate) struct OlderFlags {
    /// The certificates of a certificate authority
    #[arg(long, alias = "cert-chain", value_name = "FILE", hide = true)]
    certificate_chain: Vec<String>,
    /// Its URL
    #[arg(long, value_name = "URL", hide = true)]
    fulcio_uri: Vec<String>,
    /// The key of a CT log
    #[arg(long, value_name = "FILE", hide = true)]
    ctfe_key: Vec<String>,
    /// When it began
    #[arg(long, value_name = "TIME", hide = true)]
    ctfe_start_time: Vec<String>,
    /// When it ended
    #[arg(long, value_name = "TIME", hide = true)]
    ctfe_end_time: Vec<String>,
    /// Its URL
    #[arg(long, value_name = "URL", hide = true)]
    ctfe_url: Vec<String>,
    /// The key of a transparency log, and after a comma its name in checkpoints
    #[arg(long, value_name = "FILE[,ORIGIN]", hide = true)]
    rekor_key: Vec<String>,
    /// When it began
    #[arg(long, value_name = "TIME", hide = true)]
    rekor_start_time: Vec<String>,
    /// When it ended
    #[arg(long, value_name = "TIME", hide = true)]
    rekor_end_time: Vec<String>,
    /// Its URL
    #[arg(long, value_name = "URL", hide = true)]
    rekor_url: Vec<String>,
    /// The certificates of a timestamp authority
    #[arg(long, value_name = "FILE", hide = true)]
    timestamp_certificate_chain: Vec<String>,
    /// Its URL
    #[arg(long, value_name = "URL", hide = true)]
    timestamp_uri: Vec<String>,
}

/// The same services, each as its flag of today describes it.
pub(crate) struct Services {
    pub(crate) fulcio: Vec<String>,
    pub(crate) rekor: Vec<String>,
    pub(crate) ctfe: Vec<String>,
    pub(crate) tsa: Vec<String>,
}

impl OlderFlags {
    pub(crate) fn services(&self) -> anyhow::Result<Services> {
        Ok(Services {
            fulcio: authorities(
                ("fulcio-uri", &self.fulcio_uri),
                ("certificate-chain", &self.certificate_chain),
            )?,
            tsa: authorities(
                ("timestamp-uri", &self.timestamp_uri),
                (
                    "timestamp-certificate-chain",
                    &self.timestamp_certificate_chain,
                ),
            )?,
            rekor: logs(
                "rekor",
                &self.rekor_key,
                &self.rekor_url,
                (&self.rekor_start_time, &self.rekor_end_time),
            )?,
            ctfe: logs(
                "ctfe",
                &self.ctfe_key,
                &self.ctfe_url,
                (&self.ctfe_start_time, &self.ctfe_end_time),
            )?,
        })
    }
}

/// Each of one list with its own of another, where that has one.
fn authorities(
    (url_flag, urls): (&str, &[String]),
    (chain_flag, chains): (&str, &[String]),
) -> anyhow::Result<Vec<String>> {
    ensure!(
        urls.len() <= chains.len(),
        "more --{url_flag} than --{chain_flag}: whose are they?"
    );
    let services = chains.iter().enumerate().map(|(place, chain)| {
        let url = urls.get(place).map_or("", String::as_str);
        format!("url={url},certificate-chain={chain}")
    });
    Ok(services.collect())
}

fn logs(
    name: &str,
    keys: &[String],
    urls: &[String],
    (starts, ends): (&[String], &[String]),
) -> anyhow::Result<Vec<String>> {
    let lists = [
        (urls.len(), "url"),
        (starts.len(), "start-time"),
        (ends.len(), "end-time"),
    ];
    if let Some((_, other)) = lists.iter().find(|(length, _)| *length > keys.len()) {
        bail!("more --{name}-{other} than --{name}-key: whose are they?");
    }
    let services = keys.iter().enumerate().map(|(place, key)| {
        let (key, origin) = match key.split_once(',') {
            Some((key, origin)) => (key, Some(origin)),
            None => (key.as_str(), None),
        };
        let url = urls.get(place).map_or("", String::as_str);
        // The older flags knew logs from the beginning of time.
        let start = starts
            .get(place)
            .map_or("1970-01-01T00:00:00Z", String::as_str);
        let mut service = format!("url={url},public-key={key},start-time={start}");
        for (key, value) in [
            ("end-time", ends.get(place).map(String::as_str)),
            ("origin", origin),
        ] {
            if let Some(value) = value {
                service.push_str(&format!(",{key}={value}"));
            }
        }
        service
    });
    Ok(services.collect())
}
