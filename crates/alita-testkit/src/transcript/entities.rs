//! Shows a text's formatting as tags.

use serde_json::Value;

/// Writes the text with the tags of its entities; `<`, `>` and `&` of the text itself are escaped.
///
/// Entities that Telegram finds by itself (commands, links, mentions of usernames) are not shown.
pub(super) fn tagged(text: &str, entities: &Value) -> String {
    let mut spans: Vec<Span> = entities.as_array().into_iter().flatten().filter_map(Span::new).collect();
    // Outer entities first: Telegram's entities nest, they never cross.
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let mut spans = spans.into_iter().peekable();
    let mut open: Vec<Span> = Vec::new();
    let mut shown = String::with_capacity(text.len() * 2);
    let mut at: u64 = 0;
    for c in text.chars() {
        close(&mut open, at, &mut shown);
        while let Some(span) = spans.next_if(|span| span.start <= at) {
            shown.push_str(&span.before);
            open.push(span);
        }
        match c {
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '&' => shown.push_str("&amp;"),
            c => shown.push(c),
        }
        // Telegram: offsets and lengths count UTF-16 units.
        at += if c.len_utf16() == 2 { 2 } else { 1 };
    }
    close(&mut open, u64::MAX, &mut shown);
    shown
}

struct Span {
    start: u64,
    end: u64,
    before: String,
    after: &'static str,
}

impl Span {
    fn new(entity: &Value) -> Option<Self> {
        let start = entity["offset"].as_u64()?;
        let tag = |before: &str, after| Some((before.to_owned(), after));
        let (before, after) = match entity["type"].as_str()? {
            "bold" => tag("<b>", "</b>"),
            "italic" => tag("<i>", "</i>"),
            "underline" => tag("<u>", "</u>"),
            "strikethrough" => tag("<s>", "</s>"),
            "spoiler" => tag("<tg-spoiler>", "</tg-spoiler>"),
            "code" => tag("<code>", "</code>"),
            "pre" => match entity["language"].as_str() {
                Some(language) => Some((format!("<pre language=\"{language}\">"), "</pre>")),
                None => tag("<pre>", "</pre>"),
            },
            "blockquote" => tag("<blockquote>", "</blockquote>"),
            "expandable_blockquote" => tag("<blockquote expandable>", "</blockquote>"),
            "custom_emoji" => {
                let id = entity["custom_emoji_id"].as_str().unwrap_or_default();
                Some((format!("<tg-emoji emoji-id=\"{id}\">"), "</tg-emoji>"))
            }
            "text_link" => {
                Some((format!("<a href=\"{}\">", entity["url"].as_str().unwrap_or_default()), "</a>"))
            }
            "text_mention" => Some((format!("<a href=\"tg://user?id={}\">", entity["user"]["id"]), "</a>")),
            _ => None,
        }?;
        Some(Self { start, end: start.saturating_add(entity["length"].as_u64()?), before, after })
    }
}

fn close(open: &mut Vec<Span>, at: u64, shown: &mut String) {
    while let Some(span) = open.pop_if(|span| span.end <= at) {
        shown.push_str(span.after);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::tagged;

    #[test]
    fn nested_entities_become_nested_tags() {
        let entities = json!([
            {"type": "bold", "offset": 0, "length": 8},
            {"type": "italic", "offset": 3, "length": 5},
            {"type": "text_mention", "offset": 9, "length": 3, "user": {"id": 42}},
            {"type": "bot_command", "offset": 0, "length": 2}
        ]);
        let shown = tagged("😀 a<bcd Tom", &entities);
        assert_eq!(shown, "<b>😀 <i>a&lt;bcd</i></b> <a href=\"tg://user?id=42\">Tom</a>");
    }
}
