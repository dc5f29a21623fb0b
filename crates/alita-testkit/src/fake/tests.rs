//! A bot that says exactly what a test tells it to.

mod callbacks;
mod faults;
mod members;
mod messages;
mod polling;
mod rights;
mod topics;
mod uploads;
mod webhook;
mod wire;

use std::time::Duration;

use alita_model::{ChatId, MessageId, UserId};
use alita_runtime::Clock;
use bytes::Bytes;
use chrono::DateTime;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use super::{Draft, FakeTelegram, Member, NewChat, NewUser, Speaker};

/// A group with an owner, an administrator, a member and the bot, and the wire to the bot.
struct Stage {
    telegram: FakeTelegram,
    clock: Clock,
    client: Client<HttpConnector, Full<Bytes>>,
    group: ChatId,
    olga: UserId,
    ada: UserId,
    mallory: UserId,
}

impl Stage {
    /// The bot has every right.
    async fn new() -> Self {
        Self::with(Member::full_administrator()).await
    }

    async fn with(bot: Member) -> Self {
        let clock = Clock::manual(DateTime::from_timestamp(1_700_000_000, 0).expect("a valid time"));
        let telegram = FakeTelegram::start(clock.clone()).await;
        let group = telegram.add_chat(NewChat::supergroup("Rust Tea"));
        let person = |name: &str, member| {
            let user = telegram.add_user(NewUser::named(name).username(name.to_lowercase()));
            telegram.set_member(group, user, member);
            user
        };
        let olga = person("Olga", Member::owner());
        let ada = person("Ada", Member::administrator(&["restrict_members"]));
        let mallory = person("Mallory", Member::member());
        telegram.set_member(group, telegram.bot_id(), bot);
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { clock, client, group, olga, ada, mallory, telegram }
    }

    /// Calls a method; a refusal is its code and text.
    async fn call(&self, method: &str, params: Value) -> Result<Value, String> {
        let mut answer = self.whole_answer(method, &params).await?;
        if answer["ok"] == true {
            Ok(answer["result"].take())
        } else {
            Err(format!("{} {}", answer["error_code"], answer["description"].as_str().unwrap_or_default()))
        }
    }

    async fn whole_answer(&self, method: &str, params: &Value) -> Result<Value, String> {
        let body = self.post(method, "application/json", params.to_string()).await?;
        serde_json::from_slice(&body).map_err(|error| format!("no JSON: {error}"))
    }

    async fn post(&self, method: &str, kind: &str, body: impl Into<Bytes>) -> Result<Bytes, String> {
        let url = format!("{}/bot{}/{method}", self.telegram.base_url(), FakeTelegram::TOKEN);
        self.post_to(&url, kind, body).await
    }

    async fn post_to(&self, url: &str, kind: &str, body: impl Into<Bytes>) -> Result<Bytes, String> {
        let request = Request::post(url).header("content-type", kind).body(Full::new(body.into()));
        let response =
            self.client.request(request.expect("a request")).await.map_err(|_| "the wire broke")?;
        Ok(response.into_body().collect().await.map_err(|_| "the wire broke")?.to_bytes())
    }

    /// Calls a method in the group.
    async fn here(&self, method: &str, mut params: Value) -> Result<Value, String> {
        params["chat_id"] = self.group.get().into();
        self.call(method, params).await
    }

    /// Calls a method in the group about Mallory.
    async fn to_mallory(&self, method: &str, mut params: Value) -> Result<Value, String> {
        params["user_id"] = self.mallory.get().into();
        self.here(method, params).await
    }

    fn says(&self, user: UserId, text: &str) -> MessageId {
        self.telegram.say(self.group, Speaker::User(user), Draft::text(text))
    }

    /// Takes and confirms all updates, of every kind.
    async fn updates(&self) -> Vec<Value> {
        let every = json!([
            "message",
            "edited_message",
            "channel_post",
            "edited_channel_post",
            "callback_query",
            "my_chat_member",
            "chat_member",
            "chat_join_request",
            "message_reaction"
        ]);
        let updates = self.call("getUpdates", json!({"allowed_updates": every})).await.expect("updates");
        let updates = updates.as_array().cloned().unwrap_or_default();
        if let Some(last) = updates.last() {
            let offset = last["update_id"].as_i64().unwrap_or_default() + 1;
            self.call("getUpdates", json!({"offset": offset})).await.expect("confirmed");
        }
        updates
    }

    async fn sent(&self, text: &str) -> Value {
        self.here("sendMessage", json!({"text": text})).await.expect("sent")
    }

    fn turn(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

fn bad(text: &str) -> Result<Value, String> {
    Err(format!("400 Bad Request: {text}"))
}

fn yes() -> Result<Value, String> {
    Ok(true.into())
}

fn kinds(updates: &[Value]) -> Vec<&str> {
    let kind = |update: &'_ Value| -> Option<&'static str> {
        ["message", "edited_message", "channel_post", "callback_query", "my_chat_member", "chat_member"]
            .into_iter()
            .find(|kind| !update[*kind].is_null())
    };
    updates.iter().filter_map(kind).collect()
}
