//! The rules of the chain: from facts to the first broken link and its cause.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{
    chain::judge,
    check::{Link, LinkState},
    facts::{
        ContainerAnswer, EngineAnswer, Facts, FlowsSeen, Holder, ImageAnswer, Inside, InsideAnswer,
        Seen, ServiceAnswer,
    },
    resources::{
        Clocks, DiskInside, EndpointAnswer, EndpointInside, MemoryInside, NetworkInside,
        ProxyInside,
    },
    run::{lacks_connection, lacks_tool},
};
use crate::{
    compute::Unreachable,
    container::{
        Container, ContainerState, LocalImage, PublishedPort, tests::container as container_of,
    },
    finding::{Cause, Remedy},
    runtime::Protocol,
};

const MB: u64 = 1024 * 1024;

#[expect(clippy::unnecessary_wraps, reason = "a fact that was looked at is Some")]
fn seen<T>(value: T) -> Option<Seen<T>> {
    Some(Seen { probe: "a look".into(), value, milliseconds: 1 })
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
}

fn running() -> Container {
    Container {
        started: Some(at(1_000)),
        ports: vec![PublishedPort {
            container_port: 8080,
            protocol: "tcp".into(),
            host_address: "127.0.0.1".into(),
            host_port: 18080,
        }],
        ..container_of("c1", "eval")
    }
}

fn exited(code: i64) -> Container {
    Container {
        state: ContainerState::Exited,
        exit_code: code,
        finished: Some(at(1_100)),
        ..running()
    }
}

fn listening(text: &str) -> Option<Seen<Inside>> {
    let all = text.split(' ').filter(|one| !one.is_empty());
    seen(Inside::Listening(all.map(|one| one.parse().expect(one)).collect()))
}

/// Everything is well.
fn well() -> Facts {
    let image = LocalImage {
        id: "sha256:1".into(),
        tags: vec![],
        digests: vec![],
        layers: vec![],
        size: 1,
        created: None,
        architecture: "amd64".into(),
        operating_system: "linux".into(),
        config: json!({}),
    };
    Facts {
        name: "eval".into(),
        compute: "Docker".into(),
        image_name: "r.example/x:1".into(),
        architecture: "amd64".into(),
        compute_memory: 4_000 * MB,
        target_port: Some(8080),
        endpoint: Some("http://127.0.0.1:18080".into()),
        wanted_port: 18080,
        answered_before: true,
        ready_within: 120,
        now: at(1_200),
        engine: seen(EngineAnswer::Answers("Docker Engine 20.10".into())),
        image: seen(ImageAnswer::There(Box::new(image))),
        container: seen(ContainerAnswer::There(Box::new(running()))),
        listening: listening("0.0.0.0:8080"),
        service: seen(ServiceAnswer::Healthy(Protocol::Executor)),
        ..Facts::default()
    }
}

fn with(container: Container) -> Facts {
    Facts {
        container: seen(ContainerAnswer::There(Box::new(container))),
        listening: None,
        service: None,
        ..well()
    }
}

#[track_caller]
fn broken(facts: &Facts, link: Link, cause: Cause) -> crate::finding::Finding {
    let verdict = judge(facts, true);
    assert_eq!(verdict.broken, Some(link), "{verdict:#?}");
    let finding = verdict.finding.clone().expect("a finding");
    assert_eq!(finding.cause, cause, "{verdict:#?}");
    assert!(!finding.evidence.is_empty(), "{verdict:#?}");
    for check in verdict.checks.iter().filter(|check| check.link > link) {
        assert!(
            check.link >= Link::Versions || check.state == LinkState::NotReached,
            "{verdict:#?}"
        );
    }
    assert_eq!(verdict.checks.len(), Link::ALL.len(), "every link is told: {verdict:#?}");
    finding
}

#[test]
fn a_whole_chain_has_no_broken_link_and_what_was_not_seen_is_not_called_passed() {
    let verdict = judge(&well(), true);
    assert_eq!((verdict.broken, verdict.finding), (None, None));
    let state =
        |link| verdict.checks.iter().find(|check| check.link == link).map(|check| check.state);
    assert_eq!(state(Link::Protocol), Some(LinkState::Passed));
    assert_eq!(state(Link::Clock), Some(LinkState::Unknown));
}

#[test]
fn while_it_goes_on_only_what_was_looked_at_is_told() {
    let facts = Facts { container: None, ..well() };
    let links: Vec<Link> = judge(&facts, false).checks.iter().map(|check| check.link).collect();
    assert_eq!(links, [Link::Compute, Link::Permission, Link::Image]);
}

