//! A bot of a hundred lines that speaks the Bot API by hand.

use std::sync::Arc;
use std::time::Duration;

use alita_runtime::{Clock, TaskSet};
use alita_testkit::FakeTelegram;
use alita_testkit::transcript::{Bot, Scene, Stop};
use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::sync::{Mutex, watch};

/// What a tiny bot keeps when it restarts.
#[derive(Clone, Debug)]
struct Api {
    client: Client<HttpConnector, Full<Bytes>>,
    url: String,
    clock: Clock,
    /// Who answered the question.
    answered: Arc<Mutex<Option<String>>>,
    motto: Arc<Mutex<String>>,
    busy: Arc<watch::Sender<u32>>,
}

/// Answers `/ping`, asks, mutes, echoes.
#[derive(Debug)]
pub(crate) struct TinyBot {
    api: Api,
    tasks: TaskSet,
}

impl TinyBot {
    #[expect(clippy::unused_async, reason = "a conversation starts its bot with a future")]
    pub(crate) async fn start(fake: FakeTelegram, clock: Clock) -> Self {
        Self::at(&fake.base_url(), clock)
    }

    /// Starts where this server is.
    pub(crate) fn at(server: &str, clock: Clock) -> Self {
        let api = Api {
            client: Client::builder(TokioExecutor::new()).build_http(),
            url: format!("{server}/bot{}", FakeTelegram::TOKEN),
            clock,
            answered: Arc::default(),
            motto: Arc::default(),
            busy: Arc::new(watch::Sender::new(0)),
        };
        Self { tasks: run(&api), api }
    }
}

#[async_trait]
impl Bot for TinyBot {
    async fn settle(&self) {
        let _ = self.api.busy.subscribe().wait_for(|busy| *busy == 0).await;
    }

    async fn given(&self, scene: &Scene, line: &str) -> Result<(), String> {
        let motto = line.strip_prefix("the motto ").ok_or("only: given the motto ..")?;
        scene.here().ok_or("there is no chat yet")?;
        motto.clone_into(&mut *self.api.motto.lock().await);
        Ok(())
    }

    async fn then(&self, _scene: &Scene, line: &str) -> Result<(), String> {
        let motto = self.api.motto.lock().await;
        if line.strip_prefix("the motto is ") == Some(motto.as_str()) {
            Ok(())
        } else {
            Err(format!("it is {motto}"))
        }
    }

    async fn restart(&mut self, how: Stop) -> Result<(), String> {
        self.tasks.close(Duration::ZERO).await;
        if how == Stop::Crash {
            self.api.answered.lock().await.take();
        }
        self.tasks = run(&self.api);
        Ok(())
    }

    async fn leave(&mut self) {
        self.tasks.close(Duration::ZERO).await;
    }
}

fn run(api: &Api) -> TaskSet {
    let tasks = TaskSet::new();
    let (api, later) = (api.clone(), tasks.clone());
    tasks.spawn("updates", async move {
        let mut offset = 0;
        loop {
            let updates = api.call("getUpdates", json!({"offset": offset, "timeout": 50, "allowed_updates": ["message", "edited_message", "callback_query", "chat_member", "my_chat_member"]})).await;
            for update in updates.as_ref().ok().and_then(Value::as_array).into_iter().flatten() {
                offset = update["update_id"].as_i64().unwrap_or_default() + 1;
                api.handle(update, &later).await;
            }
            // A refused poll is asked again, but never in a hot loop.
            tokio::task::yield_now().await;
        }
    });
    tasks
}

impl Api {
    async fn call(&self, method: &str, params: Value) -> Result<Value, String> {
        let request = hyper::Request::post(format!("{}/{method}", self.url))
            .header("content-type", "application/json")
            .body(Full::from(params.to_string()))
            .map_err(|error| error.to_string())?;
        let response = self.client.request(request).await.map_err(|error| error.to_string())?;
        let body = response.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        let mut answer: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
        if answer["ok"] == true {
            Ok(answer["result"].take())
        } else {
            Err(answer["description"].to_string())
        }
    }

