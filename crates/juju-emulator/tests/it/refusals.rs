//! What the emulator refuses, and what it says then.

use crate::verbs::Juju;

#[test]
fn what_the_emulator_lacks_is_said_and_nothing_else_is_suggested() {
    let juju = Juju::deployed();
    let given = [
        &["remove-relation", "a", "b"][..],
        &["trust", "tiny"],
        &["deploy", "./tiny", "--constraints", "mem=2G"],
        &["status", "--watch", "1s"],
    ];
    for args in given {
        let ran = juju.run(args);
        assert_eq!(ran.code, Some(2), "{args:?}: {ran:?}");
        assert!(
            ran.stderr.contains("the emulator lacks it: `juju help`"),
            "{args:?}: {ran:?}"
        );
        for suggestion in ["similar", "to pass"] {
            assert!(!ran.stderr.contains(suggestion), "{args:?}: {ran:?}");
        }
    }
}
