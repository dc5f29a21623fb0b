//! One bot behind a webhook: who is let in, what a full bot says, and that neither a signal nor a kill loses anything.

use std::net::SocketAddr;
use std::path::Path;

use alita_model::ChatId;
use alita_testkit::process::{Program, Running, get, until};
use alita_testkit::{FakeTelegram, Fault, Member, NewChat, NewUser, Speaker};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::collector::Collector;
use crate::{LIMIT, whole};

const SECRET: &str = "a-secret-that-nobody-guesses-0123456789";

/// With a webhook behind this public address.
pub(crate) fn hooked(program: Program) -> Program {
    program
        .env("USE_WEBHOOKS", "true")
        .env("WEBHOOK_DOMAIN", "https://bot.example")
        .env("WEBHOOK_SECRET", SECRET)
}

/// Where a bot listens.
pub(crate) fn address(program: &Program) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], program.port()))
}

async fn alone(folder: &Path) -> (FakeTelegram, Program) {
    let (telegram, program) = whole(folder).await;
    let program = hooked(program);
    telegram.webhook_targets(&[address(&program)]);
    (telegram, program)
}

/// So many groups; in each, somebody asks for their id when they are told to.
pub(crate) struct Crowd {
    telegram: FakeTelegram,
    chats: Vec<ChatId>,
    asked: usize,
}

impl Crowd {
    /// The ids of the groups begin behind `from`.
    pub(crate) fn new(telegram: &FakeTelegram, size: usize, from: i64) -> Self {
        let chat = |number: usize| {
            let id = -1_002_000_000_000 - from - i64::try_from(number).expect("not so many");
            let chat = telegram.add_chat(NewChat::supergroup(format!("Group {number}")).id(id));
            telegram.set_member(chat, telegram.bot_id(), Member::full_administrator());
            chat
        };
        Self { telegram: telegram.clone(), chats: (0..size).map(chat).collect(), asked: 0 }
    }

    /// So many more people ask, each in a group of their own.
    pub(crate) fn ask(&mut self, count: usize) {
        for chat in self.chats.iter().skip(self.asked).take(count) {
            let person = self.telegram.add_user(NewUser::named("Somebody"));
            self.telegram.set_member(*chat, person, Member::member());
            self.telegram.say(*chat, Speaker::User(person), "/id");
        }
        self.asked += count;
    }

    /// How many have their answer; fails when somebody has two.
    pub(crate) fn answers(&self) -> usize {
        let bot = self.telegram.bot_id().get();
        let answers = |chat: &ChatId| {
            self.telegram.messages(*chat).iter().filter(|message| message["from"]["id"] == bot).count()
        };
        self.chats.iter().map(answers).inspect(|count| assert!(*count <= 1, "an answer came twice")).sum()
    }

    pub(crate) async fn wait(&self, program: &Program, answers: usize) {
        if let Err(error) = until(LIMIT, "the answers", || self.answers() >= answers).await {
            panic!("{error}: {} of {answers}; the log:\n{}", self.answers(), program.stderr());
        }
    }
}

