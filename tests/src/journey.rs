//! What journeys do in the application's window: find things as people and screen readers do, click,
//! type, wait, look.

use std::path::Path;
use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::{Element, ElementRef};
use serde_json::{Value, json};

use crate::error::{PartError, PartResult};
use crate::program::last_lines;
use crate::window::{Window, target_folder};

pub use fantoccini::key::Key;

/// How long a thing that should happen soon may take before a journey gives up.
pub const SOON: Duration = Duration::from_secs(15);

/// Which accessible name is meant.
#[derive(Clone, Debug)]
pub enum Name {
    /// Exactly this one.
    Is(String),
    /// One that starts like this.
    Starts(String),
    /// One with this in it.
    Contains(String),
    /// Whatever it is called.
    Any,
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self::Is(text.to_owned())
    }
}

impl Name {
    fn parts(&self) -> (&str, &str) {
        match self {
            Self::Is(text) => ("is", text),
            Self::Starts(text) => ("starts", text),
            Self::Contains(text) => ("contains", text),
            Self::Any => ("any", ""),
        }
    }
}

/// What axe found wrong on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub rule: String,
    pub impact: String,
    pub help: String,
    /// Each element's HTML.
    pub elements: Vec<String>,
}

/// How long a script in the page may take.
const SCRIPT_LIMIT: Duration = Duration::from_secs(20);

