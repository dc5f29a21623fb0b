//! `getUpdates`: confirms, waits, hands out.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::Shared;
use super::faults::Fault;
use super::params::Params;
use super::refusal::Refusal;
use super::server::Reply;

/// Telegram waits no longer than this.
const LONGEST_SECONDS: u64 = 50;

pub(crate) async fn get_updates(shared: &Arc<Shared>, params: &Params) -> Reply {
    let fault = shared.world().faults.take("getUpdates");
    match fault {
        None => {}
        Some(Fault::AfterEffect(fault)) => {
            let _ = answer(shared, params, false).await;
            return Reply::fault(&fault);
        }
        Some(fault) => {
            shared.world().log.write("getUpdates", &params.values, || Err(fault.as_refusal()), true);
            return Reply::fault(&fault);
        }
    }
    match answer(shared, params, true).await {
        Ok(updates) => Reply::result(&updates),
        Err(refusal) => Reply::answer(&Err(refusal)),
    }
}

async fn answer(shared: &Arc<Shared>, params: &Params, was_told: bool) -> Result<String, Refusal> {
    let answer = wait(shared, params).await;
    let outcome = || answer.as_ref().map(|(_, ids)| ids.as_slice().into()).map_err(Refusal::clone);
    shared.world().log.write("getUpdates", &params.values, outcome, was_told);
    answer.map(|(updates, _)| updates)
}

async fn wait(shared: &Arc<Shared>, params: &Params) -> Result<(String, Vec<i64>), Refusal> {
    let limit =
        params.int("limit").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(100).clamp(1, 100);
    let seconds = params.int("timeout").and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or_default();
    let (poll, clock) = {
        let mut world = shared.world();
        if world.webhook.is_some() {
            return Err(Refusal::conflict(
                "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
            ));
        }
        let allowed = params.nested("allowed_updates")?.map(names);
        let poll = world.queue.begin_poll(params.int("offset").unwrap_or_default(), allowed);
        (poll, world.clock.clone())
    };
    // An older poll that still waits is told to go, and whoever waits for confirmations looks again.
    shared.updates.notify_waiters();
    shared.changed.notify_waiters();
    let mut time_is_up = pin!(clock.limit(Duration::from_secs(seconds.min(LONGEST_SECONDS))));
    loop {
        let mut news = pin!(shared.updates.notified());
        news.as_mut().enable();
        {
            let mut world = shared.world();
            if world.queue.poll != poll {
                return Err(Refusal::conflict(
                    "terminated by other getUpdates request; make sure that only one bot instance is running",
                ));
            }
            let before = world.queue.len();
            let batch = world.queue.batch(limit);
            if world.queue.len() != before {
                shared.changed.notify_waiters();
            }
            if let Some(batch) = batch {
                return Ok(batch);
            }
        }
        if seconds == 0 {
            return Ok(nothing());
        }
        tokio::select! {
            () = &mut news => {}
            () = &mut time_is_up => return Ok(nothing()),
        }
    }
}

fn nothing() -> (String, Vec<i64>) {
    ("[]".to_owned(), Vec::new())
}

#[expect(clippy::needless_pass_by_value, reason = "it is the last use of the list")]
fn names(allowed: Value) -> Vec<String> {
    allowed.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
