//! Images and indexes: which one is chosen, and what does not match its digest.

use super::*;

#[tokio::test]
async fn an_image_is_read_with_its_layers_and_configuration() {
    let server = MockServer::start().await;
    let stored = Stored::new("amd64");
    stored.serve(&server, "1").await;
    let image = image_of(&server, "1").await.expect("image");
    assert_eq!(image.index_digest, None);
    assert_eq!(image.manifest_digest, stored.digest());
    assert_eq!(image.config_digest, Digest::of(&stored.config));
    assert_eq!(image.layers.iter().map(|layer| layer.size).sum::<u64>(), 4711);
    assert_eq!(image.layer_ids, [Digest::of(b"one")]);
    assert_eq!(image.config["Cmd"][0], "serve");
    assert!(image.created.is_some());
    let pinned = repository(&server).tagged("1").pinned(&stored.digest());
    let again = client().image(&pinned, &Platform::linux("amd64"), None).await.expect("image");
    assert_eq!(again.manifest_digest, image.manifest_digest);
}

fn index_of(entries: &[(&Digest, &str, &str)]) -> Value {
    let manifests: Vec<Value> = entries
        .iter()
        .map(|(digest, os, architecture)| {
            json!({"mediaType": OCI_MANIFEST, "digest": digest.as_str(), "size": 1,
                   "platform": {"os": os, "architecture": architecture}})
        })
        .collect();
    json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests})
}

#[tokio::test]
async fn the_right_image_of_an_index_is_chosen() {
    let server = MockServer::start().await;
    let (amd, arm) = (Stored::new("amd64"), Stored::new("arm64"));
    amd.serve(&server, "amd").await;
    arm.serve(&server, "arm").await;
    let attestation = Digest::of(b"attestation");
    let index = index_of(&[
        (&arm.digest(), "linux", "arm64"),
        (&attestation, "unknown", "unknown"),
        (&amd.digest(), "linux", "amd64"),
    ])
    .to_string();
    get(
        &server,
        "/v2/team/app/manifests/all",
        ResponseTemplate::new(200).set_body_raw(index.clone(), OCI_INDEX),
    )
    .await;
    let image = image_of(&server, "all").await.expect("image");
    assert_eq!(image.index_digest, Some(Digest::of(index.as_bytes())));
    assert_eq!(image.manifest_digest, amd.digest());
    let reference = repository(&server).tagged("all");
    assert_eq!(
        client().image(&reference, &Platform::linux("s390x"), None).await,
        Err(RegistryError::NoSuchPlatform {
            reference: reference.to_string(),
            platform: "linux/s390x".into(),
            offered: "linux/arm64, linux/amd64".into(),
        })
    );
}

#[tokio::test]
async fn a_single_image_of_another_architecture_is_not_for_this_platform() {
    let server = MockServer::start().await;
    Stored::new("arm64").serve(&server, "1").await;
    assert!(matches!(
        image_of(&server, "1").await,
        Err(RegistryError::NoSuchPlatform { offered, .. }) if offered == "linux/arm64"
    ));
}

#[tokio::test]
async fn a_document_that_does_not_match_its_digest_is_refused() {
    // By digest: the body must be it.
    let server = MockServer::start().await;
    let wrong = repository(&server).tagged("1").pinned(&Digest::of(b"another"));
    get(
        &server,
        &format!("/v2/team/app/manifests/{}", Digest::of(b"another")),
        ResponseTemplate::new(200).set_body_raw(Stored::new("amd64").manifest, OCI_MANIFEST),
    )
    .await;
    let answer = client().image(&wrong, &Platform::linux("amd64"), None).await;
    assert!(nonsense_reason(answer).contains("does not match its digest"));

    // By tag: the body must be what the header says.
    let server = MockServer::start().await;
    get(
        &server,
        "/v2/team/app/manifests/1",
        ResponseTemplate::new(200)
            .insert_header("docker-content-digest", Digest::of(b"another").as_str())
            .set_body_raw(Stored::new("amd64").manifest, OCI_MANIFEST),
    )
    .await;
    assert!(nonsense_reason(image_of(&server, "1").await).contains("does not match its digest"));

    // The configuration must be what the manifest declares.
    let server = MockServer::start().await;
    let mut stored = Stored::new("amd64");
    let declared = Digest::of(&stored.config);
    stored.config = b"{}".to_vec();
    stored.serve(&server, "1").await;
    get(
        &server,
        &format!("/v2/team/app/blobs/{declared}"),
        ResponseTemplate::new(200).set_body_string("{}"),
    )
    .await;
    assert!(nonsense_reason(image_of(&server, "1").await).contains("does not match its digest"));
}

#[tokio::test]
async fn outdated_and_unknown_formats_make_no_sense() {
    for (body, kind) in [
        (
            json!({"schemaVersion": 1, "fsLayers": []}),
            "application/vnd.docker.distribution.manifest.v1+prettyjws",
        ),
        (json!({"schemaVersion": 2, "layers": []}), "application/vnd.example+json"),
        (json!({"schemaVersion": 2}), DOCKER_MANIFEST),
        (json!("junk"), DOCKER_MANIFEST),
    ] {
        let server = MockServer::start().await;
        get(
            &server,
            "/v2/team/app/manifests/1",
            ResponseTemplate::new(200).set_body_raw(body.to_string(), kind),
        )
        .await;
        nonsense_reason(image_of(&server, "1").await);
    }
}

#[tokio::test]
async fn a_missing_tag_is_named_in_full() {
    let server = MockServer::start().await;
    let reference = repository(&server).tagged("20240429.v8").to_string();
    assert_eq!(image_of(&server, "20240429.v8").await, Err(RegistryError::NotFound { reference }));
}
