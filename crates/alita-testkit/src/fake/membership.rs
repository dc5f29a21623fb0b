//! People come, go, and become something else.

use alita_model::{ChatId, UserId};
use serde_json::json;

use super::FakeTelegram;
use super::chats::{ChatKind, NewChat};
use super::members::{Member, MemberStatus};
use super::world::{BOT, World};

impl FakeTelegram {
    /// Makes somebody what you say, and tells nobody.
    pub fn set_member(&self, chat: ChatId, user: UserId, member: Member) {
        self.act(|world| {
            world.person(user.get());
            world.chat_mut(chat.get()).members.insert(user.get(), member);
        });
    }

    /// Somebody comes by a link; the restricted stay restricted.
    pub fn join(&self, chat: ChatId, user: UserId) {
        self.act(|world| world.come(chat.get(), user.get(), user.get(), Member::member()));
    }

    /// Somebody is brought by another.
    pub fn add_by(&self, chat: ChatId, user: UserId, by: UserId) {
        self.act(|world| world.come(chat.get(), user.get(), by.get(), Member::member()));
    }

    /// Somebody goes.
    pub fn leave(&self, chat: ChatId, user: UserId) {
        self.act(|world| {
            let member = world.member(chat.get(), user.get());
            let gone =
                if member.status == MemberStatus::Restricted { member.outside() } else { Member::left() };
            world.go(chat.get(), user.get(), user.get(), gone);
        });
    }

    /// Somebody is removed by another, and banned, as Telegram's apps do it.
    pub fn kick_by(&self, chat: ChatId, user: UserId, by: UserId) {
        self.act(|world| {
            let gone =
                if world.kind(chat.get()) == ChatKind::Group { Member::left() } else { Member::banned() };
            world.go(chat.get(), user.get(), by.get(), gone);
        });
    }

    /// Somebody (the bot too) is made something else by another.
    pub fn set_rights_by(&self, chat: ChatId, user: UserId, member: Member, by: UserId) {
        self.act(|world| world.change_member(chat.get(), user.get(), member, by.get()));
    }

    /// The bot is brought into a chat as whatever you say.
    pub fn add_bot(&self, chat: ChatId, by: UserId, member: Member) {
        self.act(|world| world.come(chat.get(), BOT, by.get(), member));
    }

    /// The bot is removed from a chat.
    pub fn remove_bot(&self, chat: ChatId, by: UserId) {
        self.kick_by(chat, UserId::new(BOT), by);
    }

    /// Somebody stops the bot in its private chat.
    pub fn block(&self, user: UserId) {
        self.act(|world| world.set_blocked(user.get(), true));
    }

    /// Somebody starts the stopped bot again.
    pub fn unblock(&self, user: UserId) {
        self.act(|world| world.set_blocked(user.get(), false));
    }

    /// A basic group becomes a supergroup; answers with the new id.
    ///
    /// # Panics
    ///
    /// When it is no basic group.
    pub fn migrate(&self, chat: ChatId) -> ChatId {
        self.act(|world| world.migrate(chat.get()))
    }
}

impl World {
    fn come(&mut self, chat: i64, user: i64, by: i64, new: Member) {
        let old = self.member(chat, user);
        assert!(!old.is_in_chat(), "{user} is in chat {chat} already");
        let new = match old.status {
            MemberStatus::Restricted if user != BOT => Member { is_in_chat: true, ..old },
            _ => new,
        };
        self.change_member(chat, user, new, by);
        if self.kind(chat) != ChatKind::Channel {
            let user = self.user(user);
            self.service(chat, by, &json!({"new_chat_members": [user]}));
        }
    }

    fn go(&mut self, chat: i64, user: i64, by: i64, gone: Member) {
        let heard = self.bot_hears(chat);
        let was_in = self.member(chat, user).is_in_chat();
        self.change_member(chat, user, gone, by);
        if !was_in || self.kind(chat) == ChatKind::Channel {
            return;
        }
        let event = json!({"left_chat_member": self.user(user)});
        // Telegram: a supergroup is closed to a removed bot at once, a basic group tells it still.
        if user == BOT && heard && self.kind(chat) == ChatKind::Group {
            let mut message = self.frame(chat);
            message["from"] = self.user(by);
            message["left_chat_member"] = event["left_chat_member"].clone();
            let message = self.store(chat, message);
            self.emit("message", &message);
        } else {
            self.service(chat, by, &event);
        }
    }

    fn set_blocked(&mut self, user: i64, is_blocked: bool) {
        self.start_private(user);
        let was = self.person(user).has_blocked;
        if let Some(person) = self.people.get_mut(&user) {
            person.has_blocked = is_blocked;
        }
        if was == is_blocked {
            return;
        }
        let side = |blocked: bool| {
            let member = if blocked { Member::banned() } else { Member::member() };
            member.to_wire(self.user(BOT), ChatKind::Private, false)
        };
        let change = json!({
            "chat": self.chat_wire(user), "from": self.user(user), "date": self.now(),
            "old_chat_member": side(was), "new_chat_member": side(is_blocked),
        });
        self.emit("my_chat_member", &change);
    }

    fn migrate(&mut self, old: i64) -> ChatId {
        let (title, permissions, members) = {
            let chat = self.chat(old);
            assert!(chat.kind == ChatKind::Group, "only basic groups become supergroups");
            (chat.title.clone(), chat.permissions.clone(), chat.members.clone())
        };
        let new = self.add_chat(NewChat { title, permissions, ..NewChat::default() }).get();
        self.chat_mut(new).members = members;
        let by = self.owner_of(old);
        self.service(old, by, &json!({"migrate_to_chat_id": new}));
        self.chat_mut(old).migrated_to = Some(new);
        self.service(new, by, &json!({"migrate_from_chat_id": old}));
        ChatId::new(new)
    }
}
