//! The journey of one update: through the stages, to a command, a button or a link, and back as an answer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use alita_model::ChatId;
use alita_permissions::{Denied, Fact};
use alita_runtime::{guarded, origin};
use futures_util::FutureExt;
use tracing::Instrument;

use crate::app::App;
use crate::args::Args;
use crate::asks::Asks;
use crate::boundary::{self, Origin};
use crate::command::{Command, Connection, Registered};
use crate::cx::Cx;
use crate::gate::{Audience, Gate, Passage};
use crate::meters::Kind;
use crate::module::{Button, Watcher};
use crate::muted;
use crate::outcome::{Flow, Mistake, No, Outcome};
use crate::payload::Payload;
use crate::proof;
use crate::router::Router;
use crate::services::Services;
use crate::stage::Stage;
use crate::tally::FaultClass;
use crate::text::Words;
use crate::view::{Event, Sender, View};

/// Handles one update to its end. Nothing that goes wrong in a handler leaves this function, and a panic on the way
/// to one, in a hook of the bot, ends the update as that of a handler would: it is counted and does not come again.
pub(crate) async fn handle<A: App>(services: Arc<Services<A>>, router: Arc<Router<A>>, view: Arc<View>) {
    let cx = Cx::new(services, router, view);
    origin::scope(cx.update_id(), async {
        if guarded("update", travel(&cx)).await.is_err() {
            boundary::count(&cx, "none", FaultClass::Internal);
        }
        if matches!(cx.event(), Event::CallbackQuery(_)) {
            // Whatever happened, the spinner on the button stops.
            cx.toast(None).boxed().await;
        }
    })
    .await;
}

async fn travel<A: App>(cx: &Cx<A>) {
    // Boxed: the futures of a whole update make a type that is too deep for the compiler.
    if let Some((old, new)) = migration(cx) {
        cx.services.migrated(old, new).boxed().await;
    }
    if matches!(cx.event(), Event::MyChatMember(_)) {
        // With other rights the bot may be allowed to write again.
        muted::open(cx, cx.place().id, None).boxed().await;
    }
    through_stages(cx).boxed().await;
}

async fn through_stages<A: App>(cx: &Cx<A>) {
    for stage in Stage::ALL {
        if stage != Stage::Command && cx.router().watchers(stage, cx.event().kind()).next().is_none() {
            continue;
        }
        let span = tracing::debug_span!("stage", otel.name = stage.span_name());
        if through_stage(cx, stage).instrument(span).await {
            return;
        }
    }
}

/// `true` when nobody else shall look at the update.
async fn through_stage<A: App>(cx: &Cx<A>, stage: Stage) -> bool {
    if stage == Stage::Command && asked(cx).await {
        return true;
    }
    for (module, watcher) in cx.router().watchers(stage, cx.event().kind()) {
        if !concerns(watcher, cx) {
            continue;
        }
        let origin = Origin { module, name: watcher.name, kind: Kind::Watcher, stage };
        if boundary::run(cx, origin, (watcher.run)(cx.clone().within(module))).await {
            return true;
        }
    }
    false
}

/// A glance that panics is followed by a look, whose panic is caught and counted where it belongs.
fn concerns<A: App>(watcher: &Watcher<A>, cx: &Cx<A>) -> bool {
    catch_unwind(AssertUnwindSafe(|| (watcher.concerns)(cx))).unwrap_or(true)
}

/// A command or a press; `true` when it was one and is dealt with.
async fn asked<A: App>(cx: &Cx<A>) -> bool {
    match cx.event() {
        Event::Message(_) => command(cx).await,
        Event::CallbackQuery(_) => {
            press(cx).await;
            true
        }
        _ => false,
    }
}

/// Runs the command of a message whose sender was proven, and nothing else of the pipeline.
pub(crate) async fn replay<A: App>(cx: &Cx<A>, view: View) {
    let cx = Cx::new(Arc::clone(&cx.services), Arc::clone(&cx.router), Arc::new(view));
    command(&cx).boxed().await;
}