/// The first line of the answer and its headers, in small letters.
async fn post(to: SocketAddr, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(to).await.expect("it listens");
    let request = format!("{head}\r\nHost: bot.example\r\nConnection: close\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = Vec::new();
    // Whoever answers before the body has come may cut the connection; the answer is there nevertheless.
    let _ = tokio::time::timeout(LIMIT, stream.read_to_end(&mut answer)).await.expect("it answers in time");
    String::from_utf8_lossy(&answer).to_lowercase()
}

fn registered_path(telegram: &FakeTelegram) -> String {
    let calls = telegram.calls_of("setWebhook");
    let url = calls.first().and_then(|call| call.params["url"].as_str()).expect("it registers");
    url.strip_prefix("https://bot.example").expect("its own address").to_owned()
}

#[tokio::test]
async fn only_telegram_is_let_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = alone(folder.path()).await;
    let log = telegram.add_chat(NewChat::supergroup("Log"));
    telegram.set_member(log, telegram.bot_id(), Member::full_administrator());
    let program = program.env("MESSAGE_DUMP", log.to_string());
    let mut running = program.start().expect("it starts");
    running.is_up(LIMIT).await.expect("it comes up");
    let started = telegram.messages(log)[0]["text"].to_string();
    assert!(started.contains("Mode: webhook"), "{started}");
    let (path, to) = (registered_path(&telegram), address(&program));
    assert!(!path.contains(SECRET), "the secret stands in the address");
    let params = &telegram.calls_of("setWebhook")[0].params;
    assert_eq!(
        (params["secret_token"].as_str(), params["max_connections"].as_i64()),
        (Some(SECRET), Some(100))
    );

    let json = "Content-Type: application/json";
    let secret = format!("X-Telegram-Bot-Api-Secret-Token: {SECRET}");
    let length = |length: usize| format!("Content-Length: {length}");
    let table = [
        (format!("POST /webhook HTTP/1.1\r\n{secret}\r\n{json}\r\n{}", length(0)), "404"),
        (format!("POST /webhook/0123456789abcdef HTTP/1.1\r\n{secret}\r\n{}", length(0)), "404"),
        (format!("GET {path} HTTP/1.1\r\n{secret}"), "405"),
        (format!("POST {path} HTTP/1.1\r\n{json}\r\n{}", length(2)), "401"),
        (format!("POST {path} HTTP/1.1\r\n{secret}x\r\n{json}\r\n{}", length(2)), "401"),
        (format!("POST {path} HTTP/1.1\r\n{secret}\r\n{secret}\r\n{json}\r\n{}", length(2)), "401"),
        (format!("POST {path} HTTP/1.1\r\n{secret}\r\n{json}\r\n{}", length((1 << 20) + 1)), "413"),
        (format!("POST {path} HTTP/1.1\r\n{secret}\r\n{}", length(2)), "415"),
        (format!("POST {path} HTTP/1.1\r\n{secret}\r\n{json}\r\n{}", length(2)), "400"),
    ];
    for (head, status) in &table {
        let answer = post(to, head, "{}").await;
        assert!(answer.starts_with(&format!("http/1.1 {status}")), "{head}\n{answer}");
        assert!(!answer.contains("server:"), "{answer}");
    }
    // A body that never comes is waited for for ten seconds, while others are served.
    let head = format!("POST {path} HTTP/1.1\r\n{secret}\r\n{json}\r\n{}", length(100));
    let mut crowd = Crowd::new(&telegram, 1, 0);
    crowd.ask(1);
    let (slow, ()) = tokio::join!(post(to, &head, "{"), crowd.wait(&program, 1));
    assert!(slow.starts_with("http/1.1 408"), "{slow}");

    assert_eq!(running.terminate(LIMIT).await.expect("it leaves").code(), Some(0), "{}", program.stderr());
    assert!(!program.stderr().contains(SECRET), "the secret is in the log");
    assert!(program.stderr().contains("a request to the webhook was turned away"), "{}", program.stderr());
    assert!(telegram.calls_of("deleteWebhook").is_empty(), "the webhook stays for the next start");
}

/// Behind a webhook nobody asks for updates, so any other call has to notice.
#[tokio::test]
async fn a_token_that_is_revoked_ends_it_with_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = alone(folder.path()).await;
    let program = program.env("LOG_FORMAT", "json");
    let mut running = program.start().expect("it starts");
    running.is_up(LIMIT).await.expect("it comes up");
    telegram.fail("sendMessage", Fault::refuse(401, "Unauthorized"), usize::MAX);
    Crowd::new(&telegram, 1, 0).ask(1);
    is_told_to_leave(&mut running, &program).await;
}

#[tokio::test]
async fn a_token_that_is_revoked_ends_polling_with_the_same_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = whole(folder.path()).await;
    let program = program.env("LOG_FORMAT", "json");
    let mut running = program.start().expect("it starts");
    running.is_up(LIMIT).await.expect("it comes up");
    telegram.fail("getUpdates", Fault::refuse(401, "Unauthorized"), usize::MAX);
    // The question that is held already brings this; the next one is refused.
    Crowd::new(&telegram, 1, 0).ask(1);
    is_told_to_leave(&mut running, &program).await;
}

async fn is_told_to_leave(running: &mut Running, program: &Program) {
    let status = running.ended(LIMIT).await.expect("it ends by itself");
    let said = program.stderr();
    assert_eq!(status.code(), Some(1), "{said}");
    let lines: Vec<&str> = said.lines().filter(|line| !line.starts_with('{')).collect();
    assert_eq!(lines, ["BOT_TOKEN: Telegram does not know this token any more"], "{said}");
}

/// A proxy or a gateway in front may have begun the trace.
#[tokio::test]
async fn a_trace_goes_on_where_the_caller_began_it() {
    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const CALLER: &str = "b7ad6b7169203331";
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = alone(folder.path()).await;
    let collector = Collector::start().await;
    let program = program.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint());
    let mut running = program.start().expect("it starts");
    running.is_up(LIMIT).await.expect("it comes up");
    let body = r#"{"update_id":900000001,"message":{"message_id":7,"date":1767614400,"text":"hello",
        "from":{"id":42,"is_bot":false,"first_name":"Ada"},"chat":{"id":42,"type":"private","first_name":"Ada"}}}"#;
    let head = format!(
        "POST {} HTTP/1.1\r\nX-Telegram-Bot-Api-Secret-Token: {SECRET}\r\nContent-Type: application/json\r\n\
         traceparent: 00-{TRACE}-{CALLER}-01\r\nContent-Length: {}",
        registered_path(&telegram),
        body.len()
    );
    let answer = post(address(&program), &head, body).await;
    assert!(answer.starts_with("http/1.1 200"), "{answer}");
    assert_eq!(running.terminate(LIMIT).await.expect("it leaves").code(), Some(0), "{}", program.stderr());

    let spans = collector.spans();
    let in_trace = |name: &str| spans.iter().find(|span| span.trace == TRACE && span.name == name);
    let request = in_trace("webhook.request").expect("the request is in the caller's trace");
    assert_eq!(request.parent, CALLER);
    assert_eq!(request.attributes["http.status_code"], "200");
    for (field, value) in [("message.chat_id", "42"), ("message.from_id", "42"), ("message.text_length", "5")]
    {
        assert_eq!(request.attributes[field], value, "{field}");
    }
    let update = in_trace("dispatcher.processUpdate").expect("and so is the update");
    assert_eq!(
        (update.parent.as_str(), update.attributes["bot.working_mode"].as_str()),
        (request.id.as_str(), "webhook")
    );
}

