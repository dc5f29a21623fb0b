//! Collects the metrics of the whole process for `/metrics`.

use std::time::Duration;

use alita_runtime::{Clock, TaskSet};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::{Error, metric_names, process};

/// From a cache hit to a call that has nearly run out of time.
const BUCKETS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// How often samples of histograms are summed up between scrapes.
const UPKEEP: Duration = Duration::from_secs(5);

/// The metrics of this process; clones show the same.
#[derive(Clone, Debug)]
pub struct Metrics {
    handle: PrometheusHandle,
    clock: Clock,
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
        let started = u32::try_from(clock.now().timestamp()).unwrap_or(u32::MAX);
        metrics::gauge!("alita_start_time_seconds").set(started);
        Ok(Self { handle, clock })
    }

    /// Says which build is running and where its updates come from (`polling`, `webhook`).
    pub fn build_info(&self, version: &'static str, mode: &'static str) {
        metrics::gauge!("alita_build_info", "version" => version, "mode" => mode).set(1);
    }

    /// Sums up histogram samples every few seconds, so that they do not pile up while nobody scrapes.
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
        self.handle.render()
    }
}
