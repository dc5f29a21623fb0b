//! A checker as strict as Telegram, written without a look at the crate.

/// What a text shows, or why Telegram would refuse it.
pub(crate) fn visible(html: &str) -> Result<String, String> {
    let mut shown = String::new();
    // Each open tag with how much was shown before it.
    let mut stack: Vec<(String, usize)> = Vec::new();
    let mut rest = html;
    while let Some(c) = rest.chars().next() {
        match c {
            '<' => {
                let (inner, after) =
                    rest.strip_prefix('<').and_then(|rest| rest.split_once('>')).ok_or("open angle")?;
                if inner.contains('<') {
                    return Err(format!("nested angle in {inner:?}"));
                }
                rest = after;
                match inner.strip_prefix('/') {
                    Some(name) => {
                        let (open, since) = stack.pop().ok_or(format!("nothing to close with {name:?}"))?;
                        if open != name {
                            return Err(format!("{name:?} closes {open:?}"));
                        }
                        if since == shown.len() {
                            return Err(format!("{name:?} is empty"));
                        }
                    }
                    None => {
                        let name = tag_name(inner).ok_or(format!("no tag of Telegram's: {inner:?}"))?;
                        let is_in = |tag: &str| stack.iter().any(|(open, _)| open == tag);
                        let is_code_in_pre = inner.starts_with("code class=")
                            && stack
                                .last()
                                .is_some_and(|(open, since)| open == "pre" && *since == shown.len());
                        if (is_in("code") || is_in("pre") || is_in("tg-emoji")) && !is_code_in_pre {
                            return Err(format!("{inner:?} inside something flat"));
                        }
                        if inner.starts_with("code class=") && !is_code_in_pre {
                            return Err("a language without a block".to_owned());
                        }
                        if is_in(name) {
                            return Err(format!("{inner:?} in itself"));
                        }
                        if name == "blockquote" && !stack.is_empty() {
                            return Err("a quotation inside something".to_owned());
                        }
                        stack.push((name.to_owned(), shown.len()));
                        if stack.len() > 16 {
                            return Err("too deep".to_owned());
                        }
                    }
                }
            }
            '&' => {
                let (name, after) = rest.split_once(';').ok_or("bare ampersand")?;
                shown.push(match name {
                    "&amp" => '&',
                    "&lt" => '<',
                    "&gt" => '>',
                    "&quot" => '"',
                    _ => return Err(format!("unknown entity {name:?}")),
                });
                rest = after;
            }
            '>' | '"' => return Err(format!("unescaped {c:?}")),
            c if c.is_control() && c != '\n' && c != '\t' => return Err(format!("control character {c:?}")),
            c => {
                shown.push(c);
                rest = rest.strip_prefix(c).unwrap_or_default();
            }
        }
    }
    if stack.is_empty() { Ok(shown) } else { Err(format!("left open: {stack:?}")) }
}

fn tag_name(inner: &str) -> Option<&str> {
    let (name, attributes) = inner.split_once(' ').unwrap_or((inner, ""));
    let value = |key: &str| {
        let value = attributes.strip_prefix(key)?.strip_prefix("=\"")?.strip_suffix('"')?;
        (!value.contains(['"', '<', '>']) && !value.is_empty()).then_some(value)
    };
    let is_fine = match name {
        "b" | "i" | "u" | "s" | "pre" => attributes.is_empty(),
        "code" => attributes.is_empty() || value("class").is_some_and(|class| class.starts_with("language-")),
        "span" => attributes == "class=\"tg-spoiler\"",
        "a" => value("href").is_some_and(|url| {
            let url = url.to_ascii_lowercase();
            ["http://", "https://", "tg://"]
                .iter()
                .any(|scheme| url.starts_with(scheme) && url.len() > scheme.len())
        }),
        "tg-emoji" => value("emoji-id").is_some_and(|id| id.bytes().all(|b| b.is_ascii_digit())),
        "blockquote" => attributes.is_empty() || attributes == "expandable",
        _ => false,
    };
    is_fine.then_some(name)
}

#[test]
fn the_checker_is_strict() {
    for fine in ["", "a &amp; b", "<b>x <i>y</i></b>", "<pre><code class=\"language-rust\">x</code></pre>"] {
        assert!(visible(fine).is_ok(), "{fine}");
    }
    for broken in [
        "<b>x",
        "x</b>",
        "<b><i>x</b></i>",
        "<b></b>",
        "a & b",
        "a < b",
        "a > b",
        "<p>x</p>",
        "<a>x</a>",
        "<a href=\"javascript:1\">x</a>",
        "<code>a<b>x</b></code>",
        "<b class=\"x\">x</b>",
        "\0",
        "<a href=\"https://a.io\"><a href=\"https://a.io\">x</a></a>",
        "<code class=\"language-c\">x</code>",
    ] {
        assert!(visible(broken).is_err(), "{broken}");
    }
}
