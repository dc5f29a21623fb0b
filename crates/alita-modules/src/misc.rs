//! Misc: small tools. Ids, what is known of somebody, the way to Telegram and back, translations, and words in the
//! bot's mouth.
//!
//! Conversations: `docs/src/modules/misc.md`.

mod about;
mod translate;
mod view;

use std::time::Duration;

use alita_dispatch::{
    Answer, Args, Command, Cx, Flow, HelpPage, Module, Outcome, Reply, Target, Words, mistake,
};
use alita_i18n::t;
use alita_model::{MessageId, Peer};
use alita_telegram::AsyncTelegramApi;

use crate::app::{AlitaApp, Doors};
use translate::{Tongue, Translator, Trouble};

/// For how long the notice about a removed keyboard stays.
const NOTICE: Duration = Duration::from_secs(1);

/// So many translations somebody can have in a minute.
const TRANSLATIONS: u8 = 5;
const A_MINUTE: Duration = Duration::from_secs(60);

pub(crate) fn module() -> Module<AlitaApp> {
    Module::new("misc")
        .help(HelpPage::new(t::misc::title_button, t::misc::help).also_known_as(&[
            "tools",
            "utilities",
            "extra",
            "extras",
        ]))
        .command(Command::new("id", id).for_everyone().anywhere().can_be_disabled().help(t::misc::id_help))
        .command(
            Command::new("info", info).for_everyone().anywhere().can_be_disabled().help(t::misc::info_help),
        )
        .command(
            Command::new("ping", ping).for_everyone().anywhere().can_be_disabled().help(t::misc::ping_help),
        )
        .command(Command::new("tr", tr).for_everyone().anywhere().can_be_disabled().help(t::misc::tr_help))
        .command(Command::new("tell", tell).bot_needs_nothing().silently().help(t::misc::tell_help))
        .command(Command::new("stat", stat).for_everyone().can_be_disabled().help(t::misc::stat_help))
        .command(
            Command::new("removebotkeyboard", remove_keyboard)
                .for_everyone()
                .anywhere()
                .help(t::misc::removebotkeyboard_help),
        )
}

/// `/id [reply | @user | id]`
async fn id(cx: Cx<AlitaApp>, mut args: Args) -> Outcome {
    if let Some(named) = Target::in_words(&cx, &mut args).await? {
        return view::id_of(&cx, &named).reply();
    }
    match cx.replied() {
        Some(message) => view::ids_in(&cx, message).reply(),
        None => view::own_ids(&cx).reply(),
    }
}

/// `/info [reply | @user | id]`: whom the words name, else whom the reply names, else whoever asks.
async fn info(cx: Cx<AlitaApp>, mut args: Args) -> Outcome {
    let who = match Target::in_words(&cx, &mut args).await? {
        Some(named) => Some(named),
        None => cx.replied().or_else(|| cx.message()).and_then(|message| Target::author_of(&cx, message)),
    };
    let Some(who) = who else { return t::misc::anonymous(cx.lang()).reply() };
    match who.peer {
        Peer::User(user) => about::person(&cx, user, who).await?.reply(),
        Peer::Chat(chat) => about::chat(&cx, chat, who).await?.reply(),
    }
}

/// `/ping`: how long a message takes, and how long Telegram takes to answer.
async fn ping(cx: Cx<AlitaApp>) -> Outcome {
    let begin = cx.clock().instant();
    let Some(message) = cx.send(t::misc::pinging(cx.lang()).into()).await? else { return Ok(Flow::Done) };
    let sending = cx.clock().instant().saturating_sub(begin);
    let begin = cx.clock().instant();
    let answer = cx.client().get_me().await;
    let asking = cx.clock().instant().saturating_sub(begin);
    let reply = match answer {
        Ok(_) => view::pong(&cx, sending, asking),
        Err(error) => {
            tracing::warn!(%error, "Telegram did not answer a ping");
            view::half_a_pong(&cx, sending)
        }
    };
    cx.edit_message(cx.place().id, MessageId::new(message.message_id), reply).await?;
    Ok(Flow::Done)
}

/// `/tr <language> <text>`, or `/tr [language]` as a reply.
async fn tr(cx: Cx<AlitaApp>, mut args: Args) -> Outcome {
    let Some(endpoint) = &cx.settings().translation_endpoint else { return mistake(t::misc::tr_off) };
    let replied = cx.replied().map(Words::of);
    let to = match (args.word(), &replied) {
        (Some(word), _) => match word.parse::<Tongue>() {
            Ok(tongue) => tongue,
            Err(_) => return mistake(move |lang| t::misc::tr_unknown_language(lang, word.as_str())),
        },
        (None, Some(_)) => Tongue::default(),
        (None, None) => return mistake(t::misc::tr_usage),
    };
    let text = match &replied {
        Some(words) if !words.as_str().trim().is_empty() => words.as_str(),
        _ => args.rest(),
    };
    if text.is_empty() {
        return mistake(if replied.is_some() { t::misc::tr_nothing_there } else { t::misc::tr_text_needed });
    }
    if !may_translate(&cx).await? {
        return mistake(t::misc::tr_enough);
    }
    match Translator::new(endpoint)?.translate(text, &to).await {
        Ok(translation) => view::translation(&cx, &translation).reply(),
        Err(trouble) => {
            tracing::warn!(%trouble, "a text could not be translated");
            mistake(match trouble {
                Trouble::TooLong => t::misc::tr_too_long,
                Trouble::NoAnswer(_) | Trouble::TooSlow | Trouble::Status(_) => t::misc::tr_no_answer,
                _ => t::misc::tr_unreadable,
            })
        }
    }
}

/// Takes one of somebody's places in this minute; each is free again a minute after it was taken.
async fn may_translate(cx: &Cx<AlitaApp>) -> Result<bool, alita_cache::Error> {
    let who = cx.sender().peer(cx.place().id).map_or(cx.place().id.get(), Peer::get);
    for place in 0..TRANSLATIONS {
        if cx.state().claim("translation", &format!("{who}:{place}"), A_MINUTE).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `/tell <text>`, as a reply: the bot says it in the admin's place.
async fn tell(cx: Cx<AlitaApp>, args: Args) -> Outcome {
    let Some(replied) = cx.replied() else { return mistake(t::misc::tell_reply_needed) };
    if args.is_empty() {
        return mistake(t::misc::tell_text_needed);
    }
    let words = Reply::new(args.rest_to_html()).to(MessageId::new(replied.message_id));
    if cx.send(words).await?.is_none() {
        return Ok(Flow::Done);
    }
    if let Some(command) = cx.message_id()
        && let Err(error) = cx.delete(command).await
    {
        tracing::debug!(%error, "a command to tell something stays");
    }
    Ok(Flow::Done)
}

/// `/stat`: about how many messages there have been.
async fn stat(cx: Cx<AlitaApp>) -> Outcome {
    // Telegram: a supergroup numbers its messages from 1, deleted ones and service messages included.
    let count = cx.message_id().map_or(0, MessageId::get).saturating_add(1);
    view::stat(&cx, count).reply()
}

/// `/removebotkeyboard`: takes away the reply keyboard of some bot; the notice goes by itself.
async fn remove_keyboard(cx: Cx<AlitaApp>) -> Outcome {
    let notice = Reply::new(t::misc::keyboard_removed(cx.lang())).removing_keyboard();
    let Some(notice) = cx.send(notice).await? else { return Ok(Flow::Done) };
    if let Err(error) = cx.delete_later(MessageId::new(notice.message_id), NOTICE).await {
        tracing::warn!(%error, "a notice about a keyboard stays");
    }
    Ok(Flow::Done)
}
