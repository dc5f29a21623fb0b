//! Commands, links, mentions: what Telegram finds in a plain text.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::json;

use super::text::Entity;

/// Each kind with its pattern; where two meet, the earlier one wins, and of those the first in this list.
static PATTERNS: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
    let link = concat!(
        r#"(?i)(?:https?|ftp|tg|ton)://[^\s<>"«»“”]+"#,
        r"|(?:[\p{L}\d](?:[\p{L}\d-]*[\p{L}\d])?\.)+(?:com|org|net|io|me|dev|app|info|biz|xyz|gg|co|tv|to|uk|de|fr|es|it|nl|pl|ru|ua|br|in|eu|us|ai|рф)(?::\d{1,5})?(?:[/?#][^\s<>]*)?",
    );
    [
        ("email", r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,24}"),
        ("url", link),
        ("bot_command", r"/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?"),
        ("mention", r"@[A-Za-z0-9_]{3,32}"),
        ("hashtag", r"#[\p{L}\p{M}\d_]+"),
    ]
    .map(|(kind, pattern)| (kind, Regex::new(pattern).expect("a pattern written here is well-formed")))
    .into()
});

/// The entities that Telegram would find.
pub(crate) fn entities(text: &str) -> Vec<Entity> {
    // Nothing can be found without one of these, and most texts have none.
    if !text.contains(['/', '@', '#', '.']) {
        return Vec::new();
    }
    let mut found: Vec<(usize, usize, usize)> = Vec::new();
    for (rank, (kind, pattern)) in PATTERNS.iter().enumerate() {
        for hit in pattern.find_iter(text) {
            let before = text.get(..hit.start()).unwrap_or_default().chars().next_back();
            let after = text.get(hit.end()..).unwrap_or_default().chars().next();
            let end = if *kind == "url" {
                hit.start() + without_punctuation(hit.as_str()).len()
            } else {
                hit.end()
            };
            if stands_alone(kind, hit.as_str(), before, after) {
                found.push((hit.start(), rank, end));
            }
        }
    }
    found.sort_unstable();
    let (mut entities, mut covered) = (Vec::new(), 0);
    let (mut byte, mut offset) = (0, 0);
    for (start, rank, end) in found {
        if start < covered {
            continue;
        }
        covered = end;
        let utf16 = |from: usize, to: usize| text.get(from..to).unwrap_or_default().encode_utf16().count();
        offset += utf16(byte, start);
        byte = start;
        let kind = PATTERNS.get(rank).map_or("", |(kind, _)| kind);
        entities.push(Entity {
            offset,
            length: utf16(start, end),
            fields: json!({"type": kind}),
            order: usize::MAX,
        });
    }
    entities
}

/// What may stand around it.
fn stands_alone(kind: &str, hit: &str, before: Option<char>, after: Option<char>) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let is_one_of = |c: Option<char>, set: &str| c.is_some_and(|c| set.contains(c));
    match kind {
        "bot_command" => {
            !is_word(before) && !is_one_of(before, "/<>") && !is_word(after) && !is_one_of(after, "/<>")
        }
        "mention" => !is_word(before) && !is_word(after),
        "hashtag" => {
            !is_word(before)
                && !is_one_of(before, "#")
                && !is_word(after)
                && hit.chars().skip(1).any(|c| !c.is_numeric())
        }
        "url" => !is_word(before) && !is_one_of(before, "@.") && !is_word(after) && !is_one_of(after, "@"),
        _ => !is_word(before) && !is_word(after),
    }
}

/// Telegram: a full stop or bracket behind a link is not part of it.
fn without_punctuation(url: &str) -> &str {
    url.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', ')', ']', '}', '…'])
}
