//! The interface `ingress`, version 2: an application gets a url at which others reach all of its units.
//!
//! | bag | key | what |
//! |---|---|---|
//! | requirer, application | `model`, `name`, `port` | which application it is, and the port on which its units answer |
//! | | `strip-prefix`, `redirect-https`, `scheme`, `healthcheck-params` | optional: [`ApplicationData`] |
//! | requirer, unit | `host`, `ip` | where the provider reaches the unit: [`UnitData`] |
//! | provider, application | `ingress` | `{"url": "http://10.0.0.1:8080/staging-web/"}` |
//!
//! Every text is JSON. Older charms write a string as it is; both are read.
//!
//! # The requirer
//!
//! ```no_run
//! use interfaces::ingress::{ApplicationData, Requirer};
//! use ops::{Result, Status, Unit};
//!
//! fn reconcile(unit: &Unit) -> Result<Status> {
//!     let port = std::num::NonZeroU16::MIN;
//!     let Some(relation) = unit.relation("ingress")? else {
//!         return Ok(Status::active());
//!     };
//!     let ingress = Requirer::new(relation);
//!     ingress.publish(unit, &ApplicationData::new(unit, port))?;
//!     // Until the provider has answered, the unit is waiting.
//!     Ok(Status::active().with_message(format!("at {}", ingress.url()?)))
//! }
//! ```
//!
//! # The provider
//!
//! ```no_run
//! use interfaces::ingress::Provider;
//! use ops::{Result, Status, Unit};
//!
//! fn reconcile(unit: &Unit) -> Result<Status> {
//!     for relation in unit.relations("ingress")? {
//!         let ingress = Provider::new(relation);
//!         let request = ingress.request();
//!         // … make the proxy forward to all of the request's units, if there is one …
//!         if let Some(leader) = unit.leader()? {
//!             // None takes the url back.
//!             let name = request.as_ref().ok().map(|request| &request.application.name);
//!             let url = name.map(|name| format!("http://10.0.0.1:8080/{name}/"));
//!             ingress.publish_url(&leader, url.as_deref())?;
//!         }
//!         // One that waits publishes all the same, one that is blocked does not.
//!         request?;
//!     }
//!     Ok(Status::active())
//! }
//! ```

use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::num::NonZeroU16;

use ops::{Error, Leader, Relation, Result, Unit, UnitName};
use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer, Serialize};

use crate::json_or_text;

/// What an application that wants a url publishes, by its leader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ApplicationData {
    /// The model that it is in, such as `staging`.
    #[serde(with = "json_or_text")]
    pub model: String,
    /// Its name, such as `web`.
    #[serde(with = "json_or_text")]
    pub name: String,
    /// The port on which each of its units answers, such as 8000.
    #[serde(with = "json_or_text")]
    pub port: NonZeroU16,
    /// Whether the path of a request is to reach the units without the part that the url adds: `/staging-web/a` as `/a`.
    #[serde(default, with = "json_or_text::option")]
    pub strip_prefix: Option<bool>,
    /// Whether who comes by HTTP is to be sent to HTTPS.
    #[serde(default, with = "json_or_text::option")]
    pub redirect_https: Option<bool>,
    /// What the units speak; HTTP where it is missing.
    #[serde(default, with = "json_or_text::option")]
    pub scheme: Option<Scheme>,
    /// How to find out whether a unit is well.
    #[serde(default, with = "json_or_text::option")]
    pub healthcheck_params: Option<HealthcheckParams>,
}

/// What the units of an application speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// `http`.
    Http,
    /// `https`.
    Https,
}

/// How a provider finds out whether a unit is well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthcheckParams {
    /// What to ask for, such as `/health`.
    pub path: String,
    /// How often, such as `30s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<String>,
    /// How long to wait for the answer, such as `5s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
}

/// Where one unit of the application is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitData {
    /// A name or an address under which the provider reaches it, such as `10.0.0.7`.
    #[serde(serialize_with = "json_or_text::serialize", deserialize_with = "host")]
    pub host: String,
    /// The address that it is bound to, such as `10.0.0.7`.
    #[serde(default, with = "json_or_text::option")]
    pub ip: Option<String>,
}

impl ApplicationData {
    /// The application of this unit, whose units answer on `port` by HTTP; what is optional is left out.
    #[must_use]
    pub fn new(unit: &Unit, port: NonZeroU16) -> Self {
        Self {
            model: unit.context().model_name().to_owned(),
            name: unit.name().application().to_owned(),
            port,
            strip_prefix: None,
            redirect_https: None,
            scheme: None,
            healthcheck_params: None,
        }
    }
}

impl UnitData {
    /// This unit at the address that Juju has published for it in the relation: its `ingress-address`, such as `10.0.0.7`.
    ///
    /// # Errors
    /// [`Error::Waiting`] while Juju has published none.
    pub fn new(unit: &Unit, relation: &Relation<'_>) -> Result<Self> {
        #[derive(Deserialize)]
        #[serde(rename_all = "kebab-case")]
        struct Published {
            ingress_address: String,
        }
        let Published { ingress_address } = relation.unit_data(unit.name())?;
        Ok(Self {
            ip: Some(ingress_address.clone()),
            host: ingress_address,
        })
    }

