//! Jobs in memory, while the test turns the clock. The same rules on databases are tested in `alita-db`.

use std::future::pending;
use std::sync::atomic::{AtomicU32, Ordering};

use serde::Deserialize;
use tokio::sync::Semaphore;

use super::*;
use crate::TaskSet;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Bell {
    text: String,
}

impl Job for Bell {
    const NAME: &'static str = "bell";
    const ATTEMPTS: u32 = 4;
}

fn bell(text: &str) -> Bell {
    Bell { text: text.to_owned() }
}

const MINUTE: Duration = Duration::from_secs(60);

struct Rig {
    clock: Clock,
    store: Arc<MemoryStore>,
    jobs: Jobs,
    tasks: TaskSet,
    /// What the functions wrote down.
    log: Arc<Mutex<Vec<String>>>,
}

impl Rig {
    fn new() -> Self {
        let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).expect("a time"));
        let store = Arc::new(MemoryStore::new());
        let jobs = Jobs::new(Arc::clone(&store) as Arc<dyn JobStore>, clock.clone());
        Self { clock, store, jobs, tasks: TaskSet::new(), log: Arc::default() }
    }

    fn start(&self, handlers: Handlers) {
        self.start_tuned(handlers, Tuning::default());
    }

    /// Chance shortens no pause, so that a test can tell when something is due.
    fn start_tuned(&self, handlers: Handlers, tuning: Tuning) {
        self.jobs.runner(handlers).tuned(Tuning { chance: || 0.0, ..tuning }).start(&self.tasks);
    }

    /// A function that writes each run down and answers with what `answer` says.
    fn logging(&self, answer: fn(u32) -> Result<(), Failure>) -> Handlers {
        let log = Arc::clone(&self.log);
        Handlers::new().on(move |bell: Bell, run: Run| {
            log.lock().expect("nobody panics here").push(format!("{} {}", bell.text, run.attempt));
            async move { answer(run.attempt) }
        })
    }

    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock().expect("nobody panics here"))
    }

    async fn schedule(&self, text: &str, wait: Duration) {
        let order = self.jobs.after(wait, &bell(text)).expect("JSON");
        assert!(self.jobs.schedule(&order).await.expect("a store"));
    }

    /// Returns when everybody sleeps.
    async fn settle(&self) {
        self.until(|| self.tasks.len() <= self.clock.sleepers()).await;
    }

    async fn until(&self, is_so: impl Fn() -> bool) {
        let wait = async {
            // Whoever was woken has to be polled before it can be asked what it does.
            for _ in 0..16 {
                tokio::task::yield_now().await;
            }
            while !is_so() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(MINUTE, wait).await.expect("it becomes so");
    }

    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.settle().await;
    }

    /// In how many seconds the waiting bells are due.
    fn dues(&self) -> Vec<i64> {
        let now = self.clock.now();
        self.store.waiting(Bell::NAME).iter().map(|due| (*due - now).num_seconds()).collect()
    }
}

fn broken() -> Failure {
    Failure::Passing("the rope tore".into())
}

#[tokio::test]
async fn a_job_runs_once_when_its_time_has_come_and_not_before() {
    let rig = Rig::new();
    rig.start(rig.logging(|_| Ok(())));
    rig.schedule("noon", MINUTE).await;
    rig.settle().await;
    rig.pass(Duration::from_secs(59)).await;
    assert_eq!(rig.taken(), [""; 0]);
    rig.pass(Duration::from_secs(1)).await;
    assert_eq!(rig.taken(), ["noon 1"]);
    rig.pass(MINUTE * 60).await;
    assert_eq!(rig.taken(), [""; 0]);
    assert_eq!(rig.store.counts().await.expect("a store"), Counts::default());
}

#[tokio::test]
async fn what_another_process_scheduled_begins_within_a_second() {
    let rig = Rig::new();
    rig.start(rig.logging(|_| Ok(())));
    rig.settle().await;
    // The runner of this process is not told.
    let order = Order::new(&bell("from afar"), rig.clock.now()).expect("JSON");
    rig.store.schedule(&order, rig.clock.now()).await.expect("a store");
    rig.pass(Duration::from_millis(500)).await;
    assert_eq!(rig.taken(), ["from afar 1"]);
}

#[tokio::test]
async fn a_key_stands_for_one_waiting_job() {
    let rig = Rig::new();
    let order = |text, wait| rig.jobs.after(wait, &bell(text)).expect("JSON");
    let schedule = async |order: Order| rig.jobs.schedule(&order).await.expect("a store");
    assert!(schedule(order("first", MINUTE).once("a")).await);
    assert!(!schedule(order("second", MINUTE * 2).once("a")).await);
    assert_eq!(rig.dues(), [60]);
    assert!(schedule(order("third", MINUTE * 3).instead_of("a")).await);
    assert_eq!(rig.dues(), [180]);
    assert!(schedule(order("other", MINUTE).instead_of("b")).await);
    assert!(rig.jobs.cancel("b").await.expect("a store"));
    assert!(!rig.jobs.cancel("b").await.expect("a store"));
    rig.start(rig.logging(|_| Ok(())));
    rig.pass(MINUTE * 3).await;
    assert_eq!(rig.taken(), ["third 1"]);
}

