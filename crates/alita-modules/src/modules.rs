//! The list of all modules. Its order is the order in which watchers of one stage run.

use alita_dispatch::Module;

use crate::app::AlitaApp;
use crate::{admin, bans, bot_updates, help, languages, locks, misc, mutes, notes, users, warns};

/// Every feature of the bot.
#[must_use]
pub fn modules() -> Vec<Module<AlitaApp>> {
    vec![
        // Whoever is met is written down before anybody else at that stage looks.
        users::module(),
        languages::module(),
        bot_updates::module(),
        admin::module(),
        locks::module(),
        bans::module(),
        mutes::module(),
        warns::module(),
        notes::module(),
        misc::module(),
        // Help is last: whatever else a link could mean is asked first.
        help::module(),
    ]
}
