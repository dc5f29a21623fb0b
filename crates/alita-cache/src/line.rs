//! For what somebody else remembers in this process: the words of [`Kind::forget`](crate::Kind::forget), without the
//! values.

use std::fmt;
use std::sync::Arc;

use crate::cache::Shared;
use crate::{Cache, keys};

/// Somebody who remembers values of his own, and drops them when another instance says so.
pub trait Listener: Send + Sync {
    /// Another instance has forgotten this key.
    fn forget(&self, key: &str);

    /// Words may have been lost, or everything was cleared.
    fn forget_all(&self);
}

/// The way to the listeners of the same name in the other instances; clones are the same.
///
/// Without Redis there are no other instances, and nothing is said.
#[derive(Clone)]
pub struct Line {
    name: &'static str,
    shared: Arc<Shared>,
}

impl Cache {
    /// The way to the listeners of this name. It has no colon, and no kind has the same.
    #[must_use]
    pub fn line(&self, name: &'static str) -> Line {
        debug_assert!(!name.contains(':'), "a colon ends the name in a key");
        Line { name, shared: Arc::clone(&self.shared) }
    }

    /// From now on this listener hears what other instances say on the line of this name.
    pub fn listen(&self, name: &'static str, listener: impl Listener + 'static) {
        self.kinds.listen(name, Arc::new(listener));
    }
}

impl Line {
    /// Tells the other instances to forget a key; to be called after it was forgotten here.
    ///
    /// Should Redis not answer, they are told as soon as it does.
    pub async fn forget(&self, key: &str) {
        if let Some(redis) = &self.shared.redis {
            // Boxed: a future of the Redis client is large, and would make every caller's future as large.
            let name = keys::name(self.name, key);
            Box::pin(redis.forget(&self.shared.counting, &name)).await;
        }
    }

    /// Do we hear what the others say? Asks nobody.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.shared.redis.as_ref().is_none_or(|redis| *redis.listening.borrow())
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("name", &self.name).finish_non_exhaustive()
    }
}
