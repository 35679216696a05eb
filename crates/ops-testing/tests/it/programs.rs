//! The programs that are built for a test.

use std::fs;
use std::path::Path;

#[test]
fn a_staged_charm_has_the_programs_of_its_own_package_and_no_others_of_the_workspace() {
    // given
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let directory = tempfile::tempdir().unwrap();
    // when
    ops_testing::stage_charm(&workspace, directory.path()).unwrap();
    // then
    let programs = fs::read_dir(directory.path().join("bin")).unwrap();
    let programs: Vec<_> = programs.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(programs, ["hello-server"]);
}
