//! What calls and people do to members, and what the bot hears of it.

use serde_json::{Value, json};

use super::{Stage, bad, kinds, yes};
use crate::fake::{ChatKind, Draft, Member, MemberStatus, NewChat, NewUser, Speaker};

#[tokio::test]
async fn a_ban_ends_by_itself_unless_it_is_too_short() {
    let stage = Stage::new().await;
    let until = 1_700_000_000 + 60;
    assert_eq!(stage.to_mallory("banChatMember", json!({"until_date": until})).await, yes());
    let record = stage.to_mallory("getChatMember", json!({})).await.expect("a record");
    assert_eq!((&record["status"], &record["until_date"]), (&json!("kicked"), &json!(until)));
    stage.turn(61);
    assert_eq!(stage.telegram.member(stage.group, stage.mallory).status, MemberStatus::Left);
    let soon = 1_700_000_061 + 29;
    assert_eq!(stage.to_mallory("banChatMember", json!({"until_date": soon})).await, yes());
    stage.turn(3600);
    assert_eq!(stage.telegram.member(stage.group, stage.mallory).status, MemberStatus::Banned);
}

#[tokio::test]
async fn the_bot_hears_of_its_own_ban() {
    let stage = Stage::new().await;
    assert_eq!(stage.to_mallory("banChatMember", json!({})).await, yes());
    let updates = stage.updates().await;
    assert_eq!(kinds(&updates), ["chat_member"]);
    let change = &updates[0]["chat_member"];
    assert_eq!(change["from"]["id"], stage.telegram.bot_id().get());
    assert_eq!(change["old_chat_member"]["status"], "member");
    assert_eq!(change["new_chat_member"]["status"], "kicked");
    // The same once more changes nothing, so there is nothing to hear.
    assert_eq!(stage.to_mallory("banChatMember", json!({})).await, yes());
    assert!(stage.updates().await.is_empty());
}

#[tokio::test]
async fn unban_is_a_kick_unless_only_the_banned_are_meant() {
    let stage = Stage::new().await;
    let only = json!({"only_if_banned": true});
    assert_eq!(stage.to_mallory("unbanChatMember", only.clone()).await, yes());
    assert_eq!(stage.telegram.member(stage.group, stage.mallory), Member::member());
    assert_eq!(stage.to_mallory("unbanChatMember", json!({"only_if_banned": false})).await, yes());
    assert_eq!(stage.telegram.member(stage.group, stage.mallory), Member::left());
    assert_eq!(stage.to_mallory("banChatMember", json!({})).await, yes());
    assert_eq!(stage.to_mallory("unbanChatMember", only).await, yes());
    assert_eq!(stage.telegram.member(stage.group, stage.mallory), Member::left());
}

#[tokio::test]
async fn a_mute_lasts_through_leaving_and_ends_with_every_permission() {
    let stage = Stage::new().await;
    let independent =
        |permissions: Value| json!({"permissions": permissions, "use_independent_chat_permissions": true});
    assert_eq!(stage.to_mallory("restrictChatMember", independent(json!({}))).await, yes());
    stage.telegram.leave(stage.group, stage.mallory);
    let outside = stage.telegram.member(stage.group, stage.mallory);
    assert!(outside.status == MemberStatus::Restricted && !outside.is_in_chat());
    stage.telegram.join(stage.group, stage.mallory);
    let inside = stage.telegram.member(stage.group, stage.mallory);
    assert!(inside.status == MemberStatus::Restricted && inside.is_in_chat());
    let fourteen = [
        "send_messages",
        "send_audios",
        "send_documents",
        "send_photos",
        "send_videos",
        "send_video_notes",
        "send_voice_notes",
        "send_polls",
        "send_other_messages",
        "add_web_page_previews",
        "change_info",
        "invite_users",
        "pin_messages",
        "manage_topics",
    ];
    let all: serde_json::Map<String, Value> =
        fourteen.iter().map(|name| (format!("can_{name}"), true.into())).collect();
    assert_eq!(stage.to_mallory("restrictChatMember", independent(all.into())).await, yes());
    assert_eq!(stage.telegram.member(stage.group, stage.mallory), Member::member());
    let one = json!({"permissions": {"can_send_other_messages": true}});
    assert_eq!(stage.to_mallory("restrictChatMember", one).await, yes());
    let implied = stage.telegram.member(stage.group, stage.mallory).permissions;
    assert!(
        implied.has("can_send_photos")
            && implied.has("can_send_messages")
            && !implied.has("can_pin_messages")
    );
}

#[tokio::test]
async fn people_come_and_go_with_their_updates() {
    let stage = Stage::new().await;
    let bob = stage.telegram.add_user(NewUser::named("Bob"));
    stage.telegram.join(stage.group, bob);
    stage.telegram.leave(stage.group, bob);
    stage.telegram.add_by(stage.group, bob, stage.ada);
    stage.telegram.kick_by(stage.group, bob, stage.ada);
    let updates = stage.updates().await;
    assert_eq!(kinds(&updates), ["chat_member", "message"].repeat(4));
    assert_eq!(updates[1]["message"]["new_chat_members"][0]["id"], bob.get());
    assert_eq!(updates[3]["message"]["left_chat_member"]["id"], bob.get());
    assert_eq!(updates[5]["message"]["from"]["id"], stage.ada.get());
    assert_eq!(updates[6]["chat_member"]["new_chat_member"]["status"], "kicked");
    // A bot that is no administrator is told of no member changes.
    stage.telegram.set_member(stage.group, stage.telegram.bot_id(), Member::member());
    stage.telegram.add_by(stage.group, bob, stage.ada);
    assert_eq!(kinds(&stage.updates().await), ["message"]);
}

