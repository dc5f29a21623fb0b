//! What must hold for every text of every language.

use std::time::Duration;

use crate::{Language, duration_text, t};

/// (language, module, key, text), one a plural form.
const TABLE: &[(&str, &str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/table.rs"));

/// See [Bot API/HTML style](https://core.telegram.org/bots/api#html-style).
const TAGS: [&str; 17] = [
    "b",
    "strong",
    "i",
    "em",
    "u",
    "ins",
    "s",
    "strike",
    "del",
    "span",
    "tg-spoiler",
    "tg-emoji",
    "a",
    "code",
    "pre",
    "blockquote",
    "tg-time",
];

fn is_plain(key: &str) -> bool {
    ["_toast", "_button", "_plain"].iter().any(|ending| key.ends_with(ending))
}

/// The visible text, or what is wrong with the HTML.
fn read_html(text: &str) -> Result<String, String> {
    let mut visible = String::new();
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['<', '>', '&']) {
        let (before, mark) = rest.split_at(at);
        visible.push_str(before);
        if let Some(entity) = mark.strip_prefix('&') {
            let (name, tail) = entity.split_once(';').ok_or("a bare `&`")?;
            let is_number =
                name.strip_prefix('#').is_some_and(|n| n.bytes().all(|b| b.is_ascii_alphanumeric()));
            if !is_number && !["lt", "gt", "amp", "quot"].contains(&name) {
                return Err(format!("Telegram knows no &{name};"));
            }
            visible.push('x');
            rest = tail;
            continue;
        }
        let (tag, tail) = mark.strip_prefix('<').ok_or("a bare `>`")?.split_once('>').ok_or("a bare `<`")?;
        rest = tail;
        if let Some(name) = tag.strip_prefix('/') {
            let opened = open.pop();
            if opened != Some(name) {
                return Err(format!("</{name}> closes {opened:?}"));
            }
            continue;
        }
        let name = tag.split_whitespace().next().unwrap_or_default();
        if !TAGS.contains(&name) {
            return Err(format!("Telegram knows no <{name}>"));
        }
        open.push(name);
    }
    visible.push_str(rest);
    if open.is_empty() { Ok(visible) } else { Err(format!("{open:?} stay open")) }
}

#[test]
fn every_text_fits_where_it_is_sent() {
    let mut problems = Vec::new();
    for (language, module, key, text) in TABLE {
        let mut say = |problem: String| problems.push(format!("{language}/{module}.yaml: {key}: {problem}"));
        let length = if is_plain(key) {
            if let Some(tag) = TAGS.iter().find(|tag| text.contains(&format!("</{tag}>"))) {
                say(format!("<{tag}> in a plain text"));
            }
            text.encode_utf16().count()
        } else {
            match read_html(text) {
                Ok(visible) => visible.encode_utf16().count(),
                Err(problem) => {
                    say(problem);
                    continue;
                }
            }
        };
        let limit = if key.ends_with("_toast") { 200 } else { 4096 };
        if length > limit {
            say(format!("{length} characters, but at most {limit} are sent"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn the_html_reader_sees_faults() {
    assert_eq!(read_html("<b>x</b> &lt;y&#123;"), Ok("x xyx".to_owned()));
    for text in ["<b>x", "x</b>", "<b><i>x</b></i>", "<h1>x</h1>", "a & b", "a > b", "a < b", "&nbsp;"] {
        assert!(read_html(text).is_err(), "{text}");
    }
}

#[test]
fn languages_are_known_by_code() {
    assert_eq!(Language::ALL.first(), Some(&Language::EN));
    assert_eq!(Language::default(), Language::EN);
    for language in Language::ALL {
        assert_eq!(Language::from_code(language.code()), Some(*language));
        assert!(!language.name().is_empty() && !language.flag().is_empty());
    }
    for code in ["", "de", "EN", "xx"] {
        assert_eq!(Language::from_code(code), None, "{code}");
    }
    assert_eq!(format!("{:?}", Language::ES), "Language(es)");
}

#[test]
fn arguments_are_put_in_once() {
    assert_eq!(t::mistakes::number_out_of_range(Language::EN, "{max}", 5).to_string(), {
        "The number must lie between {max} and 5."
    });
    assert_eq!(t::denied::actor_lacks(Language::ES, "<i>").to_string(), {
        "Para eso necesitas este permiso de administrador: <b>&lt;i&gt;</b>."
    });
    assert_eq!(t::denied::actor_lacks_toast(Language::EN, "<i>"), "You need this admin right: <i>.");
}

#[test]
fn durations_are_put_together() {
    for (seconds, english, spanish) in [
        (0, "0 seconds", "0 segundos"),
        (1, "1 second", "1 segundo"),
        (252, "4 minutes 12 seconds", "4 minutos 12 segundos"),
        (3_600, "1 hour", "1 hora"),
        (694_861, "1 week 1 day 1 hour 1 minute 1 second", "1 semana 1 día 1 hora 1 minuto 1 segundo"),
    ] {
        let duration = Duration::from_secs(seconds);
        assert_eq!(duration_text(Language::EN, duration), english);
        assert_eq!(duration_text(Language::ES, duration), spanish);
    }
}

#[test]
fn spanish_counts_millions_by_its_own_rule() {
    use icu_plurals::PluralCategory;
    assert_eq!(Language::ES.category(1), PluralCategory::One);
    assert_eq!(Language::ES.category(0), PluralCategory::Other);
    assert_eq!(Language::ES.category(1_000_000), PluralCategory::Many);
    assert_eq!(Language::EN.category(-1), PluralCategory::One);
}
