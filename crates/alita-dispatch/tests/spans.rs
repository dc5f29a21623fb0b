//! How the spans of an update hang together, what they tell, and that a quiet log makes none of them.

mod toy;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use alita_dispatch::{Answer, Command, Cx, Flow, Module, Outcome, Stage, Watcher};
use alita_markup::Html;
use alita_telegram::Delivery;
use tracing::field::{Empty, Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Instrument, Level, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

use crate::toy::{Play, Toy};

/// Which spans were made: where they hang, and from which level on.
#[derive(Clone, Default)]
struct Made(Arc<Mutex<Vec<(String, Level)>>>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Made {
    fn on_new_span(&self, attrs: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        if !attrs.metadata().target().starts_with("alita_") {
            return;
        }
        let names = ctx.span_scope(id).expect("a new span").from_root().map(|span| span.name());
        let path = names.collect::<Vec<_>>().join(" > ");
        self.0.lock().expect("nobody panicked").push((path, *attrs.metadata().level()));
    }

    fn on_follows_from(&self, id: &Id, cause: &Id, ctx: Context<'_, S>) {
        let name = |id| ctx.span(id).expect("a span").name();
        let path = format!("{} because of {}", name(id), name(cause));
        self.0.lock().expect("nobody panicked").push((path, Level::DEBUG));
    }
}

/// What the spans told, by their names; of spans with one name the fields of all.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<BTreeMap<String, Vec<String>>>>);

impl Told {
    fn of(&self, span: &str) -> Vec<String> {
        self.0.lock().expect("nobody panicked").get(span).cloned().unwrap_or_default()
    }

    fn has(&self, span: &str, field: &str) {
        assert!(self.of(span).iter().any(|it| it == field), "{field} is not among {:?}", self.of(span));
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Told {
    fn on_new_span(&self, attrs: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        if !attrs.metadata().target().starts_with("alita_") {
            return;
        }
        let mut told = self.0.lock().expect("nobody panicked");
        attrs.record(&mut Fields(told.entry(attrs.metadata().name().to_owned()).or_default()));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: Context<'_, S>) {
        let name = ctx.span(id).expect("a span").name().to_owned();
        values.record(&mut Fields(self.0.lock().expect("nobody panicked").entry(name).or_default()));
    }
}

/// Fields as `name=value`.
struct Fields<'v>(&'v mut Vec<String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push(format!("{}={value:?}", field.name()));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push(format!("{}={value}", field.name()));
    }
}

async fn looks(_: Cx<Toy>) -> Outcome {
    Ok(Flow::Next)
}

async fn hello(cx: Cx<Toy>) -> Outcome {
    cx.tasks().spawn("clean up", async { drop(tracing::debug_span!(target: "alita_test", "cleaning")) });
    Html::escaped("hello").reply()
}

#[tokio::test]
async fn one_update_is_one_tree() {
    let made = Made::default();
    let _guard = tracing::subscriber::set_default(Registry::default().with(made.clone()));
    let came = tracing::debug_span!(target: "alita_test", "request");
    let command = Command::new("hello", hello).for_everyone().anywhere();
    // What hands in the updates is started here, and so works in a span that links to this one.
    let play = Play::with(vec![Module::new("toys").command(command)], 8).instrument(came).await;
    play.says(play.mallory, "/hello").await;
    play.leave().await;

    let made = made.0.lock().expect("nobody panicked");
    let handler = "task > dispatcher.processUpdate > stage > handler";
    for expected in [
        "task because of request",
        "task > dispatcher.processUpdate > stage",
        handler,
        &format!("{handler} > telegram"),
        "task because of handler",
        "task > cleaning",
    ] {
        assert!(made.iter().any(|(path, _)| path == expected), "{expected} is not among {made:#?}");
    }
    let loud: Vec<_> = made.iter().filter(|(_, level)| *level != Level::DEBUG).collect();
    assert!(loud.is_empty(), "a log from info on would make these for every message: {loud:?}");
}

#[tokio::test]
async fn spans_tell_what_came_and_not_what_it_says() {
    let told = Told::default();
    let _guard = tracing::subscriber::set_default(Registry::default().with(told.clone()));
    let module = Module::new("toys")
        .command(Command::new("hello", hello).for_everyone().anywhere())
        .watcher(Watcher::new(Stage::Enforce, "looks", looks));
    let play = Play::with(vec![module], 8).await;
    let request = tracing::debug_span!(
        target: "alita_test",
        "request",
        message.chat_id = Empty,
        message.from_id = Empty,
        message.text_length = Empty,
        callback_query.id = Empty,
        callback_query.from_id = Empty,
    );
    let (chat, mallory) = (play.chat.get(), play.mallory.get());
    let from = format!(r#"{{"id":{mallory},"is_bot":false,"first_name":"Mallory"}}"#);
    // The cup takes two of Telegram's units.
    let message = format!(
        r#"{{"update_id":7,"message":{{"message_id":7,"date":1767614400,"text":"/hello \ud83c\udf75","from":{from},
        "chat":{{"id":{chat},"type":"supergroup","title":"Toys"}}}}}}"#
    );
    let press = format!(
        r#"{{"update_id":8,"callback_query":{{"id":"55","chat_instance":"1","data":"quite-private","from":{from}}}}}"#
    );
    for update in [message, press] {
        let update = alita_telegram::read_update(update.as_bytes()).expect("an update");
        let (delivery, receipt) = request.in_scope(|| Delivery::with_receipt(update));
        play.dispatcher.take(delivery);
        assert!(receipt.handled().await);
    }

    for span in ["request", "dispatcher.processUpdate"] {
        told.has(span, "message.text_length=9");
        told.has(span, "callback_query.id=55");
        told.has(span, &format!("callback_query.from_id={mallory}"));
    }
    told.has("request", &format!("message.chat_id={chat}"));
    told.has("request", &format!("message.from_id={mallory}"));
    told.has("handler", "handler.group=enforce");
    told.has("handler", "handler.group=command");
    for span in ["request", "dispatcher.processUpdate", "handler"] {
        let fields = told.of(span).join(" ");
        for word in ["/hello", "\u{1f375}", "quite-private", "Mallory", "Toys"] {
            assert!(!fields.contains(word), "{span} tells {word}: {fields}");
        }
    }
    play.leave().await;
}
