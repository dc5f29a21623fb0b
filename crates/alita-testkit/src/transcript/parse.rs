//! Reads a conversation; every error names its line.

mod content;
mod people;
mod scenery;
mod telegram;
mod words;

use std::time::Duration;

use self::words::Words;
use super::error::PlayError;
use super::script::{Content, Deed, Place, Script, Shown, Step};

/// Reads all lines.
pub(super) fn script(text: &str) -> Result<Script, PlayError> {
    let mut steps: Vec<Step> = Vec::new();
    let mut blank: Vec<usize> = Vec::new();
    for (at, written) in text.lines().enumerate() {
        let line = at + 1;
        let grammar = |why: String| PlayError::Grammar { line, text: written.to_owned(), why };
        if written.trim().is_empty() {
            blank.push(line);
            continue;
        }
        if written.starts_with([' ', '\t']) {
            // A message of the bot may have empty lines: a blank line with an indented one behind it is one.
            let step = steps.last_mut().filter(|step| step.deed != Deed::Nothing);
            let step =
                step.ok_or_else(|| grammar("an indented line needs an acting line above it".to_owned()))?;
            step.expected.extend(blank.drain(..).map(|_| String::new()));
            step.expected.push(written.trim_end().to_owned());
            continue;
        }
        for line in blank.drain(..) {
            steps.push(Step::quiet(line, String::new()));
        }
        if written.starts_with('#') {
            steps.push(Step::quiet(line, written.to_owned()));
        } else if written.starts_with('|') || written.starts_with('+') {
            let step = steps.last_mut().filter(|step| step.expected.is_empty());
            let content = step.and_then(|step| {
                step.written.push(written.to_owned());
                step.deed.content_mut()
            });
            let content =
                content.ok_or_else(|| grammar("only a text can be continued with | or +".to_owned()))?;
            continued(content, written).map_err(grammar)?;
        } else {
            let step = acting(line, written).map_err(grammar)?;
            if step.together && !steps.last().is_some_and(|last| last.expected.is_empty() && last.deed.acts())
            {
                return Err(grammar("& joins an acting line with the acting line right above it".to_owned()));
            }
            steps.push(step);
        }
    }
    steps.extend(blank.into_iter().map(|line| Step::quiet(line, String::new())));
    Ok(Script { steps })
}

fn continued(content: &mut Content, written: &str) -> Result<(), String> {
    if let Some(buttons) = written.strip_prefix('+') {
        content.rows.push(content::row(buttons)?);
        return Ok(());
    }
    let more = written.trim_start_matches('|');
    content.text.push('\n');
    content.text.push_str(more.strip_prefix(' ').unwrap_or(more));
    Ok(())
}

fn acting(line: usize, written: &str) -> Result<Step, String> {
    let mut words = Words::new(written);
    let together = words.eat("&");
    let mut times = 1;
    let mut ahead = words;
    if let Some(number) = ahead.number::<usize>()
        && ahead.eat("times")
    {
        if !ahead.colon() {
            return Err("repeated lines begin with: 3 times: ..".to_owned());
        }
        (times, words) = (number, ahead);
    }
    let deed = deed(words)?;
    if (together || times != 1) && !deed.acts() {
        return Err("only what people do can be repeated or joined".to_owned());
    }
    Ok(Step { line, written: vec![written.to_owned()], deed, times, together, expected: Vec::new() })
}

fn deed(mut words: Words<'_>) -> Result<Deed, String> {
    let line = words;
    let deed = if words.eat("group") && words.rest().starts_with('"') {
        return scenery::group(words);
    } else if words.eat("channel") && words.rest().starts_with('"') {
        return scenery::channel(words);
    } else if words.eat("person") {
        return scenery::person(words);
    } else if words.eat("telegram sends") {
        return Ok(Deed::Update(words.rest().to_owned()));
    } else if words.eat("telegram") {
        return telegram::fault(words);
    } else if words.eat("given") {
        return Ok(Deed::Given(words.rest().to_owned()));
    } else if words.eat("then") {
        return Ok(Deed::Then(words.rest().to_owned()));
    } else if words.eat("wait") {
        return duration(words.rest()).map(Deed::Wait);
    } else if words.eat("private with") {
        Deed::In(Place::Private(Some(words.name()?)))
    } else if words.eat("in") && words.rest().starts_with('"') {
        Deed::In(Place::Chat(words.name()?))
    } else if words.eat("show") {
        Deed::Show(shown(&mut words)?, true)
    } else if words.eat("hide") {
        Deed::Show(shown(&mut words)?, false)
    } else if words.eat("restart after a crash") {
        Deed::Restart { crash: true }
    } else if words.eat("restart") {
        Deed::Restart { crash: false }
    } else if words.eat("the next message is") {
        Deed::NextMessage(words.number().ok_or("a message's id is a number")?)
    } else if words.eat("topic") && words.rest().starts_with(|c: char| c.is_ascii_digit()) {
        let topic = words.number().ok_or("a topic is a number")?;
        let is_closed = words.eat("closes");
        if !is_closed && !words.eat("opens") {
            return Err("a topic closes or opens: topic 77 closes".to_owned());
        }
        Deed::CloseTopic { topic, is_closed }
    } else if words.eat("the group becomes a supergroup") {
        Deed::BecomesSupergroup
    } else {
        return people::person(line);
    };
    words.end()?;
    Ok(deed)
}

fn shown(words: &mut Words<'_>) -> Result<Shown, String> {
    match words.bare() {
        Some("calls") => Ok(Shown::Calls),
        Some("formatting") => Ok(Shown::Formatting),
        Some("data") => Ok(Shown::Data),
        _ => Err("what can be shown and hidden: calls, formatting, data".to_owned()),
    }
}

/// `61s`, `1h 30m`, `2d`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("a time is written like 61s, 1h 30m or 2d, not {text:?}");
    let mut seconds: u64 = 0;
    for part in text.split_whitespace() {
        let (unit, length) = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400), ('w', 604_800)]
            .into_iter()
            .find(|(unit, _)| part.ends_with(*unit))
            .ok_or_else(wrong)?;
        let number: u64 = part.trim_end_matches(unit).parse().map_err(|_| wrong())?;
        seconds = seconds.saturating_add(number.saturating_mul(length));
    }
    if seconds == 0 { Err(wrong()) } else { Ok(Duration::from_secs(seconds)) }
}

impl Step {
    fn quiet(line: usize, written: String) -> Self {
        Self {
            line,
            written: vec![written],
            deed: Deed::Nothing,
            times: 1,
            together: false,
            expected: Vec::new(),
        }
    }
}

impl Deed {
    fn content_mut(&mut self) -> Option<&mut Content> {
        match self {
            Self::Say(say) => Some(&mut say.content),
            Self::Edit { content, .. } => Some(content),
            _ => None,
        }
    }

    /// Whether this makes something happen that the bot can see.
    pub(super) fn acts(&self) -> bool {
        !matches!(
            self,
            Self::Nothing
                | Self::Group(_)
                | Self::Channel { .. }
                | Self::Person(_)
                | Self::In(_)
                | Self::Show(..)
                | Self::Fault { .. }
                | Self::Then(_)
                | Self::NextMessage(_)
        )
    }
}

#[cfg(test)]
mod tests;
