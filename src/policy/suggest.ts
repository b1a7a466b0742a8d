// What other tools call it. A near spelling alone would take scaleDown for scaleOut.
const OTHER_WORDS: Readonly<Record<string, readonly string[]>> = {
  scaledown: ["scaleIn"], scaleup: ["scaleOut"], slo: ["objective"], sli: ["objective"], avg: ["mean"], average: ["mean"], total: ["sum"],
  moer: ["marginal"], verbose: ["debug"], trace: ["debug"], auto: ["full"], on: ["full"], off: ["observe"], dryrun: ["dry-run", "recommend"], minimum: ["min", "minReplicas"],
  maximum: ["max", "maxReplicas"], minreplicas: ["min"], maxreplicas: ["max"], cooldown: ["stabilization"], interval: ["evaluationInterval"], metrics: ["metric"], tags: ["labels"],
  spotpercentage: ["spotShare"], asg: ["aws-asg"], awsautoscalinggroup: ["aws-asg"], ecs: ["aws-ecs"], schedule: ["schedules"], event: ["events"], budget: ["errorBudget"],
};

const SHORTEST_STEM = 3;

/** The nearest of `candidates` to a mistyped `word`: a third of it may differ, or one is the beginning of the other. Undefined where none is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const plain = simplify(word);
  const known = (Object.hasOwn(OTHER_WORDS, plain) ? OTHER_WORDS[plain] : undefined)?.find((candidate) => candidates.includes(candidate));
  if (known !== undefined) return known;
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(plain.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(plain, simplify(candidate));
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best ?? candidates.find((candidate) => isStem(simplify(candidate), plain) || isStem(plain, simplify(candidate)));
}

// "maximum" for max, "service" for serviceName.
function isStem(stem: string, word: string): boolean {
  return stem.length >= SHORTEST_STEM && word.startsWith(stem);
}

/** `did you mean "x"?`, where one of the candidates is near; else the choices, where they are few. */
export function suggestOneOf(word: unknown, candidates: readonly string[]): string | undefined {
  const near = typeof word === "string" ? nearest(word, candidates) : undefined;
  if (near !== undefined) return `did you mean ${JSON.stringify(near)}?`;
  if (candidates.length === 0 || candidates.length > 16) return undefined;
  return `it can be ${candidates.join(", ")}`;
}

// "scale_out", "scaleOut" and "scale-out" are one word to a person.
function simplify(word: string): string {
  return word.toLowerCase().replaceAll(/[-_ .]/g, "");
}

/** Damerau-Levenshtein distance, optimal string alignment: insert, delete, replace, swap of two neighbours cost 1 each. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, (beforePrevious[j - 2] ?? 0) + 1);
      row.push(least);
    }
    [beforePrevious, previous] = [previous, row];
  }
  return previous[b.length] ?? 0;
}
