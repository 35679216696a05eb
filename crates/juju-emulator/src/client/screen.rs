//! Where tables are shown: whether in Juju's colours, and in how many columns.

use std::env;
use std::io::IsTerminal;
use std::os::fd::AsFd;

use rustix::termios::tcgetwinsize;

/// A colour as terminals are told it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Color {
    Header,
    Good,
    Warning,
    Bad,
    Address,
    Port,
    Endpoint,
    Message,
}

impl Color {
    fn code(self) -> &'static str {
        match self {
            Self::Header => "\x1b[1;39m",
            Self::Good => "\x1b[32m",
            Self::Warning => "\x1b[33m",
            Self::Bad => "\x1b[31m",
            Self::Address => "\x1b[36m",
            Self::Port => "\x1b[95m",
            Self::Endpoint => "\x1b[35m",
            Self::Message => "\x1b[37m",
        }
    }

    /// The colour of a status of a unit, an agent or a machine; `waiting` has none.
    pub(crate) fn of_status(status: &str) -> Option<Self> {
        match status {
            "active" | "idle" | "started" | "executing" | "attached" => Some(Self::Good),
            "allocating" | "lost" | "maintenance" | "pending" | "rebooting" | "stopped"
            | "unknown" | "detached" => Some(Self::Warning),
            "blocked" | "down" | "error" | "failed" | "terminated" => Some(Self::Bad),
            _ => None,
        }
    }
}

const RESET: &str = "\x1b[0m";

/// What a table is shown on.
#[derive(Clone, Copy, Default)]
pub(crate) struct Screen {
    pub(crate) colors: bool,
    /// How wide it is, for a table that is to fit; none for one as wide as it is.
    pub(crate) width: Option<usize>,
}

impl Screen {
    /// A stream, in colours where it is a terminal that may have some.
    pub(crate) fn of(stream: &impl IsTerminal) -> Self {
        let plain =
            env::var_os("NO_COLOR").is_some() || env::var("TERM").is_ok_and(|it| it == "dumb");
        Self {
            colors: stream.is_terminal() && !plain,
            width: None,
        }
    }

    /// The same, with tables that fit into the terminal that the stream is.
    pub(crate) fn fitting(self, stream: &impl AsFd) -> Self {
        let size = tcgetwinsize(stream).ok();
        let width = size.map(|size| usize::from(size.ws_col));
        let width = width.filter(|width| *width > 0);
        Self { width, ..self }
    }

    /// A part of a cell in a colour.
    pub(crate) fn part(self, color: Color, text: &str) -> String {
        if self.colors {
            format!("{}{text}{RESET}", color.code())
        } else {
            text.to_owned()
        }
    }

    /// The cells of a row, each in its colour to the beginning of the next one, as Juju's tables have it.
    pub(crate) fn row<const N: usize>(self, cells: [(Option<Color>, &str); N]) -> Vec<String> {
        let mut row: Vec<String> = Vec::new();
        let mut end = "";
        for (color, text) in cells {
            let color = color.filter(|_| self.colors);
            row.push(format!("{end}{}{text}", color.map_or("", Color::code)));
            end = color.map_or("", |_| RESET);
        }
        if let Some(last) = row.last_mut() {
            last.push_str(end);
        }
        row
    }

    /// The first row of a table.
    pub(crate) fn header<const N: usize>(self, cells: [&str; N]) -> Vec<String> {
        self.row(cells.map(|cell| (Some(Color::Header), cell)))
    }
}

/// How many columns a text takes, without what tells its colours.
pub(crate) fn columns(text: &str) -> usize {
    let mut pieces = text.split('\x1b');
    let first = pieces.next().unwrap_or_default().chars().count();
    let after_a_code = |piece: &str| {
        piece
            .split_once('m')
            .map_or(0, |(_, text)| text.chars().count())
    };
    first + pieces.map(after_a_code).sum::<usize>()
}
