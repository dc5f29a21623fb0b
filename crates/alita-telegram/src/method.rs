//! What a method's name tells: which limits it counts against, and whether it may be repeated.

use std::time::Duration;

/// Which of the outgoing limits a call counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Traffic {
    /// New and edited messages.
    Messages,
    /// Everything else.
    Other,
}

pub(crate) fn traffic(method: &str) -> Traffic {
    if creates_message(method) || method.starts_with("editMessage") {
        Traffic::Messages
    } else {
        Traffic::Other
    }
}

/// Whether carrying it out twice would show twice.
pub(crate) fn creates_message(method: &str) -> bool {
    method != "sendChatAction"
        && ["send", "forwardMessage", "copyMessage"].iter().any(|prefix| method.starts_with(prefix))
}

/// Whether carrying it out twice leaves the same state as once.
pub(crate) fn is_repeatable(method: &str) -> bool {
    const PREFIXES: &[&str] = &[
        "get", "delete", "edit", "set", "ban", "unban", "restrict", "promote", "pin", "unpin", "answer",
        "leave", "hide", "unhide",
    ];
    PREFIXES.iter().any(|prefix| method.starts_with(prefix))
}

/// How long one attempt may take.
pub(crate) fn limit(method: &str) -> Duration {
    match method {
        // Telegram: a callback query lives for some seconds only.
        "answerCallbackQuery" => Duration::from_secs(10),
        _ => Duration::from_secs(30),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell() {
        for method in ["sendMessage", "copyMessage", "forwardMessages", "sendMediaGroup"] {
            assert!(creates_message(method) && !is_repeatable(method), "{method}");
            assert_eq!(traffic(method), Traffic::Messages, "{method}");
        }
        for method in
            ["getChat", "deleteMessages", "restrictChatMember", "answerCallbackQuery", "setMyCommands"]
        {
            assert!(is_repeatable(method) && !creates_message(method), "{method}");
            assert_eq!(traffic(method), Traffic::Other, "{method}");
        }
        assert_eq!(traffic("editMessageText"), Traffic::Messages);
        assert!(is_repeatable("editMessageText"));
        assert!(!creates_message("sendChatAction"));
        assert!(!is_repeatable("createChatInviteLink"));
        assert!(!is_repeatable("approveChatJoinRequest"));
    }
}
