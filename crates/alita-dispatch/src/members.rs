//! Telegram as the source of the facts about chats.

use std::time::Duration;

use alita_model::{ChatId, UserId};
use alita_permissions::directory::{Directory, MemoryStore, Source, async_trait};
use alita_permissions::{ChatMember, Fact, Rights, Status};
use alita_runtime::Clock;
use alita_telegram::types::ChatMember as WireMember;
use alita_telegram::{Client, Error, MemberRecord, RefusalKind};

/// A question about somebody's rights is not worth more than this.
const LIMIT: Duration = Duration::from_secs(5);

/// A directory that asks Telegram, and goes by the time that passes: a clock that is set back must not make an old
/// list of administrators look new for as long.
#[must_use]
pub fn directory(client: &Client, clock: &Clock, me: UserId) -> Directory {
    let clock = clock.clone();
    let began = u64::try_from(clock.now().timestamp()).unwrap_or_default();
    let began_at = clock.instant();
    let time = move || began + clock.instant().saturating_sub(began_at).as_secs();
    Directory::with(me, Telegram(client.within(LIMIT)), MemoryStore::default(), time)
}

struct Telegram(Client);

#[async_trait]
impl Source for Telegram {
    async fn administrators(&self, chat: ChatId) -> Fact<Vec<ChatMember>> {
        fact(self.0.chat_administrators(chat).await).map(|records| records.iter().map(member_of).collect())
    }

    async fn member(&self, chat: ChatId, user: UserId) -> Fact<ChatMember> {
        fact(self.0.chat_member(chat, user).await).map(|record| member_of(&record))
    }
}

fn fact<T>(answer: Result<T, Error>) -> Fact<T> {
    match answer {
        Ok(value) => Fact::Known(value),
        Err(error) if error.kind() == Some(RefusalKind::UserNotFound) => Fact::NotFound,
        Err(error) => {
            tracing::debug!(%error, "a fact about a member could not be found out");
            Fact::Unknown
        }
    }
}

/// The record of a member as the rules read it.
#[must_use]
pub fn member_of(record: &MemberRecord) -> ChatMember {
    let status = match record.status.as_str() {
        "creator" => Status::Owner,
        "administrator" => Status::Administrator,
        "member" => Status::Member,
        "restricted" => Status::Restricted { is_member: record.is_member },
        "kicked" => Status::Banned,
        _ => Status::Left,
    };
    let name = match &record.user.last_name {
        Some(last) => format!("{} {last}", record.user.first_name),
        None => record.user.first_name.clone(),
    };
    let mut member = ChatMember::new(record.user.id, status).named(name);
    member.rights = if status == Status::Administrator { rights_of(record) } else { Rights::empty() };
    member.is_anonymous = record.is_anonymous;
    member.is_bot = record.user.is_bot;
    member.custom_title.clone_from(&record.custom_title);
    member.username.clone_from(&record.user.username);
    member
}

/// The same for the member objects of updates.
#[must_use]
pub fn member_of_update(member: &WireMember) -> Option<ChatMember> {
    let value = serde_json::to_value(member).ok()?;
    serde_json::from_value::<MemberRecord>(value).ok().map(|record| member_of(&record))
}

fn rights_of(record: &MemberRecord) -> Rights {
    let given = [
        (record.can_change_info, Rights::CHANGE_INFO),
        (record.can_delete_messages, Rights::DELETE_MESSAGES),
        (record.can_restrict_members, Rights::RESTRICT_MEMBERS),
        (record.can_invite_users, Rights::INVITE_USERS),
        (record.can_pin_messages, Rights::PIN_MESSAGES),
        (record.can_promote_members, Rights::PROMOTE_MEMBERS),
        (record.can_manage_video_chats, Rights::MANAGE_VIDEO_CHATS),
        (record.can_manage_topics, Rights::MANAGE_TOPICS),
        (record.can_manage_chat, Rights::MANAGE_CHAT),
        (record.can_post_messages, Rights::POST_MESSAGES),
        (record.can_edit_messages, Rights::EDIT_MESSAGES),
    ];
    given.into_iter().filter_map(|(is_given, right)| is_given.then_some(right)).collect()
}
