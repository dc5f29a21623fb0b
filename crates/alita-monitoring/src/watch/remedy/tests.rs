//! Each tier through a reading that is handed in, with a clock that the test turns.

use std::sync::{Mutex, PoisonError};

use chrono::DateTime;
use metrics_exporter_prometheus::PrometheusBuilder;

use super::*;
use crate::watch::reading::Pool;
use crate::{Redactor, Status};

const MB: u64 = 1 << 20;

/// Writes down what is done.
#[derive(Default)]
struct Notebook(Mutex<Vec<String>>, Mutex<usize>);

impl Notebook {
    fn note(&self, text: impl Into<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(text.into());
    }

    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Hands for Notebook {
    fn sweep(&self) {
        self.note("sweep");
    }
    fn give_memory_back(&self) {
        self.note("give back");
    }
    fn shrink(&self) -> u64 {
        self.note("shrink");
        7
    }
    fn permits(&self) -> usize {
        *self.1.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn set_permits(&self, permits: usize) {
        self.note(format!("{permits} permits"));
        *self.1.lock().unwrap_or_else(PoisonError::into_inner) = permits;
    }
    fn drop_queued(&self) -> usize {
        self.note("drop queued");
        3
    }
    fn pause(&self, is_on: bool) {
        self.note(if is_on { "pause" } else { "go on" });
    }
    fn leave(&self) {
        self.note("leave");
    }
}

struct Patient {
    clock: Clock,
    health: Health,
    hands: Arc<Notebook>,
    remedy: Remedy,
}

impl Patient {
    fn new(permits: usize) -> Self {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        let health = Health::new(clock.clone(), "1.2.3");
        health.started();
        let hands = Arc::new(Notebook(Mutex::default(), Mutex::new(permits)));
        let limits = Limits { tasks: 1_000, memory: 500 * MB, cleanup: 400 * MB };
        let remedy = Remedy::new(clock.clone(), limits, health.clone(), Arc::clone(&hands) as Arc<dyn Hands>);
        Self { clock, health, hands, remedy }
    }

    /// The next minute brings this reading.
    fn minute(&mut self, reading: &Reading) -> Option<Action> {
        self.clock.advance(PERIOD);
        self.remedy.attend(reading)
    }

    /// What comes of this reading, minute by minute.
    fn minutes(&mut self, reading: &Reading, count: usize) -> Vec<Option<Action>> {
        (0..count).map(|_| self.minute(reading)).collect()
    }
}

fn memory(megabytes: u64) -> Reading {
    Reading { resident: megabytes * MB, ..Reading::default() }
}

#[test]
fn each_tier_has_its_thresholds() {
    let minute = Duration::from_secs(60);
    let lag = |ms| Reading { lag: Duration::from_millis(ms), ..Reading::default() };
    let tasks = |tasks| Reading { tasks, ..Reading::default() };
    let waiting = |s| Pool { waiting_for: Duration::from_secs(s), ..Pool::default() };
    let table = [
        (memory(250), None),
        (memory(251), Some(Action::LogWarning)),
        (memory(301), Some(Action::GiveMemoryBack)),
        (memory(401), Some(Action::ShedLoad)),
        (memory(801), Some(Action::Critical)),
        (tasks(800), None),
        (tasks(801), Some(Action::LogWarning)),
        (tasks(1_501), Some(Action::Critical)),
        (lag(50), None),
        (lag(51), Some(Action::GiveMemoryBack)),
        (Reading { saturated_for: minute, ..tasks(801) }, Some(Action::LogWarning)),
        (Reading { saturated_for: minute * 2, ..tasks(801) }, Some(Action::DispatcherSaturated)),
        (Reading { pool: waiting(30), ..Reading::default() }, None),
        (Reading { pool: waiting(31), ..Reading::default() }, Some(Action::PoolWaiting)),
        (Reading { telegram_queue: 5_000, ..Reading::default() }, None),
        (Reading { telegram_queue: 5_001, ..Reading::default() }, Some(Action::TelegramQueue)),
    ];
    for (reading, expected) in table {
        let mut patient = Patient::new(200);
        assert_eq!(patient.minutes(&reading, 2), [None, expected], "{reading:?}");
    }
}

#[test]
fn one_bad_reading_is_none() {
    let mut patient = Patient::new(200);
    let (bad, good) = (memory(900), memory(1));
    for reading in [&bad, &good, &bad, &good] {
        assert_eq!(patient.minute(reading), None);
    }
    assert!(patient.hands.taken().is_empty());
}

#[test]
fn the_highest_tier_goes_first_and_each_rests_for_five_minutes() {
    let mut patient = Patient::new(200);
    let actions = patient.minutes(&memory(900), 8);
    let [critical, shed, give, log] =
        [Action::Critical, Action::ShedLoad, Action::GiveMemoryBack, Action::LogWarning].map(Some);
    assert_eq!(actions, [None, critical, shed, give, log, None, critical, shed]);
}

#[test]
fn tier_1_sweeps_and_gives_back() {
    let mut patient = Patient::new(200);
    patient.minutes(&memory(350), 2);
    assert_eq!(patient.hands.taken(), ["sweep", "give back"]);
}

#[test]
fn tier_2_cuts_and_gives_back_after_five_minutes_of_calm() {
    let mut patient = Patient::new(200);
    patient.minutes(&memory(450), 2);
    let shed = ["150 permits", "pause", "drop queued", "sweep", "shrink", "give back"];
    assert_eq!(patient.hands.taken(), shed);
    assert_eq!(patient.minutes(&memory(100), 4), [None; 4], "not calm for long enough");
    assert_eq!(patient.minute(&memory(100)), Some(Action::Restore));
    assert_eq!(patient.hands.taken(), ["200 permits", "go on"]);
    assert_eq!(patient.minutes(&memory(100), 10), [None; 10], "once is enough");
}

#[test]
fn at_least_ten_permits_are_left_and_all_come_back() {
    let mut patient = Patient::new(12);
    patient.minutes(&memory(450), 2 + 5);
    let cuts: Vec<String> =
        patient.hands.taken().into_iter().filter(|done| done.ends_with("permits")).collect();
    assert_eq!(cuts, ["10 permits", "10 permits"]);
    patient.minutes(&memory(100), 5);
    assert_eq!(patient.hands.permits(), 12);
    let mut patient = Patient::new(4);
    patient.minutes(&memory(450), 2);
    assert_eq!(patient.hands.permits(), 4, "a bot with few is given no more");
}

/// A metric, a line in the log, and a line in `/health`.
#[test]
fn whatever_is_done_is_told_three_times() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let log = Log::default();
    let redactor = Redactor::new();
    let config = crate::LogConfig::new(Clock::manual(DateTime::UNIX_EPOCH));
    let subscriber = crate::logs::subscriber(&config, &redactor, log.clone()).expect("a filter");
    let mut patient = Patient::new(200);
    let consumers = vec![("lanes".to_owned(), 1_400), ("cache notes".to_owned(), 9_000)];
    let reading = Reading { tasks: 1_600, consumers, ..Reading::default() };
    let report = |patient: &Patient| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(patient.health.report())
    };
    metrics::with_local_recorder(&recorder, || {
        tracing::subscriber::with_default(subscriber, || patient.minutes(&reading, 2));
    });
    assert_eq!(patient.hands.taken(), ["leave"]);
    let counted = recorder.handle().render();
    assert!(counted.contains("alita_remediation_actions_total{action=\"critical\"} 1"), "{counted}");
    let told = log.text();
    assert!(told.contains("critical load, a restart is advised"), "{told}");
    assert!(told.contains("cache notes 9000, lanes 1400"), "{told}");
    let health = report(&patient);
    assert_eq!(health.status, Status::Degraded);
    assert_eq!(health.remediation.as_deref(), Some("critical, 0s ago"));

    assert_eq!(patient.minutes(&Reading::default(), 5).last(), Some(&Some(Action::Restore)));
    let health = report(&patient);
    assert_eq!((health.status, health.remediation.as_deref()), (Status::Healthy, Some("restore, 0s ago")));
}

/// What was logged.
#[derive(Clone, Default)]
pub(in crate::watch) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(in crate::watch) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("nobody panics").clone()).expect("text")
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'w> tracing_subscriber::fmt::MakeWriter<'w> for Log {
    type Writer = Self;
    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}
