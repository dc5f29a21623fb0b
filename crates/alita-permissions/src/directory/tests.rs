//! A counted source, a turned clock.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use alita_model::{ChatId, UserId};
use tokio::sync::Semaphore;

use super::*;
use crate::Rights;

const CHAT: ChatId = ChatId::new(-1_001_234_567_890);
const ME: UserId = UserId::new(99);
const ADA: UserId = UserId::new(1);
const BOB: UserId = UserId::new(2);

struct Telegram {
    lists: Mutex<VecDeque<Fact<Vec<ChatMember>>>>,
    member: Mutex<Fact<ChatMember>>,
    list_calls: AtomicU64,
    member_calls: AtomicU64,
    /// A list leaves only when there is a permit.
    gate: Semaphore,
    now: AtomicU64,
}

#[async_trait]
impl Source for Arc<Telegram> {
    async fn administrators(&self, _: ChatId) -> Fact<Vec<ChatMember>> {
        self.list_calls.fetch_add(1, SeqCst);
        // What Telegram says is settled when it is asked, not when the answer arrives.
        let answer = {
            let mut lists = self.lists.lock().unwrap();
            if lists.len() > 1 { lists.pop_front() } else { lists.front().cloned() }
        };
        self.gate.acquire().await.unwrap().forget();
        answer.unwrap()
    }

    async fn member(&self, _: ChatId, _: UserId) -> Fact<ChatMember> {
        self.member_calls.fetch_add(1, SeqCst);
        self.member.lock().unwrap().clone()
    }
}

fn ada() -> ChatMember {
    ChatMember::administrator(ADA, Rights::PIN_MESSAGES)
}

fn chat(lists: impl IntoIterator<Item = Fact<Vec<ChatMember>>>) -> (Arc<Telegram>, Directory) {
    let telegram = Arc::new(Telegram {
        lists: Mutex::new(lists.into_iter().collect()),
        member: Mutex::new(Fact::NotFound),
        list_calls: AtomicU64::new(0),
        member_calls: AtomicU64::new(0),
        gate: Semaphore::new(1000),
        now: AtomicU64::new(1_000_000),
    });
    let clock = Arc::clone(&telegram);
    let directory =
        Directory::with(ME, Arc::clone(&telegram), MemoryStore::default(), move || clock.now.load(SeqCst));
    (telegram, directory)
}

fn calls(telegram: &Telegram) -> (u64, u64) {
    (telegram.list_calls.load(SeqCst), telegram.member_calls.load(SeqCst))
}

#[tokio::test]
async fn a_list_serves_for_half_an_hour() {
    let (telegram, directory) = chat([Fact::Known(vec![ada()])]);
    assert_eq!(directory.peek_is_admin(CHAT, ADA), None);
    assert_eq!(directory.admin(CHAT, ADA).await, Fact::Known(ada()));
    assert_eq!(directory.is_admin(CHAT, ADA).await, Fact::Known(true));
    assert_eq!(directory.is_admin(CHAT, BOB).await, Fact::Known(false));
    assert_eq!(directory.admin(CHAT, BOB).await, Fact::NotFound);
    assert_eq!(directory.member(CHAT, ADA).await, Fact::Known(ada()));
    assert_eq!(
        (directory.peek_is_admin(CHAT, ADA), directory.peek_is_admin(CHAT, BOB)),
        (Some(true), Some(false))
    );
    telegram.now.fetch_add(FRESH - 1, SeqCst);
    assert_eq!(directory.is_admin(CHAT, ADA).await, Fact::Known(true));
    assert_eq!(calls(&telegram), (1, 0));
    telegram.now.fetch_add(1, SeqCst);
    assert_eq!(directory.peek_is_admin(CHAT, ADA), None);
    assert_eq!(directory.is_admin(CHAT, ADA).await, Fact::Known(true));
    assert_eq!(calls(&telegram), (2, 0));
}

#[tokio::test]
async fn who_can_be_no_admin_costs_no_call() {
    let (telegram, directory) = chat([Fact::Known(vec![ada()])]);
    let group = [
        UserId::TELEGRAM,
        UserId::GROUP_ANONYMOUS_BOT,
        UserId::CHANNEL_BOT,
        UserId::new(0),
        UserId::new(-1001),
    ];
    for user in group {
        assert_eq!(directory.is_admin(CHAT, user).await, Fact::Known(false));
        assert_eq!(directory.admin(CHAT, user).await, Fact::NotFound);
        assert_eq!(directory.peek_is_admin(CHAT, user), Some(false));
    }
    assert_eq!(directory.is_admin(ChatId::new(1), ADA).await, Fact::Known(false));
    assert_eq!(directory.bot(ChatId::new(1)).await, Fact::NotFound);
    assert_eq!(directory.member(CHAT, UserId::new(-1001)).await, Fact::NotFound);
    assert_eq!(calls(&telegram), (0, 0));
}

