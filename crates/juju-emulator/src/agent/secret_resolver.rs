//! Decides which hook about a secret a unit's agent runs next, and notes that it has run.

use jiff::Timestamp;

use crate::charm::hook::{Hook, SecretEvent};
use crate::controller::model::{Model, Reached};
use crate::controller::secret::{RotatePolicy, Secret};

/// The next hook about what has happened to the secrets that a unit reads, or that it may change.
pub(crate) fn next_secret_hook(model: &Model, unit: &str, now: Timestamp) -> Option<Hook> {
    let (application, state) = model.unit(unit)?;
    if state.reached < Reached::Started {
        return None;
    }
    let leads = application.is_leader(unit);
    let mut secrets = model.secrets.iter();
    secrets.find_map(|(id, secret)| due(id, secret, unit, leads, now))
}

fn due(id: &str, secret: &Secret, unit: &str, leads: bool, now: Timestamp) -> Option<Hook> {
    let uri = format!("secret:{id}");
    let hook = |event, id: &str, revision| Hook::Secret {
        event,
        id: id.to_owned(),
        label: secret.label_for(unit).to_owned(),
        revision,
    };
    if let Some(consumer) = secret.consumers.get(unit)
        && secret.is_read_by(unit)
        && secret.latest > consumer.tracked.max(consumer.told)
    {
        return Some(hook(SecretEvent::Changed, &uri, None));
    }
    if !secret.is_managed_by(unit, leads) {
        return None;
    }
    if secret.next_rotation.is_some_and(|due| due <= now) {
        return Some(hook(SecretEvent::Rotate, &uri, None));
    }
    // These two bring the bare id.
    if let Some(revision) = secret.revisions.get(&secret.latest)
        && !revision.expired_told
        && revision.expires.is_some_and(|due| due <= now)
    {
        return Some(hook(SecretEvent::Expired, id, Some(secret.latest)));
    }
    let unused = secret.unused_revision()?;
    Some(hook(SecretEvent::Remove, id, Some(unused)))
}

/// Whether a hook that is to run again has nobody to run for: the secret is gone, or the unit no longer acts for its owner.
pub(crate) fn is_void(model: &Model, unit: &str, hook: &Hook) -> bool {
    let Hook::Secret { event, .. } = hook else {
        return false;
    };
    let Some((application, _)) = model.unit(unit) else {
        return false;
    };
    let leads = application.is_leader(unit);
    of_hook(model, hook).is_none_or(|secret| match event {
        SecretEvent::Changed => false,
        _ => !secret.is_managed_by(unit, leads),
    })
}

/// The revision of a secret that a hook about it finds.
pub(crate) fn revision_found(model: &Model, hook: &Hook) -> u64 {
    of_hook(model, hook).map_or(0, |secret| secret.latest)
}

/// Notes that a hook about a secret has succeeded, or was skipped, with the latest revision that it found.
pub(crate) fn advance_secret(
    model: &mut Model,
    unit: &str,
    hook: &Hook,
    found: u64,
    now: Timestamp,
) {
    let Hook::Secret {
        event,
        id,
        revision,
        ..
    } = hook
    else {
        return;
    };
    if is_void(model, unit, hook) {
        return;
    }
    let Some(secret) = model.secrets.get_mut(bare(id)) else {
        return;
    };
    match event {
        SecretEvent::Changed => {
            if let Some(consumer) = secret.consumers.get_mut(unit) {
                consumer.told = consumer.told.max(found);
            }
        }
        SecretEvent::Rotate => {
            if secret.rotation != RotatePolicy::Never {
                secret.next_rotation = secret.rotation.next(now);
            }
        }
        SecretEvent::Expired | SecretEvent::Remove => {
            let revision = revision.and_then(|number| secret.revisions.get_mut(&number));
            if let Some(revision) = revision {
                match event {
                    SecretEvent::Expired => revision.expired_told = true,
                    _ => revision.remove_told = true,
                }
            }
        }
    }
}

fn of_hook<'a>(model: &'a Model, hook: &Hook) -> Option<&'a Secret> {
    let Hook::Secret { id, .. } = hook else {
        return None;
    };
    model.secrets.get(bare(id))
}

fn bare(id: &str) -> &str {
    id.strip_prefix("secret:").unwrap_or(id)
}
