//! What the bot says of itself when it starts: its menu of commands, and a line in the operator's log chat.

use std::time::Duration;

use alita_dispatch::{Dispatcher, Router};
use alita_i18n::{Language, t};
use alita_markup::strip_tags;
use alita_model::ChatId;
use alita_telegram::methods::{SendMessageParams, SetMyCommandsParams};
use alita_telegram::types::{BotCommand, BotCommandScope, LinkPreviewOptions};
use alita_telegram::{AsyncTelegramApi, Client, ParseMode};

use crate::app::AlitaApp;

/// The commands that private chats offer in their menu.
const OFFERED: [&str; 2] = ["start", "help"];

/// A call that takes longer is given up: nobody's message waits for it.
const LIMIT: Duration = Duration::from_secs(10);

/// How updates come, for the line in the log chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// We ask Telegram.
    Polling,
    /// Telegram calls us.
    Webhook,
}

impl Mode {
    fn name(self, language: Language) -> String {
        match self {
            Self::Polling => t::help::mode_polling_plain(language),
            Self::Webhook => t::help::mode_webhook_plain(language),
        }
    }
}

/// Offers the commands of private chats in every language, and tells the operator's log chat that the bot is there.
///
/// What Telegram refuses is logged: without a menu and without a line the bot works all the same.
pub async fn introduce(dispatcher: &Dispatcher<AlitaApp>, mode: Mode, message_dump: Option<ChatId>) {
    let services = dispatcher.services();
    let client = services.client.within(LIMIT);
    offer_commands(&client, dispatcher.router(), &services.app.settings().languages).await;
    if let Some(chat) = message_dump {
        announce(&client, dispatcher, mode, chat).await;
    }
}

/// Telegram: whoever uses another language in their app sees the list that was set without a language.
async fn offer_commands(client: &Client, router: &Router<AlitaApp>, languages: &[Language]) {
    let of_each = languages.iter().map(|language| (*language, Some(language.code())));
    for (language, code) in std::iter::once((Language::EN, None)).chain(of_each) {
        let params = SetMyCommandsParams::builder()
            .commands(offered(router, language))
            .scope(BotCommandScope::AllPrivateChats)
            .maybe_language_code(code)
            .build();
        if let Err(error) = client.set_my_commands(&params).await {
            tracing::warn!(%language, %error, "the menu of commands could not be set");
        }
    }
}

fn offered(router: &Router<AlitaApp>, language: Language) -> Vec<BotCommand> {
    let mut offered = Vec::new();
    for command in router.commands().iter().filter(|command| OFFERED.contains(&command.name)) {
        let help = command.help.map(|help| strip_tags(&help(language))).unwrap_or_default();
        offered.push(BotCommand::builder().command(command.name).description(help).build());
    }
    offered
}

/// The log chat is the operator's; it reads English.
async fn announce(client: &Client, dispatcher: &Dispatcher<AlitaApp>, mode: Mode, chat: ChatId) {
    let language = Language::EN;
    let modules: Vec<&str> = dispatcher.router().modules().iter().copied().collect();
    let text = t::help::started(
        language,
        mode.name(language),
        dispatcher.services().app.settings().version.as_str(),
        modules.join(", "),
    );
    let params = SendMessageParams::builder()
        .chat_id(chat.get())
        .text(text.into_string())
        .parse_mode(ParseMode::Html)
        .link_preview_options(LinkPreviewOptions::builder().is_disabled(true).build())
        .build();
    if let Err(error) = client.send_message(&params).await {
        tracing::warn!(chat.id = %chat, %error, "the log chat could not be told that the bot started");
    }
}
