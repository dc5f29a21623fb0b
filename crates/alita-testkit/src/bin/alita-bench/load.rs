//! What people do while the bot is measured.

/// One kind of thing that many people do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// They say harmless things where links are locked and a note is saved.
    Plain,
    /// They ask for their id and get an answer.
    Command,
    /// They come in.
    Join,
}

impl Load {
    pub(crate) const ALL: [Self; 3] = [Self::Plain, Self::Command, Self::Join];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain messages",
            Self::Command => "commands with a reply",
            Self::Join => "joins",
        }
    }

    /// So much of it makes one round: what is answered takes longer.
    pub(crate) const fn round(self) -> usize {
        match self {
            Self::Plain => 5_000,
            Self::Command | Self::Join => 1_000,
        }
    }
}
