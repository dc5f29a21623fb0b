//! What a message holds: `[photo file-7] html: <b>caption</b>`.

use super::words::Words;
use crate::transcript::script::{Content, Forward};

/// The kinds of media that somebody can send.
const MEDIA: [&str; 17] = [
    "photo",
    "sticker",
    "document",
    "gif",
    "animation",
    "voice",
    "videonote",
    "video_note",
    "video",
    "audio",
    "contact",
    "location",
    "venue",
    "game",
    "poll",
    "dice",
    "story",
];

/// The text behind the colon; brackets that are no known mark belong to the text.
pub(super) fn content(text: &str) -> Result<Content, String> {
    let mut content = Content::default();
    let mut rest = text;
    while let Some((inside, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let mut words = Words::new(inside);
        if words.eat("forward") {
            content.forward = Some(forward(words)?);
        } else if words.eat("via") {
            content.via = Some(words.name()?);
        } else if let Some(kind) = MEDIA.iter().find(|kind| words.eat(kind)) {
            content.media = Some((*kind, words.rest().trim().to_owned()));
        } else {
            break;
        }
        rest = after.strip_prefix(' ').unwrap_or(after);
    }
    if let Some(html) = rest.strip_prefix("html:") {
        content.html = true;
        rest = html.strip_prefix(' ').unwrap_or(html);
    }
    content.text = rest.to_owned();
    Ok(content)
}

fn forward(mut words: Words<'_>) -> Result<Forward, String> {
    if !words.eat("from") {
        return Err("a forward says from whom: [forward from Bob]".to_owned());
    }
    let forward = if words.eat("hidden") {
        Forward::Hidden(words.name()?)
    } else if words.eat("channel") {
        Forward::Channel(words.name()?)
    } else {
        Forward::Person(words.name()?)
    };
    words.end()?;
    Ok(forward)
}

/// A `+` line: `[Label](https://x) [Other](https://y)`.
pub(super) fn row(line: &str) -> Result<Vec<(String, String)>, String> {
    let wrong = || "a row of buttons is [Label](https://..) [Label](https://..)".to_owned();
    let mut buttons = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let (label, after) =
            rest.strip_prefix('[').and_then(|rest| rest.split_once("](")).ok_or_else(wrong)?;
        let (url, after) = after.split_once(')').ok_or_else(wrong)?;
        buttons.push((label.to_owned(), url.to_owned()));
        rest = after.trim_start();
    }
    Ok(buttons)
}
