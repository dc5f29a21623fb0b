//! The bot's rights are really checked.

use serde_json::json;

use super::{Stage, bad, yes};
use crate::fake::{Member, NewChat, NewUser, Permissions};

#[tokio::test]
async fn a_bot_outside_is_told_how_it_stands() {
    let stage = Stage::new().await;
    let bot = stage.telegram.bot_id();
    let send = async || stage.here("sendMessage", json!({"text": "x"})).await;
    stage.telegram.set_member(stage.group, bot, Member::banned());
    assert_eq!(send().await, Err("403 Forbidden: bot was kicked from the supergroup chat".to_owned()));
    stage.telegram.set_member(stage.group, bot, Member::left());
    assert_eq!(send().await, Err("403 Forbidden: bot is not a member of the supergroup chat".to_owned()));
    let other = stage.telegram.add_chat(NewChat::supergroup("Never been here"));
    assert_eq!(stage.call("getChat", json!({"chat_id": other.get()})).await, bad("chat not found"));
    let public = stage.telegram.add_chat(NewChat::supergroup("Public").username("publictea"));
    let seen = stage.call("getChat", json!({"chat_id": "@publictea"})).await.expect("public");
    assert_eq!(seen["id"], public.get());
}

#[tokio::test]
async fn restricting_needs_the_right_and_somebody_it_fits() {
    let stage = Stage::with(Member::administrator(&["delete_messages"])).await;
    let lacks = "not enough rights to restrict/unrestrict chat member";
    let mute = json!({"permissions": {}});
    assert_eq!(stage.to_mallory("banChatMember", json!({})).await, bad(lacks));
    assert_eq!(stage.to_mallory("restrictChatMember", mute.clone()).await, bad(lacks));
    assert_eq!(stage.to_mallory("unbanChatMember", json!({"only_if_banned": true})).await, bad(lacks));
    let bot = stage.telegram.bot_id();
    stage.telegram.set_member(stage.group, bot, Member::administrator(&["restrict_members"]));
    for method in ["banChatMember", "restrictChatMember", "unbanChatMember"] {
        let at = async |user: i64| stage.here(method, json!({"user_id": user, "permissions": {}})).await;
        assert_eq!(at(stage.olga.get()).await, bad("can't remove chat owner"), "{method}");
        assert_eq!(at(stage.ada.get()).await, bad("user is an administrator of the chat"), "{method}");
        assert_eq!(at(bot.get()).await, bad("can't restrict self"), "{method}");
        assert_eq!(at(4_000_000).await, bad("PARTICIPANT_ID_INVALID"), "{method}");
        assert_eq!(at(777_000).await, bad("PARTICIPANT_ID_INVALID"), "{method}");
        assert_eq!(at(-5).await, bad("invalid user_id specified"), "{method}");
    }
}

#[tokio::test]
async fn some_methods_want_a_supergroup() {
    let stage = Stage::new().await;
    let basic = stage.telegram.add_chat(NewChat::group("Basic"));
    stage.telegram.set_member(basic, stage.telegram.bot_id(), Member::full_administrator());
    stage.telegram.set_member(basic, stage.mallory, Member::member());
    let at = async |method: &str| {
        let params = json!({"chat_id": basic.get(), "user_id": stage.mallory.get(), "permissions": {}, "custom_title": "x"});
        stage.call(method, params).await
    };
    assert_eq!(at("restrictChatMember").await, bad("method is available only for supergroups"));
    assert_eq!(at("setChatAdministratorCustomTitle").await, bad("method is available only for supergroups"));
    let wide = "method is available for supergroup and channel chats only";
    assert_eq!(at("unbanChatMember").await, bad(wide));
    assert_eq!(at("promoteChatMember").await, bad(wide));
    assert_eq!(at("banChatMember").await, yes());
}

