//! Opened ports, case by case.

use ops::{Charm, Port, Protocol, Result, Status, Unit};
use ops_testing::{Exit, Outcome, State};

use crate::answering::dispatch;
use crate::scripted::{Hooks, Step};

const OPENED_PORTS: &str = "opened-ports --endpoints --format=json";

fn tcp(from: u16, to: u16) -> Port {
    Port::range(Protocol::Tcp, from..=to).unwrap()
}

fn port(text: &str) -> Port {
    text.parse().unwrap()
}

/// The commands that change ports.
fn changes(then: &Outcome) -> Vec<&str> {
    let commands = then.hook_commands.iter().map(String::as_str);
    commands
        .filter(|command| command.contains("-port "))
        .collect()
}

/// Python's ops issues no command here, and leaves a hundred ports open.
#[test]
fn a_single_port_is_wanted_of_an_open_range() {
    // given
    let hooks = Hooks::new();
    let given = State::default().with_opened_ports(["8000-8100/tcp"]);
    // when
    let first = hooks.set_ports(&[tcp(8000, 8000)], &given);
    // then
    assert_eq!(changes(&first), ["close-port 8000-8100/tcp"]);
    assert_eq!(hooks.changes().later, [tcp(8000, 8000)]);
    let warning = "8000/tcp will be opened by the next hook: Juju does not cut a range in the hook that closes it";
    assert_eq!(first.log[0].message, warning);
    // when
    let second = hooks.set_ports(&[tcp(8000, 8000)], &first.state);
    // then
    assert_eq!(changes(&second), ["open-port 8000/tcp"]);
    assert_eq!(second.state.opened_ports, ["8000/tcp"]);
}

/// Python's ops closes `8000/tcp` here, which Juju refuses in every retry.
#[test]
fn another_port_is_wanted_than_an_open_range() {
    // given
    let hooks = Hooks::new();
    let given = State::default().with_opened_ports(["8000-8100/tcp"]);
    // when
    let then = hooks.set_ports(&[tcp(9000, 9000)], &given);
    // then
    assert_eq!(
        changes(&then),
        ["open-port 9000/tcp", "close-port 8000-8100/tcp"]
    );
    assert_eq!(then.state.opened_ports, ["9000/tcp"]);
}

#[test]
fn ports_that_are_open_in_other_slices_are_left_alone() {
    let hooks = Hooks::new();
    for open in [
        &["8000-8009/tcp"][..],
        &["8000-8003/tcp", "8004/tcp", "8005-8009/tcp"],
    ] {
        // given
        let given = State::default().with_opened_ports(open.iter().copied());
        let singles: Vec<Port> = (8000..8010).map(|number| tcp(number, number)).collect();
        // when
        let then = hooks.set_ports(&singles, &given);
        // then
        assert_eq!(then.hook_commands, [OPENED_PORTS, "status-set active"]);
    }
}

#[test]
fn a_thousand_scattered_ports_take_a_thousand_commands_and_a_thousand_consecutive_ones_take_one() {
    let hooks = Hooks::new();
    for (step, commands) in [(2, 1001), (1, 2)] {
        // given
        let ports: Vec<Port> = (0..1000)
            .map(|index| tcp(5000 + index * step, 5000 + index * step))
            .collect();
        // when
        let then = hooks.set_ports(&ports, &State::default());
        // then
        assert_eq!(then.exit, Exit::Code(0));
        assert_eq!(then.hook_commands.len(), commands + 1, "with status-set");
    }
}

#[test]
fn on_kubernetes_every_port_is_opened_by_itself() {
    // given
    let hooks = Hooks::new();
    let given = State::default()
        .on_kubernetes()
        .with_opened_ports(["8001/tcp"]);
    // when
    let then = hooks.set_ports(&[tcp(8000, 8002)], &given);
    // then
    assert_eq!(changes(&then), ["open-port 8000/tcp", "open-port 8002/tcp"]);
    assert_eq!(
        then.state.opened_ports,
        ["8000/tcp", "8001/tcp", "8002/tcp"]
    );
}

