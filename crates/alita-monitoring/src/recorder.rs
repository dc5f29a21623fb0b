//! Collects the metrics of the whole process for `/metrics`.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use alita_runtime::{Clock, TaskSet};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::watch::Action;
use crate::{Error, metric_names, process};

/// From a cache hit to a call that has nearly run out of time.
const BUCKETS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// How often samples of histograms are summed up between scrapes. Until then each is kept, and a busy bot takes half a
/// million a second.
const UPKEEP: Duration = Duration::from_millis(500);

/// The metrics of this process; clones show the same.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
    clock: Clock,
    observers: Arc<Mutex<Vec<Observer>>>,
}

/// Sets gauges of what is only worth a look when somebody looks.
type Observer = Box<dyn Fn() + Send + Sync>;

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// Prometheus sees no increase in a series that begins with 1, and the first critical load may be the last thing that
/// a process counts.
fn begin_at_zero() {
    for action in Action::ALL {
        metrics::counter!("alita_remediation_actions_total", "action" => action.as_str()).absolute(0);
    }
}

impl Metrics {
    /// Collects from now on whatever anybody in this process counts.
    ///
    /// # Errors
    ///
    /// [`Error::Recorder`] when something else collects already.
    pub fn install(clock: Clock) -> Result<Self, Error> {
        let handle = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), BUCKETS)
            .and_then(PrometheusBuilder::install_recorder)
            .map_err(Error::Recorder)?;
        metric_names::describe();
        begin_at_zero();
        let started = u32::try_from(clock.now().timestamp()).unwrap_or(u32::MAX);
        metrics::gauge!("alita_start_time_seconds").set(started);
        Ok(Self { handle, clock, observers: Arc::default() })
    }

    /// Says which build is running and where its updates come from (`polling`, `webhook`).
    pub fn build_info(&self, version: &'static str, mode: &'static str) {
        // Whoever builds a release names the commit; a build by hand has none.
        let commit = option_env!("ALITA_COMMIT").unwrap_or("unknown");
        metrics::gauge!("alita_build_info", "version" => version, "commit" => commit, "mode" => mode).set(1);
    }

    /// Lets `observer` set its gauges whenever somebody reads the metrics. It must be quick; a panic costs its gauges.
    pub fn observe(&self, observer: impl Fn() + Send + Sync + 'static) {
        self.observers.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(observer));
    }

    /// The clock that it goes by.
    pub(crate) const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Sums up histogram samples twice a second, so that they do not pile up while nobody scrapes.
    pub fn keep_up(&self, tasks: &TaskSet) {
        let handle = self.handle.clone();
        tasks.every("metrics upkeep", &self.clock, UPKEEP, move || {
            handle.run_upkeep();
            std::future::ready(())
        });
    }

    /// All metrics as Prometheus reads them.
    #[must_use]
    pub fn render(&self) -> String {
        metrics::gauge!("alita_uptime_seconds").set(self.clock.instant().as_secs_f64());
        process::observe();
        for observer in self.observers.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if catch_unwind(AssertUnwindSafe(observer)).is_err() {
                metrics::counter!("alita_panics_total", "where" => "observer").increment(1);
            }
        }
        self.handle.render()
    }
}
