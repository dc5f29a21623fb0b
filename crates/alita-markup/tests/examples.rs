//! The language, example by example.
#![expect(clippy::disallowed_methods, reason = "HTML that nothing has checked is what is tested")]

mod strict;

use alita_markup::{
    Compiled, Entity, EntityKind, Error, FilledUser, Fillings, Html, RulesButton, Source, check_length,
    compile, compile_text, from_entities, needs_member_count, render, split, strip_tags, to_source,
};
use alita_model::{ContentKind, NoteFlags, Peer, SavedContent, UserId};

fn typed(text: &str) -> Compiled {
    let compiled = compile(&Source { text, label: "note", ..Source::default() });
    strict::visible(compiled.html.as_str()).expect("Telegram takes it");
    compiled
}

fn html(text: &str) -> String {
    typed(text).html.into_string()
}

fn saved(html: &str) -> SavedContent {
    SavedContent { html: html.to_owned(), ..SavedContent::default() }
}

fn ada<'a>() -> FilledUser<'a> {
    FilledUser { id: Peer::from_id(7), first_name: "<Ada>", last_name: "L", username: None }
}

fn filled(html: &str, user: FilledUser<'_>) -> String {
    let fillings = Fillings {
        user: Some(user),
        unknown_name: "somebody",
        chat_title: "<G & C>",
        member_count: 12,
        ..Fillings::default()
    };
    render(&saved(html), &fillings, |_| 0).html.into_string()
}

fn rows(content: &SavedContent, rules: Option<RulesButton<'_>>) -> Vec<Vec<String>> {
    let rendered = render(content, &Fillings { rules, ..Fillings::default() }, |_| 0);
    rendered.rows.into_iter().map(|row| row.into_iter().map(|button| button.label).collect()).collect()
}

const RULES: Option<RulesButton<'_>> =
    Some(RulesButton { label: "Rules", url: "https://t.me/alita_bot?start=rules_-1001" });

#[test]
fn formatting_04_formatting_06_marks_become_html() {
    for (text, expected) in [
        ("a_b_c *x*", "a_b_c <b>x</b>"),
        ("_x_ __y__ ~z~ ||s||", "<i>x</i> <u>y</u> <s>z</s> <span class=\"tg-spoiler\">s</span>"),
        ("<b>hi</b>", "&lt;b&gt;hi&lt;/b&gt;"),
        ("*a _b_ c*", "<b>a <i>b</i> c</b>"),
        ("*a _b* c_", "<b>a _b</b> c_"),
        ("**x**", "<b>x</b>"),
        ("* a * b", "* a * b"),
        ("2*3*4 *", "2*3*4 *"),
        ("*a", "*a"),
        ("** __ ~~ ||||", "** __ ~~ ||||"),
        ("\\*a\\* \\_b\\_ c:\\dir", "*a* _b_ c:\\dir"),
        ("(*a*), \"*b*\"!", "(<b>a</b>), &quot;<b>b</b>&quot;!"),
        ("*a\nb*", "<b>a\nb</b>"),
        ("`a*b*` `x` y`z`", "<code>a*b*</code> <code>x</code> y`z`"),
        ("`\\`` `\\\\`", "<code>`</code> <code>\\</code>"),
        ("*a `b` c*", "<b>a <code>b</code> c</b>"),
        ("```x```", "<pre>x</pre>"),
        ("```\nx\n  y\n```", "<pre>x\n  y</pre>"),
        ("```rust\nfn x() {}\n```", "<pre><code class=\"language-rust\">fn x() {}</code></pre>"),
        ("```c++\nx```", "<pre><code class=\"language-c++\">x</code></pre>"),
        ("```let x;\nlet y;\n```", "<pre>let x;\nlet y;</pre>"),
        ("```\n>x\n*y*\n```", "<pre>&gt;x\n*y*</pre>"),
        ("```x", "```x"),
        ("[t](https://a.io)", "<a href=\"https://a.io\">t</a>"),
        ("[*t* x](example.com)", "<a href=\"https://example.com\"><b>t</b> x</a>"),
        ("*[t](https://a.io)*", "<b><a href=\"https://a.io\">t</a></b>"),
        ("[t](https://a.io/\\(x\\)) y)", "<a href=\"https://a.io/(x)\">t</a> y)"),
        ("[t](https://a.io/?a=1&b=\"2\")", "[t](https://a.io/?a=1&amp;b=&quot;2&quot;)"),
        ("[t](https://a.io/?a=1&b=2)", "<a href=\"https://a.io/?a=1&amp;b=2\">t</a>"),
        ("[t](javascript:alert)", "[t](javascript:alert)"),
        ("[a [b](https://b.io) c](https://c.io)", "[a <a href=\"https://b.io\">b</a> c](https://c.io)"),
        ("[1] [x] [](https://a.io)", "[1] [x] [](https://a.io)"),
        ("![👍](tg://emoji?id=123)", "<tg-emoji emoji-id=\"123\">👍</tg-emoji>"),
        ("![t](https://a.io)", "!<a href=\"https://a.io\">t</a>"),
        ("hey\\![t](https://a.io)", "hey!<a href=\"https://a.io\">t</a>"),
        (">a\n>b", "<blockquote>a\nb</blockquote>"),
        ("> a\n>  b\nc", "<blockquote>a\n b</blockquote>\nc"),
        ("x\n>a *b*||", "x\n<blockquote expandable>a <b>b</b></blockquote>"),
        (">a ||b||", "<blockquote>a <span class=\"tg-spoiler\">b</span></blockquote>"),
        (">a ||b||||", "<blockquote expandable>a <span class=\"tg-spoiler\">b</span></blockquote>"),
        (">a\n**>b", "<blockquote>a</blockquote>\n<blockquote>b</blockquote>"),
        (">```\n>a\n> b\n>```", "<blockquote><pre>a\nb</pre></blockquote>"),
        ("\\>a", "&gt;a"),
        (">", "&gt;"),
        ("a > b", "a &gt; b"),
        ("*a\n>b*", "*a\n<blockquote>b*</blockquote>"),
        ("  \n x \n ", "x"),
        ("foo\u{2060}*bar*\u{2060}baz", "foo<b>bar</b>baz"),
        ("a\0\r\nb", "a\nb"),
    ] {
        assert_eq!(html(text), expected, "{text:?}");
    }
}

