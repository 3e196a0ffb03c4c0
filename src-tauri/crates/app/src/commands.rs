//! The command table: everything the UI can ask for, in one place.
//!
//! [`for_each_command!`] hands the table to a macro of the caller's choice. From it follow the
//! shell's handlers (a missing one does not compile), the exported TypeScript type `Commands`, and
//! the check that each command stands in exactly one permission set.

/// Calls `$then!` with one line `set name(Request) -> Response;` for each command.
#[macro_export]
macro_rules! for_each_command {
    ($then:ident) => {
        $then! {
            read app_info(Nothing) -> AppInfo;
            read settings(Nothing) -> Settings;
            read list_computes(Nothing) -> Computes;
            read first_run(Nothing) -> FirstRun;
            read list_runtimes(Nothing) -> RuntimeTable;
            read watch_rows(WatchRows) -> Nothing;
            read runtime_detail(OfRuntime) -> RuntimeDetail;
            read runtime_packages(OfRuntime) -> PackageList;
            read runtime_history(OfRuntime) -> Operations;
            read list_operations(Nothing) -> Operations;
            read diagnosis(OfRuntime) -> LastDiagnosis;
            read preview_mend(MendRuntime) -> MendPreview;
            read check_version(CheckVersion) -> LatestCheck;
            read list_versions(ListVersions) -> VersionChoices;
            read preview_image(PreviewImage) -> ImagePreview;
            read propose_runtime(OfCompute) -> Proposal;
            read check_draft(OfDraft) -> DraftCheck;
            read preflight(OfDraft) -> Preflight;
            read preview_update(PreviewUpdate) -> UpdatePreview;
            read preview_roll_back(OfRuntime) -> RollBackPreview;
            read configuration(OfRuntime) -> ConfigurationView;
            read preview_configuration(OfConfiguration) -> ConfigurationPreview;
            read preview_delete(OfRuntime) -> DeletePreview;
            read registry_logins(Nothing) -> RegistryLogins;
            read preview_update_all(PreviewUpdateAll) -> UpdateAllPreview;
            read update_series(Nothing) -> AllSeries;
            read update_policy(OfRuntime) -> PolicyView;
            read foreign_containers(OfCompute) -> ForeignContainers;
            read disk(OfCompute) -> DiskView;
            read list_environments(Nothing) -> Environments;
            read environment_history(OfEnvironment) -> Operations;
            read environment_version(OfEnvironmentVersion) -> EnvironmentVersionDetail;
            read check_environment(CheckEnvironment) -> EnvironmentCheck;
            read read_requirements(ReadRequirements) -> RequirementsText;
            read preview_build(PreviewBuild) -> BuildPreview;
            read preview_add_packages(OfRuntime) -> AddPackagesPreview;
            read list_connections(Nothing) -> FlowConnections;
            read check_connection(CheckConnection) -> DraftCheck;
            read list_flows(Nothing) -> Flows;
            read flow(OfFlow) -> FlowView;
            read read_flow_file(ReadFlowFile) -> FlowFile;
            read flow_runtimes(OfFlow) -> FlowRuntimes;
            read check_flow_inputs(CheckFlowInputs) -> FlowInputsCheck;
            read list_flow_runs(ListFlowRuns) -> FlowRuns;
            read flow_run(OfFlowRun) -> FlowRunDetail;
            read flow_run_part(ReadRunPart) -> ShownValue;
            read preview_batch(PreviewBatch) -> BatchPreview;
            read count_rows(CountRows) -> RowCount;
            read list_batches(ListBatches) -> Batches;
            read batch(OfBatch) -> BatchDetail;
            read batch_rows(ReadBatchRows) -> BatchRows;
            read batch_row(ReadBatchRow) -> BatchRowView;
            read batch_failures(OfBatch) -> BatchFailures;
            read batch_latency(OfBatch) -> BatchLatency;
            read compare_batches(CompareBatches) -> Comparison;
            read read_log(ReadLog) -> LogPage;
            read filter_log(FilterLog) -> LogView;
            read fold_log(FoldLog) -> LogView;
            read locate_in_log(LocateInLog) -> LogPosition;
            read search_log(SearchLog) -> LogSearched;
            read find_in_log(FindInLog) -> LogFound;
            read read_log_line(ReadLogLine) -> LogLinePart;
            read read_log_text(ReadLogText) -> LogText;
            read log_commands(OfStream) -> LogCommands;
            read log_node_times(OfStream) -> NodeTimes;
            read preview_support(PreviewSupport) -> SupportFile;

            change create_runtime(OfDraft) -> OfOperation;
            change update_runtime(UpdateRuntime) -> OfOperation;
            change update_all(UpdateAll) -> Nothing;
            change stop_update_all(StopUpdateAll) -> Nothing;
            change set_update_policy(SetUpdatePolicy) -> Nothing;
            change acknowledge_policy(OfRuntime) -> Nothing;
            change roll_back_runtime(OfRuntime) -> OfOperation;
            change change_configuration(ChangeConfiguration) -> OfOperation;
            change start_runtime(OfRuntime) -> OfOperation;
            change stop_runtime(OfRuntime) -> OfOperation;
            change restart_runtime(OfRuntime) -> OfOperation;
            change delete_runtime(DeleteRuntime) -> OfOperation;
            change diagnose_runtime(OfRuntime) -> Diagnosis;
            change mend_runtime(MendRuntime) -> OfOperation;
            change cancel_operation(OfOperation) -> Nothing;
            change take_over(OfRuntime) -> OfOperation;
            change skip_version(AboutVersion) -> Nothing;
            change remind_later(AboutVersion) -> Nothing;
            change retry_compute(OfCompute) -> Nothing;
            change start_podman_service(Nothing) -> Nothing;
            change save_open_log(SaveOpenLog) -> SavedFile;
            change export_connection(OfConnection) -> SavedFile;
            change save_support(SaveSupport) -> SavedFile;
            change change_settings(Settings) -> Nothing;
            change finish_closing(FinishClosing) -> Nothing;
            change save_environment(SaveEnvironment) -> OfEnvironment;
            change duplicate_environment(DuplicateEnvironment) -> OfEnvironment;
            change delete_environment(DeleteEnvironment) -> Nothing;
            change import_environment(ImportEnvironment) -> ImportedEnvironment;
            change take_over_dockerfile(OfEnvironment) -> Nothing;
            change adopt_container(AdoptContainer) -> OfRuntime;
            change release_runtime(OfRuntime) -> Nothing;
            change manage_runtime(ManageRuntime) -> OfOperation;
            change clean_disk(CleanDisk) -> CleanedDisk;
            change install_packages(InstallPackages) -> OfOperation;
            change add_packages(AddPackages) -> OfOperation;
            change keep_packages(KeepPackages) -> KeptPackages;
            change build_environment(BuildEnvironment) -> OfOperation;
            change check_bases(OfEnvironment) -> Nothing;
            change open_flow(OpenFlow) -> FlowView;
            change forget_flow(OfFlow) -> Nothing;
            change choose_flow_runtime(FlowOnRuntime) -> Nothing;
            change check_flow_fit(FlowOnRuntime) -> FlowFit;
            change start_flow_run(StartFlowRun) -> OfFlowRun;
            change run_flow_again(RunFlowAgain) -> OfFlowRun;
            change flow_outside(AskOutside) -> FlowOutside;
            change cancel_flow_run(OfFlowRun) -> Nothing;
            change delete_flow_run(OfFlowRun) -> Nothing;
            change delete_flow_runs(OfFlow) -> Nothing;
            change start_batch(BatchDraft) -> OfBatch;
            change pause_batch(OfBatch) -> Nothing;
            change resume_batch(OfBatch) -> Nothing;
            change cancel_batch(OfBatch) -> Nothing;
            change rerun_failed_rows(OfBatch) -> Nothing;
            change describe_batch(DescribeBatch) -> Nothing;
            change delete_batch(OfBatch) -> Nothing;
            change export_batch(ExportBatch) -> SavedFile;

            credentials save_registry_login(SaveLogin) -> Nothing;
            credentials try_registry_login(TryLogin) -> LoginTrial;
            credentials keep_build_secret(KeepBuildSecret) -> Nothing;
            credentials delete_registry_login(DeleteLogin) -> Nothing;
            credentials allow_memory_secrets(Nothing) -> Nothing;
            credentials read_connection_file(ReadConnectionFile) -> ConnectionFile;
            credentials save_connection(SaveConnection) -> Nothing;
            credentials test_connection(TestConnection) -> ConnectionTest;
            credentials delete_connection(OfConnection) -> Nothing;
        }
    };
}

