//! One call from its parameters to its answer: limits, attempts, classification, metrics.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alita_model::ChatId;
use async_trait::async_trait;
use bytes::Bytes;
use frankenstein::AsyncTelegramApi;
use frankenstein::methods::GetUpdatesParams;
use frankenstein::response::MethodResponse;
use http_body_util::Full;
use hyper::Request;
use hyper::header::{CONTENT_TYPE, USER_AGENT};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tracing::Instrument;

use crate::endpoint::Endpoint;
use crate::load::Queue;
use crate::method::{self, Traffic};
use crate::migration::{self, Migrations};
use crate::multipart::{self, Part};
use crate::refusal::Envelope;
use crate::report;
use crate::send_log::Noting;
use crate::throttle::{Priority, Throttle};
use crate::transport::{Answer, Broken, Lane, Seat, Transport};
use crate::{ClientConfig, Error, RefusalKind, SendLog, WireError, WireKind};

/// Answers longer than this are not read; a full batch of updates is far below it.
const MAX_ANSWER: usize = 64 << 20;
const UPLOAD_LIMIT: Duration = Duration::from_secs(120);
/// What a poll may take beyond the time that it asked the server to hold it.
const POLL_MARGIN: Duration = Duration::from_secs(10);
const MAX_RETRIES: u32 = 3;
const JSON: &str = "application/json";
const AGENT: &str = concat!("alita/", env!("CARGO_PKG_VERSION"));

/// The Bot API. Cheap to clone; all clones share connections and limits.
///
/// All of frankenstein's methods are there through [`AsyncTelegramApi`].
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
    priority: Priority,
    limit: Option<Duration>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) endpoint: Endpoint,
    pub(crate) transport: Transport,
    pub(crate) local_files: Option<PathBuf>,
    pub(crate) throttle: Throttle,
    pub(crate) queue: Queue,
    /// When a call last succeeded.
    pub(crate) last_success: Mutex<Option<Instant>>,
    pub(crate) migrations: Migrations,
    send_log: Option<Arc<dyn SendLog>>,
    retry_base: Duration,
    is_rejected: watch::Sender<bool>,
}

/// A call that is ready to leave, as often as needed.
struct Call<'a> {
    method: &'a str,
    chat: Option<i64>,
    content_type: String,
    body: Bytes,
    limit: Duration,
}

impl<'a> Call<'a> {
    /// The same call to the supergroup that its chat has become; `None` where that would be another call, and for
    /// uploads.
    fn moved(&self, new: ChatId) -> Option<Call<'a>> {
        if self.content_type != JSON {
            return None;
        }
        let body = migration::moved(self.method, &self.body, ChatId::new(self.chat?), new)?;
        let content_type = self.content_type.clone();
        Some(Call { method: self.method, chat: Some(new.get()), content_type, body, limit: self.limit })
    }
}

impl Inner {
    /// Notes Telegram's word on the token, and says whether it is a new one.
    fn token_is_rejected(&self, is_rejected: bool) -> bool {
        // Nearly every word is the old one, so nobody is locked out for it.
        *self.is_rejected.borrow() != is_rejected && self.is_rejected.send_replace(is_rejected) != is_rejected
    }
}

impl Client {
    /// Makes a client. Opens no connection yet.
    ///
    /// # Errors
    ///
    /// When the server's address or the token cannot be right.
    pub fn new(config: ClientConfig) -> Result<Self, Error> {
        let inner = Inner {
            endpoint: Endpoint::new(&config.api_server, config.token)?,
            transport: Transport::new(config.idle_connections)?,
            local_files: config.local_files,
            throttle: Throttle::new(config.limits),
            queue: Queue::default(),
            last_success: Mutex::default(),
            migrations: Migrations::default(),
            send_log: config.send_log,
            retry_base: config.retry_base,
            is_rejected: watch::Sender::new(false),
        };
        Ok(Self { inner: Arc::new(inner), priority: Priority::Urgent, limit: None })
    }

