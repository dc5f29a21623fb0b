//! What a button carries: `namespace|v1|a=yes&u=42`.
//!
//! The grammar is that of the original bot, so that buttons under old messages go on working.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Telegram: `callback_data` has at most 64 bytes.
/// See [Bot API/InlineKeyboardButton](https://core.telegram.org/bots/api#inlinekeyboardbutton).
pub(crate) const MAX_BYTES: usize = 64;

const VERSION: &str = "v1";

/// The decoded data of a button, or the data of a button that is being made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    namespace: String,
    fields: BTreeMap<String, String>,
}

/// Why data is not a payload, or a payload no data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// Not of the form `namespace|v1|fields`.
    #[error("callback data is malformed")]
    Malformed,
    /// Of a version that this build does not know.
    #[error("callback data has an unknown version")]
    UnknownVersion,
    /// More than Telegram takes, which is 64 bytes.
    #[error("callback data has {0} bytes, more than 64")]
    TooLong(usize),
    /// A field is absent or has no readable value.
    #[error("callback data lacks a readable `{0}`")]
    Field(&'static str),
}

impl Payload {
    /// Data of this namespace without fields yet.
    #[must_use]
    pub fn new(namespace: &str) -> Self {
        Self { namespace: namespace.to_owned(), fields: BTreeMap::new() }
    }

    /// Adds a field.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl fmt::Display) -> Self {
        self.fields.insert(key.to_owned(), value.to_string());
        self
    }

    /// Who handles it.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Whether it has no field but these.
    pub(crate) fn has_only(&self, fields: &[&str]) -> bool {
        self.fields.keys().all(|key| fields.contains(&key.as_str()))
    }

    /// A field as it was written.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.fields.get(key).map(String::as_str)
    }

    /// A field that has to be there and readable.
    ///
    /// # Errors
    ///
    /// [`PayloadError::Field`] when it is absent or does not parse.
    pub fn get<T: FromStr>(&self, key: &'static str) -> Result<T, PayloadError> {
        self.text(key).and_then(|value| value.parse().ok()).ok_or(PayloadError::Field(key))
    }

    /// The data for `callback_data`: keys sorted, values percent-encoded, `_` for no fields.
    ///
    /// # Errors
    ///
    /// [`PayloadError::TooLong`] beyond 64 bytes; such a button must not be sent.
    pub fn encode(&self) -> Result<String, PayloadError> {
        let fields: Vec<String> =
            self.fields.iter().map(|(key, value)| format!("{key}={}", escape(value))).collect();
        let fields = if fields.is_empty() { "_".to_owned() } else { fields.join("&") };
        let data = format!("{}|{VERSION}|{fields}", self.namespace);
        if data.len() > MAX_BYTES { Err(PayloadError::TooLong(data.len())) } else { Ok(data) }
    }

    /// Reads `callback_data`.
    ///
    /// # Errors
    ///
    /// [`PayloadError`] when it is malformed, too long, or of another version.
    pub fn decode(data: &str) -> Result<Self, PayloadError> {
        if data.len() > MAX_BYTES {
            return Err(PayloadError::TooLong(data.len()));
        }
        let mut parts = data.splitn(3, '|');
        let (Some(namespace), Some(version), Some(fields)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(PayloadError::Malformed);
        };
        if namespace.is_empty() {
            return Err(PayloadError::Malformed);
        }
        if version != VERSION {
            return Err(PayloadError::UnknownVersion);
        }
        let fields = if fields == "_" { BTreeMap::new() } else { decode_fields(fields)? };
        Ok(Self { namespace: namespace.to_lowercase(), fields })
    }
}

fn decode_fields(fields: &str) -> Result<BTreeMap<String, String>, PayloadError> {
    let mut decoded = BTreeMap::new();
    for field in fields.split('&') {
        let (key, value) = field.split_once('=').ok_or(PayloadError::Malformed)?;
        let value = unescape(value).ok_or(PayloadError::Malformed)?;
        if key.is_empty() || decoded.insert(key.to_owned(), value).is_some() {
            return Err(PayloadError::Malformed);
        }
    }
    Ok(decoded)
}

fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                escaped.push(char::from(byte))
            }
            b' ' => escaped.push('+'),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

fn unescape(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_grammar_of_the_original() {
        let data = Payload::new("unrestrict").with("u", 42).with("a", "unban").encode();
        assert_eq!(data.as_deref(), Ok("unrestrict|v1|a=unban&u=42"));
        assert_eq!(Payload::new("about").encode().as_deref(), Ok("about|v1|_"));
        let read = Payload::decode("rmWarn|v1|u=7123456789012").unwrap();
        assert_eq!(read.namespace(), "rmwarn");
        assert_eq!(read.get::<i64>("u"), Ok(7_123_456_789_012));
        assert_eq!(read.get::<i64>("c"), Err(PayloadError::Field("c")));
    }

    #[test]
    fn anything_else_is_refused() {
        for data in [
            "",
            "rmWarn",
            "rmWarn.42",
            "rmWarn|v1",
            "|v1|_",
            "rmWarn|v1|",
            "rmWarn|v1|u",
            "a|v1|u=%G1",
            "a|v1|u=1&u=2",
            "a|v1|=2",
        ] {
            assert_eq!(Payload::decode(data), Err(PayloadError::Malformed), "{data}");
        }
        assert_eq!(Payload::decode("rmWarn|v2|u=1"), Err(PayloadError::UnknownVersion));
        assert_eq!(Payload::new("x").with("u", "y".repeat(70)).encode(), Err(PayloadError::TooLong(77)));
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_read_back(value in "\\PC{0,8}") {
            let payload = Payload::new("ns").with("v", &value);
            if let Ok(data) = payload.encode() {
                prop_assert_eq!(Payload::decode(&data), Ok(payload));
            }
        }

        #[test]
        fn no_data_makes_it_panic(data in "\\PC{0,80}") {
            let _ = Payload::decode(&data);
        }
    }
}
