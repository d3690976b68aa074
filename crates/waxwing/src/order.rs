//! How a command reaches an instance: by its socket while it runs, in its directory while it does not.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use waxwing_instance::control::{self, Order};
use waxwing_instance::{DataDirectory, DataError, StartError};

use crate::system::surroundings;

/// Where an instance was reached.
pub(crate) enum Reached {
    /// It runs, and takes orders.
    Running(Running),
    /// It does not, and nobody starts it as long as this is held.
    Directory(Box<DataDirectory>),
}

/// An instance that runs.
pub(crate) struct Running(PathBuf);

/// Reaches the instance that must be in a directory.
pub(crate) fn reach(path: &Path) -> anyhow::Result<Reached> {
    let address = DataDirectory::existing_address(path)?;
    match DataDirectory::open(path, None, &address, &surroundings()) {
        Ok(data) => Ok(Reached::Directory(Box::new(data))),
        Err(StartError::Data(DataError::Locked { .. })) => {
            Ok(Reached::Running(Running(path.to_owned())))
        }
        Err(error) => Err(error.into()),
    }
}

impl Running {
    pub(crate) fn ask<T: DeserializeOwned>(&self, order: &Order) -> anyhow::Result<T> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        Ok(runtime.block_on(control::ask(&self.0, order))?)
    }
}
