// Each of several stages has particles in a colour of its own: the same in the app and on a page that needs no server.

/** Of the class colours those of stages, in their order: blue is the data's. */
const OWN = [0, 1, 3, 4, 6, 7];
/** How a stage's colour is called in style sheets and labs. @param {number} n from 0 */
export const roleOf = (n) => `stage${n + 1}`;
/** @param {import("../stage/panel.js").Theme} theme */
export const coloursOf = (theme) => OWN.map((n) => theme.classes[n]);
