//! `enable` and `disable`: the links that say what starts when the machine boots.

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use crate::{
    unit::{linked_units, refused_setting},
    unit_file::UnitFile,
    unit_name::UnitName,
};

/// What `systemctl is-enabled` says of a unit whose file exists.
pub(crate) fn unit_file_state(units: &Path, name: &UnitName) -> Option<&'static str> {
    let file = UnitFile::read(UnitFile::find(units, name)?).ok()?.ok();
    let installs = |key| {
        file.as_ref()
            .is_some_and(|file| !file.all("Install", key).is_empty())
    };
    Some(
        if links(units, name).iter().any(|(_, linked)| linked == name) {
            "enabled"
        } else if !links(units, name).is_empty()
            || (installs("Also") && !installs("WantedBy") && !installs("RequiredBy"))
        {
            "indirect"
        } else if installs("WantedBy") || installs("RequiredBy") {
            "disabled"
        } else {
            "static"
        },
    )
}

/// The units that are started when the machine boots: those that some target wants or requires.
pub(crate) fn enabled_units(units: &Path) -> Vec<UnitName> {
    let mut names: Vec<_> = dependency_directories(units)
        .into_iter()
        .filter(|path| path.to_string_lossy().contains(".target."))
        .flat_map(|path| linked_units(&path))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Makes the links that the units' `[Install]` sections ask for, and returns a line for each, as systemctl prints it.
/// The inner value is false if no unit says where it is to be linked.
pub(crate) fn enable(units: &Path, names: &[UnitName]) -> Result<(Vec<String>, bool), String> {
    let mut todo = names.to_vec();
    let mut wanted = Vec::new();
    let mut done = Vec::new();
    while let Some(name) = todo.pop() {
        let (file, also) = read(units, &name)?;
        todo.extend(
            also.into_iter()
                .filter(|also| !done.contains(also) && *also != name),
        );
        for (key, kind) in [("WantedBy", "wants"), ("RequiredBy", "requires")] {
            for target in words(&file, key) {
                let target = name
                    .expand_specifiers(target)
                    .and_then(|target| UnitName::parse(&target))?;
                if name.is_template() && !target.is_template() {
                    return Err(format!("Destination unit {target} is a non-template unit."));
                }
                wanted.push((
                    units.join(format!("{target}.{kind}")).join(name.as_str()),
                    file.path.clone(),
                ));
            }
        }
        done.push(name);
    }
    wanted.sort();
    let mut lines = Vec::new();
    for (link, file) in &wanted {
        if fs::symlink_metadata(link).is_ok() {
            continue;
        }
        link.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| symlink(file, link))
            .map_err(|error| format!("{}: {error}", link.display()))?;
        lines.push(format!(
            "Created symlink {} → {}.",
            link.display(),
            file.display()
        ));
    }
    Ok((lines, !wanted.is_empty()))
}

/// Removes every link to the units, of a template those of its instances, and returns a line for each, as systemctl prints it.
pub(crate) fn disable(units: &Path, names: &[UnitName]) -> Result<Vec<String>, String> {
    let mut todo = names.to_vec();
    let mut removed = Vec::new();
    let mut done = Vec::new();
    while let Some(name) = todo.pop() {
        let links = links(units, &name);
        match read(units, &name) {
            Ok((_, also)) => todo.extend(
                also.into_iter()
                    .filter(|also| !done.contains(also) && *also != name),
            ),
            Err(error) if links.is_empty() => return Err(error),
            // The file is gone or broken, and its links are still to be removed.
            Err(_) => {}
        }
        removed.extend(links.into_iter().map(|(link, _)| link));
        done.push(name);
    }
    let mut lines = Vec::new();
    for link in removed {
        match fs::remove_file(&link) {
            Ok(()) => lines.push(format!("Removed \"{}\".", link.display())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(format!("{}: {error}", link.display())),
        }
        if let Some(directory) = link.parent() {
            // It goes only when it is empty, which is what is wanted.
            let _ = fs::remove_dir(directory);
        }
    }
    Ok(lines)
}

fn read(units: &Path, name: &UnitName) -> Result<(UnitFile, Vec<UnitName>), String> {
    let path =
        UnitFile::find(units, name).ok_or_else(|| format!("Unit file {name} does not exist."))?;
    let shown = path.display().to_string();
    let file = UnitFile::read(path)
        .map_err(|error| format!("{shown}: {error}"))?
        .map_err(|reason| format!("{shown}: {reason}"))?;
    refused_setting(&file).map_err(|reason| format!("{shown}: {reason}"))?;
    let also = words(&file, "Also")
        .map(|also| {
            name.expand_specifiers(also)
                .and_then(|also| UnitName::parse(&also))
        })
        .collect::<Result<_, _>>()?;
    Ok((file, also))
}

fn words<'a>(file: &'a UnitFile, key: &str) -> impl Iterator<Item = &'a str> {
    file.all("Install", key)
        .into_iter()
        .flat_map(str::split_whitespace)
}

/// The links to the unit, or to any instance of the template, each with the name it enables.
fn links(units: &Path, name: &UnitName) -> Vec<(PathBuf, UnitName)> {
    let mut links = Vec::new();
    for directory in dependency_directories(units) {
        for linked in linked_units(&directory) {
            if linked == *name || (name.is_template() && linked.template().as_ref() == Some(name)) {
                links.push((directory.join(linked.as_str()), linked));
            }
        }
    }
    links
}

fn dependency_directories(units: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(units).into_iter().flatten().flatten();
    let mut directories: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "wants" || extension == "requires")
        })
        .collect();
    directories.sort();
    directories
}
