//! People and bots.

use alita_model::UserId;
use serde_json::{Value, json};

use super::world::World;

/// Somebody new; what is left out Telegram would leave out too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewUser {
    /// The next free one if `None`.
    pub id: Option<i64>,
    /// `Somebody` if empty.
    pub first_name: String,
    /// `last_name`
    pub last_name: Option<String>,
    /// Without `@`.
    pub username: Option<String>,
    /// `language_code`
    pub language_code: Option<String>,
    /// Another bot than ours?
    pub is_bot: bool,
}

impl NewUser {
    /// Somebody of this first name.
    #[must_use]
    pub fn named(first_name: impl Into<String>) -> Self {
        Self { first_name: first_name.into(), ..Self::default() }
    }

    /// With this id.
    #[must_use]
    pub fn id(self, id: i64) -> Self {
        Self { id: Some(id), ..self }
    }

    /// With this username.
    #[must_use]
    pub fn username(self, username: impl Into<String>) -> Self {
        Self { username: Some(username.into()), ..self }
    }
}

/// Somebody, and whether our bot may write to them in private.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: i64,
    pub(crate) is_bot: bool,
    pub(crate) first_name: String,
    pub(crate) last_name: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) language_code: Option<String>,
    pub(crate) has_started: bool,
    pub(crate) has_blocked: bool,
}

impl Person {
    pub(crate) fn new(id: i64, user: NewUser) -> Self {
        let first_name = if user.first_name.is_empty() { "Somebody".to_owned() } else { user.first_name };
        Self {
            id,
            is_bot: user.is_bot,
            first_name,
            last_name: user.last_name,
            username: user.username,
            language_code: user.language_code,
            has_started: false,
            has_blocked: false,
        }
    }

    pub(crate) fn to_wire(&self) -> Value {
        let mut wire = json!({"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name});
        for (field, value) in [
            ("last_name", &self.last_name),
            ("username", &self.username),
            ("language_code", &self.language_code),
        ] {
            if let Some(value) = value {
                wire[field] = value.as_str().into();
            }
        }
        wire
    }

    /// The private chat with them.
    pub(crate) fn private_chat(&self) -> Value {
        let mut wire = json!({"id": self.id, "type": "private", "first_name": self.first_name});
        for (field, value) in [("last_name", &self.last_name), ("username", &self.username)] {
            if let Some(value) = value {
                wire[field] = value.as_str().into();
            }
        }
        wire
    }
}

/// The placeholders that stand in `from` where there is no person.
pub(crate) fn service_people() -> [Person; 3] {
    let person = |id: UserId, first_name: &str, username: Option<&str>, is_bot| {
        let username = username.map(str::to_owned);
        Person::new(
            id.get(),
            NewUser { first_name: first_name.to_owned(), username, is_bot, ..NewUser::default() },
        )
    };
    [
        person(UserId::TELEGRAM, "Telegram", None, false),
        person(UserId::GROUP_ANONYMOUS_BOT, "Group", Some("GroupAnonymousBot"), true),
        person(UserId::CHANNEL_BOT, "Channel", Some("Channel_Bot"), true),
    ]
}

impl World {
    pub(crate) fn add_user(&mut self, user: NewUser) -> UserId {
        let id = user.id.unwrap_or_else(|| {
            let mut id = 42;
            while self.people.contains_key(&id) {
                id += 1;
            }
            id
        });
        assert!(id > 0, "a person's id is a positive number, not {id}");
        self.people.insert(id, Person::new(id, user));
        UserId::new(id)
    }

    /// Somebody whom a test has made.
    pub(crate) fn person(&self, id: i64) -> &Person {
        match self.people.get(&id) {
            Some(person) => person,
            None => panic!("nobody has the id {id}: make them with add_user"),
        }
    }

    pub(crate) fn user(&self, id: i64) -> Value {
        self.person(id).to_wire()
    }

    /// Whose username this is.
    pub(crate) fn by_username(&self, username: &str) -> Option<i64> {
        let is = |known: &Option<String>| {
            known.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(username))
        };
        let person = self.people.values().find(|person| is(&person.username)).map(|person| person.id);
        person.or_else(|| self.chats.values().find(|chat| is(&chat.username)).map(|chat| chat.id))
    }
}
