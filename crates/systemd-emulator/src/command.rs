//! The command `systemctl`: its verbs and options.

use std::{
    collections::BTreeSet,
    env,
    ffi::OsString,
    fs,
    io::{self, Write},
    iter,
    process::ExitCode,
};

use clap::Parser;

use crate::{
    install,
    jobs::{Failure, Jobs},
    machine::Machine,
    record::Record,
    show::{PROPERTIES, Seen},
    shutdown::Shutdown,
    unit_file::UnitFile,
    unit_name::UnitName,
};

/// Manages the services and sockets of an emulated machine.
#[derive(Debug, Parser)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one for each flag of the command line"
)]
#[command(name = "systemd", bin_name = "systemctl", version = "252 (emulated)")]
struct Arguments {
    /// start, stop, restart, try-restart, reload-or-restart, try-reload-or-restart, enable, disable, is-active, is-failed,
    /// is-enabled, show, status, cat, list-units, reset-failed, daemon-reload, reboot, poweroff or halt
    verb: Option<String>,
    /// Names of units, such as web@8000.socket, or patterns of loaded ones, such as 'web@*.socket'
    units: Vec<String>,
    /// With enable and disable, also start or stop
    #[arg(long)]
    now: bool,
    /// Say less
    #[arg(short, long)]
    quiet: bool,
    /// Show these properties alone
    #[arg(short, long, value_delimiter = ',')]
    property: Vec<String>,
    /// Show the properties' values without their names
    #[arg(long)]
    value: bool,
    /// With list-units, leave out heading and explanation
    #[arg(long)]
    no_legend: bool,
    /// With list-units, show inactive units too
    #[arg(short, long)]
    all: bool,
    /// Accepted, and of no effect here: unit files are read whenever they are needed
    #[arg(long)]
    no_reload: bool,
    /// Accepted, and of no effect here
    #[arg(long)]
    no_pager: bool,
    /// Accepted, and of no effect here
    #[arg(long)]
    system: bool,
    /// Accepted, and of no effect here
    #[arg(long)]
    no_ask_password: bool,
    /// Accepted, and of no effect here
    #[arg(short = 'l', long)]
    full: bool,
    /// Accepted, and of no effect here
    #[arg(long)]
    plain: bool,
}

/// Why the command ends with something else than 0.
enum Stop {
    /// It does what the real one does, and what that says and how it ends.
    Failed(u8, String),
    /// The machine's own files, or stdout and stderr, cannot be used.
    Broken(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

/// The command `systemctl`, given what follows its name, in the emulated machine that the environment tells of.
///
/// It ends as systemd's does; with 2 for a verb, flag or property that the emulated one lacks.
#[must_use]
pub(crate) fn systemctl(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let (mut stdout, mut stderr) = (io::stdout().lock(), io::stderr().lock());
    let arguments = match Arguments::try_parse_from(iter::once("systemctl".into()).chain(arguments))
    {
        Ok(arguments) => arguments,
        Err(error) => {
            // With the streams gone there is nobody left to tell, here and below.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let outcome = match Machine::from_environment(|name| env::var_os(name)) {
        Ok(machine) => Command {
            machine: &machine,
            arguments: &arguments,
            stdout: &mut stdout,
            stderr: &mut stderr,
        }
        .run(),
        Err(error) => Err(Stop::Failed(1, error.to_string())),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(Stop::Failed(code, message)) => {
            let _ = writeln!(stderr, "{message}");
            ExitCode::from(code)
        }
        Err(Stop::Broken(error)) => {
            let _ = writeln!(stderr, "{error:#}");
            ExitCode::FAILURE
        }
    }
}

struct Command<'a> {
    machine: &'a Machine,
    arguments: &'a Arguments,
    stdout: &'a mut dyn Write,
    stderr: &'a mut dyn Write,
}

impl Command<'_> {
    fn run(&mut self) -> Result<u8, Stop> {
        let verb = self.arguments.verb.as_deref().unwrap_or("list-units");
        match verb {
            "start"
            | "stop"
            | "restart"
            | "try-restart"
            | "reload-or-restart"
            | "try-reload-or-restart"
            | "reset-failed" => self.change(verb),
            "enable" | "disable" => self.install(verb),
            "is-active" => self.is_in_state(&["active"], 3),
            "is-failed" => self.is_in_state(&["failed"], 1),
            "is-enabled" => self.is_enabled(),
            "show" => self.show(),
            "status" => self.status(),
            "cat" => self.cat(),
            "list-units" => self.list_units(),
            "daemon-reload" => Ok(0),
            "reboot" => self.shut_down(Shutdown::Reboot),
            "poweroff" | "halt" => self.shut_down(Shutdown::PowerOff),
            _ => Err(Stop::Failed(
                2,
                format!("{verb} is not part of the emulated systemctl"),
            )),
        }
    }

    fn shut_down(&self, shutdown: Shutdown) -> Result<u8, Stop> {
        self.machine.request_shutdown(shutdown)?;
        Ok(0)
    }

    /// The units that the arguments name, and after them those that the patterns match.
    fn units(&self, record: &Record) -> Result<Vec<UnitName>, Stop> {
        let is_pattern = |argument: &&String| argument.contains(['*', '?', '[']);
        let (patterns, plain): (Vec<_>, Vec<_>) = self.arguments.units.iter().partition(is_pattern);
        let mut names = plain
            .into_iter()
            .map(|name| UnitName::parse(name))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|message| Stop::Failed(1, message))?;
        for pattern in patterns {
            let read = glob::Pattern::new(pattern).map_err(|error| {
                Stop::Failed(1, format!("Invalid pattern \"{pattern}\": {error}"))
            })?;
            names.extend(
                self.machine
                    .loaded_units(record)
                    .into_iter()
                    .filter(|name| read.matches(name.as_str())),
            );
        }
        let mut seen = BTreeSet::new();
        names.retain(|name| seen.insert(name.clone()));
        Ok(names)
    }

