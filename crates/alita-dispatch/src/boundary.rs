//! Where a handler's answer becomes messages, and where its faults end.

use std::task::Poll;
use std::time::Duration;

use alita_permissions::Denied;
use alita_runtime::guarded;
use alita_telegram::{Error as TelegramError, RefusalKind};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tracing::Instrument;
use tracing::field::Empty;

use crate::app::App;
use crate::cx::Cx;
use crate::meters::{End, Kind};
use crate::outcome::{Fault, Flow, Mistake, No, Outcome};
use crate::refusal;
use crate::reply::Reply;
use crate::stage::Stage;
use crate::tally::FaultClass;

/// How long a handler may take; what takes longer belongs into a task.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(30);

/// For how long somebody who was refused is not told again.
const REFUSAL_REST: Duration = Duration::from_secs(5);

/// Whose handler it is; all parts come from declarations, so that labels stay bounded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) module: &'static str,
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) stage: Stage,
}

/// Why a handler did not come to its end.
#[derive(Debug, thiserror::Error)]
enum Cut {
    #[error("the handler took longer than {} seconds", TIME_LIMIT.as_secs())]
    TooSlow,
    #[error("the handler panicked")]
    Panicked,
}

/// Runs a handler behind the panic guard and the time limit and carries its answer out.
/// `true` when nobody else shall look at the update.
///
/// Boxed: the guard and the limit would each hold a copy of the work, and a proof runs a handler within a handler.
pub(crate) async fn run<A: App>(cx: &Cx<A>, origin: Origin, work: BoxFuture<'_, Outcome>) -> bool {
    let span = tracing::debug_span!(
        "handler",
        otel.name = format!("handler {}.{}", origin.module, origin.name),
        handler.kind = origin.kind.as_str(),
        handler.group = origin.stage.name(),
        handler.result = Empty,
        otel.status_code = Empty,
    );
    let (end, ends) = guard(cx, origin, work).instrument(span.clone()).await;
    span.record("handler.result", end.as_str());
    if end == End::Error {
        span.record("otel.status_code", "ERROR");
    }
    ends
}

/// What became of it, and whether nobody else shall look at the update.
async fn guard<A: App>(cx: &Cx<A>, origin: Origin, mut work: BoxFuture<'_, Outcome>) -> (End, bool) {
    let begin = cx.clock().instant();
    // Most watchers are done at once; only those that have to wait are worth a timer.
    let limited = async {
        match futures_util::poll!(&mut work) {
            Poll::Ready(outcome) => Ok(outcome),
            Poll::Pending => tokio::select! {
                biased;
                outcome = work => Ok(outcome),
                () = cx.clock().limit(TIME_LIMIT) => Err(Cut::TooSlow),
            },
        }
    };
    let (outcome, cut) = match guarded(origin.name, limited).await {
        Ok(Ok(outcome)) => (outcome, None),
        Ok(Err(cut)) => (Err(No::fault(cut)), Some(End::Timeout)),
        Err(_) => (Err(No::fault(Cut::Panicked)), Some(End::Panic)),
    };
    let (end, ends) = match outcome {
        Ok(Flow::Next) => (End::Next, false),
        Ok(flow) => match carry_out(cx, flow).boxed().await {
            Ok(()) => (End::Done, true),
            Err(error) => {
                complain(cx, origin, error).await;
                (End::Error, true)
            }
        },
        Err(no) => refuse(cx, origin, no).boxed().await,
    };
    let took = cx.clock().instant().saturating_sub(begin);
    let end = cut.unwrap_or(end);
    cx.router().meters().handled(origin.module, origin.kind, end, took);
    (end, ends)
}

async fn carry_out<A: App>(cx: &Cx<A>, flow: Flow) -> Result<(), TelegramError> {
    match flow {
        Flow::Next | Flow::Done => {}
        Flow::Reply(reply) => {
            cx.send(*reply).await?;
        }
        Flow::Edit(reply) => rewrite(cx, *reply).await?,
        Flow::Toast(text) => cx.toast(Some(&text)).await,
    }
    Ok(())
}

/// What was done stays done when the message that should tell it is gone; then only the presser hears of it.
async fn rewrite<A: App>(cx: &Cx<A>, reply: Reply) -> Result<(), TelegramError> {
    let words = reply.toast.clone().unwrap_or_else(|| alita_markup::strip_tags(&reply.html));
    let is_there = match cx.message_id() {
        None => false,
        Some(_) => match cx.edit(reply).await {
            Err(error) if error.kind().is_some_and(is_out_of_reach) => false,
            result => result.map(|()| true)?,
        },
    };
    if !is_there {
        cx.toast(Some(&words)).await;
    }
    Ok(())
}

const fn is_out_of_reach(kind: RefusalKind) -> bool {
    matches!(kind, RefusalKind::MessageNotFound | RefusalKind::MessageCantBeEdited)
}

