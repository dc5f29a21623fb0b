//! The values, and the rules that join them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use alita_i18n::Language;
use alita_model::{ChatId, UserId};
use alita_modules::{Links, Settings};
use alita_monitoring::LogFormat;
use alita_telegram::{Limits, SecretString, Url};

use super::env::Env;
use super::reader::{Problem, Reader, Shown};

/// The database that needs nothing but a folder.
const EMBEDDED: &str = "sqlite://data/alita.db";

/// Where Redis is, if there is one.
#[derive(Debug, Clone)]
pub(crate) struct RedisPlace {
    pub(crate) address: String,
    pub(crate) password: Option<String>,
    pub(crate) database: Option<u8>,
    pub(crate) is_optional: bool,
    pub(crate) is_cleared_at_start: bool,
}

/// Everything that an operator decides.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) token: SecretString,
    pub(crate) api_server: Url,
    pub(crate) limits: Limits,
    pub(crate) drops_pending_updates: bool,
    pub(crate) message_dump: Option<ChatId>,
    pub(crate) settings: Settings,
    pub(crate) database_url: SecretString,
    pub(crate) database_connections: u32,
    pub(crate) migrates: bool,
    pub(crate) redis: Option<RedisPlace>,
    pub(crate) data_dir: PathBuf,
    pub(crate) http: SocketAddr,
    pub(crate) metrics_token: Option<SecretString>,
    pub(crate) max_updates: usize,
    pub(crate) log_format: LogFormat,
    pub(crate) log_filter: String,
    pub(crate) is_debug: bool,
    pub(crate) shutdown_limit: Duration,
    pub(crate) shown: Vec<Shown>,
}

impl Config {
    /// Reads all variables.
    ///
    /// # Errors
    ///
    /// Every problem that there is, so that the operator has to look only once.
    pub(crate) fn read(env: &Env) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader::new(env);
        let config = Self::from_reader(&mut reader);
        if !reader.problems.is_empty() {
            return Err(reader.problems);
        }
        Ok(Self { shown: reader.shown, ..config })
    }

    fn from_reader(reader: &mut Reader<'_>) -> Self {
        let api_server =
            reader.parsed("API_SERVER", "an address that begins with http:// or https://", server);
        let is_public_server = api_server.is_none();
        let token = token(reader, is_public_server);
        let is_debug = reader.switch("DEBUG", false);
        let data_dir = PathBuf::from(reader.text_or("DATA_DIR", "data"));
        let database_url = database(reader);
        let is_embedded = database_url.starts_with("sqlite:");
        if reader.switch("USE_WEBHOOKS", false) {
            reader.problem("USE_WEBHOOKS", "this version can only poll; leave it unset");
        }
        Self {
            token: token.into(),
            api_server: api_server.unwrap_or_else(public_server),
            limits: Limits {
                global_per_second: reader.number("TELEGRAM_GLOBAL_RPS", 30, 1..=10_000),
                group_per_minute: reader.number("TELEGRAM_GROUP_RPM", 20, 1..=100_000),
                chat_per_second: reader.number("TELEGRAM_CHAT_RPS", 1, 1..=10_000),
            },
            drops_pending_updates: reader.switch("DROP_PENDING_UPDATES", false),
            message_dump: chat(reader),
            settings: settings(reader),
            database_url: database_url.into(),
            database_connections: reader.number(
                "DB_MAX_OPEN_CONNS",
                if is_embedded { 8 } else { 50 },
                1..=1_000,
            ),
            migrates: reader.switch("AUTO_MIGRATE", is_embedded),
            redis: redis(reader),
            data_dir,
            http: SocketAddr::from(([0, 0, 0, 0], port(reader))),
            metrics_token: reader.secret("METRICS_AUTH_TOKEN").map(Into::into),
            max_updates: reader.number("DISPATCHER_MAX_ROUTINES", 200, 1..=1_000),
            log_format: log_format(reader),
            log_filter: reader.text_or("LOG_LEVEL", if is_debug { "debug" } else { "info" }),
            is_debug,
            shutdown_limit: Duration::from_secs(reader.number("SHUTDOWN_TIMEOUT_SECONDS", 60, 5..=600)),
            shown: Vec::new(),
        }
    }
}

/// The port of the HTTP server, also for the health check of a configuration that is otherwise broken.
pub(crate) fn port(reader: &mut Reader<'_>) -> u16 {
    let fallback = reader.number("PORT", 8080, 1..=u16::MAX);
    reader.number("HTTP_PORT", fallback, 1..=u16::MAX)
}

