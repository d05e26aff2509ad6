// What Python says, for tests that hold a script against it.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The JSON that a program prints. */
export function python(code, input = "") {
  const own = join(ROOT, ".venv/bin/python"), program = process.env.PYTHON || (existsSync(own) ? own : "python3");
  const { status, stdout, stderr, error } = spawnSync(program, ["-W", "ignore", "-c", code], { cwd: ROOT, encoding: "utf-8", input, maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`${program}: ${error ?? stderr}`);
  return JSON.parse(stdout);
}
