//! Telegram's refusals: the texts of the Bot API become an enum here, and nowhere else.

use std::time::Duration;

use alita_model::ChatId;
use serde::Deserialize;

/// Telegram read the request and said no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{method}: refused with {code}: {description}")]
#[non_exhaustive]
pub struct Refusal {
    /// The Bot API method.
    pub method: String,
    /// Telegram's `error_code`.
    pub code: i64,
    /// Telegram's own words; what they quote in `"` is left out, because it may be from a message.
    pub description: String,
    /// What the words mean.
    pub kind: RefusalKind,
    /// How long Telegram wants us to wait.
    pub retry_after: Option<Duration>,
    /// The supergroup that the basic group has become.
    pub migrate_to_chat_id: Option<ChatId>,
}

impl Refusal {
    /// A refusal in Telegram's words, which are sorted here.
    #[must_use]
    pub fn new(method: &str, code: i64, description: &str) -> Self {
        Self {
            method: method.to_owned(),
            code,
            description: without_quotes(description),
            kind: RefusalKind::classify(code, description),
            retry_after: None,
            migrate_to_chat_id: None,
        }
    }
}

/// What a refusal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalKind {
    /// The message is gone.
    MessageNotFound,
    /// The message is there, but this bot may not delete it (too old, or a service message).
    MessageCantBeDeleted,
    /// The message is there, but this bot may not edit it.
    MessageCantBeEdited,
    /// The edit changes nothing.
    MessageNotModified,
    /// The callback or inline query was answered, or waited too long.
    QueryTooOld,
    /// The bot lacks a right.
    NotEnoughRights,
    /// The target is an administrator or the owner.
    TargetIsAdmin,
    /// No such person, or never seen in this chat.
    UserNotFound,
    /// No such chat, or never seen by this bot.
    ChatNotFound,
    /// The bot is no longer in the chat, or the chat is no longer there.
    BotRemoved,
    /// The bot may not write here: muted, blocked by the person, or never started by them.
    CannotWrite,
    /// The topic is closed.
    TopicClosed,
    /// The topic is gone.
    ThreadNotFound,
    /// The text is not well-formed HTML.
    CantParseEntities,
    /// A file id is of another bot, of another kind, or expired.
    WrongFileId,
    /// An administrator's title has forbidden characters or is too long.
    TitleRejected,
    /// Too many requests.
    Throttled,
    /// The basic group has become a supergroup.
    Migrated,
    /// The token is not, or no longer, valid.
    Unauthorized,
    /// Another process polls with the same token, or a webhook is set.
    Conflict,
    /// Anything else.
    Other,
}

impl RefusalKind {
    /// Whether this belongs to a bot's everyday life and deserves no alarm.
    #[must_use]
    pub const fn is_expected(self) -> bool {
        !matches!(
            self,
            Self::CantParseEntities | Self::Throttled | Self::Unauthorized | Self::Conflict | Self::Other
        )
    }

    /// The first line that fits wins, so the narrower texts stand above the wider ones.
    fn classify(code: i64, description: &str) -> Self {
        let text = description.to_lowercase();
        match code {
            401 => return Self::Unauthorized,
            409 => return Self::Conflict,
            429 => return Self::Throttled,
            // Telegram: a token of the wrong shape is an unknown path.
            404 if text == "not found" => return Self::Unauthorized,
            _ => {}
        }
        TEXTS
            .iter()
            .find(|(parts, _)| parts.iter().any(|part| text.contains(part)))
            .map_or(Self::Other, |(_, kind)| *kind)
    }
}

