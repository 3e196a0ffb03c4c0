//! One function for each command of the table, by the same name.

#![expect(clippy::unused_async, reason = "every command of the table has the same form")]

use domain::{diagnosis::Diagnosis, finding::Problem, operation::Subject};

#[allow(clippy::wildcard_imports, reason = "the table names every type of the border")]
use crate::api::*;
use crate::{
    adopted, batches, computes, configuration as settings_of, connections,
    context::{App, lock},
    detail as detail_page, diagnosis as look, disk as disk_use, environments, first_run as first,
    flows, logins, logs, operations, policies, series, settings as choices, support, usage,
    versions, wizard,
};

type Answer<T> = Result<T, Problem>;

fn started(operation: domain::operation::OperationId) -> OfOperation {
    OfOperation { operation }
}

pub async fn app_info(app: &App, _: Nothing) -> Answer<AppInfo> {
    Ok(AppInfo {
        version: app.parts.version.clone(),
        creator: app.parts.identity.creator.who.clone(),
        data_folder: app.parts.folders.data.display().to_string(),
        log_folder: app.parts.folders.logs.display().to_string(),
        default_repositories: choices::repositories(app),
        repository_from_environment: app.parts.repository_override.is_some(),
        history_set_aside: app
            .parts
            .history_set_aside
            .as_ref()
            .map(|path| path.display().to_string()),
    })
}

pub async fn settings(app: &App, _: Nothing) -> Answer<Settings> {
    Ok(lock(&app.settings).clone())
}

pub async fn list_computes(app: &App, _: Nothing) -> Answer<Computes> {
    Ok(Computes { computes: computes::views(app) })
}

pub async fn first_run(app: &App, _: Nothing) -> Answer<FirstRun> {
    Ok(first::first_run(app).await)
}

pub async fn list_runtimes(app: &App, _: Nothing) -> Answer<RuntimeTable> {
    // The table's lock must be free again: the computes are counted from it.
    let runtimes = lock(&app.table).rows().cloned().collect();
    Ok(RuntimeTable { runtimes, computes: computes::views(app) })
}

pub async fn watch_rows(app: &App, request: WatchRows) -> Answer<Nothing> {
    usage::watch(app, request.runtimes);
    Ok(Nothing {})
}

pub async fn runtime_detail(app: &App, request: OfRuntime) -> Answer<RuntimeDetail> {
    detail_page::detail(app, &request.runtime).await
}

pub async fn runtime_packages(app: &App, request: OfRuntime) -> Answer<PackageList> {
    detail_page::packages(app, &request.runtime).await
}

pub async fn runtime_history(app: &App, request: OfRuntime) -> Answer<Operations> {
    Ok(Operations {
        operations: operations::list(app, Some(&Subject::Runtime(request.runtime))).await?,
    })
}

pub async fn list_operations(app: &App, _: Nothing) -> Answer<Operations> {
    Ok(Operations { operations: operations::list(app, None).await? })
}

pub async fn diagnosis(app: &App, request: OfRuntime) -> Answer<LastDiagnosis> {
    Ok(LastDiagnosis { diagnosis: look::last(app, &request.runtime) })
}

pub async fn diagnose_runtime(app: &App, request: OfRuntime) -> Answer<Diagnosis> {
    look::diagnose(app, &request.runtime).await
}

pub async fn preview_mend(app: &App, request: MendRuntime) -> Answer<MendPreview> {
    look::preview_mend(app, request)
}

pub async fn mend_runtime(app: &App, request: MendRuntime) -> Answer<OfOperation> {
    look::mend(app, request).await.map(started)
}

pub async fn check_version(app: &App, request: CheckVersion) -> Answer<LatestCheck> {
    Ok(LatestCheck { check: versions::check(app, request).await? })
}

pub async fn list_versions(app: &App, request: ListVersions) -> Answer<VersionChoices> {
    versions::list(app, request).await
}

pub async fn preview_image(app: &App, request: PreviewImage) -> Answer<ImagePreview> {
    versions::preview_image(app, request).await
}

