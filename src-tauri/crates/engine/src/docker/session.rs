//! A session with BuildKit: it asks here for the secrets that a build's steps mount.
//!
//! `POST /session` becomes an HTTP/2 connection on which the engine is the client: it calls
//! `moby.buildkit.secrets.v1.Secrets` and, to see whether somebody is still there,
//! `grpc.health.v1.Health`
//! (<https://github.com/moby/buildkit/blob/master/session/grpc.go>).

use std::{collections::BTreeMap, pin::Pin};

use bollard_buildkit_proto::{
    health::{
        HealthCheckRequest, HealthCheckResponse, HealthListRequest, HealthListResponse,
        health_check_response::ServingStatus,
        health_server::{Health, HealthServer},
    },
    moby::buildkit::secrets::v1::{
        GetSecretRequest, GetSecretResponse,
        secrets_server::{Secrets, SecretsServer},
    },
};
use domain::secret::Secret;
use futures_util::Stream;
use hyper::server::conn::http2;
use hyper_util::{rt::TokioExecutor, service::TowerToHyperService};
use tokio_util::task::AbortOnDropHandle;
use tonic::{Request, Response, Status, service::Routes};

use super::wire::Wire;
use crate::EngineError;

/// The one method that is offered beside health.
const GET_SECRET: &str = "/moby.buildkit.secrets.v1.Secrets/GetSecret";

/// Held as long as the build goes on. Dropped: nothing is answered any more.
pub(super) struct Session {
    _serving: AbortOnDropHandle<()>,
}

/// Begins a session under this id.
pub(super) async fn begin(
    wire: &Wire,
    id: &str,
    secrets: BTreeMap<String, Secret>,
) -> Result<Session, EngineError> {
    let headers = [
        ("x-docker-expose-session-uuid", id),
        ("x-docker-expose-session-name", "promptflow-runtimes"),
        ("x-docker-expose-session-sharedkey", ""),
        ("x-docker-expose-session-grpc-method", GET_SECRET),
    ];
    let connection = wire.upgrade("/session", "h2c", &headers).await?;
    let routes = Routes::new(SecretsServer::new(Held(secrets)))
        .add_service(HealthServer::new(Here))
        .prepare();
    let serving = tokio::spawn(async move {
        let service = TowerToHyperService::new(routes);
        let served =
            http2::Builder::new(TokioExecutor::new()).serve_connection(connection, service).await;
        if let Err(error) = served {
            tracing::debug!(%error, "a session with a builder ended");
        }
    });
    Ok(Session { _serving: AbortOnDropHandle::new(serving) })
}

/// The secrets of one build.
struct Held(BTreeMap<String, Secret>);

#[tonic::async_trait]
impl Secrets for Held {
    async fn get_secret(
        &self,
        request: Request<GetSecretRequest>,
    ) -> Result<Response<GetSecretResponse>, Status> {
        let id = &request.get_ref().id;
        let secret = self.0.get(id).ok_or_else(|| {
            Status::not_found(format!("this build was given no secret with the id {id}"))
        })?;
        Ok(Response::new(GetSecretResponse { data: secret.expose().as_bytes().to_vec() }))
    }
}

/// As long as the session is held, it is well.
struct Here;

#[tonic::async_trait]
impl Health for Here {
    type WatchStream =
        Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send + 'static>>;

    async fn check(
        &self,
        _: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        Ok(Response::new(HealthCheckResponse { status: ServingStatus::Serving.into() }))
    }

    async fn list(
        &self,
        _: Request<HealthListRequest>,
    ) -> Result<Response<HealthListResponse>, Status> {
        Err(Status::unimplemented("only asked one by one"))
    }

    async fn watch(
        &self,
        _: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        Err(Status::unimplemented("only asked one by one"))
    }
}
