//! The folder in which every environment has its own.

use std::path::{Path, PathBuf};

use domain::environment::{
    CERTIFICATES, Definition, EnvironmentId, EnvironmentName, IGNORE_FILE, Installed, REQUIREMENTS,
    Source, generated,
};

use crate::{
    DefinitionsError, blocking,
    yaml::{self, FILE_NAME},
};

/// Where deleted environments are put.
const DELETED: &str = ".deleted";

/// A longer file is no list of requirements.
const LONGEST_REQUIREMENTS: u64 = 1_000_000;

/// All environments on disk.
#[derive(Clone, Debug)]
pub struct Shelf {
    folder: PathBuf,
}

/// What one folder holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnShelf {
    Environment {
        definition: Box<Definition>,
        folder: PathBuf,
    },
    /// Why it cannot be read.
    Unreadable {
        folder: PathBuf,
        error: DefinitionsError,
    },
}

impl Shelf {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of an environment of this name.
    pub fn folder_of(&self, name: &EnvironmentName) -> PathBuf {
        self.folder.join(name.as_str())
    }

    /// Everything there is, by name. A folder without `environment.yaml` is none of ours.
    pub async fn list(&self) -> Result<Vec<OnShelf>, DefinitionsError> {
        let shelf = self.clone();
        blocking(move || shelf.list_now()).await
    }

    fn list_now(&self) -> Result<Vec<OnShelf>, DefinitionsError> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(vec![]),
            Err(error) => return Err(DefinitionsError::disk(&self.folder)(error)),
        };
        let mut folders: Vec<PathBuf> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.join(FILE_NAME).is_file())
            .collect();
        folders.sort();
        Ok(folders
            .into_iter()
            .map(|folder| match read_folder(&folder) {
                Ok(definition) => OnShelf::Environment { definition: Box::new(definition), folder },
                Err(error) => OnShelf::Unreadable { folder, error },
            })
            .collect())
    }

    /// Writes a definition; a folder under the name that it had before becomes this one's. Files of the
    /// person's own in it stay.
    pub async fn save(
        &self,
        definition: &Definition,
        before: Option<&EnvironmentName>,
    ) -> Result<(), DefinitionsError> {
        let (shelf, definition, before) = (self.clone(), definition.clone(), before.cloned());
        blocking(move || shelf.save_now(&definition, before.as_ref())).await
    }

    fn save_now(
        &self,
        definition: &Definition,
        before: Option<&EnvironmentName>,
    ) -> Result<(), DefinitionsError> {
        let folder = self.folder_of(&definition.name);
        if let Some(before) = before.filter(|before| **before != definition.name) {
            let old = self.folder_of(before);
            if folder.exists() {
                return Err(DefinitionsError::Malformed(format!(
                    "There is a folder {} already.",
                    folder.display()
                )));
            }
            std::fs::rename(&old, &folder).map_err(DefinitionsError::disk(&old))?;
        }
        std::fs::create_dir_all(&folder).map_err(DefinitionsError::disk(&folder))?;
        if let Source::Packages(packages) = &definition.source {
            put(&folder, REQUIREMENTS, &packages.requirements)?;
            put(&folder, "Dockerfile", &generated(&definition.name, packages, Installed::AsAsked))?;
            if !folder.join(".dockerignore").exists() {
                put(&folder, ".dockerignore", IGNORE_FILE)?;
            }
        }
        // Last: with it the folder is an environment, and says what the other files are.
        put(&folder, FILE_NAME, &yaml::write(definition)?)
    }

    /// Puts files into the folder of an environment that is about to be made; refused where it has one.
    pub async fn begin(
        &self,
        name: &EnvironmentName,
        files: &[(&str, String)],
    ) -> Result<(), DefinitionsError> {
        let folder = self.folder_of(name);
        let files: Vec<(String, String)> =
            files.iter().map(|(path, text)| ((*path).to_owned(), text.clone())).collect();
        blocking(move || {
            if folder.exists() {
                return Err(DefinitionsError::Malformed(format!(
                    "There is a folder {} already.",
                    folder.display()
                )));
            }
            std::fs::create_dir_all(&folder).map_err(DefinitionsError::disk(&folder))?;
            files.iter().try_for_each(|(path, text)| put(&folder, path, text))
        })
        .await
    }

    /// Copies files of the person's own from one environment's folder to that of another.
    pub async fn copy_files(
        &self,
        from: &EnvironmentName,
        to: &EnvironmentName,
    ) -> Result<(), DefinitionsError> {
        let (from, to) = (self.folder_of(from), self.folder_of(to));
        blocking(move || copy_missing(&from, &to)).await
    }

    /// Puts a copy of a file with certificates beside a Dockerfile that is the person's own from now on.
    pub async fn keep_certificates(
        &self,
        name: &EnvironmentName,
        certificates: &Path,
    ) -> Result<(), DefinitionsError> {
        let (to, from) = (self.folder_of(name).join(CERTIFICATES), certificates.to_owned());
        blocking(move || std::fs::copy(&from, to).map_err(DefinitionsError::disk(&from)).map(drop))
            .await
    }

    /// Takes an environment off the shelf. Its folder is moved aside, so that nothing that a person wrote
    /// is lost; answers where it is.
    pub async fn remove(&self, name: &EnvironmentName) -> Result<PathBuf, DefinitionsError> {
        let (shelf, name) = (self.clone(), name.clone());
        blocking(move || {
            let from = shelf.folder_of(&name);
            let deleted = shelf.folder.join(DELETED);
            std::fs::create_dir_all(&deleted).map_err(DefinitionsError::disk(&deleted))?;
            let stamp = jiff::Zoned::now().strftime("%Y%m%d-%H%M%S%.3f");
            let to = deleted.join(format!("{name}-{stamp}"));
            std::fs::rename(&from, &to).map_err(DefinitionsError::disk(&from))?;
            Ok(to)
        })
        .await
    }

    /// Reads a folder, or an `environment.yaml`, that a person points at.
    pub async fn look_at(
        &self,
        place: PathBuf,
    ) -> Result<(yaml::Document, PathBuf), DefinitionsError> {
        blocking(move || {
            let file = if place.is_dir() { place.join(FILE_NAME) } else { place.clone() };
            if !file.is_file() {
                return Err(DefinitionsError::Malformed(format!(
                    "There is no {FILE_NAME} in {}.",
                    place.display()
                )));
            }
            let folder = file.parent().unwrap_or(Path::new("/")).to_owned();
            let text = std::fs::read_to_string(&file).map_err(DefinitionsError::disk(&file))?;
            Ok((yaml::read(&text, &folder)?, folder))
        })
        .await
    }

    /// The text of a requirements file, or of the one in a folder; and where it is.
    pub async fn requirements_at(
        &self,
        place: PathBuf,
    ) -> Result<(PathBuf, String), DefinitionsError> {
        blocking(move || {
            let file = if place.is_dir() { place.join(REQUIREMENTS) } else { place };
            let size = std::fs::metadata(&file).map_err(DefinitionsError::disk(&file))?.len();
            if size > LONGEST_REQUIREMENTS {
                return Err(DefinitionsError::Malformed(format!(
                    "{} is no list of requirements: it is larger than 1 MB.",
                    file.display()
                )));
            }
            let bytes = std::fs::read(&file).map_err(DefinitionsError::disk(&file))?;
            let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
            Ok((file, text))
        })
        .await
    }

    /// Replaces a text file of a build context, e.g. a Dockerfile whose base changed. The old file or the
    /// new one is there, whatever happens.
    pub async fn replace_text(&self, file: PathBuf, text: String) -> Result<(), DefinitionsError> {
        blocking(move || {
            let folder = file.parent().unwrap_or(Path::new("/"));
            let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
            put(folder, &name.unwrap_or_default(), &text)
        })
        .await
    }
}

