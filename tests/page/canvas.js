// A canvas for tests in node: it takes every call, holds pixels that are put into it, and draws nothing.
class ImageData {
  constructor(width, height) {
    Object.assign(this, { width, height, data: new Uint8ClampedArray(4 * width * height) });
  }
}

/** {ctx, calls}: a context and the names of the methods that were called on it. */
export function canvas() {
  const calls = [];
  const ctx = new Proxy({ createImageData: (w, h) => new ImageData(w, h) }, {
    get: (target, name) => target[name] ?? ((...args) => (calls.push(name), args.length)),
    set: (target, name, value) => ((target[name] = value), true),
  });
  return { ctx, calls };
}

globalThis.document.createElement = () => {
  const { ctx, calls } = canvas();
  return { width: 300, height: 150, calls, getContext: () => ctx };
};