const TEXTS: &[(&[&str], RefusalKind)] = &[
    (&["message is not modified"], RefusalKind::MessageNotModified),
    (&["message can't be deleted"], RefusalKind::MessageCantBeDeleted),
    (&["message can't be edited"], RefusalKind::MessageCantBeEdited),
    (&["message thread not found", "topic_deleted", "topic_id_invalid"], RefusalKind::ThreadNotFound),
    (&["topic_closed", "topic is closed"], RefusalKind::TopicClosed),
    (&["query is too old", "query id is invalid", "query_id_invalid"], RefusalKind::QueryTooOld),
    (&["can't parse", "can't find end of"], RefusalKind::CantParseEntities),
    (
        &[
            "wrong file identifier",
            "wrong remote file identifier",
            "wrong file_id",
            "invalid file_id",
            "file reference",
            "type of file mismatch",
            "can't use file of type",
        ],
        RefusalKind::WrongFileId,
    ),
    (
        &[
            "bot was kicked",
            "bot is not a member",
            "group chat was deactivated",
            "group chat was deleted",
            "chat was deleted",
            "channel_private",
        ],
        RefusalKind::BotRemoved,
    ),
    (
        &[
            "not enough rights to send",
            "have no rights to send",
            "chat_write_forbidden",
            "chat_restricted",
            "chat_send_",
            "chat_guest_send_forbidden",
            "need administrator rights in the channel chat",
            "bot was blocked by the user",
            "bot can't initiate conversation",
            "bot can't send messages to",
            "user is deactivated",
        ],
        RefusalKind::CannotWrite,
    ),
    (
        &[
            "user is an administrator",
            "can't remove chat owner",
            "can't demote chat creator",
            "can't restrict chat owner",
            "can't restrict chat creator",
            "user_admin_invalid",
            "user_creator",
        ],
        RefusalKind::TargetIsAdmin,
    ),
    (&["admin_rank", "custom title is", "title is too long", "rank_"], RefusalKind::TitleRejected),
    (
        &[
            "not enough rights",
            "have no rights",
            "need administrator rights",
            "chat_admin_required",
            "right_forbidden",
            "administrator rights in",
        ],
        RefusalKind::NotEnoughRights,
    ),
    (
        &[
            "user not found",
            "member not found",
            "participant_id_invalid",
            "user_not_participant",
            "user_id_invalid",
            "invalid user_id",
            "peer_id_invalid",
        ],
        RefusalKind::UserNotFound,
    ),
    (&["chat not found", "chat_id is empty", "chat_id_invalid"], RefusalKind::ChatNotFound),
    (
        &[
            "message to delete not found",
            "message to edit not found",
            "message to forward not found",
            "message to copy not found",
            "message to pin not found",
            "message to unpin not found",
            "message to react not found",
            "message to be replied not found",
            "message to reply not found",
            "replied message not found",
            "message identifier is not specified",
            "message not found",
            "message_id_invalid",
        ],
        RefusalKind::MessageNotFound,
    ),
];

/// The envelope of every answer. Numbers are wide: a local server may send what frankenstein's type cannot hold.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Envelope {
    pub(crate) ok: bool,
    error_code: Option<i64>,
    description: Option<String>,
    parameters: Option<Parameters>,
}

#[derive(Debug, Default, Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
    migrate_to_chat_id: Option<i64>,
}

impl Envelope {
    /// Reads the verdict. Servers write it first, so a yes is known without going through the result.
    pub(crate) fn read(answer: &[u8]) -> serde_json::Result<Self> {
        if answer.starts_with(br#"{"ok":true,"#) {
            return Ok(Self { ok: true, ..Self::default() });
        }
        serde_json::from_slice(answer)
    }

    /// Turns an answer that is not `ok` into a refusal.
    pub(crate) fn into_refusal(self, method: &str, status: u16, redact: impl Fn(&str) -> String) -> Refusal {
        let code = self.error_code.unwrap_or_else(|| i64::from(status));
        let parameters = self.parameters.unwrap_or_default();
        let mut refusal = Refusal::new(method, code, &redact(&self.description.unwrap_or_default()));
        // A day is as good as for ever, and adding it to an instant cannot overflow.
        refusal.retry_after = parameters.retry_after.map(|seconds| Duration::from_secs(seconds.min(86_400)));
        if let Some(chat) = parameters.migrate_to_chat_id {
            refusal.migrate_to_chat_id = Some(ChatId::new(chat));
            refusal.kind = RefusalKind::Migrated;
        }
        refusal
    }
}

