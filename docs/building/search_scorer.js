// What the search puts first: pages whose own title has the words, and guides before the reference and the evidence.
var Scorer = {
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,

  // What a word is worth by where it stands (_static/search_terms.js), and the part of the words, by weight, that a page must have.
  share: { title: 30, called: 22, heading: 16, text: 9, partly: 4, together: 16 },
  enough: 0.5,

  rooms: {
    guide: 8,
    start: 8,
    choose: 7,
    how_to: 7,
    coming_from: 6,
    look_up: 5,
    stories: 3,
    studies: 0,
    api: -6,
    evidence: -8,
    changelog: -10,
    developers: -12,
  },

  // Whole queries, without hyphens, whose page has other words in its title, or no more of them than its neighbours have.
  meant: {
    "adf test": "guide/unit_roots",
    "chow test": "guide/tests",
    "cross section dependence": "guide/tests",
    "dickey fuller": "guide/unit_roots",
    did: "how_to/event_studies",
    fe: "guide/fixed_effects",
    "first difference": "choose/estimator",
    "first differences": "choose/estimator",
    "i()": "guide/formulas",
    irf: "guide/var_responses",
    johansen: "guide/cointegration",
    "lag length": "guide/var",
    "lag selection": "guide/var",
    "lagged dependent variable": "guide/dynamic_panels",
    "large data": "how_to/large_data",
    lincom: "guide/questions",
    "load data": "start/teaching_data",
    "missing values": "start/panels",
    "multiway clustering": "guide/covariances",
    ols: "start/first_regression",
    poolability: "guide/tests",
    "pooled ols": "start/first_regression",
    predict: "guide/questions",
    predictions: "guide/questions",
    re: "guide/random_effects",
    "residual diagnostics": "guide/var_tests",
    "stata commands": "coming_from/stata",
    stationarity: "guide/unit_roots",
    "two way clustering": "guide/covariances",
    varsoc: "guide/var",
    "wald test": "guide/questions",
  },

  query: () => (new URLSearchParams(window.location.search).get("q") || "").trim().toLowerCase(),

  pageMeant: () => Scorer.meant[Scorer.query().replaceAll("-", " ")],

  score: ([docname, title, anchor, description, score, file, kind]) => {
    const query = Scorer.query();
    const room = Scorer.rooms[docname.split("/")[0]] || 0;
    if (kind === "text" && Scorer.pageMeant() === docname) return 100;
    if (kind === "object") {
      // The full name of a function is asked for on purpose; a common word is not.
      const exact = title.toLowerCase().split(".").pop() === query && query.includes("_");
      return exact ? score + 30 : score + room - 6;
    }
    // An entry of the glossary, say, is worth a look, and no more than a page's text is.
    if (kind === "index") return score / 10 + room;
    const stemmer = new Stemmer();
    const stems = (text) => splitQuery(text.toLowerCase()).map((word) => stemmer.stemWord(word));
    const page = title.split(" > ")[0];
    const named = stems(page);
    const asked = stems(query).filter((word) => !stopwords.has(word));
    // The page of a class or a function may bear a common word; the guide to the subject is what is meant.
    // A story's title asks its question in many words; some of them are those of a guide.
    if (room < Scorer.rooms.look_up || !asked.length || !asked.every((word) => named.includes(word))) return score + room;
    const begins = asked.every((word, place) => named[place] === word);
    // Words of one stem differ: who asks for cointegration does not mean cointegrating regressions first.
    const literally = page.toLowerCase().startsWith(query);
    return score + room + 20 + (10 * asked.length) / named.length + (begins ? 8 : 0) + (literally ? 2 : 0);
  },
};
