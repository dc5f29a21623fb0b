//! Whom an update shows.

use alita_dispatch::members::member_of_update;
use alita_dispatch::view::{ChatKind, author};
use alita_dispatch::{Cx, Event, Place, Sender, Someone};
use alita_model::{Channel, Person};
use alita_permissions::Change;
use alita_telegram::types::{ChatMemberUpdated, Message, MessageOrigin, User};

use crate::app::AlitaApp;

/// People and channels that an update shows.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) people: Vec<Person>,
    pub(super) channels: Vec<Channel>,
}

/// Telegram's own accounts stand where there is no person.
pub(super) fn person(someone: &Someone) -> Option<Person> {
    let is_person = someone.id.is_somebody() && !someone.id.is_service();
    is_person.then(|| Person {
        id: someone.id,
        name: someone.full_name(),
        username: someone.username.clone(),
    })
}

/// A group may speak as itself, too, but it is no channel.
pub(super) fn channel(place: &Place) -> Option<Channel> {
    let is_channel = place.kind == ChatKind::Channel;
    is_channel.then(|| Channel { id: place.id, title: place.title.clone(), username: place.username.clone() })
}

impl Seen {
    /// Everybody but the author of a message, who is written down apart.
    pub(super) fn beside_the_speaker(cx: &Cx<AlitaApp>) -> Self {
        let mut seen = Self::default();
        match cx.event() {
            Event::Message(message) => seen.see_message(message, cx.replied()),
            Event::CallbackQuery(query) => seen.see(&query.from),
            Event::ChatMember(change) => seen.see_member(change),
            Event::ChatJoinRequest(request) => seen.see(&request.from),
            _ => {}
        }
        seen
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.people.is_empty() && self.channels.is_empty()
    }

    fn see(&mut self, user: &User) {
        self.people.extend(person(&user.into()));
    }

    fn see_message(&mut self, message: &Message, replied: Option<&Message>) {
        match replied.map(author) {
            Some(Sender::User(someone)) => self.people.extend(person(&someone)),
            Some(Sender::Channel(place) | Sender::LinkedChannel(place)) => {
                self.channels.extend(channel(&place))
            }
            _ => {}
        }
        match message.forward_origin.as_deref() {
            Some(MessageOrigin::User(origin)) => self.see(&origin.sender_user),
            Some(MessageOrigin::Chat(origin)) => self.channels.extend(channel(&(&origin.sender_chat).into())),
            Some(MessageOrigin::Channel(origin)) => self.channels.extend(channel(&(&origin.chat).into())),
            Some(MessageOrigin::HiddenUser(_)) | None => {}
        }
        for entity in message.entities.iter().chain(&message.caption_entities).flatten() {
            entity.user.iter().for_each(|user| self.see(user));
        }
        message.new_chat_members.iter().flatten().for_each(|user| self.see(user));
    }

    /// Somebody who came in.
    fn see_member(&mut self, change: &ChatMemberUpdated) {
        let records = (member_of_update(&change.old_chat_member), member_of_update(&change.new_chat_member));
        let (Some(before), Some(after)) = records else { return };
        if Change::between(&before, &after).has_joined() {
            let person = Person { id: after.user, name: after.name, username: after.username };
            self.people.push(person);
        }
    }
}
