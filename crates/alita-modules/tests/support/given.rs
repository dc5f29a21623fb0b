//! What conversations arrange because there is no command for it, or none that they are about.

use alita_model::{ChatId, ContentKind, Note, NoteFlags, NoteName, SavedContent, UserId};
use alita_telegram::AsyncTelegramApi;
use alita_telegram::methods::SendMessageParams;
use alita_telegram::types::{InlineKeyboardButton, InlineKeyboardMarkup, ReplyMarkup};
use alita_testkit::transcript::Scene;

use super::TestBot;

/// `given Mallory is approved`, `given the rules are "Be kind"`, `given warns is disabled`, ...
pub async fn given(bot: &TestBot, scene: &Scene, line: &str) -> Result<(), String> {
    let chat = scene.here().ok_or("there is no chat here")?;
    if let Some(who) = line.strip_suffix(" is approved") {
        return told(
            bot.db.approvals().approve(chat, person(scene, who)?, bot.dispatcher.services().me.id, "").await,
        );
    }
    if let Some(rules) = line.strip_prefix("the rules are ") {
        return told(bot.db.rules().set(chat, rules.trim_matches('"')).await);
    }
    if let Some(code) = line.strip_prefix("the language is ") {
        return told(bot.db.languages().set_chat(chat, code).await);
    }
    if let Some(who) = line.strip_suffix(" is a developer") {
        return told(bot.db.devs().set_dev(person(scene, who)?, true).await);
    }
    if let Some(command) = line.strip_suffix(" is disabled") {
        return told(bot.db.disabling().disable(chat, &[command]).await);
    }
    if line == "attempts at disabled commands are deleted" {
        return told(bot.db.disabling().set_delete(chat, true).await);
    }
    if let Some(who) = line.strip_suffix(" is connected") {
        return told(bot.db.connections().connect(person(scene, who)?, chat).await);
    }
    if let Some((who, chat)) = line.split_once(" is connected to ") {
        let chat = scene.chat(chat.trim_matches('"')).ok_or("there is no such chat")?;
        return told(bot.db.connections().connect(person(scene, who)?, chat).await);
    }
    if let Some(data) = line.strip_prefix("I have sent a button with ") {
        return send_button(bot, chat, data.trim_matches('"')).await;
    }
    if let Some(name) = line.strip_prefix("the note ").and_then(|rest| rest.strip_suffix(" is empty")) {
        return note(bot, chat, name, ContentKind::Text, "").await;
    }
    for (beginning, kind) in
        [("the sticker note ", ContentKind::Sticker), ("the photo note ", ContentKind::Photo)]
    {
        if let Some((name, html)) =
            line.strip_prefix(beginning).and_then(|rest| rest.split_once(" has no file but "))
        {
            return note(bot, chat, name, kind, html.trim_matches('"')).await;
        }
    }
    Err(format!("nobody knows how to arrange {line:?}"))
}

/// A message with a button, as an older version of the bot may have left it behind.
async fn send_button(bot: &TestBot, chat: ChatId, data: &str) -> Result<(), String> {
    let button = InlineKeyboardButton::builder().text("Press me").callback_data(data).build();
    let markup = InlineKeyboardMarkup::builder().inline_keyboard(vec![vec![button]]).build();
    let message = SendMessageParams::builder()
        .chat_id(chat.get())
        .text("An old message")
        .reply_markup(ReplyMarkup::InlineKeyboardMarkup(markup))
        .build();
    let sent = bot.dispatcher.services().client.send_message(&message).await;
    sent.map(drop).map_err(|error| error.to_string())
}

/// A note without a file, as an old database may hold it.
async fn note(bot: &TestBot, chat: ChatId, name: &str, kind: ContentKind, html: &str) -> Result<(), String> {
    let name = NoteName::parse(name).map_err(|error| error.to_string())?;
    let content = SavedContent { kind, html: html.to_owned(), ..SavedContent::default() };
    told(bot.db.notes().add(chat, &Note { name, content, flags: NoteFlags::default() }).await)
}

fn person(scene: &Scene, name: &str) -> Result<UserId, String> {
    scene.person(name.trim_matches('"')).ok_or_else(|| format!("there is nobody called {name:?}"))
}

fn told<T>(result: Result<T, alita_db::Error>) -> Result<(), String> {
    result.map(drop).map_err(|error| error.to_string())
}
