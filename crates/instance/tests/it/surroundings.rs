//! Instances of the tests: in memory, at a time that stands still.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use waxwing_client::{By, Signer, What};
use waxwing_crypto::{HashAlgorithm, KeyType, SystemRandom};
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_instance::{Address, Instance, Surroundings};
use waxwing_issuer::Identity;
use waxwing_model::Bundle;
use waxwing_net::{Client, Settings};
use waxwing_serve::Listener;

pub(crate) const EMAIL: &str = "alice@example.com";
pub(crate) const ARTIFACT: &[u8] = b"an artifact";

/// The clock has a fraction, which certificates and timestamps cannot hold.
pub(crate) const NOW: &str = "2026-06-01T12:00:00.987654321Z";
pub(crate) const SECOND: &str = "2026-06-01T12:00:00Z";

struct Noon;

impl Clock for Noon {
    fn now(&self) -> UnixTime {
        UnixTime::parse(NOW).unwrap()
    }
}

pub(crate) fn surroundings() -> Surroundings {
    Surroundings {
        clock: Arc::new(Noon),
        random: Arc::new(SystemRandom),
    }
}

pub(crate) async fn start(url: &str) -> Instance {
    let address = Address::new(url).unwrap();
    Instance::start(address, surroundings()).await.unwrap()
}

/// An instance behind a port of the loopback interface.
pub(crate) struct Served {
    pub(crate) instance: Instance,
    stop: oneshot::Sender<()>,
    done: JoinHandle<()>,
}

impl Served {
    pub(crate) async fn start() -> Self {
        let listener = Listener::bind_loopback(0).await.unwrap();
        let port = listener.address().port();
        let instance = start(&format!("http://127.0.0.1:{port}")).await;
        let (stop, stopped) = oneshot::channel();
        let serving = listener.serve(instance.router(), async { drop(stopped.await) });
        Self {
            instance,
            stop,
            done: tokio::spawn(serving),
        }
    }

    /// A client that knows the instance by its address alone.
    pub(crate) fn client() -> Client {
        Client::network(Settings::default()).unwrap()
    }

    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.done.await.unwrap();
    }
}

/// Signs [`ARTIFACT`] as [`EMAIL`]. The bundle was written and read again.
pub(crate) async fn sign(instance: &Instance, signer: &Signer) -> Bundle {
    let token = instance.token(&Identity::email(EMAIL)).unwrap();
    let digest = HashAlgorithm::Sha256.digest(ARTIFACT);
    let (what, by) = (
        What::Digest(digest),
        By::Identity(&token, KeyType::EcdsaP256),
    );
    let signed = signer.sign(what, by, &mut |_| {}).await.unwrap();
    Bundle::from_json(&signed.bundle.to_json().unwrap()).unwrap()
}
