//! The webhook among the other doors: its route, its registration with Telegram, and how it is left.
//!
//! Telegram is told only when it does not know already, so that instances which start at the same time do not fight.
//! The secret cannot be read back, but it need not be: the path of the address is derived from it, so another secret
//! is another address.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use alita_cache::Cache;
use alita_modules::Mode;
use alita_monitoring::http::{Peer, Router};
use alita_monitoring::{Health, traces};
use alita_runtime::{Clock, Shutdown, TaskSet};
use alita_telegram::methods::SetWebhookParams;
use alita_telegram::types::AllowedUpdate;
use alita_telegram::updates::WebhookInfo;
use alita_telegram::{
    AsyncTelegramApi, Claims, Client, Error as TelegramError, RefusalKind, SecretString, UpdateSource,
    Webhook, WebhookConfig,
};
use anyhow::Context;
use secrecy::ExposeSecret;
use tokio::sync::Mutex;
use tracing::Instrument;

use crate::claims::SharedClaims;
use crate::config::{Config, Origin};

/// How long an update may wait for its turn before Telegram is told to come back.
pub(crate) const WAIT: Duration = Duration::from_secs(5);

/// How often Telegram is asked how it gets on with us.
const ASK: Duration = Duration::from_secs(5 * 60);

/// How long the step before the drain, and the one after it, may take.
const STEP: Duration = Duration::from_secs(10);

/// Telegram: it opens no more connections than this.
const MOST_CONNECTIONS: usize = 100;

/// The webhook of this instance.
pub(crate) struct Hook {
    webhook: Webhook,
    claims: Option<Arc<SharedClaims>>,
    /// The address that Telegram is to call.
    url: String,
    secret: SecretString,
    seen: Arc<Seen>,
}

/// What Telegram said when it was asked last.
#[derive(Debug, Default)]
struct Seen {
    is_elsewhere: AtomicBool,
    /// Unix time of the last failure that was logged.
    failed_at: AtomicU64,
}

/// How updates come.
pub(crate) fn mode(origin: &Origin) -> Mode {
    match origin {
        Origin::Polling => Mode::Polling,
        Origin::Webhook(_) => Mode::Webhook,
    }
}

/// How updates come, in the word that metrics use.
pub(crate) fn mode_name(origin: &Origin) -> &'static str {
    match mode(origin) {
        Mode::Polling => "polling",
        Mode::Webhook => "webhook",
    }
}

/// The webhook, still closed, and where its updates come out; nothing when we poll.
pub(crate) fn prepare(config: &Config, cache: &Cache) -> anyhow::Result<Option<(Hook, UpdateSource)>> {
    let Origin::Webhook(place) = &config.origin else { return Ok(None) };
    let claims = config.redis.is_some().then(|| SharedClaims::new(cache.state()));
    let mut inner = WebhookConfig::new(place.secret.clone());
    inner.previous_secret.clone_from(&place.previous_secret);
    inner.claims = claims.clone().map(|claims| claims as Arc<dyn Claims>);
    let (webhook, source) = Webhook::new(inner).context("WEBHOOK_SECRET")?;
    let url = format!("{}{}", place.domain.as_str().trim_end_matches('/'), webhook.path());
    let hook = Hook { webhook, claims, url, secret: place.secret.clone(), seen: Arc::default() };
    Ok(Some((hook, source)))
}

impl Hook {
    /// Adds the route; everything that looks like a webhook is judged in one place.
    pub(crate) fn routed(&self, router: Router) -> Router {
        let webhook = self.webhook.clone();
        router.under("/webhook", move |request| {
            let webhook = webhook.clone();
            let from = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
            // The trace of the update begins here, or wherever the caller says that it began.
            let span = traces::webhook_span(request.headers(), "/webhook/{secret}");
            let here = span.clone();
            let answer = async move {
                let reply = webhook.answer(request, from).await;
                here.record("http.status_code", reply.status().as_u16());
                reply
            };
            answer.instrument(span)
        })
    }

