//! What a handler answers, and the three kinds of no.

use std::fmt;

use alita_i18n::Language;
use alita_markup::Html;
use alita_permissions::Denied;

use crate::payload::PayloadError;
use crate::reply::Reply;

/// What becomes of an update after a handler.
#[derive(Debug)]
#[non_exhaustive]
pub enum Flow {
    /// Not mine, or not only mine: the next handler may look at it.
    Next,
    /// Handled; nobody else looks at it.
    Done,
    /// Handled with a message into the chat where it was asked.
    Reply(Box<Reply>),
    /// Handled by rewriting the message whose button was pressed.
    Edit(Box<Reply>),
    /// Handled with a short line over the chat; only for buttons.
    Toast(String),
}

/// What a handler returns.
pub type Outcome = Result<Flow, No>;

/// The three kinds of no.
#[derive(Debug)]
#[non_exhaustive]
pub enum No {
    /// The rules say no.
    Denied(Denied),
    /// The words could not be understood.
    Mistake(Mistake),
    /// Something broke.
    Fault(Fault),
    /// Something broke, and this tells more of it than an apology: what was not done.
    Failed(Fault, Mistake),
    /// A no that nobody hears.
    Silent,
}

/// Something that broke; logged once, where it is handled.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;

impl From<Mistake> for No {
    fn from(mistake: Mistake) -> Self {
        Self::Mistake(mistake)
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for No {
    /// Whatever broke below a handler is a fault; data of a button that cannot be read is a mistake.
    fn from(error: E) -> Self {
        let error: Fault = Box::new(error);
        if error.is::<PayloadError>() { Self::Mistake(Mistake::invalid_button()) } else { Self::Fault(error) }
    }
}

impl No {
    /// Wraps an error of the app.
    pub fn fault(error: impl Into<Fault>) -> Self {
        Self::Fault(error.into())
    }
}

type Words = Box<dyn Fn(Language) -> Html + Send + Sync>;
type Short = Box<dyn Fn(Language) -> String + Send + Sync>;

/// A helpful line for words that could not be understood.
pub struct Mistake {
    words: Words,
    toast: Option<Short>,
    is_alert: bool,
}

impl Mistake {
    /// A mistake with the line that explains it.
    pub fn new(words: impl Fn(Language) -> Html + Send + Sync + 'static) -> Self {
        Self { words: Box::new(words), toast: None, is_alert: false }
    }

    /// Adds the short form that a button's presser sees.
    #[must_use]
    pub fn or_toast(mut self, toast: impl Fn(Language) -> String + Send + Sync + 'static) -> Self {
        self.toast = Some(Box::new(toast));
        self
    }

    /// Lets the presser of a button confirm that they have read it.
    #[must_use]
    pub fn as_alert(mut self) -> Self {
        self.is_alert = true;
        self
    }

    /// Whether the presser of a button has to confirm that they have read it.
    #[must_use]
    pub const fn is_alert(&self) -> bool {
        self.is_alert
    }

    /// The data of a button means nothing here.
    #[must_use]
    pub fn invalid_button() -> Self {
        Self::new(|lang| alita_markup::Html::escaped(&alita_i18n::t::mistakes::invalid_button_toast(lang)))
            .or_toast(alita_i18n::t::mistakes::invalid_button_toast)
            .as_alert()
    }

    /// The line for the chat.
    #[must_use]
    pub fn html(&self, lang: Language) -> Html {
        (self.words)(lang)
    }

    /// The line for a toast.
    #[must_use]
    pub fn toast(&self, lang: Language) -> String {
        match &self.toast {
            Some(toast) => toast(lang),
            None => alita_markup::strip_tags(&self.html(lang)),
        }
    }
}

impl fmt::Debug for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mistake").field(&self.html(Language::EN).to_string()).finish()
    }
}

/// Makes a handler's answer out of a denial: `return denied(Denied::TargetIsAdmin);`
///
/// # Errors
///
/// Always: the denial is the answer.
pub const fn denied<T>(denied: Denied) -> Result<T, No> {
    Err(No::Denied(denied))
}

/// Makes a handler's answer out of a mistake: `return mistake(t::notes::name_needed);`
///
/// # Errors
///
/// Always: the mistake is the answer.
pub fn mistake<T>(words: impl Fn(Language) -> Html + Send + Sync + 'static) -> Result<T, No> {
    Err(No::Mistake(Mistake::new(words)))
}