impl Window {
    /// Runs a script in the page and gives its result.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> PartResult<Value> {
        // A page that hangs would hold the driver, and the test, for ever.
        let answer = tokio::time::timeout(SCRIPT_LIMIT, self.client().execute(script, arguments));
        match answer.await {
            Ok(answer) => answer.map_err(|error| PartError::new(format!("A script: {error}"))),
            Err(_) => Err(PartError::new(format!("A script gave no answer in time: {script}"))),
        }
    }

    /// The same for a script that gives elements: the page may take one away between the script's
    /// end and the moment in which the driver hands it over. Then it is looked at anew.
    async fn run_settled(&self, script: &str, arguments: Vec<Value>) -> PartResult<Value> {
        let end = Instant::now() + SOON;
        loop {
            let answer = tokio::time::timeout(
                SCRIPT_LIMIT,
                self.client().execute(script, arguments.clone()),
            );
            match answer.await {
                Ok(Err(error)) if error.is_stale_element_reference() && Instant::now() < end => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Ok(answer) => {
                    return answer.map_err(|error| PartError::new(format!("A script: {error}")));
                }
                Err(_) => {
                    return Err(PartError::new(format!(
                        "A script gave no answer in time: {script}"
                    )));
                }
            }
        }
    }

    /// All elements of this role and name that assistive technology sees.
    pub async fn find_all(&self, role: &str, name: impl Into<Name>) -> PartResult<Vec<Element>> {
        self.find_inside(None, role, name).await
    }

    /// The same inside an element.
    pub async fn find_inside(
        &self,
        scope: Option<&Element>,
        role: &str,
        name: impl Into<Name>,
    ) -> PartResult<Vec<Element>> {
        let name = name.into();
        let (how, text) = name.parts();
        let scope = match scope {
            Some(element) => json!({ ELEMENT: element.element_id().as_ref() as &str }),
            None => Value::Null,
        };
        let arguments = vec![json!(role), json!(text), json!(how), scope];
        let found =
            self.run_settled("return window.partsPage.find(...arguments)", arguments).await?;
        Ok(found
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|element| element[ELEMENT].as_str())
            .map(|id| {
                Element::from_element_id(self.client().clone(), ElementRef::from(id.to_owned()))
            })
            .collect())
    }

    /// The one element of this role and name, waiting for it a little. Several are an error.
    pub async fn find(&self, role: &str, name: impl Into<Name>) -> PartResult<Element> {
        self.find_within(SOON, role, name).await
    }

    /// The same with a limit of its own.
    pub async fn find_within(
        &self,
        limit: Duration,
        role: &str,
        name: impl Into<Name>,
    ) -> PartResult<Element> {
        let name = name.into();
        let end = Instant::now() + limit;
        loop {
            let mut found = self.find_all(role, name.clone()).await?;
            if let (1, Some(element)) = (found.len(), found.pop()) {
                return Ok(element);
            }
            if Instant::now() > end {
                let count = if found.is_empty() { "no" } else { "more than one" };
                return Err(self.explain(&format!("There is {count} {role} {name:?}.")).await);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until no element of this role and name is there any more.
    pub async fn wait_gone(
        &self,
        limit: Duration,
        role: &str,
        name: impl Into<Name>,
    ) -> PartResult<()> {
        let name = name.into();
        let end = Instant::now() + limit;
        while !self.find_all(role, name.clone()).await?.is_empty() {
            if Instant::now() > end {
                return Err(self.explain(&format!("There is still a {role} {name:?}.")).await);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    /// Waits until a JavaScript expression is true in the page. `what` completes "waited for …".
    pub async fn wait(&self, limit: Duration, what: &str, expression: &str) -> PartResult<()> {
        let end = Instant::now() + limit;
        loop {
            if self.run(&format!("return Boolean({expression})"), Vec::new()).await? == json!(true)
            {
                return Ok(());
            }
            if Instant::now() > end {
                return Err(self
                    .explain(&format!("Waited {} s in vain for {what}.", limit.as_secs()))
                    .await);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until the page shows this text anywhere.
    pub async fn wait_text(&self, limit: Duration, text: &str) -> PartResult<()> {
        let expression = format!("document.body.innerText.includes({})", json!(text));
        self.wait(limit, &format!("the text \"{text}\""), &expression).await
    }

    /// Clicks the element of this role and name, once it is enabled.
    pub async fn click(&self, role: &str, name: impl Into<Name>) -> PartResult<()> {
        let name = name.into();
        let enabled = "return !arguments[0].disabled && arguments[0].getAttribute('aria-disabled') !== 'true'";
        let end = Instant::now() + SOON;
        loop {
            // The page may have put another one in its place.
            let element = self.find(role, name.clone()).await?;
            match self.run(enabled, vec![argument(&element)]).await {
                Ok(Value::Bool(true)) => return self.click_on(&element).await,
                Err(error) if !error.to_string().contains("was not found") => return Err(error),
                _ if Instant::now() > end => {
                    return Err(self
                        .explain(&format!("The {role} {name:?} stays disabled."))
                        .await);
                }
                _ => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    /// Clicks an element, scrolled into view first.
    pub async fn click_on(&self, element: &Element) -> PartResult<()> {
        self.run("arguments[0].scrollIntoView({block: 'center'})", vec![argument(element)]).await?;
        match element.click().await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.explain(&format!("A click was not possible: {error}.")).await),
        }
    }

    /// Replaces the text of a field by this one, typed key by key.
    pub async fn fill(&self, role: &str, name: impl Into<Name>, text: &str) -> PartResult<()> {
        let element = self.find(role, name).await?;
        self.click_on(&element).await?;
        self.run("arguments[0].select?.()", vec![argument(&element)]).await?;
        self.press(&char::from(Key::Delete).to_string()).await?;
        // A line's end is a key of its own.
        self.press(&text.replace('\n', &char::from(Key::Enter).to_string())).await
    }

    /// Presses keys, one after the other, wherever the focus is. [`Key`] has those without a
    /// character: `&char::from(Key::Tab).to_string()`.
    pub async fn press(&self, keys: &str) -> PartResult<()> {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for value in keys.chars() {
            actions = actions.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        }
        self.client()
            .perform_actions(actions)
            .await
            .map_err(|error| PartError::new(format!("Pressing keys: {error}")))
    }

    /// Presses a key without a character, that often.
    pub async fn press_key(&self, key: Key, times: usize) -> PartResult<()> {
        self.press(&char::from(key).to_string().repeat(times)).await
    }

    /// Role and name of the element that has the focus, and its text: `button "Next"`.
    pub async fn focused(&self) -> PartResult<String> {
        let script = "const e = document.activeElement; return window.partsPage.describe(e)";
        Ok(self.run(script, Vec::new()).await?.as_str().unwrap_or_default().to_owned())
    }

    /// Presses Tab until the element of this role and name has the focus. A journey without a mouse.
    pub async fn tab_to(&self, role: &str, name: &str) -> PartResult<()> {
        let wanted = format!("{role} \"{name}\"");
        let mut passed = Vec::new();
        for _ in 0..80 {
            let here = self.focused().await?;
            if here == wanted {
                return Ok(());
            }
            passed.push(here);
            self.press_key(Key::Tab, 1).await?;
        }
        Err(self.explain(&format!("Tab never reaches {wanted}; it passed {passed:?}.")).await)
    }

    /// The text an element shows. Read by script: WebDriver's own call gives nothing for text in
    /// an element that clips.
    pub async fn text_of(&self, element: &Element) -> PartResult<String> {
        let text = self.run("return arguments[0].innerText", vec![argument(element)]).await?;
        Ok(text.as_str().unwrap_or_default().trim().to_owned())
    }

    /// All the text the page shows.
    pub async fn text(&self) -> PartResult<String> {
        Ok(self
            .run("return document.body.innerText", Vec::new())
            .await?
            .as_str()
            .unwrap_or_default()
            .to_owned())
    }

    /// Errors and unhandled rejections in the page, and what it wrote to `console.error`, since its start.
    pub async fn page_errors(&self) -> PartResult<Vec<String>> {
        let errors = self.run("return window.partsPage.errors", Vec::new()).await?;
        Ok(errors
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect())
    }

    /// Changes the window's size.
    pub async fn resize(&self, width: u32, height: u32) -> PartResult<()> {
        self.client()
            .set_window_rect(0, 0, width, height)
            .await
            .map_err(|error| PartError::new(format!("Resizing the window: {error}")))
    }

    /// Writes a PNG of the window's content.
    pub async fn picture(&self, file: &Path) -> PartResult<()> {
        // WebKit waits for the next frame, and a page at rest draws none: something that nobody sees
        // moves meanwhile.
        self.run(
            "const dot = document.createElement('i'); dot.ariaHidden = 'true'; \
             dot.style.cssText = 'position:fixed;right:0;bottom:0;width:1px;height:1px'; \
             document.body.append(dot); let on = false; window.__dot = setInterval(() => { \
             on = !on; dot.style.background = on ? '#fefefe' : '#fff' }, 16)",
            Vec::new(),
        )
        .await?;
        let shot = tokio::time::timeout(SCRIPT_LIMIT, self.client().screenshot()).await;
        self.run(
            "clearInterval(window.__dot); document.body.lastElementChild.remove()",
            Vec::new(),
        )
        .await?;
        let bytes = shot
            .map_err(|_| PartError::new("Taking a picture: the window drew no frame in time."))?
            .map_err(|error| PartError::new(format!("Taking a picture: {error}")))?;
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        Ok(std::fs::write(file, bytes)?)
    }

    /// What axe finds wrong on the page at rest: what is there for a moment only, while the page
    /// is laid out anew, is looked at once more.
    pub async fn axe(&self) -> PartResult<Vec<Violation>> {
        let found = self.axe_now().await?;
        if found.is_empty() {
            return Ok(found);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        self.axe_now().await
    }

    /// The same as it is now. Left out are the invisible elements by which Fluent's focus library
    /// notices that the focus enters or leaves; nobody ever stays on them.
    async fn axe_now(&self) -> PartResult<Vec<Violation>> {
        let script = "const done = arguments[arguments.length - 1]; try { axe.teardown(); } catch {} \
            axe.run({ exclude: ['[data-tabster-dummy]'] }, { resultTypes: ['violations'] }).then((r) => done(r.violations), (e) => done(String(e)))";
        let found = self
            .client()
            .execute_async(script, Vec::new())
            .await
            .map_err(|error| PartError::new(format!("axe: {error}")))?;
        let Some(violations) = found.as_array() else {
            return Err(PartError::new(format!("axe did not run: {found}")));
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok(violations
            .iter()
            .map(|violation| Violation {
                rule: text(&violation["id"]),
                impact: text(&violation["impact"]),
                help: text(&violation["help"]),
                elements: violation["nodes"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|node| text(&node["html"]))
                    .collect(),
            })
            .collect())
    }

    /// An error with these words, and what the page shows; a picture goes to `target/journeys`.
    pub async fn explain(&self, what: &str) -> PartError {
        let list = |value: Value| {
            value
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect::<Vec<_>>()
                .join("\n  ")
        };
        let names = self
            .run("return window.partsPage.names()", Vec::new())
            .await
            .map(list)
            .unwrap_or_default();
        let text = self.text().await.unwrap_or_default();
        let errors = self.page_errors().await.unwrap_or_default();
        let test = std::thread::current().name().unwrap_or("window").replace("::", "-");
        let file = target_folder()
            .join("journeys")
            .join(format!("{test}-{}.png", self.display().name().trim_start_matches(':')));
        let picture = match self.picture(&file).await {
            Ok(()) => format!("A picture is in {}.", file.display()),
            Err(error) => format!("No picture could be taken: {error}"),
        };
        PartError::new(format!(
            "{what} {picture}\nThe page shows:\n{text}\nBy role:\n  {names}\nErrors of the page: {errors:?}\nOutput:\n{}",
            last_lines(&self.log())
        ))
    }
}

/// The key under which WebDriver hands elements over.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

fn argument(element: &Element) -> Value {
    json!({ ELEMENT: element.element_id().as_ref() as &str })
}
