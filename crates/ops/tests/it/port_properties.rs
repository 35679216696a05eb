//! Whatever is open and whatever is wanted: Juju refuses no command, and the unit gets there.
//!
//! A case that fails is printed, and kept in `port_properties.failures` beside this file to be run first from then on.

use std::collections::{BTreeMap, BTreeSet};

use ops::{Port, Protocol, Status};
use ops_testing::{Exit, LogLevel, State};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, RngAlgorithm, TestRunner};

use crate::scripted::{Hooks, Step};

const NOTHING_TO_DO: [&str; 2] = [
    "opened-ports --endpoints --format=json",
    "status-set active",
];
const ENDPOINTS: [&str; 3] = ["bar", "baz", "foo"];
/// So few that ranges touch and overlap all the time.
const HIGHEST: u16 = 16;

/// Each number of a protocol with the endpoints that it is open for, `*` for all. Icmp has the number 0.
type Coverage = BTreeMap<(String, u16), BTreeSet<String>>;

/// A range as the test makes it up.
#[derive(Clone, Debug)]
struct Range {
    protocol: &'static str,
    from: u16,
    to: u16,
    /// None for all of them.
    endpoints: BTreeSet<&'static str>,
}

impl Range {
    fn text(&self) -> String {
        let Self {
            protocol,
            from,
            to,
            endpoints,
        } = self;
        let names: Vec<&str> = endpoints.iter().copied().collect();
        let numbers = match protocol {
            &"icmp" => "icmp".to_owned(),
            _ if from == to => format!("{from}/{protocol}"),
            _ => format!("{from}-{to}/{protocol}"),
        };
        match &names[..] {
            [] => numbers,
            _ => format!("{numbers} ({})", names.join(", ")),
        }
    }

    fn port(&self) -> Port {
        let port = match self.protocol {
            "icmp" => Port::icmp(),
            "tcp" => Port::range(Protocol::Tcp, self.from..=self.to).unwrap(),
            _ => Port::range(Protocol::Udp, self.from..=self.to).unwrap(),
        };
        if self.endpoints.is_empty() {
            return port;
        }
        port.for_endpoints(self.endpoints.iter().copied()).unwrap()
    }
}

fn coverage<'a>(ranges: impl IntoIterator<Item = &'a Range>) -> Coverage {
    let mut coverage = Coverage::new();
    for range in ranges {
        for number in range.from..=range.to {
            let open = coverage
                .entry((range.protocol.to_owned(), number))
                .or_default();
            if range.endpoints.is_empty() {
                *open = BTreeSet::from(["*".to_owned()]);
            } else if !open.contains("*") {
                open.extend(range.endpoints.iter().map(|&name| name.to_owned()));
            }
        }
    }
    coverage
}

/// Reads what Juju holds: `8-9/tcp (bar, foo)`.
fn coverage_of_texts(texts: &[String]) -> Coverage {
    let mut coverage = Coverage::new();
    for text in texts {
        let (numbers, names) = text
            .trim_end_matches(')')
            .split_once(" (")
            .unwrap_or((text, "*"));
        let (numbers, protocol) = numbers.split_once('/').unwrap_or(("0", numbers));
        let (from, to) = numbers.split_once('-').unwrap_or((numbers, numbers));
        for number in from.parse().unwrap()..=to.parse().unwrap() {
            let names = names.split(", ").map(str::to_owned).collect();
            let twice = coverage.insert((protocol.to_owned(), number), names);
            assert_eq!(twice, None, "{number} is in two of {texts:?}");
        }
    }
    coverage
}

/// What is open on the unit's machine, and what its charm wants.
#[derive(Clone, Debug)]
struct Case {
    kubernetes: bool,
    open: Vec<Range>,
    neighbours: BTreeMap<String, Vec<Range>>,
    wanted: Vec<Range>,
}

impl Case {
    fn given(&self) -> State {
        let texts = |ranges: &[Range]| ranges.iter().map(Range::text).collect::<Vec<_>>();
        let mut given = State::default().with_opened_ports(texts(&self.open));
        for (unit, ranges) in &self.neighbours {
            given = given.with_machine_ports(unit, texts(ranges));
        }
        if self.kubernetes {
            given.on_kubernetes()
        } else {
            given
        }
    }

    fn wanted(&self) -> Vec<Port> {
        self.wanted.iter().map(Range::port).collect()
    }

    fn a_neighbour_is_in_the_way(&self) -> bool {
        let held = coverage(self.neighbours.values().flatten());
        coverage(&self.wanted)
            .keys()
            .any(|number| held.contains_key(number))
    }
}

fn endpoints() -> impl Strategy<Value = BTreeSet<&'static str>> {
    prop_oneof![
        Just(BTreeSet::new()),
        prop::sample::subsequence(&ENDPOINTS[..], 1..=3).prop_map(BTreeSet::from_iter),
    ]
}

/// Ranges that do not overlap, in order, each with a number that says whose it is. Port 0 has been opened by hand.
fn disjoint(protocol: &'static str, longest: u16) -> impl Strategy<Value = Vec<(u32, Range)>> {
    let steps = prop::collection::vec((0..=2_u16, 1..=longest, endpoints(), 0..8_u32), 0..6);
    steps.prop_map(move |steps| {
        let mut next = 0;
        let place = |(gap, length, endpoints, owner): (u16, u16, _, _)| {
            let from = next + gap;
            next = from + length;
            (
                owner,
                Range {
                    protocol,
                    from,
                    to: next - 1,
                    endpoints,
                },
            )
        };
        steps.into_iter().map(place).collect()
    })
}

