//! The command `systemctl`: runs it, and reads what it shows of units.

use std::process::{Command, Stdio};

use crate::error::{Error, Result};

/// Runs `systemctl`, such as `systemctl daemon-reload`, and returns what it prints.
pub(crate) fn systemctl(arguments: &[&str]) -> Result<String> {
    let output = Command::new("systemctl")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(Error::NoSystemctl)?;
    if !output.status.success() {
        return Err(Error::Systemctl {
            arguments: arguments.join(" "),
            status: output.status,
            stderr: String::from_utf8_lossy(&output.stderr)
                .trim()
                .replace('\n', " "),
        });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs `systemctl` on units, such as `systemctl stop -- hello-server-0@8000.socket`; does nothing without any.
pub(crate) fn systemctl_on(verb: &[&str], units: &[String]) -> Result<()> {
    if units.is_empty() {
        return Ok(());
    }
    let units = units.iter().map(String::as_str);
    let arguments: Vec<_> = verb.iter().copied().chain(["--"]).chain(units).collect();
    systemctl(&arguments).map(drop)
}

/// What systemd has loaded of the units whose names match, such as `hello-server-0@*.socket`.
pub(crate) fn show(patterns: &[&str]) -> Result<Vec<LoadedUnit>> {
    let properties = "--property=Id,ActiveState,Result,MainPID,NeedDaemonReload";
    let mut arguments = vec!["show", properties, "--"];
    arguments.extend(patterns);
    Ok(loaded_units(&systemctl(&arguments)?))
}

/// What `systemctl show` says of one unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoadedUnit {
    /// Its name, such as `web@8000.service`.
    pub id: String,
    /// `ActiveState`, such as `active`, `activating`, `failed` or `inactive`.
    pub active_state: String,
    /// `Result`, such as `success` or `start-limit-hit`.
    pub result: String,
    /// `MainPID`; 0 when no process runs.
    pub main_pid: u32,
    /// `NeedDaemonReload`: whether its file has changed since systemd has read it.
    pub need_daemon_reload: bool,
}

/// Reads what `systemctl show` prints: `Key=value` lines, an empty line between two units.
fn loaded_units(shown: &str) -> Vec<LoadedUnit> {
    shown
        .split("\n\n")
        .filter(|block| !block.trim().is_empty())
        .map(|block| {
            let mut unit = LoadedUnit::default();
            for (key, value) in block.lines().filter_map(|line| line.split_once('=')) {
                match key {
                    "Id" => value.clone_into(&mut unit.id),
                    "ActiveState" => value.clone_into(&mut unit.active_state),
                    "Result" => value.clone_into(&mut unit.result),
                    "MainPID" => unit.main_pid = value.parse().unwrap_or_default(),
                    "NeedDaemonReload" => unit.need_daemon_reload = value == "yes",
                    _ => {}
                }
            }
            unit
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_systemctl_shows() {
        let shown = "MainPID=1188\nResult=success\nId=hello-server-0@8000.service\nActiveState=active\nNeedDaemonReload=yes\n\n\
                     Result=resources\nId=hello-server-0@8000.socket\nActiveState=failed\nNeedDaemonReload=no\n";
        let service = LoadedUnit {
            id: "hello-server-0@8000.service".into(),
            active_state: "active".into(),
            result: "success".into(),
            main_pid: 1188,
            need_daemon_reload: true,
        };
        let socket = LoadedUnit {
            id: "hello-server-0@8000.socket".into(),
            active_state: "failed".into(),
            result: "resources".into(),
            main_pid: 0,
            need_daemon_reload: false,
        };
        assert_eq!(loaded_units(shown), [service, socket]);
        assert_eq!(loaded_units(""), []);
    }
}
