//! A panic becomes a log line like any other, and so passes the redactor.

use std::backtrace::Backtrace;
use std::panic::PanicHookInfo;

use crate::Redactor;

/// Logs every panic of the process, with place and backtrace.
pub(crate) fn install(redactor: Redactor) {
    std::panic::set_hook(Box::new(move |panic| log(panic, &redactor)));
}

fn log(panic: &PanicHookInfo<'_>, redactor: &Redactor) {
    let payload = panic.payload_as_str().unwrap_or("a value that is not text");
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    let backtrace = Backtrace::force_capture();
    if tracing::enabled!(tracing::Level::ERROR) {
        tracing::error!(class = "internal", payload, location, thread, %backtrace, "panicked");
    } else {
        // Nobody writes logs (any more); a panic is worth a line all the same.
        eprintln!("{}", redactor.redact(&format!("panicked at {location}: {payload}")));
    }
}
