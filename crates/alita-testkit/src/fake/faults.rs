//! Telegram on a bad day.

use std::collections::VecDeque;

use alita_model::ChatId;

use super::refusal::Refusal;

/// How a call goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Telegram says no.
    Refuse {
        /// `error_code`
        code: i64,
        /// The whole text, `Bad Request: ..` included.
        description: String,
        /// `parameters.retry_after`
        retry_after: Option<u64>,
        /// `parameters.migrate_to_chat_id`
        migrate_to: Option<ChatId>,
    },
    /// An HTTP status with a page instead of JSON, as a gateway sends it.
    Status(u16),
    /// The connection closes without an answer.
    Cut,
    /// No answer ever comes.
    Hang,
    /// Status 200 with something that is not JSON.
    Garbage,
    /// The call takes effect, and then this.
    AfterEffect(Box<Self>),
}

impl Fault {
    /// Telegram says no with this code and text.
    #[must_use]
    pub fn refuse(code: i64, description: impl Into<String>) -> Self {
        Self::Refuse { code, description: description.into(), retry_after: None, migrate_to: None }
    }

    /// `429 Too Many Requests`
    #[must_use]
    pub fn too_many(retry_after: u64) -> Self {
        let description = format!("Too Many Requests: retry after {retry_after}");
        Self::Refuse { code: 429, description, retry_after: Some(retry_after), migrate_to: None }
    }

    /// The call takes effect, and then this happens.
    #[must_use]
    pub fn after_effect(self) -> Self {
        Self::AfterEffect(Box::new(self))
    }

    /// How the call is written down.
    pub(crate) fn as_refusal(&self) -> Refusal {
        match self {
            Self::Refuse { code, description, retry_after, migrate_to } => Refusal {
                retry_after: *retry_after,
                migrate_to: *migrate_to,
                ..Refusal::new(*code, description.as_str())
            },
            Self::Status(status) => Refusal::new(i64::from(*status), "answered without JSON"),
            Self::Cut => Refusal::new(0, "the connection was cut"),
            Self::Hang => Refusal::new(0, "never answered"),
            Self::Garbage => Refusal::new(0, "answered with garbage"),
            Self::AfterEffect(fault) => fault.as_refusal(),
        }
    }
}

/// The faults that are still to come.
#[derive(Debug, Default)]
pub(crate) struct Faults(VecDeque<Planned>);

#[derive(Debug)]
struct Planned {
    method: String,
    fault: Fault,
    /// So many calls go well before.
    skip: usize,
    left: usize,
}

impl Faults {
    pub(crate) fn plan(&mut self, method: &str, skip: usize, fault: Fault, times: usize) {
        if times > 0 {
            self.0.push_back(Planned { method: method.to_owned(), fault, skip, left: times });
        }
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault of this call, if one is due. `*` means every method but `getUpdates`, and no request to a webhook.
    pub(crate) fn take(&mut self, method: &str) -> Option<Fault> {
        if self.0.is_empty() {
            return None;
        }
        let fits = |planned: &Planned| {
            planned.method.eq_ignore_ascii_case(method)
                || planned.method == "*" && !["getUpdates", "webhook"].contains(&method)
        };
        let at = self.0.iter().position(fits)?;
        let planned = self.0.get_mut(at)?;
        if planned.skip > 0 {
            planned.skip -= 1;
            return None;
        }
        let fault = planned.fault.clone();
        // `usize::MAX` times is always.
        if planned.left != usize::MAX {
            planned.left -= 1;
        }
        if planned.left == 0 {
            self.0.remove(at);
        }
        Some(fault)
    }
}
