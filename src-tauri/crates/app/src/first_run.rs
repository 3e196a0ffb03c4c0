//! What fits when no engine runs.

use domain::finding::{Problem, ProblemCode};

use crate::{
    api::FirstRun,
    computes,
    context::{App, lock},
};

pub(crate) async fn first_run(app: &App) -> FirstRun {
    let podman = app.parts.computes.podman_version().await;
    let podman_starting = *lock(&app.podman_starting);
    FirstRun { podman, podman_starting, ..app.parts.computes.system() }
}

/// Starts Podman's own service as this user. The compute appears by itself when it answers.
pub(crate) async fn start_podman(app: &App) -> Result<(), Problem> {
    {
        let mut starting = lock(&app.podman_starting);
        if *starting {
            return Ok(());
        }
        *starting = true;
    }
    let result = app.parts.computes.start_podman().await;
    *lock(&app.podman_starting) = false;
    result.map_err(|reason| {
        Problem::new(ProblemCode::ComputeUnreachable, "Podman's service did not start.")
            .hint("Look at what Podman says below; often a package is missing.")
            .details(reason)
            .retryable()
    })?;
    computes::look_now(app);
    Ok(())
}
