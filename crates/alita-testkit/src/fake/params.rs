//! Reads parameters as tolerantly as Telegram does: numbers and objects may come as text.

use std::collections::HashMap;

use bytes::Bytes;
use serde_json::Value;

use super::refusal::Refusal;

/// The parameters of one call, and the files that came with it.
#[derive(Debug, Default)]
pub(crate) struct Params {
    pub(crate) values: Value,
    pub(crate) files: HashMap<String, Bytes>,
}

impl Params {
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    pub(crate) fn int(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(int)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        match self.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => text.eq_ignore_ascii_case("true") || text == "1",
            Some(Value::Number(number)) => number.as_i64() == Some(1),
            _ => false,
        }
    }

    /// An object or array; Telegram takes its JSON as text as well.
    pub(crate) fn nested(&self, name: &str) -> Result<Option<Value>, Refusal> {
        match self.get(name) {
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(Value::String(text)) => match serde_json::from_str(text) {
                Ok(value) => Ok(Some(value)),
                Err(_) => Err(Refusal::bad(format!("can't parse {} JSON object", name.replace('_', " ")))),
            },
            value => Ok(value.cloned()),
        }
    }

    pub(crate) fn message_id(&self) -> Result<i32, Refusal> {
        let id = self.int("message_id").filter(|id| *id != 0);
        let id = id.ok_or_else(|| Refusal::bad("message identifier is not specified"))?;
        // An id beyond 32 bits names no message.
        Ok(i32::try_from(id).unwrap_or(i32::MAX))
    }

    pub(crate) fn user_id(&self) -> Result<i64, Refusal> {
        let id = self.int("user_id").filter(|id| *id > 0);
        id.ok_or_else(|| Refusal::bad("invalid user_id specified"))
    }
}

/// A whole number, or its digits.
pub(crate) fn int(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}
