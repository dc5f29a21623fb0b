//! The doors to everything else, which every context opens.

use alita_cache::State;
use alita_model::UserId;
use alita_permissions::directory::Directory;
use alita_runtime::jobs::Jobs;
use alita_runtime::{Clock, TaskSet};
use alita_telegram::Client;

use crate::app::App;

/// Who the bot is, as `getMe` tells.
#[derive(Debug, Clone)]
pub struct Me {
    /// The bot's own id.
    pub id: UserId,
    /// Without `@`.
    pub username: String,
    /// The name that people see.
    pub name: String,
}

/// The doors that every handler may use.
#[derive(Debug)]
pub struct Services<A: App> {
    /// The Bot API.
    pub client: Client,
    /// Who is what in which chat.
    pub directory: Directory,
    /// Short-lived state that instances share.
    pub state: State,
    /// The time.
    pub clock: Clock,
    /// Work that outlives a handler.
    pub tasks: TaskSet,
    /// What happens later, restart or not.
    pub jobs: Jobs,
    /// Who the bot is.
    pub me: Me,
    /// The bot that is served.
    pub app: A,
}

/// Opens the doors from a context with `services`.
macro_rules! doors {
    ($context:ident) => {
        impl<A: crate::App> $context<A> {
            /// The bot that is served.
            #[must_use]
            pub fn app(&self) -> &A {
                &self.services.app
            }

            /// The Bot API.
            #[must_use]
            pub fn client(&self) -> &alita_telegram::Client {
                &self.services.client
            }

            /// Who is what in which chat.
            #[must_use]
            pub fn directory(&self) -> &alita_permissions::directory::Directory {
                &self.services.directory
            }

            /// Short-lived state that instances share.
            #[must_use]
            pub fn state(&self) -> &alita_cache::State {
                &self.services.state
            }

            /// The time.
            #[must_use]
            pub fn clock(&self) -> &alita_runtime::Clock {
                &self.services.clock
            }

            /// What happens later, even if the bot is restarted before.
            #[must_use]
            pub fn jobs(&self) -> &alita_runtime::jobs::Jobs {
                &self.services.jobs
            }

            /// Who the bot is.
            #[must_use]
            pub fn me(&self) -> &crate::Me {
                &self.services.me
            }
        }
    };
}

pub(crate) use doors;
