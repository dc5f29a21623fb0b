//! Counts and times every statement.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use metrics::{counter, histogram};
use sea_orm::DatabaseConnection;

/// Which domain a table belongs to.
pub(crate) const DOMAINS: &[(&str, &str)] = &[
    ("users", "users"),
    ("chats", "chats"),
    ("chat_members", "chats"),
    ("channels", "channels"),
    ("admin", "admin"),
    ("disable", "disabling"),
    ("disable_chat_settings", "disabling"),
    ("connection", "connections"),
    ("connection_settings", "connections"),
    ("warns_settings", "warns"),
    ("warns_users", "warns"),
    ("locks", "locks"),
    ("notes", "notes"),
    ("notes_settings", "notes"),
    ("approved_users", "approvals"),
    ("rules", "rules"),
    ("devs", "devs"),
    ("update_writes", "redelivery"),
    ("backlog", "redelivery"),
    ("jobs", "jobs"),
    ("bot_activity", "activity"),
    ("chat_activity", "activity"),
];

/// Lets every statement of this connection be counted in `count` and in the metrics.
pub(crate) fn watch(connection: &mut DatabaseConnection, count: Arc<AtomicU64>, slow: Duration) {
    connection.set_metric_callback(move |info| {
        count.fetch_add(1, Ordering::Relaxed);
        let (domain, op) = labels(&info.statement.sql);
        let outcome = if info.failed { "failed" } else { "ok" };
        counter!("alita_db_queries_total", "domain" => domain, "op" => op, "outcome" => outcome).increment(1);
        histogram!("alita_db_query_seconds", "domain" => domain, "op" => op).record(info.elapsed.as_secs_f64());
        if info.elapsed >= slow {
            // The statement holds placeholders; its values stay out of the log.
            tracing::warn!(domain, op, elapsed = ?info.elapsed, sql = %info.statement.sql, "a query was slow");
        }
    });
}

/// The domain and the kind of a statement: the first quoted name in it is its table.
pub(crate) fn labels(sql: &str) -> (&'static str, &'static str) {
    let table = sql.split('"').nth(1).unwrap_or_default();
    let domain = DOMAINS.iter().find(|(name, _)| *name == table).map_or("other", |(_, domain)| domain);
    let op = match sql.split(' ').next().unwrap_or_default() {
        "SELECT" => "select",
        "INSERT" => "insert",
        "UPDATE" => "update",
        "DELETE" => "delete",
        _ => "other",
    };
    (domain, op)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_tells_its_domain() {
        for (sql, answer) in [
            (r#"SELECT "warns_users"."id" FROM "warns_users""#, ("warns", "select")),
            (r#"INSERT INTO "locks" ("chat_id") VALUES ($1)"#, ("locks", "insert")),
            (r#"DELETE FROM "somewhere""#, ("other", "delete")),
            ("PRAGMA foreign_keys", ("other", "other")),
        ] {
            assert_eq!(labels(sql), answer, "{sql}");
        }
    }
}
