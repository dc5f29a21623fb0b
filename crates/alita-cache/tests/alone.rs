//! A cache of one process, without Redis.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use alita_cache::{Cache, Error, Kind, LoadError, Standing, Work};
use alita_runtime::Clock;
use chrono::DateTime;
use futures_util::future::{join, join_all};
use tokio::sync::Notify;

const HALF_AN_HOUR: Duration = Duration::from_secs(30 * 60);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the database is gone")]
struct Gone;

fn cache() -> (Clock, Cache, Kind<u32>) {
    let clock = Clock::manual(DateTime::UNIX_EPOCH);
    let cache = Cache::in_memory(clock.clone());
    let kind = cache.kind("numbers", HALF_AN_HOUR);
    (clock, cache, kind)
}

/// Lets everything that can run on this single thread run.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

async fn number(kind: &Kind<u32>, value: u32) -> u32 {
    *kind.get_or_load("a", move || async move { Ok::<_, Gone>(value) }).await.expect("the loader answers")
}

#[tokio::test]
async fn a_hundred_callers_make_one_load() {
    let (_, cache, kind) = cache();
    let gate = Arc::new(Notify::new());
    let callers = join_all((0..100).map(|_| {
        let gate = Arc::clone(&gate);
        kind.get_or_load("a", || async move {
            gate.notified().await;
            Ok::<_, Gone>(7)
        })
    }));
    let opener = async {
        settle().await;
        gate.notify_waiters();
    };
    let (values, ()) = join(callers, opener).await;
    assert!(values.into_iter().all(|value| *value.expect("loaded") == 7));
    let counters = cache.counters();
    assert_eq!((counters.loads, counters.l1_misses, counters.redis_round_trips), (1, 100, 0));

    assert_eq!(number(&kind, 8).await, 7);
    assert_eq!((cache.counters().loads, cache.counters().l1_hits), (1, 1));
}

#[tokio::test]
async fn an_error_reaches_everybody_who_waited_and_is_not_remembered() {
    let (_, cache, kind) = cache();
    let gate = Arc::new(Notify::new());
    let callers = join_all((0..20).map(|_| {
        let gate = Arc::clone(&gate);
        kind.get_or_load("a", || async move {
            gate.notified().await;
            Err(Gone)
        })
    }));
    let opener = async {
        settle().await;
        gate.notify_waiters();
    };
    let (answers, ()) = join(callers, opener).await;
    for answer in answers {
        let error = answer.expect_err("the loader failed");
        assert_eq!(error.failure(), Some(&Gone));
        assert_eq!(
            std::error::Error::source(&error).map(ToString::to_string).as_deref(),
            Some("the database is gone")
        );
    }
    assert_eq!(cache.counters().loads, 1);
    assert_eq!(number(&kind, 7).await, 7);
    assert_eq!(cache.counters().loads, 2);
}

#[tokio::test]
async fn a_load_that_began_before_a_forget_is_not_kept_and_nobody_boards_it() {
    let (_, cache, kind) = cache();
    let gate = Arc::new(Notify::new());
    let early = {
        let gate = Arc::clone(&gate);
        kind.get_or_load("a", || async move {
            gate.notified().await;
            Ok::<_, Gone>(1)
        })
    };
    let story = async {
        settle().await;
        kind.forget("a").await;
        assert_eq!(number(&kind, 2).await, 2, "the old load is still under way");
        gate.notify_one();
    };
    let (early, ()) = join(early, story).await;
    assert_eq!(*early.expect("its caller asked before the change"), 1);
    assert_eq!(kind.peek("a").as_deref(), Some(&2));
    assert_eq!(cache.counters().loads, 2);
}

#[tokio::test]
async fn a_panic_wakes_everybody() {
    let (_, _, kind) = cache();
    let answers = join_all((0..10).map(|_| {
        kind.get_or_load("a", || async {
            tokio::task::yield_now().await;
            let numbers: [u32; 0] = [];
            Ok::<_, Gone>(*numbers.first().expect("this loader is broken"))
        })
    }))
    .await;
    assert!(answers.iter().all(|answer| matches!(answer, Err(LoadError::Panicked))));
    assert_eq!(number(&kind, 7).await, 7);
}

