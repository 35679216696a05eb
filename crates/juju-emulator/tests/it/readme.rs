//! What README.md tells to type works.

use std::os::unix::fs::symlink;
use std::process::Command;

use juju_emulator::hook_command_names;

const README: &str = include_str!("../../README.md");

#[test]
fn the_tour_can_be_followed() {
    let home = tempfile::tempdir().unwrap();
    let commands = home.path().join("bin");
    std::fs::create_dir(&commands).unwrap();
    symlink(env!("CARGO_BIN_EXE_juju-emulator"), commands.join("juju")).unwrap();
    let blocks = README.split("```sh\n").skip(1);
    let blocks = blocks.filter_map(|block| Some(block.split_once("```")?.0));
    let tour: String = blocks
        .filter(|block| !block.contains("cargo install"))
        .collect();
    let path = std::env::var("PATH").unwrap();
    let output = Command::new("bash")
        .args(["-euc", &tour])
        .current_dir(home.path())
        .env("PATH", format!("{}:{path}", commands.display()))
        .env("JUJU_EMULATOR_DATA", home.path().join("data"))
        .env_remove("JUJU_MODEL")
        .env_remove("JUJU_EMULATOR_SYSTEMD")
        .output()
        .unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{stdout}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for shown in [
        "tiny/0*  active    idle   0        127.0.0.1       8000/tcp  \n",
        "tiny/0*  blocked   idle   0        127.0.0.1       6789/tcp  port: 22 is taken by SSH\n",
        "\n6789/tcp\n",
        " INFO unit.tiny/0.juju-log opened 6789\n",
        "- will remove unit tiny/1\n",
    ] {
        assert!(stdout.contains(shown), "{shown}: {stdout}");
    }
}

#[test]
fn every_verb_has_its_place() {
    let help = Command::new(env!("CARGO_BIN_EXE_juju-emulator"))
        .arg("help")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let verbs = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|verb| *verb != "help");
    let verbs: Vec<_> = verbs.map(|verb| format!("`{verb}`")).collect();
    assert!(verbs.len() > 50, "{help}");
    let (_, section) = README.split_once("\n## The verbs\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let missing: Vec<_> = verbs
        .iter()
        .filter(|verb| !section.contains(*verb))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_hook_commands_are_listed() {
    let names: Vec<_> = hook_command_names()
        .map(|name| format!("`{name}`"))
        .collect();
    let list = names.join(", ");
    let text = README.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(&format!("there are {list}.")), "{list}");
}
