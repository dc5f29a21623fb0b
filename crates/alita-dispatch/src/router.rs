//! Everything that the modules declare, in the shape in which an update looks it up.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use alita_telegram::types::AllowedUpdate;

use crate::app::App;
use crate::asks::Asks;
use crate::command::{Command, CommandInfo, Registered};
use crate::jobs::Declared;
use crate::meters::Meters;
use crate::module::{Button, DeepLink, HelpPage, Module, Pattern, Watcher};
use crate::stage::{On, Stage};
use crate::tally::Tally;

/// Why the modules cannot work together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Two modules have one name.
    #[error("the module `{0}` is there twice")]
    ModuleTwice(&'static str),
    /// A command's name belongs to two commands.
    #[error("the command /{name} is claimed by `{first}` and by `{second}`")]
    CommandTwice {
        /// The name.
        name: &'static str,
        /// The module that claimed it first.
        first: &'static str,
        /// The module that claims it too.
        second: &'static str,
    },
    /// A command's name is not in lower case letters, digits and `_`.
    #[error("/{0} is no name for a command")]
    BadCommandName(&'static str),
    /// A namespace of buttons belongs to two modules.
    #[error("the button namespace `{namespace}` is claimed by `{first}` and by `{second}`")]
    NamespaceTwice {
        /// The namespace.
        namespace: &'static str,
        /// The module that claimed it first.
        first: &'static str,
        /// The module that claims it too.
        second: &'static str,
    },
    /// A deep link belongs to two modules, or twice to one.
    #[error("the deep link `{link}` is claimed by `{first}` and by `{second}`")]
    LinkTwice {
        /// The exact word, or the prefix.
        link: &'static str,
        /// The module that claimed it first.
        first: &'static str,
        /// The module that claims it too.
        second: &'static str,
    },
    /// A job's name belongs to two jobs.
    #[error("the job `{name}` of `{module}` is claimed by somebody else, too")]
    JobTwice {
        /// The name.
        name: &'static str,
        /// The module that claims it, too.
        module: &'static str,
    },
    /// A namespace that is empty or contains `|`.
    #[error("`{0}` is no namespace for buttons")]
    BadNamespace(&'static str),
}

/// A declaration with the name of its module.
type Owned<T> = (&'static str, Arc<T>);

/// The declared commands, buttons, links and watchers of all modules.
#[derive(Debug)]
pub struct Router<A: App> {
    commands: HashMap<String, Registered<A>>,
    buttons: HashMap<String, Owned<Button<A>>>,
    links: Vec<Owned<DeepLink<A>>>,
    watchers: BTreeMap<Stage, Vec<Owned<Watcher<A>>>>,
    jobs: Vec<Declared<A>>,
    infos: Vec<CommandInfo>,
    buttons_info: Vec<ButtonInfo>,
    pages: Vec<(&'static str, HelpPage<A>)>,
    names: BTreeSet<&'static str>,
    /// What came of the handlers that it led to.
    tally: Tally,
    meters: Meters,
    /// How often people are heard; a dispatcher knows the clock for it.
    pub(crate) asks: Option<Asks>,
}

/// What is known of a kind of button without its function.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ButtonInfo {
    /// The module that declares it.
    pub module: &'static str,
    /// The namespace of its data.
    pub namespace: &'static str,
    /// The fields of its data.
    pub fields: &'static [&'static str],
    /// Who may press it.
    pub gate: crate::gate::Gate,
}

impl<A: App> std::fmt::Debug for Registered<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.command.fmt(f)
    }
}

impl<A: App> Router<A> {
    /// Joins the modules, in the order of the list.
    ///
    /// # Errors
    ///
    /// [`BuildError`] when two of them claim the same name.
    pub fn new(modules: Vec<Module<A>>) -> Result<Self, BuildError> {
        let mut router = Self {
            commands: HashMap::new(),
            buttons: HashMap::new(),
            links: Vec::new(),
            watchers: BTreeMap::new(),
            jobs: Declared::of_the_pipeline().into(),
            infos: Vec::new(),
            buttons_info: Vec::new(),
            pages: Vec::new(),
            names: BTreeSet::new(),
            tally: Tally::default(),
            meters: Meters::default(),
            asks: None,
        };
        for module in modules {
            if !router.names.insert(module.name) {
                return Err(BuildError::ModuleTwice(module.name));
            }
            router.meters.join(module.name);
            router.join(module)?;
        }
        router.links.sort_by_key(|(_, link)| std::cmp::Reverse(specificity(link.pattern)));
        Ok(router)
    }

    fn join(&mut self, module: Module<A>) -> Result<(), BuildError> {
        for command in module.commands {
            self.join_command(module.name, command)?;
        }
        for button in module.buttons {
            self.join_button(module.name, button)?;
        }
        for watcher in module.watchers {
            self.watchers.entry(watcher.stage).or_default().push((module.name, Arc::new(watcher)));
        }
        for link in module.deep_links {
            self.join_link(module.name, link)?;
        }
        for job in module.jobs {
            if self.jobs.iter().any(|other| other.name == job.name) {
                return Err(BuildError::JobTwice { name: job.name, module: module.name });
            }
            self.jobs.push(job);
        }
        self.pages.extend(module.help.map(|page| (module.name, page)));
        Ok(())
    }

