//! What several instances share beyond values: proofs, counts, and who does what.

use std::time::{Duration, Instant};

use alita_cache::{Standing, State, Work};
use futures_util::future::join;

use crate::server::{Server, any, eventually, raw};
use crate::{HALF_AN_HOUR, instance, key, number};

const SHORT: Duration = Duration::from_millis(300);

async fn begin(state: &State, key: &str, lifetime: Duration) -> Work {
    state.begin_work("update", key, lifetime).await.expect("redis is there")
}

async fn tell(state: &State, key: &str, standing: Standing) {
    state.tell_work("update", &[(key.to_owned(), standing)]).await.expect("redis is there");
}

/// The median of many rounds: a single one may be late on a machine that does much else.
#[tokio::test]
async fn a_change_is_seen_by_the_others_within_a_tenth_of_a_second() {
    let Some((url, _server)) = any().await else { return };
    let ((_one, ones), (_two, twos), key) = (instance(&url).await, instance(&url).await, key());
    let mut rounds = Vec::new();
    for round in 0..21 {
        assert_eq!(number(&ones, &key, round).await, round);
        assert_eq!(number(&twos, &key, 99).await, round);
        let began = Instant::now();
        ones.forget(&key).await;
        while twos.peek(&key).is_some() {
            tokio::task::yield_now().await;
            assert!(began.elapsed() < Duration::from_secs(30), "the other one never hears of it");
        }
        rounds.push(began.elapsed());
    }
    rounds.sort();
    assert!(rounds[10] < Duration::from_millis(100), "{rounds:?}");
}

#[tokio::test]
async fn a_proof_asked_for_here_is_used_there_and_only_once() {
    let Some((url, _server)) = any().await else { return };
    let ((one, _), (two, _), key) = (instance(&url).await, instance(&url).await, key());
    let (one, two) = (one.state(), two.state());
    one.put("anonAdmin", &key, &"the command".to_owned(), HALF_AN_HOUR).await.expect("kept");
    let pressed = join(two.take::<String>("anonAdmin", &key), one.take::<String>("anonAdmin", &key)).await;
    let taken: Vec<_> =
        [pressed.0, pressed.1].into_iter().filter_map(|taken| taken.expect("asked")).collect();
    assert_eq!(taken, ["the command"]);
}

#[tokio::test]
async fn who_took_a_value_gets_it_again_from_any_instance() {
    let Some((url, _server)) = any().await else { return };
    let ((one, _), (two, _), key) = (instance(&url).await, instance(&url).await, key());
    let [one, two] = [&one, &two].map(alita_cache::Cache::state);
    one.put("anonAdmin", &key, &"the command".to_owned(), HALF_AN_HOUR).await.expect("kept");
    let take = async |state: &alita_cache::State, taker| {
        state.take_for::<String>(taker, "anonAdmin", &key, SHORT).await.expect("asked")
    };
    let (first, second) = join(take(&one, 7), take(&two, 8)).await;
    let (winner, loser) = if first.is_some() { (7, 8) } else { (8, 7) };
    assert_ne!(first, second, "two presses at once, and one of them has it");
    for state in [&one, &two] {
        assert_eq!(state.get_for::<String>(loser, "anonAdmin", &key).await.expect("asked"), None);
        assert_eq!(take(state, loser).await, None);
    }
    eventually("its time ends", async || take(&two, winner).await.is_none()).await;

    one.put("anonAdmin", &key, &"another".to_owned(), HALF_AN_HOUR).await.expect("kept");
    let again = async |state: &alita_cache::State| {
        let taken = state.take_for::<String>(9, "anonAdmin", &key, HALF_AN_HOUR).await.expect("asked");
        (taken, state.get_for::<String>(9, "anonAdmin", &key).await.expect("asked"))
    };
    let another = Some("another".to_owned());
    assert_eq!(again(&one).await, (another.clone(), another.clone()));
    assert_eq!(again(&two).await, (another.clone(), another));
}

