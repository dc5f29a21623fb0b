//! Saved content: read from what an admin sends, and sent again when somebody asks for it.
//!
//! Notes are made of it, and so will be everything else that keeps a message of an admin's.
//! What the marks mean is the business of `alita_markup`; here they come from Telegram and go back to it.

mod capture;
mod deliver;
mod entities;
mod media;

pub(crate) use capture::{Captured, Remarks, capture};
pub(crate) use deliver::{Delivered, deliver, show_source};