    /// The same client, whose calls stand back behind urgent ones and give up sooner.
    #[must_use]
    pub fn bulk(&self) -> Self {
        Self { priority: Priority::Bulk, ..self.clone() }
    }

    /// The same client, whose calls end after `limit` at the latest, all waiting and repeating included.
    #[must_use]
    pub fn within(&self, limit: Duration) -> Self {
        Self { limit: Some(limit), ..self.clone() }
    }

    /// Whether Telegram's last word on the token was that it is not valid.
    #[must_use]
    pub fn is_rejected(&self) -> bool {
        *self.inner.is_rejected.borrow()
    }

    /// Returns when Telegram says that the token is not valid, whichever call it says it to.
    pub async fn rejected(&self) {
        // The sender lives in this very client, so the wait cannot fail.
        let _ = self.inner.is_rejected.subscribe().wait_for(|is_rejected| *is_rejected).await;
    }

    /// Calls a method with files made of bytes, which its parameters name as `attach://<part's name>`.
    ///
    /// # Errors
    ///
    /// As for every call.
    pub async fn upload<P, T>(&self, method: &str, params: &P, parts: Vec<Part>) -> Result<T, Error>
    where
        P: Serialize + Sync,
        T: DeserializeOwned,
    {
        let answer = self.send(multipart_call(method, &fields(method, params)?, &parts)).await?;
        decode::<MethodResponse<T>>(method, &answer).map(|response| response.result)
    }

    /// One `getUpdates` on the polling pool: outside the limits, never repeated here.
    pub(crate) async fn poll(&self, params: &GetUpdatesParams) -> Result<Bytes, Error> {
        let method = "getUpdates";
        let held = Duration::from_secs(params.timeout.unwrap_or(0).into());
        let call = json_call(method, Some(params), held + POLL_MARGIN)?;
        let started = Instant::now();
        let seat = self.inner.transport.seat(Lane::Polling).await;
        let result = self.attempt(seat, &call).await;
        report::count(method, result.as_ref().err(), started);
        result
    }

    async fn send(&self, call: Call<'_>) -> Result<Bytes, Error> {
        let started = Instant::now();
        let span = tracing::debug_span!(
            "telegram",
            otel.name = format!("telegram {}", call.method),
            otel.kind = "client",
            method = call.method,
            chat.id = call.chat,
            attempt = tracing::field::Empty,
            outcome = tracing::field::Empty,
            retry_after = tracing::field::Empty,
            otel.status_code = tracing::field::Empty,
        );
        let attempts = self.attempts(&call).instrument(span.clone());
        let result = match self.limit {
            None => attempts.await,
            Some(limit) => match timeout(limit, attempts).await {
                Ok(result) => result,
                Err(_) => Err(wire(call.method, WireKind::TimedOut(limit))),
            },
        };
        span.record("outcome", report::outcome(result.as_ref().err()));
        report::count(call.method, result.as_ref().err(), started);
        if let Err(error) = &result {
            if !error.is_expected() {
                span.record("otel.status_code", "ERROR");
            }
            span.in_scope(|| report::log(call.method, call.chat, error));
        }
        result
    }

    async fn attempts(&self, first: &Call<'_>) -> Result<Bytes, Error> {
        let traffic = method::traffic(first.method);
        let mut patience = self.priority.patience();
        let mut noting = Noting::of(self.inner.send_log.as_ref(), first.method);
        let (mut throttled, mut broken) = (0, 0);
        let mut moved = None;
        loop {
            let call = moved.as_ref().unwrap_or(first);
            let seat = self.queue(call, traffic, &mut patience).await?;
            noting.leaves().await?;
            tracing::Span::current()
                .record("attempt", i64::from(throttled + broken + u32::from(moved.is_some()) + 1));
            let error = match self.attempt(seat, call).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            noting.failed(&error).await;
            if error.kind() == Some(RefusalKind::Throttled) {
                let wait = self.obey(call, traffic, &error);
                throttled += 1;
                if throttled > MAX_RETRIES || wait > patience {
                    return Err(error);
                }
                // With a chat the queue waits out the pause; without one there is nobody else to hold back.
                if call.chat.is_none() {
                    patience = patience.saturating_sub(wait);
                    sleep(wait + self.jitter()).await;
                }
            } else if broken < MAX_RETRIES && may_repeat(call.method, &error) {
                sleep(self.inner.retry_base * 2_u32.pow(broken) + self.jitter()).await;
                broken += 1;
            } else if moved.is_none()
                && let (Some(old), Some(new)) = (first.chat, error.migrated_to())
                && let Some(call) = first.moved(new)
            {
                self.inner.migrations.tell(ChatId::new(old), new);
                moved = Some(call);
            } else {
                return Err(error);
            }
            report::count_retry(first.method);
        }
    }

