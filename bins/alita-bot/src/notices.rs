//! What the operator's log chat hears beside the start: that the bot stops, that its load is critical, and which
//! internal errors there were.
//!
//! As much as can be done quickly: a notice that does not arrive is a line in the log, and nobody waits for it long.
//! Plain English words, for the chat is the operator's.

use std::time::Duration;

use alita_markup::Html;
use alita_model::ChatId;
use alita_monitoring::{Trouble, Troubles};
use alita_runtime::{Clock, TaskSet};
use alita_telegram::methods::SendMessageParams;
use alita_telegram::{AsyncTelegramApi, Client, ParseMode};

/// A notice that takes longer is given up.
const LIMIT: Duration = Duration::from_secs(3);

/// The same for an error, for which nobody waits.
const PATIENCE: Duration = Duration::from_secs(15);

/// How often we look for errors to tell of. What comes at once is one notice with a count.
const LOOK: Duration = Duration::from_secs(5);

/// The log chat, if there is one.
#[derive(Clone, Debug)]
pub(crate) struct Notices {
    client: Client,
    chat: Option<ChatId>,
}

impl Notices {
    pub(crate) fn new(client: &Client, chat: Option<ChatId>) -> Self {
        Self { client: client.bulk().within(LIMIT), chat }
    }

    /// Tells the chat, or the log why it could not.
    pub(crate) async fn tell(&self, text: &str) {
        self.tell_html(Html::escaped(text)).await;
    }

    /// Tells the chat of internal errors from now on; which and how often is the collection's affair.
    pub(crate) fn tell_of(&self, troubles: &Troubles, tasks: &TaskSet, clock: &Clock) {
        let notices = Self { client: self.client.within(PATIENCE), chat: self.chat };
        let troubles = troubles.clone();
        tasks.every("notices of errors", clock, LOOK, move || {
            let (notices, troubles) = (notices.clone(), troubles.clone());
            Troubles::telling(async move {
                let mut are_told = true;
                for trouble in troubles.take() {
                    are_told &= notices.tell_html(notice_of(&trouble)).await;
                }
                are_told
            })
        });
    }

    /// Says whether the chat heard it, or there is none.
    async fn tell_html(&self, html: Html) -> bool {
        let Some(chat) = self.chat else { return true };
        let params = SendMessageParams::builder()
            .chat_id(chat.get())
            .text(html.into_string())
            .parse_mode(ParseMode::Html)
            .build();
        if let Err(error) = self.client.send_message(&params).await {
            tracing::warn!(chat.id = %chat, %error, "the log chat could not be told");
            return false;
        }
        true
    }
}

/// The words for one kind of error; what the error says may hold anything.
fn notice_of(trouble: &Trouble) -> Html {
    let mut html = Html::bold("Internal error");
    html.push_text(" in ").push(Html::code(&trouble.place));
    if trouble.count > 1 {
        html.push_text(&format!(", {} times", trouble.count));
    }
    html.newline().push(Html::code(&trouble.error)).newline();
    html.push_text("The log has the rest.");
    html
}

#[cfg(test)]
mod tests {
    use alita_monitoring::{LogConfig, Redactor, logs};
    use alita_telegram::{ClientConfig, Limits};
    use alita_testkit::process::until;
    use alita_testkit::{FakeTelegram, Fault, NewChat};
    use tracing::subscriber::DefaultGuard;
    use tracing_subscriber::util::SubscriberInitExt;

    use super::*;

    const SECRET: &str = "correct horse battery";

    struct Desk {
        telegram: FakeTelegram,
        clock: Clock,
        tasks: TaskSet,
        _log: DefaultGuard,
    }

    impl Desk {
        /// A log chat that is told, on a clock that is turned.
        async fn open() -> Self {
            let telegram = FakeTelegram::start(Clock::system()).await;
            let chat = telegram.add_chat(NewChat::supergroup("Log"));
            let mut config = ClientConfig::new(FakeTelegram::TOKEN).with_limits(Limits::none());
            config.api_server = telegram.base_url().parse().expect("an address");
            config.retry_base = Duration::from_millis(2);
            let client = Client::new(config).expect("a client");
            let clock = Clock::manual(Clock::system().now());
            let redactor = Redactor::new();
            redactor.register(&SECRET.to_owned().into());
            let troubles = Troubles::new(redactor.clone(), clock.clone());
            let config = LogConfig { troubles: Some(troubles.clone()), ..LogConfig::new(clock.clone()) };
            let log = logs::subscriber(&config, &redactor, std::io::sink).expect("a sound filter");
            let (tasks, log) = (TaskSet::new(), log.set_default());
            let notices = Notices::new(&client, Some(chat));
            notices.tell_of(&troubles, &tasks, &clock);
            Self { telegram, clock, tasks, _log: log }
        }

        /// The next look has happened, with everything that follows from it.
        async fn looks(&self) {
            let limit = Duration::from_secs(60);
            let sleeps = || self.clock.sleepers() == 1;
            until(limit, "the task waits", sleeps).await.expect("it does");
            self.clock.advance(LOOK);
            until(limit, "the task waits again", sleeps).await.expect("it does");
        }

        fn fails(place: &'static str, times: usize) {
            for number in 0..times {
                let error = format!("row <{number}> & {SECRET}");
                tracing::error!(
                    class = "internal",
                    module = "notes",
                    handler = place,
                    error,
                    "a handler failed"
                );
            }
        }

        fn told(&self) -> Vec<String> {
            let calls = self.telegram.calls_of("sendMessage");
            let text = |params: &serde_json::Value| params["text"].as_str().unwrap_or_default().to_owned();
            calls.iter().map(|call| text(&call.params)).collect()
        }
    }

    #[tokio::test]
    async fn a_mass_of_errors_is_one_safe_notice() {
        let desk = Desk::open().await;
        Desk::fails("get", 500);
        desk.looks().await;
        let notice = "<b>Internal error</b> in <code>notes.get</code>, 500 times\n\
            <code>row &lt;0&gt; &amp; [redacted]</code>\nThe log has the rest.";
        assert_eq!(desk.told(), [notice]);

        // It goes on, and another one begins: only that one is news.
        Desk::fails("get", 500);
        Desk::fails("save", 1);
        desk.looks().await;
        desk.looks().await;
        let told = desk.told();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[1].starts_with("<b>Internal error</b> in <code>notes.save</code>\n"), "{told:?}");
        assert!(desk.tasks.close(Duration::from_secs(60)).await.is_empty());
    }

    #[tokio::test]
    async fn a_chat_that_cannot_be_told_is_no_error_to_tell_of() {
        let desk = Desk::open().await;
        desk.telegram.fail("sendMessage", Fault::refuse(403, "Forbidden: bot was kicked"), 1);
        Desk::fails("get", 1);
        desk.looks().await;
        desk.looks().await;
        assert_eq!(desk.telegram.calls_of("sendMessage").len(), 1);
        Desk::fails("save", 1);
        desk.looks().await;
        assert_eq!(desk.telegram.calls_of("sendMessage").len(), 2, "the next one is told all the same");
    }
}
