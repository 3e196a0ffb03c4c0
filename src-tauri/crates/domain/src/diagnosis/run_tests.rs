use super::*;
use crate::finding::ProblemCode;
use crate::flow::{Frame, explain, explain_about};

fn failure(message: &str, exception: &str) -> RunFailure {
    RunFailure {
        code: "UserError".into(),
        exception: exception.into(),
        message: message.into(),
        node: Some("chat".into()),
        at: None,
        traceback: None,
    }
}

fn add(package: &str) -> Remedy {
    Remedy::AddPackages { packages: vec![package.into()] }
}

/// What promptflow-core 1.18 and promptflow-tools 1.6 tell: words, exception, cause, the sentence, and the
/// remedy that is offered first.
#[test]
fn each_known_failure_has_its_cause_its_sentence_and_its_remedy() {
    let test = || Remedy::TestConnection { name: None };
    let seen = [
        (
            "Tool load failed in 'upper': (PythonLoadError) Failed to load python module from file '/f/upper.py': (ModuleNotFoundError) No module named 'bs4'",
            "ModuleNotFoundError",
            Cause::ModuleMissing,
            "The runtime has no module \"bs4\".",
            add("beautifulsoup4"),
        ),
        (
            "Execution failure in 'upper': (ModuleNotFoundError) No module named 'langchain.chains'",
            "ModuleNotFoundError",
            Cause::ModuleMissing,
            "The runtime has no module \"langchain.chains\".",
            add("langchain"),
        ),
        (
            "(EmptyLLMApiMapping) LLM api mapping is empty, please ensure 'promptflow-tools' package has been installed.",
            "EmptyLLMApiMapping",
            Cause::ToolsMissing,
            "The runtime has no tools for prompts and LLMs.",
            add("promptflow-tools"),
        ),
        (
            "(ModuleNotFoundError) No module named 'promptflow.tools'",
            "ModuleNotFoundError",
            Cause::ToolsMissing,
            "The runtime has no tools for prompts and LLMs.",
            add("promptflow-tools"),
        ),
        (
            "Package tool 'promptflow.tools.serpapi.SerpAPI.search' is not found in the current environment.",
            "",
            Cause::ToolsMissing,
            "The runtime has no tools for prompts and LLMs.",
            add("promptflow-tools"),
        ),
        (
            "Package tool 'x.y' is not found in the current environment.",
            "",
            Cause::ToolsMissing,
            "The runtime has no tool \"x.y\".",
            Remedy::AddPackages { packages: vec![] },
        ),
        (
            "(GetConnectionError) Get connection 'my_aoai' for node 'show' error",
            "GetConnectionError",
            Cause::ConnectionNotGiven,
            "The node \"chat\" needs the connection \"my_aoai\", which was not given to it.",
            Remedy::AddConnection { name: "my_aoai".into() },
        ),
        (
            "OpenAI API hits AuthenticationError: Error code: 401 - Access denied due to invalid subscription key or wrong API endpoint.",
            "",
            Cause::LlmUnauthorised,
            "The LLM of the node \"chat\" did not accept the key of its connection.",
            test(),
        ),
        (
            "Execution failure in 'chat': (AuthenticationError) Error code: 401 - {'error': {'code': '401'}}",
            "AuthenticationError",
            Cause::LlmUnauthorised,
            "The LLM of the node \"chat\" did not accept the key of its connection.",
            test(),
        ),
        (
            "OpenAI API hits NotFoundError: Error code: 404 - The API deployment for this resource does not exist.",
            "",
            Cause::LlmNoDeployment,
            "The node \"chat\" asks for a deployment or a model that its LLM does not have.",
            test(),
        ),
        (
            "OpenAI API hits RateLimitError: Error code: 429 - You exceeded your current quota, please check your plan and billing details. [Error reference: https://platform.openai.com/docs/guides/error-codes/api-errors]",
            "",
            Cause::LlmQuota,
            "The quota of the LLM of the node \"chat\" is used up.",
            Remedy::RunAgain,
        ),
        (
            "OpenAI API hits RateLimitError: Error code: 429 - {'error': {'type': 'insufficient_quota'}}",
            "",
            Cause::LlmQuota,
            "The quota of the LLM of the node \"chat\" is used up.",
            Remedy::RunAgain,
        ),
        (
            "OpenAI API hits exception: Exceed max retry times. RateLimitError: Error code: 429 - Requests have exceeded call rate limit.",
            "",
            Cause::LlmThrottled,
            "The LLM of the node \"chat\" got more requests than it takes.",
            Remedy::RunAgain,
        ),
        (
            "OpenAI API hits APITimeoutError: Request timed out.",
            "",
            Cause::LlmTimedOut,
            "The LLM of the node \"chat\" gave no answer in time.",
            Remedy::RunAgain,
        ),
        (
            "OpenAI API hits BadRequestError: Error code: 400 - The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
            "",
            Cause::LlmFiltered,
            "The content filter of the LLM refused what the node \"chat\" asked.",
            Remedy::RunAgain,
        ),
        (
            "OpenAI API hits APIConnectionError: Connection error.",
            "",
            Cause::LlmUnreachable,
            "The node \"chat\" did not reach its LLM.",
            test(),
        ),
        (
            "Execution failure in 'chat': (APIConnectionError) Connection error.",
            "APIConnectionError",
            Cause::LlmUnreachable,
            "The node \"chat\" did not reach its LLM.",
            test(),
        ),
        (
            "Line 0 execution timeout for exceeding 3 seconds",
            "",
            Cause::TimeLimit,
            "The run took longer than its limit of 3 s and was ended.",
            Remedy::RaiseTimeLimit { seconds: Some(3) },
        ),
        (
            "Unexpected error occurred while executing the request",
            "",
            Cause::RunProcessEnded,
            "The process of the run was ended from outside, most likely because the runtime ran out of memory.",
            Remedy::RaiseMemory { bytes: None },
        ),
        (
            "Execution failure in 'chat': (MemoryError) ",
            "MemoryError",
            Cause::OutOfMemory,
            "The process of the run was ended because the runtime ran out of memory.",
            Remedy::RaiseMemory { bytes: None },
        ),
        (
            "Execution failure in 'chat': (OSError) [Errno 28] No space left on device",
            "OSError",
            Cause::DiskFull,
            "There was no space left on the disk when the node \"chat\" wrote to it.",
            Remedy::FreeDisk,
        ),
        (
            "Something quite new",
            "",
            Cause::Unknown,
            "The node \"chat\" failed: Something quite new.",
            Remedy::RunAgain,
        ),
    ];
    for (message, exception, cause, sentence, remedy) in seen {
        let problem = explain(&failure(message, exception));
        assert_eq!(problem.code, ProblemCode::RunFailed, "{message}");
        assert_eq!(problem.sentence, sentence, "{message}");
        assert!(!problem.hints.is_empty(), "{message}");
        let finding = problem.finding.expect("a finding");
        assert_eq!((finding.cause, &finding.remedies[0]), (cause, &remedy), "{message}");
        assert_eq!(finding.sentence, sentence);
        assert!(!finding.meaning.is_empty());
    }
}