#[test]
fn what_a_client_formatted_is_kept() {
    let entity = Entity::new;
    let link = || EntityKind::TextLink { url: "https://a.io/".to_owned() };
    let rust = || EntityKind::Pre { language: Some("rust".to_owned()) };
    let cases: Vec<(&str, Vec<Entity>, &str)> = vec![
        ("👋 bold", vec![entity(EntityKind::Bold, 3, 4)], "👋 <b>bold</b>"),
        ("bold text", vec![entity(EntityKind::Bold, 0, 5)], "<b>bold</b> text"),
        ("foobarbaz", vec![entity(EntityKind::Italic, 3, 3)], "foo<i>bar</i>baz"),
        ("a*b*", vec![entity(EntityKind::Code, 1, 3)], "a<code>*b*</code>"),
        ("*x* *y*", vec![entity(link(), 0, 3)], "<a href=\"https://a.io/\">*x*</a> <b>y</b>"),
        ("*x* https://a.io/_b_", vec![entity(EntityKind::Url, 4, 16)], "<b>x</b> https://a.io/_b_"),
        ("[", vec![entity(rust(), 0, 1)], "<pre><code class=\"language-rust\">[</code></pre>"),
        (
            "Ada",
            vec![entity(EntityKind::TextMention { user: UserId::new(7) }, 0, 3)],
            "<a href=\"tg://user?id=7\">Ada</a>",
        ),
        (
            "👍",
            vec![entity(EntityKind::CustomEmoji { id: "5".into() }, 0, 2)],
            "<tg-emoji emoji-id=\"5\">👍</tg-emoji>",
        ),
        (
            "a\nb",
            vec![entity(EntityKind::ExpandableBlockquote, 2, 1)],
            "a\n<blockquote expandable>b</blockquote>",
        ),
        (
            "a\nb",
            vec![entity(EntityKind::Bold, 0, 3), entity(EntityKind::Blockquote, 2, 1)],
            "<b>a</b>\n<blockquote><b>b</b></blockquote>",
        ),
        (
            "abcd",
            vec![entity(EntityKind::Bold, 0, 3), entity(EntityKind::Italic, 2, 2)],
            "<b>ab</b><i><b>c</b>d</i>",
        ),
        (
            "a *b*",
            vec![entity(EntityKind::Bold, 90, 5), entity(EntityKind::Bold, usize::MAX, usize::MAX)],
            "a <b>b</b>",
        ),
        ("👋", vec![entity(EntityKind::Bold, 1, 1)], "👋"),
        ("[A](buttonurl://https://a.io) x", vec![entity(EntityKind::Url, 16, 12)], "x"),
    ];
    for (text, entities, expected) in cases {
        let compiled = compile(&Source { text, entities: &entities, ..Source::default() });
        assert_eq!(compiled.html.as_str(), expected, "{text:?}");
    }
    let bold = [Entity::new(EntityKind::Bold, 0, 2)];
    assert_eq!(from_entities("*a [b](https://a.io)", &bold).as_str(), "<b>*a</b> [b](https://a.io)");
    assert_eq!(bold[0].text("*a b"), Some("*a"));
}

