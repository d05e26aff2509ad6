// What boot.js has begun while the document was read, for the modules: what Python knows (config), the link, the theme, the first picture's request.

const { PG_START } = globalThis;
export const { config, experimentPart, first, models, packetUrl, theme } = PG_START;
