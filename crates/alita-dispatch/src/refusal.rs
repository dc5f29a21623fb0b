//! The words for every no.

use alita_i18n::{Language, t};
use alita_markup::Html;
use alita_permissions::{Denied, Rights};
use alita_telegram::{Error, RefusalKind};

use crate::outcome::Mistake;

/// Words for the chat, and for a press.
type Words = (fn(Language) -> Html, fn(Language) -> String);

/// The words for a denial, long for the chat and short for a press.
pub(crate) fn of_denial(denied: Denied) -> Mistake {
    use Denied as D;
    let (long, short): Words = match denied {
        D::ActorIsNotAdmin => (t::denied::actor_not_admin, t::denied::actor_not_admin_toast),
        D::ActorIsNotOwner => (t::denied::actor_not_owner, t::denied::actor_not_owner_toast),
        D::BotIsNotAdmin => (t::denied::bot_not_admin, t::denied::bot_not_admin_toast),
        D::TargetIsAdmin => (t::denied::target_is_admin, t::denied::target_is_admin_toast),
        D::TargetIsBotItself => (t::denied::target_is_bot, t::denied::target_is_bot_toast),
        D::TargetIsService => (t::denied::target_is_service, t::denied::target_is_service_toast),
        D::TargetIsNotInChat => (t::denied::target_not_in_chat, t::denied::target_not_in_chat_toast),
        D::CouldNotFindOut => (t::denied::could_not_find_out, t::denied::could_not_find_out_toast),
        D::NotAGroup => (t::denied::groups_only, t::denied::groups_only_toast),
        D::NotPrivate => (t::denied::private_only, t::denied::private_only_toast),
        D::ActorLacks(rights) => {
            return Mistake::new(move |lang| t::denied::actor_lacks(lang, names(lang, rights).as_str()))
                .or_toast(move |lang| t::denied::actor_lacks_toast(lang, names(lang, rights)));
        }
        D::BotLacks(rights) => {
            return Mistake::new(move |lang| t::denied::bot_lacks(lang, names(lang, rights).as_str()))
                .or_toast(move |lang| t::denied::bot_lacks_toast(lang, names(lang, rights)));
        }
        D::ActorIsChannel => (t::denied::actor_is_channel, t::denied::actor_is_channel_toast),
        D::ActorIsAnonymous => (t::denied::actor_is_anonymous, t::denied::actor_is_anonymous_toast),
        _ => (t::denied::actor_unidentified, t::denied::actor_unidentified_toast),
    };
    Mistake::new(long).or_toast(short)
}

/// The rights as people call them, with commas between.
fn names(lang: Language, rights: Rights) -> String {
    let names: Vec<String> = rights
        .iter()
        .map(|right| match right {
            Rights::CHANGE_INFO => t::denied::right_change_info_plain(lang),
            Rights::DELETE_MESSAGES => t::denied::right_delete_messages_plain(lang),
            Rights::RESTRICT_MEMBERS => t::denied::right_restrict_members_plain(lang),
            Rights::INVITE_USERS => t::denied::right_invite_users_plain(lang),
            Rights::PIN_MESSAGES => t::denied::right_pin_messages_plain(lang),
            Rights::PROMOTE_MEMBERS => t::denied::right_promote_members_plain(lang),
            Rights::MANAGE_TOPICS => t::denied::right_manage_topics_plain(lang),
            Rights::POST_MESSAGES => t::denied::right_post_messages_plain(lang),
            Rights::EDIT_MESSAGES => t::denied::right_edit_messages_plain(lang),
            Rights::MANAGE_VIDEO_CHATS => t::denied::right_manage_video_chats_plain(lang),
            _ => t::denied::right_manage_chat_plain(lang),
        })
        .collect();
    names.join(", ")
}

/// The words for what Telegram refused; `None` where there is nobody to tell.
pub(crate) fn of_telegram(error: &Error) -> Option<Mistake> {
    if let Some(right) = missing_right(error) {
        return Some(of_denial(Denied::BotLacks(right)));
    }
    let (long, short): Words = match error.kind() {
        Some(RefusalKind::NotEnoughRights) => {
            (t::mistakes::refused_by_telegram, t::mistakes::refused_by_telegram_toast)
        }
        Some(RefusalKind::TargetIsAdmin) => (t::denied::target_is_admin, t::denied::target_is_admin_toast),
        Some(RefusalKind::UserNotFound) => {
            (t::denied::target_not_in_chat, t::denied::target_not_in_chat_toast)
        }
        Some(
            RefusalKind::BotRemoved
            | RefusalKind::ChatNotFound
            | RefusalKind::CannotWrite
            | RefusalKind::TopicClosed
            | RefusalKind::ThreadNotFound
            | RefusalKind::Unauthorized,
        ) => return None,
        _ if error.could_not_find_out() => (t::mistakes::busy, t::mistakes::busy_toast),
        _ => (t::mistakes::went_wrong, t::mistakes::went_wrong_toast),
    };
    Some(Mistake::new(long).or_toast(short))
}

/// The right for whose lack Telegram refused a method; `None` where more than one may be missing.
///
/// Telegram: a chat in which the bot is restricted answers like one in which it may not write.
fn missing_right(error: &Error) -> Option<Rights> {
    let Error::Refused(refusal) = error else { return None };
    if !matches!(refusal.kind, RefusalKind::NotEnoughRights | RefusalKind::CannotWrite) {
        return None;
    }
    match refusal.method.as_str() {
        "banChatMember"
        | "unbanChatMember"
        | "restrictChatMember"
        | "banChatSenderChat"
        | "unbanChatSenderChat" => Some(Rights::RESTRICT_MEMBERS),
        "deleteMessage" | "deleteMessages" => Some(Rights::DELETE_MESSAGES),
        "pinChatMessage" | "unpinChatMessage" | "unpinAllChatMessages" => Some(Rights::PIN_MESSAGES),
        "exportChatInviteLink" => Some(Rights::INVITE_USERS),
        _ => None,
    }
}

/// One apology for whatever else broke.
pub(crate) fn apology() -> Mistake {
    Mistake::new(t::mistakes::went_wrong).or_toast(t::mistakes::went_wrong_toast)
}
