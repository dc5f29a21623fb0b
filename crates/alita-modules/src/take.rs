//! Where updates come in.

use std::time::Duration;

use alita_dispatch::Dispatcher;
use alita_telegram::Delivery;

use crate::app::AlitaApp;

/// Takes a delivery, and within `wait` if there is one, as [`Dispatcher::take`] and [`Dispatcher::take_within`] do.
///
/// All that handles an update is generic over the bot. It is compiled where it is called first, which is here: with the
/// modules, for speed, and not with the program around them, which is compiled for size.
pub fn take(dispatcher: &Dispatcher<AlitaApp>, delivery: Delivery, wait: Option<Duration>) {
    match wait {
        Some(wait) => dispatcher.take_within(delivery, wait),
        None => dispatcher.take(delivery),
    }
}