    fn join_command(&mut self, module: &'static str, command: Command<A>) -> Result<(), BuildError> {
        let info = CommandInfo::of(module, &command);
        let registered = Registered { module, command: Arc::new(command) };
        for name in info.names() {
            let is_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
            if name.is_empty() || !name.bytes().all(is_name) {
                return Err(BuildError::BadCommandName(name));
            }
            if let Some(first) = self.commands.insert(name.to_owned(), registered.clone()) {
                return Err(BuildError::CommandTwice { name, first: first.module, second: module });
            }
        }
        self.infos.push(info);
        Ok(())
    }

    fn join_button(&mut self, module: &'static str, button: Button<A>) -> Result<(), BuildError> {
        let namespace = button.namespace;
        if namespace.is_empty() || namespace.contains('|') {
            return Err(BuildError::BadNamespace(namespace));
        }
        self.buttons_info.push(ButtonInfo { module, namespace, fields: button.fields, gate: button.gate });
        match self.buttons.insert(namespace.to_lowercase(), (module, Arc::new(button))) {
            Some((first, _)) => Err(BuildError::NamespaceTwice { namespace, first, second: module }),
            None => Ok(()),
        }
    }

    /// An exact word and a prefix may be the same, for exact words go first.
    fn join_link(&mut self, module: &'static str, link: DeepLink<A>) -> Result<(), BuildError> {
        if let Some((first, _)) = self.links.iter().find(|(_, other)| other.pattern == link.pattern) {
            let (Pattern::Exact(word) | Pattern::Prefix(word)) = link.pattern;
            return Err(BuildError::LinkTwice { link: word, first, second: module });
        }
        self.links.push((module, Arc::new(link)));
        Ok(())
    }

    pub(crate) const fn tally(&self) -> &Tally {
        &self.tally
    }

    pub(crate) const fn meters(&self) -> &Meters {
        &self.meters
    }

    pub(crate) fn command(&self, name: &str) -> Option<&Registered<A>> {
        self.commands.get(name)
    }

    pub(crate) fn button(&self, namespace: &str) -> Option<&Owned<Button<A>>> {
        self.buttons.get(namespace)
    }

    /// The link of a `/start` payload, with what follows its prefix.
    pub(crate) fn link<'p>(&self, payload: &'p str) -> Option<(&'static str, &Arc<DeepLink<A>>, &'p str)> {
        self.links.iter().find_map(|(module, link)| match link.pattern {
            Pattern::Exact(word) => (payload == word).then_some((*module, link, "")),
            Pattern::Prefix(prefix) => payload.strip_prefix(prefix).map(|rest| (*module, link, rest)),
        })
    }

    pub(crate) fn watchers(&self, stage: Stage, kind: On) -> impl Iterator<Item = &Owned<Watcher<A>>> {
        self.watchers
            .get(&stage)
            .into_iter()
            .flatten()
            .filter(move |(_, watcher)| watcher.kinds.contains(&kind))
    }

    pub(crate) fn jobs(&self) -> &[Declared<A>] {
        &self.jobs
    }

    /// All commands in the order of their declaration.
    #[must_use]
    pub fn commands(&self) -> &[CommandInfo] {
        &self.infos
    }

    /// All kinds of button in the order of their declaration.
    #[must_use]
    pub fn buttons(&self) -> &[ButtonInfo] {
        &self.buttons_info
    }

    /// The pages of the help menu, with the names of their modules.
    #[must_use]
    pub fn help_pages(&self) -> &[(&'static str, HelpPage<A>)] {
        &self.pages
    }

    /// The names of all modules, sorted.
    #[must_use]
    pub const fn modules(&self) -> &BTreeSet<&'static str> {
        &self.names
    }

    /// The kinds of update that anything here looks at; the bot asks Telegram for nothing else.
    #[must_use]
    pub fn allowed_updates(&self) -> Vec<AllowedUpdate> {
        let mut kinds: Vec<On> = vec![On::Message];
        kinds.extend((!self.buttons.is_empty()).then_some(On::CallbackQuery));
        kinds.extend(self.watchers.values().flatten().flat_map(|(_, watcher)| watcher.kinds.iter().copied()));
        let mut allowed = Vec::new();
        for kind in kinds {
            let kind = match kind {
                On::Message => AllowedUpdate::Message,
                On::EditedMessage => AllowedUpdate::EditedMessage,
                On::CallbackQuery => AllowedUpdate::CallbackQuery,
                On::ChatMember => AllowedUpdate::ChatMember,
                On::MyChatMember => AllowedUpdate::MyChatMember,
                On::ChatJoinRequest => AllowedUpdate::ChatJoinRequest,
            };
            if !allowed.contains(&kind) {
                allowed.push(kind);
            }
        }
        allowed
    }
}

/// Exact words before prefixes, longer prefixes before shorter ones.
const fn specificity(pattern: Pattern) -> (bool, usize) {
    match pattern {
        Pattern::Exact(word) => (true, word.len()),
        Pattern::Prefix(prefix) => (false, prefix.len()),
    }
}