    /// Waits until the limits let the call go and a connection is free for it.
    async fn queue(
        &self,
        call: &Call<'_>,
        traffic: Traffic,
        patience: &mut Duration,
    ) -> Result<Seat<'_>, Error> {
        let started = Instant::now();
        let wait = async {
            self.inner.throttle.acquire(traffic, call.chat, self.priority).await;
            self.inner.transport.seat(Lane::Calls).await
        };
        // Whoever waits in vain would only hold up others.
        let limit =
            if self.inner.throttle.rest(traffic, call.chat) > *patience { Duration::ZERO } else { *patience };
        let result = timeout(limit, self.inner.queue.wait(self.priority, wait)).await;
        let waited = started.elapsed();
        *patience = patience.saturating_sub(waited);
        metrics::histogram!("alita_telegram_limiter_wait_seconds", "priority" => self.priority.name())
            .record(waited);
        if let Ok(None) = result {
            return Err(Error::Overloaded { method: call.method.to_owned() });
        }
        result.ok().flatten().ok_or_else(|| {
            metrics::counter!("alita_telegram_dropped_total", "priority" => self.priority.name())
                .increment(1);
            Error::WaitedTooLong { method: call.method.to_owned(), waited: self.priority.patience() }
        })
    }

    /// Takes note of a 429; returns how long Telegram wants us to wait.
    fn obey(&self, call: &Call<'_>, traffic: Traffic, error: &Error) -> Duration {
        let wait = match error {
            Error::Refused(refusal) => refusal.retry_after,
            _ => None,
        }
        .unwrap_or(Duration::from_secs(1));
        tracing::Span::current().record("retry_after", i64::try_from(wait.as_secs()).unwrap_or(i64::MAX));
        let is_global = match call.chat {
            Some(chat) => self.inner.throttle.pause(traffic, chat, wait, self.jitter()),
            None => true,
        };
        report::count_throttling(if is_global { "global" } else { "chat" }, wait);
        wait
    }

    async fn attempt(&self, seat: Seat<'_>, call: &Call<'_>) -> Result<Bytes, Error> {
        let inner = &self.inner;
        let request = Request::post(inner.endpoint.method(call.method)?)
            .header(CONTENT_TYPE, &call.content_type)
            .header(USER_AGENT, AGENT)
            .body(Full::new(call.body.clone()))
            .map_err(|_| Error::Config("the request's headers are not well-formed"))?;
        let Answer { status, body } = match seat.exchange(request, call.limit, MAX_ANSWER).await {
            Ok(answer) => answer,
            Err(broken) => return Err(broken.into_error(call.method, MAX_ANSWER)),
        };
        if status >= 500 {
            return Err(wire(call.method, WireKind::Status(status)));
        }
        let envelope = match Envelope::read(&body) {
            Ok(envelope) => envelope,
            Err(_) if status != 200 => return Err(wire(call.method, WireKind::Status(status))),
            Err(error) => return Err(Error::unreadable(call.method, &error)),
        };
        if envelope.ok {
            inner.token_is_rejected(false);
            inner.succeeded();
            return Ok(body);
        }
        let refusal = envelope.into_refusal(call.method, status, |text| inner.endpoint.redact(text));
        if refusal.kind == RefusalKind::Unauthorized && inner.token_is_rejected(true) {
            tracing::error!(
                method = call.method,
                code = refusal.code,
                "Telegram does not accept the bot's token"
            );
        }
        Err(Error::Refused(refusal))
    }

    fn jitter(&self) -> Duration {
        self.inner.retry_base.mul_f64(fastrand::f64())
    }
}

