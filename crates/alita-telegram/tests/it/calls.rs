//! How calls travel: connections, repetition, sorting of failures, files.

use std::collections::HashSet;
use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alita_model::{ChatId, MessageId, UserId};
use alita_telegram::input_file::FileUpload;
use alita_telegram::methods::{SendMessageParams, SendPhotoParams};
use alita_telegram::types::Message;
use alita_telegram::{
    AsyncTelegramApi, Client, ClientConfig, Entry, Error, Limits, Part, RefusalKind, SendLog, Url, WireKind,
};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::server::{Answer, Server, TOKEN};

const GROUP: ChatId = ChatId::new(-1_001_234_567_890);
/// A basic group, which may become `GROUP`.
const BASIC: ChatId = ChatId::new(-5);
const ADA: UserId = UserId::new(7);
const ME: &str = r#"{"id":1,"is_bot":true,"first_name":"Alita"}"#;
const MESSAGE: &str = r#"{"message_id":5,"date":1,"chat":{"id":-5,"type":"group"}}"#;

fn hello() -> SendMessageParams {
    SendMessageParams::builder().chat_id(GROUP.get()).text("hello").build()
}

/// Everything that an error could ever print.
fn printed(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(" {cause} {cause:?}"));
        source = cause.source();
    }
    text
}

#[tokio::test]
async fn calls_share_connections() {
    let server = Server::start(|_, _| Answer::ok(ME)).await;
    let client = server.client();
    for _ in 0..10 {
        client.clone().get_me().await.unwrap();
    }
    let seen = server.seen();
    assert_eq!(seen.len(), 10);
    // A call may begin before the connection of the one before has been put back, so one for all is no promise.
    let connections: std::collections::BTreeSet<usize> = seen.iter().map(|seen| seen.connection).collect();
    assert!(connections.len() < seen.len(), "each call had a connection of its own");
    assert_eq!(seen[0].path, format!("/bot{TOKEN}/getMe"));
    assert_eq!(seen[0].content_type, "application/json");
}

#[tokio::test]
async fn after_429_the_message_goes_again() {
    let server = Server::start(|n, _| if n == 0 { Answer::throttled(0) } else { Answer::ok(MESSAGE) }).await;
    let message = server.client().send_message(&hello()).await.unwrap().result;
    assert_eq!(message.message_id, 5);
    assert_eq!(server.methods(), ["sendMessage", "sendMessage"]);
}

#[tokio::test]
async fn a_wait_beyond_patience_is_not_begun() {
    let server = Server::start(|_, _| Answer::throttled(61)).await;
    let error = server.client().send_message(&hello()).await.unwrap_err();
    assert_eq!(error.kind(), Some(RefusalKind::Throttled));
    assert!(error.could_not_find_out() && !error.is_expected());
    let Error::Refused(refusal) = error else { panic!() };
    assert_eq!(refusal.retry_after, Some(Duration::from_secs(61)));
    assert_eq!(server.methods().len(), 1);

    let server = Server::start(|_, _| Answer::throttled(16)).await;
    assert!(server.client().bulk().get_me().await.is_err());
    assert_eq!(server.methods().len(), 1);
}

#[tokio::test]
async fn trouble_at_the_server_is_waited_out_only_where_twice_is_as_good_as_once() {
    let trouble =
        |n: usize| if n < 3 { Answer::Status(502, "<html>bad gateway".into()) } else { Answer::ok(ME) };
    let server = Server::start(move |n, _| trouble(n)).await;
    server.client().get_me().await.unwrap();
    assert_eq!(server.methods().len(), 4);

    let server = Server::start(move |n, _| trouble(n)).await;
    let error = server.client().send_message(&hello()).await.unwrap_err();
    assert!(matches!(&error, Error::Wire(wire) if wire.kind == WireKind::Status(502)), "{error:?}");
    assert!(error.could_not_find_out());
    assert_eq!(server.methods().len(), 1);
}

#[tokio::test]
async fn a_message_is_not_sent_again_after_a_cut() {
    let server = Server::start(|_, _| Answer::Cut).await;
    let error = server.client().send_message(&hello()).await.unwrap_err();
    assert!(matches!(&error, Error::Wire(wire) if wire.kind == WireKind::Cut), "{error:?}");
    assert_eq!(server.methods(), ["sendMessage"]);
    server.client().get_me().await.unwrap_err();
    assert_eq!(server.methods().len(), 1 + 4);
}