async fn command<A: App>(cx: &Cx<A>) -> bool {
    let Some((registered, args)) = find_command(cx) else { return false };
    let may_ask = |asks: &Asks| asks.may_command(cx.sender().user().map(|someone| someone.id), cx.place().id);
    if !cx.router().asks.as_ref().is_none_or(may_ask) && cx.is_by_admin().await != Fact::Known(true) {
        ignored("command");
        return true;
    }
    let cx = cx.clone().with_args(args).within(registered.module).speaking().await;
    let command = &registered.command;
    let origin =
        Origin { module: registered.module, name: command.name, kind: Kind::Command, stage: Stage::Command };
    metrics::counter!("alita_commands_total", "command" => command.name).increment(1);
    if command.name == "start"
        && cx.place().is_private()
        && let payload = cx.args().rest().to_owned()
        // A link's payload is one word; whoever writes more wrote it by hand.
        && !payload.contains(char::is_whitespace)
        && let Some((module, link, rest)) = cx.router().link(&payload)
    {
        let origin = Origin { module, name: "start link", kind: Kind::Command, stage: Stage::Command };
        let rest = Args::from_text(rest);
        return boundary::run(&cx, origin, (link.run)(cx.clone().within(module).with_args(rest))).await;
    }
    boundary::run(&cx, origin, through_gate(cx.clone(), Arc::clone(command)).boxed()).await
}

async fn through_gate<A: App>(cx: Cx<A>, command: Arc<Command<A>>) -> Outcome {
    if command.is_disableable && is_disabled(&cx, command.name).await {
        return Ok(Flow::Done);
    }
    let cx = match command.connection {
        Connection::Allowed if cx.place().is_private() => cx.connected().await?,
        _ => cx,
    };
    match pass(command.gate_for(&cx), &cx).await? {
        Passage::Open => (command.run)(cx).await,
        Passage::ProofNeeded => proof::ask(&cx).await,
    }
}

async fn pass<A: App>(gate: &Gate, cx: &Cx<A>) -> Result<Passage, No> {
    match gate.pass(cx).await {
        Err(No::Denied(reason)) if gate.is_silent && reason != Denied::NotAGroup => {
            tracing::debug!(?reason, "refused in silence");
            Err(No::Silent)
        }
        other => other,
    }
}

/// Somebody asks faster than they are heard.
fn ignored(what: &'static str) {
    tracing::debug!(what, "asked too often, and ignored");
    metrics::counter!("alita_updates_dropped_total", "reason" => "flood").increment(1);
}

/// Telegram: a forwarded message or an automatic forward of the linked channel is nobody's command here.
fn find_command<A: App>(cx: &Cx<A>) -> Option<(Registered<A>, Args)> {
    let message = cx.message()?;
    if !Words::begin_with(message, '/')
        || message.forward_origin.is_some()
        || matches!(cx.sender(), Sender::LinkedChannel(_) | Sender::ChannelPost)
    {
        return None;
    }
    let words = Words::of(message);
    let token = words.as_str().split(char::is_whitespace).next()?;
    if words.begins_with_other_entity() {
        return None;
    }
    let (name, bot) = match token.strip_prefix('/')?.split_once('@') {
        Some((name, bot)) => (name, Some(bot)),
        None => (token.strip_prefix('/')?, None),
    };
    if bot.is_some_and(|bot| !bot.eq_ignore_ascii_case(&cx.me().username)) {
        return None;
    }
    let registered = cx.router().command(&name.to_lowercase())?.clone();
    let begin = token.len();
    Some((registered, Args::new(words, begin)))
}

