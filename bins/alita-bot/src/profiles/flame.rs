//! A flame graph: who calls whom from top to bottom, and how much of the time from left to right.
//!
//! Drawn by ourselves, because the usual crate stands under a licence that we do not take.

use std::collections::BTreeMap;
use std::fmt::Write;

/// The width of the whole, and the height of a row.
const WIDTH: f64 = 1_200.0;
const ROW: f64 = 16.0;

/// Narrower boxes are left out, with all that they call.
const NARROWEST: f64 = 0.3;

/// Deeper calls are left out.
const DEEPEST: usize = 200;

/// A letter is about this wide.
const LETTER: f64 = 6.5;

/// A function, the samples in it, and whom it calls.
#[derive(Debug, Default)]
pub(super) struct Flame {
    samples: u32,
    calls: BTreeMap<String, Flame>,
}

impl Flame {
    /// Adds a stack, from the outermost function to the innermost.
    pub(super) fn add(&mut self, stack: impl IntoIterator<Item = String>, samples: u32) {
        self.samples = self.samples.saturating_add(samples);
        let mut here = self;
        for name in stack.into_iter().take(DEEPEST) {
            here = here.calls.entry(name).or_default();
            here.samples = here.samples.saturating_add(samples);
        }
    }

    /// The graph as a picture; a box under the mouse tells its name.
    pub(super) fn svg(&self) -> String {
        let mut boxes = String::new();
        let rows = self.draw("all", 0.0, 0, WIDTH / f64::from(self.samples.max(1)), &mut boxes);
        let height = f64::from(u32::try_from(rows).unwrap_or(u32::MAX)) * ROW;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
             font-family=\"monospace\" font-size=\"11\">\n{boxes}</svg>\n"
        )
    }

    /// Draws a box and what it calls; says how many rows that took.
    fn draw(&self, name: &str, x: f64, row: usize, scale: f64, into: &mut String) -> usize {
        let width = f64::from(self.samples) * scale;
        if width < NARROWEST {
            return row;
        }
        let y = f64::from(u32::try_from(row).unwrap_or(u32::MAX)) * ROW;
        let (name_shown, samples) = (escaped(name), self.samples);
        // The same function has the same colour everywhere.
        let hue = name.bytes().fold(7_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into())) % 50;
        // Writing into a text cannot fail.
        let _ = write!(
            into,
            "<g><title>{name_shown} ({samples})</title><rect x=\"{x:.1}\" y=\"{y}\" width=\"{width:.1}\" \
             height=\"15\" fill=\"hsl({hue},80%,65%)\"/>"
        );
        let room = std::iter::successors(Some(LETTER), |used| Some(used + LETTER));
        let fits = room.take(name.chars().count()).take_while(|used| *used < width - LETTER).count();
        if fits > 2 {
            let short: String = name.chars().take(fits).collect();
            let _ = write!(into, "<text x=\"{:.1}\" y=\"{}\">{}</text>", x + 2.0, y + 12.0, escaped(&short));
        }
        into.push_str("</g>\n");
        let (mut left, mut deepest) = (x, row + 1);
        for (name, call) in &self.calls {
            deepest = deepest.max(call.draw(name, left, row + 1, scale, into));
            left += f64::from(call.samples) * scale;
        }
        deepest
    }
}

fn escaped(name: &str) -> String {
    name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_as_wide_as_their_samples() {
        let mut flame = Flame::default();
        let stack = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        flame.add(stack(&["main", "Vec<T>::push"]), 3);
        flame.add(stack(&["main", "sleep"]), 1);
        let svg = flame.svg();
        for part in [
            "viewBox=\"0 0 1200 48\"",
            "<title>all (4)</title><rect x=\"0.0\" y=\"0\" width=\"1200.0\"",
            "<title>Vec&lt;T&gt;::push (3)</title><rect x=\"0.0\" y=\"32\" width=\"900.0\"",
            "<title>sleep (1)</title><rect x=\"900.0\" y=\"32\" width=\"300.0\"",
        ] {
            assert!(svg.contains(part), "{part} is missing in {svg}");
        }
        assert!(Flame::default().svg().contains("<svg"), "nothing was sampled, and nothing breaks");
    }
}
