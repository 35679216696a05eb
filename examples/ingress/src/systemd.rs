//! The proxy's life under systemd: a socket unit per port, which starts the service that answers on it.

use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::num::NonZeroU16;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use systemd::{Template, exec_start_word};
use tempfile::NamedTempFile;

use crate::charm::Workload;
use crate::routes::Routes;

/// The proxy as two systemd units, and the file with its routes.
#[derive(Debug)]
pub struct Systemd {
    template: Template,
    routes: PathBuf,
}

impl Systemd {
    /// The proxy of the unit `name`, such as `ingress/0`, of the charm in `charm_dir`, with its units in `unit_dir`, such as
    /// `/etc/systemd/system`. Installs nothing yet.
    #[must_use]
    pub fn new(name: &str, charm_dir: &Path, unit_dir: PathBuf) -> Self {
        let routes = charm_dir.join("routes/routes.json");
        let service = include_str!("ingress.service")
            .replace("{routes}", &exec_start_word(&routes.to_string_lossy()));
        let socket = include_str!("ingress.socket").replace(
            "{charm_dir}",
            &charm_dir.to_string_lossy().replace('%', "%%"),
        );
        let executable = charm_dir.join("server/ingress");
        let template = Template::new(&name.replace('/', "-"), &executable, unit_dir)
            .with_unit_file("socket", &socket)
            .with_unit_file("service", &service);
        Self { template, routes }
    }

    /// Puts new routes in the place of the old in one step; the proxy sees them at its next request.
    fn write_routes(&self, routes: &Routes) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(routes)?;
        if fs::read_to_string(&self.routes).is_ok_and(|there| there == text) {
            return Ok(());
        }
        let directory = self.routes.parent().unwrap_or(&self.routes);
        fs::create_dir_all(directory)?;
        let mut file = NamedTempFile::new_in(directory)?;
        file.write_all(text.as_bytes())?;
        // The proxy's user is not the charm's.
        let readable = fs::Permissions::from_mode(0o644);
        file.as_file().set_permissions(readable)?;
        file.persist(&self.routes)?;
        Ok(())
    }
}

impl Workload for Systemd {
    fn serve(&mut self, port: NonZeroU16, routes: &Routes) -> anyhow::Result<()> {
        let written = self.write_routes(routes);
        written.with_context(|| format!("cannot write {}", self.routes.display()))?;
        let served = self.template.serve_on(port, &env::current_exe()?);
        served.map_err(|error| match error {
            systemd::Error::Port { reason, .. } => {
                let reason = reason.kind();
                let message =
                    format!("port: {port} cannot be opened ({reason}); choose another port");
                ops::Error::blocked(message).into()
            }
            error => error.into(),
        })
    }

    fn stop(&mut self) -> anyhow::Result<()> {
        Ok(self.template.stop_all()?)
    }

    fn uninstall(&mut self) -> anyhow::Result<()> {
        self.template.uninstall()?;
        match fs::remove_dir_all(self.routes.parent().unwrap_or(&self.routes)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}