/// A command that is switched off does nothing for members, and their attempt may be deleted.
///
/// Whoever may be an administrator, because nobody could find out, is left to the command's own gate.
async fn is_disabled<A: App>(cx: &Cx<A>, name: &str) -> bool {
    if !cx.place().is_group() {
        return false;
    }
    let disabled = match cx.app().disabled(cx.chat()).await {
        Ok(disabled) => disabled,
        Err(error) => {
            tracing::warn!(chat.id = %cx.chat(), error, "could not read the disabled commands, so all work");
            return false;
        }
    };
    if !disabled.commands.contains(name)
        || *cx.sender() == Sender::Nobody
        || !matches!(cx.is_by_admin().await, Fact::Known(false) | Fact::NotFound)
    {
        return false;
    }
    if disabled.deletes_attempts
        && let Some(message) = cx.message_id()
        && let Err(error) = cx.delete(message).await
    {
        tracing::debug!(%error, "the attempt at a disabled command stays");
    }
    true
}

/// A press: exactly routed, gated like a command, and answered once on every path.
async fn press<A: App>(cx: &Cx<A>) {
    let may_ask = |asks: &Asks| asks.may_press(cx.sender().user().map(|someone| someone.id));
    if !cx.router().asks.as_ref().is_none_or(may_ask) && cx.is_by_admin().await != Fact::Known(true) {
        // The spinner stops all the same.
        return ignored("press");
    }
    let cx = cx.clone().speaking().await;
    let data = cx.query().and_then(|query| query.data.clone()).unwrap_or_default();
    let payload = Payload::decode(&data).ok();
    let button = payload.as_ref().and_then(|payload| cx.router().button(payload.namespace())).cloned();
    let known = payload.zip(button).filter(|(payload, (_, button))| payload.has_only(button.fields));
    let Some((payload, (module, button))) = known else {
        let origin =
            Origin { module: "none", name: "unknown button", kind: Kind::Button, stage: Stage::Command };
        boundary::run(&cx, origin, async { Err(Mistake::invalid_button().into()) }.boxed()).await;
        return;
    };
    let origin = Origin { module, name: button.namespace, kind: Kind::Button, stage: Stage::Command };
    let cx = cx.with_payload(payload).within(module);
    let work = {
        let cx = cx.clone();
        async move {
            match pass(&button.gate, &cx).await? {
                Passage::Open if is_forged(&cx, &button) => Err(Mistake::invalid_button().into()),
                Passage::Open => (button.run)(cx).await,
                Passage::ProofNeeded => Err(No::Denied(Denied::ActorIsNotAdmin)),
            }
        }
    };
    boundary::run(&cx, origin, work.boxed()).await;
}

/// In a group a press must not rewrite what others read, such as the notice of a ban, through a button that does not
/// stand there. Where the message is out of reach that cannot be seen: then a gate or a secret has to vouch for it.
fn is_forged<A: App>(cx: &Cx<A>, button: &Button<A>) -> bool {
    let is_vouched_for = button.has_secret || button.gate.audience != Audience::Everyone;
    cx.place().is_group() && !cx.button_stands().unwrap_or(is_vouched_for)
}

/// Telegram: when a group becomes a supergroup, both the old and the new chat get a message about it.
fn migration<A: App>(cx: &Cx<A>) -> Option<(ChatId, ChatId)> {
    let Event::Message(message) = cx.event() else { return None };
    let chat = cx.place().id;
    match (message.migrate_to_chat_id, message.migrate_from_chat_id) {
        (Some(new), _) => Some((chat, ChatId::new(new))),
        (_, Some(old)) => Some((ChatId::new(old), chat)),
        _ => None,
    }
}

impl<A: App> Services<A> {
    /// Moves everything of a chat to its new id; doing it twice does no harm.
    pub(crate) async fn migrated(&self, old: ChatId, new: ChatId) {
        self.directory.forget(old).await;
        self.directory.forget(new).await;
        match self.app.chat_migrated(old, new).await {
            Ok(()) => tracing::info!(chat.id = %old, new_chat.id = %new, "the group became a supergroup"),
            Err(error) => tracing::error!(chat.id = %old, error, "the settings could not follow the group"),
        }
    }
}
