//! What is measured: where the bot keeps what it knows, how updates come to it, and how many of it there are.

use alita_testkit::process::Program;

/// Where the bot keeps what it knows.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// A file of its own, and its own memory.
    Sqlite,
    /// A PostgreSQL and a Redis.
    Shared { postgres: String, redis: String },
}

/// How updates come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Way {
    /// The bot asks for them.
    Polling,
    /// They are sent to it, many at once.
    Webhook,
}

/// One way to run the bot.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    /// How the table calls it.
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    pub(crate) way: Way,
    /// So many processes behind one address.
    pub(crate) instances: usize,
}

impl Setting {
    pub(crate) const fn new(name: &'static str, place: Place, way: Way) -> Self {
        Self { name, place, way, instances: 1 }
    }

    pub(crate) fn of(self, instances: usize) -> Self {
        Self { instances, ..self }
    }

    /// With servers that others may use, too.
    pub(crate) const fn is_shared(&self) -> bool {
        matches!(self.place, Place::Shared { .. })
    }

    /// Tells a bot about it.
    pub(crate) fn tell(&self, program: Program) -> Program {
        let program = match &self.place {
            Place::Sqlite => program,
            Place::Shared { postgres, redis } => {
                program.env("DATABASE_URL", postgres).env("AUTO_MIGRATE", "yes").env("REDIS_URL", redis)
            }
        };
        let program = match self.way {
            Way::Polling => program,
            Way::Webhook => program
                .env("USE_WEBHOOKS", "true")
                .env("WEBHOOK_DOMAIN", "https://bot.example")
                .env("WEBHOOK_SECRET", "a-secret-that-only-the-bench-knows"),
        };
        if self.instances == 1 {
            return program;
        }
        // What a small PostgreSQL grants is for all of them; and who starts last must not clear what is warm.
        program
            .env("DB_MAX_OPEN_CONNS", "8")
            .env("DB_MAX_IDLE_CONNS", "8")
            .env("CLEAR_CACHE_ON_STARTUP", "no")
    }
}