#[tokio::test]
async fn the_bot_hears_of_itself() {
    let stage = Stage::with(Member::left()).await;
    stage.says(stage.ada, "nobody hears this");
    stage.telegram.add_bot(stage.group, stage.olga, Member::member());
    stage.telegram.set_rights_by(
        stage.group,
        stage.telegram.bot_id(),
        Member::full_administrator(),
        stage.olga,
    );
    stage.telegram.set_rights_by(
        stage.group,
        stage.mallory,
        Member::administrator(&["pin_messages"]),
        stage.olga,
    );
    stage.telegram.remove_bot(stage.group, stage.olga);
    stage.says(stage.ada, "nor this");
    let updates = stage.updates().await;
    assert_eq!(
        kinds(&updates),
        ["my_chat_member", "message", "my_chat_member", "chat_member", "my_chat_member"]
    );
    assert_eq!(updates[4]["my_chat_member"]["new_chat_member"]["status"], "kicked");
    stage.telegram.add_bot(stage.group, stage.olga, Member::member());
    assert_eq!(stage.here("leaveChat", json!({})).await, yes());
    assert!(stage.here("sendMessage", json!({"text": "x"})).await.is_err());
}

#[tokio::test]
async fn a_basic_group_moves() {
    let stage = Stage::new().await;
    let basic = stage.telegram.add_chat(NewChat {
        kind: ChatKind::Group,
        title: "Small".to_owned(),
        ..NewChat::default()
    });
    stage.telegram.set_member(basic, stage.telegram.bot_id(), Member::member());
    stage.telegram.set_member(basic, stage.ada, Member::owner());
    let new = stage.telegram.migrate(basic);
    let updates = stage.updates().await;
    assert_eq!(updates[0]["message"]["migrate_to_chat_id"], new.get());
    assert_eq!(updates[1]["message"]["migrate_from_chat_id"], basic.get());
    let old = stage
        .whole_answer("sendMessage", &json!({"chat_id": basic.get(), "text": "x"}))
        .await
        .expect("an answer");
    assert_eq!(old["description"], "Bad Request: group chat was upgraded to a supergroup chat");
    assert_eq!(old["parameters"]["migrate_to_chat_id"], new.get());
    assert!(stage.call("sendMessage", json!({"chat_id": new.get(), "text": "x"})).await.is_ok());
    assert_eq!(stage.telegram.member(new, stage.ada).status, MemberStatus::Owner);
}

#[tokio::test]
async fn the_list_of_administrators_leaves_other_bots_out() {
    let stage = Stage::new().await;
    let helper = stage.telegram.add_user(NewUser { is_bot: true, ..NewUser::named("HelperBot") });
    stage.telegram.set_member(stage.group, helper, Member::administrator(&["pin_messages"]));
    let ids = async |params: Value| {
        let list = stage.here("getChatAdministrators", params).await.expect("a list");
        let ids = list.as_array().into_iter().flatten().filter_map(|record| record["user"]["id"].as_i64());
        ids.collect::<Vec<_>>()
    };
    let humans = [stage.olga.get(), stage.ada.get(), stage.telegram.bot_id().get()];
    assert_eq!(ids(json!({})).await, humans);
    assert!(ids(json!({"return_bots": true})).await.contains(&helper.get()));
    assert_eq!(stage.here("getChatMemberCount", json!({})).await, Ok(5.into()));
    let unknown = stage.here("getChatMember", json!({"user_id": 4_000_000})).await;
    assert_eq!(unknown, bad("PARTICIPANT_ID_INVALID"));
    stage.telegram.say(stage.group, Speaker::User(helper), Draft::text("bots do not hear bots"));
    assert!(stage.updates().await.is_empty());
}

#[tokio::test]
async fn channels_that_write_can_be_banned() {
    let stage = Stage::new().await;
    let news = stage.telegram.add_chat(NewChat::channel("News").username("news"));
    stage.telegram.say(stage.group, Speaker::Channel { user: stage.mallory, channel: news }, "as a channel");
    let written = &stage.updates().await[0]["message"];
    assert_eq!(
        (&written["sender_chat"]["id"], &written["from"]["id"]),
        (&json!(news.get()), &json!(136_817_688))
    );
    let ban = async |method: &str, id: i64| stage.here(method, json!({"sender_chat_id": id})).await;
    assert_eq!(ban("banChatSenderChat", news.get()).await, yes());
    assert_eq!(stage.telegram.member(stage.group, news.get().into()).status, MemberStatus::Banned);
    assert_eq!(ban("unbanChatSenderChat", news.get()).await, yes());
    assert_eq!(ban("banChatSenderChat", stage.mallory.get()).await, bad("PARTICIPANT_ID_INVALID"));
}
