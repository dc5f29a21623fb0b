//! From characters with looks to nested elements, and from those to HTML.

use std::cmp::Reverse;

use crate::doc::{Doc, Span, Style};
use crate::html::{Html, escape_char, escape_into};

/// Something that begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Element {
    Quote(usize),
    Style(Style),
    Span(usize),
}

/// What wants to hear of elements in the order in which they nest.
pub(crate) trait Writer {
    /// `element` begins before the character at `at`.
    fn open(&mut self, doc: &Doc, element: Element, at: usize);
    /// `element` ends before the character at `at`.
    fn close(&mut self, doc: &Doc, element: Element, at: usize);
    /// The character at `at`.
    fn text(&mut self, doc: &Doc, at: usize);
}

/// Tells `writer` a tidy text; whatever lasts longest is outermost, and a link is never torn apart.
pub(crate) fn walk(doc: &Doc, writer: &mut impl Writer) {
    // Ends fall from bottom to top, so what ends is always on top. Nothing nests in itself, so there are
    // at most five styles, one span and one quotation: far below the 16 that we allow ourselves.
    let mut stack: Vec<(Element, usize)> = Vec::new();
    for at in 0..=doc.cells.len() {
        let look = doc.cells.get(at).map(|cell| cell.look);
        let is_border = at == 0 || look != doc.cells.get(at - 1).map(|cell| cell.look);
        if is_border {
            while let Some((element, _)) = stack.pop_if(|(_, end)| *end <= at) {
                writer.close(doc, element, at);
            }
            // A style that outlasts the link around it goes on behind it.
            let link_end =
                stack.iter().find(|(open, _)| matches!(open, Element::Span(_))).map(|(_, end)| *end);
            let mut opening: Vec<_> = elements(doc, at)
                .filter(|element| !stack.iter().any(|(open, _)| open == element))
                .map(|element| (element, end_of(doc, at, element)))
                .map(|(element, end)| (element, link_end.map_or(end, |link_end| end.min(link_end))))
                .collect();
            let longest = opening.iter().map(|(_, end)| *end).max().unwrap_or_default();
            while let Some((element, end)) = stack.pop_if(|(_, end)| *end < longest) {
                writer.close(doc, element, at);
                opening.push((element, end));
            }
            opening.sort_by_key(|&(element, end)| (Reverse(end), rank(element)));
            for (element, _) in &opening {
                writer.open(doc, *element, at);
            }
            stack.append(&mut opening);
        }
        if look.is_some() {
            writer.text(doc, at);
        }
    }
}

fn elements(doc: &Doc, at: usize) -> impl Iterator<Item = Element> {
    let look = doc.cells.get(at).map(|cell| cell.look).unwrap_or_default();
    let quote = (look.quote != 0).then_some(Element::Quote(look.quote));
    let styles = Style::ALL.into_iter().filter(move |style| look.style & style.bit() != 0);
    let span = (look.span != 0).then_some(Element::Span(look.span));
    quote.into_iter().chain(styles.map(Element::Style)).chain(span)
}

fn end_of(doc: &Doc, at: usize, element: Element) -> usize {
    let quote = doc.cells[at].look.quote;
    let goes_on = |cell: &crate::doc::Cell| {
        cell.look.quote == quote
            && match element {
                Element::Quote(_) => true,
                Element::Style(style) => cell.look.style & style.bit() != 0,
                Element::Span(span) => cell.look.span == span,
            }
    };
    at + doc.cells[at..].iter().take_while(|cell| goes_on(cell)).count()
}

const fn rank(element: Element) -> usize {
    match element {
        Element::Quote(_) => 0,
        Element::Style(style) => 1 + style as usize,
        Element::Span(_) => 1 + Style::ALL.len(),
    }
}

/// A tidy text as Telegram HTML.
#[expect(clippy::disallowed_methods, reason = "the writer escapes every text")]
pub(crate) fn html(doc: &Doc) -> Html {
    let mut writer = HtmlWriter(String::with_capacity(doc.cells.len()));
    walk(doc, &mut writer);
    Html::from_trusted(writer.0)
}

struct HtmlWriter(String);

impl Writer for HtmlWriter {
    fn open(&mut self, doc: &Doc, element: Element, _at: usize) {
        match element {
            Element::Quote(id) if doc.is_expandable(id) => self.0.push_str("<blockquote expandable>"),
            Element::Quote(_) => self.0.push_str("<blockquote>"),
            Element::Style(style) => self.0.push_str(match style {
                Style::Bold => "<b>",
                Style::Italic => "<i>",
                Style::Underline => "<u>",
                Style::Strike => "<s>",
                Style::Spoiler => "<span class=\"tg-spoiler\">",
            }),
            Element::Span(id) => match doc.span(id) {
                Some(Span::Link(url)) => self.tag("<a href=\"", url),
                Some(Span::Emoji(id)) => self.tag("<tg-emoji emoji-id=\"", id),
                Some(Span::Pre(language)) if !language.is_empty() => {
                    self.tag("<pre><code class=\"language-", language);
                }
                Some(Span::Pre(_)) => self.0.push_str("<pre>"),
                Some(Span::Code) => self.0.push_str("<code>"),
                None => {}
            },
        }
    }

    fn close(&mut self, doc: &Doc, element: Element, _at: usize) {
        self.0.push_str(match element {
            Element::Quote(_) => "</blockquote>",
            Element::Style(Style::Bold) => "</b>",
            Element::Style(Style::Italic) => "</i>",
            Element::Style(Style::Underline) => "</u>",
            Element::Style(Style::Strike) => "</s>",
            Element::Style(Style::Spoiler) => "</span>",
            Element::Span(id) => match doc.span(id) {
                Some(Span::Link(_)) => "</a>",
                Some(Span::Emoji(_)) => "</tg-emoji>",
                Some(Span::Pre(language)) if !language.is_empty() => "</code></pre>",
                Some(Span::Pre(_)) => "</pre>",
                Some(Span::Code) => "</code>",
                None => "",
            },
        });
    }

    fn text(&mut self, doc: &Doc, at: usize) {
        escape_char(doc.cells[at].c, &mut self.0);
    }
}

impl HtmlWriter {
    fn tag(&mut self, open: &str, value: &str) {
        self.0.push_str(open);
        escape_into(value, &mut self.0);
        self.0.push_str("\">");
    }
}
