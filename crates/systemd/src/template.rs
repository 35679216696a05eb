//! A service whose instance is what may change about it.

use std::collections::BTreeSet;
use std::env;
use std::fs::{self, File};
use std::io::{self, Cursor};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::files::{has_content, remove_file, replace};
use crate::systemctl::{self, LoadedUnit, systemctl, systemctl_on};

/// A service, with or without a socket, as template units: `web@.service` and `web@.socket`.
///
/// Its instance is what may change about it, such as its port: `web@8000.service`. With a socket unit, the socket is what
/// is enabled, and the service goes with it.
#[derive(Debug)]
pub struct Template {
    /// What the names of its units begin with, such as `web@`.
    prefix: String,
    executable: PathBuf,
    unit_dir: PathBuf,
    /// The kind of each unit, such as `service`, with the text of its file.
    unit_files: Vec<(&'static str, String)>,
}

impl Template {
    /// The service called `name`, such as `web`, that will run a copy of its program at `executable`, with its unit files
    /// in `unit_dir`, such as `/etc/systemd/system`. Installs nothing yet.
    ///
    /// It is a copy since a charm's own program is overwritten, while it runs, when the charm is refreshed.
    #[must_use]
    pub fn new(name: &str, executable: &Path, unit_dir: PathBuf) -> Self {
        Self {
            prefix: format!("{name}@"),
            executable: executable.to_owned(),
            unit_dir,
            unit_files: Vec::new(),
        }
    }

    /// The same with a unit file of this kind, `service` or `socket`; `{executable}` in its text is where the program is,
    /// written as `ExecStart=` has it.
    #[must_use]
    pub fn with_unit_file(mut self, kind: &'static str, text: &str) -> Self {
        let executable = exec_start_word(&self.executable.to_string_lossy());
        let text = text.replace("{executable}", &executable);
        self.unit_files.push((kind, text));
        self
    }

    /// The name of an instance's unit: `unit("8000", "service")` is `web@8000.service`.
    #[must_use]
    pub fn unit(&self, instance: &str, kind: &str) -> String {
        format!("{}{instance}.{kind}", self.prefix)
    }

    /// Brings the unit files and the copy of `program` up to date, makes systemd read them again if it must, and returns
    /// what it had loaded of these units before.
    ///
    /// Nothing is written when nothing has changed.
    pub fn install(&self, program: &Path) -> Result<Vec<LoadedUnit>> {
        let unit_files_differ = self.write_files(program)?;
        let loaded = self.loaded()?;
        if unit_files_differ || loaded.iter().any(|unit| unit.need_daemon_reload) {
            self.reload(&loaded)?;
        }
        Ok(loaded)
    }

    /// What systemd has loaded of an instance's unit; what it knows nothing of is inactive.
    #[must_use]
    pub fn find(&self, loaded: &[LoadedUnit], instance: &str, kind: &str) -> LoadedUnit {
        let name = self.unit(instance, kind);
        let unit = loaded.iter().find(|unit| unit.id == name).cloned();
        unit.unwrap_or_default()
    }

    /// Enables and starts an instance, with its socket if it has one; does no harm where it runs.
    ///
    /// # Errors
    /// When a unit does not start; what has been started of it stays as it is.
    pub fn start(&self, instance: &str) -> Result<()> {
        systemctl_on(&["enable", "--now"], &self.units(instance))
    }

    /// The same for an instance that takes the place of others: [`stop`](Self::stop) is about to make systemd read its files
    /// again, which takes as long as all the rest, and once is enough.
    pub(crate) fn start_in_place_of_others(&self, instance: &str) -> Result<()> {
        systemctl_on(&["enable", "--now", "--no-reload"], &self.units(instance))
    }

    /// Starts an instance's service alone, as when its socket listens and it has failed.
    pub fn start_service(&self, instance: &str) -> Result<()> {
        systemctl(&["start", "--", &self.unit(instance, "service")]).map(drop)
    }