fn token(reader: &mut Reader<'_>, is_public_server: bool) -> String {
    let Some(token) = reader.secret("BOT_TOKEN") else {
        reader.problem("BOT_TOKEN", "required: the token that @BotFather gave you");
        return String::new();
    };
    if is_public_server && !has_token_shape(&token) {
        reader.problem(
            "BOT_TOKEN",
            "not a token: a token is a number, a colon, and 30 or more letters, digits, - or _",
        );
    }
    token
}

fn has_token_shape(token: &str) -> bool {
    let Some((id, key)) = token.split_once(':') else { return false };
    let is_key = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()) && key.len() >= 30 && key.bytes().all(is_key)
}

/// User names, queries and fragments have no meaning in the address of a Bot API server.
fn server(text: &str) -> Option<Url> {
    let mut url =
        Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())?;
    url.set_query(None);
    url.set_fragment(None);
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    Some(url)
}

#[expect(clippy::expect_used, reason = "a constant that a test parses")]
fn public_server() -> Url {
    Url::parse("https://api.telegram.org").expect("a well-formed address")
}

fn database(reader: &mut Reader<'_>) -> String {
    let Some(url) = reader.secret("DATABASE_URL") else { return EMBEDDED.to_owned() };
    let schemes = ["sqlite:", "postgres://", "postgresql://"];
    if !schemes.iter().any(|scheme| url.starts_with(scheme)) {
        reader.problem("DATABASE_URL", "begins with sqlite://, postgres:// or postgresql://");
    }
    url
}

fn chat(reader: &mut Reader<'_>) -> Option<ChatId> {
    reader.parsed("MESSAGE_DUMP", "the id of a chat, such as -1001234567890", |text| {
        text.parse().ok().filter(|id| *id != 0).map(ChatId::new)
    })
}

