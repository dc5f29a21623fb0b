//! The screens of the help, and the buttons that lead from one to the other.

use alita_dispatch::{Answer, Cx, Keyboard, Payload, Reply};
use alita_i18n::t;
use alita_markup::Html;

use super::menu::{self, Entry};
use super::page;
use crate::app::{AlitaApp, Doors};

/// The namespace of the buttons between the screens.
pub(super) const MENU: &str = "helpq";

/// The namespace of the screens about the bot.
pub(super) const ABOUT: &str = "about";

/// The namespace of the three steps.
pub(super) const CONFIGURATION: &str = "configuration";

/// The name of the first screen in the data of a button.
pub(super) const START: &str = "BackStart";

/// The name of the menu in the data of a button, and in links.
const HELP: &str = "Help";

/// How many modules stand in a row of the menu.
const IN_A_ROW: usize = 3;

pub(super) fn start(cx: &Cx<AlitaApp>) -> Reply {
    let (lang, links) = (cx.lang(), &cx.settings().links);
    let mut text = t::help::start(lang, viewer(cx), cx.me().name.as_str());
    if let Some(news) = &links.news {
        let here = Html::link(news, t::help::start_here_plain(lang));
        text.newline().newline().push(t::help::start_news(lang, here));
    }
    let keyboard = Keyboard::new().ask(t::help::about_button(lang), &tell("main")).row();
    let keyboard = add_to_group(cx, keyboard);
    let keyboard = link(keyboard, t::help::support_button(lang), links.support.as_deref());
    text.with(
        keyboard
            .row()
            .ask(t::help::commands_button(lang), &screen(HELP))
            .row()
            .ask(t::help::language_button(lang), &screen("Languages")),
    )
}

pub(super) fn start_in_group(cx: &Cx<AlitaApp>) -> Reply {
    let lang = cx.lang();
    t::help::start_in_group(lang).with(door(cx, "start", &screen(START)))
}

/// The page of a module, or the menu when no module was meant.
pub(super) fn page_or_menu(cx: &Cx<AlitaApp>, entry: Option<&Entry>) -> Reply {
    match entry {
        Some(entry) => module_page(cx, entry),
        None => main_menu(cx),
    }
}

fn module_page(cx: &Cx<AlitaApp>, entry: &Entry) -> Reply {
    let lang = cx.lang();
    let own_rows = entry.1.rows.map(|rows| rows(cx)).unwrap_or_default();
    page::text(lang, entry, cx.router().commands()).with(
        own_rows
            .row()
            .ask(t::common::back_button(lang), &screen(HELP))
            .ask(t::common::home_button(lang), &screen(START)),
    )
}

/// How commands are written, the few that belong to no module, and a button for each module.
fn main_menu(cx: &Cx<AlitaApp>) -> Reply {
    let lang = cx.lang();
    let mut text = t::help::main(lang, viewer(cx), cx.me().username.as_str());
    for command in cx.router().commands().iter().filter(|command| command.module == "help") {
        text.newline().push(page::line(lang, command));
    }
    let mut keyboard = Keyboard::new();
    for row in menu::entries(cx).chunks(IN_A_ROW) {
        keyboard = keyboard.row();
        for entry in row {
            keyboard = keyboard.ask((entry.1.title)(lang), &screen(&menu::key(entry)));
        }
    }
    text.with(keyboard.row().ask(t::common::back_button(lang), &screen(START)))
}

/// Groups get a way into the private chat instead of long pages.
pub(super) fn help_in_group(cx: &Cx<AlitaApp>, entry: Option<&Entry>) -> Reply {
    let lang = cx.lang();
    match entry {
        Some(entry) => {
            let door = door(cx, &format!("help_{}", entry.0), &screen(&menu::key(entry)));
            t::help::help_in_group_about(lang, (entry.1.title)(lang)).with(door)
        }
        None => t::help::help_in_group(lang).with(door(cx, "help_help", &screen(HELP))),
    }
}

