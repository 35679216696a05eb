//! Secrets: what a charm keeps and reads, how little is asked of Juju, what is taken back, and that nothing shows content.

use std::path::PathBuf;
use std::time::Duration;

use ops::{
    Action, ActionResults, Charm, Error, Event, Result, RotatePolicy, SecretContent, SecretId,
    SecretOptions, Status, Unit,
};
use ops_testing::{Context, Exit, Laws, Outcome, Owner, Relation, Secret, State};
use serde::{Deserialize, Serialize};

/// Keeps a password for its application, which it grants to whoever is related, and reads the token of its config.
struct Web;

#[derive(Deserialize)]
struct Config {
    token: Option<SecretId>,
    password: String,
    then: String,
}

#[derive(Serialize, Deserialize)]
struct Access {
    credentials: SecretId,
}

impl Charm for Web {
    fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
        let config: Config = unit.config()?;
        keep(unit, &config)?;
        if let Event::SecretRemove(event) = unit.event()
            && let Some(revision) = event.revision
        {
            unit.secret(&event.id).remove_revision(revision)?;
        }
        let mut status = Status::active();
        if let Some(token) = &config.token {
            let token = unit.secret(token).with_label("token").refresh()?;
            let length = token.get("token").map(str::len);
            status = status.with_message(format!("a token of {length:?} bytes"));
        }
        match &*config.then {
            "blocked" => Err(Error::blocked("the test wants it")),
            "waiting" => Err(Error::waiting("for the test")),
            "fail" => Err(anyhow::anyhow!("the test wants it").into()),
            _ => Ok(status),
        }
    }

    fn action(&mut self, _action: &Action<'_>, unit: &Unit) -> Result<ActionResults> {
        keep(unit, &unit.config()?)?;
        Err(Error::waiting("for the test"))
    }
}

fn keep(unit: &Unit, config: &Config) -> Result<()> {
    let content = content(&format!("hunter2-{}", config.password));
    let Some(leader) = unit.leader()? else {
        return Ok(());
    };
    let secret = leader.keep_secret("credentials", &content)?;
    for relation in unit.relations("website")? {
        secret.grant(&relation)?;
        let credentials = secret.id()?;
        leader.set_application_data(&relation, &Access { credentials })?;
    }
    Ok(())
}

fn web() -> Context {
    let metadata = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/secret_charm");
    Context::of_charm(&metadata, || Web)
}

fn content(password: &str) -> SecretContent {
    SecretContent::from([("user", "admin"), ("password", password)])
}

fn run(given: &State) -> Outcome {
    web().run(&Event::ConfigChanged, given)
}

fn leader() -> State {
    State::default().as_leader()
}

/// The commands that are about secrets.
fn commands(then: &Outcome) -> Vec<&str> {
    let commands = then.hook_commands.iter().map(String::as_str);
    commands
        .filter(|line| line.starts_with("secret-"))
        .collect()
}

#[test]
fn a_secret_is_added_once_and_set_when_its_content_differs() {
    // given
    let first = run(&leader());
    // then
    let find = "secret-info-get --label credentials --format=json";
    let add = "secret-add --owner application --label credentials --file FILE";
    assert_eq!(commands(&first), [find, add]);
    let secret = first.state.secret("credentials").unwrap();
    assert_eq!(secret.content(), Some(&content("hunter2-one")));
    assert_eq!((secret.owner, secret.latest), (Owner::Application, 1));
    // when
    let again = run(&first.state);
    // then
    let id = secret.id();
    let read = format!("secret-get {} --refresh --format=json", id.bare());
    assert_eq!(commands(&again), [find, &read]);
    assert_eq!(again.state.secret("credentials").unwrap().latest, 1);
    // when
    let changed = run(&again.state.with_config("password", "two"));
    // then
    let set = format!("secret-set {} --file FILE", id.bare());
    let follow = format!("secret-get {} --refresh", id.bare());
    assert_eq!(commands(&changed), [find, &read, &set, &follow]);
    let secret = changed.state.secret("credentials").unwrap();
    assert_eq!((secret.latest, secret.tracked), (2, Some(2)));
    assert_eq!(secret.content(), Some(&content("hunter2-two")));
}

/// Makes up a password that differs from unit to unit, once.
struct MadeUp(u32);

impl Charm for MadeUp {
    fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
        if unit.kept_secret("admin")?.is_none() {
            unit.keep_secret("admin", &content(&self.0.to_string()))?;
        }
        let kept = unit.kept_secret("admin")?.map(|kept| kept.content());
        assert!(kept.transpose()?.is_some());
        Ok(Status::active())
    }
}

#[test]
fn what_is_made_up_is_made_up_once() {
    // given
    let metadata = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/secret_charm");
    let charm = |number| Context::of_charm(&metadata, move || MadeUp(number));
    let first = charm(1).run(&Event::Install, &State::default());
    // when
    let then = charm(2).run(&Event::ConfigChanged, &first.state);
    // then
    let admin = then.state.secret("admin").unwrap();
    assert_eq!((admin.latest, admin.content()), (1, Some(&content("1"))));
}