#[test]
fn an_engine_that_is_away_or_refuses_is_the_first_link() {
    let away = |why| Facts {
        engine: seen(EngineAnswer::Unreachable(why)),
        image: None,
        container: None,
        listening: None,
        service: None,
        ..well()
    };
    let path = || "/run/docker.sock".to_owned();
    let finding =
        broken(&away(Unreachable::Refused { path: path() }), Link::Compute, Cause::EngineGone);
    assert_eq!(finding.remedies[0], Remedy::RestartEngine);
    let denied = Unreachable::PermissionDenied {
        path: path(),
        group: "docker".into(),
        command: "sudo usermod -aG docker ann".into(),
    };
    let finding = broken(&away(denied), Link::Permission, Cause::EngineDenied);
    assert!(finding.advice[0].contains("usermod"), "{finding:#?}");
    let silent =
        Facts { engine: seen(EngineAnswer::Silent(3)), ..away(Unreachable::WindowsContainers) };
    broken(&silent, Link::Compute, Cause::EngineGone);
}

#[test]
fn a_refused_start_is_told_by_the_engines_words_also_where_it_keeps_none() {
    let refused = |words: &str| {
        let facts = with(Container { state: ContainerState::Created, ..running() });
        Facts { told_refusal: Some(words.to_owned()), ..facts }
    };
    for (words, cause) in [
        ("bind source path does not exist: /x", Cause::MountMissing),
        ("exec: \"/x\": stat /x: no such file or directory: unknown", Cause::CommandMissing),
        (
            "error gathering device information while adding custom device \"/dev/x\": no such file or directory",
            Cause::DeviceMissing,
        ),
        ("could not find bridge docker0: no such network interface", Cause::NetworkGone),
        ("cannot expose privileged port 80", Cause::PrivilegedPort),
        ("userland proxy: listen tcp4 0.0.0.0:80: bind: permission denied", Cause::PrivilegedPort),
        ("quite new", Cause::Unknown),
        // What a pull says is no reason of a start.
        ("toomanyrequests: rate limit", Cause::Unknown),
    ] {
        broken(&refused(words), Link::Started, cause);
    }
    let taken = Facts {
        port_holder: seen(Holder::Container("nginx".into())),
        free_port: Some(18081),
        ..refused("Bind for 127.0.0.1:18080 failed: port is already allocated")
    };
    let finding = broken(&taken, Link::Started, Cause::PortTaken);
    assert!(finding.sentence.contains("nginx"), "{finding:#?}");
    assert_eq!(finding.remedies[0], Remedy::ChoosePort { free: Some(18081) });
    let free_again = Facts { port_holder: seen(Holder::Nobody), ..taken };
    let finding = broken(&free_again, Link::Started, Cause::PortTaken);
    assert_eq!(finding.remedies, [Remedy::Start]);
    let never = with(Container { state: ContainerState::Created, ..running() });
    broken(&never, Link::Started, Cause::ContainerStopped);
}

#[test]
fn an_end_is_told_by_memory_events_log_and_code() {
    let ended = |code, log: &str| Facts { log: seen(log.to_owned()), ..with(exited(code)) };
    for (code, log, cause) in [
        (0, "", Cause::EndedInOrder),
        (1, "something", Cause::ContainerExited),
        (137, "", Cause::Killed),
        (139, "", Cause::Crashed),
        (143, "", Cause::ContainerStopped),
        (1, "python: No module named uvicorn", Cause::NoServiceInImage),
        (1, "No module named 'promptflow.executor._service'", Cause::PromptflowTooOld),
        (1, "ModuleNotFoundError: No module named 'langchain'", Cause::ModuleMissing),
        (1, "OSError: [Errno 28] No space left on device", Cause::DiskFull),
        // One that ended well says nothing by its log.
        (0, "No space left on device", Cause::EndedInOrder),
    ] {
        broken(&ended(code, log), Link::Running, cause);
    }
    let limited = Container { out_of_memory: true, memory_limit: 100 * MB, ..exited(137) };
    let finding = broken(&with(limited), Link::Running, Cause::OutOfMemory);
    assert_eq!(finding.remedies[0], Remedy::RaiseMemory { bytes: Some(200 * MB) });
    // A child was ended for memory some time ago; then somebody stopped it.
    let stopped = Container { out_of_memory: true, ..exited(143) };
    broken(&with(stopped), Link::Running, Cause::ContainerStopped);
    let by_hand = Facts { told_stop: Some("kill".into()), ..ended(137, "") };
    broken(&by_hand, Link::Running, Cause::ContainerStopped);
    let away = Facts { engine_away: Some((at(1_105), at(1_130))), ..ended(0, "") };
    broken(&away, Link::Running, Cause::EngineRestarted);
    let long_before = Facts { engine_away: Some((at(1_500), at(1_510))), ..ended(0, "") };
    broken(&long_before, Link::Running, Cause::EndedInOrder);
}

