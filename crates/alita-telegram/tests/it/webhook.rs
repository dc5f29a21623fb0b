//! What a webhook lets in, what it answers, and what it does about copies.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::task::{Context, Poll};
use std::time::Duration;

use alita_telegram::{Bytes, Claimed, Claims, Delivery, UpdateSource, Webhook, WebhookConfig};
use http_body_util::Full;
use hyper::body::{Body, Frame};
use hyper::{Method, Request};

const SECRET: &str = "correct-horse-battery-staple";
const HEADER: &str = "X-Telegram-Bot-Api-Secret-Token";

fn message(id: i64) -> String {
    format!(
        r#"{{"update_id":{id},"message":{{"message_id":1,"date":1,"chat":{{"id":5,"type":"private","first_name":"A"}},"text":"hi"}}}}"#
    )
}

fn open() -> (Webhook, UpdateSource) {
    let (webhook, source) = Webhook::new(WebhookConfig::new(SECRET)).unwrap();
    webhook.open();
    (webhook, source)
}

fn request(webhook: &Webhook, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    Request::post(webhook.path())
        .header(HEADER, SECRET)
        .header("Content-Type", "application/json")
        .body(Full::new(body.into()))
        .unwrap()
}

/// The status, and how long to wait before coming back.
async fn ask<B>(webhook: &Webhook, request: Request<B>) -> (u16, Option<String>)
where
    B: Body,
    B::Data: bytes::Buf,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let stranger: Option<IpAddr> = "192.0.2.7".parse().ok();
    let response = webhook.answer(request, stranger).await;
    assert!(response.body().size_hint().exact() == Some(0), "answers are empty");
    let wait = response.headers().get("retry-after").map(|wait| wait.to_str().unwrap().to_owned());
    (response.status().as_u16(), wait)
}

async fn status(webhook: &Webhook, request: Request<Full<Bytes>>) -> u16 {
    ask(webhook, request).await.0
}

async fn next(source: &mut UpdateSource) -> Delivery {
    source.next().await.unwrap().unwrap()
}

/// Polls once, and says whether it has ended.
async fn is_waiting<F: Future>(mut future: Pin<&mut F>) -> bool {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending())).await
}

#[tokio::test]
async fn two_hundred_is_said_when_the_handling_has_ended() {
    let (webhook, mut source) = open();
    let mut answer = pin!(status(&webhook, request(&webhook, message(7))));
    assert!(is_waiting(answer.as_mut()).await);
    let delivery = next(&mut source).await;
    assert_eq!(delivery.update_id, 7);
    assert!(is_waiting(answer.as_mut()).await);
    delivery.ack.done();
    assert_eq!(answer.await, 200);
}

#[tokio::test]
async fn what_nobody_finished_comes_again() {
    let (webhook, mut source) = open();
    for _ in 0..2 {
        let (answer, ()) = tokio::join!(ask(&webhook, request(&webhook, message(7))), async {
            drop(next(&mut source).await);
        });
        assert_eq!(answer, (503, Some("1".to_owned())));
    }
    let (answer, ()) = tokio::join!(status(&webhook, request(&webhook, message(7))), async {
        next(&mut source).await.ack.done();
    });
    assert_eq!(answer, 200);
}

#[tokio::test]
async fn a_copy_waits_for_the_first_and_is_not_handled_again() {
    let (webhook, mut source) = open();
    let mut first = pin!(status(&webhook, request(&webhook, message(7))));
    assert!(is_waiting(first.as_mut()).await);
    assert_eq!(ask(&webhook, request(&webhook, message(7))).await, (503, Some("1".to_owned())));
    next(&mut source).await.ack.done();
    assert_eq!(first.await, 200);
    assert_eq!(status(&webhook, request(&webhook, message(7))).await, 200);
    source.stop();
    assert!(source.next().await.unwrap().is_none(), "it was handed over once");
}

/// Telegram hangs up while the handling goes on; the copy must neither be handled at the same time nor be refused
/// for ever.
#[tokio::test]
async fn whoever_hangs_up_is_answered_at_the_next_call() {
    let (webhook, mut source) = open();
    let mut first = Box::pin(status(&webhook, request(&webhook, message(7))));
    assert!(is_waiting(first.as_mut()).await);
    let delivery = next(&mut source).await;
    drop(first);
    assert_eq!(status(&webhook, request(&webhook, message(7))).await, 503);
    delivery.ack.done();
    assert_eq!(status(&webhook, request(&webhook, message(7))).await, 200);
}

