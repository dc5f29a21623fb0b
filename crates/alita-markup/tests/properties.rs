//! What holds for every text.
#![expect(clippy::disallowed_methods, reason = "HTML that nothing has checked is what is tested")]

mod strict;

use alita_markup::{
    Compiled, Entity, EntityKind, FilledUser, Fillings, Html, RulesButton, Source, compile, compile_text,
    from_entities, render, split, strip_tags, to_source, utf16, visible_len_utf16,
};
use alita_model::{ContentKind, Peer, SavedContent, UserId};
use proptest::prelude::*;

const PIECES: [&str; 49] = [
    "*",
    "_",
    "__",
    "~",
    "||",
    "|",
    "`",
    "```",
    "\n",
    ">",
    "\n>",
    "\n**>",
    "[",
    "](",
    ")",
    "]",
    "(",
    "![",
    "!",
    "\\",
    "https://a.io",
    "https://a.io)",
    "tg://emoji?id=5",
    "](https://b.io/x_y_)",
    "](tg://emoji?id=77)",
    "[A](buttonurl://c.io",
    "[*B*](buttonurl:https://b.io:same)",
    "[](buttonurl#danger://b.io/\\))",
    ":same",
    "[C](buttonurl://javascript:1)",
    "a",
    "b c",
    "word",
    " ",
    "  ",
    "\t",
    "é",
    "👩‍👩‍👧",
    "🇪🇸",
    "<b>",
    "</b>",
    "&amp;",
    "\"",
    "%%%",
    "{first}",
    "{rules}",
    "\u{2060}",
    "\0\r\n",
    "rust",
];