    /// Where the unit answers on `port`, as a part of a url: `10.0.0.7:8000` or `[fd00::7]:8000`.
    #[must_use]
    pub fn authority(&self, port: NonZeroU16) -> String {
        match self.host.parse::<Ipv6Addr>() {
            Ok(address) => format!("[{address}]:{port}"),
            Err(_) => format!("{}:{port}", self.host),
        }
    }
}

fn host<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let host: String = json_or_text::deserialize(deserializer)?;
    let in_a_name = |letter: char| letter.is_ascii_alphanumeric() || "-._".contains(letter);
    let is_name = !host.is_empty() && host.chars().all(in_a_name);
    if is_name || host.parse::<Ipv6Addr>().is_ok() {
        Ok(host)
    } else {
        let expected = "a name or an address such as 10.0.0.7";
        Err(D::Error::invalid_value(
            Unexpected::Other("host"),
            &expected,
        ))
    }
}

/// The side that wants a url.
#[derive(Clone, Debug)]
pub struct Requirer<'u>(Relation<'u>);

impl<'u> Requirer<'u> {
    /// The side that wants a url, in this relation.
    #[must_use]
    pub fn new(relation: Relation<'u>) -> Self {
        Self(relation)
    }

    /// Publishes where this unit is reached, and, if the unit leads it, what the application asks for.
    ///
    /// # Errors
    /// [`Error::Waiting`] while Juju has published no address of the unit.
    pub fn publish(&self, unit: &Unit, application: &ApplicationData) -> Result<()> {
        self.0.set_unit_data(&UnitData::new(unit, &self.0)?)?;
        if let Some(leader) = unit.leader()? {
            leader.set_application_data(&self.0, application)?;
        }
        Ok(())
    }

    /// The url at which others reach the application, such as `http://10.0.0.1:8080/staging-web/`.
    ///
    /// # Errors
    /// [`Error::Waiting`] until the provider has answered; [`Error::Blocked`] when its answer is no url.
    pub fn url(&self) -> Result<String> {
        #[derive(Deserialize)]
        struct Published {
            #[serde(with = "json_or_text")]
            ingress: Answer,
        }
        let Published { ingress } = self.0.application_data()?;
        Ok(ingress.url)
    }
}

/// What a provider publishes as `ingress`.
#[derive(Serialize)]
struct Answer {
    url: String,
}

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Published {
            Json { url: String },
            Plain(String),
        }
        let expected = "a url such as http://10.0.0.1/web/";
        let invalid = || D::Error::invalid_value(Unexpected::Other("answer"), &expected);
        let published = Published::deserialize(deserializer).map_err(|_| invalid())?;
        let (Published::Json { url } | Published::Plain(url)) = published;
        if url.starts_with("http://") || url.starts_with("https://") {
            Ok(Self { url })
        } else {
            Err(invalid())
        }
    }
}

/// The side that gives urls.
#[derive(Clone, Debug)]
pub struct Provider<'u>(Relation<'u>);

/// What an application asks for, with its units that have said where they are: at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What it is, and what it asks for.
    pub application: ApplicationData,
    /// Where its units are reached, by their names.
    pub units: BTreeMap<UnitName, UnitData>,
}

impl<'u> Provider<'u> {
    /// The side that gives a url, in this relation.
    #[must_use]
    pub fn new(relation: Relation<'u>) -> Self {
        Self(relation)
    }

    /// What the application on the other side asks for; units that have not said where they are yet are left out.
    ///
    /// # Errors
    /// [`Error::Waiting`] until the application and one of its units have published all that it takes; [`Error::Blocked`]
    /// when what one of them has published cannot be used.
    pub fn request(&self) -> Result<Request> {
        let application = self.0.application_data()?;
        let mut units = BTreeMap::new();
        let mut missing = None;
        for (unit, published) in self.0.units_data()? {
            match published {
                Ok(data) => {
                    units.insert(unit, data);
                }
                Err(error @ Error::Waiting(_)) => missing = Some(error),
                Err(error) => return Err(error),
            }
        }
        if units.is_empty() {
            let nobody = || {
                let id = self.0.id();
                Error::waiting(format!("for a unit of the application in {id}"))
            };
            return Err(missing.unwrap_or_else(nobody));
        }
        Ok(Request { application, units })
    }

    /// Publishes the url at which the application is reached, or takes it back.
    ///
    /// # Errors
    /// Only those of any hook command.
    pub fn publish_url(&self, leader: &Leader<'_>, url: Option<&str>) -> Result<()> {
        #[derive(Serialize)]
        struct Published {
            #[serde(with = "json_or_text::option")]
            ingress: Option<Answer>,
        }
        let ingress = url.map(|url| Answer {
            url: url.to_owned(),
        });
        leader.set_application_data(&self.0, &Published { ingress })
    }
}
