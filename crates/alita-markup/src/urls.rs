//! Which addresses a link or a button may lead to.

use std::borrow::Cow;

use alita_model::UserId;
use url::{Host, Url};

/// Longer addresses are no addresses; it also bounds how far a mark is looked through.
pub(crate) const MAX_CHARS: usize = 2048;

/// The address as it may be sent, or `None`: http, https or tg with a host.
///
/// An address without a scheme (`example.com/x`) gets `https://`.
pub(crate) fn accept(typed: &str) -> Option<Cow<'_, str>> {
    let typed = typed.trim();
    // The parser forgives white space, backslashes and missing slashes; Telegram does not.
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '\\');
    if typed.is_empty() || typed.contains(is_odd) || typed.chars().nth(MAX_CHARS).is_some() {
        return None;
    }
    if let Some((scheme, rest)) = typed.split_once("://")
        && !scheme.contains(['.', '/', '?', ':', '#'])
    {
        let is_known = ["http", "https", "tg"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
        return (is_known && !rest.starts_with('/') && has_host(typed)).then_some(Cow::Borrowed(typed));
    }
    let host = typed.split(['/', '?', ':']).next().unwrap_or_default();
    if !host.contains('.') || typed.contains("://") {
        return None;
    }
    let with_scheme = format!("https://{typed}");
    has_host(&with_scheme).then_some(Cow::Owned(with_scheme))
}

/// The address that opens a person's profile.
pub(crate) fn of_person(user: UserId) -> String {
    format!("tg://user?id={user}")
}

fn has_host(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else {
        return false;
    };
    match url.host() {
        // Telegram: a web address whose host has no dot makes it refuse the whole message.
        Some(Host::Domain(domain)) => url.scheme() == "tg" || domain.trim_matches('.').contains('.'),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (typed, sent) in [
            ("https://example.com", Some("https://example.com")),
            ("HTTP://Example.com/a?b#c", Some("HTTP://Example.com/a?b#c")),
            ("tg://user?id=1", Some("tg://user?id=1")),
            ("tg://user?id={id}", Some("tg://user?id={id}")),
            ("example.com", Some("https://example.com")),
            ("t.me/c/1?x=1:2", Some("https://t.me/c/1?x=1:2")),
            ("https://münchen.de", Some("https://münchen.de")),
            ("http://127.0.0.1:80/", Some("http://127.0.0.1:80/")),
            ("javascript:1", None),
            ("javascript:alert(a.b)", None),
            ("ftp://x", None),
            ("ftp://example.com", None),
            ("data:text/html,x.y", None),
            ("https://", None),
            ("https:///a.io", None),
            ("https:a.io", None),
            ("https://localhost", None),
            ("https://a b.io", None),
            ("https:\\\\a.io", None),
            ("example", None),
            ("//example.com", None),
            ("a.b://x.io", None),
            ("", None),
        ] {
            assert_eq!(accept(typed).as_deref(), sent, "{typed}");
        }
    }
}
