//! Instances that share a Redis, and a Redis that comes and goes.

mod server;
mod shared;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use alita_cache::{Cache, Error, Kind, RedisConfig};
use alita_runtime::Clock;
use fred::prelude::KeysInterface;
use futures_util::future::join;
use server::{Server, any, eventually, raw};
use tokio::sync::Notify;

const HALF_AN_HOUR: Duration = Duration::from_secs(30 * 60);

async fn instance(url: &str) -> (Cache, Kind<u32>) {
    let cache = Cache::with_redis(Clock::system(), RedisConfig::new(url)).await.expect("an address");
    let kind = cache.kind("numbers", HALF_AN_HOUR);
    (cache, kind)
}

async fn number(kind: &Kind<u32>, key: &str, value: u32) -> u32 {
    let load = move || async move { Ok::<_, Infallible>(value) };
    *kind.get_or_load(key, load).await.expect("the loader cannot fail")
}

/// A key of its own for each test, for the server may be everybody's.
fn key() -> String {
    fastrand::u64(..).to_string()
}

#[tokio::test]
async fn instances_share_values_and_every_question_is_counted() {
    let Some((url, _server)) = any().await else { return };
    let ((one, ones), (two, twos), key) = (instance(&url).await, instance(&url).await, key());
    let trips = |cache: &Cache| cache.counters().redis_round_trips;
    let (before_one, before_two) = (trips(&one), trips(&two));

    assert_eq!(number(&ones, &key, 1).await, 1);
    assert_eq!(trips(&one) - before_one, 2, "a look and a fill");
    assert_eq!(number(&ones, &key, 2).await, 1);
    assert_eq!(trips(&one) - before_one, 2, "warm: none");
    assert_eq!(number(&twos, &key, 3).await, 1);
    assert_eq!((trips(&two) - before_two, two.counters().loads), (1, 0));

    let left: i64 = raw(&url).await.pttl(format!("alita:c:numbers:{key}")).await.expect("asked");
    let minutes = 26 * 60_000..=33 * 60_000;
    assert!(minutes.contains(&left), "half an hour give or take a tenth, not {left} ms");
    assert_eq!((one.is_redis_up(), one.ping().await.is_ok()), (Some(true), true));
}

#[tokio::test]
async fn what_one_instance_forgets_the_others_drop() {
    let Some((url, _server)) = any().await else { return };
    let ((one, ones), (_two, twos), key) = (instance(&url).await, instance(&url).await, key());
    assert_eq!((number(&ones, &key, 1).await, number(&twos, &key, 9).await), (1, 1));

    let before = one.counters().redis_round_trips;
    ones.forget(&key).await;
    assert_eq!(one.counters().redis_round_trips - before, 1);
    assert_eq!(number(&ones, &key, 2).await, 2);
    eventually("the other instance drops its copy", async || twos.peek(&key).is_none()).await;
    assert_eq!(number(&twos, &key, 9).await, 2);
    // Redis tells everybody in the same order: whoever has heard this word has heard its own before.
    let later = format!("{key}-later");
    assert_eq!(number(&ones, &later, 4).await, 4);
    twos.forget(&later).await;
    eventually("the word of the other instance comes", async || ones.peek(&later).is_none()).await;
    assert_eq!(ones.peek(&key).as_deref(), Some(&2), "its own word is not for itself");
}

#[tokio::test]
async fn a_load_that_began_before_another_instance_forgot_is_not_kept() {
    let Some((url, _server)) = any().await else { return };
    let ((_one, ones), (_two, twos), key) = (instance(&url).await, instance(&url).await, key());
    let (began, gate) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (began, gate) = (Arc::clone(&began), Arc::clone(&gate));
        ones.get_or_load(&key, || async move {
            began.notify_one();
            gate.notified().await;
            Ok::<_, Infallible>(1)
        })
    };
    let story = async {
        began.notified().await;
        twos.forget(&key).await;
        gate.notify_one();
    };
    let (value, ()) = join(slow, story).await;
    assert_eq!(*value.expect("loaded"), 1);
    assert_eq!(ones.peek(&key), None);
    assert_eq!(number(&twos, &key, 2).await, 2, "nor was it written to redis");
    assert_eq!(number(&ones, &key, 3).await, 2);
}

