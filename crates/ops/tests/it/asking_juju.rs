//! What a charm can ask of Juju beside config, ports and relations: storage, addresses, resources, the cloud, a reboot.

use std::path::Path;
use std::sync::Mutex;

use ops::{Charm, Error, Reboot, Result, Status, StorageKind, Unit};

use crate::answering;

/// Does in its hook what the test wants.
struct Asking<F>(F);

impl<F: Fn(&Unit) -> Result<()> + Send> Charm for Asking<F> {
    fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
        (self.0)(unit)?;
        Ok(Status::active())
    }
}

/// Runs a hook in which the charm does this; hands back whether it ended well, and the commands.
fn dispatch<const N: usize>(
    answers: [(&'static str, &'static str); N],
    ask: impl Fn(&Unit) -> Result<()> + Send,
) -> (Result<()>, Vec<String>) {
    let (ended, mut commands) =
        answering::dispatch(&mut Asking(ask), "hooks/update-status", answers);
    commands.retain(|line| !line.starts_with("juju-log "));
    (ended, commands)
}

/// What the charm has read, out of the hook.
fn read<T: Send, const N: usize>(
    answers: [(&'static str, &'static str); N],
    ask: impl Fn(&Unit) -> Result<T> + Send + Sync,
) -> T {
    let found = Mutex::new(None);
    let (ended, _) = dispatch(answers, |unit| {
        *found.lock().unwrap() = Some(ask(unit)?);
        Ok(())
    });
    ended.unwrap();
    found.into_inner().unwrap().unwrap()
}

#[test]
fn storage_has_an_id_a_kind_and_a_location() {
    let answers = [
        ("storage-list", r#"["data/10","data/9"]"#),
        (
            "storage-get",
            r#"{"kind":"filesystem","location":"/srv/data"}"#,
        ),
    ];
    let storages = read(answers, |unit| unit.storages("data"));
    let ids: Vec<_> = storages.iter().map(|it| it.id().to_string()).collect();
    assert_eq!(ids, ["data/9", "data/10"]);
    assert_eq!(storages[0].kind(), StorageKind::Filesystem);
    assert_eq!(storages[0].location(), Path::new("/srv/data"));
    let (ended, _) = dispatch([("storage-list", r#"["data"]"#)], |unit| {
        unit.storages("data").map(drop)
    });
    let error = ended.unwrap_err().to_string();
    assert!(error.contains("\"data\" is not a storage's id"), "{error}");
}

#[test]
fn more_storage_and_a_reboot_are_asked_for_last_and_only_when_all_went_well() {
    let ask = |unit: &Unit| {
        unit.add_storage("data", 1);
        unit.add_storage("logs", 0);
        unit.add_storage("data", 1);
        unit.reboot(Reboot::AfterHook)
    };
    let (ended, commands) = dispatch([], ask);
    ended.unwrap();
    assert_eq!(
        commands,
        ["storage-add data=2", "juju-reboot", "status-set active"]
    );
    let (_, commands) = dispatch([], |unit| {
        ask(unit)?;
        Err(Error::waiting("for it"))
    });
    assert_eq!(commands, ["status-set waiting -- for it"]);
}

#[test]
fn a_reboot_at_once_and_the_workloads_version_are_not_held() {
    let (_, commands) = dispatch([], |unit| {
        unit.set_workload_version("-1")?;
        unit.reboot(Reboot::Now)?;
        Err(Error::blocked("no"))
    });
    let then = [
        "application-version-set -- -1",
        "juju-reboot --now",
        "status-set blocked -- no",
    ];
    assert_eq!(commands, then);
}

#[test]
fn a_network_has_addresses_and_a_unit_without_one_waits() {
    let answer = r#"{"bind-addresses":[{"mac-address":"","interface-name":"eth0","addresses":[{"hostname":"","value":"10.0.0.2","cidr":"10.0.0.0/24"}]}],"egress-subnets":["10.0.0.2/32"],"ingress-addresses":["web.example"]}"#;
    let network = read([("network-get", answer)], |unit| unit.network("website"));
    assert_eq!(network.bind_address().to_string(), "10.0.0.2");
    assert_eq!(network.ingress_addresses(), ["web.example"]);
    assert_eq!(network.egress_subnets(), ["10.0.0.2/32"]);
    let (_, commands) = dispatch([("network-get", r#"{"bind-addresses":null}"#)], |unit| {
        unit.network("website").map(drop)
    });
    let waits = "status-set waiting -- for an address for website";
    assert_eq!(commands.last().unwrap(), waits);
}

#[test]
fn a_relation_has_addresses_of_its_own() {
    let answers = [
        ("relation-ids", r#"["db:7"]"#),
        (
            "network-get",
            r#"{"bind-addresses":[{"addresses":[{"value":"fd00::2"}]}]}"#,
        ),
    ];
    let (ended, _) = dispatch(answers, |unit| {
        let relation = unit.relation("db")?.unwrap();
        assert_eq!(relation.network()?.bind_address().to_string(), "fd00::2");
        Ok(())
    });
    ended.unwrap();
}

#[test]
fn a_resource_is_a_path() {
    let path = read(
        [("resource-get", "/agents/a/resources/site/site.tar")],
        |unit| unit.resource("site"),
    );
    assert_eq!(path, Path::new("/agents/a/resources/site/site.tar"));
}

#[test]
fn the_units_own_status_is_read_as_far_as_a_charm_can_set_it() {
    for (answer, status) in [
        (
            r#"{"message":"hi","status":"active","status-data":{}}"#,
            Some(Status::active().with_message("hi")),
        ),
        (
            r#"{"message":"","status":"unknown","status-data":{}}"#,
            None,
        ),
    ] {
        assert_eq!(read([("status-get", answer)], Unit::status), status);
    }
}

#[test]
fn the_cloud_is_read_and_its_secrets_are_not_shown() {
    let answer = r#"{"type":"lxd","name":"localhost","region":"default","endpoint":"https://10.0.0.1:8443","credential":{"auth-type":"certificate","attrs":{"client-key":"hunter2"},"redacted":["client-cert"]},"cacertificates":["PEM"],"is-controller-cloud":true}"#;
    let cloud = read([("credential-get", answer)], Unit::cloud);
    assert_eq!(
        (cloud.kind.as_str(), cloud.region.as_deref()),
        ("lxd", Some("default"))
    );
    let shown = format!("{cloud:?}");
    assert!(
        shown.contains("certificate") && !shown.contains("hunter2"),
        "{shown}"
    );
    assert_eq!(
        cloud.credential.unwrap().attributes["client-key"],
        "hunter2"
    );
    assert_eq!(
        (cloud.ca_certificates.len(), cloud.is_controller_cloud),
        (1, true)
    );
}
