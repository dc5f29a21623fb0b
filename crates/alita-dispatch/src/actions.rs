//! What the bot did to people and their messages, counted where it is done.

use alita_telegram::Error;

use crate::app::App;
use crate::cx::Cx;

impl<A: App> Cx<A> {
    /// Counts a moderation action of the module in whose handler we are.
    ///
    /// The words are labels of metrics, so they come from a closed set: `delete`, `warn`, `mute`, `unmute`, `kick`,
    /// `ban`, `unban`.
    pub fn count_action(&self, action: &'static str, error: Option<&Error>) {
        let outcome = match error {
            None => "ok",
            Some(error) if error.is_expected() => "refused",
            Some(_) => "failed",
        };
        self.count_outcome(action, outcome);
    }

    /// Counts a moderation action that was not even tried, because the bot lacks the right; the words are those of
    /// [`Cx::count_action`].
    pub fn count_refused(&self, action: &'static str) {
        self.count_outcome(action, "refused");
    }

    fn count_outcome(&self, action: &'static str, outcome: &'static str) {
        metrics::counter!(
            "alita_moderation_actions_total",
            "module" => self.module(), "action" => action, "outcome" => outcome
        )
        .increment(1);
    }
}
