//! Any text as the data of a button: what can be read can be written, and is read again as the same.
#![no_main]

use alita_dispatch::Payload;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &str| {
    let Ok(payload) = Payload::decode(data) else { return };
    // What is escaped more thoroughly than it came may be too long.
    let Ok(written) = payload.encode() else { return };
    assert_eq!(Payload::decode(&written), Ok(payload));
});