#[tokio::test]
async fn a_load_outlives_its_caller() {
    let (_, cache, kind) = cache();
    let gate = Arc::new(Notify::new());
    {
        let gate = Arc::clone(&gate);
        let first = kind.get_or_load("a", || async move {
            gate.notified().await;
            Ok::<_, Gone>(7)
        });
        let mut first = std::pin::pin!(first);
        assert!(futures_util::poll!(first.as_mut()).is_pending());
        settle().await;
    }
    gate.notify_one();
    settle().await;
    assert_eq!(kind.peek("a").as_deref(), Some(&7));
    assert_eq!(cache.counters().loads, 1);
}

#[tokio::test]
async fn a_load_that_hangs_is_dropped_after_half_a_minute() {
    let (clock, _, kind) = cache();
    let hanging = kind.get_or_load("a", std::future::pending::<Result<u32, Gone>>);
    let turn = async {
        settle().await;
        clock.advance(Duration::from_secs(30));
    };
    let (answer, ()) = join(hanging, turn).await;
    assert!(matches!(answer, Err(LoadError::TimedOut)));
    assert_eq!(number(&kind, 7).await, 7);
}

#[tokio::test]
async fn values_live_as_long_as_their_kind_says() {
    let (clock, cache, kind) = cache();
    assert_eq!(number(&kind, 1).await, 1);
    clock.advance(HALF_AN_HOUR - Duration::from_secs(1));
    assert_eq!(number(&kind, 2).await, 1);
    clock.advance(Duration::from_secs(1));
    assert_eq!(kind.peek("a"), None);
    assert_eq!(number(&kind, 2).await, 2);

    let brief: Kind<u32> = cache.kind("brief", Duration::ZERO);
    assert_eq!(number(&brief, 1).await, 1);
    clock.advance(Duration::from_secs(19));
    assert!(brief.peek("a").is_some());
    clock.advance(Duration::from_secs(1));
    assert!(brief.peek("a").is_none());
}

#[tokio::test]
async fn loads_with_different_errors_do_not_meet() {
    let (_, _, kind) = cache();
    let first = kind.get_or_load("a", || async { Err::<u32, _>(Gone) });
    let second = kind.get_or_load("a", || async { Err::<u32, _>("another error".to_owned()) });
    let (first, second) = join(first, second).await;
    assert_eq!(first.expect_err("failed").failure(), Some(&Gone));
    assert_eq!(second.expect_err("failed").failure().map(String::as_str), Some("another error"));
}

#[tokio::test]
async fn one_name_is_one_kind_and_clearing_empties_it() {
    let (_, cache, kind) = cache();
    assert_eq!(number(&kind, 7).await, 7);
    let again: Kind<u32> = cache.kind("numbers", HALF_AN_HOUR);
    assert_eq!(again.peek("a").as_deref(), Some(&7));
    again.forget("a").await;
    assert_eq!(kind.peek("a"), None);

    assert_eq!(number(&kind, 8).await, 8);
    assert_eq!(cache.clear_rebuildable().await.expect("nothing can fail here"), 0);
    assert_eq!(kind.peek("a"), None);
}

#[tokio::test]
async fn what_is_too_large_is_returned_but_not_kept() {
    let (_, cache, _) = cache();
    let kind: Kind<String> = cache.kind("texts", HALF_AN_HOUR);
    let text =
        kind.get_or_load("a", || async { Ok::<_, Gone>("a".repeat(1024 * 1024)) }).await.expect("loaded");
    assert_eq!(text.len(), 1024 * 1024);
    assert!(kind.peek("a").is_none());
}

