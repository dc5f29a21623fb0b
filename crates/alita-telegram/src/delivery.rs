//! Updates on their way to the handlers, each with the means to say that it is done with.

use std::fmt;
use std::sync::Arc;

use frankenstein::updates::Update;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tracing::Span;

use crate::envelope::Envelope;
use crate::error::where_it_stopped;
use crate::watermark::Watermark;
use crate::webhook::Turn;
use crate::{Error, Polling, members};

/// One update and the duty to say when it is done with.
#[non_exhaustive]
pub struct Delivery {
    /// What happened.
    pub update: Arc<Update>,
    /// Its number.
    pub update_id: i64,
    /// To be told when the handling has ended.
    pub ack: Ack,
    /// In which the update came, for example that of a webhook's request; the handling is a part of it.
    pub span: Span,
}

impl Delivery {
    /// A delivery from somewhere else than polling and a webhook, for example a test. Its span is the one in which this
    /// is called.
    #[must_use]
    pub fn with_receipt(update: impl Into<Arc<Update>>) -> (Self, Receipt) {
        let update = update.into();
        let (sender, receiver) = oneshot::channel();
        let update_id = i64::from(update.update_id);
        let ack = Ack { update_id, to: Some(AckTo::Receipt(sender)) };
        let span = Span::current();
        (Self { update, update_id, ack, span }, Receipt(receiver))
    }

    pub(crate) fn by_webhook(update: Arc<Update>, turn: Turn) -> Self {
        let update_id = i64::from(update.update_id);
        let ack = Ack { update_id, to: Some(AckTo::Webhook(turn)) };
        Self { update, update_id, ack, span: Span::current() }
    }

    pub(crate) fn polled(update: Arc<Update>, watermark: &Arc<Watermark>) -> Self {
        let update_id = i64::from(update.update_id);
        let ack = Ack { update_id, to: Some(AckTo::Watermark(Arc::clone(watermark))) };
        Self { update, update_id, ack, span: Span::current() }
    }
}

/// Names no content: an update holds what people said.
impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery").field("update_id", &self.update_id).finish_non_exhaustive()
    }
}

/// The duty to say that an update is done with.
///
/// Dropping it without [`done`](Ack::done) leaves the update unconfirmed: it comes again, at the latest after a
/// restart.
#[derive(Debug)]
#[must_use = "an update that nobody acknowledges comes again"]
pub struct Ack {
    update_id: i64,
    to: Option<AckTo>,
}

#[derive(Debug)]
enum AckTo {
    Watermark(Arc<Watermark>),
    /// Knows by itself what to do when it is dropped.
    Webhook(Turn),
    Receipt(oneshot::Sender<()>),
}

impl Ack {
    pub(crate) const fn is_polled(&self) -> bool {
        matches!(self.to, Some(AckTo::Watermark(_)))
    }

    /// The handling has ended; Telegram need not send this update again.
    pub fn done(mut self) {
        match self.to.take() {
            Some(AckTo::Watermark(watermark)) => watermark.done(self.update_id),
            Some(AckTo::Webhook(turn)) => turn.done(),
            Some(AckTo::Receipt(sender)) => {
                // Whoever waited may have gone, for example when its time ran out.
                let _gone = sender.send(());
            }
            None => {}
        }
    }
}

impl Drop for Ack {
    fn drop(&mut self) {
        if let Some(AckTo::Watermark(watermark)) = &self.to {
            watermark.returned(self.update_id);
        }
    }
}

/// The other end of an [`Ack`].
#[derive(Debug)]
pub struct Receipt(pub(crate) oneshot::Receiver<()>);

impl Receipt {
    /// Waits until the handling has ended; `false` when nobody finished it.
    pub async fn handled(self) -> bool {
        self.0.await.is_ok()
    }
}

/// Where updates come from. Every source yields the same deliveries.
#[derive(Debug)]
#[non_exhaustive]
pub enum UpdateSource {
    /// We ask Telegram.
    Polling(Box<Polling>),
    /// Somebody hands them in: a webhook, a test.
    Pushed(mpsc::Receiver<Delivery>),
}

impl UpdateSource {
    /// The next update; `None` when the source has ended. May be dropped and called again without losing any.
    ///
    /// # Errors
    ///
    /// Only when there is no point in going on, as for [`Polling::next`].
    pub async fn next(&mut self) -> Result<Option<Delivery>, Error> {
        match self {
            Self::Polling(polling) => polling.next().await.map(Some),
            Self::Pushed(deliveries) => Ok(deliveries.recv().await),
        }
    }

