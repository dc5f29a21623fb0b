//! Writes the bot's calls as lines of a conversation.

mod effects;
mod keyboard;
mod message;
mod params;

use std::collections::BTreeMap;

use serde_json::Value;

use super::board::Board;
use super::scene::{BOT, Scene};

/// One call the bot made, and how it ended.
#[derive(Debug, Clone)]
pub(super) struct Did {
    pub(super) method: String,
    pub(super) params: Value,
    /// The result, or the code and text of the refusal.
    pub(super) outcome: Result<Value, String>,
    /// Whether the answer arrived.
    pub(super) was_told: bool,
}

/// What is shown although it is not by default.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shows {
    pub(super) calls: bool,
    pub(super) formatting: bool,
    pub(super) data: bool,
}

/// The line to which the calls are an answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Moment {
    /// The chat in which it happened.
    pub(super) chat: i64,
    /// The message that it sent or edited.
    pub(super) message: Option<i64>,
    pub(super) thread: Option<i64>,
    /// The message whose button it pressed.
    pub(super) on: Option<i64>,
    /// Who acted.
    pub(super) actor: Option<i64>,
}

/// Everything needed to say a call in words.
#[derive(Debug)]
pub(super) struct Renderer<'a> {
    pub(super) scene: &'a Scene,
    pub(super) board: &'a mut Board,
    pub(super) moment: &'a Moment,
    pub(super) shows: Shows,
    /// Unix time, so that times can be told as "in so many seconds".
    pub(super) now: i64,
    /// Who pressed, by the callback query's id.
    pub(super) presses: &'a BTreeMap<String, i64>,
}

impl Renderer<'_> {
    /// The lines of one call; none for calls that only ask.
    pub(super) fn call(&mut self, did: &Did) -> Vec<String> {
        let mut lines = match did.method.as_str() {
            "getUpdates" => Vec::new(),
            "answerCallbackQuery" => self.answer(did),
            "editMessageText" | "editMessageCaption" | "editMessageReplyMarkup" | "editMessageMedia" => {
                self.edited(did)
            }
            "sendChatAction" => self.only_asked(did),
            method if method.starts_with("send") => self.sent(did),
            method if only_asks(method) => self.only_asked(did),
            _ => self.effect(did),
        };
        for line in &mut lines {
            line.truncate(line.trim_end().len());
        }
        lines
    }

    fn only_asked(&mut self, did: &Did) -> Vec<String> {
        if self.shows.calls { self.effect(did) } else { Vec::new() }
    }

    fn answer(&mut self, did: &Did) -> Vec<String> {
        let text = did.params["text"].as_str().unwrap_or_default();
        let url = did.params["url"].as_str();
        if text.is_empty() && url.is_none() {
            return self.only_asked(did);
        }
        let verb = if params::flag(&did.params, "show_alert") { "alerts" } else { "answers" };
        let presser = did.params["callback_query_id"].as_str().and_then(|id| self.presses.get(id)).copied();
        let to = match presser {
            Some(presser) if Some(presser) != self.moment.actor => {
                format!(" {}", self.scene.written_name(presser))
            }
            _ => String::new(),
        };
        let link = url.map(|url| format!("[{url}] ")).unwrap_or_default();
        spread(&format!("{BOT} {verb}{to}:"), &format!("{link}{text}{}", refusal(did)))
    }
}

/// Methods that change nothing people could see.
fn only_asks(method: &str) -> bool {
    let hidden = ["setMyCommands", "deleteMyCommands", "deleteWebhook", "setWebhook"];
    method.starts_with("get") || hidden.contains(&method)
}

/// ` -> 400 not enough rights`, or nothing when the call went well.
fn refusal(did: &Did) -> String {
    match &did.outcome {
        Ok(_) if did.was_told => String::new(),
        Ok(_) => " -> done, but the answer was lost".to_owned(),
        Err(refusal) => format!(" -> {refusal}"),
    }
}

/// A head and a text: the first line beside the head, the others indented below it.
fn spread(head: &str, text: &str) -> Vec<String> {
    let mut lines = text.split('\n');
    let first = format!("  {head} {}", lines.next().unwrap_or_default());
    std::iter::once(first).chain(lines.map(|line| format!("    {line}"))).collect()
}

#[cfg(test)]
mod tests;
