//! Hides secrets in text: the exact ones that were registered, and whatever has the shape of one.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use regex::{Captures, Regex};
use secrecy::{ExposeSecret, SecretString};

/// What stands where a secret was.
pub const MARK: &str = "[redacted]";

/// Shorter values are not registered: they would hide ordinary words and numbers.
const SHORTEST: usize = 6;

/// Everything but the letters that a URL leaves as they are.
const IN_URLS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Replaces secrets by [`MARK`]; clones share what was registered.
///
/// The shapes (bot tokens, passwords in URLs and connection strings, `Authorization` headers) are known from the
/// first line on; exact values are added with [`Redactor::register`] as soon as they have been read.
#[derive(Clone, Default)]
pub struct Redactor(Arc<RwLock<Exact>>);

#[derive(Default)]
struct Exact {
    forms: BTreeSet<String>,
    automaton: Option<AhoCorasick>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redactor").finish_non_exhaustive()
    }
}

impl Redactor {
    /// A redactor that knows the shapes only.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Hides this value from now on, also where it is URL-encoded, base64-encoded or escaped; values of fewer than
    /// six characters are left alone.
    pub fn register(&self, secret: &SecretString) {
        self.add(secret.expose_secret());
    }

    /// Hides the password of a URL, and the whole URL for its sake; one without a password is no secret.
    pub fn register_url(&self, url: &SecretString) {
        let url = url.expose_secret();
        if let Some(password) = password_of(url) {
            self.add(url);
            self.add(password);
            self.add(&percent_encoding::percent_decode_str(password).decode_utf8_lossy());
        }
    }

    /// The text with every secret replaced.
    #[must_use]
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        let exact = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(automaton) = &exact.automaton {
            let mut hidden = 0;
            let mut out = String::new();
            automaton.replace_all_with(&text, &mut out, |_, _, out| {
                hidden += 1;
                out.push_str(MARK);
                true
            });
            if hidden > 0 {
                text = Cow::Owned(out);
                count("exact", hidden);
            }
        }
        drop(exact);
        for shape in SHAPES.iter() {
            text = shape.apply(text);
        }
        text
    }

    fn add(&self, value: &str) {
        if value.chars().count() < SHORTEST {
            return;
        }
        let mut exact = self.0.write().unwrap_or_else(PoisonError::into_inner);
        exact.forms.extend(forms(value));
        // Longest match first, so that a secret inside another one does not leave the rest of it standing.
        let built = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&exact.forms);
        match built {
            Ok(automaton) => exact.automaton = Some(automaton),
            // Only gigabytes of secrets get here; going on without them would print them.
            Err(error) => panic!("the secrets are too large to be searched for: {error}"),
        }
    }
}

/// The value in all the spellings in which it may turn up.
fn forms(value: &str) -> BTreeSet<String> {
    let encoded = utf8_percent_encode(value, IN_URLS).to_string();
    let lower_hex = lower_hex(&encoded);
    let debug = format!("{value:?}");
    let mut plain = vec![value.to_owned(), encoded.replace("%20", "+"), encoded, lower_hex];
    plain.push(debug.trim_matches('"').to_owned());
    plain.push(STANDARD.encode(value));
    plain.push(STANDARD_NO_PAD.encode(value));
    plain.push(URL_SAFE_NO_PAD.encode(value));
    plain.extend(inside_base64(value));
    let escaped: Vec<String> = plain.iter().map(|form| json_escaped(form)).collect();
    plain.into_iter().chain(escaped).filter(|form| form.len() >= SHORTEST).collect()
}

/// What of the value shows in the base64 of a longer text, such as `user:password`: it depends on where it begins.
fn inside_base64(value: &str) -> Vec<String> {
    (0..3usize)
        .map(|offset| {
            let padded: Vec<u8> = std::iter::repeat_n(0, offset).chain(value.bytes()).collect();
            // The first characters also hold bits of what stands before, the last one bits of what follows.
            let whole = padded.len() / 3 * 4;
            let before = [0, 2, 3].get(offset).copied().unwrap_or(0);
            STANDARD.encode(&padded).chars().take(whole).skip(before).collect()
        })
        .collect()
}

fn json_escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(&quoted).to_owned()
}

/// The percent-encoded text with its hexadecimal digits in lower case.
fn lower_hex(encoded: &str) -> String {
    let mut digits = 0;
    encoded
        .chars()
        .map(|c| {
            if c == '%' {
                digits = 2;
                return c;
            }
            if digits == 0 {
                return c;
            }
            digits -= 1;
            c.to_ascii_lowercase()
        })
        .collect()
}

fn password_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let (user_info, _) = rest.rsplit_once('@')?;
    user_info.split_once(':').map(|(_, password)| password)
}

/// Something that looks like a secret; group 1 of the pattern, where there is one, is kept.
struct Shape {
    rule: &'static str,
    pattern: Regex,
}

impl Shape {
    fn apply<'t>(&self, text: Cow<'t, str>) -> Cow<'t, str> {
        let mut hidden = 0;
        let replaced = self.pattern.replace_all(&text, |found: &Captures<'_>| {
            hidden += 1;
            format!("{}{MARK}", found.get(1).map_or("", |kept| kept.as_str()))
        });
        let replaced = match replaced {
            Cow::Borrowed(_) => return text,
            Cow::Owned(replaced) => replaced,
        };
        count(self.rule, hidden);
        Cow::Owned(replaced)
    }
}

