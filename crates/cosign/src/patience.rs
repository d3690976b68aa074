//! How long a command may take (`--timeout`), without the time that people take to log in.
//!
//! A person's minutes are theirs: the login has limits of its own, and the original does not count it either.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// How exactly it is counted.
const STEP: Duration = Duration::from_millis(100);

/// Whether the time counts now.
#[derive(Debug, Default)]
pub(crate) struct Patience(AtomicBool);

impl Patience {
    /// `work`, of which nothing counts.
    pub(crate) async fn of_people<T>(&self, work: impl Future<Output = T>) -> T {
        self.0.store(true, Ordering::Relaxed);
        let done = work.await;
        self.0.store(false, Ordering::Relaxed);
        done
    }

    /// `work`, if it is done within `limit` of the time that counts.
    pub(crate) async fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let mut work = std::pin::pin!(work);
        let mut left = limit;
        loop {
            let begun = Instant::now();
            if let Ok(done) = tokio::time::timeout(left.min(STEP), &mut work).await {
                return Some(done);
            }
            if !self.0.load(Ordering::Relaxed) {
                left = left.saturating_sub(begun.elapsed());
            }
            if left.is_zero() {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peoples_time_is_theirs() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let limit = Duration::from_millis(300);
        let longer = Duration::from_millis(700);
        runtime.block_on(async {
            let patience = Patience::default();
            let sleep = || tokio::time::sleep(longer);
            assert!(patience.within(limit, sleep()).await.is_none());
            let login = patience.of_people(sleep());
            assert!(patience.within(limit, login).await.is_some());
            // What comes after it counts again.
            let both = async {
                patience.of_people(sleep()).await;
                sleep().await;
            };
            assert!(patience.within(limit, both).await.is_none());
        });
    }
}
