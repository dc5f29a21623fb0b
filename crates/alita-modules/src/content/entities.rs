//! The part of a message behind a command, with its formatting.

use alita_dispatch::Words;
use alita_markup::{Entity, utf16};

/// The words from the byte `begin` on, with the formatting that reaches into them.
pub(super) fn from_byte(words: &Words, begin: usize) -> (&str, Vec<Entity>) {
    let (before, text) = words.as_str().split_at_checked(begin).unwrap_or((words.as_str(), ""));
    let skipped = utf16::len(before);
    let entities = words.entities().into_iter().filter_map(|entity| moved(entity, skipped));
    (text, entities.collect())
}

/// The entity in a text that begins `skipped` units later, if it reaches so far.
fn moved(entity: Entity, skipped: usize) -> Option<Entity> {
    let end = (entity.offset + entity.length).checked_sub(skipped).filter(|end| *end > 0)?;
    let offset = entity.offset.saturating_sub(skipped);
    Some(Entity::new(entity.kind, offset, end - offset))
}
