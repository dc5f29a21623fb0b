//! The handle: connections, cached reads, and writes that are whole or not at all.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use alita_cache::{Cache, Kind};
use alita_runtime::Clock;
use sea_orm::{
    Database, DatabaseConnection, DbBackend, DbErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use tracing::Instrument;
use tracing::field::Empty;

use crate::error::{Trouble, trouble};
use crate::outage::Outage;
use crate::pool::{self, Line};
use crate::redelivery::{self, Stamp};
use crate::watched::{Reader, Transaction};
use crate::{
    ActivityRepo, AdminRepo, ApprovalsRepo, BacklogRepo, ChannelsRepo, ChatsRepo, ConnectionsRepo, DbConfig,
    DevsRepo, DisablingRepo, Error, JobsRepo, LanguagesRepo, LocksRepo, NotesRepo, RulesRepo, UsersRepo,
    WarnsRepo, activity_repo, admin_repo, approvals_repo, backlog_repo, channels_repo, chats_repo,
    connections_repo, devs_repo, disabling_repo, languages_repo, locks_repo, notes_repo, rules_repo,
    users_repo, warns_repo, watch,
};

/// How long most cached rows are kept; a write drops them at once.
pub(crate) const HALF_AN_HOUR: Duration = Duration::from_secs(30 * 60);
/// How long rows are kept that are asked for with every message and change rarely.
pub(crate) const AN_HOUR: Duration = Duration::from_secs(60 * 60);

/// A transaction in the hands of its work.
pub(crate) type Tx = Arc<Transaction>;

/// The database: one repository a domain. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    connection: DatabaseConnection,
    pub(crate) line: Line,
    clock: Clock,
    outage: Arc<Outage>,
    queries: Arc<AtomicU64>,
    transactions: AtomicU64,
    /// SQLite has one writer at a time. The others wait here and not at a connection, which readers need.
    writer: Option<Mutex<()>>,
    pub(crate) users: users_repo::Memory,
    pub(crate) chats: chats_repo::Memory,
    pub(crate) channels: channels_repo::Memory,
    pub(crate) languages: languages_repo::Kinds,
    pub(crate) activity: activity_repo::Memory,
    pub(crate) admin: admin_repo::Kinds,
    pub(crate) disabling: disabling_repo::Kinds,
    pub(crate) connections: connections_repo::Kinds,
    pub(crate) warns: warns_repo::Kinds,
    pub(crate) locks: locks_repo::Kinds,
    pub(crate) notes: notes_repo::Kinds,
    pub(crate) approvals: approvals_repo::Kinds,
    pub(crate) rules: rules_repo::Kinds,
    pub(crate) devs: devs_repo::Kinds,
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Db").field("connection", &self.inner.connection).finish_non_exhaustive()
    }
}

impl Db {
    /// Opens the database; an embedded one is made if it is missing. The schema is not touched.
    ///
    /// # Errors
    ///
    /// [`Error::Url`], [`Error::Folder`] and [`Error::File`] for what the operator must change,
    /// [`Error::Unavailable`] when a server did not answer [`DbConfig::connect_attempts`] times, else
    /// [`Error::Refused`].
    pub async fn connect(config: DbConfig, cache: Cache, clock: Clock) -> Result<Self, Error> {
        config.make_folder()?;
        let (mut connection, opened) = open(&config, &clock).await?;
        let queries = Arc::new(AtomicU64::new(0));
        watch::watch(&mut connection, Arc::clone(&queries), config.slow_query);
        let inner = Inner {
            writer: (connection.get_database_backend() == DbBackend::Sqlite).then(Mutex::default),
            connection,
            outage: Arc::new(Outage::new(clock.clone(), config.acquire_timeout)),
            line: Line::new(&config, clock.clone(), opened),
            queries,
            transactions: AtomicU64::new(0),
            users: users_repo::Memory::new(&cache, &clock),
            chats: chats_repo::Memory::new(&cache, &clock),
            channels: channels_repo::Memory::new(&cache, &clock),
            languages: languages_repo::Kinds::new(&cache),
            activity: activity_repo::Memory::new(&cache),
            admin: admin_repo::Kinds::new(&cache),
            disabling: disabling_repo::Kinds::new(&cache),
            connections: connections_repo::Kinds::new(&cache),
            warns: warns_repo::Kinds::new(&cache),
            locks: locks_repo::Kinds::new(&cache),
            notes: notes_repo::Kinds::new(&cache),
            approvals: approvals_repo::Kinds::new(&cache),
            rules: rules_repo::Kinds::new(&cache),
            devs: devs_repo::Kinds::new(&cache),
            clock,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// People who were seen.
    #[must_use]
    pub const fn users(&self) -> UsersRepo<'_> {
        UsersRepo(self)
    }

    /// Groups, and who was seen in them.
    #[must_use]
    pub const fn chats(&self) -> ChatsRepo<'_> {
        ChatsRepo(self)
    }

