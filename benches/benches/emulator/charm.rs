//! Charms whose hooks note how long they took.

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use juju_emulator::charm::stage::stage;

use crate::build::{cheapest, project, release};

/// A charm to deploy, and its option.
pub(crate) struct Charm {
    pub(crate) name: &'static str,
    pub(crate) directory: PathBuf,
    option: &'static str,
}

impl Charm {
    pub(crate) const TRIVIAL: &str = "trivial";

    /// A charm whose hook is one hook command, in a shell.
    pub(crate) fn trivial(home: &Path) -> Result<Self> {
        let directory = home.join(Self::TRIVIAL);
        fs::create_dir(&directory)?;
        fs::write(
            directory.join("metadata.yaml"),
            "name: trivial\n\
             summary: one hook command\n\
             description: .\n\
             provides: {website: {interface: http}}\n\
             requires: {backend: {interface: http}}\n",
        )?;
        fs::write(
            directory.join("config.yaml"),
            "options: {number: {type: int, default: 1}}\n",
        )?;
        write_dispatch(
            &directory,
            "#!/bin/sh\n\
             case $JUJU_DISPATCH_PATH in\n\
             *-relation-created) exec relation-set unit=\"$JUJU_UNIT_NAME\" ;;\n\
             esac\n\
             exec status-set active\n",
        )?;
        Ok(Self {
            name: Self::TRIVIAL,
            directory,
            option: "number",
        })
    }

    pub(crate) fn hello_server(home: &Path) -> Result<Self> {
        let directory = home.join("hello-server");
        let program = release("hello-server", |build| build.bin("hello-server"))?;
        stage(&project(), &[program], &directory)?;
        write_dispatch(&directory, &fs::read_to_string(directory.join("dispatch"))?)?;
        Ok(Self {
            name: "hello-server",
            directory,
            option: "server-port",
        })
    }

    /// Two values of the option, each free to be used.
    pub(crate) fn settings(&self) -> Result<[String; 2]> {
        let sockets = [TcpListener::bind("[::]:0")?, TcpListener::bind("[::]:0")?];
        let [first, second] = sockets.map(|socket| socket.local_addr());
        let setting = |address: SocketAddr| format!("{}={}", self.option, address.port());
        Ok([setting(first?), setting(second?)])
    }

    /// The file to which each hook adds what it took.
    pub(crate) fn times(&self) -> PathBuf {
        self.directory.join("measured-dispatch.times")
    }
}

/// Makes a charm's dispatch one that notes what it took.
fn write_dispatch(charm: &Path, script: &str) -> Result<()> {
    let write = |name: &str, text: &str| -> io::Result<()> {
        fs::write(charm.join(name), text)?;
        fs::set_permissions(charm.join(name), fs::Permissions::from_mode(0o755))
    };
    write("measured-dispatch", script)?;
    let measure = cheapest("measure")?;
    let measured = charm.join("measured-dispatch");
    write(
        "dispatch",
        &format!("#!{} {}\n", measure.display(), measured.display()),
    )?;
    Ok(())
}