#[tokio::test]
async fn many_who_ask_at_once_ask_once() {
    let (telegram, directory) = chat([Fact::Known(vec![ada()])]);
    let asked = futures_join((0..50).map(|_| directory.is_admin(CHAT, ADA))).await;
    assert!(asked.iter().all(|fact| *fact == Fact::Known(true)));
    assert_eq!(calls(&telegram), (1, 0));
}

async fn futures_join<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|cx| {
        let mut is_ready = true;
        for (future, output) in &mut futures {
            if output.is_none() {
                match future.as_mut().poll(cx) {
                    std::task::Poll::Ready(value) => *output = Some(value),
                    std::task::Poll::Pending => is_ready = false,
                }
            }
        }
        if is_ready { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    futures.into_iter().filter_map(|(_, output)| output).collect()
}

#[tokio::test]
async fn a_failure_is_not_remembered_as_a_no() {
    let (telegram, directory) = chat([Fact::Unknown, Fact::Known(vec![ada()])]);
    assert_eq!(directory.is_admin(CHAT, ADA).await, Fact::Unknown);
    assert_eq!(directory.is_admin(CHAT, ADA).await, Fact::Unknown);
    assert_eq!(calls(&telegram), (1, 0), "a question that failed rests");
    telegram.now.fetch_add(30, SeqCst);
    assert_eq!(directory.is_admin(CHAT, ADA).await, Fact::Known(true));
    assert_eq!(calls(&telegram), (2, 0));
}

#[tokio::test]
async fn an_old_list_serves_for_a_day_while_telegram_fails() {
    let (telegram, directory) = chat([Fact::Known(vec![ada()]), Fact::Unknown]);
    assert_eq!(directory.is_admin(CHAT, ADA).await, Fact::Known(true));
    telegram.now.fetch_add(STALE, SeqCst);
    assert_eq!(directory.is_admin(CHAT, ADA).await, Fact::Known(true));
    telegram.now.fetch_add(60, SeqCst);
    assert_eq!(directory.is_admin(CHAT, ADA).await, Fact::Unknown);
}

#[tokio::test]
async fn what_is_doubted_serves_only_while_telegram_fails() {
    let (telegram, directory) = chat([
        Fact::Known(vec![ada()]),
        Fact::Unknown,
        Fact::Unknown,
        Fact::Known(vec![ChatMember::owner(BOB)]),
    ]);
    *telegram.member.lock().unwrap() = Fact::Known(ChatMember::administrator(ME, Rights::all()));
    assert_eq!(directory.is_admin(CHAT, ADA).await, Fact::Known(true));
    assert!(directory.bot(CHAT).await.known().is_some());
    *telegram.member.lock().unwrap() = Fact::Unknown;
    directory.doubt(CHAT).await;
    assert_eq!(directory.peek_is_admin(CHAT, ADA), None, "it is asked for anew");
    assert_eq!(directory.is_admin(CHAT, ADA).await, Fact::Known(true), "Telegram fails");
    assert!(directory.bot(CHAT).await.known().is_some());
    assert!(directory.refresh(CHAT).await.is_unknown(), "an old list is no news");
    assert_eq!(directory.is_admin(CHAT, ADA).await, Fact::Known(true));
    assert_eq!(calls(&telegram), (3, 2), "a question that failed rests");
    directory.doubt(CHAT).await;
    assert_eq!(directory.is_admin(CHAT, ADA).await, Fact::Known(false));
    assert_eq!(directory.peek_is_admin(CHAT, BOB), Some(true));
    assert_eq!(calls(&telegram), (4, 2));
    directory.forget(CHAT).await;
    directory.doubt(CHAT).await;
    assert_eq!(directory.peek_is_admin(CHAT, BOB), None, "what is forgotten stays so");
}

#[tokio::test]
async fn records_tell_their_age() {
    let (telegram, directory) = chat([Fact::Known(vec![ada()])]);
    let Fact::Known(list) = directory.administrators(CHAT).await else { panic!("a list") };
    telegram.now.fetch_add(90, SeqCst);
    assert_eq!(directory.age(&list), std::time::Duration::from_secs(90));
}

#[tokio::test]
async fn a_gate_without_a_list_asks_for_the_person() {
    let (telegram, directory) = chat([Fact::Unknown]);
    assert_eq!(directory.admin(CHAT, ADA).await, Fact::NotFound);
    *telegram.member.lock().unwrap() = Fact::Known(ada());
    assert_eq!(directory.admin(CHAT, ADA).await, Fact::Known(ada()));
    *telegram.member.lock().unwrap() = Fact::Known(ChatMember::member(ADA));
    assert_eq!(directory.admin(CHAT, ADA).await, Fact::NotFound);
    *telegram.member.lock().unwrap() = Fact::Unknown;
    assert_eq!(directory.admin(CHAT, ADA).await, Fact::Unknown);
    assert_eq!(calls(&telegram), (1, 4));
}

#[tokio::test]
async fn an_empty_list_tells_nothing() {
    let (telegram, directory) = chat([Fact::Known(Vec::new())]);
    *telegram.member.lock().unwrap() = Fact::Known(ada());
    assert_eq!(directory.is_admin(CHAT, ADA).await, Fact::Known(true));
    assert_eq!(directory.peek_is_admin(CHAT, ADA), None);
}

#[tokio::test]
async fn the_bot_stands_apart_from_the_list() {
    let (telegram, directory) = chat([Fact::Known(vec![ada()])]);
    assert_eq!(directory.bot(CHAT).await, Fact::Known(ChatMember::left(ME)));
    assert_eq!(directory.is_admin(CHAT, ADA).await, Fact::Known(true), "a bot without rights hides no admin");
    assert_eq!(directory.is_admin(CHAT, ME).await, Fact::Known(false));
    *telegram.member.lock().unwrap() = Fact::Known(ChatMember::administrator(ME, Rights::all()));
    telegram.now.fetch_add(FRESH_NO, SeqCst);
    assert_eq!(directory.is_admin(CHAT, ME).await, Fact::Known(true));
    assert_eq!(directory.peek_is_admin(CHAT, ME), Some(true));
    telegram.now.fetch_add(FRESH - 1, SeqCst);
    assert_eq!(directory.is_admin(CHAT, ME).await, Fact::Known(true));
    assert_eq!(calls(&telegram), (1, 2));
}

#[tokio::test]
async fn an_update_counts_at_once() {
    let (telegram, directory) =
        chat([Fact::Known(vec![ada()]), Fact::Known(Vec::from([ChatMember::owner(BOB)]))]);
    assert_eq!(directory.is_admin(CHAT, ADA).await, Fact::Known(true));
    let (before, after) = (ada(), ChatMember::member(ADA));
    assert!(directory.learn(CHAT, Change::between(&before, &after)).await);
    assert_eq!(directory.is_admin(CHAT, ADA).await, Fact::Known(false));
    assert!(!directory.learn(CHAT, Change::between(&after, &ChatMember::left(ADA))).await);
    let promoted = ChatMember::administrator(ME, Rights::PIN_MESSAGES);
    assert!(directory.learn(CHAT, Change::between(&ChatMember::member(ME), &promoted)).await);
    assert_eq!(directory.bot(CHAT).await, Fact::Known(promoted));
    assert_eq!(calls(&telegram), (2, 0));
}

#[tokio::test]
async fn a_fetch_from_before_a_change_fills_nothing() {
    let (telegram, directory) = chat([Fact::Known(vec![ada()]), Fact::Known(vec![ChatMember::owner(BOB)])]);
    telegram.gate.forget_permits(1000);
    let mut early = Box::pin(directory.is_admin(CHAT, ADA));
    assert!(is_pending(&mut early).await);
    directory.forget(CHAT).await;
    let mut late = Box::pin(directory.is_admin(CHAT, ADA));
    assert!(is_pending(&mut late).await);
    telegram.gate.add_permits(2);
    assert_eq!(early.await, Fact::Known(true), "asked before the change");
    assert_eq!(directory.peek_is_admin(CHAT, ADA), None, "and not remembered");
    assert_eq!(late.await, Fact::Known(false));
    assert_eq!(directory.peek_is_admin(CHAT, ADA), Some(false));
    assert_eq!(calls(&telegram), (2, 0));
}

#[tokio::test]
async fn who_gives_up_leaves_the_others_their_answer() {
    let (telegram, directory) = chat([Fact::Known(vec![ada()])]);
    telegram.gate.forget_permits(1000);
    let mut first = Box::pin(directory.is_admin(CHAT, ADA));
    assert!(is_pending(&mut first).await);
    let mut second = Box::pin(directory.is_admin(CHAT, ADA));
    assert!(is_pending(&mut second).await);
    drop(first);
    telegram.gate.add_permits(1);
    assert_eq!(second.await, Fact::Known(true));
    assert_eq!(directory.peek_is_admin(CHAT, ADA), Some(true));
}

async fn is_pending<F: Future + Unpin>(future: &mut F) -> bool {
    std::future::poll_fn(|cx| std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(cx).is_pending()))
        .await
}