pub async fn propose_runtime(app: &App, request: OfCompute) -> Answer<Proposal> {
    wizard::propose(app, &request.compute).await
}

pub async fn check_draft(app: &App, request: OfDraft) -> Answer<DraftCheck> {
    Ok(wizard::check(app, &request).await)
}

pub async fn preflight(app: &App, request: OfDraft) -> Answer<Preflight> {
    wizard::preflight(app, request).await
}

pub async fn preview_update(app: &App, request: PreviewUpdate) -> Answer<UpdatePreview> {
    operations::preview_update(app, request).await
}

pub async fn preview_roll_back(app: &App, request: OfRuntime) -> Answer<RollBackPreview> {
    settings_of::preview_roll_back(app, &request.runtime).await
}

pub async fn configuration(app: &App, request: OfRuntime) -> Answer<ConfigurationView> {
    settings_of::view(app, &request.runtime).await
}

pub async fn preview_configuration(
    app: &App,
    request: OfConfiguration,
) -> Answer<ConfigurationPreview> {
    settings_of::preview(app, request).await
}

pub async fn preview_delete(app: &App, request: OfRuntime) -> Answer<DeletePreview> {
    operations::preview_delete(app, &request.runtime).await
}

pub async fn registry_logins(app: &App, _: Nothing) -> Answer<RegistryLogins> {
    logins::list(app).await
}

pub async fn preview_update_all(app: &App, request: PreviewUpdateAll) -> Answer<UpdateAllPreview> {
    Ok(series::preview(app, request.freshness).await)
}

pub async fn update_series(app: &App, _: Nothing) -> Answer<AllSeries> {
    series::list(app).await
}

pub async fn update_policy(app: &App, request: OfRuntime) -> Answer<PolicyView> {
    policies::view(app, &request.runtime)
}

pub async fn foreign_containers(app: &App, request: OfCompute) -> Answer<ForeignContainers> {
    adopted::foreign(app, &request.compute).await
}

pub async fn adopt_container(app: &App, request: AdoptContainer) -> Answer<OfRuntime> {
    Ok(OfRuntime { runtime: adopted::adopt(app, request).await? })
}

pub async fn release_runtime(app: &App, request: OfRuntime) -> Answer<Nothing> {
    adopted::release(app, &request.runtime).await?;
    Ok(Nothing {})
}

pub async fn manage_runtime(app: &App, request: ManageRuntime) -> Answer<OfOperation> {
    operations::manage(app, request).map(started)
}

pub async fn disk(app: &App, request: OfCompute) -> Answer<DiskView> {
    disk_use::view(app, &request.compute).await
}

pub async fn clean_disk(app: &App, request: CleanDisk) -> Answer<CleanedDisk> {
    disk_use::clean(app, request).await
}

pub async fn list_environments(app: &App, _: Nothing) -> Answer<Environments> {
    environments::list(app).await
}

pub async fn environment_history(app: &App, request: OfEnvironment) -> Answer<Operations> {
    let subject = Subject::Environment(request.environment);
    Ok(Operations { operations: operations::list(app, Some(&subject)).await? })
}

pub async fn environment_version(
    app: &App,
    request: OfEnvironmentVersion,
) -> Answer<EnvironmentVersionDetail> {
    environments::version_detail(app, request).await
}

pub async fn check_environment(app: &App, request: CheckEnvironment) -> Answer<EnvironmentCheck> {
    Ok(environments::check(app, request).await)
}

pub async fn read_requirements(app: &App, request: ReadRequirements) -> Answer<RequirementsText> {
    environments::read_requirements(app, request).await
}

pub async fn preview_build(app: &App, request: PreviewBuild) -> Answer<BuildPreview> {
    environments::preview(app, request).await
}

pub async fn save_environment(app: &App, request: SaveEnvironment) -> Answer<OfEnvironment> {
    Ok(OfEnvironment { environment: environments::save(app, request).await? })
}

pub async fn duplicate_environment(
    app: &App,
    request: DuplicateEnvironment,
) -> Answer<OfEnvironment> {
    Ok(OfEnvironment { environment: environments::duplicate(app, request).await? })
}

