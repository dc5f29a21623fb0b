//! Values as bytes: one byte for the version, then JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;

/// Goes up when the encoding changes; bytes of any other version are a miss.
const VERSION: u8 = b'1';
const LARGEST: usize = 1024 * 1024;

pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![VERSION];
    serde_json::to_writer(&mut bytes, value).map_err(|error| Error::Encode(error.into()))?;
    if bytes.len() > LARGEST { Err(Error::TooLarge) } else { Ok(bytes) }
}

pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let (version, json) = bytes.split_first()?;
    if *version != VERSION {
        return None;
    }
    serde_json::from_slice(json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_and_strangers_do_not() {
        let bytes = encode(&vec![Some(1), None]).expect("can be encoded");
        assert_eq!(decode::<Vec<Option<i32>>>(&bytes), Some(vec![Some(1), None]));
        assert_eq!(decode::<String>(&bytes), None, "another type");
        assert_eq!(decode::<Vec<Option<i32>>>(b"2[1]"), None, "another version");
        assert_eq!(decode::<Vec<Option<i32>>>(b""), None);
    }

    #[test]
    fn large_values_are_refused() {
        assert!(encode(&"a".repeat(LARGEST - 3)).is_ok());
        assert!(matches!(encode(&"a".repeat(LARGEST - 2)), Err(Error::TooLarge)));
    }
}
