//! A module: everything that one feature declares.

use std::fmt;
use std::future::Future;

use alita_i18n::Language;
use alita_markup::Html;
use alita_permissions::Rights;
use alita_runtime::jobs::{Failure, Job};

use crate::app::App;
use crate::command::Command;
use crate::cx::Cx;
use crate::gate::{Audience, Gate, Where};
use crate::handler::{Handler, Run, erase};
use crate::jobs::{Declared, JobCx};
use crate::keyboard::Keyboard;
use crate::stage::{On, Stage};

/// A feature of the bot, as data.
#[must_use]
pub struct Module<A: App> {
    pub(crate) name: &'static str,
    pub(crate) commands: Vec<Command<A>>,
    pub(crate) buttons: Vec<Button<A>>,
    pub(crate) watchers: Vec<Watcher<A>>,
    pub(crate) deep_links: Vec<DeepLink<A>>,
    pub(crate) jobs: Vec<Declared<A>>,
    pub(crate) help: Option<HelpPage<A>>,
}

impl<A: App> fmt::Debug for Module<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module")
            .field("name", &self.name)
            .field("commands", &self.commands)
            .finish_non_exhaustive()
    }
}

impl<A: App> Module<A> {
    /// A module of this name, which its file, table and locale files share.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            commands: Vec::new(),
            buttons: Vec::new(),
            watchers: Vec::new(),
            deep_links: Vec::new(),
            jobs: Vec::new(),
            help: None,
        }
    }

    /// Declares a command.
    pub fn command(mut self, command: Command<A>) -> Self {
        self.commands.push(command);
        self
    }

    /// Declares what a kind of button does.
    pub fn button(mut self, button: Button<A>) -> Self {
        self.buttons.push(button);
        self
    }

    /// Declares something that looks at updates by itself.
    pub fn watcher(mut self, watcher: Watcher<A>) -> Self {
        self.watchers.push(watcher);
        self
    }

    /// Declares where a kind of `/start` link leads.
    pub fn deep_link(mut self, link: DeepLink<A>) -> Self {
        self.deep_links.push(link);
        self
    }

    /// Declares what a job does that was scheduled with [`Cx::jobs`]. It may run twice, and then does no harm.
    pub fn job<J, F, Fut>(mut self, work: F) -> Self
    where
        J: Job,
        F: Fn(JobCx<A>, J) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        self.jobs.push(Declared::new(work));
        self
    }

    /// Shows the module in the help menu.
    pub fn help(mut self, help: HelpPage<A>) -> Self {
        self.help = Some(help);
        self
    }
}

/// The module's page in the help menu; the commands on it come from their declarations.
#[derive(Clone)]
#[non_exhaustive]
pub struct HelpPage<A: App> {
    /// The module's name in people's words.
    pub title: fn(Language) -> String,
    /// What the module is for.
    pub text: fn(Language) -> Html,
    /// Other words under which people look for it, in lower case.
    pub also_known_as: &'static [&'static str],
    /// Rows of buttons that only this page has.
    pub rows: Option<fn(&Cx<A>) -> Keyboard>,
}

impl<A: App> fmt::Debug for HelpPage<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HelpPage").field("also_known_as", &self.also_known_as).finish_non_exhaustive()
    }
}

impl<A: App> HelpPage<A> {
    /// A page with this title and text.
    #[must_use]
    pub const fn new(title: fn(Language) -> String, text: fn(Language) -> Html) -> Self {
        Self { title, text, also_known_as: &[], rows: None }
    }

    /// Other words under which people look for it, in lower case.
    #[must_use]
    pub const fn also_known_as(mut self, words: &'static [&'static str]) -> Self {
        self.also_known_as = words;
        self
    }

    /// Rows of buttons that only this page has.
    #[must_use]
    pub const fn rows(mut self, rows: fn(&Cx<A>) -> Keyboard) -> Self {
        self.rows = Some(rows);
        self
    }
}

/// A kind of button: the namespace of its data, the gate that its presser passes, and a function.
///
/// Without further words anybody may press it, anywhere.
#[must_use]
pub struct Button<A: App> {
    pub(crate) namespace: &'static str,
    pub(crate) fields: &'static [&'static str],
    pub(crate) gate: Gate,
    pub(crate) has_secret: bool,
    pub(crate) run: Run<A>,
}