/// Says no in the way that the handler can be heard: watchers never speak of it.
async fn refuse<A: App>(cx: &Cx<A>, origin: Origin, no: No) -> (End, bool) {
    let is_watcher = origin.kind == Kind::Watcher;
    match no {
        No::Silent => (End::Denied, true),
        No::Denied(reason) if is_watcher => {
            tracing::debug!(module = origin.module, ?reason, "a watcher may not act");
            (End::Denied, false)
        }
        No::Denied(reason) => {
            if reason == Denied::BotIsNotAdmin {
                cx.directory().doubt(cx.chat()).await;
            }
            if origin.kind == Kind::Button || may_refuse_again(cx, reason).await {
                say(cx, origin, &refusal::of_denial(reason)).await;
            }
            (End::Denied, true)
        }
        No::Mistake(words) => {
            say(cx, origin, &words).await;
            (End::Mistake, true)
        }
        No::Fault(fault) => {
            let words = explain(cx, origin, fault).await;
            if let Some(words) = words.filter(|_| !is_watcher) {
                say(cx, origin, &words).await;
            }
            (End::Error, !is_watcher)
        }
        No::Failed(fault, words) => {
            let apology = explain(cx, origin, fault).await;
            if apology.is_some() && !is_watcher {
                say(cx, origin, &words).await;
            }
            (End::Error, !is_watcher)
        }
    }
}

/// Five wrong commands in a row must not make five messages: who was told lately is not told again.
/// What is wrong with a target is told every time, because every time it may be another one.
async fn may_refuse_again<A: App>(cx: &Cx<A>, reason: Denied) -> bool {
    let is_about_target = matches!(
        reason,
        Denied::TargetIsAdmin
            | Denied::TargetIsBotItself
            | Denied::TargetIsService
            | Denied::TargetIsNotInChat
    );
    let (chat, sender) = cx.view.order_key();
    let key = format!("{chat}:{sender}");
    is_about_target || cx.state().claim("refusal", &key, REFUSAL_REST).await.unwrap_or(true)
}

/// Logs a fault once, and finds the words for the person who waits.
async fn explain<A: App>(cx: &Cx<A>, origin: Origin, fault: Fault) -> Option<Mistake> {
    let Some(error) = fault.downcast_ref::<TelegramError>() else {
        let class = if is_of_cache(&*fault) { FaultClass::Cache } else { cx.app().class_of(&fault) };
        log(cx, origin, &*fault, class);
        return Some(refusal::apology());
    };
    if let Some(new) = error.migrated_to() {
        cx.services.migrated(cx.chat(), new).await;
    }
    if error.is_expected() {
        tracing::warn!(module = origin.module, handler = origin.name, chat.id = %cx.chat(), %error, "Telegram said no");
        count(cx, origin.module, FaultClass::TelegramExpected);
        // Telegram knows better than the remembered list who may do what.
        cx.directory().doubt(cx.chat()).await;
    } else {
        log(cx, origin, error, FaultClass::Telegram);
    }
    refusal::of_telegram(error)
}

fn log<A: App>(
    cx: &Cx<A>,
    origin: Origin,
    error: &(dyn std::error::Error + Send + Sync + 'static),
    class: FaultClass,
) {
    let user = cx.sender().user().map(|someone| someone.id.get());
    let cause = error.source().map(ToString::to_string);
    // Whoever collects internal errors has heard of a panic already, and knows the line of code.
    let is_panic = matches!(error.downcast_ref(), Some(Cut::Panicked));
    let said = if is_panic { "panic" } else { class.as_str() };
    tracing::error!(
        class = said, module = origin.module, handler = origin.name, update_id = cx.update_id(),
        chat.id = %cx.chat(), user.id = user, %error, cause, "a handler failed"
    );
    count(cx, origin.module, class);
}

pub(crate) fn count<A: App>(cx: &Cx<A>, module: &'static str, class: FaultClass) {
    cx.router().tally().failed(class);
    metrics::counter!("alita_handler_errors_total", "module" => module, "class" => class.as_str())
        .increment(1);
}

fn is_of_cache(fault: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    fault.is::<alita_cache::Error>()
}

async fn complain<A: App>(cx: &Cx<A>, origin: Origin, error: TelegramError) {
    if let Some(words) = explain(cx, origin, Box::new(error)).await
        && origin.kind == Kind::Button
    {
        cx.toast(Some(&words.toast(cx.lang()))).await;
    }
}

/// A press gets a toast, a command a reply; when the reply cannot be sent there is nobody left to tell.
async fn say<A: App>(cx: &Cx<A>, origin: Origin, words: &Mistake) {
    if origin.kind == Kind::Button {
        let text = words.toast(cx.lang());
        if words.is_alert() {
            cx.alert(&text).await
        } else {
            cx.toast(Some(&text)).await
        }
        return;
    }
    if let Err(error) = cx.send(Reply::new(words.html(cx.lang()))).await {
        tracing::warn!(module = origin.module, handler = origin.name, %error, "a refusal could not be sent");
    }
}
