//! The proxy's life under systemd: a socket unit per port, which starts the service that answers on it.

use std::env;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use systemd::{Template, exec_start_word, remove_file, write_file};

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
        let routes = charm_dir.join("routes.json");
        let service = include_str!("ingress.service")
            .replace("{routes}", &exec_start_word(&routes.to_string_lossy()));
        let directory = charm_dir.to_string_lossy().replace('%', "%%");
        let socket = include_str!("ingress.socket").replace("{charm_dir}", &directory);
        let executable = charm_dir.join("server/ingress");
        let template = Template::new(&name.replace('/', "-"), &executable, unit_dir)
            .with_unit_file("socket", &socket)
            .with_unit_file("service", &service);
        Self { template, routes }
    }
}

impl Workload for Systemd {
    fn serve(&mut self, port: NonZeroU16, routes: &Routes) -> anyhow::Result<()> {
        // The proxy sees them at its next request.
        write_file(&self.routes, &serde_json::to_string_pretty(routes)?)?;
        let served = self.template.serve_on(port, &env::current_exe()?);
        served.map_err(|error| match error {
            systemd::Error::Port { reason, .. } => {
                let why = format!("port: {port} cannot be opened ({})", reason.kind());
                ops::Error::blocked(format!("{why}; choose another port")).into()
            }
            error => error.into(),
        })
    }

    fn stop(&mut self) -> anyhow::Result<()> {
        Ok(self.template.stop_all()?)
    }

    fn uninstall(&mut self) -> anyhow::Result<()> {
        self.template.uninstall()?;
        Ok(remove_file(&self.routes)?)
    }
}
