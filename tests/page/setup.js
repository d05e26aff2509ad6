// What the page's modules find in a browser, for tests in node: `node --import ./tests/page/setup.js --test "tests/page/*.test.js"` (`npm test`).
// globalThis.PG_START is made by assets/ui/theme.js and boot.js themselves from the real config, which Python writes once for every state of the sources. A lab's
// module finds the page's as it does when it is served (assets/ui/labs/<key>/). There is no document: what is tested here is pure.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { register } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import vm from "node:vm";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const WRITE = `
import json, sys
from playground.ui.page import build, told
with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump(told(build().form), file)
`;

/** Name, size and time of every source that the config is made of. */
function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else if (/\.(py|toml)$/.test(entry.name)) yield [path, statSync(path).size, statSync(path).mtimeMs];
  }
}

/** What Python tells the page. PYTHON names the interpreter that has the app's packages; without it .venv's, then python3. */
function config() {
  const state = createHash("sha256");
  for (const folder of ["playground", "toy_models"]) for (const source of sources(join(ROOT, folder))) state.update(source.join());
  const cache = join(tmpdir(), "diffusion-playground-page"), file = join(cache, `${state.digest("hex").slice(0, 24)}.json`);
  if (!existsSync(file)) {
    const own = join(ROOT, ".venv/bin/python"), python = process.env.PYTHON || (existsSync(own) ? own : "python3"), part = `${file}.${process.pid}`;
    mkdirSync(cache, { recursive: true });
    const { status, stderr, error } = spawnSync(python, ["-W", "ignore", "-c", WRITE, part], { cwd: ROOT, encoding: "utf-8" });
    if (status !== 0) throw new Error(`${python} could not write what the page is told: ${error ?? stderr}`);
    renameSync(part, file); // several tests may have begun at once
  }
  return JSON.parse(readFileSync(file, "utf-8"));
}

// A module of a lab imports as if it stood in assets/ui/labs/<key>/.
const RESOLVE = `
const ui = ${JSON.stringify(new URL("../../assets/ui/", import.meta.url).href)}, labs = ${JSON.stringify(new URL("../../playground/views/labs/", import.meta.url).href)};
export function resolve(specifier, context, next) {
  const { parentURL } = context;
  if (!specifier.startsWith(".")) return next(specifier, context);
  if (parentURL?.startsWith(labs)) {
    const served = new URL(specifier, parentURL.replace(labs, ui + "labs/")).href;
    return next(served.startsWith(ui + "labs/") ? served.replace(ui + "labs/", labs) : served, context);
  }
  return next(specifier, context);
}`;

/** The page of a link: PG_START as boot.js leaves it. Tests that need another link than "" call it again, before they import. */
export function boot(search = "") {
  globalThis.PG_START = { config: structuredClone(told) };
  globalThis.location = new URL(search, "http://localhost/");
  for (const name of ["theme", "boot"]) vm.runInThisContext(readFileSync(new URL(`../../assets/ui/${name}.js`, import.meta.url), "utf-8"));
  return globalThis.PG_START;
}

const quiet = () => {};
Object.assign(globalThis, {
  window: globalThis,
  addEventListener: quiet,
  matchMedia: () => ({ matches: false, addEventListener: quiet }),
  fetch: () => new Promise(quiet), // nothing is asked for
  ResizeObserver: class { observe() {} },
  document: { baseURI: "http://localhost/", referrer: "", documentElement: { dataset: {} }, addEventListener: quiet },
});
const told = config();
register(`data:text/javascript,${encodeURIComponent(RESOLVE)}`);
boot();
