//! The only HTML of the house: text enters it escaped, or not at all.

use std::borrow::Cow;
use std::fmt;

use alita_model::{ChatId, MessageId, NoteName, ThreadId, UserId};

use crate::names::display_name;
use crate::{read, urls, write};

/// Telegram HTML that is safe by type.
///
/// Text gets in through [`ToHtml`], which escapes it; tags only through the builders, literals of our own,
/// and [`Html::from_trusted`], which checks nothing.
///
/// ```
/// use alita_markup::Html;
///
/// let mut line = Html::bold("<Ada>");
/// line.push_text(" & ").push_html(&Html::code("rm -rf"));
/// assert_eq!(line.as_str(), "<b>&lt;Ada&gt;</b> &amp; <code>rm -rf</code>");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Html(String);

impl Html {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(String::new())
    }

    /// A piece of plain text, escaped.
    #[must_use]
    pub fn escaped(text: &str) -> Self {
        let mut html = Self::new();
        html.push_text(text);
        html
    }

    /// HTML that was written into the source code, and so can hold nothing that a person typed.
    #[must_use]
    pub fn literal(html: &'static str) -> Self {
        Self(html.to_owned())
    }

    /// HTML whose every piece was escaped already, such as a text of `alita-i18n`.
    ///
    /// Nothing is checked, so a person's words must never come here: they go through [`Html::escaped`], and HTML of
    /// unknown origin through [`Html::repaired`].
    #[must_use]
    pub fn from_trusted(html: impl Into<String>) -> Self {
        Self(html.into())
    }

    /// HTML of unknown origin, mended: balanced, Telegram's tags alone, no strange addresses.
    ///
    /// Everything that is no tag of Telegram's is shown as text.
    #[must_use]
    pub fn repaired(html: &str) -> Self {
        write::html(&read::html(html))
    }

    /// `x` in bold.
    #[must_use]
    pub fn bold(x: impl ToHtml) -> Self {
        Self::tagged("<b>", x, "</b>")
    }

    /// `x` in italics.
    #[must_use]
    pub fn italic(x: impl ToHtml) -> Self {
        Self::tagged("<i>", x, "</i>")
    }

    /// `x` underlined.
    #[must_use]
    pub fn underline(x: impl ToHtml) -> Self {
        Self::tagged("<u>", x, "</u>")
    }

    /// `x` struck through.
    #[must_use]
    pub fn strikethrough(x: impl ToHtml) -> Self {
        Self::tagged("<s>", x, "</s>")
    }

    /// `text` in a fixed-width font; a tap copies it.
    #[must_use]
    pub fn code(text: impl fmt::Display) -> Self {
        Self::tagged("<code>", text.to_string(), "</code>")
    }

    /// `text` as a block in a fixed-width font.
    #[must_use]
    pub fn pre(text: impl fmt::Display) -> Self {
        Self::tagged("<pre>", text.to_string(), "</pre>")
    }

    /// `x` as a quotation.
    #[must_use]
    pub fn quote(x: impl ToHtml) -> Self {
        Self::tagged("<blockquote>", x, "</blockquote>")
    }

    /// `x` as a link; `x` alone when `url` is no web or Telegram address with a host.
    #[must_use]
    pub fn link(url: &str, x: impl ToHtml) -> Self {
        let Some(url) = urls::accept(url) else {
            return x.to_html();
        };
        let mut html = Self(format!("<a href=\"{}\">", escape(&url)));
        html.push(x);
        html.0.push_str("</a>");
        html
    }

    /// The pieces one after another with `separator` between them.
    #[must_use]
    pub fn join<I>(pieces: I, separator: &str) -> Self
    where
        I: IntoIterator,
        I::Item: ToHtml,
    {
        let mut html = Self::new();
        for (index, piece) in pieces.into_iter().enumerate() {
            if index > 0 {
                html.push_text(separator);
            }
            html.push(piece);
        }
        html
    }

    /// Adds anything that knows its HTML.
    pub fn push(&mut self, x: impl ToHtml) -> &mut Self {
        x.write_html(&mut self.0);
        self
    }

    /// Adds plain text, escaped.
    pub fn push_text(&mut self, text: &str) -> &mut Self {
        escape_into(text, &mut self.0);
        self
    }

    /// Adds HTML.
    pub fn push_html(&mut self, html: &Self) -> &mut Self {
        self.0.push_str(&html.0);
        self
    }

    /// Adds HTML that was written into the source code.
    pub fn push_literal(&mut self, html: &'static str) -> &mut Self {
        self.0.push_str(html);
        self
    }

    /// Adds a line break.
    pub fn newline(&mut self) -> &mut Self {
        self.0.push('\n');
        self
    }

    /// What goes to Telegram.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What goes to Telegram, without a copy.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }

    /// Whether there is nothing at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn tagged(open: &str, x: impl ToHtml, close: &str) -> Self {
        let mut html = Self(open.to_owned());
        x.write_html(&mut html.0);
        html.0.push_str(close);
        html
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Html> for String {
    fn from(html: Html) -> Self {
        html.0
    }
}

