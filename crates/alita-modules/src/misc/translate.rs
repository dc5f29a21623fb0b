//! The translation service: one question over HTTP, and an answer that is not trusted.
//!
//! No address comes from a person, redirects are not followed, and neither time nor length is without a limit.

use std::error::Error as StdError;
use std::str::FromStr;
use std::time::Duration;

use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::Request;
use hyper::body::Bytes;
use hyper::header::{ACCEPT, USER_AGENT};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use url::Url;

/// How long the question and its whole answer may take.
const LIMIT: Duration = Duration::from_secs(10);

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 1024 * 1024;

/// The longest address that servers of this kind take, in bytes; the text is part of it.
const LONGEST_ADDRESS: usize = 16 * 1024;

/// A language to translate into, written as the service knows it: `es`, `pt-BR`, `mni-Mtei`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tongue(String);

impl Default for Tongue {
    fn default() -> Self {
        Self("en".to_owned())
    }
}

/// A word that is no language.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the code of a language")]
pub(super) struct UnknownTongue;

impl FromStr for Tongue {
    type Err = UnknownTongue;

    /// Two or three letters, then perhaps a region of two or a script of four; in any case.
    fn from_str(word: &str) -> Result<Self, UnknownTongue> {
        let (language, region) =
            word.split_once('-').map_or((word, None), |(language, region)| (language, Some(region)));
        let has_letters = |part: &str, lengths: &[usize]| {
            lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic())
        };
        if !has_letters(language, &[2, 3]) || !region.is_none_or(|region| has_letters(region, &[2, 4])) {
            return Err(UnknownTongue);
        }
        let mut code = language.to_ascii_lowercase();
        if let Some(region) = region {
            code.push('-');
            let is_script = region.len() == 4;
            code.extend(region.char_indices().map(|(at, letter)| {
                if is_script && at > 0 { letter.to_ascii_lowercase() } else { letter.to_ascii_uppercase() }
            }));
        }
        Ok(Self(code))
    }
}

/// A text in another language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Translation {
    /// The code of the language in which it was written, as the service sees it.
    pub(super) from: String,
    /// What it means.
    pub(super) text: String,
}

/// Why there is no translation. No text of a person stands in it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("the address of the translation service is not usable")]
    Address,
    #[error("the TLS provider knows no usable protocol version")]
    Tls,
    #[error("the text is too long for the translation service")]
    TooLong,
    #[error("the translation service did not answer: {0}")]
    NoAnswer(Box<dyn StdError + Send + Sync>),
    #[error("the translation service took longer than 10 seconds")]
    TooSlow,
    #[error("the translation service answered with status {0}")]
    Status(u16),
    #[error("the translation service answered more than a megabyte")]
    TooMuch,
    #[error("the translation service answered what is no JSON")]
    NoJson,
    #[error("the translation service answered in an unknown form")]
    UnknownForm,
}

/// A translation service that speaks as Google's `translate_a/t` does.
#[derive(Debug)]
pub(super) struct Translator {
    endpoint: Url,
}

impl Translator {
    /// The service at this address.
    ///
    /// # Errors
    ///
    /// When it is no address of a web server.
    pub(super) fn new(endpoint: &str) -> Result<Self, Trouble> {
        let endpoint = Url::parse(endpoint).map_err(|_| Trouble::Address)?;
        let is_web = matches!(endpoint.scheme(), "https" | "http") && endpoint.has_host();
        if is_web { Ok(Self { endpoint }) } else { Err(Trouble::Address) }
    }

    /// Asks what a text means in another language.
    ///
    /// # Errors
    ///
    /// When the service does not answer in time, refuses, or answers what cannot be understood.
    pub(super) async fn translate(&self, text: &str, to: &Tongue) -> Result<Translation, Trouble> {
        let address = self.address(text, to);
        if address.as_str().len() > LONGEST_ADDRESS {
            return Err(Trouble::TooLong);
        }
        let answer = tokio::time::timeout(LIMIT, get(&address)).await.map_err(|_| Trouble::TooSlow)??;
        read(&answer)
    }

