//! Reads parameters of a call, whether they came as JSON or as a form.

use serde_json::Value;

/// A parameter that is an object or a list.
pub(super) fn nested(params: &Value, name: &str) -> Value {
    match &params[name] {
        // A form carries objects as JSON in a text.
        Value::String(text) => serde_json::from_str(text).unwrap_or(Value::Null),
        value => value.clone(),
    }
}

/// A parameter that is a number.
pub(super) fn int(params: &Value, name: &str) -> Option<i64> {
    match &params[name] {
        Value::String(text) => text.parse().ok(),
        value => value.as_i64(),
    }
}

/// A parameter that is a yes or no; missing is no.
pub(super) fn flag(params: &Value, name: &str) -> bool {
    params[name].as_bool().unwrap_or_else(|| params[name] == "true")
}