mod sealed {
    /// Only this crate writes into an [`Html`](super::Html) without escaping.
    pub trait Sealed {
        fn write_html(&self, html: &mut String);
    }
}
use sealed::Sealed;

/// What can stand in HTML: plain text, which is escaped on the way, and HTML itself.
///
/// It cannot be implemented elsewhere, so nothing gets round the escaping.
pub trait ToHtml: Sealed {
    /// The thing as HTML.
    fn to_html(&self) -> Html {
        let mut html = String::new();
        self.write_html(&mut html);
        Html(html)
    }
}

impl<T: Sealed + ?Sized> ToHtml for T {}

impl<T: Sealed + ?Sized> Sealed for &T {
    fn write_html(&self, html: &mut String) {
        (**self).write_html(html);
    }
}

impl Sealed for str {
    fn write_html(&self, html: &mut String) {
        escape_into(self, html);
    }
}

impl Sealed for String {
    fn write_html(&self, html: &mut String) {
        escape_into(self, html);
    }
}

impl Sealed for Cow<'_, str> {
    fn write_html(&self, html: &mut String) {
        escape_into(self, html);
    }
}

impl Sealed for Html {
    fn write_html(&self, html: &mut String) {
        html.push_str(&self.0);
    }
}

macro_rules! shown_escaped {
    ($($name:ty)*) => {$(
        impl Sealed for $name {
            fn write_html(&self, html: &mut String) {
                escape_into(&self.to_string(), html);
            }
        }
    )*};
}

shown_escaped!(char u8 u16 u32 u64 usize i8 i16 i32 i64 isize ChatId UserId MessageId ThreadId NoteName);

/// A person's name that leads to the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// Whom it leads to; without a valid id only the name is shown.
    pub user: UserId,
    /// What is shown, cleaned by [`display_name`]; the id stands in for an empty name.
    pub name: String,
}

impl Sealed for Mention {
    fn write_html(&self, html: &mut String) {
        html.push_str(mention(self.user, &self.name).as_str());
    }
}

/// A person's name that leads to the person; an empty name shows the id.
///
/// ```
/// assert_eq!(
///     alita_markup::mention(7_i64, "<Ada>").as_str(),
///     r#"<a href="tg://user?id=7">&lt;Ada&gt;</a>"#,
/// );
/// ```
#[must_use]
pub fn mention(user: impl Into<UserId>, name: &str) -> Html {
    let user = user.into();
    let mut shown = display_name(name);
    if shown.is_empty() {
        shown = user.to_string();
    }
    if user.is_somebody() { Html::link(&urls::of_person(user), shown) } else { Html::escaped(&shown) }
}

/// Escapes what means something in HTML.
pub(crate) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    escape_into(text, &mut html);
    html
}

/// Escapes what means something in HTML, at the end of `html`.
pub(crate) fn escape_into(text: &str, html: &mut String) {
    html.reserve(text.len());
    text.chars().for_each(|c| escape_char(c, html));
}

/// Escapes one character.
pub(crate) fn escape_char(c: char, html: &mut String) {
    match c {
        '&' => html.push_str("&amp;"),
        '<' => html.push_str("&lt;"),
        '>' => html.push_str("&gt;"),
        '"' => html.push_str("&quot;"),
        c => html.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_in_unescaped() {
        for name in ["<b>", "</a>", "&amp;", "\"", "{first}", "%s", "{0}"] {
            let html = Html::bold(name);
            assert_eq!(html.as_str(), format!("<b>{}</b>", escape(name)));
        }
        assert_eq!(Html::code("a<b").as_str(), "<code>a&lt;b</code>");
        assert_eq!(
            Html::link("https://a.io/?x&y", "<").as_str(),
            r#"<a href="https://a.io/?x&amp;y">&lt;</a>"#
        );
    }

    #[test]
    fn a_link_without_an_address_is_text() {
        assert_eq!(Html::link("javascript:1", "t").as_str(), "t");
        assert_eq!(mention(0_i64, "Ada").as_str(), "Ada");
        assert_eq!(mention(5_i64, "\u{202e} ").as_str(), r#"<a href="tg://user?id=5">5</a>"#);
    }

    #[test]
    fn pieces_join() {
        let list = Html::join([Html::bold("a"), Html::escaped("<")], " & ");
        assert_eq!(list.as_str(), "<b>a</b> &amp; &lt;");
        assert_eq!(Html::join(["x"; 0], ", "), Html::new());
        assert_eq!(Html::join([1, 2], ", ").as_str(), "1, 2");
    }
}
