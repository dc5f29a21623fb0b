//! The rules as a table, and what must hold for every row that anybody could think of.

use alita_model::UserId;
use alita_permissions::{
    Actor, ChatKind, ChatMember, Check, Denied, Fact, Rights, Status, Target, Verdict, grantable,
};
use proptest::prelude::*;

const BAN: Rights = Rights::RESTRICT_MEMBERS;
const OTHER: Rights = Rights::PIN_MESSAGES;
const ME: i64 = 99;

fn actors() -> Vec<(&'static str, Actor)> {
    let person = |member| Actor::Person(Fact::Known(member));
    vec![
        ("owner", person(ChatMember::owner(1))),
        ("admin with the right", person(ChatMember::administrator(1, BAN))),
        ("admin without", person(ChatMember::administrator(1, OTHER))),
        ("member", person(ChatMember::member(1))),
        ("restricted member", person(ChatMember::restricted(1, true))),
        ("restricted non-member", person(ChatMember::restricted(1, false))),
        ("left", person(ChatMember::left(1))),
        ("banned", person(ChatMember::banned(1))),
        ("not found", Actor::Person(Fact::NotFound)),
        ("API error", Actor::Person(Fact::Unknown)),
        ("anonymous, setting on", Actor::AnonymousAdmin { is_trusted: true }),
        ("anonymous, setting off", Actor::AnonymousAdmin { is_trusted: false }),
        ("linked channel", Actor::LinkedChannel),
        ("foreign channel", Actor::Channel),
        ("777000 as owner", person(ChatMember::owner(UserId::TELEGRAM))),
        ("bare 1087968824 as owner", person(ChatMember::owner(UserId::GROUP_ANONYMOUS_BOT))),
        ("136817688 as owner", person(ChatMember::owner(UserId::CHANNEL_BOT))),
        ("id 0", person(ChatMember::owner(0))),
        ("negative id", person(ChatMember::owner(-1_001))),
        ("nobody", Actor::Nobody),
    ]
}

fn bots() -> Vec<(&'static str, Fact)> {
    vec![
        ("bot with the right", Fact::Known(ChatMember::administrator(ME, BAN))),
        ("bot without", Fact::Known(ChatMember::administrator(ME, OTHER))),
        ("bot is member", Fact::Known(ChatMember::member(ME))),
        ("bot left", Fact::NotFound),
        ("bot unknown", Fact::Unknown),
    ]
}

fn targets() -> Vec<(&'static str, i64, Fact)> {
    vec![
        ("member", 3, Fact::Known(ChatMember::member(3))),
        ("restricted member", 3, Fact::Known(ChatMember::restricted(3, true))),
        ("restricted non-member", 3, Fact::Known(ChatMember::restricted(3, false))),
        ("left", 3, Fact::Known(ChatMember::left(3))),
        ("banned", 3, Fact::Known(ChatMember::banned(3))),
        ("not found", 3, Fact::NotFound),
        ("admin", 3, Fact::Known(ChatMember::administrator(3, Rights::empty()))),
        ("owner", 3, Fact::Known(ChatMember::owner(3))),
        ("bot itself", ME, Fact::Known(ChatMember::administrator(ME, BAN))),
        ("777000", 777_000, Fact::NotFound),
        ("1087968824", 1_087_968_824, Fact::Known(ChatMember::member(1_087_968_824))),
        ("API error", 3, Fact::Unknown),
    ]
}

