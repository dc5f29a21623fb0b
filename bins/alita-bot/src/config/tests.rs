//! What is true of every declaration, and of the files that follow from them.

mod rules;

use std::collections::BTreeSet;
use std::path::Path;

use super::reference::{self, Form};
use super::variable::{Kind, Preset, Variable};
use super::{Config, Env, THEMES};

const TOKEN: &str = "123456789:abcdefghijklmnopqrstuvwxyz_ABCDEFGH";

/// The range and the default of every number as operators of the original know them, and of ours beside them.
const NUMBERS: &[(&str, i64, i64, Option<&str>)] = &[
    ("ACTIVITY_CHECK_INTERVAL", 1, 24, Some("1")),
    ("COMMANDS_GROUP_RPM", 0, 100_000, Some("60")),
    ("COMMANDS_USER_RPM", 0, 100_000, Some("20")),
    ("DB_CONN_MAX_IDLE_TIME_MIN", 1, 60, Some("60")),
    ("DB_CONN_MAX_LIFETIME_MIN", 1, 1_440, Some("240")),
    ("DB_MAX_IDLE_CONNS", 1, 100, None),
    ("DB_MAX_OPEN_CONNS", 1, 1_000, None),
    ("DISPATCHER_MAX_ROUTINES", 1, 1_000, Some("200")),
    ("HTTP_MAX_IDLE_CONNS", 10, 1_000, Some("100")),
    ("HTTP_MAX_IDLE_CONNS_PER_HOST", 5, 500, Some("50")),
    ("HTTP_PORT", 1, 65_535, Some("8080")),
    ("INACTIVITY_THRESHOLD_DAYS", 1, 365, Some("30")),
    ("REDIS_DB", 0, 15, None),
    ("RESOURCE_GC_THRESHOLD_MB", 100, 5_000, Some("400")),
    ("RESOURCE_MAX_GOROUTINES", 100, 10_000, Some("1000")),
    ("RESOURCE_MAX_MEMORY_MB", 100, 10_000, Some("500")),
    ("SHUTDOWN_TIMEOUT_SECONDS", 5, 600, Some("60")),
    ("TELEGRAM_CHAT_RPS", 1, 10_000, Some("1")),
    ("TELEGRAM_GLOBAL_RPS", 1, 10_000, Some("30")),
    ("TELEGRAM_GROUP_RPM", 1, 100_000, Some("20")),
];

fn all() -> impl Iterator<Item = &'static Variable> {
    THEMES.iter().flat_map(|theme| theme.variables).copied()
}