pub async fn delete_environment(app: &App, request: DeleteEnvironment) -> Answer<Nothing> {
    environments::delete(app, request).await?;
    Ok(Nothing {})
}

pub async fn import_environment(
    app: &App,
    request: ImportEnvironment,
) -> Answer<ImportedEnvironment> {
    environments::import(app, request).await
}

pub async fn take_over_dockerfile(app: &App, request: OfEnvironment) -> Answer<Nothing> {
    environments::take_over_dockerfile(app, &request.environment).await?;
    Ok(Nothing {})
}

pub async fn install_packages(app: &App, request: InstallPackages) -> Answer<OfOperation> {
    operations::install(app, request).map(started)
}

pub async fn preview_add_packages(app: &App, request: OfRuntime) -> Answer<AddPackagesPreview> {
    operations::preview_add_packages(app, request).await
}

pub async fn add_packages(app: &App, request: AddPackages) -> Answer<OfOperation> {
    operations::add_packages(app, request).await.map(started)
}

pub async fn keep_packages(app: &App, request: KeepPackages) -> Answer<KeptPackages> {
    environments::keep_packages(app, request).await
}

pub async fn build_environment(app: &App, request: BuildEnvironment) -> Answer<OfOperation> {
    operations::build(app, request).await.map(started)
}

pub async fn check_bases(app: &App, request: OfEnvironment) -> Answer<Nothing> {
    environments::check_bases(app, &request.environment).await?;
    Ok(Nothing {})
}

pub async fn list_flows(app: &App, _: Nothing) -> Answer<Flows> {
    flows::list(app).await
}

pub async fn flow(app: &App, request: OfFlow) -> Answer<FlowView> {
    flows::view(app, &request.flow).await
}

pub async fn read_flow_file(app: &App, request: ReadFlowFile) -> Answer<FlowFile> {
    flows::read_file(app, request).await
}

pub async fn flow_runtimes(app: &App, request: OfFlow) -> Answer<FlowRuntimes> {
    flows::runtimes(app, &request.flow).await
}

pub async fn check_flow_inputs(app: &App, request: CheckFlowInputs) -> Answer<FlowInputsCheck> {
    flows::check_inputs(app, request).await
}

pub async fn list_flow_runs(app: &App, request: ListFlowRuns) -> Answer<FlowRuns> {
    flows::runs(app, request).await
}

pub async fn flow_run(app: &App, request: OfFlowRun) -> Answer<FlowRunDetail> {
    flows::run_detail(app, &request.run).await
}

pub async fn flow_run_part(app: &App, request: ReadRunPart) -> Answer<ShownValue> {
    flows::run_part(app, request).await
}

pub async fn open_flow(app: &App, request: OpenFlow) -> Answer<FlowView> {
    flows::open(app, &request.path).await
}

pub async fn forget_flow(app: &App, request: OfFlow) -> Answer<Nothing> {
    flows::forget(app, &request.flow).await?;
    Ok(Nothing {})
}

pub async fn choose_flow_runtime(app: &App, request: FlowOnRuntime) -> Answer<Nothing> {
    flows::choose_runtime(app, request).await?;
    Ok(Nothing {})
}

pub async fn check_flow_fit(app: &App, request: FlowOnRuntime) -> Answer<FlowFit> {
    flows::check_fit(app, request).await
}

pub async fn start_flow_run(app: &App, request: StartFlowRun) -> Answer<OfFlowRun> {
    Ok(OfFlowRun { run: flows::start_run(app, request).await? })
}

pub async fn run_flow_again(app: &App, request: RunFlowAgain) -> Answer<OfFlowRun> {
    Ok(OfFlowRun { run: flows::run_again(app, request).await? })
}

pub async fn flow_outside(app: &App, request: AskOutside) -> Answer<FlowOutside> {
    flows::outside(app, request).await
}

pub async fn cancel_flow_run(app: &App, request: OfFlowRun) -> Answer<Nothing> {
    flows::cancel_run(app, &request.run).await?;
    Ok(Nothing {})
}

