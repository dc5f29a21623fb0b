//! What all punishments have in common on the screen: the reason, and the button that takes them back.

use alita_dispatch::{Cx, Keyboard, Payload, Reason, TargetUser, Words};
use alita_i18n::{Language, t};
use alita_markup::{Html, MAX_TEXT, mention, split, utf16, visible_len_utf16};
use alita_model::{Peer, UserId};

use crate::app::AlitaApp;

/// The namespace of the buttons that take something back.
pub(crate) const UNRESTRICT: &str = "unrestrict";

/// The word for lifting a ban.
pub(crate) const UNBAN: &str = "unban";

/// The word for giving the talk back.
pub(crate) const UNMUTE: &str = "unmute";

/// Somebody's name that leads to them.
pub(crate) fn name(who: &TargetUser) -> Html {
    mention(who.id, &who.name)
}

/// The person who asked; nobody when it is an anonymous administrator whom the chat trusts.
pub(crate) fn presser(cx: &Cx<AlitaApp>) -> Html {
    match cx.person() {
        Ok(someone) => mention(someone.id, &someone.full_name()),
        Err(_) => Html::escaped(&t::common::somebody_plain(cx.lang())),
    }
}

/// A button that lifts a ban.
pub(crate) fn unban_button(lang: Language, who: Peer) -> Keyboard {
    Keyboard::new().ask(t::bans::unban_button(lang), &payload(UNBAN, who))
}

/// A button that gives the talk back.
pub(crate) fn unmute_button(lang: Language, who: UserId) -> Keyboard {
    Keyboard::new().ask(t::bans::unmute_button(lang), &payload(UNMUTE, Peer::User(who)))
}

/// What both buttons carry.
pub(crate) fn payload(action: &str, who: Peer) -> Payload {
    Payload::new(UNRESTRICT).with("a", action).with("u", who.get())
}

/// The text with the reason below it, of which the end is cut off when all that would not fit one message.
pub(crate) fn with_reason(lang: Language, mut text: Html, reason: Option<&Reason>) -> Html {
    let Some(Reason(reason)) = reason else { return text };
    text.newline();
    let taken = visible_len_utf16(&text) + visible_len_utf16(&t::common::reason(lang, ""));
    let room = MAX_TEXT.saturating_sub(taken);
    if utf16::len(reason) <= room {
        text.push(t::common::reason(lang, reason.as_str()));
    } else {
        let beginning = utf16::prefix(reason, room.saturating_sub(1)).trim_end();
        text.push(t::common::reason(lang, format!("{beginning}…")));
    }
    text
}

/// What a message said, struck through, and below it what became of that.
pub(crate) fn struck_through(old: &Words, outcome: Html) -> Html {
    let room = MAX_TEXT.saturating_sub(visible_len_utf16(&outcome) + 1);
    let Some(old) = split(&old.to_html(), room).into_iter().next() else { return outcome };
    let mut text = Html::strikethrough(old);
    text.newline().push(outcome);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(reason: &str) -> Html {
        with_reason(Language::EN, mention(42_i64, "Tom <b>"), Some(&Reason(reason.to_owned())))
    }

    #[test]
    fn a_reason_is_text() {
        let text = shown("100% <script> {first}");
        assert!(text.as_str().ends_with("100% &lt;script&gt; {first}"), "{text}");
    }

    #[test]
    fn a_long_reason_is_cut_so_that_the_message_fits() {
        for reason in ["x".repeat(5_000), "😀".repeat(3_000), "<&>".repeat(2_000)] {
            let text = shown(&reason);
            let length = visible_len_utf16(&text);
            assert!((MAX_TEXT - 1..=MAX_TEXT).contains(&length), "{length}");
            assert!(text.as_str().ends_with('…'));
        }
        let taken = visible_len_utf16(&shown(""));
        let fitting = "x".repeat(MAX_TEXT - taken);
        assert!(shown(&fitting).as_str().ends_with("xx"));
    }

    #[test]
    fn what_was_said_keeps_its_text_and_makes_room() {
        let outcome = || Html::escaped("Unbanned by Ada.");
        let old = Words::from_text("Tom <b> is gone");
        assert_eq!(
            struck_through(&old, outcome()).as_str(),
            "<s>Tom &lt;b&gt; is gone</s>\nUnbanned by Ada."
        );
        let long = Words::from_text(&"x".repeat(MAX_TEXT));
        assert_eq!(visible_len_utf16(&struck_through(&long, outcome())), MAX_TEXT);
        assert_eq!(struck_through(&Words::default(), outcome()), outcome());
    }
}
