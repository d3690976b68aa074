//! The flags, which stand before the command or behind it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use waxwing_cli::parse_duration;
use waxwing_pki::ObjectIdentifier;

/// All flags.
#[derive(Debug, Args)]
pub(super) struct Flags {
    /// Read flags that are not given from this file, YAML or JSON [default: timestamp-server.yaml in the home
    /// directory or here, if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The form of the log of requests, on the standard error: words in dev, JSON in prod
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "TYPE",
        default_value = "dev"
    )]
    pub(super) log_type: LogType,
    /// The header that requests bring their id in
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        default_value = "X-Request-ID"
    )]
    pub(super) http_request_id_header_name: String,
    /// Serve GET /metrics in the form of Prometheus on this address; none for nowhere
    #[arg(long, global = true, value_name = "ADDRESS", default_value = ":2112")]
    pub(super) metrics_address: String,
    /// Nothing, with a warning: there is no profile in the form of Go
    #[arg(long, global = true)]
    pub(super) enable_pprof: bool,
    #[command(flatten)]
    pub(super) listening: Listening,
    #[command(flatten)]
    pub(super) limits: Limits,
    #[command(flatten)]
    pub(super) signer: Signer,
    #[command(flatten)]
    pub(super) answers: Answers,
    #[command(flatten)]
    pub(super) clock: Clock,
}

/// Where requests come from.
#[derive(Debug, Args)]
#[command(next_help_heading = "Listening")]
pub(super) struct Listening {
    /// The listeners: http, https and unix, separated by commas
    #[arg(long, global = true, value_name = "SCHEMES", default_value = "http")]
    scheme: Vec<String>,
    /// The name or address to listen on for http
    #[arg(long, global = true, value_name = "HOST", default_value = "localhost")]
    pub(super) host: String,
    /// The port for http; 0 lets the system choose
    #[arg(long, global = true, value_name = "PORT", default_value = "0")]
    pub(super) port: u16,
    /// The socket for unix
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        default_value = "/var/run/todo-list.sock"
    )]
    pub(super) socket_path: PathBuf,
    /// The name or address to listen on for https
    #[arg(long, global = true, value_name = "HOST", default_value = "localhost")]
    pub(super) tls_host: String,
    /// The port for https; 0 lets the system choose
    #[arg(long, global = true, value_name = "PORT", default_value = "0")]
    pub(super) tls_port: u16,
    /// The certificate chain for https in PEM, the server's own first
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) tls_certificate: Option<PathBuf>,
    /// Its private key in PEM, without a password
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) tls_key: Option<PathBuf>,
    /// Serve https only to clients with a certificate under one of these roots
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) tls_ca: Option<PathBuf>,
    /// Answer nothing but /ping, except by https
    #[arg(long, global = true)]
    pub(super) http_ping_only: bool,
}

/// How much, and how long.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct Limits {
    /// The most bytes of a request; 0 for the default
    #[arg(long, global = true, value_name = "BYTES", default_value = "1048576")]
    pub(super) max_request_body_size: usize,
    /// The most bytes of a request's headers, with a unit if one likes
    #[arg(long, global = true, value_name = "SIZE", value_parser = parse_size, default_value = "1MB")]
    pub(super) max_header_size: usize,
    /// The most connections at once for http; 0 for 1024
    #[arg(long, global = true, value_name = "NUMBER", default_value = "0")]
    pub(super) listen_limit: usize,
    /// The same for https [default: that of --listen-limit]
    #[arg(long, global = true, value_name = "NUMBER", default_value = "0")]
    pub(super) tls_listen_limit: usize,
    /// 0 to end each connection after one answer
    #[arg(long, global = true, value_name = "DURATION", value_parser = parse_duration, default_value = "3m0s")]
    pub(super) keep_alive: Duration,
    /// The same for https
    #[arg(long, global = true, value_name = "DURATION", value_parser = parse_duration, default_value = "3m0s")]
    pub(super) tls_keep_alive: Duration,
    /// How long a request may take to arrive
    #[arg(long, global = true, value_name = "DURATION", value_parser = parse_duration, default_value = "30s")]
    pub(super) read_timeout: Duration,
    /// The same for https
    #[arg(long, global = true, value_name = "DURATION", value_parser = parse_duration, default_value = "30s")]
    pub(super) tls_read_timeout: Duration,
    /// How long from a request's head to its answer
    #[arg(long, global = true, value_name = "DURATION", value_parser = parse_duration, default_value = "30s")]
    pub(super) write_timeout: Duration,
    /// The same for https
    #[arg(long, global = true, value_name = "DURATION", value_parser = parse_duration, default_value = "30s")]
    pub(super) tls_write_timeout: Duration,
    /// How long a connection may be idle
    #[arg(long, global = true, value_name = "DURATION", value_parser = parse_duration, default_value = "10m20s")]
    pub(super) cleanup_timeout: Duration,
    /// How long requests that run may go on after SIGTERM
    #[arg(long, global = true, value_name = "DURATION", value_parser = parse_duration, default_value = "15s")]
    pub(super) graceful_timeout: Duration,
}