    fn need_units(&self) -> Result<(), Stop> {
        if self.arguments.units.is_empty() {
            Err(Stop::Failed(1, "Too few arguments.".to_owned()))
        } else {
            Ok(())
        }
    }

    /// The verbs that start and stop.
    fn change(&mut self, verb: &str) -> Result<u8, Stop> {
        if verb != "reset-failed" {
            self.need_units()?;
        }
        let mut jobs = Jobs::begin(self.machine)?;
        let names = match self.units(&jobs.locked.record)? {
            _ if verb == "reset-failed" && self.arguments.units.is_empty() => {
                jobs.locked.record.units.keys().cloned().collect()
            }
            names => names,
        };
        self.apply(&mut jobs, verb, &names)
    }

    /// Does the verb to each unit, also after one of them has failed, and returns the exit code of the last failure.
    fn apply(&mut self, jobs: &mut Jobs<'_>, verb: &str, names: &[UnitName]) -> Result<u8, Stop> {
        let mut code = 0;
        for name in names {
            let done = match verb {
                "start" => jobs.start(name),
                "stop" => jobs.stop(name),
                "reset-failed" => jobs.reset_failed(name),
                "try-restart" | "try-reload-or-restart" if !jobs.is_active(name) => {
                    jobs.check(name)
                }
                _ => jobs.restart(name),
            };
            match done {
                Ok(()) => {}
                Err(Failure::Machine(error)) => return Err(error.into()),
                Err(failure @ (Failure::Dependency(_) | Failure::Job(_) | Failure::Process(_))) => {
                    writeln!(self.stderr, "{failure}")?;
                    code = 1;
                }
                Err(failure) if verb == "reset-failed" => {
                    writeln!(
                        self.stderr,
                        "Failed to reset failed state of unit {name}: {failure}"
                    )?;
                    code = 1;
                }
                Err(failure) => {
                    writeln!(self.stderr, "Failed to {verb} {name}: {failure}")?;
                    code = if matches!(failure, Failure::NotFound(_) | Failure::NotLoaded(_)) {
                        5
                    } else {
                        1
                    };
                }
            }
        }
        Ok(code)
    }

    fn install(&mut self, verb: &str) -> Result<u8, Stop> {
        self.need_units()?;
        let mut jobs = Jobs::begin(self.machine)?;
        let names = self.units(&jobs.locked.record)?;
        let failed = |error: String| Stop::Failed(1, format!("Failed to {verb} unit: {error}"));
        if verb == "enable" {
            let (lines, is_installable) =
                install::enable(&self.machine.units, &names).map_err(failed)?;
            self.say(&lines)?;
            if !is_installable {
                self.say(&["The unit files have no installation config: there is no WantedBy=, RequiredBy= or Also= in their [Install] section.".to_owned()])?;
            }
        } else {
            let lines = install::disable(&self.machine.units, &names).map_err(failed)?;
            self.say(&lines)?;
        }
        match (self.arguments.now, verb) {
            (true, "enable") => self.apply(&mut jobs, "start", &names),
            (true, _) => self.apply(&mut jobs, "stop", &names),
            (false, _) => Ok(0),
        }
    }

    fn say(&mut self, lines: &[String]) -> io::Result<()> {
        if self.arguments.quiet {
            return Ok(());
        }
        lines
            .iter()
            .try_for_each(|line| writeln!(self.stderr, "{line}"))
    }