#[tokio::test]
async fn promoting_gives_what_the_bot_has() {
    let stage = Stage::with(Member::administrator(&["promote_members", "pin_messages"])).await;
    let promote = async |params| stage.to_mallory("promoteChatMember", params).await;
    assert_eq!(promote(json!({"can_delete_messages": true})).await, bad("RIGHT_FORBIDDEN"));
    assert_eq!(promote(json!({"can_pin_messages": true})).await, yes());
    let mallory = stage.telegram.member(stage.group, stage.mallory);
    assert!(mallory.has("pin_messages") && !mallory.has("can_delete_messages"));
    let title = async |title: &str| {
        stage.to_mallory("setChatAdministratorCustomTitle", json!({"custom_title": title})).await
    };
    assert_eq!(title("Helper").await, yes());
    assert_eq!(title("Tea 🫖").await, bad("ADMIN_RANK_EMOJI_NOT_ALLOWED"));
    assert_eq!(title("seventeen letters").await, bad("ADMIN_RANK_INVALID"));
    assert_eq!(stage.telegram.member(stage.group, stage.mallory).custom_title.as_deref(), Some("Helper"));
    assert_eq!(promote(json!({})).await, yes());
    assert!(!stage.telegram.member(stage.group, stage.mallory).is_admin());
    assert_eq!(title("x").await, bad("user is not an administrator"));
    let at = async |user: i64| {
        stage.here("promoteChatMember", json!({"user_id": user, "can_pin_messages": true})).await
    };
    assert_eq!(at(stage.olga.get()).await, bad("can't remove chat owner"));
    assert_eq!(at(stage.ada.get()).await, bad("CHAT_ADMIN_REQUIRED"));
    assert_eq!(at(stage.telegram.bot_id().get()).await, bad("can't promote self"));
    assert_eq!(at(4_000_000).await, bad("user not found"));
    let gone = stage.telegram.add_user(NewUser::named("Gone"));
    assert_eq!(at(gone.get()).await, bad("USER_NOT_PARTICIPANT"));
    let bot = stage.telegram.bot_id();
    stage.telegram.set_member(stage.group, bot, Member::administrator(&["pin_messages"]));
    assert_eq!(promote(json!({"can_pin_messages": true})).await, bad("not enough rights"));
}

#[tokio::test]
async fn sending_needs_the_permission() {
    let stage = Stage::with(Member::restricted(Permissions::of(&["send_messages"]))).await;
    assert!(stage.here("sendMessage", json!({"text": "x"})).await.is_ok());
    let photo = stage.here("sendPhoto", json!({"photo": "photo-1"})).await;
    assert_eq!(photo, bad("not enough rights to send photos to the chat"));
    let bot = stage.telegram.bot_id();
    stage.telegram.set_member(stage.group, bot, Member::restricted(Permissions::none()));
    let text = stage.here("sendMessage", json!({"text": "x"})).await;
    assert_eq!(text, bad("not enough rights to send text messages to the chat"));
    let channel = stage.telegram.add_chat(NewChat::channel("News"));
    stage.telegram.set_member(channel, bot, Member::member());
    let post = stage.call("sendMessage", json!({"chat_id": channel.get(), "text": "x"})).await;
    assert_eq!(post, bad("need administrator rights in the channel chat"));
}

#[tokio::test]
async fn pinning_and_inviting_need_their_rights() {
    let stage = Stage::with(Member::administrator(&["delete_messages"])).await;
    let tea = stage.says(stage.ada, "tea");
    let pin = async |id: i32| stage.here("pinChatMessage", json!({"message_id": id})).await;
    let lacks = "not enough rights to manage pinned messages in the chat";
    assert_eq!(pin(tea.get()).await, bad(lacks));
    let invite = stage.here("exportChatInviteLink", json!({})).await;
    assert_eq!(invite, bad("not enough rights to manage chat invite link"));
    stage.telegram.set_member(stage.group, stage.telegram.bot_id(), Member::full_administrator());
    assert_eq!(pin(tea.get()).await, yes());
    assert_eq!(pin(999).await, bad("message to pin not found"));
    assert_eq!(stage.telegram.pinned(stage.group), [tea]);
    let chat = stage.here("getChat", json!({})).await.expect("the chat");
    assert_eq!(chat["pinned_message"]["text"], "tea");
    assert_eq!(stage.here("unpinChatMessage", json!({})).await, yes());
    assert_eq!(stage.here("unpinChatMessage", json!({})).await, bad("message to unpin not found"));
    assert_eq!(stage.here("unpinAllChatMessages", json!({})).await, yes());
    let link = stage.here("exportChatInviteLink", json!({})).await.expect("a link");
    assert_eq!(stage.here("getChat", json!({})).await.expect("the chat")["invite_link"], link);
}

#[tokio::test]
async fn commands_are_checked() {
    let stage = Stage::new().await;
    let set = async |name: &str, description: &str| {
        stage
            .call("setMyCommands", json!({"commands": [{"command": name, "description": description}]}))
            .await
    };
    assert_eq!(set("Ban", "x").await, bad("BOT_COMMAND_INVALID"));
    assert_eq!(set("ban", "").await, bad("BOT_COMMAND_DESCRIPTION_INVALID"));
    assert_eq!(set("ban", "Ban somebody").await, yes());
    let commands = stage.call("getMyCommands", json!({})).await.expect("commands");
    assert_eq!(commands[0]["command"], "ban");
    assert_eq!(stage.telegram.commands("default", ""), Some(commands));
}
