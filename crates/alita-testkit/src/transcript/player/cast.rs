//! Says the words of a conversation in the fake's types.

use serde_json::{Value, json};

use crate::transcript::render::Did;
use crate::transcript::scene::Scene;
use crate::transcript::script::{FaultLine, Role, Status};
use crate::{Call, Fault, Media, MediaKind, Member, Permissions, Refusal};

pub(super) fn did(call: &Call) -> Did {
    let outcome = match &call.outcome {
        Ok(result) => Ok(result.clone()),
        Err(refusal) => Err(in_short(refusal)),
    };
    Did { method: call.method.clone(), params: call.params.clone(), outcome, was_told: call.was_told }
}

/// `400 not enough rights`: the code, and the text without the words that the code says already.
fn in_short(refusal: &Refusal) -> String {
    let description = refusal.description.as_str();
    if refusal.code == 0 {
        return description.to_owned();
    }
    let known = ["Bad Request: ", "Forbidden: ", "Unauthorized: ", "Conflict: ", "Too Many Requests: "];
    let text = known.iter().find_map(|prefix| description.strip_prefix(prefix)).unwrap_or(description);
    format!("{} {text}", refusal.code)
}

pub(super) fn fault(line: &FaultLine, after_effect: bool) -> Fault {
    let fault = match line {
        FaultLine::Refuse { code, description } => Fault::refuse(*code, description.as_str()),
        FaultLine::RetryAfter(seconds) => Fault::too_many(*seconds),
        FaultLine::Status(status) => Fault::Status(*status),
        FaultLine::Cut => Fault::Cut,
        FaultLine::Hang => Fault::Hang,
        FaultLine::Garbage => Fault::Garbage,
    };
    if after_effect { fault.after_effect() } else { fault }
}

pub(super) fn member(role: &Role) -> Member {
    let mut member = match role.status {
        Status::Owner => Member::owner(),
        Status::Admin => Member::administrator(&role.rights),
        Status::Member => Member::member(),
        Status::Restricted if role.outside => Member::restricted(Permissions::none()).outside(),
        Status::Restricted => Member::restricted(Permissions::none()),
        Status::Left => Member::left(),
        Status::Banned => Member::banned(),
    };
    if role.anonymous {
        member = member.anonymous();
    }
    match &role.title {
        Some(title) => member.title(title),
        None => member,
    }
}

pub(super) fn media(kind: &str, file: &str, scene: &Scene) -> Result<Media, String> {
    let media = Media::new(MediaKind::named(kind).ok_or_else(|| format!("nobody can send a {kind}"))?);
    Ok(if file.is_empty() { media } else { media.file(scene.fill_in(file)?) })
}

pub(super) fn keyboard(rows: &[Vec<(String, String)>], scene: &Scene) -> Result<Value, String> {
    let mut keyboard = Vec::new();
    for row in rows {
        let mut buttons = Vec::new();
        for (label, url) in row {
            buttons.push(json!({"text": label, "url": scene.fill_in(url)?}));
        }
        keyboard.push(Value::Array(buttons));
    }
    Ok(Value::Array(keyboard))
}
