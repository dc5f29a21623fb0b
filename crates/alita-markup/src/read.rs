//! From Telegram HTML to characters, forgiving whatever it may meet.

use crate::doc::{Doc, Look, Span, Style, is_language};
use crate::entities::is_emoji_id;
use crate::urls;

/// A piece of HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Char(char),
    Open(Tag),
    Close(Tag),
}

/// The tags that Telegram knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tag {
    Style(Style),
    Link(String),
    Code(String),
    Pre,
    Emoji(String),
    Quote { is_expandable: bool },
}

/// The pieces of an HTML text; what is no tag of Telegram's is text.
pub(crate) fn tokens(html: &str) -> impl Iterator<Item = Token> {
    let mut rest = html;
    std::iter::from_fn(move || {
        let c = rest.chars().next()?;
        let found = match c {
            '<' => tag(rest),
            '&' => entity(rest).map(|(c, after)| (Token::Char(c), after)),
            _ => None,
        };
        let (token, after) =
            found.unwrap_or_else(|| (Token::Char(c), rest.get(c.len_utf8()..).unwrap_or("")));
        rest = after;
        Some(token)
    })
}

/// The formatted text that an HTML text shows, tidy.
pub(crate) fn html(html: &str) -> Doc {
    let mut doc = Doc::default();
    let mut look = Look::default();
    let mut depth = [0_usize; Style::ALL.len()];
    let mut quotes = 0_usize;
    for token in tokens(html) {
        match token {
            Token::Char(c) => {
                look.style = 0;
                for style in Style::ALL.into_iter().filter(|style| depth[*style as usize] > 0) {
                    look.style |= style.bit();
                }
                doc.push(c, look);
            }
            Token::Open(Tag::Style(style)) => depth[style as usize] += 1,
            Token::Close(Tag::Style(style)) => {
                depth[style as usize] = depth[style as usize].saturating_sub(1);
            }
            Token::Open(Tag::Quote { is_expandable }) => {
                if quotes == 0 {
                    look.quote = doc.add_quote(is_expandable);
                }
                quotes += 1;
            }
            Token::Close(Tag::Quote { .. }) => {
                quotes = quotes.saturating_sub(1);
                if quotes == 0 {
                    look.quote = 0;
                }
            }
            Token::Open(tag) => open_span(&mut doc, &mut look, tag),
            Token::Close(tag) => {
                let is_the_same = matches!(
                    (doc.span(look.span), tag),
                    (Some(Span::Link(_)), Tag::Link(_))
                        | (Some(Span::Code), Tag::Code(_))
                        | (Some(Span::Pre(_)), Tag::Pre)
                        | (Some(Span::Emoji(_)), Tag::Emoji(_))
                );
                if is_the_same {
                    look.span = 0;
                }
            }
        }
    }
    doc.tidy()
}

fn open_span(doc: &mut Doc, look: &mut Look, tag: Tag) {
    if look.span != 0 {
        // `<pre><code class="language-..">`: the only span that may open in another.
        if let (Some(Span::Pre(language)), Tag::Code(named)) = (doc.spans.get_mut(look.span - 1), tag)
            && language.is_empty()
        {
            *language = named;
        }
        return;
    }
    let span = match tag {
        Tag::Link(url) => urls::accept(&url).map(|url| Span::Link(url.into_owned())),
        Tag::Code(_) => Some(Span::Code),
        Tag::Pre => Some(Span::Pre(String::new())),
        Tag::Emoji(id) => is_emoji_id(&id).then_some(Span::Emoji(id)),
        Tag::Style(_) | Tag::Quote { .. } => None,
    };
    if let Some(span) = span {
        look.span = doc.add_span(span);
    }
}

/// The tag at the beginning of `html` and what follows it.
fn tag(html: &str) -> Option<(Token, &str)> {
    let inner = html.strip_prefix('<')?;
    // A tag ends before the next one begins; so no text is looked through twice.
    let end = inner.find(['<', '>'])?;
    let (inner, after) = inner.split_at_checked(end)?;
    let after = after.strip_prefix('>')?;
    let (inner, is_closing) = match inner.strip_prefix('/') {
        Some(inner) => (inner, true),
        None => (inner, false),
    };
    let (name, attributes) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
    let value = |name| attribute(attributes, name).unwrap_or_default();
    let tag = match name.to_ascii_lowercase().as_str() {
        "b" | "strong" => Tag::Style(Style::Bold),
        "i" | "em" => Tag::Style(Style::Italic),
        "u" | "ins" => Tag::Style(Style::Underline),
        "s" | "strike" | "del" => Tag::Style(Style::Strike),
        "tg-spoiler" => Tag::Style(Style::Spoiler),
        "span" if is_closing || value("class") == "tg-spoiler" => Tag::Style(Style::Spoiler),
        "a" => Tag::Link(value("href")),
        "code" => {
            let class = value("class");
            let language = class.strip_prefix("language-").filter(|language| is_language(language));
            Tag::Code(language.unwrap_or_default().to_owned())
        }
        "pre" => Tag::Pre,
        "tg-emoji" => Tag::Emoji(value("emoji-id")),
        "blockquote" => Tag::Quote { is_expandable: attribute(attributes, "expandable").is_some() },
        _ => return None,
    };
    Some((if is_closing { Token::Close(tag) } else { Token::Open(tag) }, after))
}

/// The value of an attribute; an attribute without one has an empty value.
fn attribute(attributes: &str, wanted: &str) -> Option<String> {
    let mut rest = attributes.trim_start();
    while !rest.is_empty() {
        let name_end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let (name, after) = rest.split_at_checked(name_end)?;
        let mut value = "";
        rest = after.trim_start();
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            let quoted =
                ['"', '\''].into_iter().find_map(|quote| after.strip_prefix(quote)?.split_once(quote));
            (value, rest) =
                quoted.unwrap_or_else(|| after.split_once(char::is_whitespace).unwrap_or((after, "")));
            rest = rest.trim_start();
        }
        if name.eq_ignore_ascii_case(wanted) {
            return Some(unescape(value));
        }
    }
    None
}

fn unescape(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(c) = rest.chars().next() {
        let (c, after) = entity(rest).unwrap_or_else(|| (c, rest.get(c.len_utf8()..).unwrap_or("")));
        text.push(c);
        rest = after;
    }
    text
}

/// The character that an HTML entity at the beginning of `html` stands for.
fn entity(html: &str) -> Option<(char, &str)> {
    let inner = html.strip_prefix('&')?;
    let (end, _) = inner.char_indices().take(10).find(|(_, c)| *c == ';')?;
    let (name, after) = inner.split_at_checked(end)?;
    let c = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => digits.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    };
    Some((c, after.strip_prefix(';')?))
}
