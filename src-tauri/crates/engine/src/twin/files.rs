//! Files inside the twin's containers: texts in memory.

use std::io::Read as _;

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream, stream::BoxStream};

use super::{Call, TwinEngine};
use crate::{ContextStream, EngineError, Files};

impl TwinEngine {
    /// Something inside appends to a file, making it first where it is not there.
    pub fn append(&self, container: &str, path: &str, text: &str) {
        self.happen(|world| {
            if let Ok(at) = world.position(container) {
                let key = (world.containers[at].id.clone(), path.to_owned());
                world.files.entry(key).or_default().extend_from_slice(text.as_bytes());
            }
        });
    }

    /// Paths of every file inside a container.
    pub fn files_in(&self, container: &str) -> Vec<String> {
        let world = self.world();
        let Ok(at) = world.position(container) else { return vec![] };
        let id = &world.containers[at].id;
        world.files.keys().filter(|(own, _)| own == id).map(|(_, path)| path.clone()).collect()
    }
}

#[async_trait]
impl Files for TwinEngine {
    async fn unpack(
        &self,
        container: &str,
        folder: &str,
        mut archive: ContextStream,
    ) -> Result<(), EngineError> {
        self.act(Call::Unpack, container, |world| world.running(container).map(drop))?;
        let mut bytes = Vec::new();
        while let Some(piece) = archive.next().await {
            bytes.extend_from_slice(
                &piece.map_err(|error| EngineError::Context(error.to_string()))?,
            );
        }
        let broken = |error: std::io::Error| EngineError::Refused {
            status: 400,
            message: format!("archive/tar: {error}"),
        };
        let mut files = Vec::new();
        for entry in tar::Archive::new(bytes.as_slice()).entries().map_err(broken)? {
            let mut entry = entry.map_err(broken)?;
            if entry.header().entry_type().is_file() {
                let path = entry.path().map_err(broken)?.to_string_lossy().into_owned();
                let mut content = Vec::new();
                entry.read_to_end(&mut content).map_err(broken)?;
                files.push((format!("{}/{path}", folder.trim_end_matches('/')), content));
            }
        }
        self.happen(|world| {
            let at = world.running(container)?;
            let id = world.containers[at].id.clone();
            world.files.extend(files.into_iter().map(|(path, text)| ((id.clone(), path), text)));
            Ok(())
        })
    }

    async fn read(&self, container: &str, path: &str, most: u64) -> Result<Vec<u8>, EngineError> {
        self.act(Call::ReadFile, container, |world| {
            let at = world.position(container)?;
            let key = (world.containers[at].id.clone(), path.to_owned());
            let words = || format!("Could not find the file {path} in container {container}");
            let file = world.files.get(&key).ok_or_else(|| EngineError::NotFound(words()))?;
            let most = usize::try_from(most).unwrap_or(usize::MAX).min(file.len());
            Ok(file[..most].to_vec())
        })
    }

    async fn follow(
        &self,
        container: &str,
        path: &str,
    ) -> BoxStream<'static, Result<String, EngineError>> {
        let found = self.act(Call::FollowFile, container, |world| {
            let at = world.running(container)?;
            Ok(world.containers[at].id.clone())
        });
        let id = match found {
            Ok(id) => id,
            Err(error) => return stream::once(async { Err(error) }).boxed(),
        };
        let (twin, changed) = (self.clone(), self.changed.subscribe());
        let key = (id, path.to_owned());
        stream::unfold(
            (twin, changed, key, None),
            |(twin, mut changed, key, mut read)| async move {
                loop {
                    changed.borrow_and_update();
                    {
                        let world = twin.world();
                        world.running(&key.0).ok()?;
                        match (world.files.get(&key), read) {
                            (Some(file), before) => {
                                let from = before.unwrap_or(0);
                                read = Some(from);
                                let rest = &file[from..];
                                if let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                                    let line = String::from_utf8_lossy(&rest[..end]).into_owned();
                                    drop(world);
                                    return Some((
                                        Ok(line),
                                        (twin, changed, key, Some(from + end + 1)),
                                    ));
                                }
                            }
                            // It is not there yet.
                            (None, None) => {}
                            (None, Some(_)) => return None,
                        }
                    }
                    changed.changed().await.ok()?;
                }
            },
        )
        .boxed()
    }

    async fn remove(&self, container: &str, path: &str) -> Result<(), EngineError> {
        self.act(Call::RemoveFile, container, |world| {
            let at = world.running(container)?;
            let id = world.containers[at].id.clone();
            let below = format!("{}/", path.trim_end_matches('/'));
            world
                .files
                .retain(|(own, file), _| *own != id || (file != path && !file.starts_with(&below)));
            Ok(())
        })
    }
}
