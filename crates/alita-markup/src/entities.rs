//! The formatting that Telegram delivers beside a text.

use std::cmp::Reverse;

use alita_model::UserId;

use crate::doc::{Doc, Look, Span, Style, is_language};
use crate::{urls, utf16};

/// A piece of formatting that a message came with (`MessageEntity`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// What it does.
    pub kind: EntityKind,
    /// Where it begins, in UTF-16 units.
    pub offset: usize,
    /// How long it is, in UTF-16 units.
    pub length: usize,
}

impl Entity {
    /// An entity as Telegram writes it.
    #[must_use]
    pub const fn new(kind: EntityKind, offset: usize, length: usize) -> Self {
        Self { kind, offset, length }
    }

    /// The text it covers, or `None` when it does not fit the text.
    #[must_use]
    pub fn text<'t>(&self, text: &'t str) -> Option<&'t str> {
        utf16::slice(text, self.offset, self.length)
    }
}

/// What an [`Entity`] does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntityKind {
    /// `bold`
    Bold,
    /// `italic`
    Italic,
    /// `underline`
    Underline,
    /// `strikethrough`
    Strikethrough,
    /// `spoiler`
    Spoiler,
    /// `code`
    Code,
    /// `pre`
    Pre {
        /// The programming language, if it was given.
        language: Option<String>,
    },
    /// `text_link`
    TextLink {
        /// Where it leads.
        url: String,
    },
    /// `text_mention`
    TextMention {
        /// Whom it names.
        user: UserId,
    },
    /// `custom_emoji`
    CustomEmoji {
        /// The emoji's id.
        id: String,
    },
    /// `blockquote`
    Blockquote,
    /// `expandable_blockquote`
    ExpandableBlockquote,
    /// `url`: an address in the text, in which marks mean nothing.
    Url,
    /// Anything that needs no mark: `mention`, `hashtag`, `bot_command` and what Telegram thinks of next.
    Other,
}

/// One character of a message with what its entities say about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unit {
    pub(crate) c: char,
    pub(crate) look: Look,
    /// Marks mean nothing here.
    pub(crate) is_raw: bool,
}

/// The characters of a message with the formatting of its entities; spans and quotes are added to `doc`.
pub(crate) fn units(text: &str, entities: &[Entity], doc: &mut Doc) -> Vec<Unit> {
    let mut offsets = Vec::with_capacity(text.len());
    let mut units = Vec::with_capacity(text.len());
    let mut offset = 0;
    for c in text.chars() {
        offsets.push(offset);
        offset += c.len_utf16();
        units.push(Unit { c, look: Look::default(), is_raw: false });
    }
    let mut sorted: Vec<_> = entities
        .iter()
        .map(|entity| {
            let end = entity.offset.saturating_add(entity.length);
            let unit = |at| offsets.partition_point(|&offset| offset < at);
            (unit(entity.offset), unit(end), &entity.kind)
        })
        .filter(|(start, end, _)| start < end)
        .collect();
    sorted.sort_by_key(|&(start, end, _)| (start, Reverse(end)));

    let mut styles = StyleRanges::new(units.len());
    // Spans do not nest in spans, nor quotes in quotes; where two overlap the first one keeps its place.
    let (mut spans_end, mut quotes_end, mut raw_end) = (0, 0, 0);
    for (start, end, kind) in sorted {
        if let Some(style) = style_of(kind) {
            styles.add(start, end, style);
        } else if let Some(span) = span_of(kind) {
            let start = start.max(spans_end);
            if start < end {
                let id = doc.add_span(span);
                units[start..end].iter_mut().for_each(|unit| {
                    unit.look.span = id;
                    unit.is_raw = true;
                });
                spans_end = end;
            }
        } else if matches!(kind, EntityKind::Blockquote | EntityKind::ExpandableBlockquote) {
            let start = start.max(quotes_end);
            if start < end {
                let id = doc.add_quote(*kind == EntityKind::ExpandableBlockquote);
                units[start..end].iter_mut().for_each(|unit| unit.look.quote = id);
                quotes_end = end;
            }
        } else if *kind == EntityKind::Url && end > raw_end {
            units[start.max(raw_end)..end].iter_mut().for_each(|unit| unit.is_raw = true);
            raw_end = end;
        }
    }
    styles.apply(units.iter_mut().map(|unit| &mut unit.look));
    units
}

fn style_of(kind: &EntityKind) -> Option<Style> {
    Some(match kind {
        EntityKind::Bold => Style::Bold,
        EntityKind::Italic => Style::Italic,
        EntityKind::Underline => Style::Underline,
        EntityKind::Strikethrough => Style::Strike,
        EntityKind::Spoiler => Style::Spoiler,
        _ => return None,
    })
}

fn span_of(kind: &EntityKind) -> Option<Span> {
    Some(match kind {
        EntityKind::Code => Span::Code,
        EntityKind::Pre { language } => {
            Span::Pre(language.clone().filter(|language| is_language(language)).unwrap_or_default())
        }
        EntityKind::TextLink { url } => Span::Link(urls::accept(url)?.into_owned()),
        EntityKind::TextMention { user } if user.is_somebody() => Span::Link(urls::of_person(*user)),
        EntityKind::CustomEmoji { id } if is_emoji_id(id) => Span::Emoji(id.clone()),
        _ => return None,
    })
}

/// Whether this could be a custom emoji's id.
pub(crate) fn is_emoji_id(id: &str) -> bool {
    (1..=20).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit())
}

/// Styles over ranges, collected first and applied in one sweep, so that deep nesting costs nothing.
#[derive(Debug)]
pub(crate) struct StyleRanges(Vec<[i32; Style::ALL.len()]>);

impl StyleRanges {
    pub(crate) fn new(len: usize) -> Self {
        Self(vec![[0; Style::ALL.len()]; len + 1])
    }

    /// `style` from `start` up to `end`, both at most the length.
    pub(crate) fn add(&mut self, start: usize, end: usize, style: Style) {
        self.0[start][style as usize] += 1;
        self.0[end][style as usize] -= 1;
    }

    pub(crate) fn apply<'a>(&self, looks: impl Iterator<Item = &'a mut Look>) {
        let mut open = [0; Style::ALL.len()];
        for (look, change) in looks.zip(&self.0) {
            for style in Style::ALL {
                open[style as usize] += change[style as usize];
                if open[style as usize] > 0 {
                    look.style |= style.bit();
                }
            }
        }
    }
}
