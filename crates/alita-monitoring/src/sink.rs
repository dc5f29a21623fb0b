//! The last place before the output: whatever is logged, by whomever, passes here.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use tracing_subscriber::fmt::MakeWriter;

use crate::Redactor;

/// Writes lines to `inner` with every secret hidden.
#[derive(Clone, Debug)]
pub struct RedactingWriter<W> {
    redactor: Redactor,
    inner: W,
}

impl<W> RedactingWriter<W> {
    /// Puts the redactor in front of a writer.
    pub fn new(redactor: Redactor, inner: W) -> Self {
        Self { redactor, inner }
    }
}

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for RedactingWriter<W> {
    type Writer = RedactingWriter<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        RedactingWriter::new(self.redactor.clone(), self.inner.make_writer())
    }
}

impl<W: Write> Write for RedactingWriter<W> {
    /// Takes a whole line at once: the log layer writes each event in one piece, so no secret is cut in two.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        // A redactor that fails must not let the line through.
        if let Ok(hidden) = catch_unwind(AssertUnwindSafe(|| self.redactor.redact(&text))) {
            self.inner.write_all(hidden.as_bytes())?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_redacted_too() {
        let redactor = Redactor::new();
        redactor.register(&"a rather long secret".to_owned().into());
        let mut out = Vec::new();
        let line = b"\xff a rather long secret\n";
        let written = RedactingWriter::new(redactor, &mut out).write(line).expect("memory takes everything");
        assert_eq!(written, line.len());
        assert_eq!(String::from_utf8_lossy(&out), "\u{fffd} [redacted]\n");
    }
}
