//! A panic ends one piece of work, never the process.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

/// The guarded work panicked; what it said went to the panic hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("panicked in {name}")]
pub struct Panicked {
    /// The name under which the work ran.
    pub name: &'static str,
}

/// Runs `future` and turns its panic into an error, counted in `alita_panics_total`.
///
/// # Errors
///
/// [`Panicked`] when the future panicked.
///
/// No async function: that would keep a second copy of the future's room.
pub fn guarded<F: Future>(
    name: &'static str,
    future: F,
) -> impl Future<Output = Result<F::Output, Panicked>> {
    // Whatever the future held is dropped with it; shared state is behind locks that notice poisoning.
    AssertUnwindSafe(future).catch_unwind().map(move |outcome| {
        outcome.map_err(|_payload| {
            metrics::counter!("alita_panics_total", "where" => name).increment(1);
            tracing::error!(place = name, "a panic was caught");
            Panicked { name }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_an_error_with_the_name_of_the_work() {
        assert_eq!(guarded("sum", async { 1 + 1 }).await, Ok(2));
        let broken = guarded("broken", async { assert_eq!(1 + 1, 3, "arithmetic") }).await;
        assert_eq!(broken, Err(Panicked { name: "broken" }));
        assert_eq!(Panicked { name: "broken" }.to_string(), "panicked in broken");
    }
}
