//! `--output`: what a verb shows goes into a file.

use std::fs;

use crate::verbs::Juju;

#[test]
fn each_verb_that_has_a_format_has_a_file_for_what_it_shows() {
    // given
    let juju = Juju::deployed();
    let file = juju.home.path().join("shown");
    let path = file.display().to_string();
    let verbs: [&[&str]; 6] = [
        &["config", "tiny", "port"],
        &["show-unit", "tiny/0", "--format=json"],
        &["show-application", "tiny"],
        &["version"],
        &["exec", "--unit", "tiny/0", "--", "echo here"],
        &["model-config", "update-status-hook-interval"],
    ];
    for verb in verbs {
        let then = juju.ok(verb);
        for output in [vec!["-o", &path], vec!["--output", &path]] {
            // when
            let [name, rest @ ..] = verb else {
                unreachable!()
            };
            let shown = juju.ok(&[&[*name], &output[..], rest].concat());
            // then
            assert_eq!(shown, "", "{verb:?}");
            assert_eq!(fs::read_to_string(&file).unwrap(), then, "{verb:?}");
        }
    }
}

#[test]
fn a_file_that_cannot_be_written_is_told_and_one_is_kept_while_there_is_nothing_to_show() {
    let juju = Juju::deployed();
    let missing = juju.home.path().join("missing/file");
    let missing = missing.display().to_string();
    let why = format!("open {missing}: no such file or directory");
    juju.refused(&["status", "-o", &missing], 1, &why);
    assert!(juju.ok(&["version", "--output="]).starts_with("3.6"));
    let kept = juju.home.path().join("kept");
    fs::write(&kept, "before").unwrap();
    let path = kept.display().to_string();
    juju.run(&["show-task", "9", "-o", &path]);
    assert_eq!(fs::read_to_string(&kept).unwrap(), "before");
    let refused = juju.run(&["switch", "-o", &path]);
    let then = "ERROR option provided but not defined: -o";
    assert!(refused.stderr.starts_with(then), "{refused:?}");
}
