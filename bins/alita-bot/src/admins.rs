//! Who administers a chat is remembered by each instance for itself; one that forgets it tells the others.
//!
//! An update about an administrator comes to one instance only. Without this the others would go by what they
//! remember for up to half an hour.

use alita_cache::{Cache, Line, Listener};
use alita_model::ChatId;
use alita_permissions::directory::{Directory, Others};
use async_trait::async_trait;

/// The name of the line between the instances.
const LINE: &str = "adminCache";

/// Joins the directory of this instance with those of the others, if there is a way to reach them.
pub(crate) fn join(directory: &Directory, cache: &Cache) {
    if cache.is_redis_up().is_none() {
        return;
    }
    cache.listen(LINE, Here(directory.clone()));
    directory.tell(Elsewhere(cache.line(LINE)));
}

/// The directories of the other instances.
struct Elsewhere(Line);

#[async_trait]
impl Others for Elsewhere {
    async fn forget(&self, chat: ChatId) {
        self.0.forget(&chat.to_string()).await;
    }

    fn are_heard(&self) -> bool {
        self.0.is_heard()
    }
}

/// The directory of this instance.
struct Here(Directory);

impl Listener for Here {
    fn forget(&self, key: &str) {
        // What cannot be read comes from another version, and means we do not know what.
        match key.parse() {
            Ok(chat) => self.0.forget_here(ChatId::new(chat)),
            Err(_) => self.0.forget_all_here(),
        }
    }

    fn forget_all(&self) {
        self.0.forget_all_here();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use alita_cache::RedisConfig;
    use alita_model::UserId;
    use alita_permissions::directory::Source;
    use alita_permissions::{Change, ChatMember, Fact, Rights};
    use alita_runtime::Clock;
    use alita_testkit::process::until;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);
    const ADA: UserId = UserId::new(1);
    const BOB: UserId = UserId::new(2);
    const ME: UserId = UserId::new(99);

    /// The administrators of every chat.
    #[derive(Clone)]
    struct Telegram(Arc<Mutex<Vec<ChatMember>>>);

    #[async_trait]
    impl Source for Telegram {
        async fn administrators(&self, _: ChatId) -> Fact<Vec<ChatMember>> {
            Fact::Known(self.0.lock().expect("nobody panicked").clone())
        }

        async fn member(&self, _: ChatId, _: UserId) -> Fact<ChatMember> {
            Fact::NotFound
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the test command says in the environment where Redis is")]
    fn variable(name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }

    /// `None` only where the test run was told to leave such tests out.
    fn redis() -> Option<String> {
        let url = variable("ALITA_TEST_REDIS_URL");
        let may_be_left_out = variable("ALITA_TEST_NO_SERVICES").as_deref() == Some("1");
        assert!(url.is_some() || may_be_left_out, "this test needs a Redis: run `cargo xtask test`");
        url
    }

    /// In a database of the server that nobody else uses, so that nobody else clears everything meanwhile.
    async fn instance(url: &str, telegram: &Telegram) -> (Cache, Directory) {
        let config = RedisConfig::new(url).database(11);
        let cache = Cache::with_redis(Clock::system(), config).await.expect("an address");
        let directory = Directory::new(ME, telegram.clone());
        join(&directory, &cache);
        let line = cache.line(LINE);
        until(LIMIT, "the instances hear each other", || line.is_heard()).await.expect("they do");
        (cache, directory)
    }

    #[tokio::test]
    async fn a_demotion_that_one_instance_hears_of_counts_for_all() {
        let Some(url) = redis() else { return };
        let chat = ChatId::new(-1_004_000_000_000 - i64::from(std::process::id()));
        let (ada, bob) = (ChatMember::administrator(ADA, Rights::all()), ChatMember::owner(BOB));
        let telegram = Telegram(Arc::new(Mutex::new(vec![ada.clone(), bob.clone()])));
        let (cache, here) = instance(&url, &telegram).await;
        let (far, there) = instance(&url, &telegram).await;
        for directory in [&here, &there] {
            assert_eq!(directory.is_admin(chat, ADA).await, Fact::Known(true));
        }
        let trips = || cache.counters().redis_round_trips + far.counters().redis_round_trips;
        let before = trips();
        for _ in 0..100 {
            assert_eq!(here.is_admin(chat, ADA).await, Fact::Known(true));
        }
        assert_eq!(trips(), before, "what is remembered costs no round trip");

        *telegram.0.lock().expect("nobody panicked") = vec![bob];
        here.learn(chat, Change::between(&ada, &ChatMember::member(ADA))).await;
        until(LIMIT, "the other one hears of it", || there.peek_is_admin(chat, ADA) != Some(true))
            .await
            .expect("it does");
        assert_eq!(there.is_admin(chat, ADA).await, Fact::Known(false));
        assert_eq!(here.is_admin(chat, ADA).await, Fact::Known(false));
        cache.close().await;
        far.close().await;
    }

    #[tokio::test]
    async fn alone_there_is_nobody_to_tell() {
        let ada = ChatMember::administrator(ADA, Rights::all());
        let telegram = Telegram(Arc::new(Mutex::new(vec![ada.clone()])));
        let cache = Cache::in_memory(Clock::system());
        let directory = Directory::new(ME, telegram);
        join(&directory, &cache);
        let chat = ChatId::new(-1_004_000_000_000);
        assert_eq!(directory.is_admin(chat, ADA).await, Fact::Known(true));
        directory.forget(chat).await;
        assert_eq!(directory.peek_is_admin(chat, ADA), None);
        assert_eq!(directory.is_admin(chat, ADA).await, Fact::Known(true));
        assert_eq!(directory.peek_is_admin(chat, ADA), Some(true), "and it is believed as ever");
    }
}
