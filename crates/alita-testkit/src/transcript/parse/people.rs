//! Lines that begin with a name: somebody writes, presses, joins, ..

use super::scenery::role;
use super::words::Words;
use crate::transcript::script::{Button, Content, Deed, On, Pick, Place, Say, Voice};

/// A line that begins with a name.
pub(super) fn person(mut words: Words<'_>) -> Result<Deed, String> {
    let who = words.name()?;
    if let Some(deed) = membership(&who, &mut words)? {
        words.end()?;
        return Ok(deed);
    }
    if words.eat("presses") {
        return press(who, words);
    }
    if words.eat("follows") {
        let label = label(&mut words)?;
        let place = place(&mut words)?;
        words.end()?;
        return Ok(Deed::Follow { who, place, label });
    }
    if words.eat("edits") {
        let which = words.quoted();
        let place = place(&mut words)?;
        return Ok(Deed::Edit { who, place, which, content: text(words)? });
    }
    say(who, words)
}

/// Somebody comes, goes, or becomes something else.
fn membership(who: &str, words: &mut Words<'_>) -> Result<Option<Deed>, String> {
    let by = who.to_owned();
    Ok(Some(if words.eat("joins") {
        Deed::Join(by)
    } else if words.eat("leaves") {
        Deed::Leave(by)
    } else if words.eat("adds") {
        let who = words.name()?;
        let role = if words.eat("as") { Some(role(words)?) } else { None };
        Deed::Add { by, who, role }
    } else if words.eat("removes") {
        Deed::Remove { by, who: words.name()? }
    } else if words.eat("promotes") {
        let who = words.name()?;
        words.eat("to");
        let role = if words.is_done() { role(&mut Words::new("admin"))? } else { role(words)? };
        Deed::GiveRole { by, who, role }
    } else if words.eat("demotes") {
        Deed::GiveRole { by, who: words.name()?, role: role(&mut Words::new("member"))? }
    } else if words.eat("gives") {
        let who = words.name()?;
        Deed::GiveRole { by, who, role: role(words)? }
    } else if words.eat("deletes") {
        Deed::Delete { who: by, begins: words.quoted() }
    } else if words.eat("blocks Alita") {
        Deed::Block { who: by, is_blocked: true }
    } else if words.eat("unblocks Alita") {
        Deed::Block { who: by, is_blocked: false }
    } else if words.eat("pins") {
        let pick = pick(words)?;
        Deed::Pin { who: by, pick }
    } else {
        return Ok(None);
    }))
}

fn press(who: String, mut words: Words<'_>) -> Result<Deed, String> {
    let button = if words.eat("data") {
        Button::Data(words.quoted().ok_or("a button's data stand in quotes")?)
    } else {
        Button::Label(label(&mut words)?)
    };
    let mut on = On::Last;
    let mut here = place(&mut words)?;
    if words.eat("on a message that is gone") {
        on = On::Gone;
    } else if words.eat("on no message") {
        on = On::Nothing;
    } else if words.eat("on") {
        on = On::Picked(if words.rest().starts_with('"') {
            Pick { whose: "Alita".to_owned(), begins: words.quoted() }
        } else {
            pick(&mut words)?
        });
    }
    if here.is_none() {
        here = place(&mut words)?;
    }
    words.end()?;
    Ok(Deed::Press { who, place: here, button, on })
}

/// `[Label]`; a label may hold brackets itself, if what follows the last one is no longer a label.
fn label(words: &mut Words<'_>) -> Result<String, String> {
    let wrong = "a button stands in brackets, [Label], or is data \"..\"";
    let inner = words.rest().strip_prefix('[').ok_or(wrong)?;
    let ends = |after: &str| after.is_empty() || after.starts_with(" on ") || after.starts_with(" in ");
    for (at, _) in inner.match_indices(']') {
        let (label, after) = inner.split_at(at);
        let after = after.strip_prefix(']').unwrap_or(after);
        if ends(after) {
            *words = Words::new(after);
            return Ok(label.to_owned());
        }
    }
    Err(wrong.to_owned())
}

/// `in private` or `in "Rust Tea"`.
fn place(words: &mut Words<'_>) -> Result<Option<Place>, String> {
    if words.eat("in private with") {
        return Ok(Some(Place::Private(Some(words.name()?))));
    }
    if words.eat("in private") {
        return Ok(Some(Place::Private(None)));
    }
    if words.eat("in") {
        return Ok(Some(Place::Chat(words.name()?)));
    }
    Ok(None)
}

/// `Mallory`, `Mallory's message`, `Mallory "that begins so"`.
fn pick(words: &mut Words<'_>) -> Result<Pick, String> {
    let whose = words.name()?;
    words.eat("'s message");
    Ok(Pick { whose, begins: words.quoted() })
}

fn say(who: String, mut words: Words<'_>) -> Result<Deed, String> {
    let mut say =
        Say { who, voice: Voice::Own, place: None, topic: None, to: None, content: Content::default() };
    while !words.rest().starts_with(':') {
        if let Some(inside) = words.parens() {
            let mut inside = Words::new(inside);
            if !inside.eat("to") {
                return Err("in the parentheses stands to whom it is a reply: (to Mallory)".to_owned());
            }
            say.to = Some(pick(&mut inside)?);
            inside.end()?;
        } else if words.eat("anonymously") {
            say.voice = Voice::Anonymous;
        } else if words.eat("posts") {
            say.voice = Voice::Posts;
        } else if words.eat("as") {
            say.voice = Voice::Channel(words.name()?);
        } else if words.eat("in topic") {
            say.topic = Some(words.number().ok_or("a topic is a number")?);
        } else if let Some(place) = place(&mut words)? {
            say.place = Some(place);
        } else {
            return Err(format!(
                "after a name stands what somebody does (: text, edits, presses, follows, posts, joins, leaves, \
                 adds, removes, promotes, demotes, gives, pins, deletes, blocks Alita), not {:?}",
                words.rest()
            ));
        }
    }
    say.content = text(words)?;
    Ok(Deed::Say(say))
}

fn text(mut words: Words<'_>) -> Result<Content, String> {
    if !words.colon() {
        return Err(format!("expected a colon and a text, not {:?}", words.rest()));
    }
    super::content::content(words.rest())
}
