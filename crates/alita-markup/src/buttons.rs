//! Buttons that lead to an address: how they are typed, copied and laid out.

use alita_model::SavedButton;

use crate::marks::unescaped;
use crate::names::one_line;
use crate::urls;

/// The most buttons under one message.
pub const MAX_BUTTONS: usize = 100;

/// The most buttons beside each other.
pub const MAX_ROW: usize = 8;

/// A button that leads to an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlButton {
    /// What it says.
    pub label: String,
    /// Where it leads.
    pub url: String,
}

/// A button that was typed but cannot be kept: its address leads nowhere, or there are too many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DroppedButton {
    /// What it would have said.
    pub label: String,
    /// The address as it was typed.
    pub url: String,
}

/// What stands between the parentheses of `[label](buttonurl#style://URL:same)`.
#[derive(Debug)]
pub(crate) struct Mark {
    pub(crate) url: String,
    pub(crate) same_row: bool,
}

/// Reads a button's mark, or `None` when this is the address of a link.
pub(crate) fn read_mark(address: &str) -> Option<Mark> {
    let word = address.get(.."buttonurl".len())?;
    if !word.eq_ignore_ascii_case("buttonurl") {
        return None;
    }
    let rest = address.get(word.len()..)?;
    let rest = match rest.strip_prefix('#') {
        // The colour is accepted and nothing more: Telegram draws the button.
        Some(styled) => {
            ["primary:", "success:", "danger:"].iter().find_map(|style| styled.strip_prefix(style))?
        }
        None => rest.strip_prefix(':')?,
    };
    let rest = rest.strip_prefix("//").unwrap_or(rest).trim();
    let (url, same_row) = match rest.strip_suffix(":same") {
        Some(url) if !ends_with_escape(url) => (url.trim_end(), true),
        _ => (rest, false),
    };
    Some(Mark { url: unescaped(url), same_row })
}

/// How an address is typed into a button's mark.
pub(crate) fn write_mark(button: &SavedButton) -> String {
    let mut address = String::from("buttonurl://");
    let ambiguous = button.url.strip_suffix(":same");
    address.push_str(&escaped(ambiguous.unwrap_or(&button.url)));
    if ambiguous.is_some() {
        address.push_str("\\:same");
    }
    if button.same_row {
        address.push_str(":same");
    }
    address
}

/// An address with a backslash before whatever would end it.
pub(crate) fn escaped(address: &str) -> String {
    address.replace('\\', "\\\\").replace(')', "\\)")
}

fn ends_with_escape(text: &str) -> bool {
    text.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1
}

/// The buttons of another message's keyboard, as rows of labels with their addresses.
///
/// What leads to no address is skipped; the first button that is kept in a row starts a new row.
#[must_use]
pub fn copied_buttons<R, B>(rows: R) -> Vec<SavedButton>
where
    R: IntoIterator<Item = B>,
    B: IntoIterator<Item = (String, Option<String>)>,
{
    let mut buttons = Vec::new();
    for row in rows {
        let mut same_row = false;
        for (label, url) in row {
            let Some(url) = url.as_deref().and_then(urls::accept) else { continue };
            let url = url.into_owned();
            let name = one_line(&label);
            let name = if name.is_empty() { url.clone() } else { name };
            buttons.push(SavedButton { name, url, same_row });
            same_row = true;
        }
    }
    buttons.truncate(MAX_BUTTONS);
    buttons
}

/// The rows in which saved buttons stand: at most [`MAX_ROW`] in each, the `most` first ones in all.
pub(crate) fn rows(saved: &[SavedButton], most: usize) -> Vec<Vec<UrlButton>> {
    let mut rows = Vec::new();
    for button in saved.iter().take(most) {
        add(&mut rows, UrlButton { label: button.name.clone(), url: button.url.clone() }, button.same_row);
    }
    rows
}

/// Adds a button to the last row, or below it.
pub(crate) fn add(rows: &mut Vec<Vec<UrlButton>>, button: UrlButton, same_row: bool) {
    match rows.last_mut() {
        Some(row) if same_row && row.len() < MAX_ROW => row.push(button),
        _ => rows.push(vec![button]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks() {
        for (typed, expected) in [
            ("buttonurl://example.com", Some(("example.com", false))),
            ("buttonurl:https://b.io:same", Some(("https://b.io", true))),
            ("ButtonURL#danger://b.io", Some(("b.io", false))),
            ("buttonurl#primary:b.io :same", Some(("b.io", true))),
            ("buttonurl://b.io/\\:same", Some(("b.io/:same", false))),
            ("buttonurl://b.io/\\:same:same", Some(("b.io/:same", true))),
            ("buttonurl#pink://b.io", None),
            ("buttonurl.com", None),
            ("https://b.io", None),
            ("é", None),
        ] {
            let mark = read_mark(typed);
            assert_eq!(mark.as_ref().map(|mark| (mark.url.as_str(), mark.same_row)), expected, "{typed}");
        }
    }

    #[test]
    fn other_keyboards_keep_their_rows() {
        let url = |url: &str| Some(url.to_owned());
        let rows = [
            vec![
                ("a".to_owned(), None),
                ("b".to_owned(), url("https://b.io")),
                (" ".to_owned(), url("https://c.io")),
            ],
            vec![("d".to_owned(), url("tg://resolve?domain=d")), ("e".to_owned(), url("callback"))],
        ];
        let copied: Vec<_> =
            copied_buttons(rows).into_iter().map(|button| (button.name, button.same_row)).collect();
        let expected = [("b", false), ("https://c.io", true), ("d", false)];
        assert_eq!(copied, expected.map(|(name, same)| (name.to_owned(), same)));
    }

    #[test]
    fn rows_wrap() {
        let button = |same_row| SavedButton { name: "x".into(), url: "https://x.io".into(), same_row };
        let lengths =
            |buttons: &[SavedButton]| -> Vec<usize> { rows(buttons, 100).iter().map(Vec::len).collect() };
        assert_eq!(lengths(&vec![button(true); 20]), [8, 8, 4]);
        assert_eq!(lengths(&vec![button(false); 120]), [1; 100]);
        assert_eq!(lengths(&[button(false), button(true), button(false)]), [2, 1]);
    }
}