#[async_trait]
impl AsyncTelegramApi for Client {
    type Error = Error;

    async fn request<Params, Output>(&self, method: &str, params: Option<Params>) -> Result<Output, Error>
    where
        Params: Serialize + std::fmt::Debug + Send,
        Output: DeserializeOwned,
    {
        let call = json_call(method, params.as_ref(), method::limit(method))?;
        // The parameters are Send but not Sync, so they must be gone before the first await.
        drop(params);
        decode(method, &self.send(call).await?)
    }

    async fn request_with_form_data<Params, Output>(
        &self,
        method: &str,
        params: Params,
        files: Vec<(&str, PathBuf)>,
    ) -> Result<Output, Error>
    where
        Params: Serialize + std::fmt::Debug + Send,
        Output: DeserializeOwned,
    {
        let fields = fields(method, &params)?;
        drop(params);
        let mut parts = Vec::with_capacity(files.len());
        for (name, path) in files {
            let bytes = tokio::fs::read(&path).await.map_err(Error::ReadFile)?;
            let file_name = path.file_name().map_or_else(|| name.into(), |name| name.to_string_lossy());
            parts.push(Part::new(name, file_name, bytes));
        }
        decode(method, &self.send(multipart_call(method, &fields, &parts)).await?)
    }
}

impl Broken {
    pub(crate) fn into_error(self, method: &str, limit: usize) -> Error {
        match self {
            Self::Wire(kind, source) => Error::Wire(WireError { method: method.to_owned(), kind, source }),
            Self::TooLarge => Error::TooLarge { limit },
        }
    }
}

fn wire(method: &str, kind: WireKind) -> Error {
    Error::Wire(WireError { method: method.to_owned(), kind, source: None })
}

fn json_call<'a, P: Serialize>(
    method: &'a str,
    params: Option<&P>,
    limit: Duration,
) -> Result<Call<'a>, Error> {
    let body = match params {
        Some(params) => serde_json::to_vec(params)
            .map_err(|source| Error::Unwritable { method: method.to_owned(), source })?,
        None => b"{}".to_vec(),
    };
    let chat = serde_json::from_slice::<Target>(&body).ok().and_then(|target| target.chat_id?.as_i64());
    Ok(Call { method, chat, content_type: JSON.to_owned(), body: body.into(), limit })
}

fn multipart_call<'a>(method: &'a str, fields: &Map<String, Value>, parts: &[Part]) -> Call<'a> {
    let chat = fields.get("chat_id").and_then(Value::as_i64);
    let (body, content_type) = multipart::body(fields, parts);
    Call { method, chat, content_type, body, limit: UPLOAD_LIMIT }
}

fn fields<P: Serialize>(method: &str, params: &P) -> Result<Map<String, Value>, Error> {
    match serde_json::to_value(params) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Ok(Map::new()),
        Err(source) => Err(Error::Unwritable { method: method.to_owned(), source }),
    }
}

/// The chat whose limits a call counts against. A chat named by `@username` counts against the global ones only.
#[derive(serde::Deserialize)]
struct Target {
    chat_id: Option<Value>,
}

fn decode<T: DeserializeOwned>(method: &str, answer: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(answer).map_err(|error| {
        let error = Error::unreadable(method, &error);
        tracing::warn!(method, %error, "the answer has not the shape that the method promises");
        error
    })
}

/// Repeats only what certainly did not leave, or what may be carried out twice.
fn may_repeat(method: &str, error: &Error) -> bool {
    let Error::Wire(WireError { kind, .. }) = error else { return false };
    match kind {
        WireKind::NotConnected => true,
        WireKind::Cut | WireKind::TimedOut(_) => method::is_repeatable(method),
        WireKind::Status(status) => *status >= 500 && method::is_repeatable(method),
        WireKind::Unreadable(_) => false,
    }
}

#[cfg(test)]
mod tests;