impl<A: App> fmt::Debug for Button<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Button")
            .field("namespace", &self.namespace)
            .field("gate", &self.gate)
            .finish_non_exhaustive()
    }
}

impl<A: App> Button<A> {
    /// Buttons whose data begins with this namespace, compared exactly but for case.
    pub fn new<T>(namespace: &'static str, handler: impl Handler<A, T>) -> Self {
        let gate =
            Gate { audience: Audience::Everyone, bot: None, place: Where::Anywhere, ..Gate::default() };
        Self { namespace, fields: &[], gate, has_secret: false, run: erase(handler) }
    }

    /// The fields of its data. A press with others is none of ours.
    pub const fn carries(mut self, fields: &'static [&'static str]) -> Self {
        self.fields = fields;
        self
    }

    /// In groups, for administrators with these rights, which the bot has to have too.
    pub const fn needs(mut self, rights: Rights) -> Self {
        self.gate = Gate { place: Where::Group, ..self.gate.caller(rights).bot(rights) };
        self
    }

    /// In groups, for administrators with these rights; the bot needs nothing.
    pub const fn caller_needs(mut self, rights: Rights) -> Self {
        self.gate = Gate { place: Where::Group, ..self.gate.caller(rights) };
        self
    }

    /// In groups, for the owner.
    pub const fn for_owner(mut self) -> Self {
        self.gate.audience = Audience::Owner;
        self.gate.place = Where::Group;
        self
    }

    /// In a group only for administrators; in the private chat for the person.
    pub const fn for_admins_or_oneself(mut self) -> Self {
        self.gate.audience = Audience::AdminOrOneself;
        self
    }

    /// Reads the presser's record from Telegram instead of the remembered list.
    pub const fn checked_live(mut self) -> Self {
        self.gate.is_live = true;
        self
    }

    /// Its data holds something that nobody can guess, so a press counts even where its message is out of reach.
    pub const fn with_secret(mut self) -> Self {
        self.has_secret = true;
        self
    }
}

/// Something that looks at every update of some kinds, in its stage.
///
/// A watcher never speaks of rights: its refusals and faults are logged, not sent.
#[must_use]
pub struct Watcher<A: App> {
    pub(crate) name: &'static str,
    pub(crate) stage: Stage,
    pub(crate) kinds: Vec<On>,
    pub(crate) concerns: fn(&Cx<A>) -> bool,
    pub(crate) run: Run<A>,
}

impl<A: App> fmt::Debug for Watcher<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watcher")
            .field("name", &self.name)
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}

impl<A: App> Watcher<A> {
    /// A watcher of new messages in this stage.
    pub fn new<T>(stage: Stage, name: &'static str, handler: impl Handler<A, T>) -> Self {
        Self { name, stage, kinds: vec![On::Message], concerns: |_| true, run: erase(handler) }
    }

    /// Looks at these kinds of update instead.
    pub fn on(mut self, kinds: &[On]) -> Self {
        self.kinds = kinds.to_vec();
        self
    }

    /// Looks only at updates of which this is true, as a glance at the update itself can tell; the others cost
    /// nothing, and nothing is counted or traced for them.
    pub fn when(mut self, concerns: fn(&Cx<A>) -> bool) -> Self {
        self.concerns = concerns;
        self
    }
}

/// Where `/start <payload>` leads in the private chat.
#[must_use]
pub struct DeepLink<A: App> {
    pub(crate) pattern: Pattern,
    pub(crate) run: Run<A>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pattern {
    Exact(&'static str),
    Prefix(&'static str),
}

impl<A: App> fmt::Debug for DeepLink<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeepLink").field("pattern", &self.pattern).finish_non_exhaustive()
    }
}

impl<A: App> DeepLink<A> {
    /// The payload is exactly this word.
    pub fn exact<T>(word: &'static str, handler: impl Handler<A, T>) -> Self {
        Self { pattern: Pattern::Exact(word), run: erase(handler) }
    }

    /// The payload begins with this; the longest prefix wins. The handler's arguments hold what follows.
    pub fn prefix<T>(prefix: &'static str, handler: impl Handler<A, T>) -> Self {
        Self { pattern: Pattern::Prefix(prefix), run: erase(handler) }
    }
}