    async fn reply(&self, message: &Value, html: &str, buttons: Value) -> Result<Value, String> {
        let mut params = json!({
            "chat_id": message["chat"]["id"], "text": html, "parse_mode": "HTML",
            "reply_parameters": {"message_id": message["message_id"]},
        });
        if buttons.is_array() {
            params["reply_markup"] = json!({"inline_keyboard": buttons});
        }
        self.call("sendMessage", params).await
    }

    async fn handle(&self, update: &Value, later: &TaskSet) {
        let done = if update["callback_query"].is_object() {
            self.pressed(&update["callback_query"]).await
        } else {
            self.said(&update["message"], later).await
        };
        // A call that Telegram refused is in the transcript; there is nobody else to tell.
        drop(done);
    }

    async fn said(&self, message: &Value, later: &TaskSet) -> Result<(), String> {
        let text = message["text"].as_str().or_else(|| message["caption"].as_str()).unwrap_or_default();
        let (command, rest) = text.split_once(' ').unwrap_or((text, ""));
        let none = Value::Null;
        match command {
            "/ping" => drop(self.reply(message, "Pong", none).await?),
            "/ask" => {
                self.answered.lock().await.take();
                let buttons = json!([
                    [{"text": "Yes", "callback_data": "ask|yes"}, {"text": "No", "callback_data": "ask|no"}],
                    [{"text": "Manual", "url": "https://example.org/manual"}],
                ]);
                self.reply(message, "Sure?", buttons).await?;
            }
            "/mute" => self.mute(message, rest).await?,
            "/delete" => {
                let target = &message["reply_to_message"]["message_id"];
                self.call("deleteMessage", json!({"chat_id": message["chat"]["id"], "message_id": target}))
                    .await?;
            }
            "/echo" => self.echo(message, rest).await?,
            "/motto" => drop(self.reply(message, &self.motto.lock().await.clone(), none).await?),
            "/secret" => {
                let secret =
                    json!({"chat_id": message["from"]["id"], "text": "psst", "protect_content": true});
                self.call("sendMessage", secret).await?;
            }
            "/later" => {
                let (api, chat) = (self.clone(), message["chat"]["id"].clone());
                later.spawn("later", async move {
                    api.clock.sleep(Duration::from_secs(60)).await;
                    api.busy.send_modify(|busy| *busy += 1);
                    let text = "It is later now.";
                    let _ = api
                        .call("sendMessage", json!({"chat_id": chat, "text": text, "parse_mode": "HTML"}))
                        .await;
                    api.busy.send_modify(|busy| *busy -= 1);
                });
            }
            "/start" if !rest.is_empty() => {
                drop(self.reply(message, &format!("Hello, {rest}!"), none).await?)
            }
            "/link" => {
                let buttons = json!([[{"text": "Open", "url": "https://t.me/AlitaBot?start=friend"}]]);
                self.reply(message, "A link", buttons).await?;
            }
            "/who" => drop(self.reply(message, &who(message), none).await?),
            "/twice" => {
                let buttons = json!([[{"text": "Twice", "callback_data": "twice|"}]]);
                self.reply(message, "Twice?", buttons).await?;
            }
            "/hang" => std::future::pending().await,
            _ => {}
        }
        for user in message["new_chat_members"].as_array().into_iter().flatten() {
            let name = user["first_name"].as_str().unwrap_or_default();
            self.call("sendMessage", json!({"chat_id": message["chat"]["id"], "text": format!("Welcome, {name}!"), "disable_notification": true})).await?;
        }
        Ok(())
    }

    async fn mute(&self, message: &Value, reason: &str) -> Result<(), String> {
        let target = &message["reply_to_message"]["from"];
        let muted = self.restrict(&message["chat"]["id"], &target["id"], false).await;
        if muted.is_err() {
            return self.reply(message, "Telegram says no.", Value::Null).await.map(drop);
        }
        let name = target["first_name"].as_str().unwrap_or_default();
        let buttons = json!([[{"text": "Lift", "callback_data": format!("lift|{}", target["id"])}]]);
        self.reply(message, &format!("<b>{name}</b> is quiet now.\nReason: {reason}"), buttons)
            .await
            .map(drop)
    }