/// Every combination, one row a distinct answer of an actor under an able bot, then of the bots, then of the targets.
#[test]
fn actor_bot_target_verdict() {
    let actor_answer = |name: &str| match name {
        "owner" | "admin with the right" | "anonymous, setting on" => Verdict::Allowed,
        "admin without" => Verdict::Denied(Denied::ActorLacks(BAN)),
        "API error" => Verdict::Denied(Denied::CouldNotFindOut),
        "anonymous, setting off" => Verdict::Deferred,
        "linked channel" | "foreign channel" | "777000 as owner" | "136817688 as owner" | "id 0"
        | "negative id" => Verdict::Denied(Denied::ActorIsChannel),
        "bare 1087968824 as owner" | "nobody" => Verdict::Denied(Denied::ActorIsUnidentified),
        _ => Verdict::Denied(Denied::ActorIsNotAdmin),
    };
    let bot_answer = |name: &str| match name {
        "bot with the right" => Verdict::Allowed,
        "bot without" => Verdict::Denied(Denied::BotLacks(BAN)),
        "bot unknown" => Verdict::Denied(Denied::CouldNotFindOut),
        _ => Verdict::Denied(Denied::BotIsNotAdmin),
    };
    let target_answer = |name: &str| match name {
        "admin" | "owner" => Verdict::Denied(Denied::TargetIsAdmin),
        "bot itself" => Verdict::Denied(Denied::TargetIsBotItself),
        "777000" | "1087968824" => Verdict::Denied(Denied::TargetIsService),
        "API error" => Verdict::Denied(Denied::CouldNotFindOut),
        _ => Verdict::Allowed,
    };
    let is_right =
        |verdict: &Verdict| matches!(verdict, Verdict::Denied(Denied::ActorLacks(_) | Denied::BotLacks(_)));
    let mut rows = 0;
    for (actor_name, actor) in actors() {
        for (bot_name, bot) in bots() {
            for (target_name, id, member) in targets() {
                // The gates in order: person is admin, bot is admin, person's right, bot's right, target.
                let (by_actor, by_bot) = (actor_answer(actor_name), bot_answer(bot_name));
                let order = [
                    (!is_right(&by_actor)).then_some(by_actor),
                    (!is_right(&by_bot)).then_some(by_bot),
                    Some(by_actor),
                    Some(by_bot),
                    Some(target_answer(target_name)),
                ];
                let expected =
                    order.into_iter().flatten().find(|v| *v != Verdict::Allowed).unwrap_or(Verdict::Allowed);
                let check = Check::needs(BAN).bot(&bot).actor(&actor).target((UserId::new(id), &member));
                assert_eq!(check.judge(), expected, "{actor_name} | {bot_name} | {target_name}");
                rows += 1;
            }
        }
    }
    assert_eq!(rows, actors().len() * bots().len() * targets().len());
}

#[test]
fn a_target_that_must_be_there() {
    let (bot, ada) = (ChatMember::administrator(ME, BAN), ChatMember::administrator(1, BAN));
    let check = Check::needs(BAN).bot(&bot).actor(&ada);
    for (name, id, member) in targets() {
        let expected = match name {
            "member" | "restricted member" => Ok(()),
            "admin" | "owner" => Err(Denied::TargetIsAdmin),
            "bot itself" => Err(Denied::TargetIsBotItself),
            "777000" | "1087968824" => Err(Denied::TargetIsService),
            "API error" => Err(Denied::CouldNotFindOut),
            _ => Err(Denied::TargetIsNotInChat),
        };
        assert_eq!(check.target_in_chat((UserId::new(id), &member)).verdict(), expected, "{name}");
    }
}

#[test]
fn owners_and_admins_and_everyone() {
    for (name, actor) in actors() {
        let owner = match name {
            "owner" => Verdict::Allowed,
            "API error" => Verdict::Denied(Denied::CouldNotFindOut),
            "anonymous, setting on" | "anonymous, setting off" => Verdict::Deferred,
            "linked channel" | "foreign channel" | "777000 as owner" | "136817688 as owner" | "id 0"
            | "negative id" => Verdict::Denied(Denied::ActorIsChannel),
            "bare 1087968824 as owner" | "nobody" => Verdict::Denied(Denied::ActorIsUnidentified),
            _ => Verdict::Denied(Denied::ActorIsNotOwner),
        };
        assert_eq!(Check::owner().actor(&actor).judge(), owner, "{name}");
        let admin = Check::admin().actor(&actor).judge();
        let is_admin =
            ["owner", "admin with the right", "admin without", "anonymous, setting on"].contains(&name);
        assert_eq!(admin == Verdict::Allowed, is_admin, "{name}");
        assert_eq!(admin == Verdict::Deferred, name == "anonymous, setting off", "{name}");
        assert_eq!(Check::everyone().actor(&actor).judge(), Verdict::Allowed, "{name}");
    }
    let untrusted = Actor::AnonymousAdmin { is_trusted: false };
    assert_eq!(Check::admin().actor(&untrusted).verdict(), Err(Denied::ActorIsAnonymous));
    assert_eq!(Check::admin().verdict(), Err(Denied::ActorIsUnidentified));
}

#[test]
fn the_group_comes_first() {
    let member = ChatMember::member(1);
    let check = Check::admin().actor(&member);
    assert_eq!(check.in_group(ChatKind::Private).verdict(), Err(Denied::NotAGroup));
    assert_eq!(check.in_group(ChatKind::Channel).verdict(), Err(Denied::NotAGroup));
    assert_eq!(check.in_group(ChatKind::Group).verdict(), Err(Denied::ActorIsNotAdmin));
    assert_eq!(check.in_group(ChatKind::Supergroup).verdict(), Err(Denied::ActorIsNotAdmin));
}

#[test]
fn the_bot_may_need_other_rights_than_the_actor() {
    let (ada, bot) = (ChatMember::administrator(1, OTHER), ChatMember::administrator(ME, BAN));
    assert_eq!(Check::needs(OTHER).bot(&bot).actor(&ada).verdict(), Err(Denied::BotLacks(OTHER)));
    assert_eq!(Check::needs(OTHER).bot_needs(BAN).bot(&bot).actor(&ada).verdict(), Ok(()));
    assert_eq!(Check::admin().bot(&bot).actor(&ada).verdict(), Ok(()));
    let both = BAN | Rights::DELETE_MESSAGES;
    let missing = Denied::BotLacks(Rights::DELETE_MESSAGES);
    assert_eq!(Check::everyone().bot_needs(both).bot(&bot).verdict(), Err(missing));
}

