//! A Bot API server on loopback, with a world behind it.

mod access;
mod acts;
mod body;
mod callbacks;
mod chats;
mod detect;
mod drafts;
mod faults;
mod files;
mod html;
mod keyboard;
mod log;
mod look;
mod media;
mod members;
mod membership;
mod messages;
mod methods;
mod params;
mod people;
mod poll;
mod queue;
mod refusal;
mod rights;
mod server;
mod text;
mod urls;
mod webhook;
mod world;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alita_model::{ChatId, UserId};
use alita_runtime::{CancellationToken, Clock, TaskSet};
use tokio::net::TcpListener;
use tokio::sync::Notify;

pub use self::chats::{ChatKind, NewChat};
pub use self::drafts::{Draft, Speaker};
pub use self::faults::Fault;
pub use self::log::Call;
pub use self::media::{Media, MediaKind};
pub use self::members::{Member, MemberStatus};
pub use self::people::NewUser;
pub use self::refusal::Refusal;
pub use self::rights::{AdminRights, Permissions};
pub use self::webhook::Attempt;
use self::world::World;

/// Telegram as a bot sees it; clones are the same Telegram, and it ends with the last of them.
#[derive(Debug, Clone)]
pub struct FakeTelegram(Arc<Handle>);

/// What the tests hold; the server holds only what is shared.
#[derive(Debug)]
struct Handle {
    shared: Arc<Shared>,
    address: SocketAddr,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.stop.cancel();
    }
}

#[derive(Debug)]
struct Shared {
    world: Mutex<World>,
    /// There may be new updates, or a newer poll.
    updates: Notify,
    /// A call ended, or updates were confirmed.
    changed: Notify,
    running: AtomicUsize,
    connections: AtomicUsize,
    accepted: AtomicUsize,
    sender: webhook::Sender,
    tasks: TaskSet,
    stop: CancellationToken,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        // A test that panicked while it held the world has failed already; the others go on.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn running(&self) -> Running<'_> {
        self.running.fetch_add(1, Ordering::SeqCst);
        Running(self)
    }
}

/// A call that is being answered.
struct Running<'a>(&'a Shared);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
        self.0.changed.notify_waiters();
    }
}

/// One more, as long as it lives.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl FakeTelegram {
    /// The one token that is accepted.
    pub const TOKEN: &str = "7770001:FAKE-token-for-tests-AAAAAAAAAAAAAA";

    /// Starts on a free port of loopback, on the current runtime.
    ///
    /// # Panics
    ///
    /// When the machine has no free port.
    pub async fn start(clock: Clock) -> Self {
        Self::start_on(0, clock).await.expect("a free port on loopback")
    }

    /// Starts on this port of loopback.
    ///
    /// # Errors
    ///
    /// When the port is taken.
    pub async fn start_on(port: u16, clock: Clock) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            world: Mutex::new(World::new(clock)),
            updates: Notify::new(),
            changed: Notify::new(),
            running: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            accepted: AtomicUsize::new(0),
            sender: webhook::sender(),
            tasks: TaskSet::new(),
            stop: CancellationToken::new(),
        });
        shared.tasks.spawn("the fake Telegram", server::listen(listener, Arc::clone(&shared)));
        shared.tasks.spawn("the webhook of the fake Telegram", webhook::deliver(Arc::clone(&shared)));
        Ok(Self(Arc::new(Handle { shared, address })))
    }

    /// What stands in front of `/bot<token>/<method>`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.0.address)
    }

    /// The bot that the token belongs to.
    #[must_use]
    pub fn bot_id(&self) -> UserId {
        UserId::new(world::BOT)
    }

    /// The bot's username, without `@`.
    #[must_use]
    pub fn bot_username(&self) -> &'static str {
        world::BOT_USERNAME
    }

    /// The bot's first name.
    #[must_use]
    pub fn bot_name(&self) -> &'static str {
        world::BOT_NAME
    }

    /// A new person or another bot.
    ///
    /// # Panics
    ///
    /// When the id is not positive.
    pub fn add_user(&self, user: NewUser) -> UserId {
        self.act(|world| world.add_user(user))
    }

    /// Somebody changes their name or language; the id says who.
    ///
    /// # Panics
    ///
    /// When nobody has the id.
    pub fn rename_user(&self, id: UserId, user: NewUser) {
        self.act(|world| {
            let old = world.person(id.get());
            let (has_started, has_blocked) = (old.has_started, old.has_blocked);
            let new = people::Person { has_started, has_blocked, ..people::Person::new(id.get(), user) };
            world.people.insert(id.get(), new);
        });
    }

    /// A new chat, without anybody in it; the private chat with somebody is started by it.
    ///
    /// # Panics
    ///
    /// When the id does not fit the kind.
    pub fn add_chat(&self, chat: NewChat) -> ChatId {
        self.act(|world| world.add_chat(chat))
    }

    /// Returns when the bot has confirmed every update so far and no call is running.
    ///
    /// It waits on the machine's clock, so a bot that never confirms makes it wait for ever.
    pub async fn settled(&self) {
        let shared = &self.0.shared;
        loop {
            let mut changed = std::pin::pin!(shared.changed.notified());
            changed.as_mut().enable();
            if shared.running.load(Ordering::SeqCst) == 0 && shared.world().queue.len() == 0 {
                return;
            }
            changed.await;
        }
    }

    /// How many connections are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.0.shared.connections.load(Ordering::SeqCst)
    }

    /// How many connections were ever opened.
    #[must_use]
    pub fn connections_so_far(&self) -> usize {
        self.0.shared.accepted.load(Ordering::SeqCst)
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.0.shared.world()
    }

    /// Lets something happen, and wakes whoever waits for it.
    fn act<T>(&self, deed: impl FnOnce(&mut World) -> T) -> T {
        let done = deed(&mut self.world());
        self.0.shared.updates.notify_waiters();
        self.0.shared.changed.notify_waiters();
        done
    }
}

#[cfg(test)]
mod tests;