fn typed() -> impl Strategy<Value = String> {
    let piece =
        prop_oneof![9 => proptest::sample::select(PIECES.to_vec()).prop_map(str::to_owned), 1 => ".{0,3}"];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn kind() -> impl Strategy<Value = EntityKind> {
    let url = || prop_oneof![Just("https://a.io/(x)"), Just("http://b.io/"), Just("nowhere")];
    prop_oneof![
        Just(EntityKind::Bold),
        Just(EntityKind::Italic),
        Just(EntityKind::Underline),
        Just(EntityKind::Strikethrough),
        Just(EntityKind::Spoiler),
        Just(EntityKind::Code),
        prop_oneof![Just(None), Just(Some("rust".to_owned())), Just(Some("a b".to_owned()))]
            .prop_map(|language| EntityKind::Pre { language }),
        url().prop_map(|url| EntityKind::TextLink { url: url.to_owned() }),
        (0_i64..3).prop_map(|id| EntityKind::TextMention { user: UserId::new(id) }),
        Just(EntityKind::CustomEmoji { id: "5".to_owned() }),
        Just(EntityKind::Blockquote),
        Just(EntityKind::ExpandableBlockquote),
        Just(EntityKind::Url),
        Just(EntityKind::Other),
    ]
}

fn entities() -> impl Strategy<Value = Vec<Entity>> {
    let entity = (kind(), 0_usize..60, 0_usize..30)
        .prop_map(|(kind, offset, length)| Entity::new(kind, offset, length));
    prop_oneof![Just(Vec::new()), proptest::collection::vec(entity, 0..8)]
}

fn compiled() -> impl Strategy<Value = Compiled> {
    (typed(), entities()).prop_map(|(text, entities)| {
        compile(&Source { text: &text, entities: &entities, keyboard: &[], label: "note" })
    })
}

fn valid(html: &Html) -> String {
    strict::visible(html.as_str()).unwrap_or_else(|why| panic!("{why} in {html}"))
}

fn without_space(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_typed_becomes_valid_html(text in typed(), entities in entities()) {
        let compiled = compile(&Source { text: &text, entities: &entities, ..Source::default() });
        let shown = valid(&compiled.html);
        prop_assert_eq!(shown.trim_end(), &shown);
        prop_assert!(compiled.html.as_str().contains("<pre>") || shown.trim_start() == shown);
        prop_assert_eq!(&strip_tags(&compiled.html), &shown);
        prop_assert_eq!(visible_len_utf16(&compiled.html), utf16::len(&shown));
        for button in &compiled.buttons {
            prop_assert!(!button.name.is_empty());
        }
        valid(&compile_text(&text, &entities));
        valid(&from_entities(&text, &entities));
        prop_assert_eq!(Html::repaired(compiled.html.as_str()), compiled.html);
    }

    #[test]
    fn a_kept_message_shows_every_sign(text in "[ -~é👋]{0,40}", entities in entities()) {
        let entities: Vec<_> = entities.into_iter().filter(|entity| {
            !matches!(entity.kind, EntityKind::Blockquote | EntityKind::ExpandableBlockquote)
        }).collect();
        let shown = valid(&from_entities(&text, &entities));
        prop_assert_eq!(shown, text.trim());
    }

    #[test]
    fn the_raw_view_can_be_saved_again(compiled in compiled()) {
        let content = compiled.clone().into_content(ContentKind::Text, "");
        let source = to_source(&content);
        let again = compile(&Source { text: &source, ..Source::default() });
        prop_assert_eq!(&again.html, &compiled.html, "{:?}", source);
        prop_assert_eq!(&again.buttons, &compiled.buttons, "{:?}", source);
        prop_assert_eq!(again.flags, compiled.flags);
        prop_assert!(again.dropped_buttons.is_empty());
    }

    #[test]
    fn any_html_is_mended(html in "(<|>|/|b|a href=|pre|code|\"|'|&|lt;|;|#|blockquote|span| |x|https://a.io){0,30}") {
        let mended = Html::repaired(&html);
        valid(&mended);
        prop_assert_eq!(Html::repaired(mended.as_str()), mended);
        let _ = (split(&Html::from_trusted(html.clone()), 3), strip_tags(&Html::from_trusted(html)));
    }

    #[test]
    fn parts_are_whole_and_fit(compiled in compiled(), limit in 2_usize..20) {
        let parts = split(&compiled.html, limit);
        let mut joined = String::new();
        for part in &parts {
            let shown = valid(part);
            prop_assert!(utf16::len(&shown) <= limit);
            prop_assert!(!shown.trim().is_empty());
            prop_assert!(!shown.ends_with('\n'));
            joined.push_str(&shown);
        }
        prop_assert_eq!(without_space(&joined), without_space(&valid(&compiled.html)));
        if visible_len_utf16(&compiled.html) <= limit && !compiled.html.is_empty() {
            prop_assert_eq!(parts, vec![compiled.html]);
        }
    }

    #[test]
    fn what_is_sent_is_valid_and_filled_once(compiled in compiled(), first in typed(), last in ".{0,5}", pick in 0_usize..9) {
        let content = compiled.into_content(ContentKind::Text, "");
        let user = FilledUser { id: Peer::from_id(7), first_name: &first, last_name: &last, username: None };
        let fillings = Fillings {
            user: Some(user),
            unknown_name: "somebody",
            chat_title: &first,
            member_count: 3,
            rules: Some(RulesButton { label: "Rules", url: "https://t.me/alita?start=rules_1" }),
        };
        let rendered = render(&content, &fillings, |_| pick);
        valid(&rendered.html);
        prop_assert!(rendered.rows.iter().all(|row| (1..=8).contains(&row.len())));
        prop_assert!(rendered.rows.iter().map(Vec::len).sum::<usize>() <= 100);
    }

    #[test]
    fn names_are_never_expanded(name in "[{}a-z%<>&*_\\[\\]():]{1,12}|\\{first\\}|\\{rules\\}|\\{chatname\\}%%%|\\{preview\\}") {
        let content = SavedContent { html: "x<b>{first}</b>|{chatname}".to_owned(), ..SavedContent::default() };
        let user = FilledUser { id: Peer::from_id(7), first_name: &name, last_name: "", username: None };
        let rules = Some(RulesButton { label: "Rules", url: "https://a.io" });
        let fillings = Fillings { user: Some(user), chat_title: &name, rules, ..Fillings::default() };
        let rendered = render(&content, &fillings, |_| panic!("there is one variant"));
        prop_assert_eq!(valid(&rendered.html), format!("x{name}|{name}"));
        prop_assert!(rendered.rows.is_empty());
        prop_assert_eq!(rendered.flags, alita_model::NoteFlags::default());
    }
}

/// Long texts that would be slow if anything looked at them more than a few times over.
#[test]
fn nothing_is_quadratic() {
    let units = [
        "*a ",
        "`a ",
        "[",
        "[a](",
        "[a](b ",
        "]",
        "\\",
        "```",
        ">",
        "\n>",
        "**>\n",
        "_a*b",
        "<",
        "<b",
        "&",
        "{",
        "%",
        "||",
        "[*a](https://a.io)",
        "[x](buttonurl://a.io)",
        "*[",
        "!",
        ">```\n",
        "\n> \n",
        "\u{301}",
    ];
    for unit in units {
        let text = unit.repeat(40_000 / unit.len());
        let compiled = compile(&Source { text: &text, ..Source::default() });
        let content = compiled.clone().into_content(ContentKind::Text, "");
        let source = to_source(&content);
        render(&content, &Fillings::default(), |_| 0);
        assert!(!split(&compiled.html, 2).is_empty() || compiled.html.is_empty());
        assert_eq!(compile(&Source { text: &source, ..Source::default() }).html, compiled.html, "{unit:?}");
        valid(&Html::repaired(&text));
    }
}