#[test]
fn a_secret_is_granted_and_its_id_published() {
    let website = Relation::new("website", 3, "proxy");
    let given = leader().with_relation(website);
    let then = run(&given);
    let secret = then.state.secret("credentials").unwrap();
    assert!(secret.granted_to.contains("proxy"), "{secret:?}");
    let data = &then.state.relations[0].application_data;
    assert_eq!(data["credentials"], secret.id().to_string());
    let again = run(&then.state);
    let grants = |then: &Outcome| {
        commands(then)
            .iter()
            .any(|line| line.starts_with("secret-grant"))
    };
    assert!(grants(&then) && !grants(&again), "{again:?}");
    assert_eq!(again.state.relations, then.state.relations);
}

#[test]
fn what_was_added_is_taken_back_when_the_unit_ends_up_blocked() {
    let then = run(&leader().with_config("then", "blocked"));
    assert_eq!(then.exit, Exit::Code(0));
    assert_eq!(then.state.secrets, []);
    assert!(
        commands(&then)
            .last()
            .unwrap()
            .starts_with("secret-remove "),
        "{then:?}"
    );
    // A change of one that was there is dropped before Juju hears of it.
    let given = run(&leader()).state.with_config("then", "blocked");
    let then = run(&given.with_config("password", "two"));
    assert_eq!(then.state.secret("credentials").unwrap().latest, 1);
    assert!(
        !commands(&then)
            .iter()
            .any(|line| line.starts_with("secret-set"))
    );
}

#[test]
fn a_waiting_unit_keeps_the_secrets_that_its_relation_data_name() {
    let website = Relation::new("website", 3, "proxy");
    let given = leader()
        .with_relation(website)
        .with_config("then", "waiting");
    let then = run(&given);
    let id = then.state.secret("credentials").unwrap().id();
    assert_eq!(
        then.state.relations[0].application_data["credentials"],
        id.to_string()
    );
    assert!(
        then.state
            .secret("credentials")
            .unwrap()
            .granted_to
            .contains("proxy")
    );
}

#[test]
fn a_failed_action_leaves_no_secret() {
    let action = ops::ActionEvent {
        name: "fail".to_owned(),
        id: "2".parse().unwrap(),
    };
    let then = web().run(&Event::Action(action), &leader());
    assert_eq!(then.state.secrets, []);
}

#[test]
fn who_may_not_read_a_secret_waits_for_leave() {
    let gone = Secret::of_others([("token", "abc")]);
    let given = State::default().with_config("token", gone.id().to_string());
    let then = run(&given);
    let status = then.state.unit_status.as_ref().unwrap().to_string();
    let expected = format!(
        "waiting: for leave to read {}, which is not granted to the unit, or gone",
        gone.id()
    );
    assert_eq!(status, expected);
}

#[test]
fn an_option_that_is_no_id_blocks_without_showing_it() {
    let error = serde_json::from_str::<SecretId>("\"hunter2\\n\"").unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn a_reader_follows_the_latest_and_gives_it_a_label() {
    let token = Secret::of_others([("token", "abc")]).with_revision([("token", "abcd")]);
    let given = State::default().with_config("token", token.id().to_string());
    let then = web().run(&token.changed(), &given.with_secret(token.clone()));
    let status = then.state.unit_status.as_ref().unwrap().to_string();
    assert_eq!(status, "active: a token of Some(4) bytes");
    let token = then.state.secret("token").unwrap();
    assert_eq!(token.tracked, Some(2));
}

#[test]
fn an_unused_revision_is_removed() {
    let secret = Secret::of_application("credentials", content("old"));
    let secret = secret.with_revision(content("hunter2-one"));
    let then = web().run(&secret.unused(1), &leader().with_secret(secret));
    let left: Vec<_> = then
        .state
        .secret("credentials")
        .unwrap()
        .revisions()
        .collect();
    assert_eq!(left, [2]);
}

/// Does what one function does.
struct Does(fn(&Unit) -> Result<()>);

impl Charm for Does {
    fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
        (self.0)(unit).map(|()| Status::active())
    }
}

fn does(what: fn(&Unit) -> Result<()>, given: &State) -> Outcome {
    let metadata = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/secret_charm");
    Context::of_charm(&metadata, move || Does(what)).run(&Event::ConfigChanged, given)
}

