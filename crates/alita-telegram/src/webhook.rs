//! The receiving side of a webhook, whatever server it stands in.
//!
//! A request is believed only when its path, its method and its header say that Telegram sent it; all of that is
//! looked at before a byte of the body is read. The update then goes the same way as a polled one: out of an
//! [`UpdateSource`], with an [`Ack`](crate::Ack). Telegram hears 200 when the handling has ended. In every other
//! case it hears 503 and sends the update again, so a process that dies loses nothing.
//!
//! # What comes twice
//!
//! Telegram sends an update again when it did not hear the 200: the connection broke, or the handling took longer
//! than it waits. Two records keep that from being handled twice.
//!
//! - In the process: what is being handled, and the last 10,000 that were. A copy of the former is told to come
//!   back (503), one of the latter is answered with 200 at once.
//! - Between processes, where there are several: [`Claims`]. The difference between "somebody works on it" and "it
//!   is done" is what makes a killed process harmless. A claim of work is *short*, and lives only because its holder
//!   renews it while the handling goes on. So after a kill it ends within seconds; until then the other processes
//!   answer 503, and the next copy after that is handled by whoever gets it. A mark that the update is done is
//!   *long*. A handling that failed or was given up gives its claim back at once.
//!
//! An update may still be handled twice when a process dies between the end of the handling and the mark; then its
//! writes and messages are recognised one by one, as they are after a crash while polling.

mod answer;
mod claims;
mod door;
mod seen;
mod strangers;
mod turn;

use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Body;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response};
use secrecy::SecretString;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::SendTimeoutError;
use tokio::time::{Instant, timeout};

use self::answer::Answer;
pub use self::claims::{Claimed, Claims};
use self::door::Doors;
use self::seen::{Known, Seen};
use self::strangers::Strangers;
pub(crate) use self::turn::Turn;
use crate::delivery::update_id;
use crate::{Delivery, Error, UpdateSource, read_update};

/// Deliveries that may wait until the source is asked for the next one.
const WAITING: usize = 32;

/// How a [`Webhook`] lets updates in.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WebhookConfig {
    /// What Telegram puts into the header of every request.
    pub secret: SecretString,
    /// The secret before the last change. Telegram: what was already under way still carries it.
    pub previous_secret: Option<SecretString>,
    /// How long after the start the previous secret is accepted.
    pub previous_for: Duration,
    /// The largest body.
    pub max_body: usize,
    /// How long a body may take to arrive.
    pub body_time: Duration,
    /// How long an update may wait until the source is asked for it.
    pub wait: Duration,
    /// How long a request may wait for the end of the handling. Telegram: after a minute it hangs up.
    pub handling: Duration,
    /// What other processes behind the same address are at, if there are any.
    pub claims: Option<Arc<dyn Claims>>,
}

impl WebhookConfig {
    /// Accepts this secret alone, and knows no other process.
    #[must_use]
    pub fn new(secret: impl Into<SecretString>) -> Self {
        Self {
            secret: secret.into(),
            previous_secret: None,
            previous_for: Duration::from_secs(10 * 60),
            max_body: 1 << 20,
            body_time: Duration::from_secs(10),
            wait: Duration::from_secs(5),
            handling: Duration::from_secs(50),
            claims: None,
        }
    }
}

/// Answers Telegram's requests; clones are the same webhook.
///
/// **Invariant:** a 200 is said only for an update whose handling has ended, here or elsewhere, and for one that no
/// version of this library can read.
#[derive(Clone)]
pub struct Webhook(Arc<Inner>);

struct Inner {
    doors: Doors,
    config: WebhookConfig,
    phase: AtomicU8,
    seen: Mutex<Seen>,
    strangers: Mutex<Strangers>,
    source: mpsc::Sender<Delivery>,
}

/// Not open yet; open; closed for good.
const CLOSED: u8 = 0;
const OPEN: u8 = 1;
const STOPPING: u8 = 2;

/// Names neither paths nor secrets.
impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("phase", &self.0.phase).finish_non_exhaustive()
    }
}

impl Webhook {
    /// A webhook that is not open yet, and where its updates come out.
    ///
    /// # Errors
    ///
    /// When a secret is empty: it would let everybody in.
    pub fn new(config: WebhookConfig) -> Result<(Self, UpdateSource), Error> {
        let doors = Doors::new(&config, Instant::now())?;
        let (source, deliveries) = mpsc::channel(WAITING);
        let inner = Inner {
            doors,
            config,
            phase: AtomicU8::new(CLOSED),
            seen: Mutex::default(),
            strangers: Mutex::default(),
            source,
        };
        Ok((Self(Arc::new(inner)), UpdateSource::Pushed(deliveries)))
    }

