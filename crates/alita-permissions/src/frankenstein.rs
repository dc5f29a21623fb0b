//! From frankenstein's types to ours.

use alita_model::UserId;
use frankenstein::types as wire;

use crate::{ChatKind, ChatMember, Rights, Status};

fn record(user: &wire::User, status: Status) -> ChatMember {
    let name = match &user.last_name {
        Some(last) => format!("{} {last}", user.first_name),
        None => user.first_name.clone(),
    };
    ChatMember {
        is_bot: user.is_bot,
        username: user.username.clone(),
        // An id that no `i64` holds names nobody.
        ..ChatMember::new(UserId::new(i64::try_from(user.id).unwrap_or(0)), status).named(name)
    }
}

impl From<&wire::ChatMember> for ChatMember {
    fn from(member: &wire::ChatMember) -> Self {
        match member {
            wire::ChatMember::Creator(owner) => Self {
                is_anonymous: owner.is_anonymous,
                custom_title: owner.custom_title.clone(),
                ..record(&owner.user, Status::Owner)
            },
            wire::ChatMember::Administrator(admin) => Self {
                rights: Rights::from(admin),
                is_anonymous: admin.is_anonymous,
                custom_title: admin.custom_title.clone(),
                ..record(&admin.user, Status::Administrator)
            },
            wire::ChatMember::Member(member) => record(&member.user, Status::Member),
            wire::ChatMember::Restricted(member) => {
                record(&member.user, Status::Restricted { is_member: member.is_member })
            }
            wire::ChatMember::Left(member) => record(&member.user, Status::Left),
            wire::ChatMember::Kicked(member) => record(&member.user, Status::Banned),
        }
    }
}

impl From<wire::ChatMember> for ChatMember {
    fn from(member: wire::ChatMember) -> Self {
        Self::from(&member)
    }
}

impl From<&wire::ChatMemberAdministrator> for Rights {
    fn from(admin: &wire::ChatMemberAdministrator) -> Self {
        [
            (Self::CHANGE_INFO, admin.can_change_info),
            (Self::DELETE_MESSAGES, admin.can_delete_messages),
            (Self::RESTRICT_MEMBERS, admin.can_restrict_members),
            (Self::INVITE_USERS, admin.can_invite_users),
            (Self::PIN_MESSAGES, admin.can_pin_messages == Some(true)),
            (Self::PROMOTE_MEMBERS, admin.can_promote_members),
            (Self::MANAGE_VIDEO_CHATS, admin.can_manage_video_chats),
            (Self::MANAGE_TOPICS, admin.can_manage_topics == Some(true)),
            (Self::MANAGE_CHAT, admin.can_manage_chat),
            (Self::POST_MESSAGES, admin.can_post_messages == Some(true)),
            (Self::EDIT_MESSAGES, admin.can_edit_messages == Some(true)),
        ]
        .into_iter()
        .filter_map(|(right, is_given)| is_given.then_some(right))
        .collect()
    }
}

impl From<wire::ChatType> for ChatKind {
    fn from(kind: wire::ChatType) -> Self {
        match kind {
            wire::ChatType::Private => Self::Private,
            wire::ChatType::Group => Self::Group,
            wire::ChatType::Supergroup => Self::Supergroup,
            wire::ChatType::Channel => Self::Channel,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: serde_json::Value) -> ChatMember {
        serde_json::from_value::<wire::ChatMember>(json).unwrap().into()
    }

    #[test]
    fn an_administrator_brings_exactly_the_listed_rights() {
        for right in Rights::all() {
            let mut json = serde_json::json!({
                "status": "administrator", "is_anonymous": true, "custom_title": "boss", "can_be_edited": false,
                "can_send_welcome_messages": false, "can_manage_chat": false, "can_delete_messages": false,
                "can_manage_video_chats": false, "can_restrict_members": false, "can_promote_members": false,
                "can_change_info": false, "can_invite_users": false,
                "user": {"id": 7_123_456_789_012_i64, "is_bot": false, "first_name": "Ada", "last_name": "L"},
            });
            json[right.fields().next().unwrap()] = true.into();
            let ada = read(json);
            assert_eq!(ada.rights, right);
            assert_eq!((ada.user, ada.name.as_str()), (UserId::new(7_123_456_789_012), "Ada L"));
            assert_eq!((ada.is_anonymous, ada.custom_title.as_deref()), (true, Some("boss")));
        }
    }

    #[test]
    fn statuses_get_our_names() {
        let user = serde_json::json!({"id": 1, "is_bot": true, "first_name": "x", "username": "y"});
        for (json, status) in [
            (serde_json::json!({"status": "creator", "is_anonymous": false}), Status::Owner),
            (serde_json::json!({"status": "member"}), Status::Member),
            (serde_json::json!({"status": "left"}), Status::Left),
            (serde_json::json!({"status": "kicked", "until_date": 0}), Status::Banned),
        ] {
            let mut json = json;
            json["user"] = user.clone();
            let member = read(json);
            assert_eq!((member.status, member.is_bot, member.username.as_deref()), (status, true, Some("y")));
        }
    }
}
