//! The methods of the Bot API, one file for each group of them.

mod chats;
mod commands;
mod copies;
mod delete;
mod edit;
mod me;
mod pins;
mod promote;
mod restrict;
mod send;

use super::params::Params;
use super::refusal::Answer;
use super::world::World;

/// A method that is answered at once.
#[derive(Debug)]
pub(crate) struct Method {
    pub(crate) name: &'static str,
    pub(crate) call: fn(&mut World, &Params) -> Answer,
}

const fn method(name: &'static str, call: fn(&mut World, &Params) -> Answer) -> Method {
    Method { name, call }
}

static METHODS: [Method; 51] = [
    method("getMe", me::get_me),
    method("deleteWebhook", me::delete_webhook),
    method("setWebhook", me::set_webhook),
    method("getWebhookInfo", me::get_webhook_info),
    method("logOut", me::yes),
    method("close", me::yes),
    method("setMyCommands", commands::set),
    method("getMyCommands", commands::get),
    method("deleteMyCommands", commands::delete),
    method("sendMessage", send::message),
    method("sendPhoto", send::photo),
    method("sendSticker", send::sticker),
    method("sendDocument", send::document),
    method("sendAudio", send::audio),
    method("sendVoice", send::voice),
    method("sendVideo", send::video),
    method("sendVideoNote", send::video_note),
    method("sendAnimation", send::animation),
    method("sendContact", send::contact),
    method("sendLocation", send::location),
    method("sendVenue", send::venue),
    method("sendDice", send::dice),
    method("sendChatAction", send::chat_action),
    method("editMessageText", edit::text),
    method("editMessageCaption", edit::caption),
    method("editMessageReplyMarkup", edit::reply_markup),
    method("deleteMessage", delete::one),
    method("deleteMessages", delete::many),
    method("forwardMessage", copies::forward),
    method("copyMessage", copies::copy),
    method("answerCallbackQuery", me::answer_callback_query),
    method("getChat", chats::get_chat),
    method("getChatMember", chats::get_chat_member),
    method("getChatAdministrators", chats::get_chat_administrators),
    method("getChatMemberCount", chats::get_chat_member_count),
    method("leaveChat", chats::leave_chat),
    method("exportChatInviteLink", chats::export_chat_invite_link),
    method("setChatTitle", chats::set_chat_title),
    method("setChatPermissions", restrict::set_chat_permissions),
    method("banChatMember", restrict::ban),
    method("unbanChatMember", restrict::unban),
    method("restrictChatMember", restrict::restrict),
    method("banChatSenderChat", restrict::ban_sender_chat),
    method("unbanChatSenderChat", restrict::unban_sender_chat),
    method("promoteChatMember", promote::promote),
    method("setChatAdministratorCustomTitle", promote::set_custom_title),
    method("pinChatMessage", pins::pin),
    method("unpinChatMessage", pins::unpin),
    method("unpinAllChatMessages", pins::unpin_all),
    method("getFile", World::get_file),
    method("getUserProfilePhotos", me::get_user_profile_photos),
];

/// Telegram: the case of a method's name does not matter.
pub(crate) fn find(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name.eq_ignore_ascii_case(name))
}