/// The commands that stream over a channel; the shell writes them by hand. `(set, name)`.
pub const STREAMS: [(&str, &str); 3] =
    [("read", "watch"), ("read", "open_log"), ("read", "stop_following")];

macro_rules! table {
    ($($set:ident $name:ident($request:ty) -> $response:ty;)*) => {
        /// Every command that is not a stream, with its permission set.
        pub const TABLE: &[(&str, &str)] = &[$((stringify!($set), stringify!($name)),)*];

        #[cfg(test)]
        #[allow(unused_imports)]
        mod typescript {
            use super::super::api::*;
            use domain::diagnosis::Diagnosis;
            use ts_rs::{Config, TS};

            /// The TypeScript type `Commands`, and every type it names written to its own file.
            pub fn commands() -> String {
                let config = Config::from_env();
                let mut lines = String::new();
                let mut names = std::collections::BTreeSet::new();
                $(
                    <$request>::export_all(&config).expect("export");
                    <$response>::export_all(&config).expect("export");
                    lines += &format!(
                        "  {}: {{ request: {}; response: {} }};\n",
                        stringify!($name), <$request>::name(&config), <$response>::name(&config)
                    );
                    names.extend([<$request>::name(&config), <$response>::name(&config)]);
                )*
                Change::export_all(&config).expect("export");
                LogNews::export_all(&config).expect("export");
                OpenLog::export_all(&config).expect("export");
                OfStream::export_all(&config).expect("export");
                let imports: String = names
                    .iter()
                    .map(|name| format!("import type {{ {name} }} from \"./{name}\";\n"))
                    .collect();
                format!("// Generated from the command table. Do not edit.\n{imports}\n/** Every command: what it takes and what it answers. */\nexport interface Commands {{\n{lines}}}\n")
            }
        }
    };
}

for_each_command!(table);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_typescript_types_are_written() {
        let folder = std::path::PathBuf::from(
            std::env::var("TS_RS_EXPORT_DIR").expect("set in .cargo/config.toml"),
        );
        std::fs::write(folder.join("Commands.ts"), typescript::commands()).expect("write");
    }

    #[test]
    fn each_command_is_in_exactly_one_permission_set() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../permissions/commands.toml");
        let text = std::fs::read_to_string(file).expect("permissions");
        let mut granted: Vec<(String, String)> = Vec::new();
        let mut set = String::new();
        for line in text.lines() {
            if let Some(value) = line.strip_prefix("identifier = ") {
                value.trim_matches('"').clone_into(&mut set);
            } else if let Some(name) = line.trim().strip_prefix('"') {
                granted.push((set.clone(), name.trim_end_matches(['"', ',']).to_owned()));
            }
        }
        granted.sort();
        let mut expected: Vec<(String, String)> = TABLE
            .iter()
            .chain(&STREAMS)
            .map(|(set, name)| ((*set).to_owned(), (*name).to_owned()))
            .collect();
        expected.sort();
        assert_eq!(granted, expected);
    }
}
