//! What the build script says about locale files, and what it writes.
#![expect(clippy::unwrap_used, reason = "a test that cannot write its files has failed")]

#[path = "../build/check.rs"]
mod check;
#[path = "../build/locales.rs"]
mod locales;
#[path = "../build/template.rs"]
mod template;
#[path = "../build/write.rs"]
mod write;

use std::fs;

use check::Module;
use locales::Language;

fn run(files: &[(&str, &str)]) -> (Vec<Language>, Vec<Module>, Vec<String>) {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let (languages, mut problems) = locales::read(root.path());
    let modules = check::check(&languages, &mut problems);
    (languages, modules, problems)
}

fn problems(english: &str, other: &str) -> Vec<String> {
    let meta = "name: x\nflag: f\n";
    run(&[("en/_meta.yaml", meta), ("ru/_meta.yaml", meta), ("en/m.yaml", english), ("ru/m.yaml", other)]).2
}

#[test]
fn all_problems_are_named_at_once() {
    assert_eq!(
        problems(
            "lacking: a\nparams: '{a} {b}'\nprintf: 'a %s'\nbreak: a\n",
            "params: '{a} {c}'\nprintf: ''\nbreak: 'a\\nb'\ntoo_many: a\n"
        ),
        [
            "ru/m.yaml: lacking: the key is missing",
            "ru/m.yaml: params: the parameters are [\"a\", \"c\"], but [\"a\", \"b\"] in English",
            "en/m.yaml: printf: `%s` is no parameter; parameters have names in braces",
            "ru/m.yaml: printf: the text is empty",
            "en/m.yaml: break: a key is a lower snake word that is no Rust keyword",
            "ru/m.yaml: break: the two characters `\\n` stand in the text; write a real line break",
            "ru/m.yaml: too_many: English has no such key",
        ]
    );
}

#[test]
fn values_must_be_texts() {
    let same = |yaml| problems(yaml, "k: a").into_iter().next().unwrap_or_default();
    assert!(same("k: 5").contains("read as a number"), "{}", same("k: 5"));
    assert!(same("k: true").contains("read as yes or no"));
    assert!(same("k:").contains("no text") || same("k:").contains("empty"));
    assert!(same("k: [a]").starts_with("en/m.yaml: "));
    assert!(same("k: a\nk: b").starts_with("en/m.yaml: "), "{}", same("k: a\nk: b"));
}

#[test]
fn plural_forms_are_checked() {
    assert_eq!(
        problems("k:\n  one: one of {a}\n  other: '{n} of {a}'\n", "k:\n  one: '{n} {a}'\n  several: x\n"),
        [
            "ru/m.yaml: k: `several` is no plural category (zero, one, two, few, many, other)",
            "ru/m.yaml: k: the plural form `other` is missing",
            "ru/m.yaml: k: the form `other` lacks {a}",
        ]
    );
    assert_eq!(problems("k:\n  one: one\n  other: '{n}'\n", "k: '{n}'"), [""; 0]);
}

#[test]
fn a_language_needs_its_name_and_a_new_one_its_files() {
    let found = run(&[("en/_meta.yaml", "name: x\nflag: f"), ("en/m.yaml", "k: a"), ("ru/m.yaml", "k: a")]).2;
    assert_eq!(found, ["ru/_meta.yaml: the language needs its own `name` and a `flag`"]);
    let found = run(&[("es/_meta.yaml", "name: x\nflag: f")]).2;
    assert!(found[0].ends_with("there is no folder `en`"));
    let found = run(&[("en/_meta.yaml", "name: x\nflag: f"), ("en/notes.txt", "")]).2;
    assert!(found[0].ends_with("only `.yaml` files belong here"));
}

#[test]
fn fillings_and_other_braces_stay() {
    use template::Piece::{Literal, Parameter};
    assert_eq!(
        template::cut("{a}{first} {} {A} {{b}} {rules:same} {"),
        [
            Parameter("a".into()),
            Literal("{first} {} {A} {".into()),
            Parameter("b".into()),
            Literal("} {rules:same} {".into())
        ]
    );
}

#[test]
fn one_typed_function_a_key() {
    let (languages, modules, problems) = run(&[
        ("en/_meta.yaml", "name: English\nflag: E"),
        ("ru/_meta.yaml", "name: Русский\nflag: R"),
        ("en/m.yaml", "k:\n  one: '{user}: one'\n  other: '{user}: {n}'\ntell_toast: '{who}!'\n"),
        ("ru/m.yaml", "k:\n  few: 'мало: {user} {n}'\n  other: '{n} {user}'\ntell_toast: 'эй, {who}'\n"),
    ]);
    assert_eq!(problems, [""; 0]);
    let source = write::functions(&modules);
    for line in [
        "pub mod m {",
        "pub fn k(lang: crate::Language, user: impl ::alita_markup::ToHtml, n: i64) -> ::alita_markup::Html {",
        "pub fn tell_toast(lang: crate::Language, who: impl ::core::fmt::Display) -> String {",
        "(::icu_plurals::PluralCategory::Few, &[crate::fill::Piece::Literal(\"мало: \"), ",
    ] {
        assert!(source.contains(line), "{line}\n{source}");
    }
    let constants = write::languages(&languages);
    assert!(constants.contains("pub const RU: Self = Self(1);"), "{constants}");
    assert!(write::table(&languages, &modules).contains("(\"ru\", \"m\", \"k\", \"мало: {user} {n}\"),"));
}