    /// Gives back what was handed in and not asked for yet, and takes nothing more.
    pub fn stop(&mut self) {
        if let Self::Pushed(deliveries) = self {
            deliveries.close();
            while let Ok(delivery) = deliveries.try_recv() {
                drop(delivery);
            }
        }
    }

    /// Confirms what was handled. Call it when nothing is being handled any more.
    ///
    /// # Errors
    ///
    /// When the confirmation did not reach Telegram: what was handled last will come again.
    pub async fn finish(self) -> Result<(), Error> {
        match self {
            Self::Polling(polling) => polling.finish().await,
            Self::Pushed(_) => Ok(()),
        }
    }
}

/// Reads one update, as it stands in an answer to `getUpdates` or in the body of a webhook request.
///
/// # Errors
///
/// [`Error::UnreadableUpdate`] for a kind that is not known yet and for anything else that makes no sense. Such an
/// update is to be logged and acknowledged, or it would come again for ever.
pub fn read_update(json: &[u8]) -> Result<Arc<Update>, Error> {
    let error = match serde_json::from_slice(json) {
        Ok(Envelope(update)) => return Ok(update),
        Err(error) => error,
    };
    let mut value: Value = serde_json::from_slice(json).unwrap_or_default();
    if members::mend(&mut value)
        && let Ok(Envelope(update)) = Envelope::deserialize(&value)
    {
        return Ok(update);
    }
    let keys = value.as_object().map(|fields| fields.keys().cloned().collect()).unwrap_or_default();
    Err(Error::UnreadableUpdate { update_id: update_id(json), keys, reason: where_it_stopped(&error) })
}

/// The number of an update, whatever else it holds.
pub(crate) fn update_id(json: &[u8]) -> Option<i64> {
    #[derive(Deserialize)]
    struct Id {
        update_id: i64,
    }
    serde_json::from_slice::<Id>(json).ok().map(|id| id.update_id)
}

#[cfg(test)]
mod tests {
    use frankenstein::updates::UpdateContent;

    use super::*;

    #[test]
    fn an_unknown_kind_is_reported_by_id_and_keys_only() {
        let error = read_update(br#"{"update_id":5,"brand_new":{"text":"secret words"}}"#).unwrap_err();
        let Error::UnreadableUpdate { update_id, keys, .. } = &error else { panic!("{error}") };
        assert_eq!(*update_id, Some(5));
        assert_eq!(*keys, ["brand_new", "update_id"]);
        assert!(!format!("{error} {error:?}").contains("secret"));
    }

    #[test]
    fn garbage_is_an_error_without_id() {
        let error = read_update(b"\xff{{").unwrap_err();
        assert!(matches!(error, Error::UnreadableUpdate { update_id: None, .. }), "{error:?}");
    }

    #[test]
    fn a_member_update_of_an_old_server_is_mended() {
        let json = br#"{"update_id":6,"chat_member":{"chat":{"id":-5,"type":"group","title":"T"},
            "from":{"id":1,"is_bot":false,"first_name":"A"},"date":1,
            "old_chat_member":{"status":"restricted","user":{"id":2,"is_bot":false,"first_name":"M"},
                "is_member":true,"can_send_messages":true},
            "new_chat_member":{"status":"administrator","user":{"id":2,"is_bot":false,"first_name":"M"},
                "can_be_edited":false,"is_anonymous":false,"can_restrict_members":true}}}"#;
        let update = read_update(json).unwrap();
        let UpdateContent::ChatMember(change) = &update.content else { panic!("{update:?}") };
        let frankenstein::types::ChatMember::Administrator(admin) = &change.new_chat_member else { panic!() };
        assert!(admin.can_restrict_members && !admin.can_send_welcome_messages && !admin.can_delete_messages);
    }

    #[tokio::test]
    async fn a_receipt_tells_whether_somebody_finished() {
        let update = || {
            read_update(br#"{"update_id":7,"poll_answer":{"poll_id":"1","option_ids":[0],"option_persistent_ids":[]}}"#)
        };
        let (delivery, receipt) = Delivery::with_receipt(update().unwrap());
        assert_eq!((delivery.update_id, delivery.source()), (7, "webhook"));
        delivery.ack.done();
        assert!(receipt.handled().await);
        let (delivery, receipt) = Delivery::with_receipt(update().unwrap());
        drop(delivery);
        assert!(!receipt.handled().await);
    }
}
