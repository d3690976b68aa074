//! Filing: full pages and tiles become objects, behind the batches and not before them.
//!
//! A record keeps its entries until they are filed, so nothing waits for this but the memory that
//! they take. Only what was published is filed: where readers go to the objects themselves, they
//! must not see more than a checkpoint covers.

use std::future::pending;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::JoinHandle;
use waxwing_tlog::tile::{Tile, Width, full_tiles, partial_width};

use crate::context::Context;
use crate::recent::Keys;
use crate::state::State;
use crate::{Format, Key, LogError, Object, ReadError, ledger};

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
    let objects = full_objects(state, context.settings.format)?;
    context.driver.put(objects).await?;
    let entries = state.shelf.full().values().flat_map(|page| page.iter());
    let absorbed: Vec<Key> = entries.map(|entry| entry.key).collect();
    let first = state.shelf.start();
    let filed = first + absorbed.len() as u64;
    keys.filed().absorb(first, absorbed.clone()).await?;
    keys.forget(&absorbed, filed);
    Ok(filed)
}

/// All that is full in a state, as objects.
pub(crate) fn full_objects(
    state: &State,
    format: Format,
) -> Result<Vec<(Object, Bytes)>, ReadError> {
    let mut objects = Vec::new();
    for (index, page) in state.shelf.full() {
        let content = format.encode(page.iter().map(|entry| &entry.stored))?;
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
    Ok(objects)
}

/// What grows in a state, as partial tiles: with them anybody can go on from the files alone.
pub(crate) fn partial_objects(
    state: &State,
    format: Format,
) -> Result<Vec<(Object, Bytes)>, ReadError> {
    let size = state.tree.size();
    let mut objects = Vec::new();
    // Eight levels of 256 hold more leaves than a number of 64 bits counts.
    for level in 0..8 {
        let Some(width) = partial_width(level, size) else {
            continue;
        };
        let index = full_tiles(level, size);
        let tile = state.tree.tile((level, index));
        if let Some(content) = tile.and_then(|tile| tile.to_bytes(width)) {
            objects.push((
                Object::Tile(Tile::hashes(level, index, width)),
                content.into(),
            ));
        }
        if level == 0
            && let Some(page) = state.shelf.page(index)
        {
            let content = format.encode(page.iter().map(|entry| &entry.stored));
            objects.push((Object::Tile(format.tile(index, width)), content?));
        }
    }
    Ok(objects)
}
