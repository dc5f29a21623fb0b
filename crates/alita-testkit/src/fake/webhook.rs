//! Sends updates to the bot's webhook, as Telegram does: a few at once, in order within a chat, again and again until
//! they are taken.
//!
//! The address that the bot registers is public and does not lead here, so a test says which addresses of loopback
//! stand behind it; with several of them this is also the load balancer in front.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::{CONTENT_TYPE, HOST, RETRY_AFTER};
use hyper::{Request, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Map, Value, json};

use super::faults::Fault;
use super::params::Params;
use super::queue::Parcel;
use super::refusal::{Answer, Refusal};
use super::world::World;
use super::{FakeTelegram, Shared};

/// Telegram: so many requests at once, unless the bot says otherwise.
const CONNECTIONS: usize = 40;
/// How long Telegram waits for an answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// Telegram: the wait after the second failure; it doubles with each.
const FIRST_DELAY: u64 = 2;
const LONGEST_DELAY: u64 = 60;
/// Telegram: a `Retry-After` is obeyed up to this.
const LONGEST_RETRY_AFTER: u64 = 3600;

pub(crate) type Sender = Client<HttpConnector, Full<Bytes>>;

pub(crate) fn sender() -> Sender {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).build(connector)
}

/// What the bot registered.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    url: String,
    secret: Option<String>,
    connections: usize,
    /// When, and what.
    last_error: Option<(i64, String)>,
}

impl Webhook {
    pub(crate) fn from_params(url: &str, params: &Params) -> Result<Self, Refusal> {
        if !url.starts_with("https://") {
            return Err(Refusal::bad("bad webhook: An HTTPS URL must be provided for webhook"));
        }
        let port = url.parse::<Uri>().ok().and_then(|uri| uri.port_u16()).unwrap_or(443);
        if ![443, 80, 88, 8443].contains(&port) {
            let text = "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443";
            return Err(Refusal::bad(text));
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let secret = params.text("secret_token");
        if secret
            .is_some_and(|secret| secret.is_empty() || secret.len() > 256 || !secret.chars().all(allowed))
        {
            return Err(Refusal::bad("secret token contains unallowed characters"));
        }
        let connections = params.int("max_connections").and_then(|most| usize::try_from(most).ok());
        Ok(Self {
            url: url.to_owned(),
            secret: secret.map(str::to_owned),
            connections: connections.filter(|most| *most > 0).unwrap_or(CONNECTIONS).min(100),
            last_error: None,
        })
    }
}

/// One attempt to hand an update to the bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// Which update.
    pub update_id: i64,
    /// Who was to take it; nobody when nobody listened.
    pub target: Option<SocketAddr>,
    /// What was answered; 0 when there was no answer.
    pub status: u16,
}

/// The addresses behind the registered one, and what was tried.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    addresses: Vec<SocketAddr>,
    turn: usize,
    attempts: Vec<Attempt>,
    /// How long requests took that were answered with success, once somebody has asked.
    waits: Option<Vec<Duration>>,
}

impl FakeTelegram {
    /// The addresses behind that of the webhook; requests go to them in turn, and past one where nobody listens.
    pub fn webhook_targets(&self, addresses: &[SocketAddr]) {
        self.act(|world| world.targets.addresses = addresses.to_vec());
    }

    /// Every attempt to hand over an update so far, in the order in which they ended; none while the log is paused.
    #[must_use]
    pub fn webhook_attempts(&self) -> Vec<Attempt> {
        self.world().targets.attempts.clone()
    }

    /// How long each request took that handed an update over since this was asked last, by Telegram's clock; the first
    /// question begins the record.
    #[must_use]
    pub fn webhook_waits(&self) -> Vec<Duration> {
        self.world().targets.waits.replace(Vec::new()).unwrap_or_default()
    }
}

impl World {
    pub(crate) fn set_webhook(&mut self, url: &str, params: &Params) -> Answer {
        let webhook = Webhook::from_params(url, params)?;
        // Telegram: without a list the one before it stays.
        if let Some(allowed) = params.nested("allowed_updates")? {
            self.queue.allow(&allowed);
        }
        if params.flag("drop_pending_updates") {
            self.queue.clear();
        }
        self.webhook = Some(webhook);
        Ok(true.into())
    }

    pub(crate) fn webhook_info(&self) -> Value {
        let mut info = Map::new();
        let mut tell = |field: &str, value: Value| info.insert(field.to_owned(), value);
        tell("url", self.webhook.as_ref().map(|webhook| webhook.url.clone()).unwrap_or_default().into());
        tell("has_custom_certificate", false.into());
        tell("pending_update_count", self.queue.len().into());
        if let Some(webhook) = &self.webhook {
            tell("max_connections", webhook.connections.into());
            if let Some((date, message)) = &webhook.last_error {
                tell("last_error_date", (*date).into());
                tell("last_error_message", message.clone().into());
            }
        }
        // Telegram: the default list is not told.
        if !self.queue.allowed().is_empty() {
            tell("allowed_updates", json!(self.queue.allowed()));
        }
        Value::Object(info)
    }

    /// What may be sent now, and how long until more may.
    fn parcels(&mut self) -> (Vec<Parcel>, Option<Duration>) {
        let Some(webhook) = &self.webhook else { return (Vec::new(), None) };
        let (now, most) = (self.clock.instant(), webhook.connections);
        self.queue.take_parcels(most, now)
    }