#[tokio::test]
async fn a_value_that_cannot_be_read_is_loaded_again() {
    let Some((url, _server)) = any().await else { return };
    let ((_one, ones), key, raw) = (instance(&url).await, key(), raw(&url).await);
    let name = format!("alita:c:numbers:{key}");
    let () = raw.set(&name, "9 from the future", None, None, false).await.expect("set");
    let failed = ones.get_or_load(&key, || async { Err::<u32, _>("no") }).await;
    assert!(failed.is_err());
    assert_eq!(raw.exists::<u64, _>(&name).await.expect("asked"), 0, "it was removed");
    assert_eq!(number(&ones, &key, 1).await, 1);
    assert_eq!(raw.get::<String, _>(&name).await.expect("asked"), "11", "version 1, then the value");
}

#[tokio::test]
async fn state_belongs_to_all_instances() {
    let Some((url, _server)) = any().await else { return };
    let ((one, _), (two, _), key) = (instance(&url).await, instance(&url).await, key());
    let (one, two) = (one.state(), two.state());
    one.put("pending", &key, &5_u32, HALF_AN_HOUR).await.expect("kept");
    assert_eq!(two.get::<u32>("pending", &key).await.expect("asked"), Some(5));
    let (first, second) = join(one.take::<u32>("pending", &key), two.take::<u32>("pending", &key)).await;
    let taken: Vec<u32> = [first, second].into_iter().filter_map(|taken| taken.expect("asked")).collect();
    assert_eq!(taken, [5]);

    let (first, second) =
        join(one.claim("join", &key, HALF_AN_HOUR), two.claim("join", &key, HALF_AN_HOUR)).await;
    assert_ne!(first.expect("asked"), second.expect("asked"));
    two.release("join", &key).await.expect("released");
    assert!(one.claim("join", &key, HALF_AN_HOUR).await.expect("asked"));
}

#[tokio::test]
async fn clearing_leaves_state_and_foreign_keys() {
    let Some(server) = Server::start().await else { return };
    let ((one, ones), (_two, twos)) = (instance(&server.url()).await, instance(&server.url()).await);
    let raw = raw(&server.url()).await;
    for n in 0..2500 {
        let () = raw.set(format!("alita:c:old:{n}"), "1", None, None, false).await.expect("set");
    }
    for foreign in ["alita:other", "somebody:else", "alita:cx"] {
        let () = raw.set(foreign, "1", None, None, false).await.expect("set");
    }
    one.state().put("pending", "1", &5_u32, HALF_AN_HOUR).await.expect("kept");
    assert!(one.state().claim("join", "1", HALF_AN_HOUR).await.expect("asked"));
    assert_eq!((number(&ones, "a", 1).await, number(&twos, "a", 9).await), (1, 1));

    assert_eq!(one.clear_rebuildable().await.expect("redis is there"), 2501);
    assert_eq!(ones.peek("a"), None);
    eventually("the other instance drops its copy", async || twos.peek("a").is_none()).await;
    let kept = ["alita:other", "somebody:else", "alita:cx", "alita:s:pending:1", "alita:l:join:1"];
    assert_eq!(raw.exists::<usize, _>(kept.to_vec()).await.expect("asked"), kept.len());
}