#[test]
fn on_kubernetes_icmp_fails_before_any_command() {
    // given
    let hooks = Hooks::new();
    let given = State::default()
        .on_kubernetes()
        .with_opened_ports(["80/tcp"]);
    for step in [Step::Set(vec![Port::icmp()]), Step::Open(Port::icmp())] {
        // when
        let then = hooks.steps(vec![step], &given);
        // then
        assert_eq!(then.exit, Exit::Code(1));
        assert_eq!(
            then.errors(),
            ["config-changed failed: icmp cannot be opened on Kubernetes"]
        );
        assert_eq!(then.hook_commands, Vec::<String>::new());
    }
}

#[test]
fn a_port_that_a_neighbour_holds_blocks_the_unit_and_undoes_what_came_before() {
    // given
    let hooks = Hooks::new();
    let given = State::default()
        .with_opened_ports(["icmp", "70/tcp", "90/tcp (foo)"])
        .with_machine_ports("other/0", ["440-450/tcp"]);
    let wanted = [
        port("90/tcp (bar)"),
        tcp(100, 200),
        tcp(443, 443),
        tcp(500, 600),
    ];
    // when
    let then = hooks.set_ports(&wanted, &given);
    // then
    let message = "port 443/tcp is held by other/0 on this machine, as 440-450/tcp; \
                   choose another port or another machine";
    assert_eq!(then.state.unit_status, Some(Status::blocked(message)));
    assert_eq!(
        changes(&then),
        [
            "open-port 100-200/tcp",
            "open-port 443/tcp",
            "close-port 100-200/tcp",
        ]
    );
    assert_eq!(then.state.opened_ports, given.opened_ports);
}

#[test]
fn a_conflict_that_cannot_be_undone_fails_the_hook() {
    // given a close-port of the undo that is refused
    let hooks = Hooks::new().refusing(3);
    let given = State::default().with_machine_ports("other/0", ["440-450/tcp"]);
    // when
    let then = hooks.set_ports(&[tcp(100, 200), tcp(443, 443)], &given);
    // then
    assert_eq!(then.exit, Exit::Code(1));
    let error = "config-changed failed: port 443/tcp is held by other/0 on this machine, as 440-450/tcp; \
                 choose another port or another machine; taking back what was asked for before failed too: \
                 hook command `close-port 100-200/tcp` failed (exit status: 1): ERROR the agent is going down";
    assert_eq!(then.errors(), [error]);
    assert_eq!(then.state.opened_ports, given.opened_ports);
}

#[test]
fn a_blocked_hook_that_cannot_undo_its_changes_fails() {
    // given a close-port of the undo that is refused
    let hooks = Hooks::new().refusing(2);
    // when
    let then = hooks.steps_then_blocked(vec![Step::Open(tcp(80, 80))], &State::default());
    // then
    assert_eq!(then.exit, Exit::Code(1));
    let error = "config-changed failed: the test wants it; taking back what was asked for before failed too: \
                 hook command `close-port 80/tcp` failed (exit status: 1): ERROR the agent is going down";
    assert_eq!(then.errors(), [error]);
    assert_eq!(then.state.opened_ports, Vec::<String>::new());
    assert_eq!(then.state.unit_status, None);
}