#[tokio::test]
async fn a_server_that_is_away_is_told_apart() {
    let server = Server::start(|_, _| Answer::ok(ME)).await;
    let mut nobody = server.url.clone();
    // Port 1 of loopback: nobody listens there.
    nobody.set_port(Some(1)).unwrap();
    let client = Client::new(server.config().with_api_server(nobody)).unwrap();
    let error = client.send_message(&hello()).await.unwrap_err();
    assert!(matches!(&error, Error::Wire(wire) if wire.kind == WireKind::NotConnected), "{error:?}");
    assert!(!printed(&error).contains("secret-token"));
}

#[tokio::test]
async fn garbage_is_reported_without_its_content() {
    for body in ["", "<html>secret words", r#"{"ok":true,"result":{"id":"secret words"}}"#, r#"{"ok":true}"#]
    {
        let server = Server::start(move |_, _| Answer::Status(200, body.into())).await;
        let error = server.client().get_me().await.unwrap_err();
        let is_unreadable = |kind: &WireKind| matches!(kind, WireKind::Unreadable(_));
        assert!(matches!(&error, Error::Wire(wire) if is_unreadable(&wire.kind)), "{error:?}");
        assert!(!printed(&error).contains("secret words"));
        assert_eq!(server.methods().len(), 1);
    }
}

/// The group has become the supergroup `GROUP`.
fn migrated() -> Answer {
    Answer::Status(
        400,
        r#"{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded to a supergroup chat",
            "parameters":{"migrate_to_chat_id":-1001234567890}}"#
            .into(),
    )
}

/// From which chat to which.
type Moves = Arc<Mutex<Vec<(ChatId, ChatId)>>>;

/// A client, and the moves of groups that it tells of.
fn listening(server: &Server) -> (Client, Moves) {
    let (client, moves) = (server.client(), Arc::new(Mutex::new(Vec::new())));
    let told = Arc::clone(&moves);
    client.on_migration(move |old, new| told.lock().unwrap().push((old, new)));
    (client, moves)
}

#[tokio::test]
async fn a_call_follows_its_group_into_the_supergroup() {
    let server = Server::start(|n, _| if n == 0 { migrated() } else { Answer::ok(MESSAGE) }).await;
    let log = Arc::new(Log::default());
    let client = Client::new(server.config().with_send_log(log.clone())).unwrap();
    client.send_message(&SendMessageParams { chat_id: BASIC.get().into(), ..hello() }).await.unwrap();
    let chats: Vec<_> = server.seen().iter().map(|seen| seen.json()["chat_id"].clone()).collect();
    assert_eq!(chats, [BASIC.get(), GROUP.get()]);
    assert_eq!(server.seen()[1].json()["text"], "hello");
    assert_eq!(log.said(), ["leaves", "taken back", "leaves"], "what was refused has not left");
}

#[tokio::test]
async fn whoever_wants_to_hears_of_a_group_that_has_moved() {
    let server = Server::start(|n, _| if n == 0 { migrated() } else { Answer::ok(MESSAGE) }).await;
    let (client, moves) = listening(&server);
    let params = SendMessageParams { chat_id: BASIC.get().into(), ..hello() };
    client.bulk().send_message(&params).await.unwrap();
    assert_eq!(*moves.lock().unwrap(), [(BASIC, GROUP)]);
}

