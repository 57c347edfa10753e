/* The steps of a run, what was claimed about them, and how it was recorded. */

function drawStory(trace) {
  const { run, steps, claims } = trace.head;
  const failed = claims.filter(([, held]) => !held).length;
  const verdict = claims.length
    ? `${plural(claims.length, "claim")}, ${failed ? `${number(failed)} FAILED` : "all held"}`
    : "This run made no claims.";
  const loose = claims.filter(([, , , step]) => !steps.some(([id]) => id === step));
  byId("story").replaceChildren(
    make("p", { class: failed ? "bad" : "" }, verdict),
    ...steps.flatMap((step) =>
      storyStep(
        step,
        claims.filter(([, , , of]) => of === step[0]),
      ),
    ),
    ...(loose.length ? [make("h2", {}, steps.length ? "of the whole run" : "claims"), claimList(loose)] : []),
    make("h2", {}, "how it was recorded"),
    facts([
      ["title", run.title],
      ["began", run.started],
      ["took", duration(run.duration)],
      ["Django", run.versions[1]],
      ["Python", run.versions[2]],
      ["sigexplorer", run.versions[0]],
      ["databases", run.databases.map(([alias, vendor]) => `${alias}: ${vendor}`).join(", ")],
      [
        "listening",
        run.listened ? "yes: a tracing receiver was connected to every built-in signal" : "no: watching only",
      ],
      ["complete", run.complete ? "yes" : "no: the run was cut short"],
      ["lost records", run.dropped ? number(run.dropped) : null],
    ]),
  );
}

function storyStep([, title, , took, error, source], claims) {
  return [
    make("h2", {}, title, make("span", { class: "quiet" }, ` ${duration(took)}`)),
    error ? make("p", { class: "bad" }, `✕ stopped by ${error}`) : null,
    claims.length ? claimList(claims) : null,
    source ? make("details", {}, make("summary", {}, "source"), make("pre", {}, source.join("\n"))) : null,
  ].filter(Boolean);
}

function claimList(claims) {
  return make(
    "ul",
    { class: "claims" },
    ...claims.map(([claim, held, detail]) =>
      make(
        "li",
        { class: held ? "held" : "bad" },
        make("b", {}, held ? "held" : "FAILED"),
        ` ${claim}`,
        detail ? make("div", {}, detail) : null,
      ),
    ),
  );
}