/// Two processes; words between them arrive when they are delivered.
#[derive(Clone, Default)]
struct Post {
    told: Arc<Mutex<Vec<ChatId>>>,
    is_lost: Arc<std::sync::atomic::AtomicBool>,
}

#[async_trait]
impl Others for Post {
    async fn forget(&self, chat: ChatId) {
        self.told.lock().unwrap().push(chat);
    }

    fn are_heard(&self) -> bool {
        !self.is_lost.load(SeqCst)
    }
}

impl Post {
    fn take(&self) -> Vec<ChatId> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }
}

#[tokio::test]
async fn others_hear_of_changes_and_of_nothing_else() {
    let (_telegram, directory) = chat([Fact::Known(vec![ada()])]);
    let post = Post::default();
    directory.tell(post.clone());
    directory.is_admin(CHAT, ADA).await;
    directory.member(CHAT, ADA).await;
    directory.bot(CHAT).await;
    directory.forget_here(CHAT);
    directory.forget_all_here();
    let nobody = ChatMember::member(BOB);
    directory.learn(CHAT, Change::between(&nobody, &ChatMember::left(BOB))).await;
    assert_eq!(post.take(), [], "an echo would go on for ever");

    directory.learn(CHAT, Change::between(&ada(), &ChatMember::member(ADA))).await;
    assert_eq!(post.take(), [CHAT]);
    let me = ChatMember::member(ME);
    directory.learn(CHAT, Change::between(&me, &ChatMember::administrator(ME, Rights::all()))).await;
    assert_eq!(post.take(), [CHAT], "once for both");
    directory.refresh(CHAT).await;
    directory.forget(CHAT).await;
    assert_eq!(post.take(), [CHAT, CHAT]);
}