#[test]
fn a_loop_says_why_it_goes_round_when_that_is_known() {
    let again = Container { state: ContainerState::Restarting, restart_count: 4, ..exited(1) };
    let facts = Facts { log: seen("No module named 'langchain'".to_owned()), ..with(again) };
    let finding = broken(&facts, Link::Running, Cause::RestartLoop);
    assert!(finding.sentence.contains("4 times"), "{finding:#?}");
    assert!(finding.meaning.contains("langchain"), "{finding:#?}");
}

#[test]
fn podmans_loops_are_seen_although_it_has_no_state_for_them() {
    let again = Container { restart_count: 9, restart_policy: "always".into(), ..exited(3) };
    let facts = Facts { is_podman: true, ..with(again) };
    broken(&facts, Link::Running, Cause::RestartLoop);
    // By hand it would be stopped as well.
    let stopped = Facts { told_stop: Some("stop".into()), ..facts };
    broken(&stopped, Link::Running, Cause::ContainerExited);
    let begun = Container { restart_count: 9, restart_policy: "always".into(), ..running() };
    let just = Facts {
        answered_before: false,
        now: at(1_001),
        container: seen(ContainerAnswer::There(Box::new(begun))),
        service: seen(ServiceAnswer::Closed),
        listening: listening(""),
        ..well()
    };
    broken(&just, Link::Running, Cause::RestartLoop);
}

#[test]
fn what_listens_inside_decides_where_it_is_broken() {
    let facts = |inside: &str| Facts {
        listening: listening(inside),
        service: seen(ServiceAnswer::Closed),
        ..well()
    };
    broken(&facts(""), Link::Listening, Cause::NothingListens);
    // The engine's own server for names is nothing of the container's.
    broken(&facts("127.0.0.11:43210"), Link::Listening, Cause::NothingListens);
    broken(&facts("127.0.0.1:8080"), Link::Listening, Cause::ListensOnLoopback);
    let finding = broken(&facts("0.0.0.0:8081"), Link::Listening, Cause::ListensElsewhere);
    assert_eq!(finding.remedies[0], Remedy::ListenOn { inside: 8081 });
    let other = Facts {
        service: seen(ServiceAnswer::Healthy(Protocol::Executor)),
        free_port: Some(18081),
        ..facts("")
    };
    let finding = broken(&other, Link::Listening, Cause::NotTheOneThatAnswers);
    assert_eq!(finding.remedies, [Remedy::ChoosePort { free: Some(18081) }]);
    let unpublished = Facts {
        container: seen(ContainerAnswer::There(Box::new(Container { ports: vec![], ..running() }))),
        free_port: Some(18081),
        ..well()
    };
    let finding = broken(&unpublished, Link::PortPublished, Cause::NoPortPublished);
    assert_eq!(finding.remedies, [Remedy::ChoosePort { free: Some(18081) }]);
}

#[test]
fn a_slow_start_is_not_called_broken_before_its_time() {
    let slow = Facts {
        answered_before: false,
        now: at(1_030),
        listening: listening(""),
        service: seen(ServiceAnswer::Closed),
        ..well()
    };
    let verdict = judge(&slow, true);
    assert_eq!((verdict.broken, verdict.finding), (None, None), "{:#?}", verdict.checks);
    let shown = verdict.checks.iter().find(|check| check.link == Link::Listening).expect("told");
    assert_eq!(shown.state, LinkState::Warning);
    assert!(shown.sentence.contains("90 s more"), "{shown:#?}");
    let proxy = Facts {
        listening: listening("0.0.0.0:8080"),
        service: seen(ServiceAnswer::Other { status: 503, excerpt: "wait".into() }),
        ..slow.clone()
    };
    assert_eq!(judge(&proxy, true).broken, None);
    let over = Facts { now: at(1_121), ..slow.clone() };
    broken(&over, Link::Listening, Cause::NothingListens);
    // What the service itself says inside needs no waiting.
    let proven = Facts {
        listening: listening("0.0.0.0:8081"),
        inside: seen(vec![InsideAnswer { port: 8081, body: "healthy".into() }]),
        ..slow
    };
    broken(&proven, Link::Listening, Cause::ListensElsewhere);
}

