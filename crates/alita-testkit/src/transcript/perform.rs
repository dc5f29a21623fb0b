//! A conversation before an audience, in real time, with a bot that is a process of its own.

use std::time::Duration;

use alita_runtime::Clock;

use super::error::PlayError;
use super::script::Deed;
use super::{Bot, as_written, parse, player, to_the_end};
use crate::FakeTelegram;

/// A line of a performance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Line<'a> {
    /// What stands in the conversation at the margin: what people do, comments, blank lines.
    Written(&'a str),
    /// What the bot did.
    Happened {
        /// In the words of a conversation.
        line: &'a str,
        /// Is it what the conversation says?
        is_expected: bool,
    },
}

/// Plays a conversation with a bot that runs already, in the machine's own time; `show` gets each line as it happens.
///
/// # Errors
///
/// As [`check`](super::check); and a conversation that wants to `wait` cannot be performed, since nobody turns the
/// clock of another process.
pub async fn perform<B: Bot>(
    telegram: FakeTelegram,
    bot: B,
    text: &str,
    limit: Duration,
    show: impl FnMut(Line<'_>) + Send,
) -> Result<(), PlayError> {
    let script = parse::script(text)?;
    if let Some(step) = script.steps.iter().find(|step| matches!(step.deed, Deed::Wait(_))) {
        let (line, text) = (step.line, step.written.concat());
        return Err(PlayError::Grammar { line, text, why: "a performance cannot turn the clock".to_owned() });
    }
    let player = player::Player::before(telegram, Clock::system(), show);
    let transcript = to_the_end(limit, player, &script, |_, _| async { bot }).await?;
    as_written(text, transcript)
}