pub async fn delete_flow_run(app: &App, request: OfFlowRun) -> Answer<Nothing> {
    flows::delete_run(app, &request.run).await?;
    Ok(Nothing {})
}

pub async fn delete_flow_runs(app: &App, request: OfFlow) -> Answer<Nothing> {
    flows::delete_runs(app, &request.flow).await?;
    Ok(Nothing {})
}

pub async fn create_runtime(app: &App, request: OfDraft) -> Answer<OfOperation> {
    operations::create(app, request).await.map(started)
}

pub async fn update_runtime(app: &App, request: UpdateRuntime) -> Answer<OfOperation> {
    operations::update(app, request).map(started)
}

pub async fn update_all(app: &App, request: UpdateAll) -> Answer<Nothing> {
    series::start(app, request).await?;
    Ok(Nothing {})
}

pub async fn stop_update_all(app: &App, request: StopUpdateAll) -> Answer<Nothing> {
    series::stop(app, request.cancel_running).await;
    Ok(Nothing {})
}

pub async fn set_update_policy(app: &App, request: SetUpdatePolicy) -> Answer<Nothing> {
    policies::set(app, request).await?;
    Ok(Nothing {})
}

pub async fn acknowledge_policy(app: &App, request: OfRuntime) -> Answer<Nothing> {
    policies::acknowledge(app, &request.runtime).await?;
    Ok(Nothing {})
}

pub async fn roll_back_runtime(app: &App, request: OfRuntime) -> Answer<OfOperation> {
    operations::roll_back(app, &request.runtime).map(started)
}

pub async fn change_configuration(app: &App, request: ChangeConfiguration) -> Answer<OfOperation> {
    operations::change_configuration(app, request).await.map(started)
}

pub async fn start_runtime(app: &App, request: OfRuntime) -> Answer<OfOperation> {
    operations::start(app, &request.runtime).map(started)
}

pub async fn stop_runtime(app: &App, request: OfRuntime) -> Answer<OfOperation> {
    operations::stop(app, &request.runtime).map(started)
}

pub async fn restart_runtime(app: &App, request: OfRuntime) -> Answer<OfOperation> {
    operations::restart(app, &request.runtime).map(started)
}

pub async fn delete_runtime(app: &App, request: DeleteRuntime) -> Answer<OfOperation> {
    operations::delete(app, request).await.map(started)
}

pub async fn cancel_operation(app: &App, request: OfOperation) -> Answer<Nothing> {
    operations::cancel(app, &request.operation)?;
    Ok(Nothing {})
}

pub async fn take_over(app: &App, request: OfRuntime) -> Answer<OfOperation> {
    operations::take_over(app, &request.runtime).map(started)
}

pub async fn skip_version(app: &App, request: AboutVersion) -> Answer<Nothing> {
    versions::skip(app, request).await?;
    Ok(Nothing {})
}

pub async fn remind_later(app: &App, request: AboutVersion) -> Answer<Nothing> {
    versions::later(app, request).await?;
    Ok(Nothing {})
}

pub async fn retry_compute(app: &App, request: OfCompute) -> Answer<Nothing> {
    computes::retry(app, &request.compute)?;
    Ok(Nothing {})
}

pub async fn start_podman_service(app: &App, _: Nothing) -> Answer<Nothing> {
    first::start_podman(app).await?;
    Ok(Nothing {})
}

pub async fn preview_support(app: &App, request: PreviewSupport) -> Answer<SupportFile> {
    support::preview(app, request).await
}

pub async fn save_support(app: &App, request: SaveSupport) -> Answer<SavedFile> {
    support::save(app, request).await
}

pub async fn change_settings(app: &App, request: Settings) -> Answer<Nothing> {
    choices::change(app, request).await?;
    Ok(Nothing {})
}