    fn address(&self, text: &str, to: &Tongue) -> Url {
        let mut address = self.endpoint.clone();
        address
            .query_pairs_mut()
            .append_pair("client", "dict-chrome-ex")
            .append_pair("sl", "auto")
            .append_pair("tl", &to.0)
            .append_pair("q", text);
        address
    }
}

/// The connection is made for this one question: there are few, and none has to be kept for the next.
async fn get(address: &Url) -> Result<Bytes, Trouble> {
    let https = HttpsConnectorBuilder::new()
        .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
        .map_err(|_| Trouble::Tls)?
        .https_or_http()
        .enable_http1()
        .build();
    let request = Request::get(address.as_str())
        .header(USER_AGENT, "Alita")
        .header(ACCEPT, "application/json")
        .body(Empty::<Bytes>::new())
        .map_err(|_| Trouble::Address)?;
    let client = Client::builder(TokioExecutor::new()).build(https);
    let response = client.request(request).await.map_err(|error| Trouble::NoAnswer(Box::new(error)))?;
    match response.status().as_u16() {
        200..=299 => {}
        413 | 414 => return Err(Trouble::TooLong),
        status => return Err(Trouble::Status(status)),
    }
    match Limited::new(response.into_body(), LONGEST_ANSWER).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Trouble::TooMuch),
        Err(error) => Err(Trouble::NoAnswer(error)),
    }
}

/// `[["hola", "en"], ..]`: the pieces of the translation, each with the language that it was in.
fn read(answer: &[u8]) -> Result<Translation, Trouble> {
    let answer: Value = serde_json::from_slice(answer).map_err(|_| Trouble::NoJson)?;
    let mut texts = Vec::new();
    let mut from = None;
    for piece in answer.as_array().ok_or(Trouble::UnknownForm)? {
        let (Some(text), Some(language)) = (piece[0].as_str(), piece[1].as_str()) else {
            return Err(Trouble::UnknownForm);
        };
        texts.push(text);
        from.get_or_insert(language);
    }
    let text = texts.join("\n");
    match from {
        Some(from) if !text.trim().is_empty() => Ok(Translation { from: from.to_owned(), text }),
        _ => Err(Trouble::UnknownForm),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_languages() {
        let code = |word: &str| word.parse::<Tongue>().ok().map(|tongue| tongue.0);
        for (word, expected) in [
            ("es", "es"),
            ("EN", "en"),
            ("ceb", "ceb"),
            ("zh-cn", "zh-CN"),
            ("Pt-Br", "pt-BR"),
            ("mni-mtei", "mni-Mtei"),
        ] {
            assert_eq!(code(word).as_deref(), Some(expected));
        }
        for word in
            ["", "e", "hello", "es&q=x", "e1", "es-", "-es", "es-1", "es-abc", "es-ES-x", "ñu", "es\u{0}"]
        {
            assert_eq!(code(word), None, "{word:?}");
        }
    }

    #[test]
    fn nothing_gets_out_of_its_parameter() {
        let translator = Translator::new("https://example.org/t?key=1").unwrap();
        let address = translator.address("a&tl=xx #?ñ", &Tongue("es".to_owned()));
        assert_eq!(
            address.as_str(),
            "https://example.org/t?key=1&client=dict-chrome-ex&sl=auto&tl=es&q=a%26tl%3Dxx+%23%3F%C3%B1"
        );
        for address in ["", "example.org", "ftp://example.org", "file:///etc/passwd", "data:,x"] {
            assert!(Translator::new(address).is_err(), "{address}");
        }
    }

    #[test]
    fn answers() {
        let text = |answer: &str| {
            read(answer.as_bytes()).ok().map(|translation| (translation.from, translation.text))
        };
        let is = |from: &str, text: &str| Some((from.to_owned(), text.to_owned()));
        assert_eq!(text(r#"[["hola","en"]]"#), is("en", "hola"));
        assert_eq!(text(r#"[["hola","en",null],["mundo","en"]]"#), is("en", "hola\nmundo"));
        for answer in [
            "",
            "{",
            "{}",
            "[]",
            "[[]]",
            r#"[[null,"en"]]"#,
            r#"[["hola"]]"#,
            r#"["hola"]"#,
            r#"[[" ","en"]]"#,
            "1",
        ] {
            assert_eq!(text(answer), None, "{answer}");
        }
    }
}
