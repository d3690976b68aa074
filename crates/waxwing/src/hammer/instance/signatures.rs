//! What raw signatures allow: the operations that no service can do without, on all cores, and nothing else.
//!
//! | service | of one answer |
//! |---|---|
//! | rekor | the entry's signature verified |
//! | fulcio | token, proof and promise verified; precertificate, leaf and promise signed; and the log verifies the precertificate |
//! | ct | the precertificate verified, the promise signed |
//! | tsa | the timestamp signed |
//!
//! Two figures come of it: how many a second there are by the clock, and what one takes of the processor.
//! Other work on the machine takes its part of the first, and whoever else the hypervisor serves of both;
//! so they are measured beside the load, a little before each turn, and what is compared was measured in
//! the same seconds.
//!
//! Heads, and the disk that makes a batch of entries durable, are shared by many answers and are not in it.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::Context;
use waxwing_crypto::{KeyType, PrivateKey};

use super::drive::Service;
use crate::hammer::process::Usage;
use crate::hammer::report::ratio;

/// The keys that the raw operations are made with.
#[derive(Debug)]
pub(super) struct RawKeys {
    cores: usize,
    signer: PrivateKey,
    token: PrivateKey,
}

/// The raw operations of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Signatures {
    /// P-256, over some 250 bytes.
    pub(super) sign: Operation,
    pub(super) verify: Operation,
    /// By the key of the issuer.
    pub(super) verify_token: Operation,
}

/// What one operation costs, as far as it was measured.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Operation {
    count: f64,
    time: Duration,
    processor: Duration,
}

impl RawKeys {
    /// New keys; `issuer` is the kind of key that signs tokens.
    pub(super) fn new(issuer: KeyType) -> anyhow::Result<Self> {
        Ok(Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            signer: PrivateKey::generate(KeyType::EcdsaP256)?,
            token: PrivateKey::generate(issuer)?,
        })
    }

    /// Measures each operation for so long, on all cores at once.
    pub(super) fn measure(&self, time: Duration) -> anyhow::Result<Signatures> {
        let message = [7; 250];
        Ok(Signatures {
            sign: self.operation(time, || {
                black_box(self.signer.sign(black_box(&message)).is_ok());
            })?,
            verify: self.verifying(time, &self.signer, &message)?,
            verify_token: self.verifying(time, &self.token, &message)?,
        })
    }

    fn verifying(
        &self,
        time: Duration,
        key: &PrivateKey,
        message: &[u8],
    ) -> anyhow::Result<Operation> {
        let signature = key.sign(message)?;
        let (public, algorithm) = (key.public_key(), key.algorithm());
        self.operation(time, || {
            let verified = public.verify(algorithm, black_box(message), &signature);
            black_box(verified.is_ok());
        })
    }

    fn operation(&self, time: Duration, work: impl Fn() + Sync) -> anyhow::Result<Operation> {
        let counted = || {
            let (began, mut count) = (Instant::now(), 0_u32);
            while began.elapsed() < time {
                work();
                count += 1;
            }
            f64::from(count)
        };
        let (began, before) = (Instant::now(), Usage::now());
        let counts = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..self.cores).map(|_| scope.spawn(counted)).collect();
            let counts = threads.into_iter().map(|thread| thread.join().ok());
            counts.sum::<Option<f64>>()
        });
        Ok(Operation {
            count: counts.context("a signature panicked")?,
            time: began.elapsed(),
            processor: Usage::now().since(&before).total(),
        })
    }
}

impl Operation {
    /// How many there are in a second, on all cores at once.
    pub(super) fn per_second(&self) -> f64 {
        ratio(self.count, self.time.as_secs_f64())
    }

    fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.time += other.time;
        self.processor += other.processor;
    }
}

impl Signatures {
    /// Adds what was measured at another moment.
    pub(super) fn add(&mut self, other: &Self) {
        self.sign.add(&other.sign);
        self.verify.add(&other.verify);
        self.verify_token.add(&other.verify_token);
    }

    /// How many answers of a service raw signatures allow in a second, on all cores.
    pub(super) fn floor(&self, service: Service) -> f64 {
        1.0 / self.sum(service, |operation| ratio(1.0, operation.per_second()))
    }

    /// The processor time that raw signatures take of one answer.
    pub(super) fn processor_time(&self, service: Service) -> Duration {
        let each =
            |operation: &Operation| ratio(operation.processor.as_secs_f64(), operation.count);
        Duration::from_secs_f64(self.sum(service, each))
    }

    fn sum(&self, service: Service, cost: impl Fn(&Operation) -> f64) -> f64 {
        let (tokens, verified, signed) = match service {
            Service::Rekor => (0.0, 1.0, 0.0),
            Service::Fulcio => (1.0, 3.0, 3.0),
            Service::Ct => (0.0, 1.0, 1.0),
            Service::Tsa => (0.0, 0.0, 1.0),
        };
        tokens * cost(&self.verify_token)
            + verified * cost(&self.verify)
            + signed * cost(&self.sign)
    }
}
