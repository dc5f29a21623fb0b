//! Writes what the bot does besides talking: `! banChatMember Mallory until +7200s`.

use serde_json::Value;

use super::params::{flag, int, nested};
use super::{Did, Renderer, refusal};
use crate::transcript::board::shortened;

impl Renderer<'_> {
    /// The line of a call under its method's name.
    pub(super) fn effect(&mut self, did: &Did) -> Vec<String> {
        let mut line = format!("  ! {}", did.method);
        let mut below = Vec::new();
        let mut told = vec!["chat_id"];
        let params = &did.params;
        let chat = int(params, "chat_id").unwrap_or(self.moment.chat);
        if let Some(user) = int(params, "user_id") {
            line.push_str(&format!(" {}", self.scene.written_name(user)));
            told.push("user_id");
        }
        if let Some(sender) = int(params, "sender_chat_id") {
            line.push_str(&format!(" {}", self.scene.written_name(sender)));
            told.push("sender_chat_id");
        }
        if let Some(message) = int(params, "message_id") {
            line.push_str(&format!(" {}", self.quoted_message(chat, message)));
            told.push("message_id");
            if did.method == "deleteMessage" && did.outcome.is_ok() {
                self.board.is_gone(chat, message);
            }
        }
        if did.method == "deleteMessages" {
            told.push("message_ids");
            let ids = nested(params, "message_ids");
            for id in ids.as_array().into_iter().flatten().filter_map(Value::as_i64) {
                below.push(format!("    {}", self.quoted_message(chat, id)));
                if did.outcome.is_ok() {
                    self.board.is_gone(chat, id);
                }
            }
        }
        if did.method == "restrictChatMember" {
            told.extend(["permissions", "use_independent_chat_permissions"]);
            line.push_str(&format!(" {}", permissions(&nested(params, "permissions"))));
        }
        if did.method == "promoteChatMember" {
            line.push_str(&format!(" {}", rights(params)));
            told.extend(params.as_object().into_iter().flat_map(|params| params.keys()).filter_map(|key| {
                (key.starts_with("can_") || key == "is_anonymous").then_some(key.as_str())
            }));
        }
        if let Some(until) = int(params, "until_date").filter(|until| *until != 0) {
            line.push_str(&format!(" until {:+}s", until - self.now));
        }
        told.push("until_date");
        if flag(params, "only_if_banned") {
            line.push_str(" only if banned");
        }
        told.push("only_if_banned");
        line.push_str(&rest(params, &told));
        if chat != self.moment.chat {
            line.push_str(&format!(" {}", self.scene.written_place(chat)));
        }
        line.push_str(&refusal(did));
        below.insert(0, line);
        below
    }

    /// `Mallory "buy my coins"`: a message that is talked about is always quoted.
    fn quoted_message(&self, chat: i64, message: i64) -> String {
        let Some(seen) = self.board.get(chat, message) else { return format!("message {message}") };
        let name = self.scene.written_name(seen.by);
        if seen.text.is_empty() { name } else { format!("{name} \"{}\"", shortened(&seen.text)) }
    }
}

/// The fourteen permissions of a member, without `can_`.
pub(in crate::transcript) const PERMISSIONS: [&str; 14] = [
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

fn permissions(permissions: &Value) -> String {
    let is_allowed = |name: &&str| flag(permissions, &format!("can_{name}"));
    let (allowed, forbidden): (Vec<&str>, Vec<&str>) = PERMISSIONS.into_iter().partition(is_allowed);
    if allowed.is_empty() {
        "muted".to_owned()
    } else if forbidden.is_empty() {
        "all allowed".to_owned()
    } else if allowed.len() <= forbidden.len() {
        format!("only {}", allowed.join(" "))
    } else {
        format!("all but {}", forbidden.join(" "))
    }
}

/// The rights that are given, in the order of the call; `nothing` when none is.
fn rights(params: &Value) -> String {
    let given: Vec<&str> = params
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, _)| flag(params, key))
        .filter_map(|(key, _)| {
            key.strip_prefix("can_").or_else(|| (key == "is_anonymous").then_some("anonymous"))
        })
        .collect();
    if given.is_empty() { "nothing".to_owned() } else { given.join(" ") }
}

/// Everything that was not told yet; texts in quotes, a plain yes as its name alone.
fn rest(params: &Value, told: &[&str]) -> String {
    let mut rest = String::new();
    for (key, value) in params.as_object().into_iter().flatten() {
        if told.contains(&key.as_str()) {
            continue;
        }
        match value {
            Value::Null | Value::Bool(false) => {}
            Value::Bool(true) => rest.push_str(&format!(" {key}")),
            Value::String(text) if key == "custom_title" => rest.push_str(&format!(" \"{text}\"")),
            Value::String(text) => rest.push_str(&format!(" {key} \"{text}\"")),
            value => rest.push_str(&format!(" {key} {value}")),
        }
    }
    rest
}
