//! How the spans of an update hang together, and that a quiet log makes none of them.

mod toy;

use std::sync::{Arc, Mutex};

use alita_dispatch::{Answer, Command, Cx, Module, Outcome};
use alita_markup::Html;
use tracing::span::{Attributes, Id};
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