#[tokio::test(start_paused = true)]
async fn a_long_handling_is_asked_for_again() {
    let (webhook, mut source) = open();
    let (answer, delivery) = tokio::join!(status(&webhook, request(&webhook, message(7))), next(&mut source));
    assert_eq!(answer, 503, "Telegram would have hung up");
    delivery.ack.done();
    assert_eq!(status(&webhook, request(&webhook, message(7))).await, 200);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_nobody_asks_is_not_waited_for_long() {
    let (webhook, mut source) = open();
    let mut held = Vec::new();
    for id in 0..32 {
        let mut answer = Box::pin(status(&webhook, request(&webhook, message(id))));
        assert!(is_waiting(answer.as_mut()).await);
        held.push(answer);
    }
    let began = tokio::time::Instant::now();
    assert_eq!(ask(&webhook, request(&webhook, message(99))).await, (503, Some("1".to_owned())));
    assert_eq!(began.elapsed().as_secs(), 5);
    source.stop();
    for answer in held {
        assert_eq!(answer.await, 503);
    }
}

#[tokio::test]
async fn it_is_closed_before_it_is_opened_and_after_it_was_stopped() {
    let (webhook, mut source) = Webhook::new(WebhookConfig::new(SECRET)).unwrap();
    assert_eq!(ask(&webhook, request(&webhook, message(1))).await, (503, Some("1".to_owned())));
    webhook.open();
    let mut begun = pin!(status(&webhook, request(&webhook, message(1))));
    assert!(is_waiting(begun.as_mut()).await);
    webhook.stop();
    webhook.open();
    assert_eq!(status(&webhook, request(&webhook, message(2))).await, 503);
    next(&mut source).await.ack.done();
    assert_eq!(begun.await, 200, "what was let in before is answered");
}

#[tokio::test]
async fn each_flaw_has_its_answer_before_the_body_is_read() {
    let (webhook, _source) = open();
    let path = webhook.path().to_owned();
    let good = || {
        Request::post(&path).header(HEADER, SECRET).header("Content-Type", "application/json; charset=utf-8")
    };
    let bad = [
        (Request::post("/webhook").header(HEADER, SECRET), 404),
        (Request::post(format!("/webhook/{SECRET}")).header(HEADER, SECRET), 404),
        (good().method(Method::GET), 405),
        (Request::post(&path).header("Content-Type", "application/json"), 401),
        (Request::post(&path).header(HEADER, ""), 401),
        (Request::post(&path).header(HEADER, "x".repeat(4000)), 401),
        (good().header(HEADER, SECRET), 401),
        (good().header("Content-Length", (1 << 20) + 1), 413),
        (Request::post(&path).header(HEADER, SECRET), 415),
        (Request::post(&path).header(HEADER, SECRET).header("Content-Type", "text/plain"), 415),
    ];
    for (request, status) in bad {
        let request = request.body(Untouchable).unwrap();
        let shown = format!("{request:?}");
        assert_eq!(ask(&webhook, request).await.0, status, "{shown}");
    }
    assert!(!format!("{webhook:?}").contains(SECRET));
}

#[tokio::test]
async fn a_body_must_be_small_and_make_sense() {
    let (webhook, mut source) = open();
    let large = format!("{}{}", " ".repeat(1 << 20), message(1));
    assert_eq!(status(&webhook, request(&webhook, large)).await, 413);
    for nonsense in ["", "{", "[]", "{}", "\u{feff}{}", r#"{"update_id":"x"}"#, r#"{"update_id":1}{"#] {
        assert_eq!(status(&webhook, request(&webhook, nonsense)).await, 400, "{nonsense}");
    }
    let unknown = r#"{"update_id":8,"brand_new":{"x":1}}"#;
    assert_eq!(status(&webhook, request(&webhook, unknown)).await, 200, "or it would come again for ever");
    source.stop();
    assert!(source.next().await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_given_up() {
    let (webhook, _source) = open();
    let (parts, _) = request(&webhook, "").into_parts();
    let began = tokio::time::Instant::now();
    assert_eq!(ask(&webhook, Request::from_parts(parts, Endless)).await.0, 408);
    assert_eq!(began.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_nonsense_is_cut_short_and_telegram_is_not() {
    let (webhook, mut source) = open();
    let guess = || Request::post(webhook.path()).header(HEADER, "guess").body(Full::default()).unwrap();
    for _ in 0..20 {
        assert_eq!(status(&webhook, guess()).await, 401);
    }
    assert_eq!(ask(&webhook, guess()).await, (429, Some("60".to_owned())));
    // From the same address: behind a proxy all are.
    let (answer, ()) = tokio::join!(status(&webhook, request(&webhook, message(1))), async {
        next(&mut source).await.ack.done();
    });
    assert_eq!(answer, 200);
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(status(&webhook, guess()).await, 401);
}

#[tokio::test(start_paused = true)]
async fn the_previous_secret_is_good_for_ten_minutes() {
    let mut config = WebhookConfig::new("new-secret");
    config.previous_secret = Some(SECRET.into());
    let (webhook, mut source) = Webhook::new(config).unwrap();
    webhook.open();
    let (old, _source) = open();
    let crossed = Request::post(webhook.path()).header(HEADER, SECRET).body(Full::default()).unwrap();
    assert_eq!(status(&webhook, crossed).await, 401, "each secret has its own path");
    let (answer, ()) = tokio::join!(status(&webhook, request(&old, message(1))), async {
        next(&mut source).await.ack.done();
    });
    assert_eq!(answer, 200);
    tokio::time::advance(Duration::from_secs(600)).await;
    assert_eq!(status(&webhook, request(&old, message(2))).await, 404);
}

/// Says what it was told to say, and writes down what it hears.
#[derive(Debug)]
struct Others {
    say: Claimed,
    heard: Mutex<Vec<(i64, bool)>>,
}

#[async_trait::async_trait]
impl Claims for Others {
    async fn begin(&self, _: i64) -> Claimed {
        self.say
    }
    fn ended(&self, update_id: i64, is_handled: bool) {
        self.heard.lock().unwrap().push((update_id, is_handled));
    }
}

fn beside(say: Claimed) -> (Webhook, UpdateSource, std::sync::Arc<Others>) {
    let others = std::sync::Arc::new(Others { say, heard: Mutex::default() });
    let mut config = WebhookConfig::new(SECRET);
    config.claims = Some(others.clone());
    let (webhook, source) = Webhook::new(config).unwrap();
    webhook.open();
    (webhook, source, others)
}

#[tokio::test]
async fn what_another_process_is_at_or_has_done_is_left_to_it() {
    for (say, expected) in [(Claimed::Elsewhere, 503), (Claimed::Done, 200)] {
        let (webhook, mut source, others) = beside(say);
        for _ in 0..2 {
            assert_eq!(status(&webhook, request(&webhook, message(7))).await, expected);
        }
        source.stop();
        assert!(source.next().await.unwrap().is_none());
        assert!(others.heard.lock().unwrap().is_empty(), "it was never ours");
    }
}

#[tokio::test]
async fn others_are_told_how_it_ended() {
    let (webhook, mut source, others) = beside(Claimed::Ours);
    let (answer, ()) = tokio::join!(status(&webhook, request(&webhook, message(7))), async {
        drop(next(&mut source).await);
    });
    assert_eq!(answer, 503);
    let (answer, ()) = tokio::join!(status(&webhook, request(&webhook, message(7))), async {
        next(&mut source).await.ack.done();
    });
    assert_eq!(answer, 200);
    assert_eq!(*others.heard.lock().unwrap(), [(7, false), (7, true)]);
}

#[tokio::test]
async fn an_empty_secret_is_refused() {
    assert!(Webhook::new(WebhookConfig::new("")).is_err());
}

/// Fails the test when somebody reads it.
#[derive(Debug)]
struct Untouchable;

impl Body for Untouchable {
    type Data = Bytes;
    type Error = Infallible;
    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        panic!("the body was read")
    }
}

/// Never comes.
struct Endless;

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;
    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}
