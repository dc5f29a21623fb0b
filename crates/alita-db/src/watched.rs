//! Connections whose statements have spans that say what became of them.

use std::pin::Pin;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult,
    Statement, TransactionTrait,
};
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::watch::labels;

/// What reads outside of a transaction.
pub(crate) type Reader = Watched<DatabaseConnection>;

/// A transaction in the hands of its work.
pub(crate) type Transaction = Watched<DatabaseTransaction>;

/// A connection or a transaction, each of whose statements is a span where spans are kept.
#[derive(Debug, Clone)]
pub(crate) struct Watched<C>(C);

impl<C> Watched<C> {
    pub(crate) const fn new(connection: C) -> Self {
        Self(connection)
    }
}

impl Reader {
    /// A transaction that only reads.
    pub(crate) async fn begin(&self) -> Result<Transaction, DbErr> {
        self.0.begin().await.map(Watched)
    }
}

impl Transaction {
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        self.0.commit().await
    }
}

/// What the driver answers with, already in a box.
type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, DbErr>> + Send + 'a>>;

/// Written out instead of by `async_trait`: without spans, the box of the driver is handed on as it is.
impl<C: ConnectionTrait> ConnectionTrait for Watched<C> {
    fn get_database_backend(&self) -> DbBackend {
        self.0.get_database_backend()
    }

    fn execute_raw<'a, 'b>(&'a self, statement: Statement) -> Answer<'b, ExecResult>
    where
        'a: 'b,
        Self: 'b,
    {
        let seen = Seen::begin(&statement);
        seen.watch(self.0.execute_raw(statement), ExecResult::rows_affected)
    }

    fn execute_unprepared<'a, 's, 'b>(&'a self, sql: &'s str) -> Answer<'b, ExecResult>
    where
        'a: 'b,
        's: 'b,
        Self: 'b,
    {
        self.0.execute_unprepared(sql)
    }

    fn query_one_raw<'a, 'b>(&'a self, statement: Statement) -> Answer<'b, Option<QueryResult>>
    where
        'a: 'b,
        Self: 'b,
    {
        let seen = Seen::begin(&statement);
        seen.watch(self.0.query_one_raw(statement), |row| u64::from(row.is_some()))
    }

    fn query_all_raw<'a, 'b>(&'a self, statement: Statement) -> Answer<'b, Vec<QueryResult>>
    where
        'a: 'b,
        Self: 'b,
    {
        let seen = Seen::begin(&statement);
        seen.watch(self.0.query_all_raw(statement), |rows| u64::try_from(rows.len()).unwrap_or(u64::MAX))
    }
}

/// A statement on its way, as its span tells it.
struct Seen {
    span: Span,
    is_question: bool,
}

impl Seen {
    /// A statement that belongs to nothing is not worth a trace of its own.
    fn begin(statement: &Statement) -> Self {
        if Span::current().is_none() {
            return Self { span: Span::none(), is_question: false };
        }
        let (domain, op) = labels(&statement.sql);
        let span = tracing::debug_span!(
            "db",
            otel.name = format!("db.{op}"),
            otel.kind = "client",
            otel.status_code = Empty,
            db.model = domain,
            db.operation = op,
            db.rows_affected = Empty,
            db.record_found = Empty,
        );
        Self { span, is_question: op == "select" }
    }

    /// `rows` tells of how many rows an answer speaks.
    fn watch<'a, T: Send + 'a>(self, answer: Answer<'a, T>, rows: fn(&T) -> u64) -> Answer<'a, T> {
        let Self { span, is_question } = self;
        if span.is_disabled() {
            return answer;
        }
        Box::pin(async move {
            let answer = answer.instrument(span.clone()).await;
            match &answer {
                // That nothing was found is an answer, and no error.
                Ok(answer) if is_question => span.record("db.record_found", rows(answer) > 0),
                Ok(answer) => span.record("db.rows_affected", rows(answer)),
                Err(_) => span.record("otel.status_code", "ERROR"),
            };
            answer
        })
    }
}
