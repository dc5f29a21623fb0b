//! Sending by webhook: secret, order, numbers at once, repetition, several targets.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::Stage;
use crate::fake::{Draft, Fault, NewChat, Speaker};

/// A status, and the seconds of `Retry-After`.
type Said = (u16, Option<u64>);

/// A bot that takes updates, and answers when and what the test says.
#[derive(Clone)]
struct Bot {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<(String, Value)>>>,
    /// Nothing while no request is answered.
    answer: Arc<watch::Sender<Option<Said>>>,
}

impl Bot {
    async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let bot =
            Self { address, seen: Arc::default(), answer: Arc::new(watch::Sender::new(Some((200, None)))) };
        let tasks = alita_runtime::TaskSet::new();
        let (server, set) = (bot.clone(), tasks.clone());
        tasks.spawn("bot", async move {
            while let Ok((stream, _)) = listener.accept().await {
                let bot = server.clone();
                set.spawn("connection", async move {
                    let service = service_fn(|request| bot.clone().take(request));
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        bot
    }

    async fn take(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
        let secret = request.headers().get("x-telegram-bot-api-secret-token");
        let secret = secret.and_then(|secret| secret.to_str().ok()).unwrap_or_default().to_owned();
        let head = format!(
            "{} {} {secret}",
            request.uri().path(),
            request.headers()["host"].to_str().expect("text")
        );
        let body = request.into_body().collect().await?.to_bytes();
        self.seen.lock().expect("whole").push((head, serde_json::from_slice(&body).expect("JSON")));
        let mut answer = self.answer.subscribe();
        let said = answer.wait_for(Option::is_some).await.map(|said| *said).unwrap_or_default();
        let (status, wait) = said.unwrap_or((200, None));
        let mut response = Response::builder().status(status);
        if let Some(wait) = wait {
            response = response.header("retry-after", wait);
        }
        Ok(response.body(Full::default()).expect("a response"))
    }

    fn says(&self, answer: Option<Said>) {
        self.answer.send_replace(answer);
    }

    fn seen(&self) -> usize {
        self.seen.lock().expect("whole").len()
    }

    fn texts(&self) -> Vec<String> {
        let text =
            |(_, update): &(String, Value)| update["message"]["text"].as_str().unwrap_or_default().to_owned();
        self.seen.lock().expect("whole").iter().map(text).collect()
    }
}

async fn until(is_so: impl Fn() -> bool) {
    crate::process::until(Duration::from_secs(30), "a request", is_so).await.expect("it comes");
}

async fn registered(stage: &Stage, bots: &[&Bot], more: Value) {
    stage.telegram.webhook_targets(&bots.iter().map(|bot| bot.address).collect::<Vec<_>>());
    let mut params = json!({"url": "https://bot.example:8443/hook/a", "secret_token": "s3cret"});
    for (name, value) in more.as_object().into_iter().flatten() {
        params[name] = value.clone();
    }
    assert_eq!(stage.call("setWebhook", params).await, Ok(json!(true)));
}

#[tokio::test]
async fn updates_are_sent_with_the_secret_and_are_gone_when_taken() {
    let (stage, bot) = (Stage::new().await, Bot::start().await);
    stage.says(stage.mallory, "before");
    registered(&stage, &[&bot], json!({"max_connections": 7, "allowed_updates": ["message"]})).await;
    stage.says(stage.mallory, "after");
    tokio::time::timeout(Duration::from_secs(30), stage.telegram.settled()).await.expect("all are taken");
    assert_eq!(bot.texts(), ["before", "after"]);
    assert_eq!(bot.seen.lock().expect("whole")[0].0, "/hook/a bot.example:8443 s3cret");
    let info = stage.call("getWebhookInfo", json!({})).await.expect("told");
    let expected = json!({"url": "https://bot.example:8443/hook/a", "has_custom_certificate": false,
        "pending_update_count": 0, "max_connections": 7, "allowed_updates": ["message"]});
    assert_eq!(info, expected);
    let conflict = stage.call("getUpdates", json!({})).await;
    assert!(conflict.is_err_and(|error| error.starts_with("409 Conflict: can't use")));
    let attempts = stage.telegram.webhook_attempts();
    assert!(attempts.iter().all(|attempt| (attempt.status, attempt.target) == (200, Some(bot.address))));
}

#[tokio::test]
async fn a_chat_is_served_in_order_and_not_more_chats_than_connections() {
    let (stage, bot) = (Stage::new().await, Bot::start().await);
    bot.says(None);
    registered(&stage, &[&bot], json!({"max_connections": 2})).await;
    for text in ["1", "2", "3"] {
        stage.says(stage.mallory, text);
    }
    let mut chats = Vec::new();
    for _ in 0..2 {
        let chat = stage.telegram.add_chat(NewChat::supergroup("Elsewhere"));
        stage.telegram.set_member(chat, stage.telegram.bot_id(), crate::Member::member());
        stage.telegram.say(chat, Speaker::User(stage.ada), Draft::text("x"));
        chats.push(chat);
    }
    until(|| bot.seen() == 2).await;
    let info = stage.call("getWebhookInfo", json!({})).await.expect("told");
    assert_eq!((bot.seen(), info["pending_update_count"].as_i64()), (2, Some(5)));
    bot.says(Some((200, None)));
    stage.telegram.settled().await;
    let in_order: Vec<String> = bot.texts().into_iter().filter(|text| text != "x").collect();
    assert_eq!(in_order, ["1", "2", "3"]);
}

#[tokio::test]
async fn what_is_no_longer_asked_for_frees_its_connection_and_its_chat() {
    let (stage, bot) = (Stage::new().await, Bot::start().await);
    bot.says(None);
    let only = |kind: &str| json!({"max_connections": 1, "allowed_updates": [kind]});
    registered(&stage, &[&bot], only("message")).await;
    let message = stage.says(stage.mallory, "held up");
    stage.says(stage.mallory, "never sent");
    until(|| bot.seen() == 1).await;
    registered(&stage, &[&bot], only("edited_message")).await;
    stage.telegram.edit(stage.group, message, Draft::text("second thoughts"));
    until(|| bot.seen() == 2).await;
    let second = bot.seen.lock().expect("whole")[1].1["edited_message"]["text"].clone();
    assert_eq!((second, stage.telegram.unconfirmed()), (json!("second thoughts"), 1));
    bot.says(Some((200, None)));
    tokio::time::timeout(Duration::from_secs(30), stage.telegram.settled()).await.expect("it is taken");
    stage.telegram.edit(stage.group, message, Draft::text("third thoughts"));
    tokio::time::timeout(Duration::from_secs(30), stage.telegram.settled()).await.expect("it is taken");
    assert_eq!(bot.seen(), 3);
}

#[tokio::test]
async fn how_long_a_request_took_is_remembered_once_somebody_asks() {
    let (stage, bot) = (Stage::new().await, Bot::start().await);
    registered(&stage, &[&bot], json!({})).await;
    let settled = || tokio::time::timeout(Duration::from_secs(30), stage.telegram.settled());
    stage.says(stage.mallory, "nobody asks");
    settled().await.expect("it is taken");
    assert_eq!(stage.telegram.webhook_waits(), []);
    bot.says(None);
    stage.says(stage.mallory, "slow");
    until(|| bot.seen() == 2).await;
    stage.clock.advance(Duration::from_secs(3));
    bot.says(Some((200, None)));
    settled().await.expect("it is taken");
    stage.says(stage.mallory, "quick");
    settled().await.expect("it is taken");
    assert_eq!(stage.telegram.webhook_waits(), [Duration::from_secs(3), Duration::ZERO]);
    assert_eq!(stage.telegram.webhook_waits(), []);
}

#[tokio::test]
async fn what_is_not_taken_comes_again_at_once_then_later_and_later() {
    let (stage, bot) = (Stage::new().await, Bot::start().await);
    bot.says(Some((500, None)));
    registered(&stage, &[&bot], json!({})).await;
    stage.says(stage.mallory, "again and again");
    until(|| stage.telegram.webhook_attempts().len() == 2).await;
    for (attempts, wait) in [(3, 2), (4, 4), (5, 8)] {
        stage.turn(wait - 1);
        assert_eq!(stage.telegram.webhook_attempts().len(), attempts - 1);
        stage.turn(1);
        until(|| stage.telegram.webhook_attempts().len() == attempts).await;
    }
    let info = stage.call("getWebhookInfo", json!({})).await.expect("told");
    assert_eq!(info["last_error_message"], "Wrong response from the webhook: 500 Internal Server Error");
    assert!(info["last_error_date"].is_i64());
    bot.says(Some((503, Some(5))));
    stage.turn(16);
    until(|| stage.telegram.webhook_attempts().len() == 6).await;
    bot.says(Some((200, None)));
    stage.turn(5);
    tokio::time::timeout(Duration::from_secs(30), stage.telegram.settled())
        .await
        .expect("it obeys Retry-After");
}

#[tokio::test]
async fn an_answer_that_is_not_heard_is_no_answer() {
    let (stage, bot) = (Stage::new().await, Bot::start().await);
    stage.telegram.fail("webhook", Fault::Hang.after_effect(), 1);
    registered(&stage, &[&bot], json!({})).await;
    stage.says(stage.mallory, "twice");
    stage.telegram.settled().await;
    assert_eq!(bot.texts(), ["twice", "twice"]);
    // And one that never comes is waited for for a minute.
    bot.says(None);
    stage.says(stage.mallory, "slow");
    until(|| bot.seen() == 3).await;
    stage.turn(60);
    until(|| bot.seen() == 4).await;
    bot.says(Some((200, None)));
    stage.telegram.settled().await;
}

#[tokio::test]
async fn several_targets_take_turns_and_one_that_is_gone_is_passed_over() {
    let (stage, one, two) = (Stage::new().await, Bot::start().await, Bot::start().await);
    registered(&stage, &[&one, &two], json!({})).await;
    for _ in 0..4 {
        stage.says(stage.mallory, "hello");
    }
    stage.telegram.settled().await;
    assert_eq!((one.seen(), two.seen()), (2, 2));
    let nobody = SocketAddr::from(([127, 0, 0, 1], crate::process::free_port()));
    stage.telegram.webhook_targets(&[nobody, one.address]);
    for _ in 0..4 {
        stage.says(stage.mallory, "hello");
    }
    stage.telegram.settled().await;
    assert_eq!(one.seen(), 6);
    let targets: BTreeSet<_> =
        stage.telegram.webhook_attempts().iter().map(|attempt| attempt.target).collect();
    assert_eq!(targets, BTreeSet::from([Some(one.address), Some(two.address)]));
    stage.telegram.webhook_targets(&[nobody]);
    stage.says(stage.mallory, "to nobody");
    until(|| stage.telegram.webhook_attempts().len() >= 10).await;
    assert_eq!(stage.telegram.webhook_attempts()[8].target, None);
}

#[tokio::test]
async fn a_bad_webhook_is_refused() {
    let stage = Stage::new().await;
    for url in ["http://bot.example", "https://bot.example:8080/x"] {
        assert!(stage.call("setWebhook", json!({"url": url})).await.is_err(), "{url}");
    }
    let bad = json!({"url": "https://bot.example", "secret_token": "no spaces"});
    assert!(stage.call("setWebhook", bad).await.is_err());
}