#[test]
fn a_service_that_is_well_inside_only_is_cut_off_and_one_that_hangs_is_unknown() {
    for answer in
        [ServiceAnswer::Refused("refused".into()), ServiceAnswer::Closed, ServiceAnswer::Silent(3)]
    {
        let cut_off = Facts {
            service: seen(answer),
            inside: seen(vec![InsideAnswer { port: 8080, body: "healthy".into() }]),
            ..well()
        };
        broken(&cut_off, Link::Reachable, Cause::PortNotReachable);
    }
    let hangs = Facts { service: seen(ServiceAnswer::Silent(3)), ..well() };
    let finding = broken(&hangs, Link::Health, Cause::Unknown);
    assert!(finding.evidence.len() >= 2, "{finding:#?}");
}

#[test]
fn who_answers_is_told_by_its_answer() {
    let answers = |status, excerpt: &str| Facts {
        service: seen(ServiceAnswer::Other { status, excerpt: excerpt.into() }),
        ..well()
    };
    broken(&answers(500, "oops"), Link::Health, Cause::HealthFails);
    broken(&answers(200, "Welcome to nginx"), Link::Health, Cause::AnotherServiceAnswers);
    broken(&answers(404, "not found"), Link::Health, Cause::AnotherServiceAnswers);
    broken(&answers(0, "this is not HTTP"), Link::Health, Cause::Unknown);
    let azure = Facts { service: seen(ServiceAnswer::Healthy(Protocol::AzureRuntime)), ..well() };
    let finding = broken(&azure, Link::Protocol, Cause::NoExecutor);
    // Nothing shows that the image could serve.
    assert_eq!(finding.remedies, [Remedy::ChooseImage]);
}

#[test]
fn resources_are_told_beside_the_chain() {
    let mut facts = well();
    let resources = &mut facts.resources;
    resources.engine_disk = seen(Some(500 * MB));
    resources.memory = seen(MemoryInside { used: 99 * MB, limit: 100 * MB });
    resources.clock = seen(Clocks { engine: at(4_000), here: at(1_000) });
    let verdict = judge(&facts, true);
    assert_eq!(verdict.broken, None);
    let causes: Vec<Cause> = verdict.others.iter().map(|other| other.cause).collect();
    assert_eq!(causes, [Cause::DiskShort, Cause::MemoryShort, Cause::ClockOff]);
    facts.resources.disks_inside =
        seen(vec![DiskInside { at: "/data".into(), size: 10 * MB, free: 0 }]);
    let finding = broken(&facts, Link::Disk, Cause::DiskFull);
    assert!(finding.sentence.contains("/data"), "{finding:#?}");
}

#[test]
fn the_kernel_tells_of_memory_where_the_engine_does_not() {
    let mut killed = with(exited(137));
    broken(&killed, Link::Running, Cause::Killed);
    killed.kernel_on_memory = seen("oom-kill:…,task=python".to_owned());
    let finding = broken(&killed, Link::Running, Cause::OutOfMemory);
    assert!(finding.evidence.iter().any(|one| one.seen.contains("oom-kill")), "{finding:#?}");
}

#[test]
fn services_of_connections_are_judged_by_what_answered_inside() {
    let answered = |answer| {
        let mut facts = well();
        facts.resources.endpoints = seen(vec![EndpointInside {
            connection: "my_aoai".into(),
            address: "https://x.example".into(),
            answer,
        }]);
        facts
    };
    for status in [200, 401, 404] {
        let verdict = judge(&answered(EndpointAnswer::Status(status)), true);
        assert_eq!((verdict.broken, verdict.others.len()), (None, 0), "{status}");
    }
    let is = |answer, cause| broken(&answered(answer), Link::ModelEndpoints, cause);
    is(EndpointAnswer::NoSuchHost, Cause::LlmUnreachable);
    is(EndpointAnswer::Unreachable("timed out".into()), Cause::LlmUnreachable);
    is(EndpointAnswer::Status(503), Cause::LlmUnreachable);
    is(EndpointAnswer::Status(429), Cause::LlmThrottled);
    let proxy = is(EndpointAnswer::Status(407), Cause::LlmUnreachable);
    assert!(proxy.sentence.starts_with("A proxy"), "{proxy:#?}");
}

