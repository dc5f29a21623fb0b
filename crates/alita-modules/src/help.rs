//! Help: the first words with the bot, a page for every module, what the bot is, and three steps to a first group.
//!
//! Conversations: `docs/src/modules/help.md`. The pages are written from what the modules declare, so no command
//! and no other name of one can be missing on them: [`page::text`].

mod introduce;
mod menu;
mod page;
mod view;

use alita_dispatch::{Answer, Args, Button, Command, Cx, DeepLink, Flow, Mistake, Module, Outcome, Payload};
use alita_i18n::t;
use alita_model::MessageId;

use crate::app::AlitaApp;

pub use introduce::{Mode, introduce};

pub(crate) fn module() -> Module<AlitaApp> {
    Module::new("help")
        .command(Command::new("start", start).for_everyone().anywhere().help(t::help::start_help))
        .command(Command::new("help", help).for_everyone().anywhere().help(t::help::help_help))
        .command(Command::new("about", about).for_everyone().anywhere().help(t::help::about_help))
        .command(Command::new("donate", donate).for_everyone().anywhere().help(t::help::donate_help))
        .deep_link(DeepLink::exact("about", about))
        .deep_link(DeepLink::prefix("help_", help))
        .button(Button::new(view::MENU, turn_to).carries(&["m"]))
        .button(Button::new(view::ABOUT, tell_about).carries(&["a"]))
        .button(Button::new(view::CONFIGURATION, configure).carries(&["s"]))
}

/// `/start`; links that mean something go elsewhere before.
async fn start(cx: Cx<AlitaApp>) -> Outcome {
    if cx.place().is_private() { view::start(&cx).reply() } else { view::start_in_group(&cx).reply() }
}

/// `/help [module]`, and links to the page of a module.
async fn help(cx: Cx<AlitaApp>, mut args: Args) -> Outcome {
    let word = args.word().unwrap_or_default();
    let page = menu::find(&cx, &word);
    if cx.place().is_private() {
        return view::page_or_menu(&cx, page).reply();
    }
    let reply = view::help_in_group(&cx, page);
    match cx.replied() {
        Some(question) => reply.to(MessageId::new(question.message_id)).reply(),
        None => reply.reply(),
    }
}

/// `/about`, and links to it.
async fn about(cx: Cx<AlitaApp>) -> Outcome {
    if cx.place().is_private() { view::about(&cx).reply() } else { view::about_in_group(&cx).reply() }
}

/// `/donate`
async fn donate(cx: Cx<AlitaApp>) -> Outcome {
    view::donate(&cx).reply()
}

/// The buttons between the first screen, the menu and the pages.
async fn turn_to(cx: Cx<AlitaApp>, payload: Payload) -> Outcome {
    match payload.text("m") {
        None => Ok(Flow::Done),
        Some(view::START) => view::start(&cx).edit(),
        Some(word) => view::page_or_menu(&cx, menu::find(&cx, word)).edit(),
    }
}

async fn tell_about(cx: Cx<AlitaApp>, payload: Payload) -> Outcome {
    match payload.text("a") {
        Some("main") => view::about(&cx).edit(),
        Some("me") => view::about_me(&cx).edit(),
        _ => Err(Mistake::invalid_button().into()),
    }
}

/// The three steps, which only the private chat has room for.
async fn configure(cx: Cx<AlitaApp>, payload: Payload) -> Outcome {
    if !cx.place().is_private() {
        return t::help::wizard_private_only(cx.lang()).edit();
    }
    match payload.text("s") {
        Some("step1") => view::step_one(&cx).edit(),
        Some("step2") => view::step_two(&cx).edit(),
        Some("step3") => view::step_three(&cx).edit(),
        _ => Err(Mistake::invalid_button().into()),
    }
}
