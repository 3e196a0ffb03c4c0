//! Runs as they are done from outside.

use domain::flow::outside::OutsideForm;

use super::*;
use crate::api::{AskOutside, OutsideRun};

#[test]
fn a_run_is_done_from_outside_with_variables_in_the_place_of_secrets() {
    let world = World::new();
    paused(async {
        let (app, runtime) = with_runtime(&world).await;
        keep_connection(&app, "my_aoai").await;
        let flow = open(&app, &folder(&world)).await;
        let ask = async |of: OutsideRun, form| {
            handlers::flow_outside(&app, AskOutside { of, form }).await
        };
        let proposed = || OutsideRun::Proposed { start: Box::new(request(&flow, &runtime)) };
        let curl = ask(proposed(), OutsideForm::Curl).await.expect("curl");
        let endpoint = app.runtimes()[0].endpoint.clone().expect("endpoint");
        for part in [
            &format!("{endpoint}/execution/flow"),
            "\"$MY_AOAI_API_KEY\"",
            "https://x.openai.azure.com/",
            "\"inputs\":{\"text\":\"hi\",\"times\":2}",
        ] {
            assert!(curl.text.contains(part), "{part} is not in {}", curl.text);
        }
        assert!(curl.notes.iter().any(|note| note.contains("MY_AOAI_API_KEY")), "{:?}", curl.notes);
        assert!(curl.notes.iter().any(|note| note.contains("as long as its container")));
        assert_eq!(unpacked(&world), 1, "the files are there");

        // The run itself finds the same files.
        world.service.runs.will_run(TwinRun::answers(completed(&json!({}))));
        let run = start(&app, request(&flow, &runtime)).await;
        result(&app, &run).await;
        let sent = world.service.runs.asked().pop().expect("request").body;
        let there = sent["working_dir"].as_str().expect("folder");
        assert!(curl.text.contains(there), "{there} is not in {}", curl.text);

        let kept = || OutsideRun::Kept { run: run.clone() };
        let python = ask(kept(), OutsideForm::Python).await.expect("python");
        for part in ["os.environ[\"MY_AOAI_API_KEY\"]", "\"text\": \"hi\"", there] {
            assert!(python.text.contains(part), "{part} is not in {}", python.text);
        }
        let pf = ask(kept(), OutsideForm::Pf).await.expect("pf");
        let words = shell_words::split(&pf.text.replace("\\\n", " ")).expect("words");
        assert_eq!(words[..4], ["pf", "flow", "test", "--flow"]);
        assert_eq!(words[5..], ["--inputs", "text=hi", "times=2"]);
        assert!(pf.notes.iter().any(|note| note.contains("my_aoai")), "{:?}", pf.notes);
        for told in [&curl, &python, &pf] {
            assert!(!format!("{told:?}").contains(PLANTED));
        }

        let node = StartFlowRun {
            node: Some("second".into()),
            from: Some(run.clone()),
            ..request(&flow, &runtime)
        };
        let alone = || OutsideRun::Proposed { start: Box::new(node.clone()) };
        let refused = ask(alone(), OutsideForm::Pf).await.expect_err("refused");
        assert_eq!(refused.field.as_deref(), Some("form"));

        world.engine().by_hand(engine::twin::Hand::Stop("eval"));
        settle().await;
        let refused = ask(kept(), OutsideForm::Curl).await.expect_err("refused");
        assert_eq!(refused.code, ProblemCode::NoService);
        assert!(ask(kept(), OutsideForm::Pf).await.is_ok(), "pf needs no runtime");
    });
}
