//! What is dispatched, and what Juju and systemd then say.

/// One event, with what the hook commands and `systemctl` answer.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// The event, such as `config-changed`.
    pub(crate) event: &'static str,
    /// The option `server-port`.
    pub(crate) server_port: u16,
    /// Whether the unit has been installed before and serves on port 8000.
    pub(crate) installed: bool,
}

pub(crate) const CASES: [Case; 5] = [
    Case {
        name: "nothing to do",
        event: "config-changed",
        server_port: 8000,
        installed: true,
    },
    Case {
        name: "port change",
        event: "config-changed",
        server_port: 6789,
        installed: true,
    },
    Case {
        name: "blocked",
        event: "config-changed",
        server_port: 22,
        installed: true,
    },
    Case {
        name: "update-status",
        event: "update-status",
        server_port: 8000,
        installed: true,
    },
    INSTALL,
];

pub(crate) const INSTALL: Case = Case {
    name: "install",
    event: "install",
    server_port: 8000,
    installed: false,
};

/// What `systemctl show` says of a server on port 8000.
const SHOWN: &str = "\
Id=hello-server-0@8000.socket
ActiveState=active
Result=success
NeedDaemonReload=no

Id=hello-server-0@8000.service
ActiveState=active
Result=success
MainPID=0
NeedDaemonReload=no
";

impl Case {
    /// What each command prints, for the stand-in.
    pub(crate) fn answers(&self) -> [(&'static str, String); 7] {
        let (opened, shown) = if self.installed {
            (r#"["8000/tcp"]"#, SHOWN)
        } else {
            ("[]", "")
        };
        [
            (
                "config_get",
                format!(r#"{{"server-port":{}}}"#, self.server_port),
            ),
            ("relation_ids", "[]".to_owned()),
            ("opened_ports", opened.to_owned()),
            ("systemctl", shown.to_owned()),
            ("is_leader", "true".to_owned()),
            (
                "status_get",
                r#"{"message":"","status":"active","status-data":{}}"#.to_owned(),
            ),
            ("juju_log", String::new()),
        ]
    }
}