    /// The other instances hear what this one is at; the last word comes when nothing is handled any more, so
    /// register this before the draining.
    pub(crate) fn keep_claims(&self, shutdown: &Shutdown, tasks: &TaskSet, clock: &Clock) {
        let Some(claims) = self.claims.clone() else { return };
        claims.keep(tasks, clock);
        shutdown.register("claims of updates", STEP, || async move {
            claims.tell().await;
            Ok(())
        });
    }

    /// The first door to be closed on the way out: nothing more is let in, so that the handlers can come to their end.
    /// The webhook stays registered: what comes meanwhile waits at Telegram for the next start.
    pub(crate) fn leave_first(&self, shutdown: &Shutdown, source: Arc<Mutex<UpdateSource>>) {
        let webhook = self.webhook.clone();
        shutdown.register("webhook", STEP, || async move {
            webhook.stop();
            source.lock().await.stop();
            Ok(())
        });
    }

    /// Lets updates in, and makes sure that Telegram sends them here.
    pub(crate) async fn open(
        &self,
        client: &Client,
        updates: Vec<AllowedUpdate>,
        (max_updates, drops_pending): (usize, bool),
        clock: &Clock,
    ) -> anyhow::Result<()> {
        self.webhook.open();
        let most = u32::try_from(max_updates.clamp(1, MOST_CONNECTIONS)).unwrap_or(1);
        let wanted = SetWebhookParams::builder()
            .url(self.url.clone())
            .max_connections(most)
            .allowed_updates(updates)
            .drop_pending_updates(drops_pending)
            .secret_token(self.secret.expose_secret().to_owned())
            .build();
        let mut wait = Duration::from_secs(1);
        while let Err(error) = self.register(client, &wanted).await {
            // Telegram's limits pass; what it says about the address or the token does not.
            if matches!(&error, TelegramError::Refused(refusal) if refusal.kind != RefusalKind::Throttled) {
                return Err(error).context("WEBHOOK_DOMAIN: Telegram does not take this webhook");
            }
            tracing::warn!(%error, "Telegram could not be told of the webhook; trying again in {} s", wait.as_secs());
            clock.sleep(wait).await;
            wait = (wait * 2).min(Duration::from_secs(30));
        }
        Ok(())
    }

    async fn register(&self, client: &Client, wanted: &SetWebhookParams) -> Result<(), TelegramError> {
        match client.get_webhook_info().await {
            Ok(response) => {
                let info = response.result;
                // What failed before this start is no news.
                self.seen.failed_at.store(info.last_error_date.unwrap_or_default(), Ordering::Relaxed);
                note(&info);
                if is_as(&info, wanted) {
                    tracing::info!(url = self.url, "Telegram knows the webhook");
                    return Ok(());
                }
            }
            // For example a kind of update that this version does not know; setting it anew does no harm.
            Err(error) => tracing::warn!(%error, "Telegram did not say which webhook it knows"),
        }
        client.set_webhook(wanted).await?;
        tracing::info!(url = self.url, "Telegram was told of the webhook");
        Ok(())
    }

    /// Asks Telegram from time to time whether updates reach us, and how many wait.
    pub(crate) fn watch(&self, client: &Client, (tasks, clock): (&TaskSet, &Clock), health: &Health) {
        let seen = Arc::clone(&self.seen);
        health.check("webhook", move || {
            let is_ours = !seen.is_elsewhere.load(Ordering::Relaxed);
            async move { is_ours }
        });
        let (client, url, seen) = (client.bulk(), self.url.clone(), Arc::clone(&self.seen));
        tasks.every("webhook info", clock, ASK, move || {
            let (client, url, seen) = (client.clone(), url.clone(), Arc::clone(&seen));
            async move {
                let asked = client.get_webhook_info().await;
                match &asked {
                    Ok(response) => seen.judge(&response.result, &url),
                    Err(error) => tracing::debug!(%error, "Telegram did not say how the webhook does"),
                }
                asked
            }
        });
    }
}

