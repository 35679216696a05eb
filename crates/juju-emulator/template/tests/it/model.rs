//! Two applications of the charm in one model, in this process: whoever's hook is next, it ends well.

use charm::MyCharm;
use ops_testing::{Application, Model};

#[test]
fn a_website_knows_its_backend_in_whatever_order_hooks_come() {
    // given
    let website = || Application::new(|_: &()| MyCharm::new(|| Ok("made up".to_owned())));
    let model = Model::of([website().named("front"), website().named("api")])
        .deploy("front", 2)
        .deploy("api", 2)
        .integrate("front:backend", "api:website");
    for seed in 0..20 {
        // when
        let end = model.settle(seed);
        // then
        for unit in ["front/0", "front/1"] {
            let status = end.unit(unit).status.as_ref().unwrap();
            assert!(
                status.message().starts_with("backend is "),
                "{seed}: {end:?}"
            );
        }
    }
}
