//! A command: data that the pipeline, the help, the disable list and the tests read, and one function.

use std::fmt;
use std::sync::Arc;

use alita_i18n::Language;
use alita_markup::Html;
use alita_permissions::Rights;

use crate::app::App;
use crate::cx::Cx;
use crate::gate::{Audience, Gate, When, Where};
use crate::handler::{Handler, Run, erase};

/// How a command acts on a group from the private chat of somebody who is connected to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Connection {
    /// Not at all.
    None,
    /// On the connected chat, with the command's own gate.
    Allowed,
}

/// A command as it is declared.
///
/// Without further words it works in groups, for administrators, and needs the bot to be one.
#[must_use]
pub struct Command<A: App> {
    pub(crate) name: &'static str,
    pub(crate) aliases: Vec<&'static str>,
    pub(crate) gate: Gate,
    pub(crate) other_gate: Option<(When, Gate)>,
    pub(crate) is_disableable: bool,
    pub(crate) connection: Connection,
    pub(crate) help: Option<fn(Language) -> Html>,
    pub(crate) run: Run<A>,
}

impl<A: App> fmt::Debug for Command<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command").field("name", &self.name).field("gate", &self.gate).finish_non_exhaustive()
    }
}

impl<A: App> Command<A> {
    /// A command of this name, in lower case and without `/`.
    pub fn new<T>(name: &'static str, handler: impl Handler<A, T>) -> Self {
        Self {
            name,
            aliases: Vec::new(),
            gate: Gate::default(),
            other_gate: None,
            is_disableable: false,
            connection: Connection::None,
            help: None,
            run: erase(handler),
        }
    }

    /// Another name for the same command.
    pub fn alias(mut self, name: &'static str) -> Self {
        self.aliases.push(name);
        self
    }

    /// Both the caller and the bot have to be administrators with these rights.
    pub const fn needs(mut self, rights: Rights) -> Self {
        self.gate = self.gate.caller(rights).bot(rights);
        self
    }

    /// The caller has to be an administrator with these rights.
    pub const fn caller_needs(mut self, rights: Rights) -> Self {
        self.gate = self.gate.caller(rights);
        self
    }

    /// The bot has to be an administrator with these rights.
    pub const fn bot_needs(mut self, rights: Rights) -> Self {
        self.gate = self.gate.bot(rights);
        self
    }

    /// The bot need not be an administrator.
    pub const fn bot_needs_nothing(mut self) -> Self {
        self.gate.bot = None;
        self
    }

    /// Anybody may use it, and the bot needs nothing.
    pub const fn for_everyone(mut self) -> Self {
        self.gate.audience = Audience::Everyone;
        self.gate.bot = None;
        self
    }

    /// Only the owner of the chat may use it; the bot needs nothing.
    pub const fn for_owner(mut self) -> Self {
        self.gate.audience = Audience::Owner;
        self.gate.bot = None;
        self
    }

    /// In a group only for administrators, in the private chat for the person; the bot needs nothing.
    pub const fn for_admins_or_oneself(mut self) -> Self {
        self.gate.audience = Audience::AdminOrOneself;
        self.gate.bot = None;
        self.gate.place = Where::Anywhere;
        self
    }

    /// Reads the caller's record from Telegram instead of the remembered list: for what is hard to undo.
    pub const fn checked_live(mut self) -> Self {
        self.gate.is_live = true;
        self
    }

    /// Under this condition another gate stands before it.
    pub const fn gate_when(mut self, when: When, gate: Gate) -> Self {
        self.other_gate = Some((when, gate));
        self
    }

    /// The gate that stands before it this time.
    pub(crate) fn gate_for(&self, cx: &Cx<A>) -> &Gate {
        match &self.other_gate {
            Some((when, gate)) if when.holds(cx) => gate,
            _ => &self.gate,
        }
    }

    /// Refusals are silent.
    pub const fn silently(mut self) -> Self {
        self.gate.is_silent = true;
        self
    }

    /// Works in groups and in the private chat.
    pub const fn anywhere(mut self) -> Self {
        self.gate.place = Where::Anywhere;
        self
    }

    /// Works in the private chat only.
    pub const fn in_private(mut self) -> Self {
        self.gate.place = Where::Private;
        self
    }

    /// Also works from the private chat, on the chat that the caller is connected to.
    pub const fn via_connection(mut self) -> Self {
        self.connection = Connection::Allowed;
        self
    }

    /// Admins can switch it off for members.
    pub const fn can_be_disabled(mut self) -> Self {
        self.is_disableable = true;
        self
    }

    /// The line that explains it on the module's help page.
    pub const fn help(mut self, help: fn(Language) -> Html) -> Self {
        self.help = Some(help);
        self
    }
}

/// What is known of a command without its function: for the help, the disable list and the docs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CommandInfo {
    /// The module that declares it.
    pub module: &'static str,
    /// Its main name.
    pub name: &'static str,
    /// Its other names.
    pub aliases: Vec<&'static str>,
    /// Who may use it where.
    pub gate: Gate,
    /// When something else counts, and what.
    pub other_gate: Option<(When, Gate)>,
    /// Whether admins can switch it off for members.
    pub is_disableable: bool,
    /// Whether it works from the private chat.
    pub connection: Connection,
    /// The line that explains it.
    pub help: Option<fn(Language) -> Html>,
}

impl CommandInfo {
    pub(crate) fn of<A: App>(module: &'static str, command: &Command<A>) -> Self {
        Self {
            module,
            name: command.name,
            aliases: command.aliases.clone(),
            gate: command.gate,
            other_gate: command.other_gate,
            is_disableable: command.is_disableable,
            connection: command.connection,
            help: command.help,
        }
    }

    /// All names, the main one first.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }
}

/// A command where the router keeps it.
pub(crate) struct Registered<A: App> {
    pub(crate) module: &'static str,
    pub(crate) command: Arc<Command<A>>,
}

impl<A: App> Clone for Registered<A> {
    fn clone(&self) -> Self {
        Self { module: self.module, command: Arc::clone(&self.command) }
    }
}