impl Seen {
    fn judge(&self, info: &WebhookInfo, url: &str) {
        note(info);
        let is_elsewhere = info.url != url;
        if is_elsewhere {
            tracing::error!("Telegram sends the updates to another address, or waits for somebody to ask");
        }
        self.is_elsewhere.store(is_elsewhere, Ordering::Relaxed);
        let failed_at = info.last_error_date.unwrap_or_default();
        if failed_at > self.failed_at.swap(failed_at, Ordering::Relaxed) {
            let (pending, reason) = (info.pending_update_count, info.last_error_message.as_deref());
            tracing::warn!(failed_at, pending, reason, "Telegram could not deliver an update");
        }
    }
}

fn note(info: &WebhookInfo) {
    metrics::gauge!("alita_webhook_pending_updates").set(f64::from(info.pending_update_count));
    let failed_at = u32::try_from(info.last_error_date.unwrap_or_default()).unwrap_or(u32::MAX);
    metrics::gauge!("alita_webhook_last_error_seconds").set(failed_at);
}

/// Whether there is nothing to tell Telegram.
fn is_as(info: &WebhookInfo, wanted: &SetWebhookParams) -> bool {
    let names = |kinds: &Option<Vec<AllowedUpdate>>| {
        let mut names: Vec<String> = kinds.iter().flatten().map(|kind| format!("{kind:?}")).collect();
        names.sort();
        names
    };
    info.url == wanted.url
        && names(&info.allowed_updates) == names(&wanted.allowed_updates)
        // Telegram: it leaves out what it would take by itself.
        && info.max_connections.is_none_or(|most| Some(u32::from(most)) == wanted.max_connections)
        && wanted.drop_pending_updates != Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telegram_is_told_only_what_it_does_not_know() {
        let mut info: WebhookInfo = serde_json::from_str(
            r#"{"url":"https://bot.example/webhook/a","has_custom_certificate":false,"pending_update_count":3,
            "max_connections":100,"allowed_updates":["chat_member","message"]}"#,
        )
        .unwrap();
        let wanted = |url: &str, kinds: Vec<AllowedUpdate>, most: u32, drops: bool| {
            SetWebhookParams::builder()
                .url(url)
                .max_connections(most)
                .allowed_updates(kinds)
                .drop_pending_updates(drops)
                .build()
        };
        let (url, kinds) =
            ("https://bot.example/webhook/a", || vec![AllowedUpdate::Message, AllowedUpdate::ChatMember]);
        assert!(is_as(&info, &wanted(url, kinds(), 100, false)));
        assert!(!is_as(&info, &wanted("https://bot.example/webhook/b", kinds(), 100, false)));
        assert!(!is_as(&info, &wanted(url, vec![AllowedUpdate::Message], 100, false)));
        assert!(!is_as(&info, &wanted(url, kinds(), 50, false)));
        assert!(!is_as(&info, &wanted(url, kinds(), 100, true)));
        info.max_connections = None;
        assert!(is_as(&info, &wanted(url, kinds(), 100, false)));
    }

    #[test]
    fn an_address_that_somebody_else_took_is_no_good_health() {
        let mut info: WebhookInfo = serde_json::from_str(
            r#"{"url":"https://other.example/","has_custom_certificate":false,"pending_update_count":3,
            "last_error_date":7,"last_error_message":"Connection refused"}"#,
        )
        .unwrap();
        let seen = Seen::default();
        seen.judge(&info, "https://bot.example/webhook/a");
        assert!(seen.is_elsewhere.load(Ordering::Relaxed));
        assert_eq!(seen.failed_at.load(Ordering::Relaxed), 7);
        info.url = "https://bot.example/webhook/a".to_owned();
        seen.judge(&info, "https://bot.example/webhook/a");
        assert!(!seen.is_elsewhere.load(Ordering::Relaxed));
    }
}
