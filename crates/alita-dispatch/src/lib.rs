#![doc = include_str!("../README.md")]

pub mod stage;
pub mod view;

mod command;
mod gate;
mod meters;
mod module;
mod router;

mod app;
mod cx;
mod keyboard;
mod media;
mod muted;
mod outcome;
mod payload;
mod reply;
mod send;
mod services;

mod args;
mod entities;
mod extract;
mod handler;
mod target;
mod text;

mod actions;
mod asks;
mod boundary;
mod clean_up;
mod connection;
mod dispatcher;
pub mod jobs;
pub mod members;
mod permits;
mod pipeline;
pub mod proof;
mod refusal;
mod tally;

pub use app::{App, Disabled, Known};
pub use args::Args;
pub use asks::AskLimits;
pub use command::{Command, CommandInfo, Connection};
pub use cx::Cx;
pub use dispatcher::Dispatcher;
pub use entities::entity_of;
pub use extract::{FromCx, Lasting, Reason, Switch};
pub use gate::{Audience, Gate, When, Where};
pub use handler::Handler;
pub use jobs::JobCx;
pub use keyboard::Keyboard;
pub use module::{Button, DeepLink, HelpPage, Module, Watcher};
pub use outcome::{Fault, Flow, Mistake, No, Outcome, denied, mistake};
pub use payload::{Payload, PayloadError};
pub use reply::{Answer, Reply, ReplyTo, toast};
pub use router::{BuildError, ButtonInfo, Router};
pub use services::{Me, Services};
pub use stage::{On, Stage};
pub use tally::{FaultClass, Figures};
pub use target::{Replied, Target, TargetKind, TargetMember, TargetToBan, TargetUser};
pub use text::{Mark, Words};
pub use view::{ChatKind, Event, Place, Sender, Someone, View};