#[tokio::test]
async fn instances_count_together() {
    let Some((url, _server)) = any().await else { return };
    let ((one, _), (two, _), key) = (instance(&url).await, instance(&url).await, key());
    let (one, two) = (one.state(), two.state());
    for n in 0..5 {
        assert_eq!(one.count("flood", &key, HALF_AN_HOUR).await, 2 * n + 1);
        assert_eq!(two.count("flood", &key, HALF_AN_HOUR).await, 2 * n + 2);
    }
    let short = format!("{key}-short");
    assert_eq!(one.count("flood", &short, SHORT).await, 1);
    eventually("the window ends", async || two.count("flood", &short, SHORT).await == 1).await;
    assert!(one.claim("flood", &key, HALF_AN_HOUR).await.expect("asked"), "a count is no claim");
}

#[tokio::test]
async fn a_count_goes_on_locally_while_redis_is_down() {
    let Some(mut server) = Server::start().await else { return };
    let (cache, _) = instance(&server.url()).await;
    let state = cache.state();
    assert_eq!(state.count("flood", "1", HALF_AN_HOUR).await, 1);
    server.kill();
    eventually("it is noticed", async || cache.is_redis_up() == Some(false)).await;
    assert_eq!(state.count("flood", "1", HALF_AN_HOUR).await, 1);
    assert_eq!(state.count("flood", "1", HALF_AN_HOUR).await, 2);
    assert!(state.begin_work("update", "1", SHORT).await.is_err(), "nobody knows what the others do");
    cache.close().await;
}

#[tokio::test]
async fn one_instance_works_and_the_others_hear_how_it_ended() {
    let Some((url, _server)) = any().await else { return };
    let ((one, _), (two, _), key) = (instance(&url).await, instance(&url).await, key());
    let (one, two) = (one.state(), two.state());
    assert_eq!(begin(&one, &key, HALF_AN_HOUR).await, Work::Ours);
    assert_eq!(begin(&two, &key, HALF_AN_HOUR).await, Work::Elsewhere);
    tell(&two, &key, Standing::GivenBack).await;
    tell(&two, &key, Standing::Done(HALF_AN_HOUR)).await;
    assert_eq!(begin(&two, &key, HALF_AN_HOUR).await, Work::Elsewhere, "only its holder has a word in it");
    tell(&one, &key, Standing::GivenBack).await;
    assert_eq!(begin(&two, &key, HALF_AN_HOUR).await, Work::Ours);
    tell(&two, &key, Standing::Done(HALF_AN_HOUR)).await;
    assert_eq!([begin(&one, &key, SHORT).await, begin(&two, &key, SHORT).await], [Work::Done, Work::Done]);
    let left: i64 = {
        use fred::prelude::KeysInterface;
        raw(&url).await.pttl(format!("alita:l:update:{key}")).await.expect("asked")
    };
    assert!(left > 1_000_000, "a question does not shorten it");
}

#[tokio::test]
async fn the_work_of_a_dead_instance_is_taken_over_and_that_of_a_slow_one_is_not() {
    let Some((url, _server)) = any().await else { return };
    let ((one, _), (two, _), (dead, slow)) = (instance(&url).await, instance(&url).await, (key(), key()));
    let (one, two) = (one.state(), two.state());
    assert_eq!(begin(&one, &dead, SHORT).await, Work::Ours);
    assert_eq!(begin(&one, &slow, SHORT).await, Work::Ours);
    let works = vec![(slow.clone(), Standing::GoingOn(HALF_AN_HOUR))];
    one.tell_work("update", &works).await.expect("redis is there");
    eventually("it is taken over", async || begin(&two, &dead, SHORT).await == Work::Ours).await;
    assert_eq!(begin(&two, &slow, SHORT).await, Work::Elsewhere);
}

#[tokio::test]
async fn much_is_told_at_once() {
    let Some((url, _server)) = any().await else { return };
    let ((one, _), (two, _), key) = (instance(&url).await, instance(&url).await, key());
    let works: Vec<_> = (0..700).map(|n| (format!("{key}-{n}"), Standing::Done(HALF_AN_HOUR))).collect();
    let before = one.counters().redis_round_trips;
    one.state().tell_work("update", &works).await.expect("redis is there");
    assert_eq!(one.counters().redis_round_trips - before, 2);
    for n in [0, 499, 500, 699] {
        assert_eq!(begin(&two.state(), &format!("{key}-{n}"), SHORT).await, Work::Done);
    }
}
