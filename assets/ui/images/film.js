// Films: every frame is drawn by the page's own painters (the stage's, the images'), sent to the server and joined there to a GIF or an MP4.
import { columnsOf, sheetOn } from "../compare/sheet.js";
import { passage } from "../stage/clock.js";
import { frameAt, ofImages } from "./draw.js";

/** @typedef {"mp4" | "gif"} Film */

const SHAPES = { // size in CSS pixels, pixels for each, milliseconds a frame
  mp4: { width: 1280, height: 720, scale: 1.5, ms: 50, type: "image/jpeg" },
  gif: { width: 960, height: 540, scale: 1, ms: 80, type: "image/png" },
};

const STEP_MS = 110; // of a film of images, a frame a step

/**
 * A film of the stages that are seen from their start to their end, at the page's pace, beside each other; of image runs a frame a step.
 * @param {import("../compare/sheet.js").Seen[]} seen
 * @param {Film} film
 * @param {{tell: (done: number, of: number) => void, signal: AbortSignal}} progress
 * @returns what the server joins: pictures each after its length, how many frames each stays, and milliseconds a frame
 */
export const filmOf = async (seen, film, { tell, signal }) => {
  const runs = seen.flatMap(({ stage }) => stage.run ?? []), [{ stage: { course, theme } }] = seen;
  if (!runs.length || runs.length < seen.length || !course.motion) throw new Error("There is no run to be filmed yet.");
  const { width, height, scale, type } = SHAPES[film], still = runs.some((run) => ofImages(run) !== null), ms = still ? STEP_MS : SHAPES[film].ms;
  const columns = columnsOf(seen.length), rows = Math.ceil(seen.length / columns), join = sheetOn(theme.stage);
  const painters = seen.map(({ stage, images }, n) => (still ? (/** @type {number} */ clock) => images.picture(frameAt(runs[n], clock)) : stage.painter(2 * Math.floor(width / columns / 2), 2 * Math.floor(height / rows / 2), scale)));
  /** @type {BlobPart[]} */
  const pictures = [];
  /** @type {number[]} */
  const times = [];
  const { stops, forward } = course.motion, hands = still ? [...stops].sort((a, b) => (forward ? a - b : b - a)) : passage(course.motion, ms);
  let last = ""; // no moment yet
  for (let n = 0; n < hands.length; n++) {
    if (signal.aborted) throw new DOMException("cancelled", "AbortError");
    if (seen.some(({ stage }, k) => stage.run !== runs[k])) throw new Error("Another run was chosen while the film was drawn.");
    const clocks = seen.map(({ stage }, k) => { // a held state is one picture, however long it stays
      const own = stage.course.own(hands[n]), moment = runs[k].facts(own);
      return moment.held ? moment.clock : own;
    });
    if (clocks.join() === last) times[times.length - 1]++;
    else {
      last = clocks.join();
      const picture = join(painters.map((paint, k) => paint(clocks[k])));
      const blob = await /** @type {Promise<Blob | null>} */ (new Promise((done) => picture.toBlob(done, type, 0.95)));
      if (!blob) throw new Error("The browser could not encode a picture.");
      pictures.push(new Uint8Array([blob.size & 255, (blob.size >> 8) & 255, (blob.size >> 16) & 255, blob.size >>> 24]), blob);
      times.push(1);
    }
    if (n % 5 === 0) tell(n + 1, hands.length);
  }
  return { body: new Blob(pictures), times: times.join(","), ms };
};
