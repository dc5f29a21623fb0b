//! The proof of anonymous administrators, for every command that there is, and for two who press at once.

mod support;

use std::fmt::Write;
use std::time::Duration;

use alita_dispatch::{Audience, CommandInfo, Router, When, Where};
use alita_modules::modules;
use alita_testkit::transcript::play_within;

use crate::support::TestBot;

const PROMPT: &str = "  Alita: You speak as the group, so I cannot see who you are. Please press the button to show that you are an admin.";

/// What the bot did after a line that begins so, for each such line.
fn answers<'t>(transcript: &'t str, begin: &str) -> Vec<Vec<&'t str>> {
    let mut all = Vec::new();
    let mut lines = transcript.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with(begin) {
            let mut answer = Vec::new();
            while let Some(line) = lines.next_if(|line| line.starts_with("  ")) {
                answer.push(line);
            }
            all.push(answer);
        }
    }
    all
}

async fn went(text: &str) -> String {
    let played = play_within(Duration::from_secs(120), text, TestBot::start).await;
    played.unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[tokio::test]
async fn bot_updates_10_two_admins_press_at_once_and_the_command_runs_once() {
    let went = went(
        "group \"Rust Tea\": Olga owner, Ada admin, Nora anonymous admin, Mallory member, Alita admin\n\
         Mallory: buy my coins\n\
         Nora anonymously (to Mallory): /warn spam\n\
         Olga presses [I am an admin]\n\
         & Ada presses [I am an admin]\n\
         Olga: /warns {id of Mallory}\n",
    )
    .await;
    assert_eq!(went.matches("has 1/3 warnings; be careful!").count(), 1, "{went}");
    assert!(went.contains("Mallory has 1/3 warnings:"), "{went}");
    assert!(went.contains("answers: Another admin was faster."), "{went}");
    assert!(!went.contains("This took too long"), "{went}");
}

/// Commands that an anonymous administrator has to prove themselves for, with the words that make them need it.
fn commands() -> Vec<(CommandInfo, &'static str)> {
    let router = Router::new(modules()).expect("modules that fit together");
    let needs_somebody =
        |audience| matches!(audience, Audience::Admin | Audience::AdminOrOneself | Audience::Owner);
    let commands = router.commands().iter().filter(|command| command.gate.place != Where::Private);
    commands
        .filter_map(|command| match command.other_gate {
            Some((When::WordsFollow, gate)) if needs_somebody(gate.audience) => {
                Some((command.clone(), " on"))
            }
            _ if needs_somebody(command.gate.audience) => Some((command.clone(), "")),
            _ => None,
        })
        .collect()
}

/// Plays all commands in one form, each against a member of its own, and looks at the prompt and at the replay.
async fn every_command_is_replayed(form: impl Fn(&str) -> String) {
    let commands = commands();
    let mut names = Vec::new();
    for (command, words) in &commands {
        names.extend(command.names().map(|name| (name, *words)));
    }
    assert!(names.iter().any(|(name, _)| *name == "anonadmin"), "{names:?}");
    let mut text = String::from("group \"Rust Tea\": Olga owner, Nora anonymous admin, Alita admin");
    for at in 0..names.len() {
        write!(text, ", M{at} member").expect("a longer text");
    }
    text.push('\n');
    for (at, (name, words)) in names.iter().enumerate() {
        let command = form(name);
        write!(
            text,
            "M{at}: hello\nNora anonymously (to M{at}): {command}{words}\nOlga presses [I am an admin]\n"
        )
        .expect("a longer text");
        if *name == "anonadmin" {
            // Trust would spare the others the proof.
            text.push_str("Olga: /anonadmin off\n");
        }
    }
    let went = went(&text).await;
    let (prompts, replays) = (answers(&went, "Nora anonymously"), answers(&went, "Olga presses"));
    assert_eq!((prompts.len(), replays.len()), (names.len(), names.len()), "{went}");
    for ((name, _), (prompt, replay)) in names.iter().zip(prompts.iter().zip(&replays)) {
        assert_eq!(
            prompt[..],
            [PROMPT, "    [I am an admin]"],
            "/{name} asks for the proof and says nothing else"
        );
        let (deleted, rest) =
            replay.split_first().unwrap_or_else(|| panic!("/{name} was not replayed\n{went}"));
        assert!(
            deleted.starts_with("  ! deleteMessage Alita \"You speak as the group"),
            "/{name}: {deleted}"
        );
        assert!(!rest.is_empty(), "/{name} did nothing after the proof\n{went}");
        for no in ["something went wrong", "Only admins", "Only the owner", "admin right", "did not answer"] {
            assert!(!rest.iter().any(|line| line.contains(no)), "/{name}: {rest:?}");
        }
    }
}

#[tokio::test]
async fn every_command_is_replayed_as_a_text() {
    every_command_is_replayed(|name| format!("/{name}")).await;
}

#[tokio::test]
async fn every_command_is_replayed_with_the_bots_name_in_any_case() {
    every_command_is_replayed(|name| format!("/{}@aLitaBot", name.to_uppercase())).await;
}

#[tokio::test]
async fn every_command_is_replayed_as_a_caption() {
    every_command_is_replayed(|name| format!("[photo] /{name}@AlitaBot")).await;
}
