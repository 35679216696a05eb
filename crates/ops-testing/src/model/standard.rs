//! What operators do to a model when a test does not say it.

use juju_emulator::charm::metadata::{Endpoint, Role, Scope};

use crate::laws::option_values::values;
use crate::model::application::Application;
use crate::model::scenario::Model;

/// How many values of each option are tried.
const VALUES: usize = 3;

/// The model as it is if it has operations; else one that is deployed, related, scaled, reconfigured and taken apart again.
pub(crate) fn with_standard_operations(model: Model) -> Model {
    if !model.moves.is_empty() {
        return model;
    }
    let applications = model.applications.clone();
    let mut model = model;
    for application in &applications {
        model = model.deploy(&application.name, 2);
    }
    let relations = relations(&applications);
    for [one, other] in &relations {
        model = model.integrate(one, other);
    }
    let principals: Vec<_> = applications
        .iter()
        .filter(|application| !application.charm.subordinate)
        .map(|application| application.name.as_str())
        .collect();
    for name in &principals {
        model = model.add_unit(name);
    }
    for application in &applications {
        for (option, declared) in &application.charm.options {
            for value in values(declared).into_iter().take(VALUES) {
                model = model.configure(&application.name, option, value);
            }
            model = model.reset(&application.name, option);
        }
    }
    for name in &principals {
        model = model.remove_unit(&format!("{name}/0"));
    }
    for [one, other] in &relations {
        model = model
            .remove_relation(one, other)
            .integrate(one, other)
            .settle_all()
            .remove_relation(one, other);
    }
    model
}

/// The endpoints of two applications each that fit.
fn relations(applications: &[Application]) -> Vec<[String; 2]> {
    let endpoints = applications.iter().flat_map(|application| {
        let endpoints = application.charm.endpoints.iter();
        endpoints.map(move |(name, endpoint)| (application, name, endpoint))
    });
    let endpoints: Vec<_> = endpoints.collect();
    let mut relations: Vec<[String; 2]> = Vec::new();
    for (provider, provided, of_provider) in &endpoints {
        for (requirer, required, of_requirer) in &endpoints {
            let is_container = [of_provider, of_requirer]
                .iter()
                .any(|endpoint| endpoint.scope == Scope::Container);
            let ends = [
                format!("{}:{required}", requirer.name),
                format!("{}:{provided}", provider.name),
            ];
            let used = |end: &str| relations.iter().flatten().filter(|it| *it == end).count();
            let is_full = [(of_requirer, &ends[0]), (of_provider, &ends[1])]
                .iter()
                .any(|(it, end)| it.limit.is_some_and(|limit| used(end) >= limit as usize));
            if provider.name != requirer.name
                && fit(of_provider, of_requirer)
                && !is_full
                && (!is_container || provider.charm.subordinate || requirer.charm.subordinate)
            {
                relations.push(ends);
            }
        }
    }
    relations
}

fn fit(provided: &Endpoint, required: &Endpoint) -> bool {
    provided.role == Role::Provider
        && required.role == Role::Requirer
        && provided.interface == required.interface
}
