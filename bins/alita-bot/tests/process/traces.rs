//! One update is one trace: a collector that the test runs gets its spans from the real process.

use std::collections::BTreeMap;

use alita_testkit::process::until;
use alita_testkit::{Draft, FakeTelegram, Member, NewChat, NewUser, Speaker};

use crate::collector::{Collector, Span};
use crate::{LIMIT, whole};

/// A message whose words no span may hold.
const WORDS: &str = "quite-private-words";

#[tokio::test]
async fn a_command_is_one_trace() {
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = whole(folder.path()).await;
    let collector = Collector::start().await;
    let program = program.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint());
    let mut running = program.start().expect("it starts");
    running.is_up(LIMIT).await.expect("it comes up");
    let chat = telegram.add_chat(NewChat::supergroup("Rust Tea"));
    let ada = telegram.add_user(NewUser::named("Adalbertine"));
    telegram.set_member(chat, ada, Member::owner());
    telegram.set_member(chat, telegram.bot_id(), Member::full_administrator());
    telegram.say(chat, Speaker::User(ada), Draft::text(format!("/save intro {WORDS}")));
    until(LIMIT, "an answer", || !telegram.calls_of("sendMessage").is_empty()).await.expect("it answers");
    // Leaving sends what is still waiting.
    let status = running.terminate(LIMIT).await.expect("it leaves in time");
    assert_eq!(status.code(), Some(0), "{}", program.stderr());

    let spans = collector.spans();
    let command = find(&spans, "handler notes.save");
    let trace: BTreeMap<&str, &Span> = spans
        .iter()
        .filter(|span| span.trace == command.trace)
        .map(|span| (span.id.as_str(), span))
        .collect();
    let roots: Vec<&&Span> = trace.values().filter(|span| span.parent.is_empty()).collect();
    assert_eq!(roots.len(), 1, "{roots:?}");
    assert_eq!(roots[0].name, "dispatcher.processUpdate");
    assert_eq!(roots[0].attributes["kind"], "message");
    assert_eq!(roots[0].attributes["bot.working_mode"], "polling");
    assert!(trace.values().all(|span| span.parent.is_empty() || trace.contains_key(span.parent.as_str())));

    let path = |span: &Span| {
        let mut path = vec![span.name.clone()];
        let mut at = span;
        while let Some(above) = trace.get(at.parent.as_str()) {
            path.insert(0, above.name.clone());
            at = above;
        }
        path.join(" > ")
    };
    let paths: Vec<String> = trace.values().map(|span| path(span)).collect();
    let in_command = "dispatcher.processUpdate > stage command > handler notes.save";
    for expected in [
        "dispatcher.processUpdate > stage remember > handler users.speaker > db.transaction > db.insert"
            .to_owned(),
        format!("{in_command} > db.transaction > db.insert"),
        format!("{in_command} > telegram sendMessage"),
        format!("{in_command} > cache.delete"),
    ] {
        assert!(paths.contains(&expected), "{expected} is not among {paths:#?}");
    }
    let is_read = |path: &String| {
        path.starts_with("dispatcher.processUpdate") && path.ends_with("cache.get > db.select")
    };
    assert!(paths.iter().any(is_read), "{paths:#?}");
    let saved = |span: &&&Span| span.name == "db.insert" && span.attributes["db.model"] == "notes";
    let saved = trace.values().find(saved).expect("the note is saved");
    assert_eq!(saved.attributes["db.rows_affected"], "1");
    let found = trace.values().filter(|span| span.name == "db.select");
    let found: Vec<_> = found.map(|span| span.attributes["db.record_found"].as_str()).collect();
    assert!(found.contains(&"false"), "the settings of a new chat are not there: {found:?}");
    assert_eq!(command.attributes["handler.result"], "done");
    assert_eq!(command.attributes["handler.group"], "command");
    let length = format!("/save intro {WORDS}").len().to_string();
    assert_eq!(roots[0].attributes["message.text_length"], length);
    let is_forgotten =
        |span: &&&Span| span.name == "cache.delete" && span.attributes["cache.key_ns"] == "notes_list";
    let forgotten = trace.values().find(is_forgotten).expect("the list of notes is forgotten");
    assert_eq!(forgotten.attributes["cache.key_segments"], "4");
    let call = trace.values().find(|span| span.name == "telegram sendMessage").expect("it was found above");
    assert_eq!((call.attributes["attempt"].as_str(), call.attributes["outcome"].as_str()), ("1", "ok"));

    let text = collector.text();
    for secret in [FakeTelegram::TOKEN, WORDS, "Adalbertine", "Rust Tea"] {
        assert!(!text.contains(secret), "a span holds {secret}");
    }
    let chat = chat.to_string();
    assert!(spans.iter().all(|span| !span.name.contains(&chat)), "ids make no names");
}

fn find<'s>(spans: &'s [Span], name: &str) -> &'s Span {
    let names = || spans.iter().map(|span| span.name.as_str()).collect::<Vec<_>>().join(", ");
    spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{name} is not among {}", names()))
}

/// A collector that takes connections and says nothing: the bot works and leaves all the same.
#[tokio::test]
async fn a_hanging_collector_holds_nobody_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = whole(folder.path()).await;
    let (address, listener) = Collector::hanging().await;
    let program = program.env("OTEL_EXPORTER_OTLP_ENDPOINT", address.to_string());
    let mut running = program.start().expect("it starts");
    running.is_up(LIMIT).await.expect("it comes up");
    let chat = telegram.add_chat(NewChat::supergroup("Rust Tea"));
    let ada = telegram.add_user(NewUser::named("Ada"));
    telegram.set_member(chat, ada, Member::owner());
    telegram.set_member(chat, telegram.bot_id(), Member::full_administrator());
    telegram.say(chat, Speaker::User(ada), "/id");
    until(LIMIT, "an answer", || !telegram.calls_of("sendMessage").is_empty()).await.expect("it answers");
    // Its own limits (10 seconds for the spans) are far below this one.
    let status = running.terminate(LIMIT).await.expect("it leaves in time");
    assert_eq!(status.code(), Some(0), "{}", program.stderr());
    assert!(program.stderr().contains("the last spans were lost"), "{}", program.stderr());
    drop(listener);
}