/// Reads these variables beside a token.
fn read(pairs: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let mut all = vec![("BOT_TOKEN", TOKEN)];
    all.extend_from_slice(pairs);
    Config::read(&Env::of(&all)).map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn config(pairs: &[(&str, &str)]) -> Config {
    read(pairs).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn problems(pairs: &[(&str, &str)]) -> Vec<String> {
    read(pairs).err().unwrap_or_default()
}

/// What must stand beside a variable so that it can have any value of its range.
fn room_for(variable: &Variable) -> &'static [(&'static str, &'static str)] {
    match variable.name {
        "DB_MAX_IDLE_CONNS" => &[("DB_MAX_OPEN_CONNS", "1000")],
        _ => &[],
    }
}

#[test]
fn what_is_declared_is_read_and_the_reverse() {
    let read: Vec<&str> = config(&[]).shown.iter().map(|shown| shown.variable).collect();
    let declared: Vec<&str> = all().map(|variable| variable.name).collect();
    let set = |names: &[&'static str]| names.iter().copied().collect::<BTreeSet<_>>();
    assert_eq!(set(&read), set(&declared));
    assert_eq!((read.len(), declared.len()), (set(&read).len(), set(&declared).len()), "each one once");
    let aliases: Vec<&str> = all().flat_map(|variable| variable.aliases).copied().collect();
    assert!(set(&aliases).is_disjoint(&set(&declared)), "{aliases:?}");
}

#[test]
fn meanings_are_sentences() {
    for variable in all() {
        assert!(variable.meaning.ends_with('.'), "{}", variable.name);
        assert!(variable.name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'), "{}", variable.name);
    }
}

#[test]
fn numbers_have_the_ranges_and_defaults_that_operators_know() {
    let mut declared: Vec<_> = all()
        .filter_map(|variable| match (variable.kind, variable.preset) {
            (Kind::Whole { min, max }, Preset::Fixed(text)) => Some((variable.name, min, max, Some(text))),
            (Kind::Whole { min, max }, _) => Some((variable.name, min, max, None)),
            _ => None,
        })
        .collect();
    declared.sort_unstable();
    assert_eq!(declared, NUMBERS);
}

#[test]
fn both_ends_of_a_range_are_allowed_and_nothing_beyond() {
    for variable in all() {
        let Kind::Whole { min, max } = variable.kind else { continue };
        let with = |value: &str| problems(&[room_for(variable), &[(variable.name, value)]].concat());
        for number in [min, max, min + (max - min) / 2] {
            assert_eq!(with(&number.to_string()), Vec::<String>::new(), "{} = {number}", variable.name);
        }
        assert_eq!(with(&format!("+{max}")), Vec::<String>::new(), "a sign is fine");
        for wrong in
            [(min - 1).to_string(), (max + 1).to_string(), "ten".into(), "1.5".into(), "9".repeat(30)]
        {
            let expected =
                format!("{}: found `{wrong}`, allowed is a whole number from {min} to {max}", variable.name);
            assert!(with(&wrong).contains(&expected), "{:?}", with(&wrong));
        }
    }
}

#[test]
fn a_default_is_allowed_and_shown() {
    let shown = config(&[]).shown;
    for variable in all() {
        let Preset::Fixed(text) = variable.preset else { continue };
        assert_eq!(problems(&[(variable.name, text)]), Vec::<String>::new());
        let shown = shown.iter().find(|shown| shown.variable == variable.name).unwrap();
        assert_eq!((shown.value.as_str(), shown.source.to_string()), (text, "default".to_owned()));
    }
}

#[test]
fn a_switch_is_said_in_many_ways_and_no_other() {
    for variable in all().filter(|variable| variable.kind == Kind::Switch) {
        let extra =
            [("WEBHOOK_DOMAIN", "https://bot.example"), ("WEBHOOK_SECRET", "a-secret-of-enough-letters")];
        let with = |value: &str| problems(&[extra.as_slice(), &[(variable.name, value)]].concat());
        for word in ["yes", "TRUE", "1", " On ", "no", "False", "0", "off", ""] {
            assert_eq!(with(word), Vec::<String>::new(), "{} = {word}", variable.name);
        }
        assert_eq!(
            with("maybe"),
            [format!("{}: found `maybe`, allowed is yes, true, 1, on, no, false, 0 or off", variable.name)]
        );
    }
}

#[test]
fn secrets_are_shown_to_nobody() {
    let secret = "hunter2_hunter2_hunter2_hunter2_hunter2";
    let token = format!("123456:{secret}");
    let address = format!("redis://ada:{secret}@host/0");
    for variable in all().filter(|variable| variable.kind.is_secret()) {
        let value = match (variable.name, variable.kind) {
            ("BOT_TOKEN", _) => token.clone(),
            ("DATABASE_URL", _) => address.replace("redis", "postgres"),
            (_, Kind::SecretAddress(_)) => address.clone(),
            _ => secret.to_owned(),
        };
        let config = config(&[(variable.name, &value)]);
        let shown = config.shown.iter().find(|shown| shown.variable == variable.name).unwrap();
        assert_eq!(shown.value, "(set)");
        assert!(!format!("{config:?}").contains("hunter2"), "{}", variable.name);
        assert!(!format!("{:?}", Env::of(&[(variable.name, &value)])).contains("hunter2"));
        let redactor = alita_monitoring::Redactor::new();
        config.secrets.iter().for_each(|secret| secret.register(&redactor));
        assert!(!redactor.redact(&format!("it is {value}!")).contains("hunter2"), "{}", variable.name);
    }
}

#[test]
fn a_wrong_secret_is_not_shown_either() {
    for name in ["BOT_TOKEN", "DATABASE_URL", "REDIS_URL", "WEBHOOK_SECRET", "WEBHOOK_SECRET_PREVIOUS"] {
        let found = problems(&[(name, "wrong hunter2!")]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(&format!("{name}: not ")) && !found[0].contains("hunter2"), "{found:?}");
    }
    let found =
        problems(&[("API_SERVER", "ftp://ada:hunter2@host"), ("REDIS_ADDRESS", "redis://:hunter2@host:1")]);
    assert!(found.len() == 2 && !found.join(" ").contains("hunter2"), "{found:?}");
    let shown = format!("{:?}", config(&[("API_SERVER", "http://ada:hun@ter2@host:81/x")]).shown);
    assert!(!shown.contains("hun") && !shown.contains("ter2"), "{shown}");
}

#[test]
fn every_secret_may_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    let path = file.to_str().unwrap();
    for variable in all().filter(|variable| variable.kind.is_secret()) {
        let name = variable.file_name().unwrap();
        let value = match variable.name {
            "BOT_TOKEN" => TOKEN,
            "DATABASE_URL" => "postgres://a:secret-b@c/d",
            "REDIS_URL" => "redis://:secret-b@c",
            _ => "a-secret-of-enough-letters",
        };
        let read = |pairs: &[(&str, &str)]| {
            // Without the token that the other tests begin with.
            let token = ("BOT_TOKEN", if variable.name == "BOT_TOKEN" { "" } else { TOKEN });
            Config::read(&Env::of(&[&[token], pairs].concat()))
                .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        std::fs::write(&file, format!("  {value}\n")).unwrap();
        let config = read(&[(&name, path)]).unwrap();
        let shown = config.shown.iter().find(|shown| shown.variable == variable.name).unwrap();
        assert_eq!((shown.value.as_str(), shown.source.to_string()), ("(set)", "file".to_owned()));

        let both = read(&[(&name, path), (variable.name, value)]).unwrap_err();
        assert_eq!(both, [format!("{}: set it or {name}, not both", variable.name)]);

        std::fs::write(&file, "\n").unwrap();
        let empty = read(&[(&name, path)]).unwrap_err();
        assert_eq!(empty, [format!("{name}: the file `{path}` is empty")]);

        let missing = read(&[(&name, "/nowhere/at/all")]).unwrap_err();
        assert!(missing[0].starts_with(&format!("{name}: the file `/nowhere/at/all` cannot be read: ")));
        assert_eq!(missing.len(), 1, "{missing:?}");
    }
}

#[test]
fn the_files_that_people_read_say_what_is_declared() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (file, form) in
        [("deploy/alita.env.example", Form::Env), ("docs/src/operators/configuration.md", Form::Markdown)]
    {
        let text = std::fs::read_to_string(root.join(file)).unwrap_or_default();
        assert!(text == reference::text(form), "{file} is out of date: run `cargo xtask docs`");
    }
}

#[test]
fn the_example_file_is_what_holds_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("example.env");
    let uncommented: String = reference::text(Form::Env)
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line))
        .flat_map(|line| [line, "\n"])
        .collect();
    std::fs::write(&path, uncommented).unwrap();
    let lines: Vec<(String, String)> = dotenvy::from_path_iter(&path).unwrap().map(Result::unwrap).collect();
    let named: BTreeSet<&str> = lines.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(named, all().map(|variable| variable.name).collect());
    let pairs: Vec<(&str, &str)> =
        lines.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let env = Env::of(&[pairs.as_slice(), &[("BOT_TOKEN", TOKEN)]].concat());
    let values = |config: Config| {
        config.shown.into_iter().map(|shown| (shown.variable, shown.value)).collect::<Vec<_>>()
    };
    assert_eq!(values(Config::read(&env).unwrap()), values(config(&[])));
}
