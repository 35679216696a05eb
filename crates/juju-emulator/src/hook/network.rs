//! Addresses: `unit-get` and `network-get`.

use serde_json::{Value, json};

use crate::go::flags::{Flag, FlagValue};
use crate::go::strconv::quote;
use crate::hook::command::{Call, Failure, HookCommand, TakesEffect};
use crate::hook::output::{FORMAT, OUTPUT};
use crate::hook::relation::commands::RELATION;

pub(crate) const UNIT_GET: HookCommand = HookCommand {
    name: "unit-get",
    arguments: "<private-address|public-address>",
    purpose: "Print an address of this unit.",
    flags: &[FORMAT, OUTPUT],
    takes_effect: TakesEffect::Never,
    run: unit_get,
};

fn unit_get(call: &mut Call<'_>) -> Result<(), Failure> {
    let setting = call.line.arguments.first().cloned();
    let Some(setting) = setting else {
        return Err(Failure::Usage("no setting specified".to_owned()));
    };
    let kind = match setting.as_str() {
        "private-address" => "private",
        "public-address" => "public",
        _ => {
            let setting = quote(&setting);
            return Err(Failure::Usage(format!("unknown setting {setting}")));
        }
    };
    let [_] = call.at_most()?;
    let Some(address) = call.hook.unit.address else {
        return Err(Failure::Refused(format!("{kind} address not found")));
    };
    call.print(&address.to_string().into())
}

const BIND_ADDRESS: Flag = Flag {
    names: &["bind-address"],
    value: FlagValue::Bool,
    purpose: "Print the address to listen on",
};
const INGRESS_ADDRESS: Flag = Flag {
    names: &["ingress-address"],
    value: FlagValue::Bool,
    purpose: "Print the address under which others reach the unit",
};
const EGRESS_SUBNETS: Flag = Flag {
    names: &["egress-subnets"],
    value: FlagValue::Bool,
    purpose: "Print the networks that the unit's own connections come from",
};
const PRIMARY_ADDRESS: Flag = Flag {
    names: &["primary-address"],
    value: FlagValue::Bool,
    purpose: "Print the address to listen on; deprecated",
};

pub(crate) const NETWORK_GET: HookCommand = HookCommand {
    name: "network-get",
    arguments: "<binding-name>",
    purpose: "Print the addresses of this unit for an endpoint.",
    flags: &[
        BIND_ADDRESS,
        EGRESS_SUBNETS,
        FORMAT,
        INGRESS_ADDRESS,
        OUTPUT,
        PRIMARY_ADDRESS,
        RELATION,
    ],
    takes_effect: TakesEffect::Never,
    run: network_get,
};

fn network_get(call: &mut Call<'_>) -> Result<(), Failure> {
    let Some(binding) = call.line.arguments.first().cloned() else {
        return Err(Failure::Usage("no arguments specified".to_owned()));
    };
    if binding.is_empty() {
        return Err(Failure::Usage("no binding name specified".to_owned()));
    }
    let [_] = call.at_most()?;
    if call.line.value("r").is_some_and(|id| !id.is_empty()) {
        call.relation()?;
    }
    let of_juju = ["", "juju-info"];
    let unit = &call.hook.unit;
    let is_bound = unit.endpoints.contains(&binding) || of_juju.contains(&binding.as_str());
    let (Some(address), true) = (unit.address, is_bound) else {
        let binding = quote(&binding);
        let refusal = format!("no network config found for binding {binding}");
        return Err(Failure::Refused(refusal));
    };
    let address = address.to_string();
    let subnet = format!("{address}/32");
    let all = [
        ("bind-address", json!(address)),
        ("egress-subnets", json!([subnet])),
        ("ingress-address", json!(address)),
    ];
    let asked: Vec<_> = all
        .into_iter()
        .filter(|(name, _)| call.line.is_set(name))
        .collect();
    if call.line.is_set("primary-address") {
        if !asked.is_empty() {
            let refusal = "--primary-address must be the only flag specified".to_owned();
            return Err(Failure::Refused(refusal));
        }
        return call.print(&address.into());
    }
    let value = match &asked[..] {
        [] => {
            let with_old_names = call.line.value("format") != Some("json");
            return call.print_struct(&whole(&address, &subnet, with_old_names));
        }
        [(_, value)] => value.clone(),
        several => {
            let fields = several
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()));
            Value::Object(fields.collect())
        }
    };
    call.print(&value)
}

/// All of it. YAML repeats some fields under the names that they had before.
fn whole(address: &str, subnet: &str, with_old_names: bool) -> Value {
    let mut of_interface = json!({
        "hostname": address, "value": address, "cidr": subnet,
    });
    let mut interface = json!({"mac-address": "00:00:00:00:00:00", "interface-name": "lo"});
    interface["addresses"] = Value::Null;
    if with_old_names {
        of_interface["address"] = json!(address);
        interface["macaddress"] = json!("00:00:00:00:00:00");
        interface["interfacename"] = json!("lo");
    }
    interface["addresses"] = json!([of_interface]);
    json!({
        "bind-addresses": [interface],
        "egress-subnets": [subnet],
        "ingress-addresses": [address],
    })
}
