//! The words in braces that a stored text may hold, found in one pass.

use alita_model::NoteFlags;

use crate::doc::{Cell, Doc};

/// Something that is replaced when the text is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filling {
    First,
    Last,
    Fullname,
    Username,
    Mention,
    Id,
    Chatname,
    Count,
}

impl Filling {
    /// The word as it is typed.
    pub(crate) fn typed(self) -> &'static str {
        let is_this = |(_, word): &&(&str, Word)| matches!(word, Word::Filling(filling) if *filling == self);
        WORDS.iter().find(is_this).map_or("", |(typed, _)| typed)
    }
}

/// Where the rules button goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RulesPlace {
    NewRow,
    SameRow,
    Top,
}

/// A word that means something.
#[derive(Debug, Clone, Copy)]
enum Word {
    Filling(Filling),
    Rules(RulesPlace),
    Flag(fn(&mut NoteFlags)),
    NextVariant,
}

const WORDS: [(&str, Word); 18] = [
    ("{first}", Word::Filling(Filling::First)),
    ("{last}", Word::Filling(Filling::Last)),
    ("{fullname}", Word::Filling(Filling::Fullname)),
    ("{username}", Word::Filling(Filling::Username)),
    ("{mention}", Word::Filling(Filling::Mention)),
    ("{id}", Word::Filling(Filling::Id)),
    ("{chatname}", Word::Filling(Filling::Chatname)),
    ("{count}", Word::Filling(Filling::Count)),
    ("{rules}", Word::Rules(RulesPlace::NewRow)),
    ("{rules:same}", Word::Rules(RulesPlace::SameRow)),
    ("{rules:up}", Word::Rules(RulesPlace::Top)),
    ("{private}", Word::Flag(|flags| flags.is_private_only = true)),
    ("{noprivate}", Word::Flag(|flags| flags.is_group_only = true)),
    ("{admin}", Word::Flag(|flags| flags.is_admin_only = true)),
    ("{preview}", Word::Flag(|flags| flags.has_preview = true)),
    ("{protect}", Word::Flag(|flags| flags.is_protected = true)),
    ("{nonotif}", Word::Flag(|flags| flags.is_silent = true)),
    ("%%%", Word::NextVariant),
];

/// A piece of a variant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Piece {
    Cell(Cell),
    /// A filling, which looks as its first character did.
    Filling(Filling, Cell),
}

/// What a stored text says about itself.
#[derive(Debug, Default)]
pub(crate) struct Template {
    /// The texts one of which is sent; none of them is blank.
    pub(crate) variants: Vec<Vec<Piece>>,
    pub(crate) flags: NoteFlags,
    pub(crate) rules: Option<RulesPlace>,
}

impl Template {
    pub(crate) fn read(doc: &Doc) -> Self {
        let mut template = Self { variants: vec![Vec::new()], ..Self::default() };
        let mut at = 0;
        while let Some(&cell) = doc.cells.get(at) {
            let mut piece = Some(Piece::Cell(cell));
            at += match word(doc, at) {
                Some((word, length)) => {
                    piece = None;
                    match word {
                        Word::Filling(filling) => piece = Some(Piece::Filling(filling, cell)),
                        Word::Rules(place) => {
                            template.rules.get_or_insert(place);
                        }
                        Word::Flag(set) => set(&mut template.flags),
                        Word::NextVariant => template.variants.push(Vec::new()),
                    }
                    length
                }
                None => 1,
            };
            if let (Some(piece), Some(variant)) = (piece, template.variants.last_mut()) {
                variant.push(piece);
            }
        }
        let says_something = |piece: &Piece| match piece {
            Piece::Cell(cell) => !doc.is_blank(*cell),
            Piece::Filling(..) => true,
        };
        template.variants.retain(|variant| variant.iter().any(says_something));
        template
    }
}

fn word(doc: &Doc, at: usize) -> Option<(Word, usize)> {
    if !matches!(doc.cells[at].c, '{' | '%') {
        return None;
    }
    let fits = |word: &str| word.chars().eq(doc.cells[at..].iter().take(word.len()).map(|cell| cell.c));
    WORDS.iter().find(|(word, _)| fits(word)).map(|(word, meaning)| (*meaning, word.len()))
}

/// Puts the value of each filling into an address; values cannot end it or add to it.
pub(crate) fn fill_address(url: &str, value: impl Fn(Filling) -> String) -> String {
    let mut filled = String::with_capacity(url.len());
    let mut rest = url;
    while let Some((before, from)) = rest.find('{').and_then(|at| rest.split_at_checked(at)) {
        filled.push_str(before);
        let found = WORDS.iter().find_map(|(word, meaning)| match meaning {
            Word::Filling(filling) => Some((from.strip_prefix(word)?, *filling)),
            _ => None,
        });
        rest = match found {
            Some((after, filling)) => {
                for byte in value(filling).bytes() {
                    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                        filled.push(char::from(byte));
                    } else {
                        filled.push_str(&format!("%{byte:02X}"));
                    }
                }
                after
            }
            None => {
                filled.push('{');
                from.strip_prefix('{').unwrap_or_default()
            }
        };
    }
    filled.push_str(rest);
    filled
}