#[tokio::test]
async fn redis_may_die_and_come_back() {
    let Some(mut server) = Server::start().await else { return };
    // On this clock no time passes by itself, so the breaker that has opened stays open however slow the machine is.
    let clock = Clock::manual(chrono::DateTime::from_timestamp(1_767_614_400, 0).expect("a time"));
    let cache = Cache::with_redis(clock.clone(), RedisConfig::new(server.url())).await.expect("an address");
    let kind: Kind<u32> = cache.kind("numbers", HALF_AN_HOUR);
    let trips = || cache.counters().redis_round_trips;
    let state = cache.state();
    assert_eq!(number(&kind, "warm", 1).await, 1);
    assert!(state.claim("join", "before", HALF_AN_HOUR).await.expect("asked"));

    server.kill();
    let before = trips();
    assert_eq!(number(&kind, "warm", 2).await, 1, "what lies in the process is still served");
    for n in 0..20 {
        assert_eq!(number(&kind, &n.to_string(), n).await, n);
    }
    assert!(trips() - before <= 5, "five tries are enough to know: {}", trips() - before);
    eventually("it is noticed", async || cache.is_redis_up() == Some(false)).await;
    let before = trips();
    for n in 20..120 {
        assert_eq!(number(&kind, &n.to_string(), n).await, n);
    }
    assert_eq!(trips(), before, "nobody is asked, so nobody waits");

    assert!(matches!(state.put("pending", "1", &5_u32, HALF_AN_HOUR).await, Err(Error::Unavailable(_))));
    assert!(matches!(state.get::<u32>("pending", "1").await, Err(Error::Unavailable(_))));
    assert!(matches!(state.take::<u32>("pending", "1").await, Err(Error::Unavailable(_))));
    assert!(
        !state.claim("join", "before", HALF_AN_HOUR).await.expect("local"),
        "it remembers its own claims"
    );
    assert!(state.claim("join", "meanwhile", HALF_AN_HOUR).await.expect("local"));
    assert!(!state.claim("join", "meanwhile", HALF_AN_HOUR).await.expect("local"));
    assert!(cache.ping().await.is_err() && cache.clear_rebuildable().await.is_err());

    server.run().await;
    eventually("it comes back by itself", async || {
        clock.advance(Duration::from_secs(1));
        cache.ping().await.is_ok()
    })
    .await;
    eventually("what could have changed unheard is dropped", async || kind.peek("119").is_none()).await;
    let (_other, others) = instance(&server.url()).await;
    let shared = async || {
        let value = number(&kind, &key(), 7).await;
        kind.forget("new").await;
        number(&kind, "new", value).await;
        number(&others, "new", 8).await == 7
    };
    eventually("values are shared again", shared).await;
    cache.close().await;
}

#[tokio::test]
async fn what_was_forgotten_while_redis_was_down_does_not_come_back() {
    let Some(mut server) = Server::start().await else { return };
    let (cache, kind) = instance(&server.url()).await;
    let name = "alita:c:numbers:a";
    assert_eq!(number(&kind, "a", 1).await, 1);
    server.kill();
    eventually("it is noticed", async || cache.is_redis_up() == Some(false)).await;
    kind.forget("a").await;
    assert_eq!(number(&kind, "a", 2).await, 2);

    server.run().await;
    let raw = raw(&server.url()).await;
    eventually("the removal is made up for", async || {
        assert_ne!(number(&kind, "a", 2).await, 1, "the old value is never believed");
        raw.get::<Option<String>, _>(name).await.expect("asked").as_deref() != Some("11")
    })
    .await;
}

#[tokio::test]
async fn redis_may_be_down_at_the_start() {
    let Some(mut server) = Server::start().await else { return };
    server.kill();
    let (cache, kind) = instance(&server.url()).await;
    assert_eq!(cache.is_redis_up(), Some(false));
    assert_eq!(number(&kind, "a", 1).await, 1);
    server.run().await;
    eventually("it comes up by itself", async || cache.ping().await.is_ok()).await;
    let (_other, others) = instance(&server.url()).await;
    assert_eq!(number(&others, "b", 2).await, 2);
    eventually("values are shared", async || number(&kind, "b", 9).await == 2).await;
    cache.close().await;
}