#[tokio::test]
async fn a_second_move_is_handed_up() {
    let server = Server::start(|_, _| migrated()).await;
    let (client, moves) = listening(&server);
    let params = SendMessageParams { chat_id: BASIC.get().into(), ..hello() };
    let error = client.send_message(&params).await.unwrap_err();
    assert_eq!(error.kind(), Some(RefusalKind::Migrated));
    assert_eq!(error.migrated_to(), Some(GROUP));
    assert_eq!(server.methods().len(), 2);
    assert_eq!(moves.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn what_would_mean_something_else_in_the_supergroup_is_handed_up() {
    let server = Server::start(|_, _| migrated()).await;
    let (client, moves) = listening(&server);
    let error = client.delete_message_if_there(BASIC, MessageId::new(7)).await.unwrap_err();
    assert_eq!(error.migrated_to(), Some(GROUP));
    let photo = FileUpload::String("attach://image".into());
    let params = SendPhotoParams::builder().chat_id(BASIC.get()).photo(photo).build();
    let part = Part::new("image", "captcha.png", &b"\x89PNG"[..]);
    let error = client.upload::<_, Message>("sendPhoto", &params, vec![part]).await.unwrap_err();
    assert_eq!(error.migrated_to(), Some(GROUP));
    assert_eq!(server.methods(), ["deleteMessage", "sendPhoto"]);
    assert!(moves.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_token_is_in_no_text() {
    let echo = |seen: &str| Answer::no(400, &format!("no such path {}", seen.replace('"', "")));
    let server = Server::start(move |_, seen| echo(&seen.path)).await;
    let client = server.client();
    let mut texts = vec![format!("{client:?} {client:#?} {:?}", server.config())];
    texts.push(printed(&client.get_me().await.unwrap_err()));
    texts.push(printed(&client.download("a/b", 10).await.unwrap_err()));
    for answer in [|| Answer::Cut, || Answer::no(401, "Unauthorized"), || Answer::Status(302, String::new())]
    {
        let server = Server::start(move |_, _| answer()).await;
        texts.push(printed(&server.client().send_message(&hello()).await.unwrap_err()));
    }
    let server = Server::start(|_, _| Answer::Hang).await;
    let late = server.client().within(Duration::from_millis(20));
    texts.push(printed(&late.send_message(&hello()).await.unwrap_err()));
    let https = Url::parse(&server.url.as_str().replace("http", "https")).unwrap();
    let tls = Client::new(server.config().with_api_server(https)).unwrap().within(Duration::from_millis(200));
    texts.push(printed(&tls.send_message(&hello()).await.unwrap_err()));
    for text in texts {
        assert!(!text.contains("secret-token"), "{text}");
    }
}

#[tokio::test]
async fn a_refused_token_shows_until_telegram_accepts_it_again() {
    let server =
        Server::start(|n, _| if n == 0 { Answer::no(401, "Unauthorized") } else { Answer::ok(ME) }).await;
    let client = server.client();
    let mut rejected = Box::pin(client.rejected());
    assert!(futures_util::poll!(rejected.as_mut()).is_pending());
    client.bulk().get_me().await.unwrap_err();
    rejected.await;
    assert!(client.is_rejected());
    client.get_me().await.unwrap();
    assert!(!client.is_rejected());
}

#[tokio::test]
async fn a_call_ends_within_its_limit() {
    let server = Server::start(|_, _| Answer::Hang).await;
    let error = server.client().within(Duration::from_millis(20)).get_me().await.unwrap_err();
    assert!(matches!(&error, Error::Wire(wire) if matches!(wire.kind, WireKind::TimedOut(_))), "{error:?}");
}

/// The log of one piece of work, whose next message is always its first: as if it were done again and again.
#[derive(Debug, Default)]
struct Log {
    sent: Mutex<HashSet<Entry>>,
    said: Mutex<Vec<&'static str>>,
    taken_back: Notify,
}

impl Log {
    fn said(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.said.lock().unwrap())
    }
}

#[async_trait::async_trait]
impl SendLog for Log {
    fn next(&self) -> Option<Entry> {
        Some(Entry { work: 7, message: 0 })
    }

    async fn may_send(&self, method: &str, entry: Entry) -> bool {
        assert_eq!(method, "sendMessage");
        let may_go = self.sent.lock().unwrap().insert(entry);
        self.said.lock().unwrap().push(if may_go { "leaves" } else { "left before" });
        may_go
    }

    async fn take_back(&self, entry: Entry) {
        assert!(self.sent.lock().unwrap().remove(&entry));
        self.said.lock().unwrap().push("taken back");
        self.taken_back.notify_one();
    }
}

#[tokio::test]
async fn the_send_log_is_asked_before_a_message_leaves() {
    let server = Server::start(|n, seen| match (n, seen.method()) {
        (0, _) => Answer::throttled(0),
        (_, "getMe") => Answer::ok(ME),
        _ => Answer::ok(MESSAGE),
    })
    .await;
    let log = Arc::new(Log::default());
    let client = Client::new(server.config().with_send_log(log.clone())).unwrap();
    client.send_message(&hello()).await.unwrap();
    client.get_me().await.unwrap();
    assert_eq!(log.said(), ["leaves", "taken back", "leaves"], "a refused message has not left");
    let error = client.send_message(&hello()).await.unwrap_err();
    assert!(matches!(error, Error::AlreadySent { .. }) && error.is_expected());
    assert_eq!(log.said(), ["left before"]);
    assert_eq!(server.methods(), ["sendMessage", "sendMessage", "getMe"]);
}

#[tokio::test]
async fn who_is_cut_off_while_it_waits_out_a_429_has_said_nothing() {
    let server = Server::start(|n, _| if n == 0 { Answer::throttled(50) } else { Answer::ok(MESSAGE) }).await;
    let log = Arc::new(Log::default());
    let client = || Client::new(server.config().with_send_log(log.clone())).unwrap();
    let (first, message) = (client(), hello());
    tokio::select! {
        sent = first.send_message(&message) => panic!("it waits for a minute: {sent:?}"),
        () = log.taken_back.notified() => {}
    }
    drop(first);
    client().send_message(&message).await.unwrap();
    let again = client().send_message(&message).await;
    assert!(matches!(again, Err(Error::AlreadySent { .. })), "{again:?}");
    assert_eq!(server.methods(), ["sendMessage", "sendMessage"]);
}

#[tokio::test]
async fn the_send_log_keeps_what_telegram_may_have_taken() {
    let server = Server::start(|n, _| match n {
        0 => Answer::no(400, "Bad Request: chat not found"),
        1 => Answer::Status(502, String::new()),
        _ => Answer::Cut,
    })
    .await;
    let log = Arc::new(Log::default());
    let client = Client::new(server.config().with_send_log(log.clone())).unwrap();
    client.send_message(&hello()).await.unwrap_err();
    assert_eq!(log.said(), ["leaves", "taken back"], "it was refused for good");
    client.send_message(&hello()).await.unwrap_err();
    assert_eq!(log.said(), ["leaves"], "a gateway's error tells nothing");
    log.sent.lock().unwrap().clear();
    client.send_message(&hello()).await.unwrap_err();
    assert_eq!(log.said(), ["leaves"], "the answer may be what was lost");

    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = server.config().with_send_log(log.clone());
    config.api_server = Url::parse(&format!("http://{}", nobody.local_addr().unwrap())).unwrap();
    drop(nobody);
    log.sent.lock().unwrap().clear();
    Client::new(config).unwrap().send_message(&hello()).await.unwrap_err();
    assert_eq!(log.said(), ["leaves", "taken back"].repeat(4), "nothing left without a connection");
}

#[tokio::test]
async fn bytes_and_paths_travel_as_multipart() {
    let server = Server::start(|_, _| Answer::ok(MESSAGE)).await;
    let client = server.client();
    let photo =
        |file: FileUpload| SendPhotoParams::builder().chat_id(GROUP.get()).photo(file).caption("cap").build();

    let params = photo(FileUpload::String("attach://image".into()));
    let part = Part::new("image", "captcha.png", &b"\x89PNG"[..]);
    let message: Message = client.upload("sendPhoto", &params, vec![part]).await.unwrap();
    assert_eq!(message.message_id, 5);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cat.jpg");
    std::fs::write(&path, b"meow").unwrap();
    client.send_photo(&photo(path.into())).await.unwrap();

    let seen = server.seen();
    assert!(seen.iter().all(|seen| seen.content_type.starts_with("multipart/form-data; boundary=")));
    let texts: Vec<String> =
        seen.iter().map(|seen| String::from_utf8_lossy(&seen.body).into_owned()).collect();
    for (text, parts) in [
        (&texts[0], ["name=\"photo\"\r\n\r\nattach://image\r\n", "name=\"image\"; filename=\"captcha.png\""]),
        (&texts[1], ["name=\"chat_id\"\r\n\r\n-1001234567890\r\n", "name=\"photo\"; filename=\"cat.jpg\""]),
    ] {
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    }
    assert!(texts[1].contains("\r\n\r\nmeow\r\n") && !texts[1].contains("path"));
}

#[tokio::test]
async fn downloads_use_the_configured_server_and_stop_at_the_limit() {
    let server = Server::start(|_, _| Answer::Status(200, "0123456789".into())).await;
    let sub = server.url.join("tg/").unwrap();
    let client = Client::new(server.config().with_api_server(sub)).unwrap();
    assert_eq!(client.download("documents/file 1.json", 10).await.unwrap(), "0123456789");
    assert_eq!(server.seen()[0].path, format!("/tg/file/bot{TOKEN}/documents/file%201.json"));
    assert!(matches!(client.download("a", 9).await, Err(Error::TooLarge { limit: 9 })));
    for path in ["../../etc/passwd", "a//b", "/etc/passwd", ""] {
        assert!(matches!(client.download(path, 10).await, Err(Error::Config(_))), "{path}");
    }
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn files_on_disk_are_read_only_from_their_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (inside, outside) = (folder.path().join("in"), folder.path().join("out.txt"));
    std::fs::create_dir(&inside).unwrap();
    std::fs::write(inside.join("a.txt"), b"12345").unwrap();
    std::fs::write(&outside, b"secret").unwrap();
    let mut config = ClientConfig::new(TOKEN).with_limits(Limits::none());
    config.local_files = Some(inside.clone());
    let client = Client::new(config).unwrap();
    let path = |name: &str| inside.join(name).to_str().unwrap().to_owned();
    assert_eq!(client.download(&path("a.txt"), 5).await.unwrap(), "12345");
    assert!(matches!(client.download(&path("a.txt"), 4).await, Err(Error::TooLarge { .. })));
    assert!(matches!(client.download(&path("../out.txt"), 9).await, Err(Error::Config(_))));
}

#[tokio::test]
async fn what_is_gone_already_is_fine() {
    let server = Server::start(|n, _| match n {
        0 => Answer::no(400, "Bad Request: message to delete not found"),
        1 => Answer::no(400, "Bad Request: message can't be deleted"),
        2 => Answer::no(
            400,
            "Bad Request: query is too old and response timeout expired or query ID is invalid",
        ),
        _ => Answer::no(400, "Bad Request: not enough rights to restrict/unrestrict chat member"),
    })
    .await;
    let client = server.client();
    client.delete_message_if_there(GROUP, MessageId::new(1)).await.unwrap();
    client.delete_message_if_there(GROUP, MessageId::new(1)).await.unwrap();
    client.answer_callback("q", Some("done"), true).await.unwrap();
    let error = client.ban(GROUP, ADA, None).await.unwrap_err();
    assert_eq!(error.kind(), Some(RefusalKind::NotEnoughRights));
    assert!(error.is_expected());
}

#[tokio::test]
async fn effects_are_the_calls_they_promise() {
    let server = Server::start(|_, _| Answer::ok("true")).await;
    let client = server.client();
    let ids: Vec<MessageId> = (1..=201).map(MessageId::new).collect();
    client.delete_messages_if_there(GROUP, &ids).await.unwrap();
    client.delete_messages_if_there(GROUP, &[]).await.unwrap();
    client.kick(GROUP, ADA).await.unwrap();
    client.kick(ChatId::new(-5), ADA).await.unwrap();
    client.unban(GROUP, ADA).await.unwrap();
    client.mute(GROUP, ADA, Some(1_700_000_000)).await.unwrap();
    client.lift(GROUP, ADA).await.unwrap();
    let seen = server.seen();
    assert_eq!(
        server.methods(),
        [
            "deleteMessages",
            "deleteMessages",
            "deleteMessage",
            "unbanChatMember",
            "banChatMember",
            "unbanChatMember",
            "unbanChatMember",
            "restrictChatMember",
            "restrictChatMember",
        ]
    );
    assert_eq!(seen[1].json()["message_ids"].as_array().unwrap().len(), 100);
    assert_eq!(seen[3].json()["only_if_banned"], false);
    assert_eq!(seen[6].json()["only_if_banned"], true);
    let mute = seen[7].json();
    assert_eq!(mute["use_independent_chat_permissions"], true);
    assert_eq!(mute["until_date"], 1_700_000_000);
    assert!(mute["permissions"].as_object().unwrap().values().all(|value| value == false));
    assert!(seen[8].json()["permissions"].as_object().unwrap().values().all(|value| value == true));
}

#[tokio::test]
async fn members_of_an_old_server_are_read() {
    let server = Server::start(|_, seen| {
        let admin = r#"{"status":"administrator","user":{"id":7,"is_bot":false,"first_name":"Ada"},
                        "can_be_edited":false,"can_restrict_members":true}"#;
        Answer::ok(&if seen.method() == "getChatMember" {
            admin.to_owned()
        } else {
            format!("[{admin},{admin}]")
        })
    })
    .await;
    let client = server.client();
    let ada = client.chat_member(GROUP, ADA).await.unwrap();
    assert!(ada.can_restrict_members && !ada.can_send_welcome_messages && ada.user.id == ADA);
    assert_eq!(client.chat_administrators(GROUP).await.unwrap(), [ada.clone(), ada]);
}
