//! Groups, channels and private chats.

use std::collections::BTreeMap;

use alita_model::ChatId;
use serde_json::{Value, json};

use super::members::Member;
use super::rights::Permissions;
use super::world::World;

/// `chat.type`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ChatKind {
    /// The bot and one person; it has the person's id.
    Private,
    /// A basic group.
    Group,
    /// A supergroup.
    #[default]
    Supergroup,
    /// A channel.
    Channel,
}

impl ChatKind {
    /// The word on the wire, and in error texts.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Group => "group",
            Self::Supergroup => "supergroup",
            Self::Channel => "channel",
        }
    }
}

/// A new chat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewChat {
    /// The next free one of the kind if `None`.
    pub id: Option<i64>,
    /// What it is.
    pub kind: ChatKind,
    /// Its name.
    pub title: String,
    /// Without `@`.
    pub username: Option<String>,
    /// Does it have topics?
    pub is_forum: bool,
    /// The channel of a group, or the group of a channel.
    pub linked_chat: Option<ChatId>,
    /// What its members may do.
    pub permissions: Permissions,
}

impl NewChat {
    /// A supergroup of this title.
    #[must_use]
    pub fn supergroup(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// A basic group of this title.
    #[must_use]
    pub fn group(title: impl Into<String>) -> Self {
        Self { kind: ChatKind::Group, title: title.into(), ..Self::default() }
    }

    /// A channel of this title.
    #[must_use]
    pub fn channel(title: impl Into<String>) -> Self {
        Self { kind: ChatKind::Channel, title: title.into(), ..Self::default() }
    }

    /// With this id.
    #[must_use]
    pub fn id(self, id: i64) -> Self {
        Self { id: Some(id), ..self }
    }

    /// With topics.
    #[must_use]
    pub fn forum(self) -> Self {
        Self { is_forum: true, ..self }
    }

    /// With this public name.
    #[must_use]
    pub fn username(self, username: impl Into<String>) -> Self {
        Self { username: Some(username.into()), ..self }
    }

    /// Linked with this channel or group.
    #[must_use]
    pub fn linked(self, chat: ChatId) -> Self {
        Self { linked_chat: Some(chat), ..self }
    }
}

#[derive(Debug)]
pub(crate) struct Chat {
    pub(crate) id: i64,
    pub(crate) kind: ChatKind,
    pub(crate) title: String,
    pub(crate) username: Option<String>,
    pub(crate) is_forum: bool,
    pub(crate) linked: Option<i64>,
    pub(crate) permissions: Permissions,
    pub(crate) members: BTreeMap<i64, Member>,
    pub(crate) messages: BTreeMap<i32, Value>,
    pub(crate) next_message: i32,
    /// The youngest last.
    pub(crate) pinned: Vec<i32>,
    pub(crate) topics: BTreeMap<i32, Topic>,
    pub(crate) migrated_to: Option<i64>,
    pub(crate) invite_link: Option<String>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Topic {
    pub(crate) is_closed: bool,
}

impl Chat {
    pub(crate) fn new(id: i64, chat: NewChat) -> Self {
        Self {
            id,
            kind: chat.kind,
            title: chat.title,
            username: chat.username,
            is_forum: chat.is_forum,
            linked: chat.linked_chat.map(ChatId::get),
            permissions: chat.permissions,
            members: BTreeMap::new(),
            messages: BTreeMap::new(),
            next_message: 1,
            pinned: Vec::new(),
            topics: BTreeMap::new(),
            migrated_to: None,
            invite_link: None,
        }
    }

    pub(crate) fn is_private(&self) -> bool {
        self.kind == ChatKind::Private
    }

    pub(crate) fn free_message_id(&mut self) -> i32 {
        while self.messages.contains_key(&self.next_message) {
            self.next_message += 1;
        }
        let id = self.next_message;
        self.next_message += 1;
        id
    }
}

impl World {
    pub(crate) fn add_chat(&mut self, chat: NewChat) -> ChatId {
        let id = chat.id.unwrap_or_else(|| self.free_chat_id(chat.kind));
        let fits = match chat.kind {
            ChatKind::Private => id > 0,
            ChatKind::Group => ChatId::new(id).is_basic_group(),
            ChatKind::Supergroup | ChatKind::Channel => ChatId::new(id).is_supergroup_or_channel(),
        };
        assert!(fits, "{id} is no id of a {} chat", chat.kind.word());
        if chat.kind == ChatKind::Private {
            self.start_private(id);
            return ChatId::new(id);
        }
        if let Some(linked) = chat.linked_chat
            && let Some(other) = self.chats.get_mut(&linked.get())
        {
            other.linked = Some(id);
        }
        self.chats.insert(id, Chat::new(id, chat));
        ChatId::new(id)
    }

    fn free_chat_id(&self, kind: ChatKind) -> i64 {
        let mut id = match kind {
            ChatKind::Private => panic!("a private chat has the id of its person"),
            ChatKind::Group => -4001,
            ChatKind::Supergroup => -1_001_000_000_001,
            ChatKind::Channel => -1_002_000_000_001,
        };
        while self.chats.contains_key(&id) {
            id -= 1;
        }
        id
    }

    /// The person opens the bot's chat; from now on the bot may write to them.
    pub(crate) fn start_private(&mut self, id: i64) {
        self.person(id);
        if let Some(person) = self.people.get_mut(&id) {
            person.has_started = true;
        }
        let new = || NewChat { kind: ChatKind::Private, ..NewChat::default() };
        self.chats.entry(id).or_insert_with(|| Chat::new(id, new()));
    }

    /// A chat that a test has made; private chats are made by their first use.
    pub(crate) fn chat_mut(&mut self, id: i64) -> &mut Chat {
        if id > 0 && !self.chats.contains_key(&id) {
            self.start_private(id);
        }
        match self.chats.get_mut(&id) {
            Some(chat) => chat,
            None => panic!("there is no chat {id}: make it with add_chat"),
        }
    }

    pub(crate) fn chat(&self, id: i64) -> &Chat {
        match self.chats.get(&id) {
            Some(chat) => chat,
            None => panic!("there is no chat {id}: make it with add_chat"),
        }
    }

    /// The short chat object that stands in messages.
    pub(crate) fn chat_wire(&self, id: i64) -> Value {
        if id > 0 {
            return self.person(id).private_chat();
        }
        let chat = self.chat(id);
        let mut wire = json!({"id": id, "type": chat.kind.word(), "title": chat.title});
        if let Some(username) = &chat.username {
            wire["username"] = username.as_str().into();
        }
        if chat.is_forum {
            wire["is_forum"] = true.into();
        }
        wire
    }
}
