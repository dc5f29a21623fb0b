//! What callers of the same load share.

use std::any::{Any, TypeId};
use std::sync::Arc;

use crate::LoadError;

/// Callers with the same ticket share one load.
///
/// The version is part of it: whoever comes after a `forget` does not board a load that began before.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Ticket {
    pub(crate) key: String,
    pub(crate) version: u64,
    pub(crate) error: TypeId,
}

/// How a load ended; the word says where the value came from.
pub(crate) type Landing<V> = Result<(Arc<V>, &'static str), Fault>;

/// Why it did not end well; the loader's own error has lost its type, for one kind may meet several.
#[derive(Clone)]
pub(crate) enum Fault {
    Failed(Arc<dyn Any + Send + Sync>),
    TimedOut,
    Panicked,
}

impl Fault {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Failed(_) => "failed",
            Self::TimedOut => "timed_out",
            Self::Panicked => "panicked",
        }
    }

    pub(crate) fn typed<E: Send + Sync + 'static>(self) -> LoadError<E> {
        match self {
            Self::Failed(error) => match error.downcast::<E>() {
                Ok(error) => LoadError::Failed(error),
                // The ticket names the type, so nobody meets an error of another.
                Err(_stranger) => LoadError::Panicked,
            },
            Self::TimedOut => LoadError::TimedOut,
            Self::Panicked => LoadError::Panicked,
        }
    }
}
