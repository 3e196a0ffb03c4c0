//! A file or folder that is there when it is whole, or not at all.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// What is being written. Dropped before [`Target::keep`], nothing of it is left.
#[derive(Debug)]
pub(super) struct Target {
    name: String,
    whole: PathBuf,
    part: PathBuf,
    is_kept: bool,
}

impl Target {
    /// Takes a name in a folder, which is made where it is not there: `name` and the ending, with a number
    /// between them where that is taken.
    pub fn new(folder: &Path, name: &str, ending: &str) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut own = name.to_owned();
        let mut number = 1;
        loop {
            let whole = folder.join(format!("{own}{ending}"));
            let part = folder.join(format!("{own}{ending}.part"));
            if !whole.exists() && !part.exists() {
                return Ok(Self { name: own, whole, part, is_kept: false });
            }
            number += 1;
            own = format!("{name}-{number}");
        }
    }

    /// The name without the ending.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Begins a file.
    pub fn file(&self) -> io::Result<fs::File> {
        fs::File::create_new(&self.part)
    }

    /// Begins a folder.
    pub fn folder(&self) -> io::Result<PathBuf> {
        fs::create_dir(&self.part)?;
        Ok(self.part.clone())
    }

    /// It is whole: it gets its name.
    pub fn keep(mut self) -> io::Result<PathBuf> {
        fs::rename(&self.part, &self.whole)?;
        self.is_kept = true;
        Ok(self.whole.clone())
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        let gone = match fs::symlink_metadata(&self.part) {
            Ok(part) if part.is_dir() => fs::remove_dir_all(&self.part),
            Ok(_) => fs::remove_file(&self.part),
            Err(_) => Ok(()),
        };
        if let Err(error) = gone {
            tracing::warn!(%error, file = %self.part.display(), "half an export was left");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("folder").flatten();
        let mut names: Vec<_> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_not_kept_leaves_nothing_and_what_is_there_is_not_replaced() {
        let place = tempfile::tempdir().expect("folder");
        let folder = place.path().join("new");
        let target = Target::new(&folder, "a", ".csv").expect("target");
        drop(target.file().expect("file"));
        assert_eq!(names(&folder), ["a.csv.part"]);
        // Somebody else takes the same name meanwhile.
        let second = Target::new(&folder, "a", ".csv").expect("target");
        drop(second.file().expect("file"));
        assert_eq!(second.name(), "a-2");
        drop(second);
        assert_eq!(names(&folder), ["a.csv.part"]);
        assert_eq!(target.keep().expect("kept"), folder.join("a.csv"));
        let third = Target::new(&folder, "a", "").expect("target");
        fs::write(third.folder().expect("folder").join("x"), "x").expect("written");
        drop(third);
        assert_eq!(names(&folder), ["a.csv"]);
    }
}