    /// Restarts an instance's service if it runs another program than the installed one: an earlier copy.
    pub fn restart_if_outdated(&self, loaded: &[LoadedUnit], instance: &str) -> Result<()> {
        let service = self.find(loaded, instance, "service");
        if self.is_outdated(service.main_pid) {
            systemctl(&["try-restart", "--", &self.unit(instance, "service")])?;
        }
        Ok(())
    }

    /// Refuses an instance that systemd has given up, and makes it forget so that the next start is a new beginning.
    ///
    /// # Errors
    /// [`Error::GivenUp`].
    pub fn refuse_if_given_up(&self, loaded: &[LoadedUnit], instance: &str) -> Result<()> {
        let unit = self.find(loaded, instance, self.enabled_kind());
        let limits = [
            "service-start-limit-hit",
            "start-limit-hit",
            "trigger-limit-hit",
        ];
        if !limits.contains(&unit.result.as_str()) {
            return Ok(());
        }
        self.reset_failed([instance])?;
        Err(Error::GivenUp {
            unit: unit.id,
            result: unit.result,
        })
    }

    /// The instances that the machine starts when it boots, such as `["8000"]`.
    pub fn enabled(&self) -> Result<BTreeSet<String>> {
        let target = match self.enabled_kind() {
            "socket" => "sockets.target.wants",
            _ => "multi-user.target.wants",
        };
        let directory = self.unit_dir.join(target);
        let entries = match fs::read_dir(&directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
            entries => entries.map_err(Error::file("read the directory", directory))?,
        };
        Ok(entries
            .flatten()
            .filter_map(|entry| self.instance_of(entry.file_name().to_str()?))
            .collect())
    }

    /// The instances with anything on the machine: something running, something failed, something to start at boot.
    pub fn in_use(&self, loaded: &[LoadedUnit]) -> Result<BTreeSet<String>> {
        let mut instances = self.enabled()?;
        instances.extend(
            loaded
                .iter()
                .filter(|unit| unit.active_state != "inactive")
                .filter_map(|unit| self.instance_of(&unit.id)),
        );
        Ok(instances)
    }

    /// Stops and disables instances, and forgets the failures that `loaded` tells of. Stopping a socket stops its service,
    /// which requires it.
    pub fn stop<I: AsRef<str>>(
        &self,
        loaded: &[LoadedUnit],
        instances: impl IntoIterator<Item = I>,
    ) -> Result<()> {
        let instances: Vec<I> = instances.into_iter().collect();
        self.disable(&instances)?;
        let failed: BTreeSet<_> = loaded
            .iter()
            .filter(|unit| unit.active_state == "failed")
            .filter_map(|unit| self.instance_of(&unit.id))
            .filter(|failed| instances.iter().any(|stopped| stopped.as_ref() == failed))
            .collect();
        self.reset_failed(failed)
    }

    /// Stops and disables every instance.
    pub fn stop_all(&self) -> Result<()> {
        let instances = self.in_use(&self.loaded()?)?;
        self.disable(&instances)?;
        self.reset_failed(&instances)
    }

    /// Stops every instance, and removes the unit files and the program; does nothing when all is gone.
    pub fn uninstall(&self) -> Result<()> {
        self.stop_all()?;
        for (kind, _) in &self.unit_files {
            remove_file(&self.unit_file(kind))?;
        }
        remove_file(&self.executable)?;
        if let Some(directory) = self.executable.parent() {
            // Whatever else there may be is not the service's.
            let _ = fs::remove_dir(directory);
        }
        Ok(())
    }

    pub(crate) fn loaded(&self) -> Result<Vec<LoadedUnit>> {
        systemctl::show(&[
            &format!("{}*.socket", self.prefix),
            &format!("{}*.service", self.prefix),
        ])
    }

    fn disable<I: AsRef<str>>(&self, instances: impl IntoIterator<Item = I>) -> Result<()> {
        let unit = |instance: I| self.unit(instance.as_ref(), self.enabled_kind());
        let units: Vec<_> = instances.into_iter().map(unit).collect();
        systemctl_on(&["disable", "--now"], &units)
    }