    /// Channels that were seen.
    #[must_use]
    pub const fn channels(&self) -> ChannelsRepo<'_> {
        ChannelsRepo(self)
    }

    /// Who was active when.
    #[must_use]
    pub const fn activity(&self) -> ActivityRepo<'_> {
        ActivityRepo(self)
    }

    /// In which language people and groups are addressed.
    #[must_use]
    pub const fn languages(&self) -> LanguagesRepo<'_> {
        LanguagesRepo(self)
    }

    /// Whether anonymous admins are trusted without a proof.
    #[must_use]
    pub const fn admin(&self) -> AdminRepo<'_> {
        AdminRepo(self)
    }

    /// Commands that a chat switched off.
    #[must_use]
    pub const fn disabling(&self) -> DisablingRepo<'_> {
        DisablingRepo(self)
    }

    /// Which group a person manages from the private chat.
    #[must_use]
    pub const fn connections(&self) -> ConnectionsRepo<'_> {
        ConnectionsRepo(self)
    }

    /// Warnings, and when a chat punishes.
    #[must_use]
    pub const fn warns(&self) -> WarnsRepo<'_> {
        WarnsRepo(self)
    }

    /// What a chat forbids.
    #[must_use]
    pub const fn locks(&self) -> LocksRepo<'_> {
        LocksRepo(self)
    }

    /// Saved messages of a chat.
    #[must_use]
    pub const fn notes(&self) -> NotesRepo<'_> {
        NotesRepo(self)
    }

    /// Members whom the automatic protections leave alone.
    #[must_use]
    pub const fn approvals(&self) -> ApprovalsRepo<'_> {
        ApprovalsRepo(self)
    }

    /// The rules of a chat.
    #[must_use]
    pub const fn rules(&self) -> RulesRepo<'_> {
        RulesRepo(self)
    }

    /// The team of this bot.
    #[must_use]
    pub const fn devs(&self) -> DevsRepo<'_> {
        DevsRepo(self)
    }

    /// Updates whose handling takes long.
    #[must_use]
    pub const fn backlog(&self) -> BacklogRepo<'_> {
        BacklogRepo(self)
    }

    /// What is to happen later, for the operator; the runner of jobs takes the database itself.
    #[must_use]
    pub const fn jobs(&self) -> JobsRepo<'_> {
        JobsRepo(self)
    }

    /// The pool of connections, for migrations and health checks.
    #[must_use]
    pub fn connection(&self) -> &DatabaseConnection {
        &self.inner.connection
    }

    /// How many statements were sent so far.
    #[must_use]
    pub fn queries(&self) -> u64 {
        self.inner.queries.load(Ordering::Relaxed)
    }

    /// How many write transactions were begun so far.
    #[must_use]
    pub fn transactions(&self) -> u64 {
        self.inner.transactions.load(Ordering::Relaxed)
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when there is none.
    pub async fn ping(&self) -> Result<(), Error> {
        Ok(self.inner.outage.note(self.inner.connection.ping().await)?)
    }

    /// Forgets what was kept for redelivered updates, and of the backlog, what is too old to be asked for; returns how
    /// many rows went.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn sweep(&self) -> Result<u64, Error> {
        let now = self.now();
        self.write(move |tx| async move {
            Ok(redelivery::sweep(&*tx, now).await? + backlog_repo::sweep(&*tx, now).await?)
        })
        .await
    }

    /// Waits until the connections are back and closes them.
    ///
    /// # Errors
    ///
    /// When the driver cannot close them.
    pub async fn close(&self) -> Result<(), Error> {
        Ok(self.inner.connection.close_by_ref().await?)
    }

    pub(crate) fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.inner.clock.now()
    }

    /// A cached read. The load is asked once more when its connection turns out to be broken.
    ///
    /// What the load captures is carried along too: ids and names, never a half-built query.
    pub(crate) async fn cached<V, F, Fut>(&self, kind: &Kind<V>, key: &str, load: F) -> Result<Arc<V>, Error>
    where
        V: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
        F: Fn(Reader) -> Fut + Send + 'static,
        Fut: Future<Output = Result<V, DbErr>> + Send + 'static,
    {
        let inner = Arc::clone(&self.inner);
        // Boxed, for the driver's futures are large and the cache carries a load through several hands.
        let load = move || -> Pin<Box<dyn Future<Output = Result<V, DbErr>> + Send>> {
            Box::pin(async move {
                inner.outage.check()?;
                let _place = inner.line.stand().await?;
                let (db, outage) = (Reader::new(inner.connection.clone()), &inner.outage);
                match outage.note(load(db.clone()).await) {
                    Err(error) if trouble(&error) == Trouble::Lost => outage.note(load(db).await),
                    outcome => outcome,
                }
            })
        };
        Ok(kind.get_or_load(key, load).await?)
    }

    /// A read that is not cached, asked once more when its connection turns out to be broken.
    pub(crate) async fn read<T, Fut>(&self, load: impl Fn(Reader) -> Fut) -> Result<T, Error>
    where
        Fut: Future<Output = Result<T, DbErr>>,
    {
        let outage = &self.inner.outage;
        outage.check()?;
        let _place = self.inner.line.stand().await?;
        let db = Reader::new(self.inner.connection.clone());
        match outage.note(load(db.clone()).await) {
            Err(error) if trouble(&error) == Trouble::Lost => Ok(outage.note(load(db).await)?),
            outcome => Ok(outcome?),
        }
    }

    /// One transaction. When another one was in its way, or the connection broke, it is run once more.
    pub(crate) async fn write<T, Fut>(&self, work: impl Fn(Tx) -> Fut) -> Result<T, Error>
    where
        Fut: Future<Output = Result<T, DbErr>>,
    {
        let span = tracing::debug_span!("db.transaction", is_repeated = Empty);
        // Boxed, for the driver's futures are large and would make every caller's future as large.
        let mut outcome = Box::pin(self.attempt(&work).instrument(span.clone())).await;
        if let Err(Failed { may_repeat: true, error }) = &outcome {
            tracing::debug!(%error, "a transaction is run once more");
            span.record("is_repeated", true);
            outcome = Box::pin(self.attempt(&work).instrument(span)).await;
        }
        outcome.map_err(|failed| failed.error.into())
    }

    /// A [`Db::write`] whose repetition people would see: a redelivered update gets the first answer.
    pub(crate) async fn write_once<T, Fut>(
        &self,
        name: &'static str,
        work: impl Fn(Tx) -> Fut,
    ) -> Result<T, Error>
    where
        T: Serialize + DeserializeOwned,
        Fut: Future<Output = Result<T, DbErr>>,
    {
        let Some(stamp) = Stamp::next(name) else { return self.write(work).await };
        let work = &work;
        self.write(move |tx| async move {
            if let Some(answer) = stamp.earlier(&tx, self.now()).await? {
                return Ok(answer);
            }
            let answer = work(Arc::clone(&tx)).await?;
            stamp.keep(&tx, &answer).await?;
            Ok(answer)
        })
        .await
    }

    /// Notes that the update in whose name we are working begins to do what cannot be done twice or cannot be seen
    /// afterwards. See [`Db::has_begun`].
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer; then nothing was noted.
    pub async fn begin(&self) -> Result<(), Error> {
        self.write_once("begin", |_| async { Ok(()) }).await
    }

    /// Whether an earlier delivery of this update has [begun](Db::begin), or has written what is written once.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn has_begun(&self, update_id: i64) -> Result<bool, Error> {
        self.read(move |db| async move { redelivery::has_written(&db, update_id).await }).await
    }

    async fn attempt<T, Fut>(&self, work: &impl Fn(Tx) -> Fut) -> Result<T, Failed>
    where
        Fut: Future<Output = Result<T, DbErr>>,
    {
        self.inner.outage.check().map_err(Failed::before_commit)?;
        let _turn = match &self.inner.writer {
            Some(writer) => Some(writer.lock().await),
            None => None,
        };
        let _place = self.inner.line.stand().await.map_err(Failed::before_commit)?;
        self.inner.transactions.fetch_add(1, Ordering::Relaxed);
        // SQLite: a transaction that reads and then writes must begin as a writer, or it fails where others write.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let begun = self.inner.connection.begin_with_options(options).await;
        let tx = self.inner.outage.note(begun).map_err(Failed::before_commit)?;
        let tx = Arc::new(Transaction::new(tx));
        let answer = work(Arc::clone(&tx)).await.map_err(Failed::before_commit)?;
        let tx = Arc::into_inner(tx).ok_or_else(|| {
            Failed::before_commit(DbErr::Custom("the work kept its transaction after it had ended".into()))
        })?;
        tx.commit().await.map_err(Failed::at_commit)?;
        Ok(answer)
    }
}