#[test]
fn formatting_05_buttons_leave_the_text() {
    let compiled = typed(
        "Hi [A](buttonurl://example.com)[B](buttonurl:https://b.io:same)\n[*C* \\*](buttonurl#danger://tg://resolve?domain=x)\n[](buttonurl://d.io)",
    );
    assert_eq!(compiled.html.as_str(), "Hi");
    let buttons: Vec<_> = compiled
        .buttons
        .iter()
        .map(|button| (button.name.as_str(), button.url.as_str(), button.same_row))
        .collect();
    assert_eq!(
        buttons,
        [
            ("A", "https://example.com", false),
            ("B", "https://b.io", true),
            ("C *", "tg://resolve?domain=x", false),
            ("note", "https://d.io", false),
        ]
    );
    let content = compiled.into_content(ContentKind::Text, "");
    assert_eq!(rows(&content, None), [vec!["A", "B"], vec!["C *"], vec!["note"]]);
    assert_eq!(
        to_source(&content),
        "Hi\n[A](buttonurl://https://example.com)\n[B](buttonurl://https://b.io:same)\n\
         [C \\*](buttonurl://tg://resolve?domain=x)\n[note](buttonurl://https://d.io)"
    );
}

#[test]
fn formatting_14_buttons_that_lead_nowhere_are_told() {
    for url in ["ftp://x", "javascript:1", "localhost", "https://", ""] {
        let compiled = typed(&format!("x [A](buttonurl://{url})"));
        assert_eq!(compiled.html.as_str(), "x");
        assert!(compiled.buttons.is_empty());
        let dropped = &compiled.dropped_buttons[0];
        assert_eq!((dropped.label.as_str(), dropped.url.as_str()), ("A", url));
    }
    let many = typed(&"[A](buttonurl://a.io)".repeat(101));
    assert_eq!((many.buttons.len(), many.dropped_buttons.len()), (100, 1));
}

#[test]
fn a_copied_keyboard_wins() {
    let keyboard = alita_markup::copied_buttons([vec![("K".to_owned(), Some("https://k.io".to_owned()))]]);
    let source = Source { text: "x [A](buttonurl://a.io)", keyboard: &keyboard, ..Source::default() };
    let compiled = compile(&source);
    assert_eq!(compiled.html.as_str(), "x");
    assert_eq!(compiled.buttons, keyboard);
}

#[test]
fn rules_have_links_instead_of_buttons() {
    let html = compile_text("1. *Read* [this](buttonurl://example.com:same) {rules}", &[]);
    assert_eq!(html.as_str(), "1. <b>Read</b> <a href=\"https://example.com\">this</a> {rules}");
}

#[test]
fn formatting_11_fillings() {
    for (html, expected) in [
        ("{first}|{chatname}", "&lt;Ada&gt;|&lt;G &amp; C&gt;"),
        ("{fullname}, {last}, {id}, {count}", "&lt;Ada&gt; L, L, 7, 12"),
        ("<b>{mention}!</b>", "<b><a href=\"tg://user?id=7\">&lt;Ada&gt;</a>!</b>"),
        ("{username}", "<a href=\"tg://user?id=7\">&lt;Ada&gt;</a>"),
        ("<code>{mention}</code>", "<code>&lt;Ada&gt;</code>"),
        ("<a href=\"tg://user?id={id}\">x</a>", "<a href=\"tg://user?id=7\">x</a>"),
        (
            "<a href=\"https://a.io/?q={first}&amp;{x}\">x</a>",
            "<a href=\"https://a.io/?q=%3CAda%3E&amp;{x}\">x</a>",
        ),
        ("{First} {unknown} {}", "{First} {unknown} {}"),
    ] {
        assert_eq!(filled(html, ada()), expected, "{html}");
    }
    assert_eq!(
        filled("{username} {mention}", FilledUser { username: Some("ada"), ..ada() }),
        "@ada <a href=\"tg://user?id=7\">&lt;Ada&gt;</a>"
    );
    assert_eq!(
        filled("{first}{last}", FilledUser { first_name: "\u{202e}", last_name: "", ..ada() }),
        "somebody"
    );
    assert_eq!(
        filled("{mention} {id}", FilledUser { id: Peer::from_id(-100), first_name: "News", ..ada() }),
        "News -100"
    );
    let nobody = Fillings { unknown_name: "somebody", ..Fillings::default() };
    assert_eq!(render(&saved("{mention} {id} {count}"), &nobody, |_| 0).html.as_str(), "somebody 0 0");
}