    /// A unit that has failed stays loaded, and counts its failures, until it is reset.
    fn reset_failed<I: AsRef<str>>(&self, instances: impl IntoIterator<Item = I>) -> Result<()> {
        let pattern = |instance: I| format!("{}{}.*", self.prefix, instance.as_ref());
        let patterns: Vec<_> = instances.into_iter().map(pattern).collect();
        systemctl_on(&["reset-failed"], &patterns)
    }

    fn enabled_kind(&self) -> &'static str {
        if self.unit_files.iter().any(|(kind, _)| *kind == "socket") {
            "socket"
        } else {
            "service"
        }
    }

    /// Every unit of an instance, such as `web@8000.socket` and `web@8000.service`.
    fn units(&self, instance: &str) -> Vec<String> {
        let kinds = self.unit_files.iter();
        kinds.map(|(kind, _)| self.unit(instance, kind)).collect()
    }

    fn unit_file(&self, kind: &str) -> PathBuf {
        self.unit_dir.join(format!("{}.{kind}", self.prefix))
    }

    /// The instance in a unit's name: `8000` for `web@8000.socket`, none for a unit that is not of this template.
    fn instance_of(&self, unit: &str) -> Option<String> {
        let (instance, _) = unit.strip_prefix(&self.prefix)?.rsplit_once('.')?;
        (!instance.is_empty()).then(|| instance.to_owned())
    }

    /// Writes what differs of the unit files and the program, and tells whether a unit file did; [`install`](Self::install)
    /// without systemd.
    pub fn write_files(&self, program: &Path) -> Result<bool> {
        let mut different = Vec::new();
        for (kind, text) in &self.unit_files {
            let path = self.unit_file(kind);
            let mut text = Cursor::new(text);
            if !has_content(&path, &mut text)? {
                different.push((path, text));
            }
        }
        let unit_files_differ = !different.is_empty();

        let mut content = File::open(program).map_err(Error::file("read", program))?;
        // A new unit file comes with a new copy of the program, even of the same content: that the service runs another
        // file than this one is the lasting sign that it must be restarted.
        if unit_files_differ || !has_content(&self.executable, &mut content)? {
            if let Some(directory) = self.executable.parent() {
                let made = fs::create_dir_all(directory);
                made.map_err(Error::file("make the directory", directory))?;
            }
            replace(&self.executable, &mut content, 0o755)?;
        }
        for (path, mut text) in different {
            replace(&path, &mut text, 0o644)?;
        }
        Ok(unit_files_differ)
    }

    /// Makes systemd read the unit files again. A socket that listens keeps the settings that it was opened with, so it is
    /// opened anew; stopped before the reload, which takes away the sign that it has to be.
    fn reload(&self, loaded: &[LoadedUnit]) -> Result<()> {
        let sockets = loaded
            .iter()
            .filter(|unit| unit.active_state == "active" && unit.need_daemon_reload)
            .filter(|unit| unit.id.ends_with(".socket"));
        let sockets: Vec<_> = sockets.map(|unit| unit.id.clone()).collect();
        systemctl_on(&["stop"], &sockets)?;
        systemctl(&["daemon-reload"])?;
        let instances = sockets.iter().filter_map(|socket| self.instance_of(socket));
        let units: Vec<_> = instances
            .flat_map(|instance| self.units(&instance))
            .collect();
        systemctl_on(&["start"], &units)
    }

    /// Whether the process runs another file than the installed program: an earlier one, deleted by now.
    fn is_outdated(&self, main_pid: u32) -> bool {
        let running = fs::metadata(format!("/proc/{main_pid}/exe"));
        let installed = fs::metadata(&self.executable);
        match (running, installed) {
            (Ok(running), Ok(installed)) => {
                (running.dev(), running.ino()) != (installed.dev(), installed.ino())
            }
            _ => false,
        }
    }
}

/// Where unit files are installed: `/etc/systemd/system`, or the first directory of `SYSTEMD_UNIT_PATH` where it is set.
#[must_use]
pub fn unit_dir() -> PathBuf {
    env::var_os("SYSTEMD_UNIT_PATH")
        .and_then(|path| env::split_paths(&path).find(|directory| directory.is_absolute()))
        .unwrap_or_else(|| PathBuf::from("/etc/systemd/system"))
}