#[tokio::test]
async fn a_job_hears_what_it_is_about() {
    let rig = Rig::new();
    let log = Arc::clone(&rig.log);
    rig.start(Handlers::new().on(move |bell: Bell, run: Run| {
        let subject = run.subject.map(Subject::get);
        log.lock().expect("nobody panics here").push(format!("{} {subject:?}", bell.text));
        async { Ok(()) }
    }));
    let order = rig.jobs.after(Duration::ZERO, &bell("x")).expect("JSON").about(Subject::new(-7));
    rig.jobs.schedule(&order).await.expect("a store");
    rig.pass(Duration::from_secs(1)).await;
    assert_eq!(rig.taken(), ["x Some(-7)"]);
}

#[tokio::test]
async fn a_failed_job_is_tried_again_after_longer_and_longer_and_then_put_aside() {
    let rig = Rig::new();
    rig.start(rig.logging(|_| Err(broken())));
    rig.schedule("x", Duration::ZERO).await;
    rig.pass(Duration::from_millis(500)).await;
    assert_eq!(rig.taken(), ["x 1"]);
    for (pause, next) in [(2, "x 2"), (4, "x 3"), (8, "x 4")] {
        assert_eq!(rig.dues(), [pause]);
        rig.pass(Duration::from_secs(pause.unsigned_abs() - 1)).await;
        assert_eq!(rig.taken(), [""; 0], "not before its time");
        rig.pass(Duration::from_secs(1)).await;
        assert_eq!(rig.taken(), [next]);
    }
    assert_eq!(rig.store.dead(), [("bell".to_owned(), "the rope tore".to_owned())]);
    rig.pass(MINUTE * 60).await;
    assert_eq!(rig.taken(), [""; 0], "a dead letter stays where it is");
}

#[tokio::test]
async fn what_can_never_go_well_is_put_aside_at_once() {
    let rig = Rig::new();
    rig.start(rig.logging(|_| Err(Failure::final_for("no such bell"))));
    rig.schedule("x", Duration::ZERO).await;
    // What an older release stored may mean nothing to this one.
    let order = Order { value: Value::from(7), ..Order::new(&bell(""), rig.clock.now()).expect("JSON") };
    rig.jobs.schedule(&order).await.expect("a store");
    rig.pass(Duration::from_secs(1)).await;
    assert_eq!(rig.taken(), ["x 1"]);
    let dead = rig.store.dead();
    assert_eq!(dead.len(), 2, "{dead:?}");
    assert_eq!(dead[0].1, "no such bell");
    assert!(dead[1].1.contains("invalid type"), "{dead:?}");
}

#[tokio::test]
async fn a_panic_is_a_failure_and_the_runner_goes_on() {
    let rig = Rig::new();
    rig.start(rig.logging(|attempt| {
        assert_ne!(attempt, 1, "the first time it breaks");
        Ok(())
    }));
    rig.schedule("x", Duration::ZERO).await;
    rig.pass(Duration::from_secs(1)).await;
    rig.pass(Duration::from_secs(2)).await;
    assert_eq!(rig.taken(), ["x 1", "x 2"]);
    assert_eq!(rig.store.dead(), []);
}

#[tokio::test]
async fn a_job_that_nobody_knows_is_left_to_others_for_a_while_and_then_put_aside() {
    let rig = Rig::new();
    rig.start(Handlers::new());
    rig.schedule("x", Duration::ZERO).await;
    for _ in 0..5 {
        rig.pass(Duration::from_secs(32)).await;
        assert_eq!(rig.store.dead(), []);
    }
    rig.pass(Duration::from_secs(32)).await;
    assert_eq!(rig.store.dead(), [("bell".to_owned(), "this release knows no job `bell`".to_owned())]);
}

#[tokio::test]
async fn a_job_whose_holder_died_runs_again_when_the_lease_ends() {
    let rig = Rig::new();
    rig.schedule("x", Duration::ZERO).await;
    let died = rig.store.claim(rig.clock.now(), Tuning::default().lease, 1).await.expect("a store");
    rig.start(rig.logging(|_| Ok(())));
    rig.pass(Duration::from_secs(89)).await;
    assert_eq!(rig.taken(), [""; 0]);
    rig.pass(Duration::from_secs(1)).await;
    assert_eq!(rig.taken(), ["x 2"]);
    let late = rig.store.end(&died.claims[0], End::Done, rig.clock.now()).await.expect("a store");
    assert!(!late, "the old holder ends nothing any more");
}

#[tokio::test]
async fn a_job_that_kills_its_process_is_put_aside_too() {
    let rig = Rig::new();
    rig.schedule("x", Duration::ZERO).await;
    for _ in 0..Bell::ATTEMPTS {
        rig.store.claim(rig.clock.now(), Duration::ZERO, 1).await.expect("a store");
    }
    rig.start(rig.logging(|_| Ok(())));
    rig.pass(Duration::from_secs(1)).await;
    assert_eq!(rig.taken(), [""; 0]);
    assert_eq!(rig.store.dead()[0].1, "it was begun 4 times and never ended");
}

