//! `telegram ..`: how Telegram misbehaves.

use super::words::Words;
use crate::transcript::script::{Deed, FaultLine};

const FORMS: &str = "telegram refuses METHOD: 400 text | telegram answers 429 retry after 3 to METHOD | \
                     telegram answers 502 to METHOD | telegram answers garbage to METHOD | telegram is cut off \
                     at METHOD | telegram hangs at METHOD (before METHOD: always; behind it: 3 times, after doing it)";

/// The rest of a `telegram` line.
pub(super) fn fault(mut words: Words<'_>) -> Result<Deed, String> {
    let mut times = if words.eat("always") { usize::MAX } else { 1 };
    let refused = words.eat("refuses");
    let fault = if refused {
        None
    } else if words.eat("is cut off at") {
        Some(FaultLine::Cut)
    } else if words.eat("hangs at") {
        Some(FaultLine::Hang)
    } else if words.eat("answers garbage to") {
        Some(FaultLine::Garbage)
    } else if words.eat("answers") {
        let status: u16 = words.number().ok_or(FORMS)?;
        let fault = if words.eat("retry after") {
            FaultLine::RetryAfter(words.number().ok_or("retry after how many seconds?")?)
        } else {
            FaultLine::Status(status)
        };
        if !words.eat("to") {
            return Err(FORMS.to_owned());
        }
        Some(fault)
    } else {
        return Err(FORMS.to_owned());
    };
    let method = if words.eat("*") { "*" } else { words.bare().ok_or(FORMS)? }.to_owned();
    let mut after_effect = false;
    while !words.is_done() && !words.rest().starts_with(':') {
        if words.eat("after doing it") {
            after_effect = true;
        } else if words.eat("always") {
            times = usize::MAX;
        } else {
            times = words.number().ok_or(FORMS)?;
            if !words.eat("times") {
                return Err(FORMS.to_owned());
            }
        }
    }
    let fault = match fault {
        Some(fault) => fault,
        None => {
            if !words.colon() {
                return Err(FORMS.to_owned());
            }
            let code =
                words.word().and_then(|code| code.parse().ok()).ok_or("a refusal begins with its code")?;
            FaultLine::Refuse { code, description: words.rest().to_owned() }
        }
    };
    Ok(Deed::Fault { method, fault, after_effect, times })
}
