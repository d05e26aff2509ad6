// What the page's scripts are held to. Types are checked by tsc (assets/ui/tsconfig.json).
import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["assets/vendor/", "**/.venv/", "build/", "dist/", "runs/", "docs/"] },
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2023, sourceType: "module" },
    rules: {
      "no-shadow": ["error", { builtinGlobals: false }],
      "no-unused-vars": ["error", { args: "after-used", caughtErrors: "none" }],
    },
  },
  { files: ["assets/ui/**/*.js", "playground/views/labs/**/*.js"], languageOptions: { globals: globals.browser } },
  { files: ["assets/ui/theme.js", "assets/ui/boot.js"], languageOptions: { sourceType: "script" } },
  { files: ["tests/**/*.js", "*.config.js"], languageOptions: { globals: globals.node } },
];
