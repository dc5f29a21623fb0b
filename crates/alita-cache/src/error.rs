//! What can go wrong, here and in the caller's loader.

use std::fmt;
use std::sync::Arc;

/// Why the cache could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address of Redis cannot be read; it is not shown, for it may hold a password.
    #[error("the address of redis is not valid")]
    Address,
    /// Redis did not answer, or is not asked at the moment because it did not answer before.
    #[error("redis did not answer")]
    Unavailable(#[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    /// The value cannot be written down.
    #[error("the value cannot be encoded")]
    Encode(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The value is larger than 1 MiB.
    #[error("the value is too large")]
    TooLarge,
}

/// Why [`crate::Kind::get_or_load`] has no value; nothing of it is remembered.
#[derive(Debug)]
#[non_exhaustive]
pub enum LoadError<E> {
    /// The loader failed; everybody who waited for it shares this error.
    Failed(Arc<E>),
    /// The loader took longer than 30 seconds and was dropped.
    TimedOut,
    /// The loader panicked.
    Panicked,
    /// The cache was closed.
    Closed,
}

impl<E> LoadError<E> {
    /// The loader's own error, if it was that.
    #[must_use]
    pub fn failure(&self) -> Option<&E> {
        match self {
            Self::Failed(error) => Some(error),
            _ => None,
        }
    }
}

impl<E> Clone for LoadError<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Failed(error) => Self::Failed(Arc::clone(error)),
            Self::TimedOut => Self::TimedOut,
            Self::Panicked => Self::Panicked,
            Self::Closed => Self::Closed,
        }
    }
}

impl<E> fmt::Display for LoadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failed(_) => "the value could not be loaded",
            Self::TimedOut => "loading the value took too long",
            Self::Panicked => "loading the value panicked",
            Self::Closed => "the cache is closed",
        })
    }
}

impl<E: std::error::Error + 'static> std::error::Error for LoadError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.failure().map(|error| error as _)
    }
}
