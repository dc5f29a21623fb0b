//! What the log says of faults, so that whoever collects internal errors finds them, and each only once.

mod toy;

use std::fmt;
use std::sync::{Arc, Mutex};

use alita_dispatch::{Command, Cx, Module, No, Outcome};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::{Layer, Registry};

use crate::toy::{Play, Toy};

/// The handlers that failed, and the classes of their faults.
#[derive(Clone, Default)]
struct Failed(Arc<Mutex<Vec<(String, String)>>>);

impl<S: Subscriber> Layer<S> for Failed {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        if let (Some(handler), Some(class)) = (fields.handler, fields.class) {
            self.0.lock().expect("nobody panicked here").push((handler, class));
        }
    }
}

#[derive(Default)]
struct Fields {
    handler: Option<String>,
    class: Option<String>,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "handler" => self.handler = Some(value.to_owned()),
            "class" => self.class = Some(value.to_owned()),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

async fn breaks(_cx: Cx<Toy>) -> Outcome {
    Err(No::fault(std::io::Error::other("a wheel came off")))
}

async fn panics(_cx: Cx<Toy>) -> Outcome {
    panic!("the engine is gone")
}

#[tokio::test]
async fn a_fault_of_ours_is_called_internal_and_a_panic_is_left_to_the_panic_hook() {
    let failed = Failed::default();
    let _guard = tracing::subscriber::set_default(Registry::default().with(failed.clone()));
    let toys = Module::new("toys")
        .command(Command::new("breaks", breaks).for_everyone())
        .command(Command::new("panics", panics).for_everyone());
    let play = Play::with(vec![toys], 8).await;
    play.says(play.mallory, "/breaks").await;
    play.says(play.mallory, "/panics").await;
    assert_eq!(play.dispatcher.figures().faults["internal"], 2, "they are counted alike");
    play.leave().await;
    let failed = failed.0.lock().expect("nobody panicked here");
    let expected = [("breaks", "internal"), ("panics", "panic")];
    assert_eq!(*failed, expected.map(|(handler, class)| (handler.to_owned(), class.to_owned())));
}
