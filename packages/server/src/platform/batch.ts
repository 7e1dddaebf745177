/**
 * Questions of one moment asked as one. What is not among the answers is undefined; where asking fails, it fails for all.
 */
export function createBatch<Answer>(ask: (keys: string[]) => Promise<Map<string, Answer>>) {
  let gathering: { keys: Set<string>; answers: Promise<Map<string, Answer>> } | undefined;
  return async (key: string): Promise<Answer | undefined> => {
    if (!gathering) {
      const keys = new Set<string>();
      const answers = Promise.resolve().then(() => {
        gathering = undefined;
        return ask([...keys]);
      });
      gathering = { keys, answers };
    }
    gathering.keys.add(key);
    return (await gathering.answers).get(key);
  };
}
