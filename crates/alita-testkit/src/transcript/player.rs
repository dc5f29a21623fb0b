//! Plays a conversation line by line.

mod act;
mod cast;
mod message;

use std::collections::BTreeMap;
use std::time::Duration;

use alita_model::ChatId;
use alita_runtime::Clock;

use super::board::Board;
use super::error::PlayError;
use super::perform::Line;
use super::render::{Did, Moment, Renderer, Shows};
use super::scene::Scene;
use super::script::{Script, Step};
use super::{Bot, compare};
use crate::{FakeTelegram, NewUser};

/// A play that is under way.
pub(super) struct Player<'s, B> {
    fake: FakeTelegram,
    clock: Clock,
    bot: Option<B>,
    scene: Scene,
    board: Board,
    shows: Shows,
    presses: BTreeMap<String, i64>,
    /// What was said about people, so that a later line can change a part of it.
    people: BTreeMap<String, NewUser>,
    /// How many calls have been told already.
    told: usize,
    transcript: String,
    line: usize,
    written: String,
    /// Hears every line as it happens.
    audience: Box<dyn FnMut(Line<'_>) + Send + 's>,
}

impl<'s, B: Bot> Player<'s, B> {
    pub(super) fn new(fake: FakeTelegram, clock: Clock) -> Self {
        Self::before(fake, clock, |_| {})
    }

    /// Plays before somebody who wants to see each line as it happens.
    pub(super) fn before(
        fake: FakeTelegram,
        clock: Clock,
        audience: impl FnMut(Line<'_>) + Send + 's,
    ) -> Self {
        Self {
            scene: Scene::new(fake.bot_id()),
            fake,
            clock,
            bot: None,
            board: Board::default(),
            shows: Shows::default(),
            presses: BTreeMap::new(),
            people: BTreeMap::new(),
            told: 0,
            transcript: String::new(),
            line: 0,
            written: String::new(),
            audience: Box::new(audience),
        }
    }

    /// Plays all lines and answers with the transcript.
    pub(super) async fn play<F, Fut>(&mut self, script: &Script, start: F) -> Result<String, PlayError>
    where
        F: FnOnce(FakeTelegram, Clock) -> Fut,
        Fut: Future<Output = B>,
    {
        let mut start = Some(start);
        for (at, step) in script.steps.iter().enumerate() {
            (self.line, self.written) = (step.line, step.written.first().cloned().unwrap_or_default());
            for line in &step.written {
                (self.audience)(Line::Written(&self.scene.fill_in(line).unwrap_or_else(|_| line.clone())));
                self.transcript.push_str(line.trim_end());
                self.transcript.push('\n');
            }
            if step.deed.acts()
                && let Some(start) = start.take()
            {
                self.bot = Some(start(self.fake.clone(), self.clock.clone()).await);
                self.rest().await;
                self.told = self.fake.calls().len();
            }
            let joined = script.steps.get(at + 1).is_some_and(|next| next.together);
            let real = self.step(step, joined).await.map_err(|why| self.stuck(why))?;
            if joined {
                continue;
            }
            let settled = compare::settle(&step.expected, &real, &self.scene);
            for (at, line) in real.iter().enumerate() {
                let is_expected = settled == step.expected
                    || settled.get(at).is_some_and(|line| step.expected.contains(line));
                (self.audience)(Line::Happened { line, is_expected });
            }
            for line in settled {
                self.transcript.push_str(&line);
                self.transcript.push('\n');
            }
        }
        let mut sins = self.fake.faults_seen();
        if self.bot.is_some() && self.fake.unconfirmed() > 0 {
            sins.push(format!("{} updates were never confirmed", self.fake.unconfirmed()));
        }
        let transcript = self.transcript.clone();
        if sins.is_empty() { Ok(transcript) } else { Err(PlayError::Sins { sins, transcript }) }
    }

    /// Lets a line happen as often as it says; answers with what the bot did.
    async fn step(&mut self, step: &Step, joined: bool) -> Result<Vec<String>, String> {
        let mut real = Vec::new();
        for _ in 0..step.times {
            let moment = self.act(&step.deed).await?;
            if step.deed.acts() && !joined {
                self.rest().await;
                real.extend(self.tell(&moment));
            }
        }
        Ok(real)
    }

    /// Waits until every update is confirmed and the bot has come to rest, and nothing new began meanwhile.
    async fn rest(&self) {
        let Some(bot) = &self.bot else { return };
        let mut before = None;
        loop {
            // A woken sleeper has not been polled yet: let the runtime go round before asking who is busy.
            for _ in 0..16 {
                tokio::task::yield_now().await;
            }
            self.fake.settled().await;
            bot.settle().await;
            let counts = self.fake.call_counts();
            let now: u64 =
                counts.iter().filter(|(method, _)| *method != "getUpdates").map(|(_, count)| count).sum();
            if before == Some(now) {
                return;
            }
            before = Some(now);
        }
    }

    /// What the bot did since the last time, in words.
    fn tell(&mut self, moment: &Moment) -> Vec<String> {
        let calls = self.fake.calls();
        let new = calls.get(self.told..).unwrap_or_default();
        let did: Vec<Did> = new.iter().map(cast::did).collect();
        self.told = calls.len();
        let mut renderer = Renderer {
            scene: &self.scene,
            board: &mut self.board,
            moment,
            shows: self.shows,
            now: self.clock.now().timestamp(),
            presses: &self.presses,
        };
        did.iter().flat_map(|did| renderer.call(did)).collect()
    }

    fn here(&self) -> Result<ChatId, String> {
        self.scene.here().ok_or_else(|| {
            "this happens nowhere yet: begin with group \"..\": .. or private with ..".to_owned()
        })
    }

    fn stuck(&self, why: String) -> PlayError {
        PlayError::Stuck { line: self.line, text: self.written.clone(), why, so_far: self.transcript.clone() }
    }

    /// The error for a line that made something panic.
    pub(super) fn panicked(&self, payload: &(dyn std::any::Any + Send)) -> PlayError {
        let said = payload.downcast_ref::<String>().map(String::as_str);
        self.stuck(said.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned())
    }

    /// The error for a play that takes too long, with everything that happened.
    pub(super) fn hung(&mut self, limit: Duration) -> PlayError {
        let moment =
            Moment { chat: self.scene.here().map(ChatId::get).unwrap_or_default(), ..Moment::default() };
        let mut so_far = self.transcript.clone();
        for line in self.tell(&moment) {
            so_far.push_str(&line);
            so_far.push('\n');
        }
        PlayError::Hung { line: self.line, text: self.written.clone(), limit, so_far }
    }

    /// Lets the bot put itself away; one that does not is dropped after a moment.
    pub(super) async fn leave(&mut self) {
        if let Some(bot) = &mut self.bot {
            // Whether it managed or not: the play is over, and its result is known.
            let _ = tokio::time::timeout(Duration::from_secs(5), bot.leave()).await;
        }
    }
}
