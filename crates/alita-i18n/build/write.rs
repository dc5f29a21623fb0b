//! Writes Rust: the languages, one function a key, and the table that the tests walk through.

use std::fmt::Write as _;

use crate::check::{Key, Module, SELECTOR, Text};
use crate::locales::Language;
use crate::template::Piece;

/// The constants of `Language` and their names and flags.
pub(crate) fn languages(languages: &[Language]) -> String {
    let mut out = String::from("impl Language {\n");
    for (at, language) in languages.iter().enumerate() {
        let constant = language.code.to_uppercase().replace('-', "_");
        put(&mut out, format_args!("    #[doc = {:?}]\n", format!("{} ({}).", language.name, language.code)));
        put(&mut out, format_args!("    pub const {constant}: Self = Self({at});\n"));
    }
    out.push_str("    /// Every language, English first.\n    pub const ALL: &'static [Self] = &[");
    for at in 0..languages.len() {
        put(&mut out, format_args!("Self({at}), "));
    }
    out.push_str("];\n}\n\n");
    put(&mut out, format_args!("static ABOUT: [About; {}] = [\n", languages.len()));
    for Language { code, name, flag, .. } in languages {
        put(&mut out, format_args!("    About {{ code: {code:?}, name: {name:?}, flag: {flag:?} }},\n"));
    }
    out.push_str("];\n");
    out
}

/// One module a file, one function a key.
pub(crate) fn functions(modules: &[Module]) -> String {
    let mut out = String::new();
    for module in modules {
        put(&mut out, format_args!("#[doc = \"Texts of `{0}.yaml`.\"]\npub mod {0} {{\n", module.name));
        for key in &module.keys {
            function(&mut out, key);
        }
        out.push_str("}\n\n");
    }
    out
}

fn function(out: &mut String, key: &Key) {
    let (kind, argument) = if key.is_plain {
        ("String", "impl ::core::fmt::Display")
    } else {
        ("::alita_markup::Html", "impl ::alita_markup::ToHtml")
    };
    let english = key.texts.first().map(|text| plain(&text.other)).unwrap_or_default();
    put(out, format_args!("    #[doc = {:?}]\n", format!("~~~~text\n{english}\n~~~~")));
    out.push_str("    #[must_use]\n");
    put(out, format_args!("    pub fn {}(lang: crate::Language", key.name));
    for name in &key.parameters {
        let argument = if name == SELECTOR { "i64" } else { argument };
        put(out, format_args!(", {name}: {argument}"));
    }
    put(
        out,
        format_args!(") -> {kind} {{\n        static TEXT: [crate::fill::Text; {}] = [\n", key.texts.len()),
    );
    for text in &key.texts {
        template(out, text, &key.parameters);
    }
    out.push_str("        ];\n");
    let selector = if key.parameters.iter().any(|name| name == SELECTOR) { SELECTOR } else { "0" };
    let fill = if key.is_plain { "plain" } else { "html" };
    put(out, format_args!("        crate::fill::{fill}(&TEXT, lang, {selector}, &["));
    for name in &key.parameters {
        if key.is_plain || name == SELECTOR {
            put(out, format_args!("&{name}, "));
        } else {
            put(out, format_args!("&::alita_markup::ToHtml::to_html(&{name}), "));
        }
    }
    out.push_str("])\n    }\n\n");
}

fn template(out: &mut String, text: &Text, parameters: &[String]) {
    out.push_str("            crate::fill::Text { forms: &[");
    for (category, form) in &text.forms {
        let mut letters = category.chars();
        let variant = letters.next().map(|first| first.to_ascii_uppercase());
        let variant: String = variant.into_iter().chain(letters).collect();
        put(out, format_args!("(::icu_plurals::PluralCategory::{variant}, "));
        pieces(out, form, parameters);
        out.push_str("), ");
    }
    out.push_str("], other: ");
    pieces(out, &text.other, parameters);
    out.push_str(" },\n");
}

fn pieces(out: &mut String, form: &[Piece], parameters: &[String]) {
    out.push_str("&[");
    for piece in form {
        match piece {
            Piece::Literal(text) => put(out, format_args!("crate::fill::Piece::Literal({text:?}), ")),
            Piece::Parameter(name) => {
                let at = parameters.iter().position(|parameter| parameter == name).unwrap_or(usize::MAX);
                put(out, format_args!("crate::fill::Piece::Argument({at}), "));
            }
        }
    }
    out.push(']');
}

/// Every form of every text as (language, module, key, text).
pub(crate) fn table(languages: &[Language], modules: &[Module]) -> String {
    let mut out = String::from("&[\n");
    for module in modules {
        for key in &module.keys {
            for (language, text) in languages.iter().zip(&key.texts) {
                for form in text.forms.iter().map(|(_, form)| form).chain([&text.other]) {
                    let row = (&language.code, &module.name, &key.name, plain(form));
                    put(&mut out, format_args!("    {row:?},\n"));
                }
            }
        }
    }
    out.push_str("]\n");
    out
}

fn plain(form: &[Piece]) -> String {
    form.iter()
        .map(|piece| match piece {
            Piece::Literal(text) => text.clone(),
            Piece::Parameter(name) => format!("{{{name}}}"),
        })
        .collect()
}

/// Writing into a `String` cannot fail.
fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).unwrap_or_default();
}
