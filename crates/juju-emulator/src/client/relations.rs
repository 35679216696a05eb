//! Relations as `status --relations`, `status --format=json` and `show-unit` show them.

use std::collections::BTreeMap;
use std::iter;

use serde::Serialize;

use crate::charm::metadata::Scope;
use crate::client::screen::{Color, Screen};
use crate::client::table::{fitted, row};
use crate::controller::model::{Model, application_of};
use crate::controller::relation::{Relation, Side};

/// The table of `status --relations`; none without relations.
pub(crate) fn relations_table(model: &Model, screen: Screen) -> Option<String> {
    let mut rows: Vec<_> = model
        .relations
        .values()
        .map(|relation| {
            let names: Vec<_> = relation.sides.iter().map(Side::name).collect();
            let (provider, requirer) = (names[0].as_str(), names[names.len() - 1].as_str());
            let kind = match relation.scope {
                _ if relation.is_peer() => "peer",
                Scope::Container => "subordinate",
                Scope::Global => "regular",
            };
            [provider, requirer, relation.interface.as_str(), kind].map(str::to_owned)
        })
        .collect();
    rows.sort();
    if rows.is_empty() {
        return None;
    }
    let side = |name: &str| match name.split_once(':') {
        Some((application, endpoint)) => {
            application.to_owned() + &screen.part(Color::Endpoint, &format!(":{endpoint}"))
        }
        None => name.to_owned(),
    };
    let rows = rows.iter().map(|[provider, requirer, interface, kind]| {
        row([&side(provider), &side(requirer), interface, kind, ""])
    });
    let header = [
        "Integration provider",
        "Requirer",
        "Interface",
        "Type",
        "Message",
    ];
    let rows: Vec<_> = iter::once(screen.header(header)).chain(rows).collect();
    Some(fitted(&rows, &[], screen.width))
}

/// What `status --format=json` says of an application's relations, by endpoint.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::struct_field_names,
    reason = "the names are those of the JSON that juju prints"
)]
pub(crate) struct Related {
    related_application: String,
    interface: String,
    scope: Scope,
}

pub(crate) fn related_applications(
    model: &Model,
    application: &str,
) -> BTreeMap<String, Vec<Related>> {
    let mut related: BTreeMap<String, Vec<Related>> = BTreeMap::new();
    for (_, relation) in model.relations_of(application) {
        let (Some(side), Some(remote)) = (
            relation.side(application),
            relation.remote_side(application),
        ) else {
            continue;
        };
        let of_endpoint = related.entry(side.endpoint.clone()).or_default();
        of_endpoint.push(Related {
            related_application: remote.application.clone(),
            interface: relation.interface.clone(),
            scope: relation.scope,
        });
    }
    related
}

/// The applications beside whose units a subordinate application's units live.
pub(crate) fn subordinate_to(model: &Model, application: &str) -> Vec<String> {
    let container = model
        .relations_of(application)
        .filter(|(_, relation)| relation.scope == Scope::Container && !relation.is_peer());
    let mut principals: Vec<_> = container
        .filter_map(|(_, relation)| Some(relation.remote_side(application)?.application.clone()))
        .collect();
    principals.sort();
    principals
}

/// What `show-unit` says of one relation.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct RelationInfo {
    relation_id: u64,
    pub(crate) endpoint: String,
    related_endpoint: String,
    application_data: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) local_unit: Option<UnitData>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) related_units: BTreeMap<String, UnitData>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct UnitData {
    in_scope: bool,
    data: BTreeMap<String, String>,
}

/// The relations of a unit by endpoint, those among peers with the unit's own data.
pub(crate) fn relation_info(model: &Model, unit: &str) -> Vec<RelationInfo> {
    let application = application_of(unit);
    let info = |(id, relation): (u64, &Relation)| {
        let side = relation.side(application)?;
        let remote = relation.remote_side(application)?;
        let local = side.units.get(unit).filter(|_| relation.is_peer());
        let related = model.counterparts(unit, relation);
        let unit_data = |data: &BTreeMap<String, String>| UnitData {
            in_scope: true,
            data: data.clone(),
        };
        Some(RelationInfo {
            relation_id: id,
            endpoint: side.endpoint.clone(),
            related_endpoint: remote.endpoint.clone(),
            application_data: remote.settings.data.clone(),
            local_unit: local.map(|local| unit_data(&local.settings.data)),
            related_units: related
                .map(|(name, settings)| (name.to_owned(), unit_data(&settings.data)))
                .collect(),
        })
    };
    let mut all: Vec<_> = model.relations_of(application).filter_map(info).collect();
    all.sort_by(|one, other| one.endpoint.cmp(&other.endpoint));
    all
}
