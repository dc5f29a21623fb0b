//! `group`, `channel`, `person`: who is there.

use super::words::Words;
use crate::transcript::script::{Deed, GroupLine, PersonLine, Role, Status};

/// The rights of administrators, by Telegram's names without `can_`.
pub(in crate::transcript) const RIGHTS: [&str; 17] = [
    "manage_chat",
    "change_info",
    "delete_messages",
    "restrict_members",
    "invite_users",
    "pin_messages",
    "promote_members",
    "manage_video_chats",
    "manage_topics",
    "post_stories",
    "edit_stories",
    "delete_stories",
    "manage_direct_messages",
    "manage_tags",
    "send_welcome_messages",
    "post_messages",
    "edit_messages",
];

/// The rest of a `group` line.
pub(super) fn group(mut words: Words<'_>) -> Result<Deed, String> {
    let title = words.quoted().ok_or("a group's title stands in quotes")?;
    let mut group = GroupLine {
        title,
        username: None,
        id: None,
        forum: false,
        basic: false,
        linked: None,
        members: Vec::new(),
    };
    while !words.is_done() && !words.rest().starts_with(':') {
        if words.eat("forum") {
            group.forum = true;
        } else if words.eat("basic") {
            group.basic = true;
        } else if words.eat("linked") {
            group.linked = Some(words.name()?);
        } else if words.eat("id") {
            group.id = Some(words.number().ok_or("an id is a whole number")?);
        } else if words.eat("@") {
            group.username = words.bare().map(str::to_owned);
        } else {
            return Err(format!("a group knows @username, id, forum, basic, linked, not {:?}", words.rest()));
        }
    }
    if words.colon() {
        while !words.is_done() {
            let name = words.name()?;
            group.members.push((name, role(&mut words)?));
            if !words.eat(",") {
                words.end()?;
            }
        }
    }
    Ok(Deed::Group(group))
}

/// What somebody is: `owner`, `anonymous admin(pin_messages) title "x"`, `bot member`, ..
pub(super) fn role(words: &mut Words<'_>) -> Result<Role, String> {
    let mut role = Role::default();
    while !words.is_done() && !words.rest().starts_with(',') {
        if words.eat("owner") {
            role.status = Status::Owner;
        } else if words.eat("admin") {
            role.status = Status::Admin;
            role.rights = rights(words.parens())?;
        } else if words.eat("member") {
            role.status = Status::Member;
        } else if words.eat("restricted") {
            role.status = Status::Restricted;
        } else if words.eat("left") {
            role.status = Status::Left;
        } else if words.eat("banned") {
            role.status = Status::Banned;
        } else if words.eat("anonymous") {
            role.anonymous = true;
        } else if words.eat("outside") {
            role.outside = true;
        } else if words.eat("bot") {
            role.bot = true;
        } else if words.eat("title") {
            role.title = Some(words.quoted().ok_or("a title stands in quotes")?);
        } else {
            return Err(format!(
                "a role is owner, admin, admin(rights), member, restricted, left or banned, with anonymous, \
                 bot or title \"x\", not {:?}",
                words.rest()
            ));
        }
    }
    Ok(role)
}

fn rights(list: Option<&str>) -> Result<Vec<&'static str>, String> {
    let Some(list) = list else { return Ok(RIGHTS.to_vec()) };
    let (all_but, list) = match list.trim().strip_prefix("all but") {
        Some(list) => (true, list),
        None => (false, list),
    };
    let mut named = Vec::new();
    for word in list.split([' ', ',']).filter(|word| !word.is_empty() && *word != "none") {
        if word == "all" {
            named.extend(RIGHTS);
            continue;
        }
        let known = RIGHTS.iter().find(|right| **right == word.trim_start_matches("can_"));
        named.push(
            *known.ok_or_else(|| format!("no right is called {word:?}; there are {}", RIGHTS.join(", ")))?,
        );
    }
    if all_but {
        return Ok(RIGHTS.iter().copied().filter(|right| !named.contains(right)).collect());
    }
    Ok(named)
}

/// The rest of a `channel` line.
pub(super) fn channel(mut words: Words<'_>) -> Result<Deed, String> {
    let title = words.quoted().ok_or("a channel's title stands in quotes")?;
    let (mut username, mut id) = (None, None);
    while !words.is_done() {
        if words.eat("id") {
            id = Some(words.number().ok_or("an id is a whole number")?);
        } else if words.eat("@") {
            username = words.bare().map(str::to_owned);
        } else {
            return Err(format!("a channel knows @username and id, not {:?}", words.rest()));
        }
    }
    Ok(Deed::Channel { title, username, id })
}

/// The rest of a `person` line.
pub(super) fn person(mut words: Words<'_>) -> Result<Deed, String> {
    let mut person = PersonLine { name: words.name()?, ..PersonLine::default() };
    while !words.is_done() {
        if words.eat("called") {
            person.called = Some(words.name()?);
        } else if words.eat("last") {
            person.last_name = Some(words.name()?);
        } else if words.eat("id") {
            person.id = Some(words.number().ok_or("an id is a whole number")?);
        } else if words.eat("language") {
            person.language = words.bare().map(str::to_owned);
        } else if words.eat("bot") {
            person.bot = true;
        } else if words.eat("@") {
            person.username = words.bare().map(str::to_owned);
        } else {
            return Err(format!(
                "a person knows called \"x\", last \"x\", id, @username, language, bot, not {:?}",
                words.rest()
            ));
        }
    }
    Ok(Deed::Person(person))
}
