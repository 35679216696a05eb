//! `systemctl show`, `status`, `is-active` and what else tells of units.

use std::io::{self, Write};

use crate::{
    install::unit_file_state,
    machine::{Machine, State},
    record::Record,
    unit::{Kind, LoadError, Unit},
    unit_name::UnitName,
};

/// The properties that `systemctl show` knows here, in systemd's order.
pub(crate) const PROPERTIES: [&str; 20] = [
    "Type",
    "MainPID",
    "Listen",
    "FileDescriptorName",
    "Result",
    "Id",
    "Names",
    "Requires",
    "BindsTo",
    "PartOf",
    "Wants",
    "Triggers",
    "TriggeredBy",
    "Description",
    "LoadState",
    "ActiveState",
    "SubState",
    "FragmentPath",
    "UnitFileState",
    "NeedDaemonReload",
];

/// A unit as it is seen from outside: its file, which may be missing or bad, and its state.
pub(crate) struct Seen<'a> {
    machine: &'a Machine,
    name: &'a UnitName,
    unit: Result<Unit, LoadError>,
    state: State,
}

impl<'a> Seen<'a> {
    pub(crate) fn new(machine: &'a Machine, record: &Record, name: &'a UnitName) -> Self {
        Self {
            machine,
            name,
            unit: machine.load(name),
            state: record.state(name),
        }
    }

    pub(crate) fn is_found(&self) -> bool {
        !matches!(self.unit, Err(LoadError::NotFound)) || self.state.active != "inactive"
    }

    pub(crate) fn is_active(&self) -> bool {
        self.state.is_active()
    }

    /// The property's values; nothing for a property that units of this kind do not have.
    fn property(&self, property: &str) -> Option<Vec<String>> {
        let names = |names: &[UnitName]| {
            vec![
                names
                    .iter()
                    .map(UnitName::as_str)
                    .collect::<Vec<_>>()
                    .join(" "),
            ]
        };
        let unit = self.unit.as_ref().ok();
        let service = unit.and_then(|unit| {
            if let Kind::Service(service) = &unit.kind {
                Some(service)
            } else {
                None
            }
        });
        let socket = unit.and_then(|unit| {
            if let Kind::Socket(socket) = &unit.kind {
                Some(socket)
            } else {
                None
            }
        });
        let is_service = self.name.kind() == "service";
        Some(match property {
            "Type" => vec![service?.start_type.clone()],
            "MainPID" if is_service => vec![self.state.main_pid.to_string()],
            "Listen" => socket?
                .listen
                .iter()
                .map(|address| format!("{address} (Stream)"))
                .collect(),
            "FileDescriptorName" => vec![socket?.descriptor_name.clone()],
            "Result" => vec![self.state.result.clone()],
            "Id" | "Names" => vec![self.name.to_string()],
            "Requires" => names(unit.map_or(&[], |unit| &unit.requires)),
            "BindsTo" => names(unit.map_or(&[], |unit| &unit.binds_to)),
            "PartOf" => names(unit.map_or(&[], |unit| &unit.part_of)),
            "Wants" => names(unit.map_or(&[], |unit| &unit.wants)),
            "Triggers" => {
                vec![socket.map_or_else(String::new, |socket| socket.service.to_string())]
            }
            "TriggeredBy" => vec![self.triggered_by().unwrap_or_default()],
            "Description" => {
                vec![unit.map_or_else(|| self.name.to_string(), |unit| unit.description.clone())]
            }
            "LoadState" => vec![self.load_state().to_owned()],
            "ActiveState" => vec![self.state.active.to_owned()],
            "SubState" => vec![self.state.sub.to_owned()],
            "FragmentPath" => {
                vec![unit.map_or_else(String::new, |unit| unit.file.path.display().to_string())]
            }
            "UnitFileState" => vec![
                unit_file_state(&self.machine.units, self.name)
                    .unwrap_or_default()
                    .to_owned(),
            ],
            "NeedDaemonReload" => vec!["no".to_owned()],
            _ => return None,
        })
    }

    fn triggered_by(&self) -> Option<String> {
        let socket_name = self.name.with_kind("socket");
        let Ok(Unit {
            kind: Kind::Socket(socket),
            ..
        }) = self.machine.load(&socket_name)
        else {
            return None;
        };
        (self.name.kind() == "service" && socket.service == *self.name)
            .then(|| socket_name.to_string())
    }

    fn load_state(&self) -> &'static str {
        match self.unit {
            Ok(_) => "loaded",
            Err(LoadError::NotFound) => "not-found",
            Err(LoadError::BadSetting(_)) => "bad-setting",
        }
    }

    /// Writes the wanted properties, or without a wish those that say something.
    pub(crate) fn show(
        &self,
        wanted: &[String],
        value_only: bool,
        output: &mut dyn Write,
    ) -> io::Result<()> {
        for property in PROPERTIES
            .iter()
            .filter(|property| wanted.is_empty() || wanted.iter().any(|wanted| wanted == *property))
        {
            for value in self.property(property).unwrap_or_default() {
                if value.is_empty() && wanted.is_empty() {
                    continue;
                }
                if value_only {
                    writeln!(output, "{value}")?;
                } else {
                    writeln!(output, "{property}={value}")?;
                }
            }
        }
        Ok(())
    }

    pub(crate) fn status(&self, output: &mut dyn Write) -> io::Result<()> {
        let dot = match self.state.active {
            "active" | "activating" => '●',
            "failed" => '×',
            _ => '○',
        };
        let description = self
            .unit
            .as_ref()
            .map_or(self.name.as_str(), |unit| &unit.description);
        if description == self.name.as_str() {
            writeln!(output, "{dot} {}", self.name)?;
        } else {
            writeln!(output, "{dot} {} - {description}", self.name)?;
        }
        match &self.unit {
            Ok(unit) => {
                let unit_file_state =
                    unit_file_state(&self.machine.units, self.name).unwrap_or_default();
                writeln!(
                    output,
                    "     Loaded: loaded ({}; {unit_file_state})",
                    unit.file.path.display()
                )?;
            }
            Err(LoadError::BadSetting(reason)) => {
                writeln!(output, "     Loaded: bad-setting (Reason: {reason})")?;
            }
            Err(LoadError::NotFound) => writeln!(
                output,
                "     Loaded: not-found (Reason: Unit {} not found.)",
                self.name
            )?,
        }
        if self.state.active == "failed" {
            writeln!(
                output,
                "     Active: failed (Result: {})",
                self.state.result
            )?;
        } else {
            writeln!(
                output,
                "     Active: {} ({})",
                self.state.active, self.state.sub
            )?;
        }
        for listen in self.property("Listen").unwrap_or_default() {
            writeln!(output, "     Listen: {listen}")?;
        }
        if self.state.main_pid != 0 {
            writeln!(output, "   Main PID: {}", self.state.main_pid)?;
        }
        let lines = self.machine.last_lines(self.name, 10);
        if !lines.is_empty() {
            writeln!(output)?;
        }
        lines.iter().try_for_each(|line| writeln!(output, "{line}"))
    }

    /// The unit's row in the table of `systemctl list-units`.
    pub(crate) fn row(&self) -> [String; 5] {
        let description = self
            .unit
            .as_ref()
            .map_or(self.name.as_str(), |unit| &unit.description);
        [
            self.name.as_str(),
            self.load_state(),
            self.state.active,
            self.state.sub,
            description,
        ]
        .map(str::to_owned)
    }
}