/// A transaction that failed, and whether its work may be run again.
struct Failed {
    error: DbErr,
    may_repeat: bool,
}

impl Failed {
    fn before_commit(error: DbErr) -> Self {
        Self { may_repeat: matches!(trouble(&error), Trouble::Conflict | Trouble::Lost), error }
    }

    /// A connection that breaks here leaves open whether the work was committed.
    fn at_commit(error: DbErr) -> Self {
        Self { may_repeat: trouble(&error) == Trouble::Conflict, error }
    }
}

async fn open(config: &DbConfig, clock: &Clock) -> Result<(DatabaseConnection, Arc<AtomicU64>), Error> {
    let mut options = config.options()?;
    let opened = pool::look_after(&mut options);
    let mut attempt = 1;
    loop {
        let error = match Database::connect(options.clone()).await {
            Ok(connection) => return Ok((connection, opened)),
            Err(error) => error,
        };
        // A server may still be starting; a file that cannot be opened now cannot be opened later, unless
        // somebody else is opening it at this moment.
        let may_pass = match trouble(&error) {
            Trouble::Refused => false,
            Trouble::Conflict => true,
            Trouble::Lost | Trouble::Unavailable => !config.is_embedded(),
        };
        if !may_pass || attempt >= config.connect_attempts {
            return Err(match config.file() {
                Some(path) => Error::File { path, source: error },
                None => error.into(),
            });
        }
        let pause = Duration::from_secs(1 << (attempt - 1).min(5));
        tracing::warn!(attempt, ?pause, "the database does not answer yet");
        clock.sleep(pause).await;
        attempt += 1;
    }
}