    async fn restrict(&self, chat: &Value, user: &Value, allowed: bool) -> Result<Value, String> {
        let fields = [
            "messages",
            "audios",
            "documents",
            "photos",
            "videos",
            "video_notes",
            "voice_notes",
            "polls",
            "other_messages",
        ];
        let mut permissions: serde_json::Map<String, Value> =
            fields.iter().map(|field| (format!("can_send_{field}"), allowed.into())).collect();
        for field in ["add_web_page_previews", "change_info", "invite_users", "pin_messages", "manage_topics"]
        {
            permissions.insert(format!("can_{field}"), allowed.into());
        }
        let params = json!({"chat_id": chat, "user_id": user, "permissions": permissions,
            "use_independent_chat_permissions": true});
        self.call("restrictChatMember", params).await
    }

    /// Sends what stands behind the command, formatting included.
    async fn echo(&self, message: &Value, rest: &str) -> Result<(), String> {
        let cut = "/echo ".len() as i64;
        let shifted = |entity: &Value| {
            let offset = entity["offset"].as_i64().filter(|offset| *offset >= cut)?;
            let mut entity = entity.clone();
            entity["offset"] = (offset - cut).into();
            Some(entity)
        };
        let moved = |entities: &Value| -> Value {
            entities.as_array().into_iter().flatten().filter_map(shifted).collect()
        };
        let reply = json!({"message_id": message["message_id"]});
        let chat = &message["chat"]["id"];
        if let Some(photo) = message["photo"].as_array().and_then(|sizes| sizes.last()) {
            let params = json!({"chat_id": chat, "photo": photo["file_id"], "caption": rest,
                "caption_entities": moved(&message["caption_entities"]), "reply_parameters": reply});
            return self.call("sendPhoto", params).await.map(drop);
        }
        let params = json!({"chat_id": chat, "text": rest, "entities": moved(&message["entities"]),
            "reply_parameters": reply});
        self.call("sendMessage", params).await.map(drop)
    }

    async fn pressed(&self, query: &Value) -> Result<(), String> {
        let message = &query["message"];
        let (chat, name) = (&message["chat"]["id"], query["from"]["first_name"].as_str().unwrap_or_default());
        let answer = |text: String| {
            self.call("answerCallbackQuery", json!({"callback_query_id": query["id"], "text": text}))
        };
        let edit = |text: String| {
            let params = json!({"chat_id": chat, "message_id": message["message_id"], "text": text, "parse_mode": "HTML"});
            self.call("editMessageText", params)
        };
        match query["data"].as_str().unwrap_or_default().split_once('|') {
            Some(("lift", user)) => {
                answer("Done.".to_owned()).await?;
                self.restrict(chat, &user.parse::<i64>().unwrap_or_default().into(), true).await?;
                edit(format!("Lifted by {name}.")).await?;
            }
            Some(("ask", choice)) => {
                let mut answered = self.answered.lock().await;
                if answered.is_some() {
                    answer("Too late.".to_owned()).await?;
                    return Ok(());
                }
                *answered = Some(name.to_owned());
                answer(format!("{name} was first.")).await?;
                let choice = if choice == "yes" { "Yes" } else { "No" };
                edit(format!("{choice}, says {name}.")).await?;
            }
            Some(("twice", _)) => {
                answer("Once.".to_owned()).await?;
                answer("Twice.".to_owned()).await?;
            }
            _ => drop(answer("What?".to_owned()).await?),
        }
        Ok(())
    }
}

/// What a bot can see of a message.
fn who(message: &Value) -> String {
    let fields = [
        ("from", &message["from"]["first_name"]),
        ("as", &message["sender_chat"]["title"]),
        ("id", &message["message_id"]),
        ("topic", &message["message_thread_id"]),
        ("forwarded", &message["forward_origin"]["type"]),
        ("via", &message["via_bot"]["first_name"]),
        ("answers", &message["reply_to_message"]["text"]),
    ];
    let told =
        fields.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| format!("{name} {value}"));
    told.collect::<Vec<_>>().join(", ")
}
