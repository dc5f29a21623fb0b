//! Conversations that run as tests.
//!
//! People's lines are the input, indented lines are what the bot did. [`play`] runs a conversation against a fresh
//! [`FakeTelegram`] and answers with the conversation as it really went; [`check`] compares the two; [`trials`]
//! makes a test of every `chat` block of Markdown files, and rewrites the blocks when `UPDATE_EXPECT=1` is set.
//! The grammar is the manual page `docs/src/writing-conversations.md`.
//!
//! **Invariant:** a play asks neither the machine's clock nor chance: its [`Clock`] stands at [`start_of_time`]
//! until a `wait` line turns it.
//! **Invariant:** what is written is kept wherever it says what happened, comments and blank lines included.

mod board;
mod compare;
mod diff;
mod entities;
mod error;
mod markdown;
mod parse;
mod perform;
mod player;
mod render;
mod scene;
mod script;
mod trials;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use alita_runtime::Clock;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::FutureExt;

use crate::FakeTelegram;

pub use libtest_mimic;

pub use self::error::PlayError;
pub use self::markdown::{Conversation, conversations, rewrite};
pub use self::perform::{Line, perform};
pub use self::scene::Scene;
pub use self::trials::{trials, wants_rewriting};

/// How long a whole conversation may take on the machine's clock.
pub const LIMIT: Duration = Duration::from_secs(60);

/// A bot that a conversation is played with.
#[async_trait]
pub trait Bot: Send + Sync {
    /// Returns when the bot has nothing left to do in the background.
    ///
    /// Updates that are still being handled need not be waited for: the play sees them. Work that only waits for
    /// the [`Clock`] counts as nothing to do, work that the clock has just woken does not.
    async fn settle(&self);

    /// Arranges what a `given ..` line says; the line comes with its ids filled in.
    ///
    /// # Errors
    ///
    /// A sentence for the reader of the conversation.
    async fn given(&self, _scene: &Scene, line: &str) -> Result<(), String> {
        Err(format!("this bot can arrange nothing, not even {line:?}"))
    }

    /// Looks whether what a `then ..` line says is true; the line comes with its ids filled in.
    ///
    /// # Errors
    ///
    /// A sentence that says what is true instead.
    async fn then(&self, _scene: &Scene, line: &str) -> Result<(), String> {
        Err(format!("this bot cannot look inside itself, not even for {line:?}"))
    }

    /// Stops and starts again with the same storage.
    ///
    /// # Errors
    ///
    /// A sentence for the reader of the conversation.
    async fn restart(&mut self, _how: Stop) -> Result<(), String> {
        Err("this bot cannot be restarted".to_owned())
    }

    /// The play is over: puts away what would outlive it.
    async fn leave(&mut self) {}
}

/// How a bot stops before a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// It finishes and confirms its work.
    Orderly,
    /// It loses everything that is not stored.
    Crash,
}

/// The time at which every play begins: Monday, 5 January 2026, noon.
#[must_use]
pub fn start_of_time() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_614_400, 0).unwrap_or_default()
}

/// Plays a conversation and answers with it as it really went.
///
/// The bot is started before the first line in which something happens, so that it finds the scene set.
///
/// # Errors
///
/// [`PlayError`], but never [`PlayError::Different`].
pub async fn play<B, F, Fut>(text: &str, start: F) -> Result<String, PlayError>
where
    B: Bot,
    F: FnOnce(FakeTelegram, Clock) -> Fut,
    Fut: Future<Output = B>,
{
    play_within(LIMIT, text, start).await
}

/// Plays a conversation as [`play`] does, with another limit than [`LIMIT`].
///
/// # Errors
///
/// As [`play`].
pub async fn play_within<B, F, Fut>(limit: Duration, text: &str, start: F) -> Result<String, PlayError>
where
    B: Bot,
    F: FnOnce(FakeTelegram, Clock) -> Fut,
    Fut: Future<Output = B>,
{
    let script = parse::script(text)?;
    let clock = Clock::manual(start_of_time());
    let fake = FakeTelegram::start(clock.clone()).await;
    to_the_end(limit, player::Player::new(fake, clock), &script, start).await
}

async fn to_the_end<B, F, Fut>(
    limit: Duration,
    mut player: player::Player<'_, B>,
    script: &script::Script,
    start: F,
) -> Result<String, PlayError>
where
    B: Bot,
    F: FnOnce(FakeTelegram, Clock) -> Fut,
    Fut: Future<Output = B>,
{
    // The fake panics at what cannot happen; here that becomes an error that names the line.
    let played =
        AssertUnwindSafe(tokio::time::timeout(limit, player.play(script, start))).catch_unwind().await;
    let result = match played {
        Ok(Ok(result)) => result,
        Ok(Err(_elapsed)) => Err(player.hung(limit)),
        Err(payload) => Err(player.panicked(payload.as_ref())),
    };
    player.leave().await;
    result
}

/// Plays a conversation and wants it to go exactly as written.
///
/// # Errors
///
/// [`PlayError::Different`] with the lines that differ, or why it could not be played.
pub async fn check<B, F, Fut>(text: &str, start: F) -> Result<(), PlayError>
where
    B: Bot,
    F: FnOnce(FakeTelegram, Clock) -> Fut,
    Fut: Future<Output = B>,
{
    as_written(text, play(text, start).await?)
}

fn as_written(text: &str, transcript: String) -> Result<(), PlayError> {
    let written: String = text.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    if written == transcript {
        return Ok(());
    }
    Err(PlayError::Different { diff: diff::lines(&written, &transcript), transcript })
}