#[test]
fn formatting_07_names_are_not_templates() {
    let content = saved("{first}");
    let fillings = Fillings {
        user: Some(FilledUser { first_name: "{rules}", ..ada() }),
        rules: RULES,
        ..Fillings::default()
    };
    let rendered = render(&content, &fillings, |_| 0);
    assert_eq!(rendered.html.as_str(), "{rules}");
    assert!(rendered.rows.is_empty());
}

#[test]
fn formatting_08_the_rules_button() {
    let content = |text: &str| {
        typed(&format!("{text}[A](buttonurl://a.io)[B](buttonurl://b.io:same)"))
            .into_content(ContentKind::Text, "")
    };
    assert_eq!(rows(&content("x {rules:up} "), RULES), [vec!["Rules"], vec!["A", "B"]]);
    assert_eq!(rows(&content("x {rules:same} {rules:up}"), RULES), [vec!["A", "B", "Rules"]]);
    assert_eq!(rows(&content("x {rules}"), RULES), [vec!["A", "B"], vec!["Rules"]]);
    assert_eq!(rows(&content("x {rules}"), None), [vec!["A", "B"]]);
    assert_eq!(rows(&saved("{rules:same}"), RULES), [vec!["Rules"]]);
    for rules in [RULES, None] {
        let rendered =
            render(&content("x {rules:up} {rules}"), &Fillings { rules, ..Fillings::default() }, |_| 0);
        assert_eq!(rendered.html.as_str(), "x");
    }
    let full = typed(&"[A](buttonurl://a.io)".repeat(100)).into_content(ContentKind::Text, "");
    let full = SavedContent { html: "{rules}".to_owned(), ..full };
    assert_eq!(rows(&full, RULES).len(), 100);
}

#[test]
fn flags_ask_and_go() {
    let compiled = typed("{private}{admin} x {preview}\n{protect}{nonotif}");
    let expected = NoteFlags {
        is_admin_only: true,
        is_private_only: true,
        is_group_only: false,
        has_preview: true,
        is_protected: true,
        is_silent: true,
    };
    assert_eq!(compiled.flags, expected);
    assert_eq!(compiled.html.as_str(), "{private}{admin} x {preview}\n{protect}{nonotif}");
    let rendered = render(&compiled.into_content(ContentKind::Text, ""), &Fillings::default(), |_| 0);
    assert_eq!((rendered.html.as_str(), rendered.flags), ("x", expected));
    let both = typed("{private}{noprivate} t");
    assert!(both.has_private_conflict && !both.flags.is_private_only && !both.flags.is_group_only);
}

#[test]
fn one_variant_is_sent() {
    let content =
        typed("*a %%%\n\n%%% {noprivate} %%% b* [A](buttonurl://a.io)").into_content(ContentKind::Text, "");
    let mut asked = Vec::new();
    let mut sent = |pick| {
        let rendered = render(&content, &Fillings::default(), |variants| {
            asked.push(variants);
            pick
        });
        assert_eq!(rendered.rows.len(), 1);
        rendered.html.into_string()
    };
    let both = [sent(0), sent(1), sent(2)];
    assert!(both.contains(&"<b>a</b>".to_owned()) && both.contains(&"<b>b</b>".to_owned()), "{both:?}");
    assert_eq!(asked, [2, 2, 2]);
    assert_eq!(render(&saved("%%%"), &Fillings::default(), |_| 0).html.as_str(), "");
}

#[test]
fn formatting_09_the_member_count_is_asked_for_when_needed() {
    assert!(needs_member_count(&saved("we are {count}")));
    assert!(needs_member_count(&saved("<a href=\"https://a.io/{count}\">x</a>")));
    for html in ["we are many", "{Count} {counts}", "count", "<b>{</b>x"] {
        assert!(!needs_member_count(&saved(html)), "{html}");
    }
}

