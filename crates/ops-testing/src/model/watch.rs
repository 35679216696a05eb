//! Looks on while a model runs: at what breaks a law, and at what has been reached.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use crate::model::model_state::ModelState;
use crate::model::run::{Ran, Run};

/// Units that have run so many hooks each, and so many for each other unit, since anybody did something to the model do not
/// settle any more.
const HOOKS_PER_UNIT: usize = 100;
const HOOKS_PER_PAIR: usize = 10;

/// What is published so often in one schedule should be read.
const AGAIN_AND_AGAIN: usize = 10;

/// What must be true, as an author says it.
#[derive(Clone)]
pub(crate) struct Invariant {
    pub(crate) name: String,
    pub(crate) holds: Arc<dyn Fn(&ModelState) -> bool + Send + Sync>,
}

/// What must be true of a model beside the laws.
#[derive(Clone, Default)]
pub(crate) struct Invariants {
    /// After every hook.
    pub(crate) always: Vec<Invariant>,
    /// When all units have settled.
    pub(crate) eventually: Vec<Invariant>,
}

/// Why a model cannot go on.
#[derive(Clone, Debug)]
pub(crate) enum Breach {
    /// Juju does not do what an operator wants.
    Refused(String),
    /// A hook failed, and nothing had gone wrong with it.
    HookFailed(Box<Ran>),
    /// Hooks follow on hooks without an end; the text says who keeps writing what.
    NeverSettles(String),
    /// An invariant does not hold.
    Violated { name: String, when: &'static str },
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) => write!(f, "the operator is refused: {why}"),
            Self::HookFailed(ran) => {
                let why = ran.failure.as_deref().unwrap_or_default();
                let (unit, hook) = (&ran.unit, &ran.hook);
                write!(
                    f,
                    "{unit}: {hook} has failed, though nothing went wrong with it: {why}"
                )
            }
            Self::NeverSettles(who) => write!(f, "the units never settle: {who}"),
            Self::Violated { name, when } => write!(f, "{when} it should be so: {name}"),
        }
    }
}

/// The data of a unit, or of an application, in a relation.
type Bag = (u64, String);

/// What has been reached, in one or more schedules.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reached {
    pub(crate) hooks: usize,
    /// By application: what was run.
    pub(crate) kinds: BTreeSet<(String, String)>,
    /// By application: what was run directly after what in a unit.
    pub(crate) pairs: BTreeSet<(String, String, String)>,
    /// How often each bag was written in the schedule that wrote it most often.
    writes: BTreeMap<Bag, usize>,
    /// The bags that another unit has read than the one that wrote them.
    read: BTreeSet<Bag>,
}

impl Reached {
    pub(crate) fn extend(&mut self, other: Self) {
        self.hooks += other.hooks;
        self.kinds.extend(other.kinds);
        self.pairs.extend(other.pairs);
        for (bag, count) in other.writes {
            let writes = self.writes.entry(bag).or_default();
            *writes = count.max(*writes);
        }
        self.read.extend(other.read);
    }

    /// Data that is written again and again and that nobody has ever read, such as `db:3 of web/0`.
    pub(crate) fn unread(&self) -> Option<String> {
        let written = self.writes.iter();
        let written = written.filter(|(_, count)| **count >= AGAIN_AND_AGAIN);
        let mut unread = written.filter(|(bag, _)| !self.read.contains(*bag));
        unread
            .next()
            .map(|((id, owner), count)| format!("{owner} has published {count} times in relation {id}, which no other unit has ever read"))
    }
}