#[test]
fn what_leads_out_of_the_container_is_named_before_the_services() {
    let with = |answer, proxy: Option<(&str, Option<&str>)>| {
        let mut facts = well();
        facts.resources.network = seen(NetworkInside::default());
        facts.resources.proxies = seen(
            proxy
                .map(|(address, refusal)| ProxyInside {
                    address: address.into(),
                    refusal: refusal.map(str::to_owned),
                })
                .into_iter()
                .collect(),
        );
        facts.resources.endpoints = seen(vec![EndpointInside {
            connection: "my_aoai".into(),
            address: "https://x.example".into(),
            answer,
        }]);
        facts
    };
    let silent = with(EndpointAnswer::NoNameServer, None);
    let finding = broken(&silent, Link::Network, Cause::NamesNotFoundInside);
    assert!(finding.sentence.contains("https://x.example"), "{finding:#?}");
    assert_eq!(judge(&silent, true).others, []);
    let refused = || EndpointAnswer::Unreachable("Connection refused".into());
    let lost = with(refused(), Some(("proxy.example:3128", Some("timed out"))));
    let finding = broken(&lost, Link::Network, Cause::ProxyNotReachable);
    assert!(finding.sentence.contains("proxy.example:3128"), "{finding:#?}");
    assert_eq!(finding.remedies, [Remedy::ChangeVariables]);
    let own = with(refused(), Some(("127.0.0.1:3128", Some("refused"))));
    let finding = broken(&own, Link::Network, Cause::ProxyNotReachable);
    assert!(finding.meaning.contains("belongs to the container"), "{finding:#?}");
    // A proxy that is there is not to blame, and neither is a name that does not exist.
    let there = with(refused(), Some(("proxy.example:3128", None)));
    broken(&there, Link::ModelEndpoints, Cause::LlmUnreachable);
    // One that nothing goes through is only told.
    let passed_by = with(EndpointAnswer::Status(401), Some(("proxy.example:3128", Some("lost"))));
    let verdict = judge(&passed_by, true);
    assert_eq!((verdict.broken, verdict.others[0].cause), (None, Cause::ProxyNotReachable));
    // A service that answers says itself what is wrong with it.
    let throttled = with(EndpointAnswer::Status(429), Some(("proxy.example:3128", Some("lost"))));
    broken(&throttled, Link::ModelEndpoints, Cause::LlmThrottled);
    broken(&with(EndpointAnswer::NoSuchHost, None), Link::ModelEndpoints, Cause::LlmUnreachable);
}

#[test]
fn what_flows_lack_is_told_once_for_all_that_lack_it() {
    let lacks = |flow: &str, finding| (flow.to_owned(), finding);
    let flows = FlowsSeen {
        looked_at: 3,
        lacks: vec![
            lacks("chat", lacks_tool(None)),
            lacks("search", lacks_connection("my_search")),
            lacks("rank", lacks_tool(None)),
        ],
        not_seen: vec![],
    };
    let verdict = judge(&Facts { flows: seen(flows), ..well() }, true);
    assert_eq!((verdict.broken, &verdict.finding), (None, &None));
    let [tools, connection] = &verdict.others[..] else { panic!("{verdict:#?}") };
    assert_eq!(tools.cause, Cause::ToolsMissing);
    assert!(tools.meaning.starts_with("The flows chat, rank need it."), "{tools:#?}");
    assert_eq!(connection.cause, Cause::ConnectionNotGiven);
    assert!(connection.meaning.starts_with("The flow search needs it."), "{connection:#?}");
    let state = |flows: FlowsSeen| {
        let verdict = judge(&Facts { flows: seen(flows), ..well() }, true);
        verdict.checks.iter().find(|check| check.link == Link::Flows).map(|check| check.state)
    };
    assert_eq!(state(FlowsSeen::default()), Some(LinkState::NotNeeded));
    assert_eq!(state(FlowsSeen { looked_at: 1, ..FlowsSeen::default() }), Some(LinkState::Passed));
    let late = FlowsSeen { looked_at: 1, not_seen: vec!["rank (late)".into()], lacks: vec![] };
    assert_eq!(state(late), Some(LinkState::Unknown));
}

#[test]
fn an_image_that_is_gone_or_another_one_warns_and_one_for_another_processor_breaks() {
    let gone = Facts { image: seen(ImageAnswer::Missing), ..well() };
    let verdict = judge(&gone, true);
    assert_eq!((verdict.broken, verdict.others[0].cause), (None, Cause::ImageGone));
    let mut foreign = with(exited(1));
    if let Some(Seen { value: ImageAnswer::There(image), .. }) = &mut foreign.image {
        image.architecture = "arm64".into();
    }
    broken(&foreign, Link::Image, Cause::WrongArchitecture);
    let removed = Facts { container: seen(ContainerAnswer::Gone), ..well() };
    broken(&removed, Link::Container, Cause::ContainerGone);
}
