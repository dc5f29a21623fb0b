//! What a message costs where a chat has many keywords.

use std::hint::black_box;
use std::time::Instant;

use alita_model::keywords::Matcher;

use crate::Failure;
use crate::report::Report;

/// What people say; no keyword is in it.
const MESSAGE: &str = "I had tea at the little place behind the station today, and the cake was better than ever. \
    How about you? We could meet there at five, if the trains are on time for once.";

pub(crate) fn measure(is_quick: bool, report: &mut Report) -> Result<(), Failure> {
    let times: u32 = if is_quick { 100 } else { 100_000 };
    for number in [10, 1_000, 10_000] {
        let keywords: Vec<String> = (0..number).map(|it| format!("forbidden{it} word")).collect();
        let began = Instant::now();
        let matcher = Matcher::new(&keywords)?;
        let build = began.elapsed();
        let began = Instant::now();
        for _ in 0..times {
            black_box(matcher.first(black_box(MESSAGE)));
        }
        let each = began.elapsed().as_secs_f64() / f64::from(times);
        report.add("keywords", &format!("a message, {number} keywords"), each * 1e6, "µs");
        report.add("keywords", &format!("building {number} keywords"), build.as_secs_f64() * 1e3, "ms");
        let memory = u64::try_from(matcher.memory() / 1024).ok();
        report.add_memory("keywords", &format!("memory of {number} keywords"), memory);
    }
    Ok(())
}
