//! Path and secret: who is let in.

use std::time::Duration;

use hyper::HeaderMap;
use ring::{digest, hmac};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tokio::time::Instant;

use super::WebhookConfig;
use crate::Error;

/// Telegram: the header in which it sends back the secret of `setWebhook`.
const HEADER: &str = "x-telegram-bot-api-secret-token";
/// How many hexadecimal digits of the derived path are used.
const DIGITS: usize = 32;

/// A path, and the secret that has to come with it.
#[derive(Debug)]
pub(super) struct Door {
    path: String,
    secret: Digest,
}

type Digest = [u8; digest::SHA256_OUTPUT_LEN];

impl Door {
    fn new(secret: &SecretString) -> Result<Self, Error> {
        let secret = secret.expose_secret().as_bytes();
        if secret.is_empty() {
            return Err(Error::Config("an empty secret of the webhook would let everybody in"));
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let name = hex(hmac::sign(&key, b"alita-webhook-path").as_ref());
        let path = format!("/webhook/{}", name.get(..DIGITS).unwrap_or(&name));
        Ok(Self { path, secret: hashed(secret) })
    }

    /// Whether the header is there once and holds the secret.
    ///
    /// Digests are compared, so that neither the place of the first difference nor the length shows in the time.
    pub(super) fn opens_for(&self, headers: &HeaderMap) -> bool {
        let mut given = headers.get_all(HEADER).iter();
        let (Some(given), None) = (given.next(), given.next()) else { return false };
        hashed(given.as_bytes()).ct_eq(&self.secret).into()
    }
}

/// The door of today, and for a while the one before it.
#[derive(Debug)]
pub(super) struct Doors {
    current: Door,
    previous: Option<Door>,
    previous_until: Instant,
}

impl Doors {
    pub(super) fn new(config: &WebhookConfig, now: Instant) -> Result<Self, Error> {
        const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
        Ok(Self {
            current: Door::new(&config.secret)?,
            previous: config.previous_secret.as_ref().map(Door::new).transpose()?,
            previous_until: now + config.previous_for.min(LONGEST),
        })
    }

    pub(super) fn path(&self) -> &str {
        &self.current.path
    }

    /// The door at a path; every path takes equally long.
    pub(super) fn find(&self, path: &str, now: Instant) -> Option<&Door> {
        let is_at = |door: &Door| bool::from(door.path.as_bytes().ct_eq(path.as_bytes()));
        let previous = self.previous.as_ref().filter(|door| is_at(door) && now < self.previous_until);
        if is_at(&self.current) { Some(&self.current) } else { previous }
    }
}

fn hashed(bytes: &[u8]) -> Digest {
    let mut out = Digest::default();
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doors(previous: Option<&str>, now: Instant) -> Doors {
        let config = WebhookConfig {
            previous_secret: previous.map(SecretString::from),
            ..WebhookConfig::new("correct-horse-battery-staple")
        };
        Doors::new(&config, now).unwrap()
    }

    #[test]
    fn the_path_is_what_every_other_tool_computes() {
        // printf alita-webhook-path | openssl dgst -sha256 -hmac correct-horse-battery-staple
        assert_eq!(doors(None, Instant::now()).path(), "/webhook/4ddf2324c9aee5f0dc2215876342d34d");
    }

    #[test]
    fn the_header_must_come_once_and_be_equal() {
        let doors = doors(None, Instant::now());
        let opens = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(HEADER, value.parse().unwrap());
            }
            doors.current.opens_for(&headers)
        };
        let secret = "correct-horse-battery-staple";
        assert!(opens(&[secret]));
        let long = secret.repeat(100);
        for wrong in [&[][..], &[""], &["correct"], &[long.as_str()], &[secret, secret], &[secret, "x"]] {
            assert!(!opens(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn the_previous_secret_is_accepted_for_a_while() {
        let now = Instant::now();
        let doors = doors(Some("yesterday"), now);
        let old = Door::new(&"yesterday".into()).unwrap().path;
        assert!(doors.find(&old, now + Duration::from_secs(599)).is_some());
        assert!(doors.find(&old, now + Duration::from_secs(600)).is_none());
        let path = doors.path().to_owned();
        assert!(doors.find(&path, now + Duration::from_secs(600)).is_some());
        assert!(doors.find("/webhook", now).is_none() && doors.find("/webhook/", now).is_none());
    }

    #[test]
    fn an_empty_secret_is_refused() {
        assert!(Door::new(&"".into()).is_err());
    }
}
