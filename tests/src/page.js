// Put into the application's page once by the tests, after axe-core: finds elements as people and
// screen readers do, by role and accessible name, and keeps the errors of the page.
if (!window.partsPage) {
  const errors = [];
  window.addEventListener("error", (event) => {
    // Not an error of the page: what an observer's own work resized is delivered in the next frame.
    if (String(event.message).startsWith("ResizeObserver loop")) return;
    errors.push(String(event.message));
  });
  window.addEventListener("unhandledrejection", (event) => errors.push(String(event.reason)));
  const report = console.error;
  console.error = (...words) => {
    errors.push(words.map(String).join(" "));
    report.apply(console, words);
  };
  const oneLine = (text) => (text ?? "").replace(/\s+/g, " ").trim();
  const selectors = {
    alert: "[role=alert]",
    button: "button,[role=button],summary,input[type=button],input[type=submit]",
    checkbox: "input[type=checkbox],[role=checkbox]",
    columnheader: "th,[role=columnheader]",
    combobox: "[role=combobox],select,input[list]",
    dialog: "dialog,[role=dialog]",
    form: "form,[role=form]",
    alertdialog: "[role=alertdialog]",
    grid: "[role=grid]",
    gridcell: "td,[role=gridcell]",
    heading: "h1,h2,h3,h4,h5,h6,[role=heading]",
    link: "a[href],[role=link]",
    list: "ul,ol,[role=list]",
    menuitem: "[role=menuitem]",
    option: "option,[role=option]",
    progressbar: "progress,[role=progressbar]",
    radio: "input[type=radio],[role=radio]",
    region: "section,[role=region]",
    row: "tr,[role=row]",
    searchbox: "input[type=search],[role=searchbox]",
    spinbutton: "input[type=number],[role=spinbutton]",
    switch: "[role=switch]",
    tab: "[role=tab]",
    table: "table,[role=table]",
    textbox: "input:not([type]),input[type=text],input[type=password],input[type=url],textarea,[role=textbox]",
  };
  const matches = (name, wanted, how) => {
    if (how === "any") return true;
    if (how === "is") return name === wanted;
    if (how === "starts") return name.startsWith(wanted);
    return name.includes(wanted);
  };
  // axe computes names and roles from a tree of its own that must be set up around the questions.
  const withTree = (work) => {
    try {
      axe.teardown();
    } catch {
      // There was none.
    }
    axe.setup(document.documentElement);
    try {
      return work();
    } finally {
      axe.teardown();
    }
  };
  window.partsPage = {
    errors,
    find: (role, wanted, how, inside) =>
      withTree(() => {
        const scope = inside ?? document;
        return [...scope.querySelectorAll(selectors[role] ?? `[role="${role}"]`)].filter(
          (element) =>
            axe.commons.aria.getRole(element) === role &&
            axe.commons.dom.isVisibleToScreenReaders(element) &&
            matches(oneLine(axe.commons.text.accessibleText(element)), wanted, how),
        );
      }),
    names: () =>
      withTree(() =>
        Object.entries(selectors).flatMap(([role, selector]) =>
          [...document.querySelectorAll(selector)]
            .filter((element) => axe.commons.aria.getRole(element) === role)
            .filter((element) => axe.commons.dom.isVisibleToScreenReaders(element))
            .map((element) => `${role} "${oneLine(axe.commons.text.accessibleText(element))}"`),
        ),
      ),
    describe: (element) =>
      withTree(() => `${axe.commons.aria.getRole(element)} "${oneLine(axe.commons.text.accessibleText(element))}"`),
  };
}
return true;