#[test]
fn an_error_of_the_persons_own_code_leads_to_its_line_and_no_further() {
    let at = Frame { file: "chat.py".into(), line: 7, function: "ask".into() };
    let message =
        "Execution failure in 'chat': (ValueError) not RateLimitError: No module named 'x'";
    let own = RunFailure { at: Some(at), ..failure(message, "ValueError") };
    let found = of_run(&own, &AboutRun::default());
    assert_eq!(found.cause, Cause::OwnCode);
    assert!(found.sentence.contains("chat.py, line 7"), "{}", found.sentence);
    let place = Remedy::ShowPlace { file: "chat.py".into(), line: 7, node: Some("chat".into()) };
    assert_eq!(found.remedies, [place, Remedy::RunAgain]);
    // In a package of the runtime it is not the person's, and its cause is not known.
    let at = Frame { file: "/usr/lib/x.py".into(), line: 1, function: String::new() };
    let of_package = RunFailure { at: Some(at), ..own };
    let found = of_run(&of_package, &AboutRun::default());
    assert_eq!(found.cause, Cause::Unknown);
    assert_eq!(found.evidence[0].seen, message);
}

#[test]
fn that_memory_was_it_is_said_for_sure_only_where_it_was_seen() {
    let ended = RunFailure {
        code: "SystemError/ProcessCrashError".into(),
        ..failure("The process crashed", "")
    };
    assert_eq!(of_run(&ended, &AboutRun::default()).cause, Cause::RunProcessEnded);
    let seen = Evidence { probe: "Events of the engine".into(), seen: "oom".into() };
    let about = AboutRun { out_of_memory: Some(seen.clone()), ..AboutRun::default() };
    let found = of_run(&ended, &about);
    assert_eq!((found.cause, &found.evidence[0]), (Cause::OutOfMemory, &seen));
    // It does not make another failure one of memory.
    let other =
        explain_about(&failure("Line 0 execution timeout for exceeding 3 seconds", ""), &about);
    assert_eq!(other.finding.expect("finding").cause, Cause::TimeLimit);
}

#[test]
fn the_connection_of_the_node_is_the_one_to_test() {
    let about = AboutRun { connection: Some("my_aoai".into()), ..AboutRun::default() };
    let found =
        of_run(&failure("OpenAI API hits APIConnectionError: Connection error.", ""), &about);
    assert_eq!(found.remedies[0], Remedy::TestConnection { name: Some("my_aoai".into()) });
}

#[test]
fn how_a_service_was_lost_is_told_with_what_brings_it_back() {
    for (lost, cause, remedy) in [
        (Lost::Replaced, Cause::RuntimeReplaced, Remedy::RunAgain),
        (Lost::OutOfMemory, Cause::OutOfMemory, Remedy::RaiseMemory { bytes: None }),
        (Lost::Restarted, Cause::RuntimeRestarted, Remedy::RunAgain),
        (Lost::Stopped, Cause::RuntimeStopped, Remedy::Start),
        (Lost::Silent, Cause::ServiceGone, Remedy::RunAgain),
    ] {
        let found = of_lost(lost, "eval", vec![]);
        assert_eq!((found.cause, &found.remedies[0]), (cause, &remedy));
        assert!(found.sentence.contains("eval"), "{}", found.sentence);
    }
}

#[test]
fn a_module_that_another_python_has_is_told_as_that() {
    let failure = failure("(ModuleNotFoundError) No module named 'bs4'", "ModuleNotFoundError");
    let seen = Evidence { probe: "Pythons".into(), seen: "/opt/conda/bin/python has it".into() };
    let about = AboutRun { in_other_python: Some(seen.clone()), ..AboutRun::default() };
    let found = of_run(&failure, &about);
    assert_eq!((found.cause, &found.evidence[..]), (Cause::OtherPython, &[seen][..]));
    assert!(found.sentence.contains("another Python"), "{found:#?}");
    assert_eq!(found.remedies[0], add("beautifulsoup4"));
}
