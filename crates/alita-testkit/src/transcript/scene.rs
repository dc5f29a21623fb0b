//! Who is called what: the names of a conversation and the ids behind them.

use alita_model::{ChatId, UserId};

/// The people and chats of a play, by the names that its lines use.
#[derive(Debug, Clone)]
pub struct Scene {
    people: Vec<(String, UserId)>,
    chats: Vec<(String, ChatId)>,
    here: Option<ChatId>,
}

/// The bot's own name in every conversation.
pub(super) const BOT: &str = "Alita";

impl Scene {
    pub(super) fn new(bot: UserId) -> Self {
        Self { people: vec![(BOT.to_owned(), bot)], chats: Vec::new(), here: None }
    }

    /// The chat in which the next line happens, unless the line says otherwise.
    #[must_use]
    pub fn here(&self) -> Option<ChatId> {
        self.here
    }

    /// The person of this name.
    #[must_use]
    pub fn person(&self, name: &str) -> Option<UserId> {
        self.people.iter().find(|(known, _)| known == name).map(|(_, id)| *id)
    }

    /// The group or channel of this title.
    #[must_use]
    pub fn chat(&self, title: &str) -> Option<ChatId> {
        self.chats.iter().find(|(known, _)| known == title).map(|(_, id)| *id)
    }

    /// All people in the order in which they were named, the bot first.
    pub fn people(&self) -> impl Iterator<Item = (&str, UserId)> {
        self.people.iter().map(|(name, id)| (name.as_str(), *id))
    }

    /// Writes ids for `{id of Mallory}`, `{chat id}` and `{chat id of "News"}`, and the repeated text for
    /// `{500 times "x"}`; other braces stay as they are.
    ///
    /// # Errors
    ///
    /// The sentence says who is not known.
    pub fn fill_in(&self, text: &str) -> Result<String, String> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            let (before, from) = rest.split_at(at);
            filled.push_str(before);
            let known = match from.find('}').map(|end| from.split_at(end + 1)) {
                Some((mark, after)) => {
                    let inside = mark.trim_start_matches('{').trim_end_matches('}');
                    self.mark(inside)?.map(|value| (value, after))
                }
                None => None,
            };
            if let Some((value, after)) = known {
                filled.push_str(&value);
                rest = after;
            } else {
                filled.push('{');
                rest = from.strip_prefix('{').unwrap_or(from);
            }
        }
        filled.push_str(rest);
        Ok(filled)
    }

    fn mark(&self, inside: &str) -> Result<Option<String>, String> {
        let unquoted = |name: &str| name.trim().trim_matches('"').to_owned();
        if let Some(name) = inside.strip_prefix("id of ") {
            let name = unquoted(name);
            let id = self.person(&name).map(UserId::get).or_else(|| self.chat(&name).map(ChatId::get));
            return id.map(|id| Some(id.to_string())).ok_or_else(|| nobody(&name));
        }
        if let Some(title) = inside.strip_prefix("chat id of ") {
            let title = unquoted(title);
            return self.chat(&title).map(|id| Some(id.to_string())).ok_or_else(|| no_chat(&title));
        }
        if inside == "chat id" {
            return self.here.map(|id| Some(id.to_string())).ok_or_else(|| "there is no chat yet".to_owned());
        }
        let repeated =
            inside.split_once(" times ").and_then(|(n, text)| Some((n.parse::<usize>().ok()?, text)));
        Ok(repeated.map(|(n, text)| unquoted(text).repeat(n)))
    }

    pub(super) fn need_person(&self, name: &str) -> Result<UserId, String> {
        self.person(name).ok_or_else(|| nobody(name))
    }

    pub(super) fn need_chat(&self, title: &str) -> Result<ChatId, String> {
        self.chat(title).ok_or_else(|| no_chat(title))
    }

    pub(super) fn name_person(&mut self, name: &str, id: UserId) {
        self.people.push((name.to_owned(), id));
    }

    pub(super) fn name_chat(&mut self, title: &str, id: ChatId) {
        self.chats.push((title.to_owned(), id));
    }

    /// A group became a supergroup: its title now means another id.
    pub(super) fn moved(&mut self, old: ChatId, new: ChatId) {
        for (_, id) in self.chats.iter_mut().filter(|(_, id)| *id == old) {
            *id = new;
        }
        if self.here == Some(old) {
            self.here = Some(new);
        }
    }

    pub(super) fn go(&mut self, chat: ChatId) {
        self.here = Some(chat);
    }

    /// How a line writes whoever has this id: a bare word, or the name in quotes.
    pub(super) fn written_name(&self, id: i64) -> String {
        let person = self.people.iter().find(|(_, known)| known.get() == id).map(|(name, _)| name);
        if let Some(name) = person {
            let bare = name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
            return if bare { name.clone() } else { format!("\"{name}\"") };
        }
        match self.chats.iter().find(|(_, known)| known.get() == id) {
            Some((title, _)) => format!("\"{title}\""),
            None if id < 0 => format!("chat {id}"),
            None => format!("user {id}"),
        }
    }

    /// How a line names a place that is not here: `in private with Ada`, `in "News"`.
    pub(super) fn written_place(&self, chat: i64) -> String {
        let with = if chat > 0 { "in private with " } else { "in " };
        format!("{with}{}", self.written_name(chat))
    }
}

fn nobody(name: &str) -> String {
    format!("nobody is called {name:?}; name people in the group line, or: person {name}")
}

fn no_chat(title: &str) -> String {
    format!("no chat is called {title:?}; declare it first: group \"{title}\": .. or channel \"{title}\"")
}