/// Writes `text` as one word of `ExecStart=`; systemd takes no program with quotes or backslashes in its path.
#[must_use]
pub fn exec_start_word(text: &str) -> String {
    format!("\"{}\"", text.replace('%', "%%"))
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    const UNIT: &str = "[Service]\nExecStart={executable}\n";

    /// A service in a directory whose name means something to systemd, if not written with care.
    fn awkward_service() -> (tempfile::TempDir, PathBuf, Template) {
        let directory = tempfile::Builder::new()
            .prefix("a %i $HOME ")
            .tempdir()
            .unwrap();
        let unit_dir = directory.path().join("units");
        fs::create_dir(&unit_dir).unwrap();
        let program = directory.path().join("program");
        fs::write(&program, "a program").unwrap();
        let executable = directory.path().join("server/web");
        let template = Template::new("web", &executable, unit_dir).with_unit_file("service", UNIT);
        (directory, program, template)
    }

    fn inode(path: &Path) -> u64 {
        fs::metadata(path).unwrap().ino()
    }

    #[test]
    fn writes_once_and_nothing_when_nothing_has_changed() {
        // given
        let (_directory, program, web) = awkward_service();
        assert!(web.write_files(&program).unwrap());
        let files = [web.executable.clone(), web.unit_file("service")];
        let before = files.clone().map(|path| inode(&path));
        // when
        let differed = web.write_files(&program).unwrap();
        // then
        assert!(!differed);
        assert_eq!(files.map(|path| inode(&path)), before);
        let mode = fs::metadata(&web.executable).unwrap().mode();
        assert_eq!(mode & 0o7777, 0o755);
        let unit = fs::read_to_string(web.unit_file("service")).unwrap();
        let directory = web.executable.display().to_string().replace('%', "%%");
        assert_eq!(unit, format!("[Service]\nExecStart=\"{directory}\"\n"));
    }

    #[test]
    fn a_changed_program_is_replaced_and_the_unit_files_are_not() {
        // given
        let (_directory, program, web) = awkward_service();
        web.write_files(&program).unwrap();
        fs::write(&program, "a new program").unwrap();
        let before = inode(&web.executable);
        // when
        let differed = web.write_files(&program).unwrap();
        // then
        assert!(!differed);
        assert_ne!(inode(&web.executable), before);
        assert_eq!(fs::read(&web.executable).unwrap(), b"a new program");
    }

    #[test]
    fn a_changed_unit_file_brings_a_new_copy_of_the_program() {
        // given
        let (_directory, program, web) = awkward_service();
        web.write_files(&program).unwrap();
        fs::write(web.unit_file("service"), "edited").unwrap();
        let before = inode(&web.executable);
        // when
        let differed = web.write_files(&program).unwrap();
        // then
        assert!(differed);
        assert_ne!(inode(&web.executable), before);
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        // given
        let (_directory, program, mut web) = awkward_service();
        web.unit_dir.push("absent");
        // when
        let error = web.write_files(&program).unwrap_err().to_string();
        // then
        assert!(error.starts_with("cannot write "), "{error}");
        assert!(
            error.contains("absent/web@.service: No such file"),
            "{error}"
        );
    }

    #[test]
    fn knows_its_own_units_from_those_of_others() {
        let web = Template::new("web-1", Path::new("/web"), "/units".into());
        for (unit, instance) in [
            ("web-1@8000.socket", Some("8000")),
            ("web-1@a.b.service", Some("a.b")),
            ("web-11@8000.socket", None),
            ("web-0@8000.socket", None),
            ("web-1@.socket", None),
            ("web-1.socket", None),
        ] {
            assert_eq!(web.instance_of(unit).as_deref(), instance, "{unit}");
        }
    }

    #[test]
    fn an_error_tells_its_cause_once() {
        // given
        let (_directory, program, mut web) = awkward_service();
        web.unit_dir.push("absent");
        // when
        let error = web.write_files(&program).unwrap_err();
        // then its text has the cause, and who logs it with all causes adds none
        assert!(error.to_string().contains("No such file"));
        assert!(error.source().is_none());
    }
}
