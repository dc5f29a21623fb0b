//! A panic in the real process output: its own process, because the hook and the output belong to all of it.

use std::process::Command;

use alita_monitoring::{LogConfig, Redactor, logs};
use alita_runtime::Clock;

const SECRET: &str = "correct horse battery";
const TOKEN: &str = "123456789:AAE-abcdefghijklmnopqrstuvwxyz_0123";
const CHILD: &str = "ALITA_TEST_PANICS";

#[test]
fn a_panic_is_one_redacted_json_line() {
    if std::env::var_os(CHILD).is_some() {
        panic_with_logs();
    }
    let itself = std::env::current_exe().expect("a test has a file");
    let output = Command::new(itself)
        .args(["--exact", "a_panic_is_one_redacted_json_line", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .expect("the test starts itself again");
    let text = String::from_utf8(output.stderr).expect("logs are text");
    assert!(!text.contains("horse") && !text.contains("AAE-abc"), "{text}");

    let line = text.lines().find(|line| line.contains("panicked")).expect("a line about the panic");
    let line: serde_json::Value = serde_json::from_str(line).expect("a line is an object");
    assert_eq!((&line["level"], &line["message"]), (&"ERROR".into(), &"panicked".into()));
    assert_eq!(line["class"], "internal", "by this it is found among the lines");
    assert_eq!(line["payload"], "asked [redacted] with [redacted]");
    assert!(line["location"].as_str().is_some_and(|place| place.contains("panics.rs")), "{line}");
    assert!(line["backtrace"].as_str().is_some_and(|trace| trace.contains("panic_with_logs")), "{line}");
}

fn panic_with_logs() -> ! {
    let redactor = Redactor::new();
    redactor.register(&SECRET.to_owned().into());
    logs::install(&LogConfig::new(Clock::system()), &redactor).expect("the first output of this process");
    panic!("asked {TOKEN} with {SECRET}");
}
