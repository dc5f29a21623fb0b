#![doc = include_str!("../README.md")]

mod durations;
mod fill;
mod language;
pub mod t;

pub use durations::duration_text;
pub use language::Language;

#[cfg(test)]
mod tests;
