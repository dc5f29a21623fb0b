//! The languages in which the bot speaks.

use std::fmt;
use std::sync::LazyLock;

use icu_locale_core::Locale;
use icu_plurals::{PluralCategory, PluralRules};

/// A language of the bot; one exists for each folder of `locales/`.
///
/// English is the default: a code that names no language of ours is shown in English.
///
/// ```
/// use alita_i18n::Language;
///
/// assert_eq!(Language::from_code("es"), Some(Language::ES));
/// assert_eq!(Language::from_code("de").unwrap_or_default(), Language::EN);
/// ```
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Language(u8);

struct About {
    code: &'static str,
    name: &'static str,
    flag: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/languages.rs"));

/// A language whose rules ICU does not know has no forms but `other`.
static RULES: LazyLock<Vec<Option<PluralRules>>> = LazyLock::new(|| {
    let rules = |about: &About| {
        let locale: Locale = about.code.parse().ok()?;
        PluralRules::try_new_cardinal(locale.into()).ok()
    };
    ABOUT.iter().map(rules).collect()
});

impl Language {
    /// The language of a stored code such as `es`; `None` when there is none.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|language| language.code() == code)
    }

    /// The code under which it is stored, and which Telegram knows.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.about().code
    }

    /// How the language calls itself.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.about().name
    }

    /// The flag that stands beside its name.
    #[must_use]
    pub fn flag(self) -> &'static str {
        self.about().flag
    }

    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }

    pub(crate) fn category(self, count: i64) -> PluralCategory {
        RULES
            .get(self.index())
            .and_then(Option::as_ref)
            .map_or(PluralCategory::Other, |r| r.category_for(count))
    }

    fn about(self) -> &'static About {
        // Only the constants make languages, so the index is always inside.
        &ABOUT[self.index()]
    }
}

impl Default for Language {
    fn default() -> Self {
        Self::EN
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Language({})", self.code())
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