/// Who signs.
#[derive(Debug, Args)]
#[command(next_help_heading = "Signer")]
pub(super) struct Signer {
    /// Where the key is: memory, which makes one for a test, or file
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "SIGNER",
        default_value = "memory"
    )]
    pub(super) timestamp_signer: SignerKind,
    /// By which function it hashes: sha256, sha384 or sha512
    #[arg(
        long,
        global = true,
        value_enum,
        ignore_case = true,
        value_name = "HASH",
        default_value = "sha256"
    )]
    pub(super) timestamp_signer_hash: Hash,
    /// The certificates of the key in PEM, its own first and the root last
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) certificate_chain_path: Option<PathBuf>,
    /// The key in PEM: PKCS#8, SEC 1 or PKCS#1, or encrypted as cosign or openssl pkcs8 write it
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) file_signer_key_path: Option<PathBuf>,
    /// The password of that key; better given as TIMESTAMP_SERVER_FILE_SIGNER_PASSWD
    #[arg(long, global = true, value_name = "PASSWORD")]
    pub(super) file_signer_passwd: Option<Secret>,
    /// Start only if intermediate certificates are for timestamps
    #[arg(long, global = true, default_value_t = true)]
    pub(super) enforce_intermediate_eku: bool,
    /// With --timestamp-signer kms: the key, as awskms://…, azurekms://…, gcpkms://…, hashivault://… or openbao://…
    #[arg(long, global = true, value_name = "URI")]
    pub(super) kms_key_resource: Option<String>,
    /// The key that a Tink keyset is encrypted by; not here
    #[arg(long, global = true, value_name = "URI", hide = true)]
    pub(super) tink_key_resource: Option<String>,
    /// The Tink keyset; not here
    #[arg(long, global = true, value_name = "FILE", hide = true)]
    pub(super) tink_keyset_path: Option<PathBuf>,
    /// The token for Vault; not here
    #[arg(long, global = true, value_name = "TOKEN", hide = true)]
    pub(super) tink_hcvault_token: Option<Secret>,
}

/// What is answered.
#[derive(Debug, Args)]
#[command(next_help_heading = "Answers")]
pub(super) struct Answers {
    /// The policy of timestamps whose requests name none
    #[arg(
        long,
        global = true,
        value_name = "OID",
        default_value = "1.3.6.1.4.1.57264.2"
    )]
    pub(super) default_policy_oid: ObjectIdentifier,
    /// The policies that requests may name besides, separated by commas
    #[arg(
        long,
        global = true,
        value_name = "OIDS",
        default_value = "1.3.6.1.4.1.57264.2"
    )]
    accepted_policy_oids: Vec<String>,
    /// Give the whole chain to who asks for certificates, not the first alone
    #[arg(long, global = true)]
    pub(super) include_chain_in_response: bool,
    /// Answer 201, as before version 2 of the original, not 200
    #[arg(long, global = true)]
    pub(super) use_http_201: bool,
    /// Copy extensions of requests into timestamps; not here
    #[arg(long, global = true, hide = true)]
    pub(super) allow_custom_extensions: bool,
}

