use super::scenery::RIGHTS;
use super::*;
use crate::transcript::script::{Button, FaultLine, Forward, On, Pick, Status, Voice};

fn deed_of(line: &str) -> Deed {
    let mut script = script(line).unwrap_or_else(|error| panic!("{error}"));
    script.steps.swap_remove(0).deed
}

fn say_of(line: &str) -> crate::transcript::script::Say {
    match deed_of(line) {
        Deed::Say(say) => say,
        other => panic!("{line:?} was read as {other:?}"),
    }
}

fn wrong(text: &str) -> String {
    match script(text) {
        Err(PlayError::Grammar { line, why, .. }) => format!("{line}: {why}"),
        other => panic!("{text:?} was read as {other:?}"),
    }
}

#[test]
fn a_group_line_says_who_is_what() {
    let Deed::Group(group) = deed_of(
        "group \"Rust, Tea\" @rusttea id -1001 forum linked \"News\": Olga owner, Ada admin(restrict_members, \
         can_pin_messages) title \"x\", Guard anonymous admin(none), \"Tom <b>\" left, Helper bot admin, Bob, Eve \
         admin(all but promote_members)",
    ) else {
        panic!("no group line")
    };
    assert_eq!(
        (group.title.as_str(), group.username.as_deref(), group.id),
        ("Rust, Tea", Some("rusttea"), Some(-1001))
    );
    assert!(group.forum && !group.basic && group.linked.as_deref() == Some("News"));
    let names: Vec<&str> = group.members.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Olga", "Ada", "Guard", "Tom <b>", "Helper", "Bob", "Eve"]);
    let role = |at: usize| &group.members[at].1;
    assert_eq!(role(0).status, Status::Owner);
    assert_eq!(role(1).rights, ["restrict_members", "pin_messages"]);
    assert_eq!(role(1).title.as_deref(), Some("x"));
    assert!(role(2).anonymous && role(2).rights.is_empty());
    assert_eq!(role(3).status, Status::Left);
    assert!(role(4).bot && role(4).rights.len() == RIGHTS.len());
    assert_eq!(role(5).status, Status::Member);
    assert!(!role(6).rights.contains(&"promote_members") && role(6).rights.contains(&"restrict_members"));
}

#[test]
fn people_speak_in_many_ways() {
    let say = say_of("Ada anonymously in topic 77 (to Mallory \"buy (my)…\"): /warn spam: twice");
    assert_eq!((say.who.as_str(), say.voice, say.topic), ("Ada", Voice::Anonymous, Some(77)));
    assert_eq!(say.to, Some(Pick { whose: "Mallory".to_owned(), begins: Some("buy (my)…".to_owned()) }));
    assert_eq!(say.content.text, "/warn spam: twice");

    assert_eq!(say_of("Ada as \"News\": hi").voice, Voice::Channel("News".to_owned()));
    assert_eq!(say_of("\"News\" posts: hi").voice, Voice::Posts);
    assert_eq!(say_of("Ada in private: /start").place, Some(Place::Private(None)));
    assert_eq!(say_of("\"Tom <b>\" in \"Rust Tea\": hi").place, Some(Place::Chat("Rust Tea".to_owned())));
}

#[test]
fn a_text_may_hold_media_a_forward_formatting_more_lines_and_buttons() {
    let say = say_of(
        "Ada: [forward from hidden \"X Y\"] [photo file-7] html: <b>a</b>\n| b\n|\n|  c\n+ [A](https://a) [B](https://b)",
    );
    assert_eq!(say.content.forward, Some(Forward::Hidden("X Y".to_owned())));
    assert_eq!(say.content.media, Some(("photo", "file-7".to_owned())));
    assert!(say.content.html);
    assert_eq!(say.content.text, "<b>a</b>\nb\n\n c");
    assert_eq!(say.content.rows.len(), 1);
    assert_eq!(say.content.rows[0][1], ("B".to_owned(), "https://b".to_owned()));

    assert_eq!(say_of("Ada: [Rules](buttonurl://x) [photo]").content.text, "[Rules](buttonurl://x) [photo]");
    assert_eq!(say_of("Ada: [videonote]").content.media, Some(("videonote", String::new())));
}

