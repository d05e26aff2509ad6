// A form without components, for tests: what is chosen, who judges, what gives way.
import { Chosen } from "../../assets/ui/form/chosen.js";
import { Judge } from "../../assets/ui/form/judge.js";
import { Grammar } from "../../assets/ui/form/query.js";
import { Settle } from "../../assets/ui/form/settle.js";
import { boot } from "./setup.js";

/** A form that says `values` (by slot: "process", "sampler", … or by a control's id), and what it says and does besides. */
export function formOf(values = {}) {
  const { config, models } = boot(), grammar = new Grammar(config, models);
  const written = [], said = [], gave = [], mute = new Set(); // ids of components that say already what they are told
  const chosen = new Chosen(grammar, (control, value) => written.push([control.id, value]) > 0 && !mute.has(control.id));
  const fallback = config.fallback[values.process ?? chosen.process];
  for (const [slot, key] of Object.entries({ ...fallback, ...values })) chosen.values[slot.startsWith("pg-") ? slot : `pg-${slot}`] = key;
  const judge = new Judge(grammar, chosen);
  const settle = new Settle(chosen, judge, { say: (message) => said.push(message), samplerGaveWay: () => gave.push(chosen.of("sampler")) });
  settle.begin(false);
  settle.process(); // nothing has changed: what is chosen fits its process
  return { config, grammar, chosen, judge, settle, written, said, gave, mute };
}

export const pictures = (config) => Object.keys(config.laws).filter((law) => config.laws[law].pictures);