#[tokio::test]
async fn a_job_that_hangs_is_given_up() {
    let rig = Rig::new();
    rig.start(Handlers::new().on(|_: Bell, _| pending()));
    rig.schedule("x", Duration::ZERO).await;
    rig.until(|| rig.tasks.len() == 2).await;
    rig.clock.advance(Tuning::default().limit);
    rig.settle().await;
    assert_eq!(rig.dues(), [2]);
}

#[tokio::test]
async fn no_more_jobs_run_at_once_than_there_are_workers() {
    let rig = Rig::new();
    let (gate, running, most) = (Arc::new(Semaphore::new(0)), Arc::<AtomicU32>::default(), Arc::default());
    let handlers = Handlers::new().on({
        let (gate, running, most) = (Arc::clone(&gate), Arc::clone(&running), Arc::<AtomicU32>::clone(&most));
        move |_: Bell, _| {
            let (gate, running, most) = (Arc::clone(&gate), Arc::clone(&running), Arc::clone(&most));
            async move {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                gate.acquire().await?.forget();
                running.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            }
        }
    });
    for _ in 0..5 {
        rig.schedule("x", Duration::ZERO).await;
    }
    rig.start_tuned(handlers, Tuning { workers: 2, ..Tuning::default() });
    rig.until(|| running.load(Ordering::SeqCst) == 2).await;
    gate.add_permits(5);
    // Without a turn of the clock: a free worker takes what was left.
    rig.until(|| rig.store.waiting(Bell::NAME).is_empty()).await;
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn closing_lets_jobs_end_and_gives_back_those_that_do_not() {
    let rig = Rig::new();
    let gate = Arc::new(Semaphore::new(0));
    let handlers = Handlers::new().on({
        let gate = Arc::clone(&gate);
        move |bell: Bell, _| {
            let gate = Arc::clone(&gate);
            async move {
                if bell.text == "hangs" {
                    pending::<()>().await;
                }
                gate.acquire().await?.forget();
                Ok(())
            }
        }
    });
    rig.start(handlers);
    rig.schedule("ends", Duration::ZERO).await;
    rig.schedule("hangs", Duration::ZERO).await;
    rig.until(|| rig.tasks.len() == 3).await;
    let (tasks, closing) = (rig.tasks.clone(), TaskSet::new());
    closing.spawn("close", async move { assert_eq!(tasks.close(MINUTE).await, [""; 0]) });
    rig.until(|| rig.tasks.len() == 2).await;
    rig.schedule("too late", Duration::ZERO).await;
    gate.add_permits(1);
    rig.until(|| rig.tasks.len() == 1).await;
    rig.clock.advance(Tuning::default().grace);
    closing.idle().await;
    assert!(rig.tasks.is_empty());
    // Both are free for the next process, and the broken-off attempt does not count.
    let left = rig.store.claim(rig.clock.now(), MINUTE, 9).await.expect("a store");
    assert_eq!(left.claims.iter().map(|claim| claim.attempt).collect::<Vec<_>>(), [1, 1]);
}

#[tokio::test]
async fn regular_jobs_come_again_and_a_failing_one_too() {
    let rig = Rig::new();
    let (log, other) = (Arc::clone(&rig.log), Arc::clone(&rig.log));
    let handlers = Handlers::new()
        .every("good", MINUTE * 60, move |_| {
            log.lock().expect("nobody panics here").push("good".to_owned());
            async { Ok(()) }
        })
        .every("bad", MINUTE * 60, move |run| {
            other.lock().expect("nobody panics here").push(format!("bad {}", run.attempt));
            async { Err(broken()) }
        });
    rig.start(handlers);
    rig.settle().await;
    for _ in 0..2 {
        rig.pass(MINUTE * 60).await;
        for _ in 0..5 {
            rig.pass(Duration::from_secs(32)).await;
        }
        let mut taken = rig.taken();
        taken.sort();
        assert_eq!(taken, ["bad 1", "bad 2", "bad 3", "bad 4", "bad 5", "bad 6", "good"]);
        assert_eq!(rig.store.dead(), []);
    }
}

#[tokio::test]
async fn of_two_instances_one_runs_a_job() {
    let rig = Rig::new();
    let neighbour = Jobs::new(Arc::clone(&rig.store) as Arc<dyn JobStore>, rig.clock.clone());
    let period = |log: &Arc<Mutex<Vec<String>>>| {
        let log = Arc::clone(log);
        Handlers::new().every("sweep", MINUTE, move |_| {
            log.lock().expect("nobody panics here").push("sweep".to_owned());
            async { Ok(()) }
        })
    };
    rig.start(period(&rig.log));
    neighbour.runner(period(&rig.log)).start(&rig.tasks);
    rig.settle().await;
    rig.pass(MINUTE).await;
    assert_eq!(rig.taken(), ["sweep"]);
    rig.pass(MINUTE * 10).await;
    assert_eq!(rig.taken(), ["sweep"], "what was missed is not made up for");
}