    /// The addresses to try, beginning with the one whose turn it is.
    fn route(&mut self) -> Vec<SocketAddr> {
        let targets = &mut self.targets;
        let mut addresses = targets.addresses.clone();
        if !addresses.is_empty() {
            addresses.rotate_left(targets.turn % targets.addresses.len());
            targets.turn = targets.turn.wrapping_add(1);
        }
        addresses
    }

    fn ended(&mut self, parcel: &Parcel, (target, began): (Option<SocketAddr>, Duration), outcome: &Outcome) {
        let status = match outcome {
            Outcome::Answered(status, _) => *status,
            Outcome::Failed(_) => 0,
        };
        if !self.log.is_paused() {
            self.targets.attempts.push(Attempt { update_id: parcel.id, target, status });
        }
        let (error, retry_after) = match outcome {
            Outcome::Answered(200..=299, _) => {
                let took = self.clock.instant().saturating_sub(began);
                self.targets.waits.iter_mut().for_each(|waits| waits.push(took));
                return self.queue.delivered(parcel.id);
            }
            Outcome::Answered(status, wait) => {
                let reason = hyper::StatusCode::from_u16(*status).ok();
                let reason = reason.and_then(|status| status.canonical_reason()).unwrap_or_default();
                (format!("Wrong response from the webhook: {status} {reason}"), *wait)
            }
            Outcome::Failed(error) => ((*error).to_owned(), None),
        };
        // Telegram: the first failure is followed by another attempt at once.
        let delay = match (retry_after, parcel.failures) {
            (Some(wait), _) => wait.min(LONGEST_RETRY_AFTER),
            (None, 0) => 0,
            (None, failures) => (FIRST_DELAY << (failures - 1).min(5)).min(LONGEST_DELAY),
        };
        let (date, due) = (self.now(), self.clock.instant() + Duration::from_secs(delay));
        self.queue.returned(parcel.id, due);
        if let Some(webhook) = &mut self.webhook {
            webhook.last_error = Some((date, error));
        }
    }
}

enum Outcome {
    /// With the seconds of `Retry-After`.
    Answered(u16, Option<u64>),
    Failed(&'static str),
}

/// Sends as long as there is a Telegram.
pub(crate) async fn deliver(shared: Arc<Shared>) {
    let stop = shared.stop.clone();
    let sending = async {
        loop {
            let mut news = pin!(shared.updates.notified());
            news.as_mut().enable();
            let (parcels, next, clock) = {
                let mut world = shared.world();
                let (parcels, next) = world.parcels();
                (parcels, next, world.clock.clone())
            };
            for parcel in parcels {
                let (sharing, stop) = (Arc::clone(&shared), stop.clone());
                shared.tasks.spawn("a request of the fake Telegram", async move {
                    stop.run_until_cancelled(carry(&sharing, parcel)).await;
                });
            }
            let due = async {
                match next {
                    Some(wait) => clock.limit(wait).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = &mut news => {}
                () = due => {}
            }
        }
    };
    stop.run_until_cancelled(sending).await;
}

async fn carry(shared: &Shared, parcel: Parcel) {
    let (webhook, route, fault, clock) = {
        let mut world = shared.world();
        let fault = world.faults.take("webhook");
        (world.webhook.clone(), world.route(), fault, world.clock.clone())
    };
    let began = clock.instant();
    let (target, outcome) = match (webhook, &fault) {
        (None, _) => (None, Outcome::Failed("Webhook was closed")),
        (Some(_), Some(fault)) if !matches!(fault, Fault::AfterEffect(_)) => {
            (None, Outcome::Failed("Connection timed out"))
        }
        (Some(webhook), _) => {
            let mut patience = pin!(clock.limit(PATIENCE));
            let mut last = (None, Outcome::Failed("Connection refused"));
            for address in route {
                let answer = tokio::select! {
                    answer = send(&shared.sender, address, &webhook, &parcel.text) => answer,
                    () = &mut patience => Some(Outcome::Failed("Read timeout expired")),
                };
                if let Some(outcome) = answer {
                    last = (Some(address), outcome);
                    break;
                }
            }
            last
        }
    };
    let outcome = if fault.is_some() { Outcome::Failed("Read timeout expired") } else { outcome };
    shared.world().ended(&parcel, (target, began), &outcome);
    shared.updates.notify_waiters();
    shared.changed.notify_waiters();
}

/// What the bot answers; `None` when nobody listens there, so that another one may be asked.
async fn send(sender: &Sender, to: SocketAddr, webhook: &Webhook, text: &str) -> Option<Outcome> {
    let (host, path) = webhook.url.strip_prefix("https://")?.split_once('/').unwrap_or((&webhook.url, ""));
    let mut request = Request::post(format!("http://{to}/{path}"))
        .header(HOST, host)
        .header(CONTENT_TYPE, "application/json");
    if let Some(secret) = &webhook.secret {
        request = request.header("X-Telegram-Bot-Api-Secret-Token", secret);
    }
    let request = request.body(Full::new(Bytes::from(text.to_owned()))).ok()?;
    let response = match sender.request(request).await {
        Ok(response) => response,
        Err(error) if error.is_connect() => return None,
        // The balancer cannot know whether the other side got it.
        Err(_broken) => return Some(Outcome::Answered(502, None)),
    };
    let status = response.status().as_u16();
    let wait = response.headers().get(RETRY_AFTER).and_then(|wait| wait.to_str().ok()?.parse().ok());
    match response.into_body().collect().await {
        Ok(_body) => Some(Outcome::Answered(status, wait)),
        Err(_broken) => Some(Outcome::Answered(502, None)),
    }
}
