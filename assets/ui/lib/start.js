// What boot.js has begun while the document was read, for the modules: what Python knows (config), the link, the theme, the first picture's request.

export const { config, experimentPart, first, models, packetUrl, tab, theme } = globalThis.PG_START;