/// Who watches over the clock.
#[derive(Debug, Args)]
#[command(next_help_heading = "Clock")]
pub(super) struct Clock {
    /// Ask no time servers
    #[arg(long, global = true)]
    pub(super) disable_ntp_monitoring: bool,
    /// Which time servers are asked, and how: a YAML file in the original's form [default: public servers]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) ntp_monitoring: Option<PathBuf>,
    /// What to do while time servers contradict the clock
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHAT",
        default_value = "refuse"
    )]
    pub(super) ntp_when_off: WhenOff,
}

/// The form of the log.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum LogType {
    /// Words with spaces between them
    Dev,
    /// A JSON object a line
    Prod,
}

/// Where the key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SignerKind {
    /// Made at the start, with a chain of its own
    Memory,
    /// In a file
    File,
    #[value(hide = true)]
    Kms,
    #[value(hide = true)]
    Tink,
}

/// By which function the key hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// What is done while the clock is off.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum WhenOff {
    /// Give timestamps all the same, as the original does
    Stamp,
    /// Give none
    Refuse,
    /// Give none also while too few servers answer
    RefuseUnlessGood,
}

/// A listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
    Unix,
}

/// A value that is never shown.
#[derive(Clone)]
pub(super) struct Secret(pub(super) zeroize::Zeroizing<String>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret")
    }
}

impl std::str::FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(zeroize::Zeroizing::new(text.to_owned())))
    }
}

impl Listening {
    /// The listeners, each once.
    pub(super) fn schemes(&self) -> anyhow::Result<Vec<Scheme>> {
        let mut schemes = Vec::new();
        for name in items(&self.scheme) {
            let scheme = match name {
                "http" => Scheme::Http,
                "https" => Scheme::Https,
                "unix" => Scheme::Unix,
                _ => bail!("--scheme {name}: expected http, https or unix"),
            };
            if !schemes.contains(&scheme) {
                schemes.push(scheme);
            }
        }
        if schemes.is_empty() {
            schemes.push(Scheme::Http);
        }
        Ok(schemes)
    }
}

impl Answers {
    /// The policies that requests may name.
    pub(super) fn accepted_policies(&self) -> anyhow::Result<Vec<ObjectIdentifier>> {
        let read = |text: &str| {
            let policy = ObjectIdentifier::new(text);
            policy.with_context(|| format!("--accepted-policy-oids: {text:?}"))
        };
        items(&self.accepted_policy_oids).map(read).collect()
    }
}

/// The items of a flag that is given several times, or once with commas.
fn items(values: &[String]) -> impl Iterator<Item = &str> {
    let items = values.iter().flat_map(|value| value.split(','));
    items.map(str::trim).filter(|item| !item.is_empty())
}

/// A number of bytes as the original reads it: `1MB`, `512k`, `4096`; the units are powers of 1000.
fn parse_size(text: &str) -> Result<usize, String> {
    let expected =
        || format!("expected a number of bytes such as 1MB, 512KB or 4096, found {text:?}");
    let end = text.find(|character: char| !character.is_ascii_digit());
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let factor: usize = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        _ => return Err(expected()),
    };
    let number: usize = number.parse().map_err(|_| expected())?;
    number.checked_mul(factor).ok_or_else(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_of_powers_of_1000() {
        for (text, expected) in [
            ("4096", 4096),
            ("1MB", 1_000_000),
            ("512k", 512_000),
            ("2 gb", 2_000_000_000),
            ("7B", 7),
        ] {
            assert_eq!(parse_size(text), Ok(expected), "{text}");
        }
        for text in ["", "MB", "1.5MB", "-1", "1TB", "99999999999999999999"] {
            let refused = parse_size(text).unwrap_err();
            assert!(
                refused.starts_with("expected a number of bytes"),
                "{refused}"
            );
        }
    }
}
