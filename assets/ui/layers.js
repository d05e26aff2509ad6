// The layers of the stage: the words of its legend, what each needs, and why a run cannot show it.
(() => {
  "use strict";
  const PG = (window.PG = window.PG || {});

  const noPlane = (run) => (run.planes ? "" : "needs a plane; one-dimensional data are drawn over time");
  const noPhase = (run) => (run.phase ? "" : run.header.process.title === "CLD" ? "needs the x–v plane of one-dimensional data" : "needs a velocity: choose the process CLD");
  const noGuidance = (name) => (run) => {
    const laws = run.header?.guided_laws || {};
    return name in laws ? laws[name] : run.forward ? "noising knows no guidance" : "needs guidance by a class of a mixture: choose one";
  };
  const svg = (inner) => `<svg viewBox="0 0 14 10" width="14" height="10" aria-hidden="true">${inner}</svg>`;
  // needs: the server layer that carries the data · guided: its word stands only under guidance · phase: its word stands only where the process has a velocity · also(run): what its entry of the glossary cannot know · why(run): reason why this run cannot show it, or ""
  const LAYERS = [
    {
      id: "particles", word: "particles", role: "sampler",
      mark: svg('<circle cx="7" cy="5" r="3.6" fill="currentColor"/>'),
    },
    {
      id: "trails", word: "trails", role: "sampler",
      mark: svg('<path d="M1 8C5 8 6 3 13 2" fill="none" stroke="currentColor" stroke-width="1.8"/>'),
    },
    {
      id: "density", word: "density p<sub>t</sub>", name: "density", role: "data", needs: "density",
      mark: svg('<rect x="1" y="0.5" width="12" height="9" rx="3" fill="currentColor" opacity=".55"/>'),
    },
    {
      id: "contours", word: "contours", role: "data", needs: "density",
      mark: svg('<ellipse cx="7" cy="5" rx="6" ry="4.2" fill="none" stroke="currentColor"/><ellipse cx="7" cy="5" rx="3" ry="1.8" fill="none" stroke="currentColor"/>'),
      why: noPlane,
    },
    {
      id: "score", word: "score", role: "exact", needs: "score",
      mark: svg('<path d="M1 5h11M9 2.4 12.4 5 9 7.6" fill="none" stroke="currentColor" stroke-width="1.3"/>'),
      why: noPlane,
    },
    {
      id: "velocity", word: "velocity", role: "exact", needs: "velocity",
      mark: svg('<path d="M1 5h9" fill="none" stroke="currentColor" stroke-width="1.3"/><circle cx="10.6" cy="5" r="2.4" fill="currentColor"/>'),
      why: (run) => noPlane(run) || (run.components.length > 2 ? "four components: the flow of (x, v) is no field on a plane of two" : ""),
    },
    {
      id: "x0", word: "x̂<sub>0</sub>", name: "x̂₀", role: "exact", needs: "x0",
      mark: svg('<path d="M1 9 6 5.6" stroke="currentColor"/><circle cx="8.4" cy="4.4" r="3.2" fill="none" stroke="currentColor" stroke-width="1.3"/>'),
    },
    {
      id: "prior", word: "prior", role: "noise",
      mark: svg('<g fill="currentColor"><circle cx="3" cy="6.6" r="1.5"/><circle cx="7" cy="2.8" r="1.5"/><circle cx="11" cy="6" r="1.5"/></g>'),
    },
    {
      id: "data", word: "data", role: "data",
      mark: svg('<g fill="currentColor"><circle cx="3" cy="3.4" r="1.5"/><circle cx="7" cy="7" r="1.5"/><circle cx="11" cy="3.4" r="1.5"/></g>'),
    },
    {
      id: "conditional", word: "p(x | c)", role: "data", needs: "conditional", guided: true,
      mark: svg('<ellipse cx="7" cy="5" rx="6" ry="4.2" fill="none" stroke="currentColor" stroke-width="1.6"/>'),
      why: noGuidance("conditional"),
    },
    {
      id: "tilted", word: "tilted law", role: "learned", needs: "tilted", guided: true,
      mark: svg('<path d="M1 9C4 9 5 1 8 1S11 7 13 9" fill="none" stroke="currentColor" stroke-width="1.6"/>'),
      also: (run) => (run?.header?.tilted ? `Here ${run.header.tilted}.` : ""),
      why: noGuidance("tilted"),
    },
    {
      id: "hamiltonian", word: "Hamiltonian", role: "exact", needs: "hamiltonian", phase: true,
      mark: svg('<path d="M12 6.5A5 4 0 1 1 9 1.4" fill="none" stroke="currentColor" stroke-width="1.3"/><circle cx="9.4" cy="1.6" r="1.6" fill="currentColor"/>'),
      why: noPhase,
    },
    {
      id: "ou", word: "OU", name: "Ornstein–Uhlenbeck", role: "noise", needs: "ou", phase: true,
      mark: svg('<path d="M7 1v7" stroke="currentColor" stroke-width="1.5"/><circle cx="7" cy="8" r="2" fill="currentColor"/>'),
      why: noPhase,
    },
  ];
  const LAYER_IDS = LAYERS.map((l) => l.id);
  const FLOWS = ["velocity", "hamiltonian", "ou"];
  const DEFAULT_LAYERS = ["particles", "trails", "density", "score"];

  const LAWS = [["conditional", "data"], ["tilted", "learned"]]; // of a guided run: lines in the colour of a role

  PG.layers = { LAYERS, LAYER_IDS, FLOWS, LAWS, DEFAULT_LAYERS };
})();
