//! An update as it stands on the wire: its number, and one field that is named after its kind.
//!
//! frankenstein reads such a pair through a buffer of untyped values. Every update goes through here, so here the
//! field is read straight into its type.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use frankenstein::updates::{Update, UpdateContent};
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// An [`Update`] that is read without a detour. It is large, so from here on only its address moves.
pub(crate) struct Envelope(pub(crate) Arc<Update>);

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields).map(Self)
    }
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

struct Fields;

macro_rules! kinds {
    ($($name:literal => $kind:ident,)+) => {
        /// The names of all kinds that can be read.
        #[cfg(test)]
        const NAMES: &[&str] = &[$($name),+];

        impl<'de> Visitor<'de> for Fields {
            type Value = Arc<Update>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an update")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Arc<Update>, M::Error> {
                let (mut number, mut content) = (None, None);
                while let Some(Key(key)) = map.next_key()? {
                    match key.as_ref() {
                        "update_id" => number = Some(map.next_value()?),
                        $($name if content.is_none() => {
                            content = Some(UpdateContent::$kind(map.next_value()?));
                        })+
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                let update_id = number.ok_or_else(|| M::Error::missing_field("update_id"))?;
                let content = content.ok_or_else(|| M::Error::custom("no kind of update that is known"))?;
                Ok(Arc::new(Update { update_id, content }))
            }
        }
    };
}

kinds! {
    "message" => Message,
    "edited_message" => EditedMessage,
    "channel_post" => ChannelPost,
    "edited_channel_post" => EditedChannelPost,
    "business_connection" => BusinessConnection,
    "business_message" => BusinessMessage,
    "edited_business_message" => EditedBusinessMessage,
    "deleted_business_messages" => DeletedBusinessMessages,
    "guest_message" => GuestMessage,
    "message_reaction" => MessageReaction,
    "message_reaction_count" => MessageReactionCount,
    "inline_query" => InlineQuery,
    "chosen_inline_result" => ChosenInlineResult,
    "callback_query" => CallbackQuery,
    "shipping_query" => ShippingQuery,
    "pre_checkout_query" => PreCheckoutQuery,
    "poll" => Poll,
    "poll_answer" => PollAnswer,
    "my_chat_member" => MyChatMember,
    "chat_member" => ChatMember,
    "chat_join_request" => ChatJoinRequest,
    "chat_boost" => ChatBoost,
    "removed_chat_boost" => RemovedChatBoost,
    "purchased_paid_media" => PurchasedPaidMedia,
    "managed_bot" => ManagedBot,
    "subscription" => Subscription,
    "stopped_message_generation" => StoppedMessageGeneration,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Arc<Update>, serde_json::Error> {
        serde_json::from_str(json).map(|Envelope(update)| update)
    }

    #[test]
    fn every_kind_that_frankenstein_knows_is_read_as_frankenstein_reads_it() {
        // An unknown variant is refused with the names of all that there are.
        let error = serde_json::from_str::<UpdateContent>(r#"{"brand_new":{}}"#).unwrap_err().to_string();
        let listed: Vec<&str> =
            error.split("expected one of").nth(1).unwrap().split('`').skip(1).step_by(2).collect();
        assert_eq!(NAMES, listed);
        for name in NAMES {
            let empty = format!(r#"{{"update_id":1,"{name}":{{}}}}"#);
            let theirs = serde_json::from_str::<Update>(&empty).unwrap_err().to_string();
            let ours = read(&empty).unwrap_err().to_string();
            let said = |text: &str| text.split(" at line").next().unwrap().to_owned();
            assert_eq!(said(&ours), said(&theirs), "{name}");
        }
    }

    #[test]
    fn the_order_of_fields_is_free_and_unknown_ones_are_passed_over() {
        let answer = r#""poll_answer":{"poll_id":"1","option_ids":[0],"option_persistent_ids":[]}"#;
        for json in [
            format!(r#"{{"update_id":7,{answer},"new":[{{"poll":1}}]}}"#),
            format!(r#"{{"new":{{"update_id":1}},{answer},"update_id":7}}"#),
            format!(r#"{{"update\u005fid":7,{answer}}}"#),
        ] {
            let update = read(&json).unwrap();
            assert_eq!(update, serde_json::from_str(&json).unwrap(), "{json}");
            assert_eq!(update.update_id, 7);
        }
        assert!(
            read(&format!("{{{answer}}}")).unwrap_err().to_string().starts_with("missing field `update_id`")
        );
        assert!(read(r#"{"update_id":7}"#).is_err());
        assert!(read("[7]").is_err());
    }
}
