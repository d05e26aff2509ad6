// window.__pg: what tests and benchmarks see of the page.

export const hook = {
  /** The change whose picture is shown. */
  painted: 0,
  /** Steps of the run of images that is forming. */
  formed: 0,
  /** The notice that is shown. */
  notice: "",
  /** What was copied last. */
  copied: "",
  /** @type {string[]} */
  errors: [],
};

/** Something failed that the page goes on without.
 * @param {string} what @param {unknown} error */
export const failed = (what, error) => {
  hook.errors.push(`${what}: ${error instanceof Error ? error.message : error}`);
  console.error(error);
};