static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    [
        ("token", r"[0-9]{6,}(?::|%3[Aa])[A-Za-z0-9_-]{30,}"),
        ("url", r#"([A-Za-z][A-Za-z0-9+.-]*://[^\s:/@"'<>]*:)[^\s/"'<>]+@"#),
        ("authorization", r#"(?i)(authorization\\?["']?\s*[:=]\s*\\?["']?(?:bearer|basic)\s+)[^\s"'\\]{8,}"#),
        ("bearer", r"(?i)(\bbearer\s+)[A-Za-z0-9._~+/=-]{8,}"),
        (
            "password",
            r#"(?i)(\b(?:password|passwd|pwd|secret_token)\\?["']?\s*[=:]\s*\\?["']?)[^\s"'\\&,;]+"#,
        ),
    ]
    .into_iter()
    .map(|(rule, pattern)| Shape { rule, pattern: Regex::new(pattern).expect("the patterns are tested") })
    .collect()
});

fn count(rule: &'static str, hidden: u64) {
    metrics::counter!("alita_log_redactions_total", "rule" => rule).increment(hidden);
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "123456789:AAE-abcdefghijklmnopqrstuvwxyz_0123";

    fn knowing(secret: &str) -> Redactor {
        let redactor = Redactor::new();
        redactor.register(&secret.to_owned().into());
        redactor
    }

    #[test]
    fn shapes_are_known_from_the_first_line() {
        let redactor = Redactor::new();
        let table = [
            (
                format!("POST https://api.telegram.org/bot{TOKEN}/getMe"),
                "POST https://api.telegram.org/bot[redacted]/getMe",
            ),
            (format!("token={}", TOKEN.replace(':', "%3A")), "token=[redacted]"),
            ("postgres://ada:s3cr3t@db:5432/alita".into(), "postgres://ada:[redacted]db:5432/alita"),
            ("redis://:p@ss@cache:6379".into(), "redis://:[redacted]cache:6379"),
            ("Authorization: Basic YWRhOnMzY3IzdA==".into(), "Authorization: Basic [redacted]"),
            (
                r#"{"authorization":"Bearer abcdefgh12345"}"#.into(),
                r#"{"authorization":"Bearer [redacted]"}"#,
            ),
            ("sent bearer abcdefgh12345 along".into(), "sent bearer [redacted] along"),
            ("host=db password=hush user=ada".into(), "host=db password=[redacted] user=ada"),
            (r#"{"secret_token":"hush","url":"x"}"#.into(), r#"{"secret_token":"[redacted]","url":"x"}"#),
        ];
        for (line, expected) in table {
            assert_eq!(redactor.redact(&line), expected);
        }
    }

    #[test]
    fn ordinary_lines_are_left_alone() {
        let redactor = knowing("a rather long secret");
        for line in [
            "basic information about chat -1001234567890",
            "listening on http://127.0.0.1:8080/health",
            "see https://example.org:443/@ada",
            "update 123456789: nothing to do",
        ] {
            assert!(matches!(redactor.redact(line), Cow::Borrowed(_)), "{line}");
        }
    }

    #[test]
    fn exact_secrets_are_hidden_in_every_spelling() {
        let secret = "pa\"ss wörd/+?\\~end";
        let redactor = knowing(secret);
        let encoded = utf8_percent_encode(secret, IN_URLS).to_string();
        let spellings = [
            secret.to_owned(),
            format!("{secret:?}"),
            json_escaped(secret),
            json_escaped(&format!("{secret:?}")),
            encoded.clone(),
            encoded.replace("%20", "+"),
            lower_hex(&encoded),
            STANDARD.encode(secret),
            URL_SAFE_NO_PAD.encode(secret),
        ];
        for spelling in spellings {
            let line = format!("before {spelling} after");
            let hidden = redactor.redact(&line);
            assert!(hidden.starts_with("before ") && hidden.ends_with(" after"), "{hidden}");
            assert!(hidden.contains(MARK) && !hidden.contains("end"), "{hidden}");
        }
    }

    #[test]
    fn a_secret_shows_in_no_longer_base64() {
        let redactor = knowing("correct horse battery");
        for user in ["", "a:", "ad:", "ada:"] {
            let header = STANDARD.encode(format!("{user}correct horse battery!"));
            assert!(redactor.redact(&header).contains(MARK), "{header}");
        }
    }

    #[test]
    fn the_longest_secret_wins_and_short_ones_are_not_taken() {
        let redactor = knowing("secret");
        redactor.register(&"secret-and-more".to_owned().into());
        redactor.register(&"it".to_owned().into());
        assert_eq!(redactor.redact("it is secret-and-more, a secret"), "it is [redacted], a [redacted]");
    }

    #[test]
    fn the_password_of_a_url_is_a_secret_of_its_own() {
        let redactor = Redactor::new();
        redactor.register_url(&"postgres://ada:pa%20ss%2Fword@db/alita".to_owned().into());
        assert_eq!(redactor.redact("refused: pa ss/word"), "refused: [redacted]");
        assert_eq!(redactor.redact("refused: pa%20ss%2Fword"), "refused: [redacted]");
        assert_eq!(redactor.redact("refused: alita"), "refused: alita");

        redactor.register_url(&"sqlite://data/alita.db".to_owned().into());
        assert_eq!(
            redactor.redact("cannot open sqlite://data/alita.db"),
            "cannot open sqlite://data/alita.db"
        );
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", knowing("a rather long secret")), "Redactor { .. }");
    }
}
