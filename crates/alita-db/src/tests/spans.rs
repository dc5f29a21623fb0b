//! What the spans of statements say of their outcome.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use sea_orm::{ConnectionTrait, DbErr, Statement};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Instrument, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

use super::{ADA, person, worlds};

type Fields = BTreeMap<&'static str, String>;

/// The fields of all spans of statements, in their order.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<(Id, Fields)>>>);

struct Writer<'a>(&'a mut Fields);

impl Visit for Writer<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}").trim_matches('"').to_owned());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Told {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        if attributes.metadata().name() == "db" {
            let mut fields = Fields::new();
            attributes.record(&mut Writer(&mut fields));
            self.0.lock().unwrap().push((id.clone(), fields));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        // An id is used again when its span has ended, so it is the last one.
        let mut told = self.0.lock().unwrap();
        if let Some((_, fields)) = told.iter_mut().rfind(|(known, _)| known == id) {
            values.record(&mut Writer(fields));
        }
    }
}

impl Told {
    /// Model, operation, rows, whether something was found, and whether it failed; and forgets them.
    fn take(&self) -> Vec<String> {
        let told = std::mem::take(&mut *self.0.lock().unwrap());
        let line = |fields: &Fields| {
            let names =
                ["db.model", "db.operation", "db.rows_affected", "db.record_found", "otel.status_code"];
            names.map(|name| fields.get(name).map_or("-", String::as_str)).join(" ")
        };
        told.iter().map(|(_, fields)| line(fields)).collect()
    }
}

#[tokio::test]
async fn a_span_says_how_many_rows_there_were_and_whether_one_was_found() {
    for world in worlds().await {
        let told = Told::default();
        let _guard = tracing::subscriber::set_default(Registry::default().with(told.clone()));
        let ask = async |sql: &'static str| {
            let read = world.db.read(|db| async move {
                db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await
            });
            read.await.map(|rows| rows.len())
        };
        assert_eq!(ask(r#"SELECT "users"."id" FROM "users""#).await.ok(), Some(0));
        assert_eq!(told.take(), [""; 0], "what belongs to nothing has no span");
        let work = async {
            world.db.users().seen(&person(ADA, "Ada", None)).await.expect("she is written down");
            let written = told.take();
            assert!(written.contains(&"users insert 1 - -".to_owned()), "{written:?}");

            assert_eq!(ask(r#"SELECT "users"."id" FROM "users""#).await.ok(), Some(1));
            assert_eq!(told.take(), ["users select - true -"]);
            assert_eq!(ask(r#"SELECT "notes"."id" FROM "notes""#).await.ok(), Some(0));
            assert_eq!(told.take(), ["notes select - false -"], "that is no error");
            assert!(ask(r#"SELECT "id" FROM "nowhere""#).await.is_err());
            assert_eq!(told.take(), ["other select - - ERROR"]);

            let clear = world.db.write(|tx| async move {
                let backend = tx.get_database_backend();
                let run = async |sql: &str| {
                    let answer = tx.execute_raw(Statement::from_string(backend, sql)).await?;
                    Ok::<_, DbErr>(answer.rows_affected())
                };
                Ok([
                    run(r#"UPDATE "users" SET "name" = 'Ada L.'"#).await?,
                    run(r#"DELETE FROM "notes""#).await?,
                ])
            });
            assert_eq!(clear.await.ok(), Some([1, 0]));
            assert_eq!(told.take(), ["users update 1 - -", "notes delete 0 - -"]);
        };
        work.instrument(tracing::debug_span!("test")).await;
    }
}
