//! What a chat reads about locks.

use alita_dispatch::Mistake;
use alita_i18n::{Language, t};
use alita_markup::Html;
use alita_model::{LockSet, LockType};
use alita_permissions::Rights;

pub(super) fn changed(lang: Language, types: LockSet, is_locked: bool, missing: Rights) -> Html {
    let names = names(types.iter());
    let mut text = if is_locked { t::locks::locked(lang, names) } else { t::locks::unlocked(lang, names) };
    if missing.contains(Rights::DELETE_MESSAGES) {
        text.newline().push(t::locks::cannot_delete(lang));
    }
    if missing.contains(Rights::RESTRICT_MEMBERS) {
        text.newline().push(t::locks::cannot_ban_bots(lang));
    }
    text
}

/// It names what stays as it was.
pub(super) fn not_saved(types: LockSet) -> Mistake {
    Mistake::new(move |lang| t::locks::could_not_save(lang, names(types.iter())))
}

pub(super) fn locks(lang: Language, locked: LockSet) -> Html {
    if locked.is_empty() {
        return t::locks::nothing_locked(lang);
    }
    let mut text = t::locks::locks_header(lang);
    for lock in LockType::ALL {
        let state =
            if locked.contains(*lock) { t::locks::state_locked(lang) } else { t::locks::state_free(lang) };
        text.newline().push(Html::code(lock)).push_literal(" – ").push(state);
    }
    text
}

pub(super) fn types(lang: Language) -> Html {
    let mut text = t::locks::types_header(lang);
    for lock in LockType::ALL {
        text.newline().push(Html::code(lock));
    }
    text
}

fn names(types: impl Iterator<Item = LockType>) -> Html {
    Html::join(types.map(Html::code), ", ")
}