#[test]
fn a_unit_keeps_a_secret_of_its_own_with_options() {
    let keep = |unit: &Unit| {
        let options = SecretOptions::default()
            .with_description("what for")
            .rotated(RotatePolicy::Monthly)
            .expiring_after(Duration::from_secs(90));
        let secret = unit.keep_secret_with("own", &content("hunter2-one"), &options)?;
        let info = secret.info()?;
        assert_eq!(
            (info.revision, &*info.owner, &*info.label),
            (1, "unit", "own")
        );
        assert_eq!(secret.refresh()?.get("password"), Some("hunter2-one"));
        unit.keep_secret("own", &content("hunter2-two"))?;
        assert_eq!(secret.peek()?.get("password"), Some("hunter2-two"));
        assert_eq!(unit.secret_with_label("own").id()?, secret.id()?);
        Ok(())
    };
    let then = does(keep, &State::default());
    assert_eq!(then.exit, Exit::Code(0), "{then:?}");
    let secret = then.state.secret("own").unwrap();
    assert_eq!((secret.owner, secret.latest), (Owner::Unit, 1));
    assert_eq!(
        (&*secret.description, &*secret.rotation),
        ("what for", "monthly")
    );
    assert_eq!(secret.content(), Some(&content("hunter2-two")));
    // The same options again are not sent, others are.
    let keep = |unit: &Unit| {
        let options = SecretOptions::default().with_description("what for");
        unit.keep_secret_with("own", &content("hunter2-two"), &options)?;
        Ok(())
    };
    let then = does(keep, &then.state);
    assert!(
        !commands(&then)
            .iter()
            .any(|line| line.starts_with("secret-set")),
        "{then:?}"
    );
    let keep = |unit: &Unit| {
        let options = SecretOptions::default().rotated(RotatePolicy::Never);
        unit.keep_secret_with("own", &content("hunter2-two"), &options)?;
        Ok(())
    };
    let then = does(keep, &then.state);
    let secret = then.state.secret("own").unwrap();
    assert_eq!((&*secret.rotation, secret.latest), ("never", 1));
}

#[test]
fn leave_is_taken_back() {
    let secret = Secret::of_unit("own", content("hunter2-one")).granted_to("proxy");
    let given = State::default()
        .with_relation(Relation::new("website", 3, "proxy"))
        .with_secret(secret);
    let revoke = |unit: &Unit| {
        let secret = unit.secret_with_label("own");
        for relation in unit.relations("website")? {
            secret.revoke(&relation)?;
        }
        Ok(())
    };
    let then = does(revoke, &given);
    assert!(
        then.state.secret("own").unwrap().granted_to.is_empty(),
        "{then:?}"
    );
    let both = |unit: &Unit| {
        let secret = unit.secret_with_label("own");
        for relation in unit.relations("website")? {
            secret.revoke(&relation)?;
            secret.grant(&relation)?;
        }
        Ok(())
    };
    let then = does(both, &given);
    assert_eq!(then.state.secrets, given.secrets);
    assert!(!commands(&then).iter().any(|line| line.contains("revoke")));
    let removed = does(|unit| unit.secret_with_label("own").remove(), &given);
    assert_eq!(removed.state.secrets, []);
}

#[test]
fn what_juju_would_not_take_is_said_before_it_is_asked() {
    let then = does(
        |unit| {
            let content = SecretContent::from([("PASSWORD", "hunter2-one")]);
            unit.keep_secret("own", &content).map(drop)
        },
        &State::default(),
    );
    let expected = "config-changed failed: cannot keep the secret own: a key has at least three small letters, \
digits and single dashes, unlike \"PASSWORD\"";
    assert_eq!(then.errors(), [expected]);
    assert_eq!(commands(&then), [""; 0]);
    let given = leader().with_secret(Secret::of_application("own", content("x")));
    let keep = |unit: &Unit| unit.keep_secret("own", &content("hunter2-one")).map(drop);
    let then = does(keep, &given);
    let expected = "config-changed failed: cannot keep the secret own: the application has one of this label; choose another";
    assert_eq!(then.errors(), [expected]);
}

/// Whatever a charm does with a secret, and whatever Juju refuses, its content is not in anything that people look at.
#[test]
fn nothing_that_a_run_leaves_shows_content() {
    let token = Secret::of_others([("token", "hunter2-token")]);
    let given = leader()
        .with_config("token", token.id().to_string())
        .with_relation(Relation::new("website", 3, "proxy"))
        .with_secret(token.clone())
        .with_secret(Secret::of_application(
            "credentials",
            content("hunter2-old"),
        ));
    let mut shown = vec![format!("{given:?}"), serde_json::to_string(&given).unwrap()];
    let mut ran = 0;
    for then in ["active", "blocked", "waiting", "fail"] {
        let given = given.clone().with_config("then", then);
        let whole = run(&given);
        ran += whole.hook_commands.len();
        for command in 0..whole.hook_commands.len() {
            let refused = ops_testing::Fault::refused(command);
            let outcome = web().run_with_fault(&Event::ConfigChanged, &given, refused);
            shown.push(format!("{outcome:?}"));
        }
        shown.push(format!("{whole:?}"));
    }
    assert!(ran > 20, "{ran}");
    for text in shown {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn the_charm_keeps_the_laws() {
    let token = Secret::of_others([("token", "abc")]);
    let given = leader()
        .with_config("token", token.id().to_string())
        .with_secret(token)
        .with_secret(
            Secret::of_application("credentials", content("old")).with_revision(content("older")),
        );
    let context = web();
    Laws::of(&context, ())
        .with_option_values("password", ["one", "two"])
        .with_stories(150)
        .check([State::default(), given]);
}