#[test]
fn reasons_are_readable() {
    let lacks = Denied::ActorLacks(BAN | OTHER);
    assert_eq!(lacks.to_string(), "the actor lacks can_restrict_members, can_pin_messages");
}

fn rights() -> impl Strategy<Value = Rights> {
    prop_oneof![
        any::<u32>().prop_map(Rights::from_bits_truncate),
        (0_u32..11).prop_map(|bit| Rights::from_bits_truncate(1 << bit)),
        Just(Rights::empty()),
        Just(Rights::all()),
    ]
}

fn member(ids: impl Strategy<Value = i64>) -> impl Strategy<Value = ChatMember> {
    let status = prop_oneof![
        Just(Status::Owner),
        Just(Status::Administrator),
        Just(Status::Member),
        any::<bool>().prop_map(|is_member| Status::Restricted { is_member }),
        Just(Status::Left),
        Just(Status::Banned),
    ];
    (ids, status, rights())
        .prop_map(|(id, status, rights)| ChatMember { rights, ..ChatMember::new(id, status) })
}

fn anybody() -> impl Strategy<Value = i64> {
    prop_oneof![8 => 1_i64..90, 1 => -100_i64..=0, 1 => Just(777_000), 1 => Just(1_087_968_824), 1 => Just(136_817_688)]
}

/// Half of them could not be abler, or "never allowed" would hold for want of anything allowed.
fn bot() -> impl Strategy<Value = Fact> {
    prop_oneof![Just(Fact::Known(ChatMember::administrator(ME, Rights::all()))), fact()]
}

fn target() -> impl Strategy<Value = (UserId, Fact)> {
    prop_oneof![
        (1_i64..90).prop_map(|id| (UserId::new(id), Fact::Known(ChatMember::member(id)))),
        (anybody(), fact()).prop_map(|(id, fact)| (UserId::new(id), fact)),
    ]
}

fn fact() -> impl Strategy<Value = Fact> {
    prop_oneof![4 => member(anybody()).prop_map(Fact::Known), 1 => Just(Fact::NotFound), 1 => Just(Fact::Unknown)]
}

fn actor() -> impl Strategy<Value = Actor> {
    prop_oneof![
        6 => fact().prop_map(Actor::Person),
        1 => any::<bool>().prop_map(|is_trusted| Actor::AnonymousAdmin { is_trusted }),
        1 => Just(Actor::Channel),
        1 => Just(Actor::LinkedChannel),
        1 => Just(Actor::Nobody),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn whoever_lacks_a_right_is_never_allowed(
        actor in actor(), bot in bot(), (user, target) in target(), needed in rights(), is_owner_needed: bool,
    ) {
        let check = if is_owner_needed { Check::owner().bot_needs(needed) } else { Check::needs(needed) };
        let check = check.bot(&bot).actor(&actor).target((user, &target));
        if check.judge() == Verdict::Allowed {
            match &actor {
                Actor::Person(Fact::Known(member)) => {
                    prop_assert!(member.is_admin() && (is_owner_needed || member.has(needed)));
                    prop_assert!(!is_owner_needed || member.is_owner());
                }
                other => {
                    prop_assert_eq!(other, &Actor::AnonymousAdmin { is_trusted: true });
                    prop_assert!(!is_owner_needed);
                }
            }
            prop_assert!(matches!(&bot, Fact::Known(bot) if bot.is_admin() && bot.rights.contains(needed)));
            prop_assert!(!matches!(&target, Fact::Known(target) if target.is_admin()));
            prop_assert!(!target.is_unknown() && !user.is_service());
        }
    }

    #[test]
    fn more_facts_never_allow_more(actor in actor(), bot in bot(), target in member(anybody()), needed in rights()) {
        let whole = Check::needs(needed).bot(&bot).actor(&actor).target(Target::from(&target));
        if whole.judge() == Verdict::Allowed {
            prop_assert_eq!(Check::needs(needed).actor(&actor).judge(), Verdict::Allowed);
            prop_assert_eq!(Check::needs(needed).bot(&bot).actor(&actor).judge(), Verdict::Allowed);
        }
    }

    #[test]
    fn nobody_hands_on_more_than_they_have(bot in member(1_i64..9), promoter in member(1_i64..9)) {
        let granted = grantable(&bot, &promoter);
        prop_assert!(bot.has(granted) && promoter.has(granted));
        prop_assert!(!granted.contains(Rights::PROMOTE_MEMBERS));
    }
}