fn read_folder(folder: &Path) -> Result<Definition, DefinitionsError> {
    let file = folder.join(FILE_NAME);
    let text = std::fs::read_to_string(&file).map_err(DefinitionsError::disk(&file))?;
    let mut document = yaml::read(&text, folder)?;
    let name =
        folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = EnvironmentName::parse(&name).map_err(|error| {
        DefinitionsError::Malformed(format!("The folder's name cannot be used. {error}"))
    })?;
    if document.id.is_none()
        && let Source::BuildContext(context) = &mut document.source
        && folder.canonicalize().is_ok_and(|own| own == Path::new(&context.folder))
    {
        context.folder.clear();
    }
    // A folder that somebody put here gets an id that is the same each time it is read.
    let id = document.id.clone().unwrap_or_else(|| EnvironmentId(format!("folder-{name}")));
    Ok(document.definition(id, name))
}

/// Writes a file so that the old one or the whole new one is there, and leaves one that is the same.
fn put(folder: &Path, name: &str, text: &str) -> Result<(), DefinitionsError> {
    use std::io::Write as _;
    let path = folder.join(name);
    if std::fs::read_to_string(&path).is_ok_and(|there| there == text) {
        return Ok(());
    }
    let failed = DefinitionsError::disk(&path);
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(&failed)?;
    file.write_all(text.as_bytes()).map_err(&failed)?;
    if let Ok(before) = std::fs::metadata(&path) {
        file.as_file().set_permissions(before.permissions()).map_err(&failed)?;
    } else {
        use std::os::unix::fs::PermissionsExt as _;
        let readable = std::fs::Permissions::from_mode(0o644);
        file.as_file().set_permissions(readable).map_err(&failed)?;
    }
    file.persist(&path).map_err(|error| failed(error.error)).map(drop)
}