    /// The path to tell Telegram: derived from the secret, and safe to be logged.
    ///
    /// It changes with the secret, so whoever sees the address of a webhook sees whether the secret is the same.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.doors.path()
    }

    /// From now on updates are let in; before, Telegram is told to come back.
    pub fn open(&self) {
        // Who is leaving does not begin anew.
        let _ = self.0.phase.compare_exchange(CLOSED, OPEN, Ordering::AcqRel, Ordering::Acquire);
    }

    /// From now on Telegram is told to come back, and finds another process or the next start. What was let in
    /// before is answered when its handling has ended.
    pub fn stop(&self) {
        self.0.phase.store(STOPPING, Ordering::Release);
    }

    /// Answers one request; `from` is the address at the other end of the connection.
    ///
    /// It may be dropped at any moment: an update that was let in goes its way, and its copy is recognised.
    pub async fn answer<B>(&self, request: Request<B>, from: Option<IpAddr>) -> Response<Full<Bytes>>
    where
        B: Body,
        B::Data: Buf,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let answer = match self.let_in(request).await {
            Ok((update_id, body)) => self.deliver(update_id, &body).await,
            Err(flaw) => flaw,
        };
        let answer = self.0.notice(answer, from);
        metrics::counter!("alita_webhook_requests_total", "outcome" => answer.name()).increment(1);
        answer.response()
    }

    /// The number and the text of an update that Telegram sent, or what is wrong with the request.
    async fn let_in<B>(&self, request: Request<B>) -> Result<(i64, Bytes), Answer>
    where
        B: Body,
        B::Data: Buf,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        self.0.judge(&head)?;
        if self.0.phase.load(Ordering::Acquire) != OPEN {
            return Err(Answer::Stopping);
        }
        let config = &self.0.config;
        let body = timeout(config.body_time, Limited::new(body, config.max_body).collect()).await;
        let body = match body {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(Answer::TooLarge),
            Ok(Err(_broken)) => return Err(Answer::Unreadable),
            Err(_elapsed) => return Err(Answer::Slow),
        };
        // Reading the number alone reads the whole text, so what has one is JSON from end to end.
        let id = update_id(&body).ok_or(Answer::Unreadable)?;
        Ok((id, body))
    }

    async fn deliver(&self, id: i64, body: &[u8]) -> Answer {
        let update = match read_update(body) {
            Ok(update) => update,
            Err(error) => {
                if let Error::UnreadableUpdate { keys, reason, .. } = &error {
                    tracing::warn!(update_id = id, ?keys, reason, "an update could not be read");
                }
                note_dropped("decode");
                return Answer::UnknownKind;
            }
        };
        match self.0.seen().begin(id) {
            Known::New => {}
            Known::InWork => return Answer::InWork,
            Known::Done => {
                note_dropped("duplicate");
                return Answer::Duplicate;
            }
        }
        let (turn, receipt) = Turn::begin(Arc::clone(&self.0), id);
        if let Some(claims) = &self.0.config.claims {
            match claims.begin(id).await {
                Claimed::Ours => {}
                Claimed::Elsewhere => {
                    turn.leave_to_others(false);
                    return Answer::InWork;
                }
                Claimed::Done => {
                    turn.leave_to_others(true);
                    note_dropped("duplicate");
                    return Answer::Duplicate;
                }
            }
        }
        let delivery = Delivery::by_webhook(update, turn);
        match self.0.source.send_timeout(delivery, self.0.config.wait).await {
            Ok(()) => {}
            Err(SendTimeoutError::Timeout(_)) => {
                note_dropped("overload");
                return Answer::NotHandled;
            }
            Err(SendTimeoutError::Closed(_)) => return Answer::NotHandled,
        }
        match timeout(self.0.config.handling, receipt.handled()).await {
            Ok(true) => Answer::Handled,
            Ok(false) => Answer::NotHandled,
            Err(_elapsed) => Answer::InWork,
        }
    }
}

/// Counts an update that nobody will handle, or nobody now; whoever takes one out of the source counts its own.
fn note_dropped(reason: &'static str) {
    metrics::counter!("alita_updates_dropped_total", "reason" => reason).increment(1);
}

impl Inner {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that can be judged without the body, the cheapest first.
    fn judge(&self, head: &Parts) -> Result<(), Answer> {
        let door = self.doors.find(head.uri.path(), Instant::now()).ok_or(Answer::Path)?;
        if head.method != Method::POST {
            return Err(Answer::Method);
        }
        if !door.opens_for(&head.headers) {
            return Err(Answer::Secret);
        }
        let length = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        if length
            .and_then(|length| length.parse().ok())
            .is_some_and(|length: usize| length > self.config.max_body)
        {
            return Err(Answer::TooLarge);
        }
        let kind = head.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err(Answer::ContentType);
        }
        Ok(())
    }

    /// Remembers who sent nonsense. A request that proves itself is never held back by what others sent from the
    /// same address: behind a proxy everybody has the same one.
    fn notice(&self, answer: Answer, from: Option<IpAddr>) -> Answer {
        if !answer.is_flaw() {
            return answer;
        }
        let noted = self.strangers.lock().unwrap_or_else(PoisonError::into_inner).note(from, Instant::now());
        if let Some(left_out) = noted.tell {
            let remote = from.map(tracing::field::display);
            tracing::warn!(
                remote,
                reason = answer.name(),
                left_out,
                "a request to the webhook was turned away"
            );
        }
        if noted.is_flood && !answer.is_proven() { Answer::Flood } else { answer }
    }
}