#[tokio::test]
async fn the_word_of_another_process_counts_at_once() {
    let (telegram, directory) = chat([Fact::Known(vec![ada()]), Fact::Known(vec![ChatMember::owner(BOB)])]);
    telegram.gate.forget_permits(1000);
    let mut early = Box::pin(directory.is_admin(CHAT, ADA));
    assert!(is_pending(&mut early).await);
    directory.forget_here(CHAT);
    telegram.gate.add_permits(1000);
    assert_eq!(early.await, Fact::Known(true), "asked before the change");
    assert_eq!(directory.peek_is_admin(CHAT, ADA), None, "and not remembered");
    assert_eq!(directory.is_admin(CHAT, ADA).await, Fact::Known(false));
    directory.forget_here(CHAT);
    assert_eq!(directory.peek_is_admin(CHAT, BOB), None);
}

#[tokio::test]
async fn when_words_may_be_lost_little_is_believed() {
    let (telegram, directory) = chat([Fact::Known(vec![ada()])]);
    let post = Post::default();
    directory.tell(post.clone());
    assert_eq!(directory.is_admin(CHAT, ADA).await, Fact::Known(true));
    telegram.now.fetch_add(FRESH_UNHEARD, SeqCst);
    assert_eq!(directory.peek_is_admin(CHAT, ADA), Some(true));
    post.is_lost.store(true, SeqCst);
    assert_eq!(directory.peek_is_admin(CHAT, ADA), None);
    assert_eq!(directory.is_admin(CHAT, ADA).await, Fact::Known(true), "it is asked for anew");
    telegram.now.fetch_add(FRESH_UNHEARD - 1, SeqCst);
    assert_eq!(directory.peek_is_admin(CHAT, ADA), Some(true));

    // They are heard again: what was missed meanwhile is made up for by dropping everything.
    post.is_lost.store(false, SeqCst);
    telegram.gate.forget_permits(1000);
    directory.forget_here(CHAT);
    let mut early = Box::pin(directory.is_admin(CHAT, ADA));
    assert!(is_pending(&mut early).await);
    directory.forget_all_here();
    telegram.gate.add_permits(1000);
    early.await;
    assert_eq!(directory.peek_is_admin(CHAT, ADA), None);
    assert_eq!(calls(&telegram), (3, 0));
}