/// The shell waits for [`App::decision_about_closing`] and acts; here the operations are cancelled where that was chosen.
pub async fn finish_closing(app: &App, request: FinishClosing) -> Answer<Nothing> {
    if request.decision == ClosingDecision::CancelOperations {
        // First, so that no further one starts.
        series::stop(app, true).await;
        for operation in operations::active(app) {
            operations::cancel(app, &operation.id)?;
        }
        for run in flows::active(app) {
            flows::cancel_run(app, &run.id).await?;
        }
        batches::pause_all(app);
    }
    if let Some(waiting) = lock(&app.closing).take() {
        // Nobody waits any more when the window was closed otherwise.
        let _ = waiting.send(request.decision);
    }
    Ok(Nothing {})
}

pub async fn keep_build_secret(app: &App, request: KeepBuildSecret) -> Answer<Nothing> {
    environments::keep_build_secret(app, request).await?;
    Ok(Nothing {})
}

pub async fn save_registry_login(app: &App, request: SaveLogin) -> Answer<Nothing> {
    logins::save(app, request).await?;
    Ok(Nothing {})
}

pub async fn try_registry_login(app: &App, request: TryLogin) -> Answer<LoginTrial> {
    logins::try_login(app, request).await
}

pub async fn delete_registry_login(app: &App, request: DeleteLogin) -> Answer<Nothing> {
    logins::delete(app, &request.registry).await?;
    Ok(Nothing {})
}

pub async fn list_connections(app: &App, _: Nothing) -> Answer<FlowConnections> {
    connections::list(app).await
}

pub async fn check_connection(app: &App, request: CheckConnection) -> Answer<DraftCheck> {
    connections::check(app, request).await
}

pub async fn read_connection_file(
    app: &App,
    request: ReadConnectionFile,
) -> Answer<ConnectionFile> {
    connections::read_file(app, &request.path).await
}

pub async fn save_connection(app: &App, request: SaveConnection) -> Answer<Nothing> {
    connections::save(app, request).await?;
    Ok(Nothing {})
}

pub async fn test_connection(app: &App, request: TestConnection) -> Answer<ConnectionTest> {
    connections::test(app, request).await
}

pub async fn export_connection(app: &App, request: OfConnection) -> Answer<SavedFile> {
    connections::export(app, &request.name).await
}

pub async fn delete_connection(app: &App, request: OfConnection) -> Answer<Nothing> {
    connections::delete(app, &request.name).await?;
    Ok(Nothing {})
}

pub async fn allow_memory_secrets(app: &App, _: Nothing) -> Answer<Nothing> {
    logins::allow_memory(app);
    Ok(Nothing {})
}

pub async fn preview_batch(app: &App, request: PreviewBatch) -> Answer<BatchPreview> {
    batches::preview(app, request.draft).await
}

pub async fn count_rows(app: &App, request: CountRows) -> Answer<RowCount> {
    batches::count_rows(app, &request.file).await
}

pub async fn list_batches(app: &App, request: ListBatches) -> Answer<Batches> {
    batches::list(app, request).await
}

pub async fn batch(app: &App, request: OfBatch) -> Answer<BatchDetail> {
    batches::detail(app, &request.batch).await
}

pub async fn batch_rows(app: &App, request: ReadBatchRows) -> Answer<BatchRows> {
    batches::rows(app, request).await
}

pub async fn batch_row(app: &App, request: ReadBatchRow) -> Answer<BatchRowView> {
    batches::row(app, request).await
}

pub async fn batch_failures(app: &App, request: OfBatch) -> Answer<BatchFailures> {
    batches::failures(app, &request.batch).await
}

pub async fn batch_latency(app: &App, request: OfBatch) -> Answer<BatchLatency> {
    batches::latency(app, &request.batch).await
}

pub async fn compare_batches(app: &App, request: CompareBatches) -> Answer<Comparison> {
    batches::compare(app, request).await
}

pub async fn start_batch(app: &App, request: BatchDraft) -> Answer<OfBatch> {
    Ok(OfBatch { batch: batches::start(app, request).await? })
}

pub async fn pause_batch(app: &App, request: OfBatch) -> Answer<Nothing> {
    batches::pause(app, &request.batch).await?;
    Ok(Nothing {})
}