#[test]
fn the_raw_view_reads_well() {
    for (html, expected) in [
        ("<b>bold</b>", "*bold*"),
        ("snake_case_name * 2 &gt; 1", "snake_case_name * 2 > 1"),
        ("_x_ &lt;b&gt;", "\\_x\\_ <b>"),
        ("<b>a <i>b</i></b>", "*a _b_*"),
        ("foo<b>bar</b>baz", "foo\u{2060}*bar*\u{2060}baz"),
        ("<i><u>x</u></i>", "_\u{2060}__x__\u{2060}_"),
        ("<a href=\"https://a.io/(x)\">t]</a>", "[t\\]](https://a.io/(x\\))"),
        ("<blockquote expandable>a\n b</blockquote>\n<blockquote>c</blockquote>", ">a\n>  b||\n**>c"),
        ("<pre><code class=\"language-rust\">a`\\n</code></pre>", "```rust\na\\`\\n\n```"),
        ("hi! c:\\dir {first} %%% {admin}", "hi! c:\\dir {first} %%% {admin}"),
        ("<span class=\"tg-spoiler\">|</span>", "||\\|||"),
        ("<tg-emoji emoji-id=\"5\">👍</tg-emoji>", "![👍](tg://emoji?id=5)"),
    ] {
        let source = to_source(&saved(html));
        assert_eq!(source, expected, "{html}");
        assert_eq!(self::html(&source), html);
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let text = |text: &str| typed(text).into_content(ContentKind::Text, "");
    let photo = |text: &str| typed(text).into_content(ContentKind::Photo, "file");
    assert_eq!(check_length(&text(&format!("*{}*", "x".repeat(4096)))), Ok(()));
    assert_eq!(check_length(&text(&"👩".repeat(2048))), Ok(()));
    assert_eq!(check_length(&text(&"👩".repeat(2049))), Err(Error::TextTooLong { actual: 4098, max: 4096 }));
    assert_eq!(check_length(&photo(&"x".repeat(1025))), Err(Error::TextTooLong { actual: 1025, max: 1024 }));
    let variants = format!("{} %%% {} {{preview}}", "x".repeat(1024), "y".repeat(1024));
    assert_eq!(check_length(&photo(&variants)), Ok(()));
    let sticker = typed(&"x".repeat(4096)).into_content(ContentKind::Sticker, "file");
    assert_eq!(check_length(&sticker), Ok(()));
}

#[test]
fn long_texts_are_cut_where_it_reads_well() {
    let cut = |html: &str, limit| -> Vec<String> {
        split(&Html::from_trusted(html), limit).into_iter().map(Html::into_string).collect()
    };
    assert_eq!(cut("one\ntwo\nthree", 8), ["one\ntwo", "three"]);
    assert_eq!(cut("one\ntwo\n", 8), ["one\ntwo\n"]);
    assert_eq!(cut("one\ntwo\n\n", 8), ["one\ntwo"]);
    assert_eq!(cut("one two three", 8), ["one two", "three"]);
    assert_eq!(cut("<b>one two</b> three", 5), ["<b>one</b>", "<b>two</b>", "three"]);
    assert_eq!(cut("&amp;&amp;&amp;", 2), ["&amp;&amp;", "&amp;"]);
    assert_eq!(cut("a👩b", 2), ["a", "👩", "b"]);
    assert_eq!(cut("abe\u{301}c", 3), ["ab", "e\u{301}c"]);
    assert_eq!(cut("ab👩\u{200d}👧x", 6), ["ab", "👩\u{200d}👧x"]);
    assert_eq!(cut("\n\nabc\n\n\nde\n", 4), ["abc", "de"]);
    assert_eq!(cut("", 4), Vec::<String>::new());
    let list = format!("{}\n", "x".repeat(4095));
    assert_eq!(cut(&list, 4096), [list]);
    assert_eq!(cut(&"x".repeat(4097), 4096).len(), 2);
}

#[test]
fn tags_can_be_taken_away() {
    assert_eq!(strip_tags(&Html::from_trusted("<b>a</b> &lt;c&gt; <a href='x'>d</a> <br>")), "a <c> d <br>");
    assert_eq!(
        Html::repaired("<b>a<i>b</b> <br> & <script>").as_str(),
        "<b>a</b><i><b>b</b> &lt;br&gt; &amp; &lt;script&gt;</i>"
    );
}