fn wanted(kubernetes: bool) -> impl Strategy<Value = Range> {
    let numbers = (
        prop::sample::select(vec!["tcp", "udp"]),
        1..=HIGHEST,
        0..=5_u16,
    )
        .prop_map(|(protocol, from, more)| (protocol, from, (from + more).min(HIGHEST)));
    let icmp = Just(("icmp", 0, 0));
    let icmp_weight = u32::from(!kubernetes);
    (prop_oneof![8 => numbers, icmp_weight => icmp], endpoints()).prop_map(
        |((protocol, from, to), endpoints)| Range {
            protocol,
            from,
            to,
            endpoints,
        },
    )
}

fn case() -> impl Strategy<Value = Case> {
    (any::<bool>(), any::<bool>()).prop_flat_map(|(kubernetes, neighbours)| {
        let longest = if kubernetes { 1 } else { 5 };
        let icmp = prop::option::of((0..8_u32, endpoints())).prop_map(|icmp| {
            let range = |(owner, endpoints)| {
                (
                    owner,
                    Range {
                        protocol: "icmp",
                        from: 0,
                        to: 0,
                        endpoints,
                    },
                )
            };
            Vec::from_iter(icmp.map(range))
        });
        let held = (icmp, disjoint("tcp", longest), disjoint("udp", longest));
        let wanted = prop::collection::vec(wanted(kubernetes), 0..5);
        (held, wanted).prop_map(move |((icmp, tcp, udp), wanted)| {
            let mut case = Case {
                kubernetes,
                open: vec![],
                neighbours: BTreeMap::new(),
                wanted,
            };
            for (owner, range) in [icmp, tcp, udp].into_iter().flatten() {
                if owner > 1 || kubernetes || !neighbours {
                    case.open.push(range);
                } else {
                    case.neighbours
                        .entry(format!("other/{owner}"))
                        .or_default()
                        .push(range);
                }
            }
            case
        })
    })
}

fn step() -> impl Strategy<Value = Step> {
    let port = || wanted(false).prop_map(|range| range.port());
    prop_oneof![
        prop::collection::vec(port(), 0..4).prop_map(Step::Set),
        port().prop_map(Step::Open),
        port().prop_map(Step::Close),
    ]
}

fn check<S: Strategy>(
    cases: u32,
    strategy: &S,
    test: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let config = ProptestConfig {
        cases,
        source_file: Some(file!()),
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("failures"))),
        rng_algorithm: RngAlgorithm::XorShift,
        ..ProptestConfig::default()
    };
    let ended = TestRunner::new(config).run(strategy, test);
    assert!(ended.is_ok(), "{}", ended.unwrap_err());
}

#[test]
fn set_ports_gets_there_in_two_hooks_and_then_has_nothing_to_do() {
    let hooks = Hooks::new();
    check(10_000, &case(), |case| {
        let (given, ports, wanted) = (case.given(), case.wanted(), coverage(&case.wanted));
        // when
        let first = hooks.set_ports(&ports, &given);
        // then
        prop_assert_eq!(first.exit, Exit::Code(0), "{:?}", first);
        if case.a_neighbour_is_in_the_way() {
            let status = first.state.unit_status.unwrap();
            prop_assert_eq!(status.name(), "blocked");
            prop_assert!(
                status.message().contains("is held by other/"),
                "{:?}",
                status
            );
            prop_assert_eq!(first.state.opened_ports, given.opened_ports);
            return Ok(());
        }
        let there = coverage_of_texts(&first.state.opened_ports) == wanted;
        let status = first.state.unit_status.as_ref().map(Status::name);
        let expected = if there { "active" } else { "waiting" };
        prop_assert_eq!(status, Some(expected), "{:?}", first);
        let changes = hooks.changes();
        prop_assert_eq!(changes.later.is_empty(), there, "{:?}", first);
        let warned = first.log.iter().any(|line| line.level == LogLevel::Warning);
        prop_assert_eq!(warned, !there, "{:?}", first);
        if coverage(&case.open) == wanted {
            prop_assert_eq!(&first.hook_commands, &NOTHING_TO_DO);
        }
        let converged = if there {
            first
        } else {
            // when
            let second = hooks.set_ports(&ports, &first.state);
            // then
            prop_assert_eq!(second.exit, Exit::Code(0), "{:?}", second);
            let opened = coverage_of_texts(&second.state.opened_ports);
            prop_assert_eq!(opened, wanted, "{:?}", second);
            second
        };
        // when
        let next = hooks.set_ports(&ports, &converged.state);
        // then
        prop_assert_eq!(next.hook_commands, NOTHING_TO_DO);
        Ok(())
    });
}

#[test]
fn a_hook_that_ends_blocked_leaves_the_ports_as_they_were() {
    let hooks = Hooks::new();
    let steps = prop::collection::vec(step(), 1..6);
    check(3_000, &(case(), steps), |(case, steps)| {
        let given = case.given();
        // when
        let then = hooks.steps_then_blocked(steps, &given);
        // then
        prop_assert_eq!(then.exit, Exit::Code(0), "{:?}", then);
        prop_assert_eq!(&then.state.opened_ports, &given.opened_ports, "{:?}", then);
        Ok(())
    });
}
