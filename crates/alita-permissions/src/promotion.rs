//! What an administrator can hand on.

use crate::{ChatMember, Rights};

/// The rights that the bot gives when this promoter appoints somebody.
///
/// Never more than the bot has, never more than the promoter has, and never the right to appoint others.
///
/// ```
/// use alita_permissions::{ChatMember, Rights, grantable};
///
/// let bot = ChatMember::administrator(2, Rights::PIN_MESSAGES | Rights::PROMOTE_MEMBERS);
/// let rights = grantable(&bot, &ChatMember::owner(1));
/// assert_eq!(rights, Rights::PIN_MESSAGES);
/// ```
#[must_use]
pub const fn grantable(bot: &ChatMember, promoter: &ChatMember) -> Rights {
    bot.effective_rights().intersection(promoter.effective_rights()).difference(Rights::PROMOTE_MEMBERS)
}
