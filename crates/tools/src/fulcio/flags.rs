//! The flags of `fulcio serve`.

use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use waxwing_cli::parse_duration;
use zeroize::Zeroizing;

/// Where the configuration is if nobody says so.
pub(super) const CONFIG_PATH: &str = "/etc/fulcio-config/config.yaml";

/// The socket of gRPC in version 1 if nobody says so.
pub(super) const LEGACY_SOCKET: &str = "@fulcio-legacy-grpc-socket";

/// Issue certificates over HTTP and gRPC
///
/// Every flag can be a variable, FULCIO_SERVE_CT_LOG_URL for --ct-log-url, and a line of the file of
/// --config; the command line goes before variables, and those before the file. The chain and key of
/// --ca=fileca and the TLS certificate are read again when they change, and on SIGHUP. SIGTERM and
/// SIGINT end it after the requests that run.
///
/// Example:
///   fulcio serve --ca=fileca --fileca-cert=chain.pem --fileca-key=key.pem
///     --fileca-key-passwd-file=password --config-path=config.yaml
///     --ct-log-url=https://ctlog.example.com/2026 --ct-log-public-key-path=ctlog.pub
#[derive(Debug, Clone, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Serve {
    /// Read flags from this file, YAML or JSON: their names without dashes, with their values
    #[arg(long, short, value_name = "FILE", value_parser = path)]
    pub(super) config: Option<PathBuf>,
    /// How the program's own log is written: dev, words to the standard output; prod, JSON to the
    /// standard error
    #[arg(long = "log_type", value_name = "TYPE", default_value = "dev")]
    pub(super) log_type: String,

    /// Where the issuing key is: fileca or ephemeralca; kmsca, tinkca, pkcs11ca and googleca are not here
    /// yet
    #[arg(
        long,
        value_name = "KIND",
        default_value = "",
        hide_default_value = true
    )]
    pub(super) ca: String,
    /// fileca: the chain in PEM, the issuing certificate first, the root last
    #[arg(long, value_name = "FILE", value_parser = path)]
    pub(super) fileca_cert: Option<PathBuf>,
    /// fileca: the key of the first certificate, in PEM, encrypted
    #[arg(long, value_name = "FILE", value_parser = path)]
    pub(super) fileca_key: Option<PathBuf>,
    /// fileca: the password of the key; better is a variable, or the next flag, because everybody on the
    /// machine can read a command line
    #[arg(long, value_name = "PASSWORD")]
    pub(super) fileca_key_passwd: Option<Password>,
    /// fileca: a file with the password of the key in its first line
    #[arg(long, value_name = "FILE", value_parser = path)]
    pub(super) fileca_key_passwd_file: Option<PathBuf>,
    /// fileca: read chain and key again when they change
    #[arg(long, default_value_t = true)]
    pub(super) fileca_watch: bool,
    /// kmsca: the key
    #[arg(long, value_name = "URI")]
    pub(super) kms_resource: Option<String>,
    /// kmsca: the chain in PEM
    #[arg(long, value_name = "FILE", value_parser = path)]
    pub(super) kms_cert_chain_path: Option<PathBuf>,
    /// kmsca: how often the service is asked again when it does not answer; 0 for as often as any
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(super) gcp_kms_retries: u32,
    /// kmsca: how long one question to the service may take, in seconds; 0 for as long as any
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub(super) gcp_kms_timeout: u32,
    /// tinkca: the key that the keyset is encrypted with
    #[arg(long, value_name = "URI")]
    pub(super) tink_kms_resource: Option<String>,
    /// tinkca: the chain in PEM
    #[arg(long, value_name = "FILE", value_parser = path)]
    pub(super) tink_cert_chain_path: Option<PathBuf>,
    /// tinkca: the encrypted keyset
    #[arg(long, value_name = "FILE", value_parser = path)]
    pub(super) tink_keyset_path: Option<PathBuf>,
    /// pkcs11ca: the settings of the module
    #[arg(long, value_name = "FILE", value_parser = path, default_value = "config/crypto11.conf")]
    pub(super) pkcs11_config_path: PathBuf,
    /// pkcs11ca: the ID of the root
    #[arg(long, value_name = "ID")]
    pub(super) hsm_caroot_id: Option<String>,
    /// pkcs11ca: the label of the key
    #[arg(long, value_name = "LABEL", default_value = "PKCS11CA")]
    pub(super) hsm_key_label: String,
    /// pkcs11ca: the root in PEM, for AWS
    #[arg(long, value_name = "FILE", value_parser = path)]
    pub(super) aws_hsm_root_ca_path: Option<PathBuf>,
    /// googleca: the pool, projects/…/locations/…/caPools/…
    #[arg(long = "gcp_private_ca_parent", value_name = "POOL")]
    pub(super) gcp_private_ca_parent: Option<String>,
    /// googleca: the version of the service, which no longer matters
    #[arg(long = "gcp_private_ca_version", value_name = "VERSION", hide = true)]
    pub(super) gcp_private_ca_version: Option<String>,

    /// Whom to believe: oidc-issuers, meta-issuers and ci-issuer-metadata, in YAML or JSON; where this
    /// default is not there, config.json beside it, and then the public issuers
    #[arg(long, value_name = "FILE", value_parser = path, default_value = CONFIG_PATH)]
    pub(super) config_path: PathBuf,
    /// Which keys may get a certificate, with the hash that they sign with [default: ECDSA on the three
    /// curves, each with its hash, RSA of 2048, 3072 and 4096 bits, and Ed25519]
    #[arg(long, value_name = "NAMES")]
    pub(super) client_signing_algorithms: Vec<String>,

    /// The CT log, up to the prefix before /ct/v1; without a value no certificate is logged
    #[arg(long, value_name = "URL", default_value = "http://localhost:6962/test")]
    pub(super) ct_log_url: String,
    /// The host that the log is asked for, if it is another one than that of the URL
    #[arg(
        long,
        value_name = "HOST",
        default_value = "",
        hide_default_value = true
    )]
    pub(super) ct_log_origin: String,
    /// The log's key in PEM; without it, its promises are not verified
    #[arg(long, value_name = "FILE", value_parser = path)]
    pub(super) ct_log_public_key_path: Option<PathBuf>,
    /// The authorities in PEM that vouch for the log's TLS, in the place of the system's
    #[arg(long = "ct-log.tls-ca-cert", value_name = "FILE", value_parser = path)]
    pub(super) ct_log_tls_ca_cert: Option<PathBuf>,

    /// The host to serve HTTP on; every address of the machine, as containers need it, by default
    #[arg(
        long,
        alias = "http-host",
        value_name = "HOST",
        default_value = "0.0.0.0"
    )]
    pub(super) host: String,
    /// The port to serve HTTP on; 0 lets the system choose
    #[arg(long, alias = "http-port", value_name = "PORT", default_value_t = 8080)]
    pub(super) port: u16,
    /// The host to serve gRPC on
    #[arg(long, value_name = "HOST", default_value = "0.0.0.0")]
    pub(super) grpc_host: String,
    /// The port to serve gRPC on; with the host and port of HTTP, both are served there
    #[arg(long, value_name = "PORT", default_value_t = 8081)]
    pub(super) grpc_port: u16,
    /// Serve gRPC over TLS 1.3 with the chain of this PEM file, the server's own certificate first
    #[arg(long, value_name = "FILE", value_parser = path)]
    pub(super) grpc_tls_certificate: Option<PathBuf>,
    /// The private key of that certificate, without a passphrase
    #[arg(long, value_name = "FILE", value_parser = path)]
    pub(super) grpc_tls_key: Option<PathBuf>,
    /// The host to serve GET /metrics on, which should not be public
    #[arg(long, value_name = "HOST", default_value = "0.0.0.0")]
    pub(super) metrics_host: String,
    /// The port to serve GET /metrics on
    #[arg(long, value_name = "PORT", default_value_t = 2112)]
    pub(super) metrics_port: u16,
    /// The Unix socket to serve gRPC in version 1 on: a path, or a name that no file has after @; without
    /// a value there is none [default: @fulcio-legacy-grpc-socket, if it is free]
    #[arg(long, value_name = "NAME")]
    pub(super) legacy_unix_domain_socket: Option<String>,
    /// How long a request's head may take
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "10s")]
    pub(super) read_header_timeout: Duration,
    /// How long a connection may be open without a request
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "30s")]
    pub(super) idle_connection_timeout: Duration,
}

/// A path, which may be empty: where a file or a chart has every flag, that is how it leaves one out.
fn path(text: &str) -> Result<PathBuf, Infallible> {
    Ok(PathBuf::from(text))
}

/// `path` unless it is empty.
pub(super) fn named(path: Option<&PathBuf>) -> Option<&PathBuf> {
    path.filter(|path| !path.as_os_str().is_empty())
}

/// A password.
#[derive(Clone)]
pub(super) struct Password(pub(super) Zeroizing<String>);

impl FromStr for Password {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(Zeroizing::new(text.to_owned())))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(secret)")
    }
}