#[tokio::test]
async fn a_closed_cache_says_so() {
    let (_, cache, kind) = cache();
    let hanging = kind.get_or_load("a", std::future::pending::<Result<u32, Gone>>);
    // Closing waits a moment for the load and then cuts it off.
    let (answer, ()) = join(hanging, cache.close()).await;
    assert!(matches!(answer, Err(LoadError::Closed)));
    let late = kind.get_or_load("a", || async { Ok::<_, Gone>(7) }).await;
    assert!(matches!(late, Err(LoadError::Closed)));
    assert_eq!((cache.is_redis_up(), cache.ping().await.is_ok()), (None, true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn state_is_taken_and_claimed_by_one_only() {
    let state = Cache::in_memory(Clock::system()).state();
    state.put("pending", "1", &"import".to_owned(), HALF_AN_HOUR).await.expect("kept");
    let (taken, claimed) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (state, taken, claimed) = (state.clone(), Arc::clone(&taken), Arc::clone(&claimed));
        callers.spawn(async move {
            if state.take::<String>("pending", "1").await.expect("asked").is_some() {
                taken.fetch_add(1, Ordering::SeqCst);
            }
            if state.claim("join", "1", HALF_AN_HOUR).await.expect("asked") {
                claimed.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    callers.join_all().await;
    assert_eq!((taken.load(Ordering::SeqCst), claimed.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test]
async fn who_took_a_value_gets_it_again_and_nobody_else_does() {
    let (clock, cache, _) = cache();
    let state = cache.state();
    let minute = Duration::from_secs(60);
    state.put("pending", "1", &5_u32, minute).await.expect("kept");
    let take = async |taker| state.take_for::<u32>(taker, "pending", "1", minute).await.expect("asked");
    let get = async |taker| state.get_for::<u32>(taker, "pending", "1").await.expect("asked");
    assert_eq!((get(7).await, get(8).await), (Some(5), Some(5)), "it waits for anybody");
    clock.advance(minute / 2);
    assert_eq!((take(7).await, take(8).await, take(7).await), (Some(5), None, Some(5)));
    assert_eq!((get(7).await, get(8).await), (Some(5), None));
    assert_eq!(state.take::<u32>("pending", "1").await.expect("asked"), None);
    clock.advance(minute * 3 / 4);
    assert_eq!(take(7).await, Some(5), "for as long as it said when it took");
    clock.advance(minute / 4);
    assert_eq!((get(7).await, take(7).await), (None, None));
}

#[tokio::test]
async fn state_expires_by_the_clock() {
    let (clock, cache, _) = cache();
    let state = cache.state();
    let minute = Duration::from_secs(60);
    state.put("pending", "1", &5_u32, minute).await.expect("kept");
    assert!(state.claim("join", "1", minute).await.expect("asked"));
    assert_eq!(state.get::<u32>("pending", "1").await.expect("asked"), Some(5));
    assert_eq!(state.get::<u32>("other", "1").await.expect("asked"), None);
    assert_eq!(state.get::<String>("pending", "1").await.expect("asked"), None, "another type is not there");

    clock.advance(minute);
    assert_eq!(state.get::<u32>("pending", "1").await.expect("asked"), None);
    assert_eq!(state.take::<u32>("pending", "1").await.expect("asked"), None);
    assert!(state.claim("join", "1", minute).await.expect("asked"));
    assert!(!state.claim("join", "1", minute).await.expect("asked"));
    state.release("join", "1").await.expect("released");
    assert!(state.claim("join", "1", minute).await.expect("asked"));

    let large = state.put("pending", "1", &"a".repeat(2 * 1024 * 1024), minute).await;
    assert!(matches!(large, Err(Error::TooLarge)));
}

#[tokio::test]
async fn a_count_begins_again_after_its_window() {
    let (clock, cache, _) = cache();
    let (state, second) = (cache.state(), Duration::from_secs(1));
    assert_eq!(
        [state.count("flood", "1", 5 * second).await, state.count("flood", "2", 5 * second).await],
        [1, 1]
    );
    clock.advance(4 * second);
    assert_eq!(state.count("flood", "1", 5 * second).await, 2);
    clock.advance(second);
    assert_eq!(state.count("flood", "1", 5 * second).await, 1, "five seconds after the first");
}

#[tokio::test]
async fn work_is_done_once() {
    let (clock, cache, _) = cache();
    let (state, minute) = (cache.state(), Duration::from_secs(60));
    let begin = async || state.begin_work("update", "1", minute).await.expect("there is no Redis to ask");
    let tell = async |standing| {
        state.tell_work("update", &[("1".to_owned(), standing)]).await.expect("there is no Redis to tell");
    };
    assert_eq!([begin().await, begin().await], [Work::Ours, Work::Ours], "there are no others");
    tell(Standing::GivenBack).await;
    assert_eq!(begin().await, Work::Ours);
    tell(Standing::Done(minute)).await;
    assert_eq!([begin().await, begin().await], [Work::Done, Work::Done]);
    clock.advance(minute);
    assert_eq!(begin().await, Work::Ours);
}
