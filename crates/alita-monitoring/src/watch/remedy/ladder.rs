//! Which action is called for.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::watch::reading::Reading;

/// After an action the same one has to wait.
const REST: Duration = Duration::from_secs(5 * 60);

/// So long nothing may call for tier 2 or 3 until what was taken away comes back.
const CALM: Duration = Duration::from_secs(5 * 60);

/// So many readings in a row have to call for an action.
const IN_A_ROW: u32 = 2;

const LONG_LAG: Duration = Duration::from_millis(50);
const SATURATED: Duration = Duration::from_secs(60);
const POOL_WAIT: Duration = Duration::from_secs(30);
const QUEUE: usize = 5_000;

/// From where on the load is too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Tasks.
    pub tasks: u64,
    /// Bytes of memory.
    pub memory: u64,
    /// Bytes of memory from which on load is shed.
    pub cleanup: u64,
}

/// What is done; the words are labels of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Tier 0: a warning.
    LogWarning,
    /// Tier 0: a warning that the dispatcher has been full for long.
    DispatcherSaturated,
    /// Tier 0: a warning that somebody has been waiting long for a database connection.
    PoolWaiting,
    /// Tier 0: a warning that many calls wait for Telegram.
    TelegramQueue,
    /// Tier 1: memory that nobody uses goes back to the system.
    GiveMemoryBack,
    /// Tier 2: caches, permits, queues and work that can wait are cut.
    ShedLoad,
    /// Tier 3: a restart is advised, or begun.
    Critical,
    /// What tier 2 took away comes back.
    Restore,
}

impl Action {
    /// All of them.
    pub(crate) const ALL: [Self; 8] = [
        Self::LogWarning,
        Self::DispatcherSaturated,
        Self::PoolWaiting,
        Self::TelegramQueue,
        Self::GiveMemoryBack,
        Self::ShedLoad,
        Self::Critical,
        Self::Restore,
    ];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LogWarning => "log_warning",
            Self::DispatcherSaturated => "dispatcher_saturated",
            Self::PoolWaiting => "pool_waiting",
            Self::TelegramQueue => "telegram_queue",
            Self::GiveMemoryBack => "give_memory_back",
            Self::ShedLoad => "shed_load",
            Self::Critical => "critical",
            Self::Restore => "restore",
        }
    }

    /// How grave it is, from 0 to 3.
    #[must_use]
    pub const fn tier(self) -> u8 {
        match self {
            Self::LogWarning | Self::DispatcherSaturated | Self::PoolWaiting | Self::TelegramQueue => 0,
            Self::GiveMemoryBack => 1,
            Self::ShedLoad | Self::Restore => 2,
            Self::Critical => 3,
        }
    }
}

/// The gravest first; of equals, what says the most.
const IN_ORDER: [Action; 7] = [
    Action::Critical,
    Action::ShedLoad,
    Action::GiveMemoryBack,
    Action::DispatcherSaturated,
    Action::PoolWaiting,
    Action::TelegramQueue,
    Action::LogWarning,
];

/// Remembers what was called for and what was done.
#[derive(Debug)]
pub(super) struct Ladder {
    limits: Limits,
    /// How many readings in a row called for it.
    called: BTreeMap<Action, u32>,
    done: BTreeMap<Action, Duration>,
    /// When tier 2 or 3 was last called for.
    last_grave: Option<Duration>,
    was_critical: bool,
}

impl Ladder {
    pub(super) const fn new(limits: Limits) -> Self {
        Self { limits, called: BTreeMap::new(), done: BTreeMap::new(), last_grave: None, was_critical: false }
    }

    /// The action that a reading calls for, if it is one's turn.
    pub(super) fn climb(&mut self, reading: &Reading, now: Duration) -> Option<Action> {
        let mut chosen = None;
        for action in IN_ORDER {
            if !self.calls_for(action, reading) {
                self.called.remove(&action);
                continue;
            }
            if action.tier() >= 2 {
                self.last_grave = Some(now);
            }
            let called = self.called.entry(action).or_default();
            *called = called.saturating_add(1);
            let has_rested = self.done.get(&action).is_none_or(|done| now >= *done + REST);
            if chosen.is_none() && *called >= IN_A_ROW && has_rested {
                chosen = Some(action);
            }
        }
        if let Some(action) = chosen {
            self.done.insert(action, now);
            self.was_critical |= action == Action::Critical;
        }
        chosen
    }

    pub(super) fn is_calm(&self, now: Duration) -> bool {
        self.last_grave.is_none_or(|last| now >= last + CALM)
    }

    pub(super) const fn was_critical(&self) -> bool {
        self.was_critical
    }

    pub(super) const fn recovered(&mut self) {
        self.was_critical = false;
    }

    fn calls_for(&self, action: Action, reading: &Reading) -> bool {
        let Limits { tasks, memory, cleanup } = self.limits;
        let tasks = |percent: u64| {
            u64::try_from(reading.tasks).unwrap_or(u64::MAX).saturating_mul(100)
                > tasks.saturating_mul(percent)
        };
        let memory = |percent: u64| reading.resident.saturating_mul(100) > memory.saturating_mul(percent);
        match action {
            Action::Critical => tasks(150) || memory(160),
            Action::ShedLoad => reading.resident > cleanup,
            Action::GiveMemoryBack => memory(60) || reading.lag > LONG_LAG,
            Action::DispatcherSaturated => reading.saturated_for > SATURATED,
            Action::PoolWaiting => reading.pool.waiting_for > POOL_WAIT,
            Action::TelegramQueue => reading.telegram_queue > QUEUE,
            Action::LogWarning => tasks(80) || memory(50),
            Action::Restore => false,
        }
    }
}
