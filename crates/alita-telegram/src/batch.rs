//! What one `getUpdates` brought.

use std::sync::Arc;

use frankenstein::updates::Update;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Error;
use crate::delivery::{read_update, update_id};
use crate::envelope::Envelope;

/// An update, or why it could not be read, with its number.
pub(crate) type Received = (i64, Result<Arc<Update>, Error>);

#[derive(Deserialize)]
struct Answer<T> {
    result: Vec<T>,
}

/// The raw updates of an answer.
#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(borrow)]
    result: Vec<&'a RawValue>,
}

/// Reads all updates of an answer, in the order of their numbers.
///
/// Nearly always all of them can be read in one go. One that cannot holds up no other: then each is read for itself.
///
/// # Errors
///
/// When the answer is no list.
pub(crate) fn read(answer: &[u8]) -> Result<Vec<Received>, Error> {
    let mut updates: Vec<Received> = match serde_json::from_slice::<Answer<Envelope>>(answer) {
        Ok(Answer { result }) => {
            let updates = result.into_iter().map(|Envelope(update)| update);
            updates.map(|update| (i64::from(update.update_id), Ok(update))).collect()
        }
        Err(_) => {
            let raw: Raw<'_> =
                serde_json::from_slice(answer).map_err(|error| Error::unreadable("getUpdates", &error))?;
            raw.result.iter().filter_map(|raw| one(raw.get().as_bytes())).collect()
        }
    };
    updates.sort_by_key(|(id, _)| *id);
    Ok(updates)
}

/// The updates of an answer as they stand in it, each with its number.
pub(crate) fn raw(answer: &[u8]) -> impl Iterator<Item = (i64, &str)> {
    let raw = serde_json::from_slice::<Raw<'_>>(answer).map(|raw| raw.result).unwrap_or_default();
    raw.into_iter().filter_map(|raw| Some((update_id(raw.get().as_bytes())?, raw.get())))
}

fn one(json: &[u8]) -> Option<Received> {
    let update = read_update(json);
    let id = update.as_ref().map_or_else(|_| update_id(json), |update| Some(update.update_id.into()));
    if id.is_none() {
        tracing::warn!("an update without a number was passed over");
    }
    Some((id?, update))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(answer: &str) -> Vec<(i64, bool)> {
        let updates = read(answer.as_bytes()).unwrap();
        updates.into_iter().map(|(id, update)| (id, update.is_ok())).collect()
    }

    fn vote(id: i64) -> String {
        format!(
            r#"{{"update_id":{id},"poll_answer":{{"poll_id":"1","option_ids":[],"option_persistent_ids":[]}}}}"#
        )
    }

    #[test]
    fn updates_come_in_the_order_of_their_numbers() {
        let answer = format!(r#"{{"ok":true,"result":[{},{},{}]}}"#, vote(8), vote(7), vote(9));
        assert_eq!(ids(&answer), [(7, true), (8, true), (9, true)]);
        assert_eq!(ids(r#"{"ok":true,"result":[]}"#), []);
    }

    #[test]
    fn one_that_cannot_be_read_holds_up_no_other() {
        let odd = r#"{"update_id":6,"brand_new":{}},{"brand_new":{}},5"#;
        let answer = format!(r#"{{"ok":true,"result":[{},{odd},{}]}}"#, vote(8), vote(7));
        assert_eq!(ids(&answer), [(6, false), (7, true), (8, true)]);
    }

    #[test]
    fn an_answer_that_is_no_list_is_an_error() {
        for answer in [r#"{"ok":true,"result":{}}"#, r#"{"ok":true}"#, r#"{"ok":true,"result":[{]}"#, ""] {
            assert!(matches!(read(answer.as_bytes()), Err(Error::Wire(_))), "{answer}");
        }
    }
}
