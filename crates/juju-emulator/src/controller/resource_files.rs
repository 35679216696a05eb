//! The data of resources, and how units get it.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use sha2::{Digest, Sha384};

use crate::controller::model::{Model, application_of};
use crate::controller::resource::Resource;
use crate::controller::store::Store;
use crate::go::uuid::random_uuid;

impl Store {
    /// Takes in a file that an operator supplies. It is kept once the model knows it.
    pub(crate) fn upload(&self, file: &Path) -> io::Result<Resource> {
        let id = random_uuid()?;
        let data = self.resource(&id);
        // Before there is a copy: opening may fail.
        let mut from = File::open(file)?;
        fs::create_dir_all(data.parent().unwrap_or(&data))?;
        let mut to = File::create(&data)?;
        let (mut size, mut hash) = (0, Sha384::new());
        let mut part = vec![0; 64 * 1024];
        loop {
            let length = from.read(&mut part)?;
            if length == 0 {
                break;
            }
            to.write_all(&part[..length])?;
            hash.update(&part[..length]);
            size += length as u64;
        }
        let digits = hash
            .finalize()
            .into_iter()
            .map(|byte| format!("{byte:02x}"));
        Ok(Resource {
            id,
            size,
            fingerprint: digits.collect(),
            uploaded: Timestamp::now(),
        })
    }

    /// Where a unit finds a resource that it has got.
    pub(crate) fn resource_of_unit(
        &self,
        machine: u32,
        unit: &str,
        name: &str,
        file: &str,
    ) -> PathBuf {
        self.unit(machine, unit)
            .join("resources")
            .join(name)
            .join(file)
    }

    /// Brings a unit a resource of its application, as it is now.
    pub(crate) fn download(
        &self,
        model: &Model,
        unit: &str,
        name: &str,
        into: &Path,
    ) -> Result<()> {
        let application = model.application(application_of(unit))?;
        let resource = application.provision.resources.get(name);
        let resource = resource.with_context(|| format!("resource \"{name}\" not found"))?;
        let new = into.with_extension("new");
        fs::create_dir_all(into.parent().unwrap_or(into))
            .and_then(|()| fs::copy(self.resource(&resource.id), &new))
            .and_then(|_| fs::rename(&new, into))
            .with_context(|| format!("cannot write {}", into.display()))
    }

    /// Removes the data of resources that no application has.
    pub(crate) fn tidy_resources(&self) -> Result<()> {
        let model = self.read()?;
        let resources = model.applications.values();
        let used: Vec<_> = resources
            .flat_map(|it| it.provision.resources.values())
            .collect();
        let entries = match fs::read_dir(self.resource("")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            if !used
                .iter()
                .any(|resource| entry.file_name() == resource.id.as_str())
            {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    fn resource(&self, id: &str) -> PathBuf {
        self.charms().with_file_name("resources").join(id)
    }
}