/// Looks on while one schedule runs.
pub(crate) struct Watch<'a> {
    invariants: &'a Invariants,
    pub(crate) reached: Reached,
    /// The last hook of each unit.
    last: BTreeMap<String, String>,
    /// Who has written each bag last.
    writers: BTreeMap<Bag, String>,
    /// Since anybody did something to the model.
    since: Vec<Vec<Bag>>,
    schedule: DefaultHasher,
    /// What has run, for those who want to tell it.
    pub(crate) ran: Option<Vec<Ran>>,
    /// Hooks may fail without a fault.
    is_tolerant: bool,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(invariants: &'a Invariants) -> Self {
        Self {
            invariants,
            reached: Reached::default(),
            last: BTreeMap::new(),
            writers: BTreeMap::new(),
            since: Vec::new(),
            schedule: DefaultHasher::new(),
            ran: None,
            is_tolerant: false,
        }
    }

    /// The same, where hooks may fail by themselves.
    pub(crate) fn tolerant(mut self) -> Self {
        self.is_tolerant = true;
        self
    }

    /// The same, keeping what has run.
    pub(crate) fn keeping(mut self) -> Self {
        self.ran = Some(Vec::new());
        self
    }

    /// A number that tells one schedule from another.
    pub(crate) fn schedule(&self) -> u64 {
        self.schedule.finish()
    }

    /// Somebody does something to the model.
    pub(crate) fn operated(&mut self, operation: &impl fmt::Debug) {
        self.since.clear();
        format!("{operation:?}").hash(&mut self.schedule);
    }

    /// A hook has run.
    pub(crate) fn seen(&mut self, run: &mut Run<'_>, ran: &Ran) -> Result<(), Breach> {
        let hook = ran.hook.to_string();
        (&ran.unit, &hook, ran.fault).hash(&mut self.schedule);
        let (application, _) = ran.unit.split_once('/').unwrap_or((&ran.unit, ""));
        self.reached.hooks += 1;
        if let Some(before) = self.last.insert(ran.unit.clone(), hook.clone()) {
            let pair = (application.to_owned(), before, hook.clone());
            self.reached.pairs.insert(pair);
        }
        self.reached.kinds.insert((application.to_owned(), hook));
        self.note_data(ran, application);
        if let Some(kept) = &mut self.ran {
            kept.push(ran.clone());
        }
        let fails_by_itself = ran.failure.is_some() && ran.fault.is_none() && ran.is_event();
        if fails_by_itself && !self.is_tolerant {
            return Err(Breach::HookFailed(Box::new(ran.clone())));
        }
        let units = self.last.len();
        if self.since.len() > (HOOKS_PER_UNIT + HOOKS_PER_PAIR * units) * units {
            return Err(Breach::NeverSettles(self.who_keeps_writing()));
        }
        if self.invariants.always.is_empty() {
            return Ok(());
        }
        check(&self.invariants.always, &run.state(), "after every hook")
    }

    /// All units have settled.
    pub(crate) fn settled(&self, end: &ModelState) -> Result<(), Breach> {
        check(
            &self.invariants.eventually,
            end,
            "when all units have settled",
        )
    }

    fn note_data(&mut self, ran: &Ran, application: &str) {
        for command in ran
            .commands
            .iter()
            .filter(|it| it.starts_with("relation-get"))
        {
            if let Some(bag) = bag_read(command)
                && self.writers.get(&bag).is_some_and(|by| *by != ran.unit)
            {
                self.reached.read.insert(bag);
            }
        }
        let bags = ran.published.iter().map(|(id, as_application)| {
            let owner = if *as_application {
                application
            } else {
                &ran.unit
            };
            (*id, owner.to_owned())
        });
        let bags: Vec<Bag> = bags.collect();
        for bag in &bags {
            *self.reached.writes.entry(bag.clone()).or_default() += 1;
            self.writers.insert(bag.clone(), ran.unit.clone());
        }
        self.since.push(bags);
    }

    fn who_keeps_writing(&self) -> String {
        let latest = self.since.iter().rev().take(self.since.len() / 2);
        let mut writes: BTreeMap<&Bag, usize> = BTreeMap::new();
        for bag in latest.flatten() {
            *writes.entry(bag).or_default() += 1;
        }
        let lines = writes.iter().map(|((id, owner), count)| {
            format!("{owner} has published {count} times in relation {id}")
        });
        let lines: Vec<_> = lines.collect();
        if lines.is_empty() {
            return "nobody publishes anything".to_owned();
        }
        lines.join(", ")
    }
}

fn check(invariants: &[Invariant], state: &ModelState, when: &'static str) -> Result<(), Breach> {
    match invariants.iter().find(|it| !(it.holds)(state)) {
        None => Ok(()),
        Some(violated) => Err(Breach::Violated {
            name: violated.name.clone(),
            when,
        }),
    }
}

/// The data that a command such as `relation-get -r ingress:3 --format=json - web/0` reads.
fn bag_read(command: &str) -> Option<Bag> {
    let mut words = command.split(' ').peekable();
    let mut id = None;
    let mut last = None;
    while let Some(word) = words.next() {
        match word {
            "-r" | "--relation" => id = words.next(),
            word if word.starts_with('-') => {}
            word => last = Some(word),
        }
    }
    let (_, number) = id?.rsplit_once(':')?;
    Some((number.parse().ok()?, last?.to_owned()))
}
