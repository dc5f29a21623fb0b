//! The log of messages that went out, as the client keeps it for one call.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use crate::method::creates_message;
use crate::{Error, WireError, WireKind};

/// Remembers which messages went out, so that work that is done again after a crash does not say things twice.
///
/// It is asked in the caller's task, after all waiting for limits and right before a request that makes a new message
/// (`send*`, `copy*`, `forward*`) leaves. When Telegram certainly did not take the message the entry is taken back
/// before anything waits, and the log is asked again before the next attempt: whoever dies in the wait has said
/// nothing, and the work that comes again says it.
///
/// A crash between an entry and its request, or between a refusal and the taking back, costs the message. Nowhere
/// does a crash send it twice.
#[async_trait]
pub trait SendLog: Send + Sync + Debug {
    /// The name of the message that is about to leave, asked once a call; `None` when nobody would send it again
    /// after a crash, and then the log is not asked.
    fn next(&self) -> Option<Entry>;

    /// Notes that the message leaves, and says whether it may. On `false` nothing leaves and the call ends with
    /// [`Error::AlreadySent`].
    async fn may_send(&self, method: &str, entry: Entry) -> bool;

    /// Forgets the message: Telegram did not take it.
    async fn take_back(&self, entry: Entry);
}

/// One message of a piece of work that may be done again: the first, the second ..
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The work, for example an update's id.
    pub work: i64,
    /// Which of its messages.
    pub message: u32,
}

/// What the log has to do with one call: nothing, unless it makes a message.
pub(crate) struct Noting<'a> {
    log: Option<&'a dyn SendLog>,
    method: &'a str,
    entry: Option<Entry>,
}

impl<'a> Noting<'a> {
    pub(crate) fn of(log: Option<&'a Arc<dyn SendLog>>, method: &'a str) -> Self {
        let log = log.filter(|_| creates_message(method)).map(AsRef::as_ref);
        Self { log, method, entry: None }
    }

    /// Right before an attempt.
    pub(crate) async fn leaves(&mut self) -> Result<(), Error> {
        let Some(log) = self.log else { return Ok(()) };
        if self.entry.is_none() {
            self.entry = log.next();
        }
        match self.entry {
            Some(entry) if log.may_send(self.method, entry).await => Ok(()),
            Some(_) => Err(Error::AlreadySent { method: self.method.to_owned() }),
            None => {
                // No name at the first attempt is none at the next ones.
                self.log = None;
                Ok(())
            }
        }
    }

    /// After an attempt that failed.
    pub(crate) async fn failed(&self, error: &Error) {
        if let (Some(log), Some(entry)) = (self.log, self.entry)
            && did_not_take(error)
        {
            log.take_back(entry).await;
        }
    }
}

/// Whether Telegram certainly has not carried out what was asked.
fn did_not_take(error: &Error) -> bool {
    match error {
        Error::Refused(_) | Error::Config(_) => true,
        Error::Wire(WireError { kind, .. }) => *kind == WireKind::NotConnected,
        _ => false,
    }
}
