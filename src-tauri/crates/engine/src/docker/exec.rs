//! A command inside a running container.

use bollard::{
    Docker,
    container::LogOutput,
    errors::Error,
    exec::{StartExecOptions, StartExecResults},
    models::ExecConfig,
};
use futures_util::StreamExt as _;

use crate::{ExecAs, ExecOutput};

/// The most that is kept of each stream; the rest is read and dropped, so that the command ends.
pub(super) const MOST: usize = 8 * 1024 * 1024;

/// Runs it to its end.
pub(super) async fn exec(
    docker: &Docker,
    container: &str,
    command: &[String],
    who: &ExecAs,
) -> Result<ExecOutput, Error> {
    let variables = who.variables.iter().map(|(name, value)| format!("{name}={value}"));
    let asked = ExecConfig {
        user: who.user.clone(),
        env: (!who.variables.is_empty()).then(|| variables.collect()),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        cmd: Some(command.to_vec()),
        ..ExecConfig::default()
    };
    let id = docker.create_exec(container, asked).await?.id;
    let mut out = Vec::new();
    let mut error = Vec::new();
    if let StartExecResults::Attached { mut output, .. } =
        docker.start_exec(&id, None::<StartExecOptions>).await?
    {
        while let Some(piece) = output.next().await {
            match piece? {
                LogOutput::StdErr { message } => keep(&mut error, &message),
                LogOutput::StdOut { message } | LogOutput::Console { message } => {
                    keep(&mut out, &message);
                }
                LogOutput::StdIn { .. } => {}
            }
        }
    }
    let ended = docker.inspect_exec(&id).await?;
    Ok(ExecOutput {
        exit_code: ended.exit_code.unwrap_or(-1),
        out: String::from_utf8_lossy(&out).into_owned(),
        error: String::from_utf8_lossy(&error).into_owned(),
    })
}

fn keep(kept: &mut Vec<u8>, piece: &[u8]) {
    let room = MOST.saturating_sub(kept.len());
    kept.extend_from_slice(&piece[..piece.len().min(room)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_bounded() {
        let mut kept = vec![b'x'; MOST - 2];
        keep(&mut kept, b"abcdef");
        keep(&mut kept, b"more");
        assert_eq!(kept.len(), MOST);
        assert!(kept.ends_with(b"xab"));
    }
}