#[test]
fn buttons_are_pressed_by_label_or_by_data() {
    let press = |line: &str| match deed_of(line) {
        Deed::Press { button, on, place, .. } => (button, on, place),
        other => panic!("{line:?} was read as {other:?}"),
    };
    let label = |text: &str| Button::Label(text.to_owned());
    assert_eq!(press("Ada presses [Remove warn]"), (label("Remove warn"), On::Last, None));
    assert_eq!(press("Ada presses [x [y] z]"), (label("x [y] z"), On::Last, None));
    assert_eq!(press("Ada presses [Yes] on a message that is gone"), (label("Yes"), On::Gone, None));
    assert_eq!(press("Ada presses [Yes] in private"), (label("Yes"), On::Last, Some(Place::Private(None))));
    let on = |whose: &str, begins: Option<&str>| {
        On::Picked(Pick { whose: whose.to_owned(), begins: begins.map(str::to_owned) })
    };
    let data = Button::Data("rmWarn|v1|u=1".to_owned());
    assert_eq!(press("Ada presses data \"rmWarn|v1|u=1\" on Ada's message"), (data, on("Ada", None), None));
    assert_eq!(press("Ada presses [Yes] on \"Sure?\""), (label("Yes"), on("Alita", Some("Sure?")), None));
}

#[test]
fn telegram_misbehaves_on_demand() {
    let fault = |line: &str| match deed_of(line) {
        Deed::Fault { method, fault, after_effect, times } => (method, fault, after_effect, times),
        other => panic!("{line:?} was read as {other:?}"),
    };
    let refuse = FaultLine::Refuse { code: 400, description: "Bad Request: not enough rights".to_owned() };
    let ban = || "banChatMember".to_owned();
    let line = "telegram refuses banChatMember: 400 Bad Request: not enough rights";
    assert_eq!(fault(line), (ban(), refuse.clone(), false, 1));
    assert_eq!(fault(&line.replace("Member:", "Member 3 times:")), (ban(), refuse.clone(), false, 3));
    assert_eq!(fault(&line.replace("telegram", "telegram always")), (ban(), refuse, false, usize::MAX));
    let line = "telegram answers 429 retry after 3 to sendMessage 2 times";
    assert_eq!(fault(line), ("sendMessage".to_owned(), FaultLine::RetryAfter(3), false, 2));
    assert_eq!(fault("telegram answers 502 to *"), ("*".to_owned(), FaultLine::Status(502), false, 1));
    let line = "telegram is cut off at banChatMember after doing it";
    assert_eq!(fault(line), (ban(), FaultLine::Cut, true, 1));
}

#[test]
fn lines_below_belong_to_the_line_above() {
    let text = "# why\nAda: hi\n  Alita: one\n\n    two\n\n& Ada: no";
    assert_eq!(wrong(text), "7: & joins an acting line with the acting line right above it");
    let script =
        script("# why\nAda: hi\n  Alita: one\n\n    two\n\n3 times: Ada: ho\n& Bob: hi\n\nwait 1h 30m\n")
            .expect("fine");
    let lines: Vec<(usize, usize, usize)> =
        script.steps.iter().map(|step| (step.line, step.expected.len(), step.times)).collect();
    assert_eq!(lines, [(1, 0, 1), (2, 3, 1), (6, 0, 1), (7, 0, 3), (8, 0, 1), (9, 0, 1), (10, 0, 1)]);
    assert!(script.steps[4].together);
    assert_eq!(script.steps[6].deed, Deed::Wait(Duration::from_secs(5400)));
}

#[test]
fn mistakes_name_their_line() {
    assert!(wrong("\n  Alita: hi").starts_with("2: an indented line needs"));
    assert!(wrong("Ada whistles").starts_with("1: after a name stands what somebody does"));
    assert!(wrong("wait a bit").starts_with("1: a time is written like"));
    assert!(wrong("group \"X\": Ada admin(fly)").starts_with("1: no right is called \"fly\""));
    assert!(wrong("Ada joins\n| more").starts_with("2: only a text can be continued"));
    assert!(wrong("Ada (Mallory): hi").starts_with("1: in the parentheses"));
    assert!(wrong("telegram sleeps").starts_with("1: telegram refuses METHOD"));
    assert!(wrong("show everything").starts_with("1: what can be shown"));
}