    fn is_in_state(&mut self, states: &[&str], otherwise: u8) -> Result<u8, Stop> {
        self.need_units()?;
        let record = self.machine.record()?;
        let mut code = otherwise;
        for name in self.units(&record)? {
            let state = record.state(&name).active;
            if !self.arguments.quiet {
                writeln!(self.stdout, "{state}")?;
            }
            if states.contains(&state) {
                code = 0;
            }
        }
        Ok(code)
    }

    fn is_enabled(&mut self) -> Result<u8, Stop> {
        self.need_units()?;
        let mut code = 1;
        for name in self.units(&self.machine.record()?)? {
            let Some(state) = install::unit_file_state(&self.machine.units, &name) else {
                return Err(Stop::Failed(
                    1,
                    format!("Failed to get unit file state for {name}: No such file or directory"),
                ));
            };
            if !self.arguments.quiet {
                writeln!(self.stdout, "{state}")?;
            }
            if state != "disabled" {
                code = 0;
            }
        }
        Ok(code)
    }

    fn show(&mut self) -> Result<u8, Stop> {
        let wanted = &self.arguments.property;
        if let Some(property) = wanted
            .iter()
            .find(|property| !PROPERTIES.contains(&property.as_str()))
        {
            return Err(Stop::Failed(
                2,
                format!(
                    "the property {property} is not part of the emulated systemctl, which knows {}",
                    PROPERTIES.join(", ")
                ),
            ));
        }
        if self.arguments.units.is_empty() {
            return Err(Stop::Failed(
                2,
                "show without a unit is not part of the emulated systemctl".to_owned(),
            ));
        }
        let record = self.machine.record()?;
        for (number, name) in self.units(&record)?.iter().enumerate() {
            if number > 0 {
                writeln!(self.stdout)?;
            }
            Seen::new(self.machine, &record, name).show(
                wanted,
                self.arguments.value,
                self.stdout,
            )?;
        }
        Ok(0)
    }

    fn status(&mut self) -> Result<u8, Stop> {
        if self.arguments.units.is_empty() {
            return Err(Stop::Failed(
                2,
                "status without a unit is not part of the emulated systemctl".to_owned(),
            ));
        }
        let record = self.machine.record()?;
        let mut code = 0;
        for (number, name) in self.units(&record)?.iter().enumerate() {
            let seen = Seen::new(self.machine, &record, name);
            if !seen.is_found() {
                writeln!(self.stderr, "Unit {name} could not be found.")?;
                code = 4;
                continue;
            }
            if number > 0 {
                writeln!(self.stdout)?;
            }
            seen.status(self.stdout)?;
            if code == 0 && !seen.is_active() {
                code = 3;
            }
        }
        Ok(code)
    }

    fn cat(&mut self) -> Result<u8, Stop> {
        self.need_units()?;
        for (number, name) in self.units(&self.machine.record()?)?.iter().enumerate() {
            let Some(path) = UnitFile::find(&self.machine.units, name) else {
                return Err(Stop::Failed(1, format!("No files found for {name}.")));
            };
            let text = fs::read_to_string(&path)
                .map_err(|error| Stop::Failed(1, format!("{}: {error}", path.display())))?;
            let between = if number > 0 { "\n" } else { "" };
            write!(self.stdout, "{between}# {}\n{text}", path.display())?;
        }
        Ok(0)
    }

    fn list_units(&mut self) -> Result<u8, Stop> {
        let record = self.machine.record()?;
        let names = if self.arguments.units.is_empty() {
            self.machine.loaded_units(&record).into_iter().collect()
        } else {
            self.units(&record)?
        };
        let mut rows: Vec<_> = names
            .iter()
            .map(|name| Seen::new(self.machine, &record, name).row())
            .collect();
        rows.retain(|row| self.arguments.all || row[2] != "inactive");
        let number = rows.len();
        if !self.arguments.no_legend && number > 0 {
            rows.insert(
                0,
                ["UNIT", "LOAD", "ACTIVE", "SUB", "DESCRIPTION"].map(str::to_owned),
            );
        }
        let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
        let widths = [width(0), width(1), width(2), width(3)];
        for [unit, load, active, sub, description] in &rows {
            let [first, second, third, fourth] = widths;
            writeln!(
                self.stdout,
                "  {unit:first$} {load:second$} {active:third$} {sub:fourth$} {description}"
            )?;
        }
        if !self.arguments.no_legend {
            writeln!(self.stdout, "\n{number} loaded units listed.")?;
        }
        Ok(0)
    }
}