#[test]
fn an_endpoint_that_the_charm_lacks_is_refused_when_the_hook_has_ended() {
    // given
    let hooks = Hooks::new();
    let given = State::default().with_opened_ports(["70/tcp"]);
    // when
    let then = hooks.set_ports(&[port("80/tcp (admin)")], &given);
    // then
    assert_eq!(then.exit, Exit::CommitRefused);
    let [error] = &then.errors()[..] else {
        panic!("{then:?}");
    };
    assert!(
        error.contains(r#"endpoint "admin" for unit "website/0" not found"#),
        "{error}"
    );
    assert_eq!(
        then.rolled_back,
        ["open-port --endpoints admin 80/tcp", "close-port 70/tcp"]
    );
    assert_eq!(then.state.opened_ports, given.opened_ports);
}

#[test]
fn endpoints_are_added_and_taken_away_one_by_one() {
    // given
    let hooks = Hooks::new();
    let given = State::default().with_opened_ports(["80/tcp (bar, foo)"]);
    // when
    let then = hooks.set_ports(&[port("80/tcp (baz, foo)")], &given);
    // then
    assert_eq!(
        changes(&then),
        [
            "close-port --endpoints bar 80/tcp",
            "open-port --endpoints baz 80/tcp"
        ]
    );
    assert_eq!(then.state.opened_ports, ["80/tcp (baz, foo)"]);
}

#[test]
fn some_endpoints_of_a_range_that_is_open_for_all_take_two_hooks() {
    // given
    let hooks = Hooks::new();
    let given = State::default().with_opened_ports(["80/tcp"]);
    let wanted = [port("80/tcp (foo)")];
    // when
    let first = hooks.set_ports(&wanted, &given);
    let second = hooks.set_ports(&wanted, &first.state);
    // then
    assert_eq!(changes(&first), ["close-port 80/tcp"]);
    assert_eq!(changes(&second), ["open-port --endpoints foo 80/tcp"]);
}

#[test]
fn a_range_that_is_open_for_some_endpoints_is_opened_for_all_at_the_end_of_the_hook() {
    // given
    let hooks = Hooks::new();
    let given = State::default().with_opened_ports(["80/tcp (foo)"]);
    // when
    let then = hooks.set_ports(&[tcp(80, 80)], &given);
    // then
    assert_eq!(
        then.hook_commands,
        [OPENED_PORTS, "open-port 80/tcp", "status-set active"]
    );
    assert_eq!(hooks.changes().opened, [tcp(80, 80)]);
    assert_eq!(hooks.opened(), ["80/tcp"]);
    assert_eq!(then.state.opened_ports, ["80/tcp"]);
    // when
    let then = hooks.steps_then_blocked(vec![Step::Set(vec![tcp(80, 80)])], &given);
    // then
    assert_eq!(changes(&then), Vec::<&str>::new());
    assert_eq!(then.state.opened_ports, ["80/tcp (foo)"]);
}

#[test]
fn a_range_is_opened_for_all_at_the_end_of_stop_too() {
    // given
    let hooks = Hooks::new();
    let given = State::default().with_opened_ports(["80/tcp (foo)"]);
    // when
    let then = hooks.stop(vec![Step::Set(vec![tcp(80, 80)])], &given);
    // then
    assert_eq!(changes(&then), ["open-port 80/tcp"]);
    assert_eq!(then.state.opened_ports, ["80/tcp"]);
}

#[test]
fn ports_that_are_set_twice_in_a_hook_end_as_set_last() {
    // given
    let hooks = Hooks::new();
    let given = State::default().with_opened_ports(["80/tcp"]);
    let steps = [vec![tcp(90, 99)], vec![tcp(80, 80)]].map(Step::Set);
    // when
    let then = hooks.steps(steps.to_vec(), &given);
    // then
    assert_eq!(
        changes(&then),
        ["open-port 90-99/tcp", "close-port 90-99/tcp"]
    );
    assert_eq!(then.state.opened_ports, ["80/tcp"]);
}

#[test]
fn port_0_that_somebody_has_opened_by_hand_is_seen_and_closed() {
    // given
    let hooks = Hooks::new();
    let given = State::default().with_opened_ports(["0-9/tcp"]);
    // when
    let seen = hooks.steps(Vec::new(), &given);
    // then
    assert_eq!(hooks.opened(), ["0-9/tcp"]);
    assert_eq!(seen.state.opened_ports, ["0-9/tcp"]);
    // when
    let first = hooks.set_ports(&[tcp(1, 9)], &given);
    let second = hooks.set_ports(&[tcp(1, 9)], &first.state);
    // then
    assert_eq!(changes(&first), ["close-port 0-9/tcp"]);
    assert_eq!(second.state.opened_ports, ["1-9/tcp"]);
}

#[test]
fn one_port_is_opened_and_closed_beside_the_others() {
    // given
    let hooks = Hooks::new();
    let given = State::default().with_opened_ports(["53/udp", "80/tcp"]);
    let steps = vec![
        Step::Open(tcp(80, 80)),
        Step::Close(tcp(81, 81)),
        Step::Open(Port::icmp()),
        Step::Close(Port::udp(53).unwrap()),
    ];
    // when
    let then = hooks.steps(steps, &given);
    // then
    assert_eq!(changes(&then), ["open-port icmp", "close-port 53/udp"]);
    assert_eq!(hooks.opened(), ["icmp", "80/tcp"]);
    assert_eq!(then.state.opened_ports, ["icmp", "80/tcp"]);
}

#[test]
fn one_port_is_opened_and_closed_for_some_endpoints() {
    let (open, close) = (
        |text| Step::Open(port(text)),
        |text| Step::Close(port(text)),
    );
    let given_when_then = [
        (
            "80/tcp (bar)",
            vec![open("80/tcp (bar, foo)")],
            vec!["open-port --endpoints foo 80/tcp"],
            "80/tcp (bar, foo)",
        ),
        (
            "80/tcp (bar, foo)",
            vec![close("80/tcp (baz, foo)")],
            vec!["close-port --endpoints foo 80/tcp"],
            "80/tcp (bar)",
        ),
        ("80/tcp", vec![open("80/tcp (foo)")], vec![], "80/tcp"),
        (
            "80/tcp",
            vec![close("80/tcp (foo)"), close("80/tcp (bar, foo)")],
            vec!["close-port --endpoints bar,foo 80/tcp"],
            "80/tcp (baz)",
        ),
        (
            "80/tcp",
            vec![close("80/tcp (foo)"), open("80/tcp (bar, foo)")],
            vec![],
            "80/tcp",
        ),
        (
            "80/tcp (foo)",
            vec![open("80/tcp"), open("80/tcp (bar)")],
            vec!["open-port 80/tcp"],
            "80/tcp",
        ),
        (
            "80/tcp (foo)",
            vec![open("80/tcp"), close("80/tcp (bar)")],
            vec!["close-port --endpoints bar 80/tcp", "open-port 80/tcp"],
            "80/tcp (baz, foo)",
        ),
    ];
    let hooks = Hooks::new();
    for (open, steps, commands, opened) in given_when_then {
        let given = State::default().with_opened_ports([open]);
        let then = hooks.steps(steps.clone(), &given);
        assert_eq!(changes(&then), commands, "{open}: {steps:?}");
        assert_eq!(then.state.opened_ports, [opened], "{open}: {steps:?}");
    }
}

#[test]
fn a_part_of_an_open_range_is_refused_before_any_command() {
    let hooks = Hooks::new();
    let given = State::default().with_opened_ports(["70-90/tcp"]);
    for step in [Step::Open(tcp(80, 80)), Step::Close(tcp(80, 80))] {
        // when
        let then = hooks.steps(vec![step], &given);
        // then
        let error = "config-changed failed: port 80/tcp cannot be changed in this hook, in which Juju holds to \
                     70-90/tcp: change exactly that, or wait for the next hook";
        assert_eq!(then.errors(), [error]);
        assert_eq!(then.hook_commands, [OPENED_PORTS]);
    }
}

#[test]
fn a_range_closed_for_all_endpoints_is_not_opened_for_some_in_the_same_hook() {
    // given
    let hooks = Hooks::new();
    let given = State::default().with_opened_ports(["80/tcp"]);
    // when
    let then = hooks.steps(
        vec![Step::Close(tcp(80, 80)), Step::Open(port("80/tcp (foo)"))],
        &given,
    );
    // then
    assert_eq!(then.exit, Exit::Code(1));
    assert_eq!(then.hook_commands, [OPENED_PORTS]);
    assert_eq!(then.state.opened_ports, ["80/tcp"]);
}

/// A later Juju may open what this one cannot.
#[test]
fn opened_ports_that_nobody_understands_are_left_alone_with_one_warning() {
    struct Asking(Vec<Port>);
    impl Charm for Asking {
        fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
            self.0 = unit.opened_ports()?;
            unit.set_ports([Port::tcp(90)?])?;
            unit.open_port(Port::udp(53)?)?;
            unit.close_port(Port::tcp(70)?)?;
            Ok(Status::active())
        }
    }
    // given
    let open = r#"["1234/ftp (*)", "80/tcp (*)", "70000/tcp (*)", "81/tcp (a"]"#;
    let mut charm = Asking(Vec::new());
    // when
    let (ended, commands) = dispatch(&mut charm, "hooks/start", [("opened-ports", open)]);
    // then
    ended.unwrap();
    assert_eq!(charm.0, [port("80/tcp")]);
    assert_eq!(
        commands,
        [
            "juju-log --log-level WARNING -- opened ports that are not understood stay as they are: \
             1234/ftp (*), 70000/tcp (*), 81/tcp (a",
            "open-port 90/tcp",
            "open-port 53/udp",
            "close-port 80/tcp",
            "status-set active",
        ]
    );
}
