//! Translations, with a translation service on loopback.

mod support;

use std::sync::{Arc, Mutex};

use alita_modules::Settings;
use alita_runtime::TaskSet;
use alita_testkit::transcript::check;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{TestBot, settings};

/// A translation service that answers everything in the same way and keeps what it was asked.
struct Service {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
    _tasks: TaskSet,
}

impl Service {
    async fn start(head: &str, body: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}/translate_a/t", listener.local_addr().expect("an address"));
        let answer =
            format!("HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (tasks, log) = (TaskSet::new(), Arc::clone(&asked));
        tasks.spawn("translation service", async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Whoever goes away in the middle has asked nothing, or has its line already.
                let _ = serve(stream, &answer, &log).await;
            }
        });
        Self { address, asked, _tasks: tasks }
    }

    /// The first line of every request so far.
    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }

    /// Plays a conversation with a bot that uses this service.
    async fn check(&self, text: &str) {
        let settings = Settings { translation_endpoint: Some(self.address.clone()), ..settings() };
        let start = |telegram, clock| TestBot::start_with(telegram, clock, settings);
        check(text, start).await.unwrap_or_else(|error| panic!("{error}"));
    }
}

async fn serve(mut stream: TcpStream, answer: &str, log: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await?);
    }
    // Written down before the answer leaves, so that whoever has the answer finds the line.
    let request = String::from_utf8_lossy(&request);
    log.lock().expect("no panic").push(request.lines().next().unwrap_or_default().to_owned());
    stream.write_all(answer.as_bytes()).await?;
    stream.flush().await
}

#[tokio::test(flavor = "multi_thread")]
async fn misc_09_what_is_missing_is_said_and_nobody_is_asked() {
    let service = Service::start("200 OK", r#"[["hi","es"]]"#).await;
    let text = r#"group "Rust Tea": Olga owner, Mallory member, Alita admin

Mallory: /tr
  Alita: Which language, and what? /tr es good morning. Or reply to a message with /tr es; /tr alone makes it English.
Mallory: /tr es
  Alita: What shall I translate? Write it after the language: /tr es good morning
Mallory: /tr es&q=x hello
  Alita: “es&q=x” is not a language that I know how to ask for. Give its code, such as es, hi or pt-BR.
Mallory: [sticker]
Olga (to Mallory): /tr
  Alita: There are no words in that message, so there is nothing to translate.
"#;
    service.check(text).await;
    assert!(service.asked().is_empty(), "{:?}", service.asked());
}

#[tokio::test(flavor = "multi_thread")]
async fn misc_09_a_reply_is_translated_into_english_unless_said_otherwise() {
    let service = Service::start("200 OK", r#"[["hi","es"]]"#).await;
    let text = r#"group "Rust Tea": Olga owner, Mallory member, Alita admin

Mallory: hello
Olga (to Mallory): /tr
  Alita: Translated from es
    hi
Mallory: [photo file-7] hola & adiós
Olga (to Mallory): /tr PT-br and more words
  Alita: Translated from es
    hi
Mallory: [sticker]
Olga (to Mallory): /tr fr two words
  Alita: Translated from es
    hi
Olga in private: /tr de one
| two
  Alita: Translated from es
    hi
"#;
    service.check(text).await;
    let begin = "GET /translate_a/t?client=dict-chrome-ex&sl=auto&tl=";
    let expected = ["en&q=hello", "pt-BR&q=hola+%26+adi%C3%B3s", "fr&q=two+words", "de&q=one%0Atwo"];
    assert_eq!(service.asked(), expected.map(|end| format!("{begin}{end} HTTP/1.1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn misc_10_an_answer_is_read_or_refused_in_one_line() {
    let hola = Service::start("200 OK", r#"[["hola","en"]]"#).await;
    let text = r#"group "Rust Tea": Mallory owner, Alita admin

Mallory: /tr es hello
  Alita: Translated from en
    hola
"#;
    hola.check(text).await;
    let unreadable = "I did not understand the answer of the translation service. Please try again later.";
    let no_answer = "The translation service does not answer right now. Please try again in a moment.";
    let too_long = "That is too long to be translated in one go. Try a part of it.";
    let too_much = format!(r#"[["{}","en"]]"#, "a".repeat(1024 * 1024));
    for (head, body, words) in [
        ("200 OK", "[]", unreadable),
        ("200 OK", "[[]]", unreadable),
        ("200 OK", r#"[[null,"en"]]"#, unreadable),
        ("200 OK", "{", unreadable),
        ("200 OK", &too_much, unreadable),
        ("500 Oh", r#"[["hola","en"]]"#, no_answer),
        ("302 Found\r\nlocation: /elsewhere", "", no_answer),
        ("414 Too long", "", too_long),
    ] {
        let service = Service::start(head, body).await;
        let text = format!(
            "group \"Rust Tea\": Mallory owner, Alita admin\n\nMallory: /tr es hello\n  Alita: {words}\n"
        );
        service.check(&text).await;
        assert_eq!(service.asked().len(), 1, "{head} is not followed by another question");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn misc_10_a_service_that_is_not_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}/", listener.local_addr().expect("an address"));
    drop(listener);
    let gone = Service { address, asked: Arc::default(), _tasks: TaskSet::new() };
    let text = r#"group "Rust Tea": Mallory owner, Alita admin

Mallory: /tr es hello
  Alita: The translation service does not answer right now. Please try again in a moment.
"#;
    gone.check(text).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn misc_11_a_translation_is_only_text() {
    let body = r#"[["<b> & </code>","<i>"],["{first} %s","en"]]"#;
    let service = Service::start("200 OK", body).await;
    let text = r#"group "Rust Tea": Mallory owner, Alita admin

show formatting
Mallory: /tr es hello
  Alita: <b>Translated from</b> <code>&lt;i&gt;</code>
    &lt;b&gt; &amp; &lt;/code&gt;
    {first} %s
"#;
    service.check(text).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn misc_a_long_text_is_not_sent_anywhere() {
    let service = Service::start("200 OK", r#"[["hola","en"]]"#).await;
    let text = r#"group "Rust Tea": Olga owner, Mallory member, Alita admin

Mallory: {4000 times "ñ"}
Olga (to Mallory): /tr
  Alita: That is too long to be translated in one go. Try a part of it.
"#;
    service.check(text).await;
    assert!(service.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn misc_five_translations_a_minute_are_enough_for_anybody() {
    let service = Service::start("200 OK", r#"[["hola","en"]]"#).await;
    let text = r#"group "Rust Tea": Olga owner, Mallory member, Alita admin

3 times: Mallory: /tr es hello
  Alita: Translated from en
    hola
  Alita: Translated from en
    hola
  Alita: Translated from en
    hola
wait 30s
2 times: Mallory in private: /tr es hello
  Alita: Translated from en
    hola
  Alita: Translated from en
    hola
Mallory: /tr es hello
  Alita: You have had five translations in a minute. Please wait a little.
Olga: /tr es hello
  Alita: Translated from en
    hola
wait 30s
Mallory: /tr es hello
  Alita: Translated from en
    hola
"#;
    service.check(text).await;
    assert_eq!(service.asked().len(), 7);
}
