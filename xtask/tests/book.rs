//! The book, built by mdBook itself: nothing to complain of, every page there, and every link inside it leads somewhere.
//!
//! A test and not a command, so that mdBook is built with the tests only and `cargo xtask` stays quick to build.
#![expect(clippy::unwrap_used, reason = "a test may end at the first surprise")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use mdbook_driver::MDBook;
use mdbook_driver::book::{BookItem, Chapter};
use mdbook_driver::config::Config;
use regex::Regex;
use tempfile::TempDir;

/// What mdBook made, and what it said meanwhile.
struct Built {
    book: MDBook,
    folder: TempDir,
    complaints: String,
}

impl Built {
    /// Builds the book of `root`, but not into `root`.
    fn of(root: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::from_disk(root.join("book.toml")).unwrap();
        config.build.build_dir = folder.path().to_owned();
        let heard = Heard::default();
        let listener = heard.clone();
        let log = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::WARN)
            .with_ansi(false)
            .with_writer(move || listener.clone())
            .finish();
        let book = tracing::subscriber::with_default(log, || {
            let book = MDBook::load_with_config(root, config).unwrap();
            book.build().unwrap();
            book
        });
        Self { book, folder, complaints: heard.text() }
    }

    /// The chapters, each with the page that should have come of it.
    fn chapters(&self) -> Vec<(&Chapter, PathBuf)> {
        let chapters = self.book.iter().filter_map(|item| match item {
            BookItem::Chapter(chapter) => Some(chapter),
            _ => None,
        });
        chapters
            .filter_map(|chapter| Some((chapter, self.folder.path().join(chapter.path.as_ref()?))))
            .map(|(chapter, page)| (chapter, page.with_extension("html")))
            .collect()
    }

    /// Links of one page to another, or to a heading, that lead nowhere.
    fn broken_links(&self) -> Vec<String> {
        let link = Regex::new(r#"<a [^>]*href="([^"]+)""#).unwrap();
        let pages: BTreeMap<PathBuf, String> = self
            .chapters()
            .into_iter()
            .map(|(_, page)| (page.canonicalize().unwrap(), fs::read_to_string(&page).unwrap()))
            .collect();
        let mut broken = Vec::new();
        for (page, text) in &pages {
            let links = link.captures_iter(text).map(|found| found.get(1).unwrap().as_str());
            for link in links.filter(|link| !link.contains("://") && !link.starts_with("mailto:")) {
                let (file, heading) = link.split_once('#').unwrap_or((link, ""));
                let target = if file.is_empty() { page.clone() } else { page.with_file_name("").join(file) };
                let there = target.canonicalize().ok();
                let has_heading = there
                    .as_ref()
                    .and_then(|it| pages.get(it))
                    .is_none_or(|text| heading.is_empty() || text.contains(&format!("id=\"{heading}\"")));
                if there.is_none() || !has_heading {
                    broken.push(format!("{}: {link}", page.display()));
                }
            }
        }
        broken
    }
}

/// A place for a log.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<u8>>>);

impl Heard {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_book_is_built_without_a_complaint() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let built = Built::of(&docs);
    assert_eq!(built.complaints, "");
    assert_eq!(built.broken_links(), Vec::<String>::new());

    let chapters = built.chapters();
    let contents = fs::read_to_string(docs.join("src/SUMMARY.md")).unwrap();
    let entries = contents.lines().filter(|line| line.contains("](")).count();
    assert!(entries > 0 && entries == chapters.len(), "{entries} entries, {} pages", chapters.len());
    for (chapter, page) in chapters {
        let text = fs::read_to_string(&page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
        assert!(text.contains("<main>") && text.contains("<h1"), "{} is an empty page", chapter.name);
    }
    assert!(built.folder.path().join("index.html").is_file());
}

#[test]
fn what_is_wrong_with_a_book_is_heard() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("src")).unwrap();
    for (file, text) in [
        ("book.toml", "[book]\ntitle = \"A book\"\n"),
        ("src/SUMMARY.md", "- [One](one.md)\n- [Two](two.md)\n"),
        ("src/one.md", "# One\n\n[gone](three.md) [no heading](two.md#three) [fine](two.md#two)\n"),
        ("src/two.md", "# Two\n\n<div>never closed\n"),
    ] {
        fs::write(root.path().join(file), text).unwrap();
    }
    let built = Built::of(root.path());
    assert!(built.complaints.contains("unclosed HTML tag"), "{}", built.complaints);
    let broken = built.broken_links();
    assert_eq!(broken.len(), 2, "{broken:#?}");
}