fn copy_missing(from: &Path, to: &Path) -> Result<(), DefinitionsError> {
    for entry in std::fs::read_dir(from).map_err(DefinitionsError::disk(from))?.flatten() {
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(DefinitionsError::disk(&source))?;
        if kind.is_dir() {
            std::fs::create_dir_all(&target).map_err(DefinitionsError::disk(&target))?;
            copy_missing(&source, &target)?;
        } else if !target.exists() {
            std::fs::copy(&source, &target).map_err(DefinitionsError::disk(&source))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::environment::{Installer, PackageIndex, Packages};

    fn definition(name: &str) -> Definition {
        Definition {
            id: EnvironmentId("id-1".into()),
            name: EnvironmentName::parse(name).expect("name"),
            description: String::new(),
            source: Source::Packages(Packages {
                base: "python:3.11-slim".into(),
                promptflow: String::new(),
                tools: false,
                requirements: "pandas\n".into(),
                system_packages: vec![],
                installer: Installer::Pip,
                index: PackageIndex::default(),
            }),
            port: None,
            health_path: String::new(),
        }
    }

    #[tokio::test]
    async fn an_environment_is_a_folder_that_can_be_renamed_and_is_never_lost() {
        let place = tempfile::tempdir().expect("folder");
        let shelf = Shelf::new(place.path().join("environments"));
        assert_eq!(shelf.list().await.expect("empty"), []);
        let first = definition("rag");
        shelf.save(&first, None).await.expect("saved");
        std::fs::write(shelf.folder_of(&first.name).join("own.whl"), "wheel").expect("file");
        let renamed =
            Definition { name: EnvironmentName::parse("rag-2").expect("name"), ..first.clone() };
        shelf.save(&renamed, Some(&first.name)).await.expect("renamed");
        let folder = shelf.folder_of(&renamed.name);
        let expected =
            OnShelf::Environment { definition: Box::new(renamed.clone()), folder: folder.clone() };
        assert_eq!(shelf.list().await.expect("list"), [expected]);
        assert!(folder.join("own.whl").exists());
        let dockerfile = std::fs::read_to_string(folder.join("Dockerfile")).expect("Dockerfile");
        assert!(dockerfile.contains("FROM python:3.11-slim AS base"));

        shelf.save(&definition("other"), None).await.expect("saved");
        let taken =
            Definition { name: EnvironmentName::parse("other").expect("name"), ..renamed.clone() };
        assert!(shelf.save(&taken, Some(&renamed.name)).await.is_err());

        let aside = shelf.remove(&renamed.name).await.expect("removed");
        assert!(aside.join("own.whl").exists());
        assert_eq!(shelf.list().await.expect("list").len(), 1);
    }

    #[tokio::test]
    async fn a_file_that_was_broken_by_hand_hides_no_other() {
        let place = tempfile::tempdir().expect("folder");
        let shelf = Shelf::new(place.path().to_owned());
        shelf.save(&definition("good"), None).await.expect("saved");
        for (name, text) in [("broken", "name: ["), ("Not A Name", "name: a\nimage: x\n")] {
            std::fs::create_dir(place.path().join(name)).expect("folder");
            std::fs::write(place.path().join(name).join(FILE_NAME), text).expect("file");
        }
        let list = shelf.list().await.expect("list");
        let unreadable =
            list.iter().filter(|one| matches!(one, OnShelf::Unreadable { .. })).count();
        assert_eq!((list.len(), unreadable), (3, 2));
    }

    #[tokio::test]
    async fn a_folder_that_somebody_put_there_builds_itself() {
        let place = tempfile::tempdir().expect("folder");
        let shelf = Shelf::new(place.path().to_owned());
        let folder = place.path().join("theirs");
        std::fs::create_dir(&folder).expect("folder");
        std::fs::write(folder.join(FILE_NAME), "name: x\nbuild: {path: .}\n").expect("file");
        let list = shelf.list().await.expect("list");
        let [OnShelf::Environment { definition, .. }] = &list[..] else { panic!("{list:?}") };
        assert_eq!(definition.name.as_str(), "theirs");
        let Source::BuildContext(context) = &definition.source else { panic!("{definition:?}") };
        assert_eq!(context.folder, "");
    }
}
