#![allow(clippy::string_slice, reason = "a hit that ends within a character shall break the test")]

use proptest::prelude::*;

use super::*;

fn matcher(keywords: &[&str]) -> Matcher {
    Matcher::new(keywords).expect("a few keywords")
}

/// What is found first, as the keyword and as it stands in the text.
fn first<'t>(keywords: &[&'t str], text: &'t str) -> Option<(&'t str, &'t str)> {
    let hit = matcher(keywords).first(text)?;
    Some((keywords[hit.keyword], &text[hit.range]))
}

#[test]
fn whole_words_only() {
    for (keyword, text, is_found) in [
        ("ass", "class", false),
        ("ass", "an ass!", true),
        ("ass", "ass", true),
        ("ass", "assess", false),
        ("@admin", "call @admin, please", true),
        ("@admin", "@adminsomething", false),
        ("sale!", "big sale!!!", true),
        ("c++", "I like c++ more", true),
        ("c++", "c++11", true),
        ("foo_bar", "foo_bar_baz", false),
        ("two words", "just two words.", true),
        ("two words", "just two  words.", false),
        ("क", "क्या", false),
        ("क्या", "यह क्या है", true),
        ("👍", "fine👍👍", true),
        ("tea", "ТEA tea", true),
        ("", "anything", false),
        ("  tea  ", "tea", true),
    ] {
        assert_eq!(first(&[keyword], text).is_some(), is_found, "{keyword} in {text}");
    }
}

#[test]
fn case_is_no_matter_in_any_alphabet() {
    for (keyword, text, found) in [
        ("Привет", "скажи ПРИВЕТ всем", "ПРИВЕТ"),
        ("σοφός", "ΣΟΦΌΣ", "ΣΟΦΌΣ"),
        ("istanbul", "ISTANBUL", "ISTANBUL"),
        ("straße", "STRAẞE 5", "STRAẞE"),
    ] {
        assert_eq!(first(&[keyword], text), Some((keyword, found)));
    }
}

#[test]
fn places_are_those_of_the_text_also_where_case_changes_its_length() {
    // Each İ becomes three bytes from two, each K (Kelvin) one from three.
    let text = "İİ \u{212a}\u{212a} 😀 Tea İ tea";
    let hit = matcher(&["tea"]).first(text).expect("it is there");
    assert_eq!((&text[hit.range.clone()], hit.range.start), ("Tea", text.find("Tea").unwrap()));
    assert_eq!(first(&["kk"], text), Some(("kk", "\u{212a}\u{212a}")));
}

#[test]
fn the_first_place_wins_and_there_the_longest() {
    assert_eq!(first(&["foo", "foo bar"], "a foo bar"), Some(("foo bar", "foo bar")));
    assert_eq!(
        first(&["foo", "foo bar"], "a foo barn"),
        Some(("foo", "foo")),
        "the longer one is no whole word"
    );
    assert_eq!(first(&["bar", "foo bar"], "foo bar"), Some(("foo bar", "foo bar")));
    assert_eq!(first(&["later", "soon"], "soon, later"), Some(("soon", "soon")));
    assert_eq!(
        matcher(&["Tea", "tea"]).first("tea").map(|hit| hit.keyword),
        Some(0),
        "the first of the list"
    );
}

#[test]
fn each_keyword_is_told_once() {
    let found = matcher(&["tea", "cake", "coffee", "te*"]).all("Cake and tea, tea and CAKE");
    let keywords: Vec<(usize, usize)> = found.into_iter().map(|hit| (hit.keyword, hit.range.start)).collect();
    assert_eq!(keywords, [(0, 9), (1, 0), (3, 9)]);
}

#[test]
fn a_star_stands_for_letters_of_a_word() {
    for (keyword, text, found) in [
        ("crypto*", "cheap Cryptocoins here", Some("Cryptocoins")),
        ("crypto*", "crypto", Some("crypto")),
        ("crypto*", "mycrypto", None),
        ("*coin", "bitcoin!", Some("bitcoin")),
        ("*coin", "coins", None),
        ("*coin*", "bitcoins", Some("bitcoins")),
        ("free * now", "FREE tea now", Some("FREE tea now")),
        ("free * now", "free two words now", None),
        ("f*k", "fork and fk", Some("fork")),
        ("(a*)", "see (abc)", Some("(abc)")),
        ("*", "anything", None),
        ("**", "anything", None),
    ] {
        assert_eq!(first(&[keyword], text).map(|(_, found)| found), found, "{keyword} in {text}");
    }
}

#[test]
fn so_much_is_looked_at_and_no_more() {
    for (length, is_found) in [(LOOKED_AT - 4, true), (LOOKED_AT - 3, false)] {
        let text = format!("{} tea", "x".repeat(length));
        assert_eq!(first(&["tea"], &text).is_some(), is_found, "{length}");
    }
    let text = format!("{} tea", "😀".repeat(LOOKED_AT / 2 - 2));
    assert!(first(&["tea"], &text).is_some(), "counted in UTF-16");
    assert!(first(&["tea"], &format!("😀{text}")).is_none());
}

#[test]
fn a_fingerprint_tells_lists_apart() {
    let of = |keywords: &[&str]| matcher(keywords).fingerprint();
    assert_eq!(of(&["ab", "c"]), fingerprint(&["ab", "c"]));
    assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
    assert_ne!(of(&["ab", "c"]), of(&["c", "ab"]));
}

#[test]
fn many_keywords_take_memory_and_find_the_same() {
    let keywords: Vec<String> = (0..10_000).map(|number| format!("keyword{number}")).collect();
    let matcher = Matcher::new(&keywords).expect("they fit");
    assert!((100_000..100_000_000).contains(&matcher.memory()), "{}", matcher.memory());
    assert_eq!(matcher.first("here is keyword9999, and keyword1").map(|hit| hit.keyword), Some(9_999));
}

/// Looks for each keyword at each place, as the rules say.
fn naively(keywords: &[String], text: &str) -> Vec<usize> {
    let (text, mut found) = (fold(text).text, Vec::new());
    for (index, keyword) in keywords.iter().enumerate() {
        let keyword = fold(keyword.trim()).text;
        let stands = |start: usize| is_whole(&text, &(start..start + keyword.len()));
        let mut places = text.char_indices().map(|(start, _)| start);
        if !keyword.is_empty() && places.any(|start| text[start..].starts_with(&keyword) && stands(start)) {
            found.push(index);
        }
    }
    found
}

proptest! {
    #[test]
    fn it_finds_what_a_patient_reader_finds(
        keywords in prop::collection::vec("[abAB ßİσΣ_!क्]{0,4}", 0..8),
        text in "[abAB ßİσΣ_!क्😀]{0,40}",
    ) {
        let matcher = Matcher::new(&keywords).unwrap();
        let all = matcher.all(&text);
        let found: Vec<usize> = all.iter().map(|hit| hit.keyword).collect();
        prop_assert_eq!(&found, &naively(&keywords, &text));
        prop_assert_eq!(matcher.first(&text).is_some(), !found.is_empty());
        for hit in all {
            prop_assert_eq!(fold(&text[hit.range]).text, fold(keywords[hit.keyword].trim()).text);
        }
    }

    #[test]
    fn nothing_makes_it_panic(keywords in prop::collection::vec("\\PC{0,8}", 0..6), text in "\\PC{0,60}") {
        if let Ok(matcher) = Matcher::new(&keywords) {
            for hit in matcher.all(&text) {
                prop_assert!(text.get(hit.range).is_some());
            }
        }
    }
}
