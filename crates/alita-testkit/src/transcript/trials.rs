//! Each conversation of a folder as one named test.

use std::path::Path;

use alita_runtime::Clock;
use libtest_mimic::{Failed, Trial};

use super::error::PlayError;
use super::markdown::{Conversation, conversations, rewrite};
use super::{Bot, check};
use crate::FakeTelegram;

/// One test for each conversation below `path`, a Markdown file or a folder of them.
///
/// Each runs on a runtime of its own, so that a bot that got stuck disturbs no other test. With `UPDATE_EXPECT=1`
/// a conversation that goes differently is rewritten in its file and passes.
///
/// # Errors
///
/// [`PlayError::File`] when something cannot be read.
pub fn trials<B, F, Fut>(path: &Path, start: F) -> Result<Vec<Trial>, PlayError>
where
    B: Bot,
    F: Fn(FakeTelegram, Clock) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = B>,
{
    let trial = |conversation: Conversation| {
        let start = start.clone();
        Trial::test(conversation.name.clone(), move || run(&conversation, start))
    };
    Ok(conversations(path)?.into_iter().map(trial).collect())
}

/// Whether conversations that go differently shall be rewritten: `UPDATE_EXPECT=1`.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "whoever runs the tests asks for it by the environment")]
pub fn wants_rewriting() -> bool {
    std::env::var("UPDATE_EXPECT").is_ok_and(|value| value == "1")
}

fn run<B, F, Fut>(conversation: &Conversation, start: F) -> Result<(), Failed>
where
    B: Bot,
    F: FnOnce(FakeTelegram, Clock) -> Fut,
    Fut: Future<Output = B>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match runtime.block_on(check(&conversation.text, start)) {
        Ok(()) => Ok(()),
        Err(PlayError::Different { transcript, .. }) if wants_rewriting() => {
            Ok(rewrite(conversation, &transcript)?)
        }
        Err(error) => {
            let place = format!("{}:{}", conversation.file.display(), conversation.line);
            Err(format!("{place}: {error}\nUPDATE_EXPECT=1 rewrites what the bot does.").into())
        }
    }
}
