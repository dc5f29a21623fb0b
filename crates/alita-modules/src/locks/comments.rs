//! People who write without being in the group, through the comments of its linked channel.

use std::time::Duration;

use alita_dispatch::{Cx, Sender};
use alita_permissions::Fact;

use crate::app::AlitaApp;

const KIND: &str = "lockMember";

/// How long somebody who was in the group is believed to be there.
const BELIEVED: Duration = Duration::from_secs(5 * 60);

/// Whether the sender is certainly not in the group. "Could not find out" deletes nothing.
pub(super) async fn is_outsider(cx: &Cx<AlitaApp>) -> bool {
    let user = match cx.sender() {
        Sender::User(someone) => someone.id,
        Sender::Channel(_) => return true,
        _ => return false,
    };
    let key = format!("{}:{user}", cx.chat());
    if let Ok(Some(true)) = cx.state().get::<bool>(KIND, &key).await {
        return false;
    }
    match cx.directory().member_live(cx.chat(), user).await {
        Fact::Known(member) if member.is_in_chat() => {
            if let Err(error) = cx.state().put(KIND, &key, &true, BELIEVED).await {
                tracing::debug!(%error, "a membership could not be remembered");
            }
            false
        }
        Fact::Known(_) | Fact::NotFound => true,
        Fact::Unknown => false,
    }
}
