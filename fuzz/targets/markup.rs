//! Any text as a saved message: what comes of it is HTML that needs no repair, and it can be shown raw and saved again.
#![no_main]

use alita_markup::{Fillings, Html, Source, compile, compile_text, render, split, strip_tags, to_source};
use alita_model::ContentKind;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let compiled = compile(&Source { text, ..Source::default() });
    assert_eq!(Html::repaired(compiled.html.as_str()), compiled.html);
    let content = compiled.clone().into_content(ContentKind::Text, "");
    let source = to_source(&content);
    let again = compile(&Source { text: &source, ..Source::default() });
    assert_eq!((&again.html, &again.buttons), (&compiled.html, &compiled.buttons), "{source:?}");
    let _rendered = render(&content, &Fillings::default(), |_| 0);
    let _parts = (split(&compiled.html, 16), strip_tags(&compiled.html), compile_text(text, &[]));
    let mended = Html::repaired(text);
    assert_eq!(Html::repaired(mended.as_str()), mended);
});
