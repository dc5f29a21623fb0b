//! What the bot says when it comes into a chat.

use alita_dispatch::{Answer, Cx, Keyboard, Reply};
use alita_i18n::t;

use crate::app::{AlitaApp, Doors};

/// Hello, where news and help are, and what is missing.
pub(super) fn greeting(cx: &Cx<AlitaApp>, is_admin: bool) -> Reply {
    let lang = cx.lang();
    let mut text = t::bot_updates::greeting_plain(lang, &cx.me().username);
    if !is_admin {
        text.push_str("\n\n");
        text.push_str(&t::bot_updates::promote_hint_plain(lang));
    }
    let mut keyboard = Keyboard::new();
    if let Some(news) = &cx.settings().links.news {
        keyboard = keyboard.link(t::bot_updates::news_button(lang), news);
    }
    if let Some(support) = &cx.settings().links.support {
        keyboard = keyboard.link(t::bot_updates::support_button(lang), support);
    }
    Reply::plain(&text).with(keyboard)
}

/// Why the bot does not stay in a basic group, and how the group becomes more.
pub(super) fn supergroup_needed(cx: &Cx<AlitaApp>) -> Reply {
    let lang = cx.lang();
    let mut keyboard = Keyboard::new();
    if let Some(page) = &cx.settings().links.supergroup_help {
        keyboard = keyboard.link(t::bot_updates::supergroup_help_button(lang), page);
    }
    t::bot_updates::supergroup_needed(lang).with(keyboard)
}
