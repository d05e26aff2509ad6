// Films: every frame is drawn by the page's own painters (the stage's, the images'), sent to the server and joined there to a GIF or an MP4.
import { frameAt, ofImages } from "./draw.js";

/** @typedef {"mp4" | "gif"} Film */

const SHAPES = { // size in CSS pixels, pixels for each, milliseconds a frame
  mp4: { width: 1280, height: 720, scale: 1.5, ms: 50, type: "image/jpeg" },
  gif: { width: 960, height: 540, scale: 1, ms: 80, type: "image/png" },
};

const STEP_MS = 110; // of a film of images, a frame a step

/**
 * A film of the run on the stage from its start to its end, at the stage's pace; of image runs a frame a step.
 * @param {import("../stage/stage.js").Stage} stage
 * @param {import("./images.js").Images} images
 * @param {Film} film
 * @param {{tell: (done: number, of: number) => void, signal: AbortSignal}} progress
 * @returns what the server joins: pictures each after its length, how many frames each stays, and milliseconds a frame
 */
export const filmOf = async (stage, images, film, { tell, signal }) => {
  const { run } = stage;
  if (!run) throw new Error("There is no run to be filmed yet.");
  const { width, height, scale, type } = SHAPES[film], still = ofImages(run) !== null, ms = still ? STEP_MS : SHAPES[film].ms;
  /** @type {(clock: number) => HTMLCanvasElement} */
  const painter = still ? (clock) => images.picture(frameAt(run, clock)) : stage.painter(width, height, scale);
  /** @type {BlobPart[]} */
  const pictures = [];
  /** @type {number[]} */
  const times = [];
  const clocks = still ? Array.from(run.clock) : stage.passage(ms);
  let last = NaN; // no clock yet
  for (let n = 0; n < clocks.length; n++) {
    if (signal.aborted) throw new DOMException("cancelled", "AbortError");
    if (stage.run !== run) throw new Error("Another run was chosen while the film was drawn.");
    const moment = run.facts(clocks[n]), clock = moment.held ? moment.clock : clocks[n]; // a held state is one picture, however long it stays
    if (clock === last) times[times.length - 1]++;
    else {
      last = clock;
      const blob = await /** @type {Promise<Blob | null>} */ (new Promise((done) => painter(clock).toBlob(done, type, 0.95)));
      if (!blob) throw new Error("The browser could not encode a picture.");
      pictures.push(new Uint8Array([blob.size & 255, (blob.size >> 8) & 255, (blob.size >> 16) & 255, blob.size >>> 24]), blob);
      times.push(1);
    }
    if (n % 5 === 0) tell(n + 1, clocks.length);
  }
  return { body: new Blob(pictures), times: times.join(","), ms };
};
