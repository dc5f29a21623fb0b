//! What the lines of a conversation say, before anybody plays them.

use std::time::Duration;

/// A conversation, line by line.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) steps: Vec<Step>,
}

/// One acting line with what is written below it.
#[derive(Debug)]
pub(super) struct Step {
    /// Counted from 1.
    pub(super) line: usize,
    /// The line itself, and its `|` and `+` lines.
    pub(super) written: Vec<String>,
    pub(super) deed: Deed,
    /// `3 times: ..`
    pub(super) times: usize,
    /// `& ..`: happens before the bot comes to rest from the line above.
    pub(super) together: bool,
    /// The indented lines: what the bot should do.
    pub(super) expected: Vec<String>,
}

/// What an acting line wants to happen.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Deed {
    /// A blank line or a comment.
    Nothing,
    Group(GroupLine),
    Channel {
        title: String,
        username: Option<String>,
        id: Option<i64>,
    },
    Person(PersonLine),
    In(Place),
    Show(Shown, bool),
    Fault {
        method: String,
        fault: FaultLine,
        after_effect: bool,
        times: usize,
    },
    Wait(Duration),
    Given(String),
    Then(String),
    Restart {
        crash: bool,
    },
    BecomesSupergroup,
    Update(String),
    Say(Say),
    Edit {
        who: String,
        place: Option<Place>,
        which: Option<String>,
        content: Content,
    },
    Press {
        who: String,
        place: Option<Place>,
        button: Button,
        on: On,
    },
    Follow {
        who: String,
        place: Option<Place>,
        label: String,
    },
    Join(String),
    Leave(String),
    Add {
        by: String,
        who: String,
        role: Option<Role>,
    },
    Remove {
        by: String,
        who: String,
    },
    GiveRole {
        by: String,
        who: String,
        role: Role,
    },
    Pin {
        who: String,
        pick: Pick,
    },
    /// Telegram tells bots nothing about it.
    Delete {
        who: String,
        begins: Option<String>,
    },
    Block {
        who: String,
        is_blocked: bool,
    },
    CloseTopic {
        topic: i32,
        is_closed: bool,
    },
    NextMessage(i32),
}

/// `group "Rust Tea" @rusttea forum: Olga owner, ..`
#[derive(Debug, Clone, PartialEq)]
pub(super) struct GroupLine {
    pub(super) title: String,
    pub(super) username: Option<String>,
    pub(super) id: Option<i64>,
    pub(super) forum: bool,
    pub(super) basic: bool,
    pub(super) linked: Option<String>,
    pub(super) members: Vec<(String, Role)>,
}

/// `person Tom called "Tom <b>" id 88 @tom language es`
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct PersonLine {
    pub(super) name: String,
    pub(super) called: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) username: Option<String>,
    pub(super) id: Option<i64>,
    pub(super) language: Option<String>,
    pub(super) bot: bool,
}

/// What somebody is in a group.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Role {
    pub(super) status: Status,
    /// Administrators only, by Telegram's names without `can_`.
    pub(super) rights: Vec<&'static str>,
    pub(super) anonymous: bool,
    /// Restricted, and not there.
    pub(super) outside: bool,
    pub(super) bot: bool,
    pub(super) title: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) enum Status {
    Owner,
    Admin,
    #[default]
    Member,
    Restricted,
    Left,
    Banned,
}

/// Where something happens, if not at the place of the last `in` line.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Place {
    /// The private chat of the bot with this person; `None` is whoever acts.
    Private(Option<String>),
    Chat(String),
}

/// What is printed although it is not by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Calls,
    Formatting,
    Data,
}

/// How Telegram misbehaves.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum FaultLine {
    Refuse { code: i64, description: String },
    RetryAfter(u64),
    Status(u16),
    Cut,
    Hang,
    Garbage,
}

/// A message that somebody sends.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Say {
    pub(super) who: String,
    pub(super) voice: Voice,
    pub(super) place: Option<Place>,
    pub(super) topic: Option<i64>,
    pub(super) to: Option<Pick>,
    pub(super) content: Content,
}

/// In whose name a message is sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Voice {
    Own,
    Anonymous,
    /// `Ada as "News"`
    Channel(String),
    /// `"News" posts`: the automatic forward of the linked channel.
    Posts,
}

/// One of the messages that were sent: the last of somebody, or the last that begins so.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pick {
    pub(super) whose: String,
    pub(super) begins: Option<String>,
}

/// What a message holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Content {
    /// The kind, and what stands behind it in the brackets.
    pub(super) media: Option<(&'static str, String)>,
    pub(super) forward: Option<Forward>,
    pub(super) via: Option<String>,
    pub(super) html: bool,
    pub(super) text: String,
    /// Rows of `(label, url)`.
    pub(super) rows: Vec<Vec<(String, String)>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Forward {
    Person(String),
    Hidden(String),
    Channel(String),
}

/// What is pressed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Button {
    Label(String),
    Data(String),
}

/// On which message it is pressed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum On {
    Last,
    Picked(Pick),
    Gone,
    /// A message that was sent by way of an inline query.
    Nothing,
}
