/* The words of a query add up. Sphinx lists the pages that have all of them, and ranks a page by its best word alone, so that one
   word which the right page lacks hides it. Here a word counts by how rare it is and by where it stands, most of the words are
   enough, and words that stand in one heading count once more. Index entries of a page are names that others give its subject. */
let prepared = null;
/* What no query changes: the words of titles, of headings, and of the names that others give a subject. */
const prepare = () => {
  const { titles, alltitles, indexentries, docnames } = Search._index;
  const stemmer = new Stemmer();
  const stems = (text) => new Set(splitQuery(text.toLowerCase()).map((word) => stemmer.stemWord(word)));
  // Entries of the reference are names of functions; those of the glossary are marked as the main ones.
  const isReference = (file) => Scorer.rooms[docnames[file].split("/")[0]] < 0;
  const otherNames = Object.entries(indexentries).flatMap(([entry, places]) => {
    const files = places.filter(([file, , main]) => !main && !isReference(file)).map(([file]) => file);
    return files.length ? [[stems(entry), files]] : [];
  });
  const headings = Object.entries(alltitles).map(([title, where]) => [stems(title), where.map(([file]) => file)]);
  return { named: titles.map(stems), otherNames, headings };
};

Search.performTermsSearch = (searchTerms, excludedTerms) => {
  const { terms, titleterms, titles, docnames, filenames } = Search._index;
  prepared ??= prepare();
  const { named, otherNames, headings } = prepared;
  const pages = (index, word) => (Object.hasOwn(index, word) ? [index[word]].flat() : []);
  const like = (index, word) =>
    word.length > 2
      ? Object.keys(index)
          .filter((other) => other.includes(word))
          .flatMap((other) => pages(index, other))
      : [];
  const places = [...searchTerms].map((word) => {
    const place = new Map();
    const put = (files, worth) => files.forEach((file) => place.set(file, Math.max(worth, place.get(file) || 0)));
    put(pages(terms, word), Scorer.share.text);
    put(pages(titleterms, word), Scorer.share.heading);
    otherNames.forEach(([entry, files]) => entry.has(word) && put(files, Scorer.share.called));
    if (!place.size) put([...like(terms, word), ...like(titleterms, word)], Scorer.share.partly);
    place.forEach((_, file) => named[file].has(word) && place.set(file, Scorer.share.title));
    return [word, place];
  });
  const found = places.filter(([, place]) => place.size);
  const weights = new Map(found.map(([word, place]) => [word, Math.log(1 + docnames.length / place.size)]));
  const weigh = (words) => words.reduce((sum, word) => sum + weights.get(word), 0);
  const asked = found.map(([word]) => word);
  const whole = weigh(asked);
  const together = new Map();
  const join = (words, files) => {
    const shared = asked.filter((word) => words.has(word));
    if (shared.length < 2) return;
    files.forEach((file) => together.set(file, Math.max(weigh(shared) / whole, together.get(file) || 0)));
  };
  headings.forEach(([title, files]) => join(title, files));
  otherNames.forEach(([entry, files]) => join(entry, files));
  const excluded = new Set([...excludedTerms].flatMap((word) => [...pages(terms, word), ...pages(titleterms, word)]));

  const meant = Scorer.pageMeant();
  return docnames.flatMap((page, file) => {
    if (page === meant) return [[page, titles[file], "", null, 0, filenames[file], SearchResultKind.text]];
    const present = found.filter(([, place]) => place.has(file));
    if (!present.length || excluded.has(file)) return [];
    if (weigh(present.map(([word]) => word)) < Scorer.enough * whole) return [];
    const worth = present.reduce((sum, [word, place]) => sum + weights.get(word) * place.get(file), 0) / whole;
    const score = worth + Scorer.share.together * (together.get(file) || 0) ** 2;
    return [[page, titles[file], "", null, score, filenames[file], SearchResultKind.text]];
  });
};
