//! `status`

use std::io::{self, IsTerminal as _, Write};
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use anyhow::Result;

use crate::client::command_line::duration_flag;
use crate::client::full_status::{print_json, print_yaml};
use crate::client::screen::Screen;
use crate::client::session::{Session, UsageError};
use crate::client::status_filter::keep_matching;
use crate::client::status_summary::{one_line_each, summary};
use crate::client::status_tables::tables;
use crate::client::storage::storage_table;
use crate::controller::store::Store;

/// Show the applications, units and machines of a model, after doing what has become due.
#[derive(Debug, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags of a command line, one by one"
)]
pub(crate) struct Status {
    /// Only these: applications, units, machines, statuses, ports, addresses, what is exposed; in names * stands for anything.
    patterns: Vec<String>,
    /// How to show them.
    #[arg(long, value_enum, default_value_t = View::Tabular)]
    format: View,
    /// Show the relations too.
    #[arg(long, alias = "integrations")]
    relations: bool,
    /// Show the storage too.
    #[arg(long)]
    storage: bool,
    /// Times as in ISO 8601; they are UTC in any case.
    #[arg(long)]
    utc: bool,
    /// Show them again and again, after each such time, as `5s`; meanwhile time passes, and what becomes due is done.
    #[arg(long, value_parser = duration_flag)]
    watch: Option<Duration>,
    /// Show the tables in colours; else they have some on a terminal, unless `$NO_COLOR` is set.
    #[arg(long)]
    color: bool,
    /// Show no colours.
    #[arg(long)]
    no_color: bool,
}

/// The words of `--format`.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum View {
    Tabular,
    Json,
    Yaml,
    #[value(aliases = ["line", "short"])]
    Oneline,
    Summary,
}

impl Status {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        if self.color && self.no_color {
            return Err(UsageError("cannot mix --no-color and --color".to_owned()).into());
        }
        let store = session.store()?;
        let screen = Screen::of(&io::stdout());
        let screen = Screen {
            colors: self.color || screen.colors && !self.no_color,
            ..screen
        };
        let Some(pause) = self.watch.filter(|pause| !pause.is_zero()) else {
            return self.show(session, &store, screen, out);
        };
        loop {
            // Clears a terminal.
            write!(out, "\x1bc")?;
            // It may have become wider or narrower.
            self.show(session, &store, screen.fitting(&io::stdout()), out)?;
            out.flush()?;
            thread::sleep(pause);
        }
    }

    fn show(
        &self,
        session: &Session,
        store: &Store,
        screen: Screen,
        out: &mut impl Write,
    ) -> Result<()> {
        session.settle_idle_machines(store)?;
        let mut model = Rc::unwrap_or_clone(store.read()?);
        keep_matching(&mut model, &self.patterns);
        let always = match (self.relations, self.storage) {
            (true, true) => Some("relations, storage options are"),
            (true, false) => Some("relations option is"),
            (false, true) => Some("storage option is"),
            (false, false) => None,
        };
        if let Some(always) = always
            && !matches!(self.format, View::Tabular)
        {
            writeln!(
                io::stderr(),
                "provided {always} always enabled in non tabular formats"
            )?;
        }
        match self.format {
            View::Tabular => {
                writeln!(out, "{}", tables(&model, self.utc, self.relations, screen))?;
                if self.storage
                    && let Some(table) = storage_table(store, &model)
                {
                    write!(out, "\n{table}")?;
                }
            }
            View::Json => print_json(store, &model, self.utc, out)?,
            View::Yaml => print_yaml(store, &model, self.utc, out)?,
            View::Oneline => write!(out, "{}", one_line_each(&model))?,
            View::Summary => write!(out, "{}", summary(&model))?,
        }
        if !model.applications.is_empty() || !model.machines.is_empty() {
            return Ok(());
        }
        match self.patterns.len() {
            0 => writeln!(io::stderr(), "Model \"admin/{}\" is empty.", model.name)?,
            1 => writeln!(io::stderr(), "Nothing matched specified filter.")?,
            _ => writeln!(io::stderr(), "Nothing matched specified filters.")?,
        }
        Ok(())
    }
}

/// Runs what has become due after a change, and shows somebody at a terminal what came of it.
pub(crate) fn settle_and_show(session: &Session, store: &Store) -> Result<()> {
    session.settle(store)?;
    if io::stderr().is_terminal() {
        let screen = Screen::of(&io::stderr());
        writeln!(
            io::stderr(),
            "\n{}",
            tables(&*store.read()?, false, false, screen)
        )?;
    }
    Ok(())
}