/// One handler waits for Telegram, and there is room for one: whoever comes next is told to come back.
#[tokio::test]
async fn a_full_bot_tells_telegram_to_come_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = alone(folder.path()).await;
    let program = program.env("DISPATCHER_MAX_ROUTINES", "1");
    let mut running = program.start().expect("it starts");
    running.is_up(LIMIT).await.expect("it comes up");
    telegram.fail("sendMessage", Fault::Hang.after_effect(), 1);
    let mut crowd = Crowd::new(&telegram, 1, 0);
    crowd.ask(1);
    crowd.wait(&program, 1).await;
    let body = r#"{"update_id":7,"message":{"message_id":1,"date":1,"text":"x",
        "chat":{"id":5,"type":"private","first_name":"A"},"from":{"id":5,"is_bot":false,"first_name":"A"}}}"#;
    let head = format!(
        "POST {} HTTP/1.1\r\nX-Telegram-Bot-Api-Secret-Token: {SECRET}\r\nContent-Type: application/json\r\n\
         Content-Length: {}",
        registered_path(&telegram),
        body.len()
    );
    let answer = post(address(&program), &head, body).await;
    assert!(answer.starts_with("http/1.1 503") && answer.contains("retry-after: 1"), "{answer}");
    let (_, metrics) = get(program.port(), "/metrics").await.expect("it answers");
    for line in [
        "alita_updates_dropped_total{reason=\"overload\"} 1",
        "alita_webhook_pending_updates 0",
        "alita_webhook_last_error_seconds 0",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} is not in:\n{metrics}");
    }
    running.kill().await.expect("it is killed");
}

#[tokio::test]
async fn a_signal_under_load_loses_nothing() {
    const PEOPLE: usize = 400;
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = alone(folder.path()).await;
    // Little room, so that there is always something left to do.
    let program = program.env("DISPATCHER_MAX_ROUTINES", "10");
    let mut crowd = Crowd::new(&telegram, PEOPLE, 0);
    let mut running = program.start().expect("it starts");
    running.is_up(LIMIT).await.expect("it comes up");
    crowd.ask(PEOPLE);
    crowd.wait(&program, 30).await;
    let status = running.terminate(LIMIT).await.expect("it leaves in time");
    assert_eq!(status.code(), Some(0), "{}", program.stderr());
    let taken = PEOPLE - telegram.unconfirmed();
    assert_eq!(crowd.answers(), taken, "what was answered with 200 was handled, and nothing else was begun");
    assert!(taken < PEOPLE, "it left only when there was nothing to do any more");

    let mut running = program.start().expect("it starts again");
    running.is_up(LIMIT).await.expect("it comes up again");
    crowd.wait(&program, PEOPLE).await;
    tokio::time::timeout(LIMIT, telegram.settled()).await.expect("all is taken");
    assert_eq!(crowd.answers(), PEOPLE);
    assert_eq!(running.terminate(LIMIT).await.expect("it leaves").code(), Some(0), "{}", program.stderr());
    assert_eq!(telegram.calls_of("setWebhook").len(), 1, "Telegram knew the webhook already");
    assert_eq!(telegram.faults_seen(), Vec::<String>::new());
}

/// Killed when its messages are out and it has not heard that they arrived: Telegram sends everything again.
#[tokio::test]
async fn a_kill_under_load_loses_nothing_and_repeats_nothing() {
    const PEOPLE: usize = 80;
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = alone(folder.path()).await;
    let mut crowd = Crowd::new(&telegram, PEOPLE, 0);
    let mut running = program.start().expect("it starts");
    running.is_up(LIMIT).await.expect("it comes up");
    telegram.fail("sendMessage", Fault::Hang.after_effect(), PEOPLE / 2);
    crowd.ask(PEOPLE / 2);
    crowd.wait(&program, PEOPLE / 2).await;
    running.kill().await.expect("it is killed");
    telegram.heal();
    crowd.ask(PEOPLE / 2);
    assert_eq!(telegram.unconfirmed(), PEOPLE);

    let mut running = program.start().expect("it starts again");
    running.is_up(LIMIT).await.expect("it comes up again");
    crowd.wait(&program, PEOPLE).await;
    tokio::time::timeout(LIMIT * 2, telegram.settled()).await.expect("all is taken");
    assert_eq!(crowd.answers(), PEOPLE);
    assert_eq!(running.terminate(LIMIT).await.expect("it leaves").code(), Some(0), "{}", program.stderr());
}