fn settings(reader: &mut Reader<'_>) -> Settings {
    let link = |text: &str| Url::parse(text).ok().filter(Url::has_host).map(|url| url.to_string());
    let a_link = "an address that begins with https://";
    Settings {
        owner: reader.parsed("OWNER_ID", "the id of a person, a number above 0", |text| {
            text.parse().ok().filter(|id| *id > 0).map(UserId::new)
        }),
        languages: languages(reader),
        links: Links {
            news: reader.parsed("NEWS_URL", a_link, link),
            support: reader.parsed("SUPPORT_URL", a_link, link),
            donation: reader.parsed("DONATION_URL", a_link, link),
            translation: reader.parsed("TRANSLATION_URL", a_link, link),
            supergroup_help: reader.parsed("SUPERGROUP_HELP_URL", a_link, link),
        },
        translation_endpoint: reader.parsed("TRANSLATE_ENDPOINT", a_link, link),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// A language that this build does not have is left out with a warning; the bot still starts.
fn languages(reader: &mut Reader<'_>) -> Vec<Language> {
    let text = reader.text_or("ENABLED_LOCALES", "en");
    let mut languages = Vec::new();
    for code in text.split(',').map(str::trim).filter(|code| !code.is_empty()) {
        match Language::from_code(&code.to_lowercase()) {
            Some(language) if !languages.contains(&language) => languages.push(language),
            Some(_) => {}
            None => eprintln!(
                "ENABLED_LOCALES: there is no language `{code}` in this build, so it is not offered."
            ),
        }
    }
    languages
}

fn redis(reader: &mut Reader<'_>) -> Option<RedisPlace> {
    let direct = reader.text("REDIS_ADDRESS");
    let url = reader.secret("REDIS_URL");
    let password = reader.secret("REDIS_PASSWORD");
    let is_direct = direct.is_some();
    // The original's default for a direct address is 1; an address with a path names its own.
    let database = reader.number("REDIS_DB", u8::from(is_direct), 0..=15);
    let database = (is_direct || reader.is_set("REDIS_DB")).then_some(database);
    let is_optional = reader.switch("REDIS_OPTIONAL", false);
    let is_cleared_at_start = reader.switch("CLEAR_CACHE_ON_STARTUP", true);
    if !is_direct
        && url.as_deref().is_some_and(|url| !url.starts_with("redis://") && !url.starts_with("rediss://"))
    {
        reader.problem("REDIS_URL", "begins with redis:// or rediss://");
    }
    let address = direct.or(url)?;
    Some(RedisPlace { address, password, database, is_optional, is_cleared_at_start })
}

fn log_format(reader: &mut Reader<'_>) -> LogFormat {
    reader
        .parsed("LOG_FORMAT", "json or text", |text| match text {
            "json" => Some(LogFormat::Json),
            "text" => Some(LogFormat::Text),
            _ => None,
        })
        .unwrap_or(LogFormat::Json)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const TOKEN: &str = "123456789:abcdefghijklmnopqrstuvwxyz_ABCDEFGH";

    fn problems(pairs: &[(&str, &str)]) -> Vec<String> {
        Config::read(&Env::of(pairs))
            .map_or_else(|problems| problems.iter().map(ToString::to_string).collect(), |_| Vec::new())
    }

    #[test]
    fn a_token_is_enough() {
        let config = Config::read(&Env::of(&[("BOT_TOKEN", TOKEN)])).unwrap();
        assert_eq!(config.data_dir, Path::new("data"));
        assert!(config.migrates);
        assert!(config.redis.is_none());
        assert_eq!(config.http.port(), 8080);
        assert_eq!(config.api_server.as_str(), "https://api.telegram.org/");
    }

    #[test]
    fn all_problems_are_told_at_once_and_secrets_are_not() {
        let found = problems(&[
            ("BOT_TOKEN", "nonsense-token"),
            ("DATABASE_URL", "mysql://root:hunter2@db"),
            ("HTTP_PORT", "99999"),
            ("DEBUG", "maybe"),
            ("API_SERVER", "ftp://x"),
            ("OWNER_ID", "-3"),
            ("USE_WEBHOOKS", "true"),
        ]);
        let text = found.join("\n");
        for variable in ["DATABASE_URL", "HTTP_PORT", "DEBUG", "API_SERVER", "OWNER_ID", "USE_WEBHOOKS"] {
            assert!(text.contains(variable), "{variable} is missing in {text}");
        }
        assert!(!text.contains("hunter2") && !text.contains("nonsense-token"), "{text}");
        assert!(text.contains("HTTP_PORT: found `99999`, allowed is a whole number from 1 to 65535"));
    }

    #[test]
    fn an_explicit_no_is_a_no() {
        let config = Config::read(&Env::of(&[("BOT_TOKEN", TOKEN), ("AUTO_MIGRATE", "off")])).unwrap();
        assert!(!config.migrates);
        let server = [
            ("BOT_TOKEN", "x"),
            ("DATABASE_URL", "postgres://a@b/c"),
            ("API_SERVER", "http://u:p@h:81/sub/?q#f"),
        ];
        let config = Config::read(&Env::of(&server)).unwrap();
        assert!(!config.migrates);
        assert_eq!(config.api_server.as_str(), "http://h:81/sub/");
    }

    #[test]
    fn redis_comes_directly_or_by_address() {
        let read = |pairs: &[(&str, &str)]| {
            let mut all = vec![("BOT_TOKEN", TOKEN)];
            all.extend_from_slice(pairs);
            Config::read(&Env::of(&all)).unwrap().redis.unwrap()
        };
        assert_eq!(read(&[("REDIS_ADDRESS", "h:1"), ("REDIS_URL", "redis://x")]).address, "h:1");
        assert_eq!(read(&[("REDIS_ADDRESS", "h:1")]).database, Some(1));
        assert_eq!(read(&[("REDIS_ADDRESS", "h:1"), ("REDIS_DB", "0")]).database, Some(0));
        assert_eq!(read(&[("REDIS_URL", "redis://x/3")]).database, None);
        assert_eq!(read(&[("REDIS_URL", "redis://x/3"), ("REDIS_DB", "0")]).database, Some(0));
    }

    #[test]
    fn the_example_file_names_exactly_what_is_read() {
        let example = include_str!("../../../../deploy/alita.env.example");
        let lines = example.lines().map(|line| line.trim_start_matches('#'));
        let mut named: Vec<&str> = lines
            .filter_map(|line| line.split_once('='))
            .map(|(name, _)| name)
            .filter(|name| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
            .collect();
        let config = Config::read(&Env::of(&[("BOT_TOKEN", TOKEN)])).unwrap();
        let mut read: Vec<&str> = config.shown.iter().map(|shown| shown.variable).collect();
        named.sort_unstable();
        read.sort_unstable();
        assert_eq!(named, read);
    }

    #[test]
    fn unknown_languages_are_left_out() {
        let env = Env::of(&[("BOT_TOKEN", TOKEN), ("ENABLED_LOCALES", "en, xx ,es,en")]);
        assert_eq!(Config::read(&env).unwrap().settings.languages, [Language::EN, Language::ES]);
    }
}
