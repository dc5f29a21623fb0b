//! Lets a line happen.

use alita_model::{ChatId, MessageId, UserId};

use super::{Player, cast};
use crate::transcript::render::Moment;
use crate::transcript::scene::BOT;
use crate::transcript::script::{Button, Deed, GroupLine, On, PersonLine, Pick, Place, Shown};
use crate::transcript::{Bot, Stop};
use crate::{ChatKind, NewChat};

impl<B: Bot> Player<'_, B> {
    pub(super) async fn act(&mut self, deed: &Deed) -> Result<Moment, String> {
        match deed {
            Deed::Nothing => return Ok(Moment::default()),
            Deed::Group(group) => self.group(group)?,
            Deed::Channel { title, username, id } => {
                let (title, username) = (title.clone(), username.clone());
                self.chat(NewChat {
                    id: *id,
                    kind: ChatKind::Channel,
                    title,
                    username,
                    ..NewChat::default()
                })?;
            }
            Deed::Person(person) => {
                self.person(person)?;
            }
            Deed::In(place) => {
                if let Place::Private(Some(name)) = place
                    && self.scene.person(name).is_none()
                {
                    self.person(&PersonLine { name: name.clone(), ..PersonLine::default() })?;
                }
                let chat = self.place(Some(place), None)?;
                self.scene.go(chat);
            }
            Deed::Show(what, on) => match what {
                Shown::Calls => self.shows.calls = *on,
                Shown::Formatting => self.shows.formatting = *on,
                Shown::Data => self.shows.data = *on,
            },
            Deed::Fault { method, fault, after_effect, times } => {
                self.fake.fail(method, cast::fault(fault, *after_effect), *times);
            }
            Deed::Wait(time) => self.clock.advance(*time),
            Deed::Given(line) => {
                let line = self.scene.fill_in(line)?;
                if let Some(bot) = &self.bot {
                    bot.given(&self.scene, &line).await?;
                }
            }
            Deed::Then(line) => {
                let line = self.scene.fill_in(line)?;
                let bot = self.bot.as_ref().ok_or("nothing has happened yet")?;
                bot.then(&self.scene, &line).await?;
            }
            Deed::Restart { crash } => {
                if let Some(bot) = &mut self.bot {
                    bot.restart(if *crash { Stop::Crash } else { Stop::Orderly }).await?;
                }
            }
            Deed::BecomesSupergroup => {
                let old = self.here()?;
                let new = self.fake.migrate(old);
                self.scene.moved(old, new);
            }
            Deed::Update(json) => {
                let json = self.scene.fill_in(json)?;
                let _: serde_json::Value = serde_json::from_str(&json)
                    .map_err(|error| format!("an update is a JSON object: {error}"))?;
                self.fake.raw_update_text(&json);
            }
            Deed::Say(say) => return self.say(say),
            Deed::Edit { who, place, which, content } => {
                return self.edit(who, place.as_ref(), which.as_deref(), content);
            }
            Deed::Press { who, place, button, on } => return self.press(who, place.as_ref(), button, on),
            Deed::Follow { who, place, label } => return self.follow(who, place.as_ref(), label),
            Deed::Join(who) => {
                let (chat, user) = (self.here()?, self.scene.need_person(who)?);
                self.fake.join(chat, user);
                return Ok(self.after(chat, user));
            }
            Deed::Leave(who) => {
                let (chat, user) = (self.here()?, self.scene.need_person(who)?);
                self.fake.leave(chat, user);
                return Ok(self.after(chat, user));
            }
            Deed::Add { by: adder, who, role } => {
                let (chat, adder) = (self.here()?, self.scene.need_person(adder)?);
                if who == BOT {
                    let role = role.clone().unwrap_or_default();
                    self.fake.add_bot(chat, adder, cast::member(&role));
                } else {
                    self.fake.add_by(chat, self.scene.need_person(who)?, adder);
                }
                return Ok(self.after(chat, adder));
            }
            Deed::Remove { by: remover, who } => {
                let (chat, remover) = (self.here()?, self.scene.need_person(remover)?);
                if who == BOT {
                    self.fake.remove_bot(chat, remover);
                } else {
                    self.fake.kick_by(chat, self.scene.need_person(who)?, remover);
                }
                return Ok(self.after(chat, remover));
            }
            Deed::GiveRole { by: giver, who, role } => {
                let (chat, giver) = (self.here()?, self.scene.need_person(giver)?);
                self.fake.set_rights_by(chat, self.scene.need_person(who)?, cast::member(role), giver);
                return Ok(by(chat, giver));
            }
            Deed::Pin { who, pick } => return self.pin(who, pick),
            Deed::Delete { who, begins } => {
                let chat = self.here()?;
                let message = self.pick(chat, &Pick { whose: who.clone(), begins: begins.clone() })?;
                self.fake.delete_silently(chat, message);
                self.board.is_gone(chat.get(), message.get().into());
            }
            Deed::Block { who, is_blocked } => {
                let user = self.scene.need_person(who)?;
                if *is_blocked {
                    self.fake.block(user)
                } else {
                    self.fake.unblock(user)
                }
                return Ok(by(user.into(), user));
            }
            Deed::CloseTopic { topic, is_closed } => self.fake.close_topic(self.here()?, *topic, *is_closed),
            Deed::NextMessage(id) => self.fake.set_next_message_id(self.here()?, *id),
        }
        Ok(Moment { chat: self.scene.here().map(ChatId::get).unwrap_or_default(), ..Moment::default() })
    }

    fn group(&mut self, group: &GroupLine) -> Result<(), String> {
        let kind = if group.basic { ChatKind::Group } else { ChatKind::Supergroup };
        let linked_chat = group.linked.as_deref().map(|title| self.scene.need_chat(title)).transpose()?;
        let id = self.chat(NewChat {
            id: group.id,
            kind,
            title: group.title.clone(),
            username: group.username.clone(),
            is_forum: group.forum,
            linked_chat,
            ..NewChat::default()
        })?;
        for (name, role) in &group.members {
            let user = match self.scene.person(name) {
                Some(user) => user,
                None => {
                    self.person(&PersonLine { name: name.clone(), bot: role.bot, ..PersonLine::default() })?
                }
            };
            self.fake.set_member(id, user, cast::member(role));
        }
        self.scene.go(id);
        Ok(())
    }

    fn chat(&mut self, chat: NewChat) -> Result<ChatId, String> {
        let fits = |id: ChatId| match chat.kind {
            ChatKind::Group => id.is_basic_group(),
            _ => id.is_supergroup_or_channel(),
        };
        if let Some(id) = chat.id.filter(|id| !fits(ChatId::new(*id))) {
            return Err(format!(
                "{id} is no id of a {} (those of supergroups and channels begin with -100)",
                chat.kind.word()
            ));
        }
        if self.scene.chat(&chat.title).is_some() {
            return Err(format!("{:?} is there already", chat.title));
        }
        let title = chat.title.clone();
        let id = self.fake.add_chat(chat);
        self.scene.name_chat(&title, id);
        Ok(id)
    }

    /// Somebody new, or new things about somebody.
    fn person(&mut self, line: &PersonLine) -> Result<UserId, String> {
        let known = self.scene.person(&line.name);
        if line.id.is_some_and(|id| id <= 0 || known.is_some()) {
            return Err("an id is a positive number, and given only once".to_owned());
        }
        let about = self.people.entry(line.name.clone()).or_default();
        about.id = line.id;
        about.first_name = line.called.clone().unwrap_or_else(|| match about.first_name.as_str() {
            "" => line.name.clone(),
            name => name.to_owned(),
        });
        about.last_name = line.last_name.clone().or(about.last_name.take());
        about.username = line.username.clone().or(about.username.take());
        about.language_code = line.language.clone().or(about.language_code.take());
        about.is_bot |= line.bot;
        let about = about.clone();
        if let Some(id) = known {
            self.fake.rename_user(id, about);
            return Ok(id);
        }
        let id = self.fake.add_user(about);
        self.scene.name_person(&line.name, id);
        Ok(id)
    }

    /// Where a line happens.
    pub(super) fn place(&self, place: Option<&Place>, actor: Option<UserId>) -> Result<ChatId, String> {
        match place {
            None => self.here(),
            Some(Place::Chat(title)) => self.scene.need_chat(title),
            Some(Place::Private(Some(name))) => Ok(self.scene.need_person(name)?.into()),
            Some(Place::Private(None)) => {
                actor.map(ChatId::from).ok_or_else(|| "in private with whom?".to_owned())
            }
        }
    }

    /// The message that a line means.
    pub(super) fn pick(&self, chat: ChatId, pick: &Pick) -> Result<MessageId, String> {
        let person = self.scene.person(&pick.whose).map(UserId::get);
        let by = match person.or_else(|| self.scene.chat(&pick.whose).map(ChatId::get)) {
            Some(by) => by,
            None => self.scene.need_person(&pick.whose)?.get(),
        };
        let begins = pick.begins.as_deref().map(|begins| self.scene.fill_in(begins)).transpose()?;
        self.board.last(chat, by, begins.as_deref()).ok_or_else(|| match &pick.begins {
            Some(begins) => format!("{} has no message here that begins with {begins:?}", pick.whose),
            None => format!("{} has no message here", pick.whose),
        })
    }

    fn press(
        &mut self,
        who: &str,
        place: Option<&Place>,
        button: &Button,
        on: &On,
    ) -> Result<Moment, String> {
        let user = self.scene.need_person(who)?;
        let chat = self.place(place, Some(user))?;
        let bots_last = || self.pick(chat, &Pick { whose: BOT.to_owned(), begins: None });
        let (message, data) = match (button, on) {
            (Button::Data(data), On::Picked(pick)) => (self.pick(chat, pick)?, self.scene.fill_in(data)?),
            (Button::Data(data), On::Last) => (bots_last()?, self.scene.fill_in(data)?),
            (Button::Data(data), On::Gone) => {
                (bots_last().unwrap_or(MessageId::new(1)), self.scene.fill_in(data)?)
            }
            (Button::Label(label), On::Picked(pick)) => {
                let message = self.pick(chat, pick)?;
                let button = self.board.button_of(chat, message, label);
                let button = button.ok_or_else(|| format!("that message has no button [{label}]"))?;
                (message, data_of(&button, label)?)
            }
            (Button::Data(data), On::Nothing) => (MessageId::new(0), self.scene.fill_in(data)?),
            (Button::Label(_), On::Nothing) => {
                return Err("on no message stands no label: press data \"..\"".to_owned());
            }
            (Button::Label(label), On::Last | On::Gone) => {
                let found = self.board.button(chat, label, *on == On::Gone);
                let (message, button) =
                    found.ok_or_else(|| format!("no message here has a button [{label}]"))?;
                (message, data_of(&button, label)?)
            }
        };
        let id = match on {
            On::Gone => self.fake.press_inaccessible(user, chat, message, &data),
            On::Nothing => self.fake.press_without_message(user, &data),
            On::Last | On::Picked(_) => self.fake.press(user, chat, message, &data),
        };
        self.presses.insert(id, user.get());
        let on = i64::from(message.get());
        let thread = self.board.get(chat.get(), on).and_then(|seen| seen.thread);
        Ok(Moment { on: Some(on), thread, ..by(chat, user) })
    }

    fn follow(&mut self, who: &str, place: Option<&Place>, label: &str) -> Result<Moment, String> {
        let chat = self.place(place, self.scene.person(who))?;
        let found = self.board.button(chat, label, false);
        let (_, button) = found.ok_or_else(|| format!("no message here has a button [{label}]"))?;
        let url = button["url"].as_str().ok_or_else(|| format!("[{label}] is no link; press it"))?;
        let payload = url.split_once("?start=").map(|(_, payload)| payload);
        let payload = payload.ok_or_else(|| format!("{url} does not lead to a private chat with the bot"))?;
        self.start_with(who, payload)
    }
}

/// What a button sends when it is pressed.
fn data_of(button: &serde_json::Value, label: &str) -> Result<String, String> {
    let data = button["callback_data"].as_str().map(str::to_owned);
    data.ok_or_else(|| format!("[{label}] is a link; people follow it"))
}

/// The moment of a line that left no message.
pub(super) fn by(chat: ChatId, user: UserId) -> Moment {
    Moment { chat: chat.get(), actor: Some(user.get()), ..Moment::default() }
}
