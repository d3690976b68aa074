//! Filing: full pages and tiles become objects, behind the batches and not before them.
//!
//! A record keeps its entries until they are filed, so nothing waits for this but the memory that
//! they take. Only what was published is filed: where readers go to the objects themselves, they
//! must not see more than a checkpoint covers.

use std::future::pending;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::JoinHandle;
use waxwing_tlog::tile::{Tile, Width};

use crate::context::Context;
use crate::recent::Keys;
use crate::state::State;
use crate::{Key, LogError, Object, ReadError, ledger};

/// Up to where the log is in objects now.
pub(crate) type Filed = Result<u64, LogError>;

/// Starts to file all that is full in a published state.
pub(crate) fn start(context: Arc<Context>, state: State, keys: Arc<Keys>) -> JoinHandle<Filed> {
    tokio::spawn(async move { file(&context, &state, &keys).await })
}

/// Waits for filing to end; for ever if there is none.
pub(crate) async fn join(filing: &mut Option<JoinHandle<Filed>>) -> Filed {
    let Some(handle) = filing else {
        return pending().await;
    };
    let filed = handle.await;
    *filing = None;
    filed.unwrap_or(Err(LogError::Panicked))
}

async fn file(context: &Context, state: &State, keys: &Keys) -> Filed {
    let format = context.settings.format;
    let mut objects = Vec::new();
    for (index, page) in state.shelf.full() {
        let content = format
            .encode(page.iter().map(|entry| &entry.stored))
            .map_err(ReadError::Bundle)?;
        objects.push((Object::Tile(format.tile(*index, Width::Full)), content));
        let page = ledger::encode(page, format);
        objects.push((Object::Ledger { index: *index }, page.into()));
    }
    for ((level, index), tile) in state.tree.full() {
        let content = tile
            .to_bytes(Width::Full)
            .expect("invariant: full tiles are full");
        let object = Object::Tile(Tile::hashes(*level, *index, Width::Full));
        objects.push((object, Bytes::from(content)));
    }
    context.driver.put(objects).await?;
    let entries = state.shelf.full().values().flat_map(|page| page.iter());
    let absorbed: Vec<Key> = entries.map(|entry| entry.key).collect();
    let first = state.shelf.start();
    let filed = first + absorbed.len() as u64;
    keys.filed().absorb(first, absorbed.clone()).await?;
    keys.forget(&absorbed, filed);
    Ok(filed)
}