/// Telegram: a parse error quotes the text of the message.
fn without_quotes(description: &str) -> String {
    match (description.split_once('"'), description.rsplit_once('"')) {
        (Some((before, _)), Some((_, after))) => format!("{before}\"…\"{after}"),
        _ => description.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_the_bot_api() {
        use RefusalKind::*;
        for (code, text, kind) in [
            (400, "Bad Request: message to delete not found", MessageNotFound),
            (400, "Bad Request: MESSAGE_ID_INVALID", MessageNotFound),
            (400, "Bad Request: message can't be deleted for everyone", MessageCantBeDeleted),
            (
                400,
                "Bad Request: message is not modified: specified new message content and …",
                MessageNotModified,
            ),
            (
                400,
                "Bad Request: query is too old and response timeout expired or query ID is invalid",
                QueryTooOld,
            ),
            (400, "Bad Request: not enough rights to restrict/unrestrict chat member", NotEnoughRights),
            (400, "Bad Request: CHAT_ADMIN_REQUIRED", NotEnoughRights),
            (400, "Bad Request: need administrator rights in the channel chat", CannotWrite),
            (400, "Bad Request: not enough rights to send photos to the chat", CannotWrite),
            (400, "Bad Request: CHAT_SEND_STICKERS_FORBIDDEN", CannotWrite),
            (403, "Forbidden: bot was blocked by the user", CannotWrite),
            (403, "Forbidden: bot was kicked from the supergroup chat", BotRemoved),
            (403, "Forbidden: the group chat was deleted", BotRemoved),
            (400, "Bad Request: user is an administrator of the chat", TargetIsAdmin),
            (400, "Bad Request: can't remove chat owner", TargetIsAdmin),
            (400, "Bad Request: user not found", UserNotFound),
            (400, "Bad Request: PARTICIPANT_ID_INVALID", UserNotFound),
            (400, "Bad Request: PEER_ID_INVALID", UserNotFound),
            (400, "Bad Request: chat not found", ChatNotFound),
            (400, "Bad Request: message thread not found", ThreadNotFound),
            (400, "Bad Request: TOPIC_CLOSED", TopicClosed),
            (400, "Bad Request: can't parse entities: Unsupported start tag", CantParseEntities),
            (400, "Bad Request: wrong file identifier/HTTP URL specified", WrongFileId),
            (400, "Bad Request: ADMIN_RANK_EMOJI_NOT_ALLOWED", TitleRejected),
            (429, "Too Many Requests: retry after 5", Throttled),
            (401, "Unauthorized", Unauthorized),
            (404, "Not Found", Unauthorized),
            (404, "Not Found: method not found", Other),
            (409, "Conflict: terminated by other getUpdates request", Conflict),
            (400, "Bad Request: something new", Other),
        ] {
            assert_eq!(RefusalKind::classify(code, text), kind, "{text}");
        }
    }

    #[test]
    fn quoted_text_of_a_message_is_left_out() {
        assert_eq!(
            without_quotes("can't parse entities: tag \"my \"secret\"\" at byte 3"),
            "can't parse entities: tag \"…\" at byte 3"
        );
        assert_eq!(without_quotes("one \" only"), "one \"…\" only");
        assert_eq!(without_quotes("none"), "none");
    }

    #[test]
    fn wide_numbers_and_missing_fields_are_fine() {
        let envelope: Envelope = serde_json::from_str(
            r#"{"ok":false,"error_code":429,"parameters":{"retry_after":18446744073709551615,"new":1}}"#,
        )
        .unwrap();
        let refusal = envelope.into_refusal("sendMessage", 429, str::to_owned);
        assert_eq!(refusal.retry_after, Some(Duration::from_secs(86_400)));
        assert_eq!(refusal.kind, RefusalKind::Throttled);
        let bare: Envelope = serde_json::from_str(r#"{"ok":false}"#).unwrap();
        assert_eq!(bare.into_refusal("x", 400, str::to_owned).code, 400);
    }
}