pub async fn resume_batch(app: &App, request: OfBatch) -> Answer<Nothing> {
    batches::resume(app, &request.batch).await?;
    Ok(Nothing {})
}

pub async fn cancel_batch(app: &App, request: OfBatch) -> Answer<Nothing> {
    batches::cancel(app, &request.batch).await?;
    Ok(Nothing {})
}

pub async fn rerun_failed_rows(app: &App, request: OfBatch) -> Answer<Nothing> {
    batches::rerun_failed(app, &request.batch).await?;
    Ok(Nothing {})
}

pub async fn describe_batch(app: &App, request: DescribeBatch) -> Answer<Nothing> {
    batches::describe(app, request).await?;
    Ok(Nothing {})
}

pub async fn delete_batch(app: &App, request: OfBatch) -> Answer<Nothing> {
    batches::delete(app, &request.batch).await?;
    Ok(Nothing {})
}

pub async fn export_batch(app: &App, request: ExportBatch) -> Answer<SavedFile> {
    batches::export(app, request).await
}

pub async fn read_log(app: &App, request: ReadLog) -> Answer<LogPage> {
    logs::of(app, request.stream)?.read_log(request).await
}

pub async fn filter_log(app: &App, request: FilterLog) -> Answer<LogView> {
    logs::of(app, request.stream)?.filter_log(request).await
}

pub async fn fold_log(app: &App, request: FoldLog) -> Answer<LogView> {
    logs::of(app, request.stream)?.fold_log(request).await
}

pub async fn locate_in_log(app: &App, request: LocateInLog) -> Answer<LogPosition> {
    logs::of(app, request.stream)?.locate_in_log(request).await
}

pub async fn search_log(app: &App, request: SearchLog) -> Answer<LogSearched> {
    logs::of(app, request.stream)?.search_log(request).await
}

pub async fn find_in_log(app: &App, request: FindInLog) -> Answer<LogFound> {
    logs::of(app, request.stream)?.find_in_log(request).await
}

pub async fn read_log_line(app: &App, request: ReadLogLine) -> Answer<LogLinePart> {
    logs::of(app, request.stream)?.read_log_line(request).await
}

pub async fn read_log_text(app: &App, request: ReadLogText) -> Answer<LogText> {
    logs::of(app, request.stream)?.read_log_text(request).await
}

pub async fn log_commands(app: &App, request: OfStream) -> Answer<LogCommands> {
    Ok(logs::of(app, request.stream)?.log_commands())
}

pub async fn log_node_times(app: &App, request: OfStream) -> Answer<NodeTimes> {
    logs::of(app, request.stream)?.log_node_times(request).await
}

pub async fn save_open_log(app: &App, request: SaveOpenLog) -> Answer<SavedFile> {
    logs::of(app, request.stream)?.save_open_log(request).await
}

impl App {
    /// The window wants to close: `true` = nothing runs, it may. Otherwise the person is asked.
    pub fn may_close(&self) -> bool {
        let (active, runs) = (operations::active(self), flows::active(self));
        let batches = batches::all_active(self);
        let is_idle = active.is_empty() && runs.is_empty() && batches.is_empty();
        if is_idle && !series::is_running(self) {
            return true;
        }
        self.hub.closing(&active, &runs, &batches);
        false
    }

    /// What the person decides about closing the window. Asking again takes an earlier question back.
    pub async fn decision_about_closing(&self) -> ClosingDecision {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        *lock(&self.closing) = Some(sender);
        // A question that was replaced is as good as staying.
        receiver.await.unwrap_or(ClosingDecision::Stay)
    }

    /// Waits until no operation, no flow and no batch runs, and no further operation of a series comes.
    pub async fn idle(&self) {
        let is_busy = || {
            !operations::active(self).is_empty()
                || !flows::active(self).is_empty()
                || !batches::all_active(self).is_empty()
                || series::is_running(self)
        };
        while is_busy() {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    }

    /// Rows now, e.g. for tests.
    pub fn runtimes(&self) -> Vec<domain::runtime::Runtime> {
        lock(&self.table).rows().cloned().collect()
    }
}