pub(super) fn about(cx: &Cx<AlitaApp>) -> Reply {
    let (lang, links) = (cx.lang(), &cx.settings().links);
    let keyboard = Keyboard::new().ask(t::help::about_me_button(lang), &tell("me")).row();
    let keyboard = link(keyboard, t::help::news_button(lang), links.news.as_deref());
    let keyboard = link(keyboard, t::help::support_button(lang), links.support.as_deref());
    t::help::about(lang).with(
        keyboard
            .row()
            .ask(t::help::configuration_button(lang), &step("step1"))
            .row()
            .ask(t::common::back_button(lang), &screen(START)),
    )
}

pub(super) fn about_me(cx: &Cx<AlitaApp>) -> Reply {
    let (lang, me) = (cx.lang(), cx.me());
    t::help::about_me(lang, me.name.as_str(), me.username.as_str(), cx.settings().version.as_str())
        .with(Keyboard::new().ask(t::common::back_button(lang), &tell("main")))
}

pub(super) fn about_in_group(cx: &Cx<AlitaApp>) -> Reply {
    t::help::about_in_group(cx.lang()).with(door(cx, "about", &tell("main")))
}

pub(super) fn donate(cx: &Cx<AlitaApp>) -> Reply {
    let lang = cx.lang();
    match &cx.settings().links.donation {
        Some(url) => t::help::donate(lang).with(Keyboard::new().link(t::help::donate_button(lang), url)),
        None => t::help::donate_nowhere(lang).into(),
    }
}

pub(super) fn step_one(cx: &Cx<AlitaApp>) -> Reply {
    let lang = cx.lang();
    let keyboard = add_to_group(cx, Keyboard::new());
    t::help::step_one(lang).with(keyboard.row().ask(t::common::done_button(lang), &step("step2")))
}

pub(super) fn step_two(cx: &Cx<AlitaApp>) -> Reply {
    let lang = cx.lang();
    t::help::step_two(lang, cx.me().username.as_str())
        .with(Keyboard::new().ask(t::common::done_button(lang), &step("step3")))
}

pub(super) fn step_three(cx: &Cx<AlitaApp>) -> Reply {
    let lang = cx.lang();
    t::help::step_three(lang).with(Keyboard::new().ask(t::help::continue_button(lang), &screen(HELP)))
}

fn viewer(cx: &Cx<AlitaApp>) -> String {
    match cx.sender().user() {
        Some(someone) if !someone.first_name.is_empty() => alita_markup::display_name(&someone.first_name),
        _ => t::common::somebody_plain(cx.lang()),
    }
}

fn screen(name: &str) -> Payload {
    Payload::new(MENU).with("m", name)
}

fn tell(what: &str) -> Payload {
    Payload::new(ABOUT).with("a", what)
}

fn step(step: &str) -> Payload {
    Payload::new(CONFIGURATION).with("s", step)
}

/// A button for a link that the operator may have left out.
fn link(keyboard: Keyboard, label: String, url: Option<&str>) -> Keyboard {
    match url {
        Some(url) => keyboard.link(label, url),
        None => keyboard,
    }
}

/// A way into the private chat; while the bot's username is unknown, the same screen right here.
fn door(cx: &Cx<AlitaApp>, payload: &str, otherwise: &Payload) -> Keyboard {
    let label = t::help::open_button(cx.lang());
    if cx.me().username.is_empty() {
        Keyboard::new().ask(label, otherwise)
    } else {
        Keyboard::new().link(label, cx.start_link(payload))
    }
}

/// Telegram: with `startgroup` the app lets people choose a group and sends `/start botstart` in it.
fn add_to_group(cx: &Cx<AlitaApp>, keyboard: Keyboard) -> Keyboard {
    match cx.me().username.as_str() {
        "" => keyboard,
        bot => {
            keyboard.link(t::help::add_button(cx.lang()), format!("https://t.me/{bot}?startgroup=botstart"))
        }
    }
}
