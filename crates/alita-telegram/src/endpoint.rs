//! Where calls go. The only place that reads the token.

use std::fmt;

use hyper::Uri;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::Error;

pub(crate) struct Endpoint {
    base: String,
    token: SecretString,
}

impl Endpoint {
    /// Joins the server's address, which may have a sub path, with a token.
    pub(crate) fn new(server: &Url, token: SecretString) -> Result<Self, Error> {
        if !matches!(server.scheme(), "http" | "https") || !server.has_host() {
            return Err(Error::Config("the Bot API server must be an http or https address with a host"));
        }
        if !server.username().is_empty()
            || server.password().is_some()
            || server.query().is_some()
            || server.fragment().is_some()
        {
            return Err(Error::Config(
                "the Bot API server's address must be scheme, host, port and path only",
            ));
        }
        let is_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-');
        if token.expose_secret().is_empty() || !token.expose_secret().chars().all(is_token) {
            return Err(Error::Config("the token is empty or has characters that no token has"));
        }
        Ok(Self { base: server.as_str().trim_end_matches('/').to_owned(), token })
    }

    pub(crate) fn method(&self, method: &str) -> Result<Uri, Error> {
        self.uri(&format!("{}/bot{}/{method}", self.base, self.token.expose_secret()))
    }

    pub(crate) fn file(&self, path: &str) -> Result<Uri, Error> {
        let path = percent_encode(path);
        self.uri(&format!("{}/file/bot{}/{path}", self.base, self.token.expose_secret()))
    }

    #[expect(clippy::unused_self, reason = "keeps the way from text to address in one place")]
    fn uri(&self, text: &str) -> Result<Uri, Error> {
        // The parse error names no part of the text, so the token stays out of it.
        text.parse().map_err(|_| Error::Config("the method's name or the file's path makes no address"))
    }

    /// Takes the token out of a text that a server sent back.
    pub(crate) fn redact(&self, text: &str) -> String {
        text.replace(self.token.expose_secret(), "[token]")
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("base", &self.base).finish_non_exhaustive()
    }
}

fn percent_encode(path: &str) -> String {
    use fmt::Write as _;
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'_' | b'-' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(server: &str) -> Result<Endpoint, Error> {
        Endpoint::new(&Url::parse(server).unwrap(), SecretString::from("12:ab-C_"))
    }

    #[test]
    fn a_sub_path_stays_and_a_trailing_slash_goes() {
        let endpoint = endpoint("http://localhost:8081/tg/").unwrap();
        assert_eq!(
            endpoint.method("getMe").unwrap().to_string(),
            "http://localhost:8081/tg/bot12:ab-C_/getMe"
        );
        assert_eq!(
            endpoint.file("documents/a b?.json").unwrap().to_string(),
            "http://localhost:8081/tg/file/bot12:ab-C_/documents/a%20b%3F.json"
        );
    }

    #[test]
    fn bad_addresses_and_tokens_are_refused() {
        assert!(endpoint("ftp://localhost").is_err());
        assert!(endpoint("http://me:pw@localhost").is_err());
        assert!(endpoint("http://localhost/?q").is_err());
        let url = Url::parse("http://localhost").unwrap();
        for token in ["", "12:a/../b", "12:a b"] {
            let error = Endpoint::new(&url, SecretString::from(token)).unwrap_err();
            assert!(token.is_empty() || !format!("{error} {error:?}").contains(token));
        }
    }

    #[test]
    fn the_token_is_in_no_debug_text() {
        assert!(!format!("{:?}", endpoint("http://localhost").unwrap()).contains("ab-C_"));
    }
}
