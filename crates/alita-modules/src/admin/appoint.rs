//! What makes an administrator, and what Telegram says to it.

use alita_dispatch::view::Sender;
use alita_dispatch::{Cx, No, Outcome, denied, mistake};
use alita_i18n::{Language, t};
use alita_markup::Html;
use alita_model::{AdminTitle, UserId};
use alita_permissions::{ChatMember, Denied, Fact, Rights, grantable};
use alita_telegram::methods::{PromoteChatMemberParams, SetChatAdministratorCustomTitleParams};
use alita_telegram::{AsyncTelegramApi, Error, RefusalKind};

use crate::app::AlitaApp;

/// What both the bot and the promoter have right now.
///
/// Telegram: nobody is told which rights an anonymous administrator has; where the owner trusts them, it is all.
pub(super) async fn rights_to_hand_on(cx: &Cx<AlitaApp>) -> Result<Rights, No> {
    let promoter = match cx.sender() {
        Sender::AnonymousAdmin => ChatMember::administrator(UserId::GROUP_ANONYMOUS_BOT, Rights::all()),
        _ => live(cx, cx.person()?.id).await?,
    };
    Ok(grantable(&live(cx, cx.me().id).await?, &promoter))
}

async fn live(cx: &Cx<AlitaApp>, user: UserId) -> Result<ChatMember, No> {
    match cx.directory().member_live(cx.chat(), user).await {
        Fact::Known(member) => Ok(member),
        _ => denied(Denied::CouldNotFindOut),
    }
}

/// Gives somebody exactly these rights; none makes them an ordinary member.
pub(super) async fn appoint(cx: &Cx<AlitaApp>, user: UserId, rights: Rights) -> Result<(), Error> {
    let params = PromoteChatMemberParams::builder()
        .chat_id(cx.chat().get())
        .user_id(user.to_wire())
        .is_anonymous(false)
        .can_manage_chat(rights.contains(Rights::MANAGE_CHAT))
        .can_delete_messages(rights.contains(Rights::DELETE_MESSAGES))
        .can_manage_video_chats(rights.contains(Rights::MANAGE_VIDEO_CHATS))
        .can_restrict_members(rights.contains(Rights::RESTRICT_MEMBERS))
        .can_promote_members(false)
        .can_change_info(rights.contains(Rights::CHANGE_INFO))
        .can_invite_users(rights.contains(Rights::INVITE_USERS))
        .can_pin_messages(rights.contains(Rights::PIN_MESSAGES))
        .can_manage_topics(rights.contains(Rights::MANAGE_TOPICS))
        .can_post_messages(rights.contains(Rights::POST_MESSAGES))
        .can_edit_messages(false)
        .can_post_stories(false)
        .can_edit_stories(false)
        .can_delete_stories(false)
        .build();
    cx.client().promote_chat_member(&params).await.map(drop)
}

/// Puts a title beside an administrator's name.
pub(super) async fn entitle(cx: &Cx<AlitaApp>, user: UserId, title: &AdminTitle) -> Result<(), Error> {
    let params = SetChatAdministratorCustomTitleParams::builder()
        .chat_id(cx.chat().get())
        .user_id(user.to_wire())
        .custom_title(title.as_str())
        .build();
    cx.client().set_chat_administrator_custom_title(&params).await.map(drop)
}

/// Says Telegram's no in the words of the command; what is merely broken goes up as it is.
///
/// What is remembered of the chat stays: the rights were read a moment ago.
pub(super) fn refused(error: Error, words: impl Fn(Language) -> Html + Send + Sync + 'static) -> Outcome {
    use RefusalKind as K;
    match error.kind() {
        Some(K::NotEnoughRights | K::TargetIsAdmin | K::UserNotFound | K::Other) => {
            tracing::info!(%error, "Telegram said no");
            mistake(words)
        }
        _ => Err(error.into()),
    }
}

/// The same for titles, which Telegram may dislike for themselves.
pub(super) fn title_refused(error: Error, title: &AdminTitle, user: Html) -> Outcome {
    if error.kind() != Some(RefusalKind::TitleRejected) {
        return refused(error, move |lang| t::admin::cannot_entitle(lang, &user));
    }
    let title = title.clone();
    mistake(move |lang| super::view::title_rejected(lang, &title))
}
