//! Links to notes: `/start notes_<chat>`, `note_<chat>_<name>` and `noteb_<chat>_<name in base64>`.
//!
//! Nothing is shown before Telegram has said that whoever comes is in the group.

use alita_dispatch::{Answer, Args, Cx, Outcome, mistake};
use alita_i18n::t;
use alita_model::{ChatId, NoteName};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{fetch, view};
use crate::app::AlitaApp;

/// Telegram: the payload of a link has at most 64 characters of `A-Z a-z 0-9 _ -`.
const MAX_CHARS: usize = 64;

/// The payload that leads to the list of a group's notes.
pub(super) fn to_list(chat: ChatId) -> String {
    format!("notes_{chat}")
}

/// The payload that leads to a note; `None` when its name is too long for a link.
pub(super) fn to_note(chat: ChatId, name: &NoteName) -> Option<String> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    let payload = match name.as_str() {
        name if name.bytes().all(is_plain) => format!("note_{chat}_{name}"),
        name => format!("noteb_{chat}_{}", URL_SAFE_NO_PAD.encode(name)),
    };
    (payload.len() <= MAX_CHARS).then_some(payload)
}

fn read_plain(rest: &str) -> Option<(ChatId, NoteName)> {
    let (chat, name) = rest.split_once('_')?;
    Some((chat.parse().ok()?, NoteName::parse(name).ok()?))
}

fn read_encoded(rest: &str) -> Option<(ChatId, NoteName)> {
    let (chat, encoded) = rest.split_once('_')?;
    let name = String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()?;
    Some((chat.parse().ok()?, NoteName::parse(&name).ok()?))
}

/// `/start notes_<chat>`
pub(super) async fn list(cx: Cx<AlitaApp>, args: Args) -> Outcome {
    let Ok(chat) = args.rest().parse::<ChatId>() else { return mistake(t::notes::invalid_link) };
    let cx = cx.as_member_of(chat).await?;
    let names = fetch::visible_names(&cx).await?;
    if names.is_empty() {
        return t::notes::none(cx.lang()).reply();
    }
    view::list_in_private(&cx, &names).reply()
}

/// `/start note_<chat>_<name>`
pub(super) async fn note(cx: Cx<AlitaApp>, args: Args) -> Outcome {
    show(&cx, read_plain(args.rest())).await
}

/// `/start noteb_<chat>_<name in base64>`
pub(super) async fn encoded_note(cx: Cx<AlitaApp>, args: Args) -> Outcome {
    show(&cx, read_encoded(args.rest())).await
}

/// `/start note` and whatever else only looks like a link to a note.
pub(super) async fn broken(_: Cx<AlitaApp>) -> Outcome {
    mistake(t::notes::invalid_link)
}

async fn show(cx: &Cx<AlitaApp>, target: Option<(ChatId, NoteName)>) -> Outcome {
    let Some((chat, name)) = target else { return mistake(t::notes::invalid_link) };
    let cx = cx.as_member_of(chat).await?;
    let note = fetch::known(&cx, &name).await?;
    fetch::hand_out(&cx, &note, false).await
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CHAT: ChatId = ChatId::new(-1_001_234_567_890);

    fn link(name: &str) -> Option<String> {
        to_note(CHAT, &NoteName::parse(name).unwrap())
    }

    #[test]
    fn links_in_the_letters_that_telegram_allows() {
        assert_eq!(to_list(CHAT), "notes_-1001234567890");
        assert_eq!(link("my_Note-1").as_deref(), Some("note_-1001234567890_my_note-1"));
        assert_eq!(link("привет").as_deref(), Some("noteb_-1001234567890_0L_RgNC40LLQtdGC"));
        assert_eq!(link(&"x".repeat(44)).unwrap().len(), 64);
        assert_eq!(link(&"x".repeat(45)), None);
        assert_eq!(link(&"é".repeat(40)), None);
    }

    #[test]
    fn what_is_no_link() {
        for rest in ["", "_", "x", "-100", "-100_", "_a", "x_a", "-100_#"] {
            assert_eq!(read_plain(rest), None, "{rest}");
            assert_eq!(read_encoded(rest), None, "{rest}");
        }
        assert_eq!(read_encoded("-100_!!"), None);
        assert_eq!(read_encoded("-100__w"), None, "no UTF-8");
    }

    proptest! {
        #[test]
        fn every_link_leads_back(id in any::<i64>(), word in "\\PC{1,20}") {
            let Ok(name) = NoteName::parse(&word) else { return Ok(()) };
            let chat = ChatId::new(id);
            let Some(payload) = to_note(chat, &name) else { return Ok(()) };
            let read = match payload.strip_prefix("noteb_") {
                Some(rest) => read_encoded(rest),
                None => payload.strip_prefix("note_").and_then(read_plain),
            };
            prop_assert_eq!(read, Some((chat, name)));
        }
    }
}
