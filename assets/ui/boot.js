// Runs while the document is read: the request for the first picture, long before Gradio has mounted.
(() => {
  const start = window.PG_START; // {config}, written by Python (playground/ui/page.py)
  const C = start.config;
  // the part of a link that is the experiment
  start.experimentPart = (search) => {
    /** @type {Record<string, string>} */
    const out = {}, { begin, names } = C.elsewhere;
    for (const [k, v] of new URLSearchParams(search)) if (!begin.some((b) => k.startsWith(b)) && !names.includes(k)) out[k] = v;
    return start.renamed(out);
  };
  // laws and who predicts for them (Python's catalog); a set of images, or a pipeline of the hub, is known from its name until the server tells of it
  const own = (/** @type {string | undefined} */ data) => /^set:[0-9a-f]{8}$/.test(data ?? "");
  start.models = (data) => C.laws[data]?.models ?? (own(data) ? C.sets.models : []);
  start.renamed = (q) => {
    const parts = /^(set:[0-9a-f]{8})-(\w+)$/.exec(q.data ?? ""), [data, model] = C.old[q.data] ?? parts?.slice(1) ?? [q.data, q.model];
    if (!model) return q;
    const out = { ...q, data, model };
    if (model === start.models(data)[0]) delete /** @type {Record<string, string>} */ (out).model;
    return out;
  };
  start.packetUrl = (layer, want, query, extra = {}) => {
    const url = new URL("live/packet", document.baseURI);
    url.search = String(new URLSearchParams({ layer, ...(want ? { want } : {}), ...extra, ...query }));
    return url;
  };
  const on = (new URLSearchParams(location.search).get("view.layers") || "").split(",");
  const query = start.experimentPart(location.search);
  const want = C.layers.filter((layer) => layer.packet === "run" && layer.arrays && on.includes(layer.key)).map((layer) => layer.arrays).join(",");
  if (own(query.data)) { // images of one's own: what fits them is what fits the built-in set
    C.laws[query.data] = { title: "your images", pictures: true, models: C.sets.models };
    for (const key of C.sets.models) C.models[`${query.data} ${key}`] = C.models[`${C.sets.like} ${key}`];
  }
  if (/^hub:/.test(query.data)) { // hub.js fills it
    C.laws[query.data] ??= { title: query.data.slice(4), pictures: true, models: [query.data] };
    C.models[`${query.data} ${query.data}`] ??= { process: -1, under: {}, own: {} };
  }
  const images = C.laws[query.data]?.pictures; // these form step by step, which the loop asks for
  if (images && !("particles" in query)) query.particles = String(C.batch);
  // the server is fair between tabs: they are told apart by a number without a meaning, made anew with every page
  start.tab = { "X-Playground-Tab": Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join("") };
  start.first = { query, want, response: images ? null : fetch(start.packetUrl("run", want, query), { headers: start.tab }).catch((error) => error) };
})();
